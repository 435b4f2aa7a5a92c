"""What the API answers, shape by shape: sums in cents, days in ISO, moments of Paris with zone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from booking.models import Offer
from booking.rules.pricing import TAX_KIND, Quote, QuoteItem
from booking.showing import offer_url
from oti.lib.dates import paris
from oti.lib.money import quantize, to_cents

MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?[+-]\d{2}:\d{2}$"


@extend_schema_field({"type": "string", "pattern": MOMENT, "example": "2027-07-11T14:00+02:00"})
class Moment(serializers.CharField):
    """A moment on the wall clock of Paris, with its zone."""


class Cents(serializers.IntegerField):
    """Euros in whole cents."""


# --- Shapes -------------------------------------------------------------------------------------
class Problem(serializers.Serializer):
    """One reason; `fix` holds the figures that would mend it."""

    code = serializers.CharField()
    message = serializers.CharField(help_text="What to do, in the language asked for.")
    line = serializers.IntegerField(required=False, help_text="The line of the basket.")
    field = serializers.CharField(required=False, help_text="The input, as a path.")
    fix = serializers.DictField(child=serializers.JSONField(), required=False)


class Problems(serializers.Serializer):
    """Why it was refused: every reason at once."""

    problems = Problem(many=True)


class PriceItem(serializers.Serializer):
    """One row of an explained price."""

    kind = serializers.CharField()
    label = serializers.CharField()
    day = serializers.DateField(allow_null=True)
    quantity = serializers.IntegerField()
    unit_cents = Cents()
    gross_cents = Cents()


class Price(serializers.Serializer):
    """A price; `total_cents` is paid online, the tax on site stands beside it."""

    total_cents = Cents()
    usual_cents = Cents(
        allow_null=True, help_text="The total without the lower price of a proposal, null for none."
    )
    tourist_tax_cents = Cents(help_text="Part of the total.")
    tax_on_site_cents = Cents(help_text="Beside the total, paid to the host.")
    breakdown = PriceItem(many=True)


class OfferName(serializers.Serializer):
    """An offer and its page."""

    slug = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    commune = serializers.CharField()
    url = serializers.CharField()


class OfferRow(OfferName):
    """An offer in a list."""

    summary = serializers.CharField()
    lodging_type = serializers.CharField(allow_null=True)
    pole = serializers.CharField(allow_null=True)
    confirmation = serializers.CharField(
        help_text="instant, or on_request: its host answers each request before it is paid."
    )


class UnitName(serializers.Serializer):
    """A lodging that one party can have."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    max_guests = serializers.IntegerField()


class StayRow(Price):
    """A lodging free for the whole stay, with its cheapest fitting unit."""

    offer = OfferRow()
    unit = UnitName()
    nights = serializers.IntegerField()
    free_cancellation_until = Moment(allow_null=True)
    is_on_request = serializers.BooleanField(
        help_text="Its host answers first: a line of it holds nothing and is asked for at checkout."
    )


class Page(serializers.Serializer):
    """Where a list stands."""

    count = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()


class Stays(Page):
    """One page of lodgings."""

    results = StayRow(many=True)


class PricedOfferRow(OfferRow):
    """An offer in a list, with the lowest night or the usual place."""

    from_cents = Cents(allow_null=True)


class Offers(Page):
    """One page of offers."""

    results = PricedOfferRow(many=True)


class Unit(UnitName):
    """Who fits."""

    max_adults = serializers.IntegerField()
    max_children = serializers.IntegerField()
    max_infants = serializers.IntegerField(help_text="Cots.")


class Band(serializers.Serializer):
    """The price of a place for an age, or of a piece."""

    code = serializers.CharField()
    name = serializers.CharField()
    min_age = serializers.IntegerField(allow_null=True)
    max_age = serializers.IntegerField(allow_null=True)
    amount_cents = Cents()


class Option(serializers.Serializer):
    """What comes with it: asked for, or always part of the price."""

    code = serializers.CharField()
    label = serializers.CharField()
    basis = serializers.CharField()
    amount_cents = Cents()
    is_mandatory = serializers.BooleanField()
    max_quantity = serializers.IntegerField()


class PolicyStep(serializers.Serializer):
    """From this long before, so much is given back."""

    hours_before = serializers.IntegerField()
    percent = serializers.IntegerField()


class Policy(serializers.Serializer):
    """The cancellation rule."""

    summary = serializers.CharField()
    flat_fee_cents = Cents()
    steps = PolicyStep(many=True)


