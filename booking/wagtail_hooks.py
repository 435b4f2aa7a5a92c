"""What selling adds to Wagtail's admin: its lists, its brand, what waits on the first page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.admin.widgets.button import Button

from booking.desk.ambassadors import AmbassadorCharterViewSet, AmbassadorGroup
from booking.desk.campaigns import CampaignGroup
from booking.desk.enrolment import ContractViewSet, EnrolmentViewSet
from booking.desk.gifts import GiftGroup
from booking.desk.greeters import CharterViewSet, GreeterViewSet
from booking.desk.guests import RelationGroup
from booking.desk.home import TodayPanel
from booking.desk.households import HouseholdViewSet
from booking.desk.lost_factors import RIGHT as LOOKS_AFTER_ACCOUNTS
from booking.desk.lost_factors import LostFactorsView
from booking.desk.offer_reviews import OfferReviewViewSet
from booking.desk.offer_viewsets import OfferGroup
from booking.desk.order_viewsets import OrderGroup
from booking.desk.organiser import OrganiserViewSet
from booking.desk.renewals import ItineraryRenewalView
from booking.desk.rule_viewsets import CollectivityViewSet, PolicyViewSet, TaxTariffViewSet
from booking.desk.surveys import SatisfactionGroup
from booking.models import Offer, OfferPhoto, ReadyStay, ReadyStep
from destination.mentions import ADDRESS_HOOK, HOLDERS_HOOK
from destination.models import ItineraryPage, Picture

CONTENTS = frozenset({"explorer", "images", "documents"})


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of offers, orders and settings."""
    return [
        OfferGroup(),
        OfferReviewViewSet(),
        OrderGroup(),
        RelationGroup(),
        SatisfactionGroup(),
        GiftGroup(),
        PolicyViewSet(),
        TaxTariffViewSet(),
        CollectivityViewSet(),
        OrganiserViewSet(),
        EnrolmentViewSet(),
        ContractViewSet(),
        HouseholdViewSet(),
        CampaignGroup(),
        GreeterViewSet(),
        CharterViewSet(),
        AmbassadorGroup(),
        AmbassadorCharterViewSet(),
    ]


@hooks.register("register_admin_urls")
def register_addresses() -> list[Any]:
    """Register the decision that an itinerary is new again, and what helps with a lost phone."""
    renewal, lost = ItineraryRenewalView.as_view(), LostFactorsView.as_view()
    return [
        path("itineraires/<int:pk>/nouveau/", renewal, name="desk_itinerary_renew"),
        path("users/<int:pk>/telephone-perdu/", lost, name="desk_lost_factors"),
    ]


@hooks.register("register_user_listing_buttons")
def help_with_a_lost_phone(user: Any, request_user: Any) -> Iterator[Any]:
    """Lead from an account to taking its second proof off."""
    if request_user.has_perm(LOOKS_AFTER_ACCOUNTS):
        url = reverse("desk_lost_factors", args=[user.pk])
        yield Button(_("Phone lost"), url, icon_name="lock", priority=40)


class FamiliesItem(MenuItem):  # type: ignore[misc]
    """A line of the menu for those who read of the households."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Show it to whoever may see one."""
        user = request.user
        return user.has_perm("members.view_household") or user.has_perm("members.change_household")


@hooks.register("register_reports_menu_item")
def report_families() -> MenuItem:
    """Lead to how the families with a second home take part."""
    return FamiliesItem(
        _("Families with a second home"),
        reverse("desk_households:mobilisation"),
        name="families",
        icon_name="home",
        order=900,
    )


@hooks.register("register_page_header_buttons")
def offer_renewal(page: Any, user: Any, next_url: str = "", view_name: str = "") -> Iterator[Any]:
    """Lead from an itinerary to the decision that it is new again."""
    if isinstance(page.specific_deferred, ItineraryPage) and user.has_perm("booking.change_offer"):
        url = reverse("desk_itinerary_renew", args=[page.pk])
        yield Button(pgettext("desk", "New again"), url, icon_name="history", priority=70)


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
