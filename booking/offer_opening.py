"""A host begins an offer: what it is called, what it is, where; and copies of one that exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError
from django.utils.translation import override

from booking import locks
from booking.models import CancellationPolicy, Offer, OfferReview, Tariff, Unit
from booking.models.offers import VatScheme
from booking.offer_content import LANGUAGES, free_slug, live_photos, write_photos
from booking.offers import changing_units, subject_of, units_of
from booking.refusals import NotAllowed, trouble
from booking.rules.kinds import SLEPT, kind_of
from members.journal import Actor, record
from members.models import Provider
from members.rules.enrolment import NOT_YET

# Nobody prepares more by hand: beyond it something went wrong.
MOST_DRAFTS = 30
MOST_BEFORE_APPROVAL = 6
# VAT of a professional, by what is sold; the office corrects what is special (domain.md §4.4).
USUAL_RATES = {
    "lodging": Decimal("0.10"),
    "meal": Decimal("0.10"),
    "shuttle": Decimal("0.10"),
    "visit": Decimal("0.10"),
    "produce": Decimal("0.055"),
}
OTHER_RATE = Decimal("0.20")
DRAWINGS = {
    "lodging": "gite",
    "meal": "cuisine",
    "produce": "lentilles",
    "visit": "cathedrale",
    "childcare": "enfants",
    "shuttle": "train",
    "event_ticket": "concert",
}
GUEST_ROOM_TAX = Offer.TaxCategory.ONE_STAR
# Rows that belong to an offer and are copied with it; what was sold, dates, calendars of other
# platforms, certificates and authorisations belong to the one they were given for.
COPIED = ("supplements", "bands", "steps")


@dataclass(frozen=True)
class NewOffer:
    """What is asked to begin; `lodging_type` is "" for what isn't slept in."""

    kind: str
    lodging_type: str
    title: str
    commune_id: int


def open_offer(provider: Provider, asked: NewOffer, *, actor: Actor, now: datetime) -> Offer:
    """Begin an offer of a house, a draft that nobody sees; the same one twice is one draft.

    Raises NotAllowed `policy_missing` while the office has entered no cancellation policy for it,
    `too_many_drafts` past thirty, past six in all before it is approved. Locks the provider.
    """
    try:
        return _open(provider, asked, actor=actor, now=now)
    except IntegrityError:
        # Another house took the same address this second: the second try finds another one.
        return _open(provider, asked, actor=actor, now=now)


def _open(provider: Provider, asked: NewOffer, *, actor: Actor, now: datetime) -> Offer:
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        drafts = Offer.objects.filter(provider=house, state=Offer.State.DRAFT)
        same = drafts.filter(kind=asked.kind, title_fr__iexact=asked.title).first()
        if same is not None:
            return same
        _refuse_many(house)
        policy = CancellationPolicy.objects.suiting(asked.kind).order_by("pk").first()
        if policy is None:
            raise NotAllowed(trouble("policy_missing"))
        made = _first_row(house, asked, policy)
        with override("fr"):
            made.save()
        OfferReview.objects.create(offer=made)
        record("offer created", subject_of(made), actor=actor, at=now, title=asked.title)
    return made


def _refuse_many(house: Provider) -> None:
    """Raise NotAllowed where a house has as many offers in hand as one may have."""
    own = Offer.objects.filter(provider=house)
    if own.filter(state=Offer.State.DRAFT).count() >= MOST_DRAFTS:
        raise NotAllowed(trouble("too_many_drafts", count=MOST_DRAFTS))
    # Anybody may open a house: what it puts away keeps its photographs, and counts.
    if house.enrolment in NOT_YET and own.count() >= MOST_BEFORE_APPROVAL:
        raise NotAllowed(trouble("too_many_drafts", count=MOST_BEFORE_APPROVAL))


def _first_row(house: Provider, asked: NewOffer, policy: CancellationPolicy) -> Offer:
    """Return the row of a new offer, with what its kind and its house usually have."""
    made = Offer(
        provider=house,
        kind=kind_of(asked.kind).code,
        lodging_type=asked.lodging_type,
        slug=free_slug(asked.title),
        commune_id=asked.commune_id,
        cancellation_policy=policy,
        illustration=DRAWINGS.get(asked.kind, "rando"),
        vat_scheme=VatScheme.STANDARD if house.is_professional else VatScheme.EXEMPT,
        vat_rate=USUAL_RATES.get(asked.kind, OTHER_RATE),
        is_demo=house.is_demo,
    )
    made.title_fr, made.summary_fr = asked.title, ""  # type: ignore[attr-defined]
    if asked.kind in SLEPT:
        is_room = asked.lodging_type == Offer.LodgingType.GUEST_ROOM
        made.tax_category = GUEST_ROOM_TAX if is_room else Offer.TaxCategory.UNCLASSIFIED
    return made


def copy_offer(offer: Offer, *, title: str, actor: Actor, now: datetime) -> Offer:
    """Copy an offer into a draft of the same house: texts, photographs, prices, units, rules.

    What visitors see is copied, not what waits. The registration number, labels, authorisations,
    dates, bookings and linked calendars are those of the first one. Raises NotAllowed
    `too_many_drafts`. `title` is the French title of the copy.
    """
    try:
        return _copy(offer, title, actor=actor, now=now)
    except IntegrityError:
        return _copy(offer, title, actor=actor, now=now)


def _copy(offer: Offer, title: str, *, actor: Actor, now: datetime) -> Offer:
    with changing_units((), now=now) as born:
        source = Offer.objects.get(pk=offer.pk)
        _refuse_many(source.provider)
        with override("fr"):
            made = _copy_row(source, title)
            for relation in COPIED:
                for row in getattr(source, relation).order_by("pk"):
                    _renew(row, offer=made)
            _copy_prices(source, made)
        write_photos(made, live_photos(source))
        OfferReview.objects.create(offer=made)
        born.update(units_of(made))
        record("offer copied", subject_of(made), actor=actor, at=now, source=subject_of(source))
    return made


def _copy_row(source: Offer, title: str) -> Offer:
    made: Offer = Offer.objects.get(pk=source.pk)
    _reset(made)
    made.state = Offer.State.DRAFT
    made.title_fr = title[:120]
    for code in LANGUAGES[1:]:
        # A copy is another thing: its host names it anew in each language.
        setattr(made, f"title_{code}", "")
    made.slug = free_slug(made.title_fr)
    made.registration_number = ""
    made.first_published_at = made.renewed_at = None
    made.renewal_reason = ""
    made.save()
    return made


def _copy_prices(source: Offer, made: Offer) -> None:
    """Copy prices with their seasons and rules, and the units that are sold at them."""
    copies: dict[int | None, Tariff | None] = {None: None}
    for tariff in Tariff.objects.filter(offer=source).order_by("pk"):
        rows = [*tariff.price_rules.all(), *tariff.restrictions.all()]
        known = tariff.pk
        _renew(tariff, offer=made)
        copies[known] = tariff
        for row in rows:
            _renew(row, tariff=tariff)
    for unit in Unit.objects.filter(offer=source, is_active=True).order_by("pk"):
        _renew(unit, offer=made, tariff=copies[unit.tariff_id])


def _renew(row: object, **parents: object) -> None:
    """Write a row again as a new one of other parents."""
    _reset(row)
    for name, parent in parents.items():
        setattr(row, name, parent)
    row.save()  # type: ignore[attr-defined]


def _reset(row: object) -> None:
    row.pk = None  # type: ignore[attr-defined]
    row._state.adding = True  # type: ignore[attr-defined]
