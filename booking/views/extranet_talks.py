"""A host's messages: the threads with its guests, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import house_days
from booking import talks as talking
from booking.access import lines_of_providers, own_part_for, talks_of_providers
from booking.forms.talks import Draft, MessageForm, drafts_for
from booking.models import Order, Talk, TalkMessage
from booking.refusals import Refusal
from booking.views.answers import see_other
from booking.views.houses import houses_of
from members.journal import Actor
from members.models import Provider

PAGE = 20


@dataclass(frozen=True)
class TalkRow:
    """A thread in the list: with whom, the last words and who wrote them."""

    talk: Talk
    text: str
    is_own: bool


@never_cache
@login_required
@require_safe
def talks(request: HttpRequest) -> HttpResponse:
    """List the threads of one's houses, those with something new first."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    last = TalkMessage.objects.filter(talk=OuterRef("pk")).order_by("-at", "-pk")
    found = (
        talks_of_providers(request.user)
        .select_related("order", "provider")
        .annotate(
            last_text=Subquery(last.values("text")[:1]),
            last_author=Subquery(last.values("author")[:1]),
        )
        .order_by("-is_new_to_host", "-last_at", "-pk")
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    address = reverse("extranet-talks")
    context = {
        "providers": providers,
        "rows": [
            TalkRow(one, one.last_text or "", one.last_author == talking.HOST)
            for one in page.object_list
        ],
        "pages": {
            "number": page.number,
            "total": page.paginator.num_pages,
            "previous_url": f"{address}?page={page.number - 1}" if page.has_previous() else "",
            "next_url": f"{address}?page={page.number + 1}" if page.has_next() else "",
        },
    }
    return render(request, "booking/extranet/talks.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def talk(request: HttpRequest, reference: str, house: str) -> HttpResponse:
    """Show what was written with one guest, and send a message."""
    now = timezone.now()
    order, provider = own_part_for(request.user, reference, house)
    if request.method != "POST":
        talking.read_by_host(order, provider)
        drafts = _drafts(order, provider)
        wanted = request.GET.get("modele", "")
        text = next((one.text for one in drafts if one.code == wanted), "")
        return _page(request, order, provider, MessageForm(initial={"text": text}))
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, order, provider, form, status=422)
    try:
        talking.write_to_guest(
            order,
            provider,
            form.cleaned_data["text"],
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, order, provider, form, status=refusal.status)
    messages.success(request, _("It is on its way to %(name)s.") % {"name": order.first_name})
    return see_other("extranet-talk", reference, house)


def _page(
    request: HttpRequest, order: Order, provider: Provider, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    own = lines_of_providers(request.user).filter(order=order, sub_order__provider=provider)
    context = {
        "order": order,
        "provider": provider,
        "lines": house_days.told(house_days.with_words(own).order_by("starts_at", "pk"), now=now),
        "written": talking.messages_of(order, provider),
        "may_write": talking.may_write(order, now=now),
        "has_address": bool(order.email),
        "drafts": _drafts(order, provider),
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/talk.html", context, status=status)


def _drafts(order: Order, provider: Provider) -> Sequence[Draft]:
    place = ", ".join(part for part in (provider.address, provider.commune.name) if part)
    return drafts_for(order, host=provider.host_names or provider.name, place=place)
