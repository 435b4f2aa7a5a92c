"""Scarcity in its two shapes, and the table derived from them for searching.

Nights of a unit: one row per stay, and the database refuses two that overlap. Places of a slot:
the sold count stands on the row, guarded by a CHECK; live holds are summed beside it. A hold
stops counting at its deadline, by the query, with no job (core.md 2, 3, 5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import (
    Case,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, ExtractMonth
from django.utils.translation import gettext_lazy as _

from booking.models.offers import Offer, OfferPermit, Unit
from booking.models.resources import note_claims
from booking.rules.kinds import KINDS, PLACES
from booking.rules.resources import Claim
from oti.lib.dates import paris
from oti.lib.joins import Joined
from oti.lib.together import read_together


def _lasting(count: Combinable, one: timedelta) -> ExpressionWrapper:
    """Return so many times a duration, in SQL."""
    return ExpressionWrapper(count * Value(one), output_field=DurationField())


class SlotQuerySet(models.QuerySet["Slot"]):
    """Slots and what is left in them."""

    def with_free(
        self,
        now: datetime,
        *,
        except_basket: int | None = None,
        except_line: int | None = None,
    ) -> SlotQuerySet:
        """Annotate `held` (live holds at `now`, but of one basket or one line) and `free`.

        `is_shared` says whether shared resources limit it too: `note_claims` reads them.
        """
        holds = SlotHold.objects.filter(slot_id=OuterRef("pk"), expires_at__gt=now)
        if except_basket is not None:
            holds = holds.exclude(line__basket_id=except_basket)
        if except_line is not None:
            holds = holds.exclude(line_id=except_line)
        held = holds.order_by().values("slot_id").annotate(total=Sum("quantity")).values("total")
        return self.annotate(
            held=Coalesce(Subquery(held), 0), is_shared=F("offer__uses_resources")
        ).annotate(free=F("capacity") - F("sold") - F("held"))

    def not_over(self, begins: bool, now: datetime) -> SlotQuerySet:
        """Return slots that may still be joined: not begun, or still open where none begins."""
        return self.filter(starts_at__gt=now) if begins else self.filter(ends_at__gt=now)

    def in_time(self, now: datetime) -> SlotQuerySet:
        """Leave out dates too near to be booked at `now`, as `quoting.notice_of` does (H09)."""
        local = paris(now)
        days = F("offer__min_advance_days") + Case(
            When(offer__booked_until__lte=local.time(), then=Value(1)), default=Value(0)
        )
        open_long = [kind.code for kind in KINDS if not kind.begins]
        return self.annotate(ahead=F("day") - Value(local.date())).filter(
            Q(ahead__gte=_lasting(days, timedelta(days=1))),
            Q(offer__notice_hours=0)
            | Q(offer__kind__in=open_long)
            | Q(starts_at__gte=Value(now) + _lasting(F("offer__notice_hours"), timedelta(hours=1))),
        )

    def allowed(self) -> SlotQuerySet:
        """Leave out days out of season or past an authorisation, as the kinds' `check_day` does."""
        first, last, month = (
            F("offer__season_from_month"),
            F("offer__season_to_month"),
            ExtractMonth("day"),
        )
        permits = OfferPermit.objects.filter(
            offer=OuterRef("offer"), valid_until__gte=OuterRef("day")
        )
        needing = [kind.code for kind in KINDS if kind.needs_permit]
        return (
            self.annotate(month=month)
            .filter(
                Q(offer__season_from_month=None)
                | Q(offer__season_from_month__lte=last, month__gte=first, month__lte=last)
                | Q(offer__season_from_month__gt=last) & (Q(month__gte=first) | Q(month__lte=last))
            )
            .filter(~Q(offer__kind__in=needing) | Exists(permits))
        )

    def to_come(self, now: datetime) -> SlotQuerySet:
        """Return open slots that may still be joined at `now`, whatever their kind."""
        open_long = [kind.code for kind in KINDS if not kind.begins]
        return self.filter(is_closed=False).filter(
            Q(starts_at__gt=now) | Q(offer__kind__in=open_long, ends_at__gt=now)
        )


