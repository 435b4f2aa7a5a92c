"""How a house is told of bookings and of its next day."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import notices, texting
from booking.forms.notices import NoticesForm
from booking.models import NoticeChoice
from booking.refusals import Refusal
from booking.views.answers import see_other
from booking.views.houses import shown_house
from members.access import owned_by, providers_of
from members.journal import Actor
from members.models import Provider


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def how(request: HttpRequest) -> HttpResponse:
    """Ask how a house wants to be told, and write it down: its owners choose."""
    owned = Provider.objects.filter(pk__in=owned_by(request.user))
    providers = list(owned.order_by("name", "pk"))
    if not providers:
        if not providers_of(request.user).exists():
            return render(request, "booking/extranet/nobody.html")
        raise Http404
    provider = shown_house(providers, request.GET.get("maison", ""))
    if request.method != "POST":
        chosen = notices.choice_of(provider)
        first = {"way": chosen.way if chosen else NoticeChoice.Way.MAIL}
        first["phone"] = chosen.phone if chosen else ""
        return _page(request, provider, providers, NoticesForm(initial=first))
    form = NoticesForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, providers, form, status=422)
    try:
        actor = Actor.person(request.user)
        notices.choose_notices(provider, **form.cleaned_data, actor=actor, now=timezone.now())
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, provider, providers, form, status=refusal.status)
    messages.success(request, _("It is noted: this is how we tell you from now on."))
    return see_other(f"{reverse('extranet-notices')}?{urlencode({'maison': provider.slug})}")


def _page(
    request: HttpRequest,
    provider: Provider,
    providers: list[Provider],
    form: NoticesForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "providers": providers,
        "provider": provider,
        "form": form,
        "is_on": texting.is_on(),
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/notices.html", context, status=status)
