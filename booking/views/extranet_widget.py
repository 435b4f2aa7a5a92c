"""A house puts its page of booking into its own site: which site, the lines to paste, a look."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from booking.access import widget_site_for_provider
from booking.forms.widget import WidgetLookForm, WidgetSiteForm
from booking.refusals import Refusal
from booking.views.answers import see_other, told_at
from booking.views.houses import houses_of, shown_house
from booking.widget_sites import add_site, remove_site
from members.journal import Actor
from members.models import Provider
from members.rules.enrolment import NOT_YET


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show the sites that may show the widget, take one more, give the lines to paste."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    house = shown_house(providers, request.GET.get("maison", ""))
    form = WidgetSiteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["site"]
        try:
            site = add_site(house, typed, actor=Actor.person(request.user), now=timezone.now())
        except Refusal as refusal:
            form.tell(refusal)
        else:
            messages.success(request, _("%(site)s may show it now.") % {"site": site.origin})
            return see_other(f"{reverse('extranet-widget')}?maison={house.slug}")
    look = WidgetLookForm(request.GET)
    language, height = look.chosen
    address = _address(house, language)
    context = {
        "providers": providers,
        "house": house,
        "form": form,
        "look": WidgetLookForm(initial=_initial(look)),
        "sites": list(house.widget_sites.all()),
        "code": _code(house, address, language, height),
        "address": address,
        "height": height,
        # A house that was never approved has no page yet.
        "is_known": house.enrolment not in NOT_YET,
        "is_open": house.state == Provider.State.ACTIVE,
        "page_errors": form.is_bound,
    }
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/widget.html", context, status=status)


@require_POST
@never_cache
@login_required
@told_at("extranet-widget")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a site from showing the widget."""
    site = widget_site_for_provider(request.user, pk)
    remove_site(site.provider, pk, actor=Actor.person(request.user), now=timezone.now())
    messages.success(request, _("%(site)s no longer shows it.") % {"site": site.origin})
    return see_other(f"{reverse('extranet-widget')}?maison={site.provider.slug}")


def _address(house: Provider, language: str) -> str:
    with override(language):
        return settings.BASE_URL + reverse("booking:widget", args=[house.slug])


def _code(house: Provider, address: str, language: str, height: int) -> str:
    """Return the lines to paste: a frame without script, and a link where frames are refused."""
    with override(language):
        title = _("Book at %(name)s") % {"name": house.name}
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy"></iframe>\n'
        '<p><a href="{}">{}</a></p>',
        address,
        title,
        height,
        address,
        title,
    )


def _initial(look: WidgetLookForm) -> dict[str, str]:
    return {
        "langue": look.cleaned_data.get("langue") or settings.LANGUAGE_CODE,
        "taille": look.cleaned_data.get("taille") or "medium",
    }
