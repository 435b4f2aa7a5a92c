"""What is said of offers follows the certificates of their house.

Each night the papers are looked at. A lodging whose classification ended is taxed as one without
stars, until the office has accepted the new certificate; what was sold keeps the tax that was
agreed. Nothing is called organic for longer than the house's certificate says (features.md N30).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from booking import locks
from booking.messages import write_message
from booking.models import Offer, OfferLabel
from booking.offers import subject_of
from booking.refusals import Refusal
from booking.rules.classification import category_when_ended
from members.journal import SYSTEM, record
from members.models import Paper, Provider
from members.rules import enrolment
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)

PAPER = "classification"
ENDED, GIVEN_BACK = "ended", "given_back"


def follow_classifications(*, now: datetime) -> int:
    """Give every lodging the category that its house's certificate allows; return how many changed.

    Host and office are told of each change, once a house. Done again, it changes nothing.
    """
    lodgings = Offer.objects.filter(kind=Offer.Kind.LODGING).exclude(state=Offer.State.ARCHIVED)
    given = Paper.objects.filter(code=PAPER, valid_until__isnull=False)
    houses = (
        given.exclude(provider__enrolment__in=enrolment.NOT_YET)
        .filter(provider__in=lodgings.values("provider"))
        .order_by("provider_id")
    )
    changed = 0
    for paper in list(houses):
        try:
            changed += _follow(paper.pk, now=now)
        except (Refusal, DatabaseError) as error:
            # One house must not hide the others.
            logger.warning("classification of paper %s not followed: %s", paper.pk, error)
    return changed


def end_organic_labels(*, now: datetime) -> int:
    """Let the organic label of a house's offers end with its certificate; return how many did."""
    today = day_of(now)
    ended = 0
    for paper in Paper.objects.filter(code="organic", valid_until__lt=today).order_by("pk"):
        with locks.write_transaction():
            locks.lock_provider(paper.provider_id)
            paper.refresh_from_db()
            until = paper.valid_until
            if until is None or until >= today:
                continue
            labels = OfferLabel.objects.filter(
                offer__provider=paper.provider_id,
                code=OfferLabel.Code.ORGANIC,
                valid_until__gt=until,
            )
            for label in labels.select_related("offer").order_by("pk"):
                label.valid_until = until
                label.save(update_fields=["valid_until"])
                record(
                    "organic label ended with its certificate",
                    subject_of(label.offer),
                    actor=SYSTEM,
                    at=now,
                    until=until.isoformat(),
                )
                ended += 1
    return ended


def _follow(paper_id: int, *, now: datetime) -> int:
    with locks.write_transaction():
        house = locks.lock_provider(
            Paper.objects.values_list("provider", flat=True).get(pk=paper_id)
        )
        paper = Paper.objects.get(pk=paper_id)
        # What a host typed counts once the office has read it, a day in the past too.
        if paper.valid_until is None or paper.review != Paper.Review.ACCEPTED:
            return 0
        lodgings = Offer.objects.filter(provider=house, kind=Offer.Kind.LODGING)
        if paper.valid_until < day_of(now):
            return _lower(house, paper, lodgings, now=now)
        return _raise_again(house, paper, lodgings, now=now)


def _lower(house: Provider, paper: Paper, lodgings: Iterable[Offer], *, now: datetime) -> int:
    moved = []
    for offer in lodgings:
        without = category_when_ended(offer.lodging_type, offer.tax_category)
        if without != offer.tax_category:
            _write(offer, without, before=offer.tax_category, now=now)
            moved.append(offer)
    _tell(house, paper, moved, ENDED, now=now)
    return len(moved)


def _raise_again(house: Provider, paper: Paper, lodgings: Iterable[Offer], *, now: datetime) -> int:
    moved = []
    for offer in lodgings:
        if not offer.category_before:
            continue
        without = category_when_ended(offer.lodging_type, offer.tax_category)
        # What the office has written itself meanwhile stands.
        again = offer.category_before if offer.tax_category == without else offer.tax_category
        is_moved = again != offer.tax_category
        _write(offer, again, before="", now=now)
        if is_moved:
            moved.append(offer)
    _tell(house, paper, moved, GIVEN_BACK, now=now)
    return len(moved)


def _write(offer: Offer, category: str, *, before: str, now: datetime) -> None:
    old = offer.tax_category
    offer.tax_category, offer.category_before = category, before
    offer.save(update_fields=["tax_category", "category_before", "updated_at"])
    record(
        "tourist tax category followed the classification",
        subject_of(offer),
        actor=SYSTEM,
        at=now,
        before=old,
        after=category,
    )


def _tell(house: Provider, paper: Paper, moved: list[Offer], move: str, *, now: datetime) -> None:
    if not moved:
        return
    data = {"paper": paper.pk, "offers": [one.pk for one in moved], "move": move}
    key = f"classification:{paper.pk}:{paper.valid_until}:{move}"
    for known, recipient, language, is_office in (
        (key, house.email, house.language, False),
        (f"{key}:office", settings.OFFICE["email"], "fr", True),
    ):
        write_message(
            "classification_moved",
            key=known,
            recipient=recipient,
            language=language,
            data={**data, "is_office": is_office},
            now=now,
        )
