"""Load the demo once; on a later day only extend its dates (core.md 24).

A line of the journal remembers the version of the catalogue and the day up to which calendars
reach. What was sold, edited or removed is never touched: rows are only added, and only beyond
that day, except for offers that a newer catalogue brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from wagtail.models import Locale
from wagtail.models import Site as WagtailSite
from wagtail.search.backends import get_search_backends

from booking import search_table
from booking.importers.tourist_tax import DATA as TAX_FILE
from booking.importers.tourist_tax import load_tourist_tax
from booking.models import (
    AgeBand,
    CancellationPolicy,
    CancellationStep,
    Closure,
    Offer,
    OfferPermit,
    OfferStep,
    Organiser,
    PriceRule,
    ReadyStay,
    ReadyStep,
    Slot,
    Stay,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
)
from booking.rules.kinds import PLACES
from destination.importers.territory import DATA as TERRITORY_FOLDER
from destination.importers.territory import load_territory
from destination.models import Commune, LegalText, Site
from events.models import Event, Session
from members import journal
from members.groups import ensure_review
from members.models import ContractText, Entry, Provider
from oti.demo import rows
from oti.demo.accounts import create_accounts
from oti.demo.ambassadors import add_ambassadors
from oti.demo.dates import Window
from oti.demo.gifts import add_gift
from oti.demo.greeters import add_greeters
from oti.demo.legal import contract_texts, legal_texts
from oti.demo.organiser import demo_organiser
from oti.demo.pages import add_pages
from oti.demo.past_stays import add_past_stays
from oti.demo.residents import add_residents
from oti.demo.returns import add_returns
from oti.demo.seasons import add_seasons
from oti.demo.shapes import Catalogue, LodgingData, SlotOfferData, catalogue_version, read_catalogue
from oti.lib.dates import today as paris_today

SUBJECT = "demo:velay"
LOADED = "demo loaded"
# Past the search horizon, so that no night that can be searched lacks its season.
NIGHTS_BEYOND_HORIZON = 30
SLOT_DAYS = 400
BATCH = 2000


@dataclass(frozen=True)
class DemoReport:
    """What one load added; all zero, and `is_unchanged`, when the day and the version are known."""

    version: str
    day: date
    is_unchanged: bool = False
    providers: int = 0
    offers: int = 0
    units: int = 0
    slots: int = 0
    events: int = 0
    sessions: int = 0
    nights_taken: int = 0
    accounts: int = 0
    pages: int = 0


@dataclass(frozen=True)
class Reach:
    """The last days, included, up to which calendars are filled."""

    nights: date
    slots: date

    @classmethod
    def from_day(cls, day: date) -> Reach:
        """Return how far a load on `day` goes."""
        nights = settings.SEARCH_HORIZON_DAYS + NIGHTS_BEYOND_HORIZON
        return cls(day + timedelta(days=nights), day + timedelta(days=SLOT_DAYS))


def load_demo(*, now: datetime) -> DemoReport:
    """Load the demo or extend its dates to those of `now`; on the same day do nothing.

    One transaction: either all of it is there or nothing. The search table is written again at
    the end. Never call it in production.
    """
    day = paris_today(now)
    version = catalogue_version(TERRITORY_FOLDER, TAX_FILE.parent)
    last = _last_load()
    if last is not None and last["version"] == version and last["day"] >= day.isoformat():
        return DemoReport(version=version, day=day, is_unchanged=True)
    with transaction.atomic():
        report = _load(version, day, last, now)
        search_table.rebuild_all(today=day)
    return report


def _last_load() -> dict[str, Any] | None:
    entries = Entry.objects.filter(subject=SUBJECT, verb=LOADED).order_by("-at", "-pk")
    return entries.values_list("data", flat=True).first()


def _load(version: str, day: date, last: dict[str, Any] | None, now: datetime) -> DemoReport:
    reach = Reach.from_day(day)
    former = (
        Reach(date.fromisoformat(last["nights_until"]), date.fromisoformat(last["slots_until"]))
        if last
        else None
    )
    catalogue = read_catalogue()
    is_new_version = last is None or last["version"] != version
    counts = dict.fromkeys(("providers", "offers", "units", "events", "accounts", "pages"), 0)
    fresh: set[str] = set()
    if is_new_version:
        _prepare_site()
        load_territory(today=day)
        load_tourist_tax()
        _add_legal_texts()
        _add_organiser()
        ground, counts["providers"] = _add_providers(catalogue)
        fresh = _add_offers(catalogue, ground, day)
        fresh_events = _add_events(catalogue, ground)
        counts["offers"], counts["events"] = len(fresh), len(fresh_events)
        counts["units"] = Unit.objects.filter(offer__slug__in=fresh).count()
        fresh |= fresh_events
        _add_ready_stays(catalogue)
        # Who writes for a pole writes below its page.
        counts["pages"] = add_pages(now=now)
        ensure_review()
        counts["accounts"] = create_accounts()
        add_residents(fresh, day=day, now=now)
        add_greeters(now=now)
        add_gift(now=now)
        add_seasons(day)
        if last is None:
            add_past_stays(now=now)
            add_returns(day=day, now=now)
        add_ambassadors(day=day, now=now)
    calendars = _Calendars(catalogue, fresh, day, reach, former)
    taken, slots = calendars.extend_lodgings(), calendars.extend_slots()
    sessions = calendars.extend_sessions()
    journal.record(
        LOADED,
        SUBJECT,
        actor=journal.SYSTEM,
        at=now,
        version=version,
        day=day.isoformat(),
        nights_until=max(reach.nights, former.nights if former else day).isoformat(),
        slots_until=max(reach.slots, former.slots if former else day).isoformat(),
    )
    return DemoReport(
        version=version,
        day=day,
        slots=slots,
        sessions=sessions,
        nights_taken=taken,
        providers=counts["providers"],
        offers=counts["offers"],
        units=counts["units"],
        events=counts["events"],
        accounts=counts["accounts"],
        pages=counts["pages"],
    )


# --- What is added once --------------------------------------------------------------------------
def _prepare_site() -> None:
    """Make sure that each language exists and that one site answers whatever its host name."""
    for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES:
        Locale.objects.get_or_create(language_code=code)
    if not WagtailSite.objects.filter(is_default_site=True).exists():
        WagtailSite.objects.update(is_default_site=True)


def _add_legal_texts() -> None:
    known = set(LegalText.objects.values_list("kind", "language", "version"))
    for text in legal_texts():
        if (text.kind, text.language, text.version) not in known:
            text.save()
    signed = set(ContractText.objects.values_list("language", "version"))
    for contract in contract_texts():
        if (contract.language, contract.version) not in signed:
            contract.save()


def _add_organiser() -> None:
    """Add the demo's organiser of packages where the office entered none."""
    if not Organiser.objects.exists():
        demo_organiser().save()


