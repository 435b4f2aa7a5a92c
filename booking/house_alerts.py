"""What a host must see before anything else: what is wrong in its houses, and their next step.

It is read together with the houses; a question more only where papers may be at fault.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.channels.freshness import SILENT_HOST
from booking.models import ChannelIncident, Feed, Offer
from booking.papers import checklist
from booking.rules import states
from members.models import Paper, Provider
from members.rules.enrolment import APPROVED
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class HouseAlert:
    """What is to be told of one house; papers and offers are told to its owners alone."""

    house: Provider
    is_silent: bool
    has_double_booking: bool
    has_papers_to_do: bool
    has_no_offer: bool


def with_alerts(houses: QuerySet[Provider], *, now: datetime) -> QuerySet[Provider]:
    """Return houses read with what `alerts_of` asks of them."""
    at_fault = Q(valid_until__lt=day_of(now)) | Q(review=Paper.Review.TO_FIX)
    mine = {"unit__offer__provider": OuterRef("pk")}
    return houses.annotate(
        is_silent=Exists(Feed.objects.silent_since(now - SILENT_HOST).filter(**mine)),
        is_doubled=Exists(ChannelIncident.objects.exclude(state=states.SETTLED).filter(**mine)),
        is_at_fault=Exists(Paper.objects.filter(at_fault, provider=OuterRef("pk"))),
        is_offering=Exists(Offer.objects.filter(provider=OuterRef("pk"))),
    )


def alerts_of(
    houses: Sequence[Provider], owned: Collection[int], *, now: datetime
) -> list[HouseAlert]:
    """Return what is to be told of houses read `with_alerts`, those with nothing to tell left out.

    A house that isn't approved has other things to do first. `owned` are the ids of the houses
    whose papers and offers this person sees to.
    """
    told = (_alert_of(one, one.pk in owned, now) for one in houses if one.enrolment == APPROVED)
    return [one for one in told if one is not None]


def _alert_of(house: Any, is_owned: bool, now: datetime) -> HouseAlert | None:
    told = HouseAlert(
        house=house,
        is_silent=house.is_silent,
        has_double_booking=house.is_doubled,
        has_papers_to_do=is_owned
        and house.is_at_fault
        and any(one.is_to_do for one in checklist(house, today=day_of(now))),
        has_no_offer=is_owned and not house.is_offering,
    )
    is_quiet = not (
        told.is_silent or told.has_double_booking or told.has_papers_to_do or told.has_no_offer
    )
    return None if is_quiet else told
