"""Load the large destination: hosts, lodgings with their calendars, things to do with their dates.

Everything is drawn from the row's number and the seed, never from chance. What is taken is marked
as taken elsewhere, as in the demo: nobody paid for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from wagtail.models import Locale
from wagtail.search.backends import get_search_backends

from booking.importers.tourist_tax import load_tourist_tax
from booking.models import CancellationPolicy, CancellationStep, Offer, Slot, Stay, Unit, UnitDay
from destination.importers.territory import load_territory
from destination.models import LegalText
from destination.models.territory import memberships_on
from members import journal
from members.models import Entry, Provider
from oti.demo.legal import legal_texts
from oti.demo.scale import doings, lodgings, nights
from oti.demo.scale.ground import Ground, Scale, ScaleError
from oti.demo.scale.rows import run
from oti.lib.dates import today as day_of

SUBJECT = "demo:scale"
LOADED = "scale loaded"


@dataclass(frozen=True)
class ScaleReport:
    """What was written."""

    providers: int
    offers: int
    units: int
    nights: int
    stays: int
    slots: int


def load_scale(scale: Scale, *, now: datetime) -> ScaleReport:
    """Write the destination in one transaction, beside what is there; raises ScaleError.

    Once for a database: a second one would be measured twice. Beat's upkeep takes the table as
    long as the horizon of the settings for complete.
    """
    scale.check()
    if Entry.objects.filter(subject=SUBJECT, verb=LOADED).exists():
        msg = "A large destination is already loaded here: begin with an empty database."
        raise ScaleError(msg)
    today = day_of(now)
    with transaction.atomic():
        _prepare(today)
        ground = Ground(
            policy_id=_policy(),
            first_day=today,
            last_day=today + timedelta(days=scale.horizon),
            now=now,
        )
        offers_before = Offer.objects.count()
        hosts_before = Provider.objects.count()
        keys = lodgings.add_lodgings(scale, ground)
        stays = nights.take_nights(scale, ground, keys)
        slots = doings.add_doings(scale, ground)
        written = nights.write_table(scale, ground, keys)
        _index(ground)
        report = ScaleReport(
            providers=Provider.objects.count() - hosts_before,
            offers=Offer.objects.count() - offers_before,
            units=scale.lodgings,
            nights=written,
            stays=stays,
            slots=slots,
        )
        journal.record(
            LOADED,
            SUBJECT,
            actor=journal.SYSTEM,
            at=now,
            lodgings=scale.lodgings,
            activities=scale.activities,
            horizon=scale.horizon,
            seed=scale.seed,
        )
    settle()
    return report


def settle() -> None:
    """Let the database count its new rows; inside a transaction it can only be told sizes."""
    tables = [model._meta.db_table for model in (UnitDay, Unit, Offer, Provider, Stay, Slot)]
    vacuum = "ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE"
    for table in tables:
        run(f"{vacuum} {table}")


def is_empty() -> bool:
    """Whether nobody sells anything here."""
    return not Offer.objects.exists() and not Provider.objects.exists()


def _prepare(today: date) -> None:
    """Load territory, tariffs of the tax and legal texts unless they are there."""
    for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES:
        Locale.objects.get_or_create(language_code=code)
    load_territory(today=today)
    load_tourist_tax()
    if not LegalText.objects.exists():
        for text in legal_texts():
            text.save()
    communes = (
        memberships_on(today)
        .filter(is_neighbour=False)
        .order_by("commune__insee")
        .values_list("commune_id", "commune__name", "commune__latitude", "commune__longitude")
    )
    rows = [(number, *row) for number, row in enumerate(communes)]
    if not rows:
        msg = "No commune is sold in the perimeter in force."
        raise ScaleError(msg)
    run(
        "CREATE TEMPORARY TABLE scale_commune (no int PRIMARY KEY, id bigint, name text,"
        " latitude float, longitude float) ON COMMIT DROP"
    )
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO scale_commune VALUES (%s, %s, %s, %s, %s)", rows)


def _policy() -> int:
    """Return the key of the policy of every offer here: all back until a week before."""
    policy = CancellationPolicy.objects.create(
        name_fr="Souple",
        name_en="Flexible",
        summary_fr="Remboursement intégral jusqu’à 7 jours avant, moitié jusqu’à 48 heures.",
        summary_en="Everything back until 7 days before, half until 48 hours before.",
    )
    CancellationStep.objects.bulk_create(
        CancellationStep(policy=policy, hours_before=hours, percent=percent)
        for hours, percent in ((168, 100), (48, 50))
    )
    return policy.pk


def _index(ground: Ground) -> None:
    """Index the offers for the text search, which rows written in bulk escape."""
    fresh = Offer.objects.filter(cancellation_policy_id=ground.policy_id).order_by("pk")
    for backend in get_search_backends():
        index = backend.get_index_for_model(Offer)
        batch: list[Offer] = []
        for offer in fresh.iterator(chunk_size=1000):
            batch.append(offer)
            if len(batch) == 1000:
                index.add_items(Offer, batch)
                batch = []
        if batch:
            index.add_items(Offer, batch)