def _add_policies(catalogue: Catalogue) -> dict[str, int]:
    """Return the ids of the demo's policies by their code, adding those that are missing."""
    ids = {}
    for data in catalogue.policies:
        policy = CancellationPolicy.objects.filter(name_fr=data.name["fr"]).first()
        if policy is None:
            policy = CancellationPolicy.objects.create(
                flat_fee=data.flat_fee,
                kinds=data.kinds,
                **rows.by_language("name", data.name),
                **rows.by_language("summary", data.summary),
            )
            CancellationStep.objects.bulk_create(
                CancellationStep(policy=policy, hours_before=hours, percent=percent)
                for hours, percent in data.steps
            )
        ids[data.code] = policy.pk
    return ids


def _add_providers(catalogue: Catalogue) -> tuple[rows.Ground, int]:
    communes = {commune.insee: commune for commune in Commune.objects.all()}
    known = set(Provider.objects.values_list("slug", flat=True))
    fresh = Provider.objects.bulk_create(
        rows.provider_row(data, number, communes)
        for number, data in enumerate(catalogue.providers, start=1)
        if data.slug not in known
    )
    _index(Provider, fresh)
    ground = rows.Ground(
        communes=communes,
        sites={site.slug: site for site in Site.objects.select_related("commune")},
        policies=_add_policies(catalogue),
        providers={one.slug: one for one in Provider.objects.select_related("commune")},
    )
    return ground, len(fresh)