class Step(serializers.Serializer):
    """A step of a workshop in steps."""

    title = serializers.CharField()
    place = serializers.CharField()
    minutes = serializers.IntegerField()
    led_by = serializers.CharField(allow_null=True, help_text="Another provider than the offer's.")
    plan_b = serializers.CharField(help_text="What is done instead when it can't be; or nothing.")


class Season(serializers.Serializer):
    """The months in which it is sold, both included; the first may be the later one."""

    from_month = serializers.IntegerField()
    to_month = serializers.IntegerField()


class OfferDetail(OfferRow):
    """Everything that the page of an offer says."""

    description = serializers.CharField()
    provider = serializers.CharField()
    place = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    features = serializers.ListField(child=serializers.CharField())
    min_age = serializers.IntegerField(allow_null=True)
    max_age = serializers.IntegerField(allow_null=True)
    duration_minutes = serializers.IntegerField(allow_null=True)
    deposit_cents = Cents(allow_null=True, help_text="Asked for on site, given back.")
    season = Season(allow_null=True, help_text="Nothing for the whole year.")
    steps = Step(many=True)
    is_sold = serializers.BooleanField()
    cancellation = Policy()
    units = Unit(many=True)
    prices = Band(many=True)
    options = Option(many=True)


class AvailableDay(serializers.Serializer):
    """A night of a lodging; the price is the lowest of the free ones, without supplements."""

    day = serializers.DateField()
    is_free = serializers.BooleanField()
    can_arrive = serializers.BooleanField()
    price_cents = Cents(allow_null=True)
    reason = serializers.CharField()


class Side(serializers.Serializer):
    """A capacity of its own beside the places: bicycles, bags, children."""

    code = serializers.CharField()
    label = serializers.CharField()
    free = serializers.IntegerField()


class AvailableSlot(serializers.Serializer):
    """A dated capacity, of a day on which it is sold; `free` counts what one asks for."""

    id = serializers.IntegerField()
    starts_at = Moment()
    ends_at = Moment()
    free = serializers.IntegerField()
    status = serializers.CharField()
    sides = Side(many=True, help_text="What is counted apart; empty for most kinds.")


class Availability(serializers.Serializer):
    """Nights of a lodging, or slots of anything else with the price of each age."""

    offer = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    days = AvailableDay(many=True)
    slots = AvailableSlot(many=True)
    prices = Band(many=True)


# --- Values -------------------------------------------------------------------------------------
def moment(when: datetime | None) -> str | None:
    """Write a moment: "2027-07-11T14:00+02:00"; seconds where there are some."""
    if when is None:
        return None
    local = paris(when)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def cents(amount: Decimal) -> int:
    """Return euros as cents; a finer unit price is rounded as it is shown."""
    return to_cents(quantize(amount))


def price_of(quote: Quote) -> dict[str, Any]:
    """Return an explained price."""
    return {
        "total_cents": cents(quote.total),
        "usual_cents": None if quote.usual_total is None else cents(quote.usual_total),
        "tourist_tax_cents": cents(quote.tourist_tax),
        "tax_on_site_cents": cents(quote.tourist_tax_on_site),
        "breakdown": [
            {
                "kind": item.kind,
                "label": _label(item),
                "day": item.day.isoformat() if item.day else None,
                "quantity": item.quantity,
                "unit_cents": cents(item.unit_amount),
                "gross_cents": cents(item.gross),
            }
            for item in quote.items
        ],
    }


def _label(item: QuoteItem) -> str:
    if item.kind == TAX_KIND:
        return _("Tourist tax")
    if item.kind == "night":
        return _("Night")
    return _("Further person and night") if item.kind == "extra_person" else item.label


def offer_name(offer: Offer) -> dict[str, Any]:
    """Return an offer with the whole address of its page, in the active language."""
    return {
        "slug": offer.slug,
        "title": offer.title,
        "kind": offer.kind,
        "commune": offer.commune.name,
        "url": settings.BASE_URL + offer_url(offer),
    }


def offer_row(offer: Offer, pole: str | None) -> dict[str, Any]:
    """Return an offer in a list; `pole` is a slug."""
    return {
        **offer_name(offer),
        "summary": offer.summary,
        "lodging_type": offer.lodging_type or None,
        "pole": pole,
        "confirmation": offer.confirmation,
    }