class Dates(models.Manager.from_queryset(SlotQuerySet)):  # type: ignore[misc]
    """Only the places themselves: the dates that people see."""

    def get_queryset(self) -> SlotQuerySet:
        """Leave out capacities that stand beside the places of a slot."""
        return super().get_queryset().filter(resource=PLACES)  # type: ignore[no-any-return]


class Slot(models.Model):
    """A dated capacity: so many places, or so many baskets to fetch, at one moment.

    A capacity of its own beside the places of the same moment (bicycles in a shuttle) is a row of
    its own, named by `resource`. `Slot.objects` are the dates, `Slot.stocks` every row.
    """

    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="slots", verbose_name=_("offer")
    )
    # Wall time is what was promised; the moment is derived from it (features.md D14).
    day = models.DateField(_("day"))
    start_time = models.TimeField(_("begins at"))
    resource = models.CharField(max_length=12, default=PLACES, blank=True, editable=False)
    zone = models.CharField(max_length=40, default="Europe/Paris", editable=False)
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    capacity = models.PositiveIntegerField(_("places"))
    sold = models.PositiveIntegerField(_("sold"), default=0, editable=False)
    is_closed = models.BooleanField(_("closed"), default=False)
    closed_reason = models.CharField(_("why it is closed"), max_length=160, blank=True)
    # Why the steps foreseen for that case take the place of the first ones (features.md N21).
    plan_b_reason = models.CharField(_("why plan B applies"), max_length=160, blank=True)

    # Known only on rows that `with_free` gives.
    held: int
    free: int
    is_shared: bool
    # What it needs of shared resources; `note_claims` finds it where `is_shared`.
    claims: tuple[Claim, ...] = ()

    objects = Dates()
    stocks = SlotQuerySet.as_manager()

    class Meta:
        base_manager_name = "stocks"
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ("starts_at", "pk")
        indexes = [
            models.Index(fields=["offer", "starts_at"], name="slot_of_offer"),
            models.Index(fields=["starts_at"], name="slot_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "day", "start_time", "resource"], name="slot_once"
            ),
            models.CheckConstraint(
                condition=Q(sold__lte=F("capacity")),
                name="slot_not_oversold",
                violation_error_message=_("More places are sold than that: keep at least those."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer} · {self.day:%Y-%m-%d} {self.start_time:%H:%M}"


SLOTS_WITH_FREE = """
SELECT {columns}, h.held, s.capacity - s.sold - h.held AS free,
    (SELECT o.uses_resources FROM booking_offer o WHERE o.id = s.offer_id) AS is_shared
FROM booking_slot s, LATERAL (
    SELECT coalesce(sum(quantity), 0)::int AS held FROM booking_slothold h
    WHERE h.slot_id = s.id AND h.expires_at > %(now)s
      AND h.line_id IS DISTINCT FROM %(except_line)s AND NOT EXISTS (
          SELECT 1 FROM booking_basketline l
          WHERE l.id = h.line_id AND l.basket_id = %(except_basket)s
      )
) h {ids}
ORDER BY s.starts_at, s.id
"""


WITH_FREE = Joined(SLOTS_WITH_FREE, {"s": Slot})


def slots_with_free(
    condition: str,
    values: dict[str, Any],
    *,
    tables: str = "",
    now: datetime,
    except_basket: int | None = None,
    except_line: int | None = None,
) -> list[Slot]:
    """Return what `Slot.stocks.with_free` does for an SQL condition on the slot `s`.

    With the claims on shared resources; one statement more where there are any.
    Written out for what is asked most: the ORM takes four times as long to write the question.
    `tables` go beside the slot, each after a comma.
    """
    moment = {"now": now, "except_basket": except_basket, "except_line": except_line}
    [rows] = read_together(
        WITH_FREE.written({**values, **moment}, ids=f"{tables} WHERE {condition}", more=3)
    )
    found = []
    for slot, slot.held, slot.free, slot.is_shared in WITH_FREE.rows(rows):
        found.append(slot)
    note_claims(found, now=now, except_basket=except_basket, except_line=except_line)
    return found


class SlotHold(models.Model):
    """Units of a slot kept for a line of a basket until a moment; a line may hold several slots."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="holds")
    line = models.ForeignKey(
        "booking.BasketLine", on_delete=models.CASCADE, related_name="slot_holds"
    )
    quantity = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("places on hold")
        verbose_name_plural = _("places on hold")
        indexes = [models.Index(fields=["slot", "expires_at"], name="holds_of_slot")]
        constraints = [
            models.UniqueConstraint(fields=["line", "slot"], name="line_holds_a_slot_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.slot_id}"


OCCUPIED = Func(
    F("dates__startswith"),
    ExpressionWrapper(F("dates__endswith") + F("preparation"), output_field=DateField()),
    function="daterange",
    output_field=DateRangeField(),
)


def occupied(stay: str) -> str:
    """Return the SQL of the nights that a stay occupies: its own, then those of preparation."""
    return f"daterange(lower({stay}.dates), upper({stay}.dates) + {stay}.preparation)"


def meets_stay(stay: str, arrival: str, departure: str, unit: str) -> str:
    """Return the SQL condition that new nights would meet a stay, their own preparation included.

    `unit` names the row of the unit, the others are dates in SQL. What meets nothing is taken by
    the constraint, and the other way round (features.md H09).
    """
    wanted = f"daterange({arrival}::date, {departure}::date + {unit}.preparation_nights)"
    return f"{occupied(stay)} && {wanted}"


class Stay(models.Model):
    """A unit taken over nights `[arrival, departure)`: on hold, sold, or blocked from elsewhere."""

    class State(models.TextChoices):
        HELD = "held", _("on hold")
        SOLD = "sold", _("sold")
        BLOCKED = "blocked", _("taken elsewhere")
        CANCELLED = "cancelled", _("cancelled")

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="stays")
    dates = DateRangeField(_("nights"))
    # Nights after them that nobody else may sleep either: what its unit asked when it was taken.
    preparation = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    state = models.CharField(max_length=10, choices=State.choices)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Blocked because a calendar of another platform says so: `booking.channels` writes these.
    is_imported = models.BooleanField(default=False, db_default=False, editable=False)
    line = models.OneToOneField(
        "booking.BasketLine",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stay_hold",
    )
    order_line = models.OneToOneField(
        "booking.OrderLine", on_delete=models.PROTECT, null=True, blank=True, related_name="stay"
    )

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        indexes = [
            models.Index(fields=["expires_at"], name="stays_on_hold", condition=Q(state="held"))
        ]
        constraints = [
            ExclusionConstraint(
                name="no_two_stays_in_one_unit",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    (OCCUPIED, RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=["held", "sold", "blocked"]),
            ),
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="stay_has_nights",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(expires_at__isnull=False),
                name="held_stay_has_deadline",
            ),
            models.CheckConstraint(
                condition=~Q(state="sold") | Q(order_line__isnull=False),
                name="sold_stay_has_order_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.dates} {self.state}"


class Closure(models.Model):
    """Nights that a host doesn't sell, and why."""

    unit = models.ForeignKey(
        Unit, on_delete=models.CASCADE, related_name="closures", verbose_name=_("unit")
    )
    dates = DateRangeField(
        _("nights"), help_text=_("From the first closed night to the day it opens again.")
    )
    reason = models.CharField(_("reason"), max_length=160)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ("unit", "dates")
        constraints = [
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="closure_has_both_dates",
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.reason}"


class UnitDay(models.Model):
    """Derived, for searching only: what one unit offers from one night on (core.md 3).

    Built from sold and blocked stays, closures and prices by `booking.search_table`; holds are
    not in it. `cum_cents` is the sum of the base prices of all nights before this one.
    """

    pk = models.CompositePrimaryKey("unit_id", "day")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    price_cents = models.IntegerField()
    cum_cents = models.BigIntegerField()
    free_run = models.SmallIntegerField()
    min_stay = models.SmallIntegerField()
    arrival_ok = models.BooleanField()

    class Meta:
        verbose_name = _("night in the search table")
        verbose_name_plural = _("nights in the search table")
        indexes = [
            models.Index(
                fields=["day", "unit"],
                # The widest first: nothing is lost between them.
                include=["cum_cents", "free_run", "min_stay", "arrival_ok"],
                name="unit_day_search",
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.day}"
