"""What several offers of one provider share: a guide, a minibus, a room (features.md H08).

An offer names what each of its dates needs. Whether there is enough at an hour is reckoned by
`booking.rules.resources`; here is what the tables say, asked with one statement for many dates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, Protocol

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from booking.models.offers import Offer
from booking.rules.kinds import DATED, PLACES
from booking.rules.resources import Claim, Other, Use, lacking, use_of
from members.models import Provider

MOST_OF_ONE = 500
MOST_MINUTES = 1440
# Its things are counted by the day: a day of it never stands in the way of another one.
LENT = [kind.code for kind in DATED if kind.sold_by == "item_day"]


class Resource(models.Model):
    """Something that a provider has so many of, and that dates of several offers need."""

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="resources", verbose_name=_("provider")
    )
    name = models.CharField(_("name"), max_length=60)
    quantity = models.PositiveSmallIntegerField(
        _("how many there are"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_OF_ONE)],
    )

    class Meta:
        verbose_name = _("shared resource")
        verbose_name_plural = _("shared resources")
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="resource_once_by_name"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="resource_is_there"),
        ]

    def __str__(self) -> str:
        return self.name


class OfferResource(models.Model):
    """What one date of an offer needs of a resource, with the preparation before and after it."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="shared_resources")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="links")
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    minutes_before = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST_MINUTES)]
    )
    minutes_after = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST_MINUTES)]
    )

    class Meta:
        verbose_name = _("resource of an offer")
        verbose_name_plural = _("resources of an offer")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["offer", "resource"], name="offer_uses_it_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="offer_uses_some_of_it"),
            models.CheckConstraint(
                condition=Q(minutes_before__lte=MOST_MINUTES, minutes_after__lte=MOST_MINUTES),
                name="preparation_of_a_day_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.resource_id}"


# The other dates that need a resource of slot `a` at its hours, by the links `l` and `tl`. The
# longest date lasts less than 23 days, the longest preparation one.
_MEETS = """
tl.resource_id = l.resource_id AND t.id <> a.id
AND (t.offer_id <> a.offer_id OR NOT EXISTS (
    SELECT 1 FROM booking_offer o WHERE o.id = a.offer_id AND o.kind = ANY(%(lent)s)))
AND t.starts_at > a.starts_at - interval '26 days'
AND t.starts_at < a.ends_at + make_interval(mins => l.minutes_after + tl.minutes_before)
AND t.ends_at > a.starts_at - make_interval(mins => l.minutes_before + tl.minutes_after)
"""
_OTHERS = (
    "(booking_offerresource tl JOIN booking_slot t"
    f" ON t.offer_id = tl.offer_id AND t.resource = '{PLACES}')"
)
# Ids of the dates beside one slot, to be locked with it; `{slot}` is its id in SQL.
BESIDE_SQL = f"""ARRAY(
    SELECT DISTINCT t.id FROM booking_slot a
    JOIN booking_offerresource l ON l.offer_id = a.offer_id
    JOIN {_OTHERS} ON {_MEETS} WHERE a.id = {{slot}} AND a.resource = '{PLACES}')"""  # noqa: S608
_IS_TAKEN = """({slot}.sold > 0 OR EXISTS (
    SELECT 1 FROM booking_slothold h
    WHERE h.slot_id = {slot}.id AND h.expires_at > %(now)s
      AND h.line_id IS DISTINCT FROM %(except_line)s AND NOT EXISTS (
          SELECT 1 FROM booking_basketline b
          WHERE b.id = h.line_id AND b.basket_id = %(except_basket)s)))"""
_OTHER_IS_TAKEN = "t.id IS NOT NULL AND " + _IS_TAKEN.format(slot="t")
CLAIMS = f"""
SELECT a.id, l.resource_id, r.name, r.quantity,
    a.starts_at, a.ends_at, l.minutes_before, l.minutes_after, l.quantity,
    {_OTHER_IS_TAKEN}, t.id, t.offer_id,
    t.starts_at, t.ends_at, tl.minutes_before, tl.minutes_after, tl.quantity
FROM booking_slot a
JOIN booking_offerresource l ON l.offer_id = a.offer_id
JOIN booking_resource r ON r.id = l.resource_id
LEFT JOIN {_OTHERS} ON {_MEETS}
WHERE {{condition}} AND a.resource = '{PLACES}'
ORDER BY a.starts_at, a.id, r.name, l.id, t.starts_at, t.id
"""  # noqa: S608


class Sharing(Protocol):
    """A date as `with_free` gives it: what is needed here to say who else needs its guide."""

    pk: Any
    is_shared: bool
    resource: Any
    claims: tuple[Claim, ...]


def note_claims(
    slots: Iterable[Sharing],
    *,
    now: datetime,
    except_basket: int | None = None,
    except_line: int | None = None,
) -> None:
    """Let each date know what it needs of shared resources, and who needs them at its hours.

    The slots come from `with_free`: one statement where one of them shares something, else none.
    Holds of `except_basket` or of `except_line` count for nobody.
    """
    sharing = {one.pk: one for one in slots if one.is_shared and one.resource == PLACES}
    if not sharing:
        return
    claims = _read_claims(
        "a.id = ANY(%(slots)s::bigint[])",
        {"slots": list(sharing)},
        now=now,
        except_basket=except_basket,
        except_line=except_line,
    )
    for pk, slot in sharing.items():
        slot.claims = tuple(claims.get(pk, ()))


def blocked_dates(offers: Collection[int], first: date, last: date, *, now: datetime) -> list[int]:
    """Return the dates of these offers in `[first, last]` whose resources are taken at `now`.

    One statement; none without offers.
    """
    if not offers:
        return []
    claims = _read_claims(
        "a.offer_id = ANY(%(offers)s::bigint[]) AND a.day BETWEEN %(first)s AND %(last)s"
        f" AND {_OTHER_IS_TAKEN}",
        {"offers": list(offers), "first": first, "last": last},
        now=now,
    )
    return [pk for pk, own in claims.items() if lacking(own)]


def note_sharing(offers: Iterable[int]) -> None:
    """Write on offers whether they share anything, and drop what another provider shares.

    Call it in the transaction that changes a link, or whose offer it is.
    """
    for pk in sorted(set(offers)):
        links = OfferResource.objects.filter(offer=pk)
        links.exclude(resource__provider=F("offer__provider")).delete()
        shares = links.exists()
        Offer.objects.filter(pk=pk).exclude(uses_resources=shares).update(uses_resources=shares)


def taken_claims(resource_id: int, *, now: datetime) -> dict[int, Claim]:
    """Return what each date needs of one resource that somebody is in, or books, and isn't over."""
    found = _read_claims(
        "l.resource_id = %(resource)s AND a.ends_at > %(now)s AND " + _IS_TAKEN.format(slot="a"),
        {"resource": resource_id},
        now=now,
    )
    return {pk: claim for pk, (claim,) in found.items()}


def _read_claims(
    condition: str,
    values: dict[str, Any],
    *,
    now: datetime,
    except_basket: int | None = None,
    except_line: int | None = None,
) -> dict[int, list[Claim]]:
    """Return the claims of the slots `a` of an SQL condition, by slot, in their order."""
    moment = {"now": now, "except_basket": except_basket, "except_line": except_line}
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS.format(condition=condition), {**values, **moment, "lent": LENT})
        rows = cursor.fetchall()
    # One row for each other date, or one without.
    heads: dict[tuple[int, int], tuple[Any, ...]] = {}
    others: dict[tuple[int, int], list[Other]] = {}
    for slot_id, resource_id, *rest in rows:
        heads[slot_id, resource_id] = tuple(rest[:7])
        known = others.setdefault((slot_id, resource_id), [])
        is_taken, other_id, offer_id, *use = rest[7:]
        if other_id is not None:
            known.append(Other(other_id, offer_id, use[0], _use_of(*use), is_taken))
    claims: dict[int, list[Claim]] = {}
    for (slot_id, resource_id), (name, quantity, *use) in heads.items():
        whose = tuple(others[slot_id, resource_id])
        own = Claim(resource_id, name, quantity, _use_of(*use), whose)
        claims.setdefault(slot_id, []).append(own)
    return claims


def _use_of(starts_at: datetime, ends_at: datetime, before: int, after: int, quantity: int) -> Use:
    return use_of(starts_at, ends_at, before=before, after=after, quantity=quantity)
