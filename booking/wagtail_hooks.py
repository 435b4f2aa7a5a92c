"""What selling adds to Wagtail's admin: its lists, its brand, what waits on the first page."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from booking.desk.enrolment import ContractViewSet, EnrolmentViewSet
from booking.desk.home import TodayPanel
from booking.desk.offer_reviews import OfferReviewViewSet
from booking.desk.organiser import OrganiserViewSet
from booking.desk.viewsets import (
    CollectivityViewSet,
    OfferGroup,
    OrderGroup,
    PolicyViewSet,
    TaxTariffViewSet,
)
from booking.models import Offer, OfferPhoto, ReadyStay, ReadyStep
from destination.mentions import ADDRESS_HOOK, HOLDERS_HOOK
from destination.models import Picture

CONTENTS = frozenset({"explorer", "images", "documents"})


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of offers, orders and settings."""
    return [
        OfferGroup(),
        OfferReviewViewSet(),
        OrderGroup(),
        PolicyViewSet(),
        TaxTariffViewSet(),
        CollectivityViewSet(),
        OrganiserViewSet(),
        EnrolmentViewSet(),
        ContractViewSet(),
    ]


@hooks.register("insert_global_admin_css")
def brand_admin() -> str:
    """Load the brand's colours."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin-brand.css"))


@hooks.register("construct_main_menu")
def group_by_job(request: HttpRequest, items: list[MenuItem]) -> None:
    """Put pages, images and documents under one word, and name the settings as the office does."""
    contents = [item for item in items if item.name in CONTENTS]
    if contents:
        items[:] = [item for item in items if item.name not in CONTENTS]
        # Pages are opened by their list: their explorer can't stand inside a group.
        pages = [_plain(item) if item.name == "explorer" else item for item in contents]
        items.append(
            SubmenuMenuItem(
                _("Contents"),
                Menu(items=pages),
                name="contents",
                icon_name="folder-open-inverse",
                order=100,
            )
        )
    for item in items:
        if item.name == "settings":
            item.label = _("Office settings")


def _plain(item: MenuItem) -> MenuItem:
    return MenuItem(
        item.label, item.url, name=item.name, icon_name=item.icon_name, order=item.order
    )


@hooks.register("construct_homepage_panels")
def show_today(request: HttpRequest, panels: list[Any]) -> None:
    """Put what waits for the office first."""
    if request.user.has_perm("booking.view_order") or request.user.has_perm("booking.change_order"):
        panels.insert(0, TodayPanel())


# --- What refers to a photograph or an offer (destination/mentions.py) ----------------------------
@hooks.register(ADDRESS_HOOK)
def address_of_offer(thing: Model) -> tuple[str, str] | None:
    """Return the route and the slug of an offer's page, of a ready-made stay's."""
    if isinstance(thing, Offer):
        route = "booking:stay-offer" if thing.is_lodging else "booking:experience-offer"
        return route, thing.slug
    return ("booking:ready-stay", thing.slug) if isinstance(thing, ReadyStay) else None


@hooks.register(HOLDERS_HOOK)
def offers_and_stays_with(thing: Model) -> list[Model]:
    """Return the offers that show a photograph or are about to, the stays that name an offer."""
    if isinstance(thing, Picture):
        waits = Q(review__pending__photos__contains=[{"image": thing.pk}])
        shown = Q(pk__in=OfferPhoto.objects.filter(image=thing).values("offer"))
        return list(Offer.objects.filter(shown | waits))
    if isinstance(thing, Offer):
        steps = ReadyStep.objects.filter(Q(offer=thing) | Q(others=thing))
        return list(ReadyStay.objects.filter(pk__in=steps.values("stay")))
    return []
