"""What is sold: offers, their lodging units, their prices and their rules.

An offer is sold by the night (units, tariffs) or by the slot (age bands). Texts have one column
per language, so that a sold line never points to one language's row.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, prefetch_related_objects
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.search import index

from booking.rules import kinds
from destination.models import Commune
from destination.models.territory import memberships_on, pole_of_commune
from members.models import Provider
from oti.lib.dates import ONE_DAY

EURO = {"max_digits": 9, "decimal_places": 2}
NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


def kind_choices() -> list[tuple[str, Any]]:
    """Return every kind of offer with its name in the active language."""
    return [(kind.code, _(kind.label)) for kind in kinds.KINDS]


class Weekday(models.IntegerChoices):
    """A day of the week, or every day."""

    EVERY = -1, _("every day")
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class VatScheme(models.TextChoices):
    """How VAT is shown on a line (domain.md §4.4)."""

    STANDARD = "standard", _("at the rate of the product")
    EXEMPT = "exempt", _("not subject to VAT")
    MARGIN = "margin", _("margin scheme of travel agencies")


class CancellationPolicyQuerySet(models.QuerySet["CancellationPolicy"]):
    """Which policies suit what is sold."""

    def suiting(self, kind: str) -> CancellationPolicyQuerySet:
        """Return those that hosts may choose for a kind of offer."""
        return self.filter(Q(kinds=[]) | Q(kinds__contains=[kind]))


class CancellationPolicy(ClusterableModel):
    """A ladder: so long before the start, so much is given back. Copied onto each sold line."""

    name = models.CharField(_("name"), max_length=80)
    summary = models.CharField(
        _("in one sentence"), max_length=200, help_text=_("Read by the visitor before paying.")
    )
    flat_fee = models.DecimalField(
        _("flat fee kept, in euros"), default=0, validators=NOT_NEGATIVE, **EURO
    )
    # What an offer has already stays, whatever is ticked here.
    kinds = ArrayField(
        models.CharField(max_length=16),
        verbose_name=_("proposed to hosts for"),
        default=list,
        db_default=[],
        blank=True,
    )

    objects = CancellationPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("cancellation policy")
        verbose_name_plural = _("cancellation policies")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CancellationStep(models.Model):
    """One rung: from this many hours before the start, this percentage is given back."""

    policy = ParentalKey(CancellationPolicy, on_delete=models.CASCADE, related_name="steps")
    hours_before = models.PositiveIntegerField(_("hours before the start"))
    percent = models.PositiveSmallIntegerField(
        _("given back, in percent"), validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("step of the policy")
        verbose_name_plural = _("steps of the policy")
        ordering = ("-hours_before",)
        constraints = [
            models.UniqueConstraint(fields=["policy", "hours_before"], name="one_step_per_delay"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="step_percent_at_most_100"),
        ]

    def __str__(self) -> str:
        return f"{self.hours_before} h → {self.percent} %"


class OfferQuerySet(models.QuerySet["Offer"]):
    """Offers that may be shown, and where they stand."""

    def published(self) -> OfferQuerySet:
        """Return what visitors may see: published, of an active provider."""
        return self.filter(state=Offer.State.PUBLISHED, provider__state=Provider.State.ACTIVE)

    def in_perimeter(self, day: date) -> OfferQuerySet:
        """Return what is sold on `day`: the commune is in the active perimeter, not beside it."""
        return self.filter(
            commune__in=memberships_on(day).filter(is_neighbour=False).values("commune_id")
        )

    def on_sale(self, day: date) -> OfferQuerySet:
        """Return what visitors may buy."""
        return self.published().in_perimeter(day)

    def with_pole(self, day: date) -> OfferQuerySet:
        """Annotate `pole_id`, the pole of the commune in the perimeter in force on `day`."""
        return self.annotate(pole_id=pole_of_commune("commune_id", day))


class Offer(index.Indexed, ClusterableModel):
    """Something that a provider offers to visitors."""

    class Kind:
        """The kinds that code names; `booking.rules.kinds` has them all, with their rules."""

        LODGING = "lodging"
        EVENT_TICKET = "event_ticket"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        PAUSED = "paused", _("paused")
        ARCHIVED = "archived", _("archived")

    class LodgingType(models.TextChoices):
        GITE = "gite", _("gîte")
        GUEST_ROOM = "chambre_hotes", _("guest room")
        HOTEL = "hotel", _("hotel")
        CAMPING = "camping", _("campsite")
        UNUSUAL = "insolite", _("unusual lodging")
        HOSTEL = "auberge", _("hostel")

    class TaxCategory(models.TextChoices):
        """Lines of a council's tariff (domain.md §1.4)."""

        UNCLASSIFIED = "unclassified", _("not classified")
        ONE_STAR = "1_star_or_chambre_dhotes", _("1 star, guest rooms, hostels")
        TWO_STAR = "2_star", _("2 stars")
        THREE_STAR = "3_star", _("3 stars")
        FOUR_STAR = "4_star", _("4 stars")
        FIVE_STAR = "5_star", _("5 stars")
        PALACE = "palace", _("palace")
        CAMPING_LOW = "camping_1_2_star", _("campsite, 1 or 2 stars")
        CAMPING_HIGH = "camping_3_5_star", _("campsite, 3 to 5 stars")

    class Confirmation(models.TextChoices):
        INSTANT = "instant", _("at once")
        ON_REQUEST = "on_request", _("on request")

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="offers", verbose_name=_("provider")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=kind_choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    slug = models.SlugField(_("address of the page"), max_length=90, unique=True)
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("in one or two sentences"), max_length=280)
    description = models.TextField(_("description"), blank=True)
    illustration = models.CharField(
        _("drawing shown without photograph"), max_length=24, default="gite"
    )
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="offers", verbose_name=_("commune")
    )
    place = models.CharField(_("place"), max_length=160, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    access_info = models.TextField(
        _("how to get there and in"), blank=True, help_text=_("Shown once the stay is paid.")
    )
    without_car = models.TextField(
        _("how to come without a car"), blank=True, help_text=_("Bus, station, pick-up, on foot.")
    )
    features = models.JSONField(_("what it offers"), default=list, blank=True)
    # Which of the destination's four words it keeps (features.md S-52); see `booking.features`.
    spirit = models.JSONField(_("words of the destination"), default=list, blank=True)
    is_essential = models.BooleanField(
        _("advertised as the reason for a stay"),
        default=False,
        help_text=_("With a lodging it makes a package, whatever it costs."),
    )
    confirmation = models.CharField(
        _("confirmation"),
        max_length=12,
        choices=Confirmation.choices,
        default=Confirmation.INSTANT,
        db_default=Confirmation.INSTANT,
        help_text=_("On request: the host answers first, and the guest pays after that."),
    )
    cancellation_policy = models.ForeignKey(
        CancellationPolicy,
        on_delete=models.PROTECT,
        related_name="offers",
        verbose_name=_("cancellation policy"),
    )
    vat_rate = models.DecimalField(
        _("VAT rate"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.10"),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("As a fraction: 0.10 for 10 %."),
    )
    vat_scheme = models.CharField(
        _("VAT"), max_length=12, choices=VatScheme.choices, default=VatScheme.STANDARD
    )
    min_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("up to age"), null=True, blank=True)
    duration_minutes = models.PositiveSmallIntegerField(
        _("duration in minutes"), null=True, blank=True
    )
    min_advance_days = models.PositiveSmallIntegerField(_("booked at least days ahead"), default=0)
    max_advance_days = models.PositiveSmallIntegerField(
        _("booked at most days ahead"), null=True, blank=True
    )
    booked_until = models.TimeField(
        _("on the last possible day, until"),
        null=True,
        blank=True,
        help_text=_("Hour of the clock. Empty: all day long."),
    )
    notice_hours = models.PositiveSmallIntegerField(
        _("booked at least hours before it begins"),
        default=0,
        blank=True,
        validators=[MaxValueValidator(336)],
        help_text=_("0: until it begins. Beyond some days, count in days instead."),
    )
    # Known by `booking.resources`: some of its dates need what other offers need too.
    uses_resources = models.BooleanField(default=False, db_default=False, editable=False)
    # Rental only: named beside the price, asked for by the provider, never charged here.
    deposit_amount = models.DecimalField(
        _("deposit asked for on site, in euros"),
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("Shown, never charged online. Write 0 for none."),
        **EURO,
    )
    # Workshops in steps: the months of their season, both included; it may go over New Year.
    season_from_month = models.PositiveSmallIntegerField(
        _("season from month"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    season_to_month = models.PositiveSmallIntegerField(
        _("season up to month"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    # Lodging only.
    lodging_type = models.CharField(
        _("kind of lodging"), max_length=16, choices=LodgingType.choices, blank=True
    )
    tax_category = models.CharField(
        _("tourist tax category"), max_length=32, choices=TaxCategory.choices, blank=True
    )
    # What it falls back to once a new certificate is there (booking.classifying).
    category_before = models.CharField(max_length=32, blank=True, editable=False)
    registration_number = models.CharField(_("registration number"), max_length=20, blank=True)
    bedrooms = models.PositiveSmallIntegerField(_("bedrooms"), null=True, blank=True)
    check_in_from = models.TimeField(_("arrival from"), null=True, blank=True)
    check_in_until = models.TimeField(_("arrival until"), null=True, blank=True)
    check_out_until = models.TimeField(_("departure until"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # When visitors saw it first; unknown of what was loaded, which is never called new.
    first_published_at = models.DateTimeField(null=True, editable=False)
    # A decision of the office (`booking.renewing`), never the trace of an edited text.
    renewed_at = models.DateTimeField(_("renewed"), null=True, editable=False)
    renewal_reason = models.CharField(max_length=160, blank=True, editable=False)

    # In which versions its rows stand, known only where `kept_offers` keeps it.
    row_versions: tuple[str, ...] = ()

    objects = OfferQuerySet.as_manager()

    search_fields = [
        index.SearchField("title_fr"),
        index.SearchField("title_en"),
        index.AutocompleteField("title_fr"),
        index.AutocompleteField("title_en"),
        index.FilterField("kind"),
        index.FilterField("state"),
    ]

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ("title",)
        indexes = [
            models.Index(fields=["state", "kind"], name="offer_state_kind"),
            # All that searching reads of an offer, without its long texts.
            models.Index(
                fields=["state", "id"],
                include=["commune", "provider", "lodging_type"],
                name="offers_on_sale",
            ),
            models.Index(
                fields=["first_published_at"],
                name="offers_by_first_day",
                condition=Q(first_published_at__isnull=False),
            ),
            models.Index(
                fields=["renewed_at"],
                name="offers_by_renewal",
                condition=Q(renewed_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_age__isnull=True)
                | Q(max_age__isnull=True)
                | Q(min_age__lte=F("max_age")),
                name="offer_ages_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(kind="lodging") | (~Q(lodging_type="") & ~Q(tax_category="")),
                name="lodging_has_type_and_tax_category",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_lodging(self) -> bool:
        """Whether it is sold by the night."""
        return self.kind in kinds.SLEPT

    @property
    def is_on_request(self) -> bool:
        """Whether its host answers each request before it is sold."""
        return self.confirmation == self.Confirmation.ON_REQUEST

    @property
    def is_published(self) -> bool:
        """Whether visitors may see it: published, of an active provider."""
        is_active = self.provider.state == Provider.State.ACTIVE
        return is_active and self.state == self.State.PUBLISHED

    @property
    def kind_rules(self) -> kinds.Kind:
        """Return the rules of its kind."""
        return kinds.kind_of(self.kind)

    @property
    def stock_rules(self) -> kinds.Kind:
        """Return the rules of its kind for what it takes and has left: with its own ratios.

        Reads the authorisation once, where the kind has one.
        """
        rules = self.kind_rules
        if not rules.needs_permit:
            return rules
        prefetch_related_objects([self], "permits")
        permit = next(iter(self.permits.all()), None)
        if permit is None:
            return rules
        return rules.with_children(permit.children_below_six, permit.children_from_six)

    @property
    def where(self) -> str:
        """Return its place, with the commune where that doesn't say it: « Le bourg, Moudeyres »."""
        commune = self.commune.name
        place = self.place or ""
        return place if commune in place else ", ".join(part for part in (place, commune) if part)

    @property
    def is_sold_by_item(self) -> bool:
        """Whether a quantity is bought, rather than places for persons."""
        return self.kind_rules.is_by_item

    @property
    def is_sold_by_day(self) -> bool:
        """Whether it is lent for days that follow each other."""
        return self.kind_rules.sold_by == "item_day"

    @property
    def season_months(self) -> frozenset[int]:
        """Return the months of its season, none when it has no season."""
        first, last = self.season_from_month, self.season_to_month
        if first is None or last is None:
            return frozenset()
        if first <= last:
            return frozenset(range(first, last + 1))
        return frozenset({*range(first, 13), *range(1, last + 1)})


CHILDREN_CHOICES = [(number, str(number)) for number in kinds.CHILDREN]


class OfferPermit(models.Model):
    """The authorisation without which an offer isn't sold (domain.md §3.4)."""

    class Regime(models.TextChoices):
        PMI = "pmi", _("nursery authorised by the department (PMI)")
        ACM = "acm", _("declared leisure centre (ACM)")
        ACM_YOUNG = "acm_under_6", _("leisure centre authorised for under 6")
        SAP = "sap", _("approved home care (SAP)")

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="permits")
    regime = models.CharField(_("regime"), max_length=16, choices=Regime.choices)
    number = models.CharField(_("number"), max_length=60)
    authority = models.CharField(_("given by"), max_length=120)
    valid_until = models.DateField(_("valid until (last day)"))
    checked_on = models.DateField(_("seen by the office on"), null=True, blank=True)
    # Of its own, where it isn't that of everybody (`settings`).
    children_below_six = models.PositiveSmallIntegerField(
        _("children under 6 for one carer"), null=True, blank=True, choices=CHILDREN_CHOICES
    )
    children_from_six = models.PositiveSmallIntegerField(
        _("children from 6 on for one carer"), null=True, blank=True, choices=CHILDREN_CHOICES
    )

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        constraints = [
            models.UniqueConstraint(fields=["offer"], name="one_permit_per_offer"),
            models.CheckConstraint(
                condition=(
                    Q(children_below_six=None) | Q(children_below_six__in=list(kinds.CHILDREN))
                )
                & (Q(children_from_six=None) | Q(children_from_six__in=list(kinds.CHILDREN))),
                name="permit_ratio_without_a_rest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.valid_until:%Y-%m-%d})"


class OfferStep(models.Model):
    """One step of a workshop in steps, and what takes its place if it can't be (N21)."""

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    title = models.CharField(pgettext_lazy("workshop", "step"), max_length=120)
    place = models.CharField(_("place"), max_length=160, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    led_by = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("led by another provider"),
    )
    plan_b = models.CharField(
        _("plan B"),
        max_length=200,
        blank=True,
        help_text=_("What is done instead when weather or harvest forbid this step."),
    )

    class Meta:
        verbose_name = pgettext_lazy("workshop", "step")
        verbose_name_plural = pgettext_lazy("workshop", "steps")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1), name="step_takes_time"),
        ]

    def __str__(self) -> str:
        return self.title


class OfferPhoto(models.Model):
    """A photograph of the offer, in its order."""

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="photos")
    image = models.ForeignKey(
        "destination.Picture", on_delete=models.CASCADE, related_name="+", verbose_name=_("photo")
    )
    alt = models.CharField(
        _("what it shows"),
        max_length=160,
        help_text=_("Read aloud to those who don't see the picture."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("photograph")
        verbose_name_plural = _("photographs")
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.alt


class Tariff(ClusterableModel):
    """Prices and stay rules shared by the equal units of one lodging."""

    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="tariffs", verbose_name=_("offer")
    )
    name = models.CharField(_("name"), max_length=80)
    base_amount = models.DecimalField(
        _("price of a night, in euros"),
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("Where no season says otherwise. Empty: nights outside seasons aren't sold."),
        **EURO,
    )
    base_occupancy = models.PositiveSmallIntegerField(
        _("persons included"), default=2, validators=[MinValueValidator(1)]
    )
    extra_person_amount = models.DecimalField(
        _("each further person and night, in euros"), default=0, validators=NOT_NEGATIVE, **EURO
    )
    min_stay = models.PositiveSmallIntegerField(
        _("nights at least"), default=1, validators=[MinValueValidator(1)]
    )
    max_stay = models.PositiveSmallIntegerField(_("nights at most"), null=True, blank=True)
    fills_gaps = models.BooleanField(
        _("fill holes shorter than « nights at least »"),
        default=False,
        help_text=_("Nights left between two stays are sold as they are, all of them at once."),
    )

    class Meta:
        verbose_name = _("prices of a lodging")
        verbose_name_plural = _("prices of lodgings")
        ordering = ("offer", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(base_amount__isnull=True) | Q(base_amount__gte=0),
                name="tariff_base_not_negative",
            ),
        ]
        # Searching asks which few of all tariffs refuse a long stay.
        indexes = [
            models.Index(
                fields=["max_stay"],
                name="tariff_longest_stay",
                condition=Q(max_stay__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.offer} · {self.name}"


class PriceRule(models.Model):
    """A price of the night: exception > weekday > season > base (features.md D01)."""

    class Level(models.TextChoices):
        SEASON = "season", _("season")
        WEEKDAY = "weekday", _("days of the week in these dates")
        EXCEPTION = "exception", _("dated exception")

    tariff = ParentalKey(Tariff, on_delete=models.CASCADE, related_name="price_rules")
    level = models.CharField(_("level"), max_length=12, choices=Level.choices, default=Level.SEASON)
    dates = DateRangeField(
        _("nights"), help_text=_("From the first night to the day after the last one.")
    )
    weekday = models.SmallIntegerField(
        _("day of the week"), choices=Weekday.choices, default=Weekday.EVERY
    )
    amount = models.DecimalField(_("price of a night, in euros"), validators=NOT_NEGATIVE, **EURO)

    class Meta:
        verbose_name = _("season or exception")
        verbose_name_plural = _("seasons and exceptions")
        ordering = ("dates", "weekday")
        constraints = [
            ExclusionConstraint(
                name="no_overlap_in_one_price_level",
                expressions=[
                    ("tariff", RangeOperators.EQUAL),
                    ("level", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    ("dates", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Two prices of one level overlap: change their dates."),
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="night_price_not_negative"),
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="price_rule_has_both_dates",
            ),
            models.CheckConstraint(
                condition=(Q(level="weekday") & Q(weekday__gte=0))
                | (~Q(level="weekday") & Q(weekday=-1)),
                name="weekday_only_on_its_level",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.amount}"


class StayRestriction(models.Model):
    """A dated rule of stay (core.md 6, features.md A04)."""

    class Kind(models.TextChoices):
        MIN_STAY_ARRIVAL = "min_stay_arrival", _("nights at least, when arriving on these dates")
        MIN_STAY_THROUGH = "min_stay_through", _("nights at least, when sleeping on these dates")
        MAX_STAY = "max_stay", _("nights at most, when arriving on these dates")
        CLOSED_TO_ARRIVAL = "closed_to_arrival", _("no arrival")
        CLOSED_TO_DEPARTURE = "closed_to_departure", _("no departure")

    tariff = ParentalKey(Tariff, on_delete=models.CASCADE, related_name="restrictions")
    kind = models.CharField(_("rule"), max_length=24, choices=Kind.choices)
    dates = DateRangeField(_("dates"))
    weekday = models.SmallIntegerField(
        _("day of the week"), choices=Weekday.choices, default=Weekday.EVERY
    )
    value = models.PositiveSmallIntegerField(_("nights"), default=0)

    class Meta:
        verbose_name = _("rule of stay")
        verbose_name_plural = _("rules of stay")
        ordering = ("dates", "kind", "weekday")
        constraints = [
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="restriction_has_both_dates",
            ),
            models.CheckConstraint(
                condition=Q(kind__startswith="closed_") | Q(value__gte=1),
                name="restriction_of_nights_has_value",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def last_day(self) -> date:
        """Return the last day on which it holds, as the office entered it."""
        last: date = self.dates.upper - ONE_DAY
        return last


class Unit(models.Model):
    """One lodging that one party can have: a gîte, or one of the equal rooms of a hotel."""

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="units")
    tariff = models.ForeignKey(
        Tariff,
        on_delete=models.PROTECT,
        related_name="units",
        verbose_name=_("prices"),
        null=True,
        blank=True,
        help_text=_("Entered under « Prices and seasons »; without prices it isn't sold."),
    )
    name = models.CharField(_("name"), max_length=80)
    max_adults = models.PositiveSmallIntegerField(_("adults at most"), default=2)
    max_children = models.PositiveSmallIntegerField(_("children at most"), default=0)
    max_guests = models.PositiveSmallIntegerField(_("persons at most"), default=2)
    max_infants = models.PositiveSmallIntegerField(_("cots for infants"), default=0)
    preparation_nights = models.PositiveSmallIntegerField(
        _("nights kept free after each stay"),
        default=0,
        db_default=0,
        blank=True,
        validators=[MaxValueValidator(7)],
        help_text=_("To clean and prepare: 0 to 7. Stays sold before a change keep what they had."),
    )
    is_active = models.BooleanField(_("sold"), default=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ("offer", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_adults__gte=1) & Q(max_guests__gte=1), name="unit_sleeps_somebody"
            ),
            models.CheckConstraint(
                condition=Q(preparation_nights__lte=7), name="preparation_of_a_week_at_most"
            ),
        ]
        # All that searching reads of a unit, in the order of the table of nights.
        indexes = [
            models.Index(
                fields=["id"],
                include=[
                    "offer",
                    "tariff",
                    "max_adults",
                    "max_children",
                    "max_guests",
                    "max_infants",
                    "is_active",
                ],
                name="unit_search",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Supplement(models.Model):
    """Cleaning, linen, a pet, a cot, a meal: asked for, or part of the price."""

    class Basis(models.TextChoices):
        STAY = "stay", _("for the stay")
        NIGHT = "night", _("per night")
        PERSON = "person", _("per person")
        PERSON_NIGHT = "person_night", _("per person and night")
        ITEM = "item", _("each")

    class Kind(models.TextChoices):
        CLEANING = "cleaning", _("cleaning")
        LINEN = "linen", _("linen")
        PET = "pet", _("pet")
        COT = "cot", _("cot")
        MEAL = "meal", _("meal")
        BIKE = "bike", _("bicycle carried")
        LUGGAGE = "luggage", _("bag carried")
        OTHER = "other", _("other")

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="supplements")
    code = models.SlugField(_("code"), max_length=24)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.OTHER)
    basis = models.CharField(_("counted"), max_length=14, choices=Basis.choices)
    amount = models.DecimalField(_("price, in euros"), validators=NOT_NEGATIVE, **EURO)
    is_mandatory = models.BooleanField(_("always part of the price"), default=False)
    max_quantity = models.PositiveSmallIntegerField(_("at most"), default=1)
    vat_rate = models.DecimalField(
        _("VAT rate"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.20"),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )

    class Meta:
        verbose_name = _("supplement")
        verbose_name_plural = _("supplements")
        ordering = ("-is_mandatory", "pk")
        constraints = [
            models.UniqueConstraint(fields=["offer", "code"], name="supplement_code_in_offer"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="supplement_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class AgeBand(models.Model):
    """The price of a place for an age, both ages included; no age at all: a price per item."""

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="bands")
    code = models.SlugField(_("code"), max_length=24)
    name = models.CharField(_("name"), max_length=60)
    min_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("up to age"), null=True, blank=True)
    amount = models.DecimalField(_("price, in euros"), validators=NOT_NEGATIVE, **EURO)

    class Meta:
        verbose_name = _("price by age")
        verbose_name_plural = _("prices by age")
        ordering = ("-min_age", "pk")
        constraints = [
            models.UniqueConstraint(fields=["offer", "code"], name="band_code_in_offer"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="band_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name