def _add_offers(catalogue: Catalogue, ground: rows.Ground, today: date) -> set[str]:
    """Add the offers that are missing with all that belongs to them; returns their slugs."""
    known = set(Offer.objects.values_list("slug", flat=True))
    lodgings = [data for data in catalogue.lodgings if data.slug not in known]
    others = [data for data in _slot_offers(catalogue) if data.slug not in known]
    offers = Offer.objects.bulk_create(
        [rows.lodging_row(data, ground) for data in lodgings]
        + [rows.slot_offer_row(data, ground) for data in others]
    )
    by_slug = {offer.slug: offer for offer in offers}
    pairs = [(by_slug[data.slug], data, room) for data in lodgings for room in data.rooms]
    tariffs = Tariff.objects.bulk_create(
        rows.tariff_row(offer, data, room) for offer, data, room in pairs
    )
    Unit.objects.bulk_create(
        unit
        for tariff, (offer, _data, room) in zip(tariffs, pairs, strict=True)
        for unit in rows.unit_rows(offer, tariff, room)
    )
    every: list[LodgingData | SlotOfferData] = [*lodgings, *others]
    Supplement.objects.bulk_create(
        supplement
        for data in every
        for supplement in rows.supplement_rows(by_slug[data.slug], data)
    )
    OfferPermit.objects.bulk_create(
        permit for data in others for permit in rows.permit_rows(by_slug[data.slug], data, today)
    )
    OfferStep.objects.bulk_create(
        step for data in others for step in rows.step_rows(by_slug[data.slug], data, ground)
    )
    AgeBand.objects.bulk_create(
        band for data in others for band in rows.band_rows(by_slug[data.slug], data)
    )
    _index(Offer, offers)
    return set(by_slug)


def _add_events(catalogue: Catalogue, ground: rows.Ground) -> set[str]:
    """Add the events that are missing; returns their slugs."""
    known = set(Event.objects.values_list("slug", flat=True))
    offers = {offer.slug: offer for offer in Offer.objects.filter(kind=Offer.Kind.EVENT_TICKET)}
    events = Event.objects.bulk_create(
        rows.event_row(data, ground, offers) for data in catalogue.events if data.slug not in known
    )
    _index(Event, events)
    return {event.slug for event in events}


def _add_ready_stays(catalogue: Catalogue) -> None:
    """Add the ready-made stays that are missing; those that the office has are left alone."""
    known = set(ReadyStay.objects.values_list("slug", flat=True))
    fresh = [data for data in catalogue.ready_stays if data.slug not in known]
    offers = dict(Offer.objects.values_list("slug", "pk"))
    stays = ReadyStay.objects.bulk_create(
        rows.ready_stay_row(data, catalogue.ready_stays.index(data) + 1) for data in fresh
    )
    pairs = [(stay, step) for stay, data in zip(stays, fresh, strict=True) for step in data.steps]
    steps = ReadyStep.objects.bulk_create(
        rows.ready_step_row(stay, data, offers) for stay, data in pairs
    )
    choice = ReadyStep.others.through
    choice.objects.bulk_create(
        choice(readystep_id=step.pk, offer_id=offers[slug])
        for step, (_stay, data) in zip(steps, pairs, strict=True)
        for slug in data.or_
        if slug in offers
    )


def _slot_offers(catalogue: Catalogue) -> list[SlotOfferData]:
    tickets = [rows.ticket_offer_data(data) for data in catalogue.events if data.tickets]
    return [*catalogue.slot_offers, *tickets]


def _index(model: type[models.Model], objects: list[Any]) -> None:
    """Index rows written in bulk, for which no signal was sent."""
    for backend in get_search_backends():
        if objects:
            backend.get_index_for_model(model).add_items(model, objects)


# --- Calendars -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Calendars:
    """Fills the days of each demo offer that nobody removed, from where the last load ended."""

    catalogue: Catalogue
    fresh: set[str]
    today: date
    reach: Reach
    former: Reach | None

    def extend_lodgings(self) -> int:
        """Add seasons, rules of stay, closures and nights taken; returns how many were taken."""
        data_of = {data.slug: data for data in self.catalogue.lodgings}
        offers = Offer.objects.filter(slug__in=data_of, is_demo=True)
        stays: list[Stay] = []
        closures: list[Closure] = []
        price_rules: list[PriceRule] = []
        restrictions: list[StayRestriction] = []
        for offer in offers.prefetch_related("tariffs__units"):
            data, window = data_of[offer.slug], self._nights(offer.slug)
            # A tariff that the office added or renamed is its own affair.
            numbers = {room.name["fr"]: number for number, room in enumerate(data.rooms)}
            for tariff in offer.tariffs.all():
                number = numbers.get(str(tariff.name_fr))
                if number is None:
                    continue
                price_rules += rows.price_rule_rows(tariff.pk, data, number, window)
                restrictions += rows.restriction_rows(tariff.pk, data, window)
                for rank, unit in enumerate(sorted(tariff.units.all(), key=lambda one: one.pk)):
                    closures += rows.closure_rows(unit.pk, data, window)
                    stays += rows.taken_rows(unit.pk, data, 100 * number + rank, window)
        _add(PriceRule, price_rules)
        _add(StayRestriction, restrictions)
        _add(Closure, closures)
        _add(Stay, stays)
        return len(stays)

    def extend_slots(self) -> int:
        """Add slots; returns how many."""
        data_of = {data.slug: data for data in _slot_offers(self.catalogue)}
        slots = [
            slot
            for offer in Offer.objects.filter(slug__in=data_of, is_demo=True)
            for slot in rows.slot_rows(
                offer, data_of[offer.slug], self._slots(offer.slug), self.today
            )
        ]
        _add(Slot, slots)
        return sum(slot.resource == PLACES for slot in slots)

    def extend_sessions(self) -> int:
        """Add the sessions of events, those with tickets from their slots; returns how many."""
        data_of = {data.slug: data for data in self.catalogue.events}
        sessions: list[Session] = []
        ticketed: dict[int, int] = {}
        for event in Event.objects.filter(slug__in=data_of, is_demo=True):
            if event.ticket_offer_id:
                ticketed[event.ticket_offer_id] = event.pk
            else:
                sessions += rows.session_rows(
                    event.pk, data_of[event.slug], self._slots(event.slug)
                )
        slots = Slot.objects.filter(
            offer__in=ticketed, session__isnull=True, day__gt=self._slots_before
        )
        sessions += [
            Session(
                event_id=ticketed[slot.offer_id],
                slot=slot,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
            )
            for slot in slots
        ]
        _add(Session, sessions)
        return len(sessions)

    @property
    def _slots_before(self) -> date:
        return self.former.slots if self.former and not self.fresh else self.today - timedelta(1)

    def _nights(self, slug: str) -> Window:
        return self._window(slug, self.reach.nights, self.former.nights if self.former else None)

    def _slots(self, slug: str) -> Window:
        return self._window(slug, self.reach.slots, self.former.slots if self.former else None)

    def _window(self, slug: str, until: date, former: date | None) -> Window:
        if former is None or slug in self.fresh:
            return Window(self.today, until, is_first=True)
        return Window(former + timedelta(days=1), until, is_first=False)


def _add(model: type[models.Model], objects: Iterable[models.Model]) -> None:
    """Add rows; one that meets a row already there (a sold night, an edited season) is dropped."""
    model._default_manager.bulk_create(objects, batch_size=BATCH, ignore_conflicts=True)
