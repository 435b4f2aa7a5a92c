"""Stays of the demo that are over, and what their guests said: every name and word is invented.

They were sold by their hosts, so that no bank is asked about them; each is marked as demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from booking.models import (
    FollowUp,
    LineAnswer,
    Offer,
    Order,
    OrderLine,
    Participant,
    Review,
    SubOrder,
    Survey,
)
from booking.quoting import policy_of
from booking.relations.reviews import open_reviews
from booking.relations.surveys import CALL_WITHIN
from booking.relations.surveys_sent import open_survey
from booking.rules import states
from booking.rules.pricing import Quote, QuoteItem
from booking.rules.reviews import PUBLISHED
from booking.rules.satisfaction import is_detractor
from oti.lib.dates import ONE_DAY, at_paris
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

BED, LACE, TABLE = "le-gite-des-narces", "premiers-points-de-dentelle", "la-table-de-solange"
NIGHTS, COUPLE = 7, 2
# What one of each cost: a week, two places, two covers.
PRICES = {BED: Decimal(560), LACE: Decimal(56), TABLE: Decimal(64)}
LANGUAGES = ("fr", "en", "de")


@dataclass(frozen=True)
class PastStay:
    """A week that ended so many days ago: who was there, and what was said of what."""

    days_ago: int
    first_name: str
    language: str
    recommend: int
    words: str
    said: dict[str, tuple[int, str]]
    reply: str = ""
    is_read: bool = True


PAST = (
    PastStay(
        110,
        "Maud",
        "fr",
        10,
        "Une semaine hors du temps. Nous reviendrons pour la neige.",
        {
            BED: (5, "Le poêle allumé à notre arrivée, le silence, et des étoiles comme jamais."),
            LACE: (5, "Deux heures passées en un souffle ; ma fille a fini son signet."),
            TABLE: (5, ""),
        },
        reply="Merci Maud. Le poêle vous attend cet hiver, et les raquettes aussi.",
    ),
    PastStay(
        75,
        "Helen",
        "en",
        9,
        "",
        {
            BED: (4, "Lovely house, thick walls, a kitchen with everything. The road is steep."),
            LACE: (5, ""),
            TABLE: (4, "Green lentils three ways, and not one too many."),
        },
    ),
    PastStay(
        47,
        "Bastien",
        "fr",
        8,
        "Tout était bien ; un peu plus d’indications pour le bus nous aurait aidés.",
        {
            BED: (4, "Très bien tenu. Prévoir des chaussons : le carrelage est frais le matin."),
            TABLE: (5, "On mange ce qui pousse derrière la maison, et ça se sent."),
        },
    ),
    PastStay(
        9,
        "Jörg",
        "de",
        5,
        "Drei Tage ohne warmes Wasser am Abend.",
        {BED: (2, "Schönes Haus, aber der Boiler reicht abends nicht für vier."), TABLE: (5, "")},
        is_read=False,
    ),
)


def add_past_stays(*, now: datetime) -> int:
    """Add the stays whose offers there are, in the present transaction; returns how many."""
    offers = {
        one.slug: one
        for one in Offer.objects.filter(slug__in=PRICES, is_demo=True).select_related(
            "provider", "commune", "cancellation_policy"
        )
    }
    if offers.keys() != PRICES.keys():
        return 0
    for past in PAST:
        _answer(past, *_sold(past, offers, now=now), now=now)
    return len(PAST)


def _sold(
    past: PastStay, offers: dict[str, Offer], *, now: datetime
) -> tuple[Order, list[OrderLine]]:
    total = sum((PRICES[slug] for slug in past.said), ZERO)
    booked_at = now - timedelta(days=past.days_ago + 40)
    order = Order.objects.create(
        state=states.CONFIRMED,
        channel=Order.Channel.COUNTER,
        language=past.language,
        first_name=past.first_name,
        last_name="Exemple",
        email=f"{past.first_name.lower().replace('ö', 'oe')}@example.org",
        gross_amount=total,
        total_amount=total,
        deadline=booked_at,
        placed_at=booked_at,
        confirmed_at=booked_at,
        is_demo=True,
    )
    people = [
        Participant.objects.create(order=order, key=key, first_name=name)
        for key, name in (("1", past.first_name), ("2", "Camille"))
    ]
    lines = [_line(order, offers[slug], past, now=now) for slug in past.said]
    for line in lines:
        line.participants.set(people)
    return order, lines


def _line(order: Order, offer: Offer, past: PastStay, *, now: datetime) -> OrderLine:
    departure = day_of(now) - timedelta(days=past.days_ago)
    arrival = departure - NIGHTS * ONE_DAY
    is_bed = offer.slug == BED
    price = PRICES[offer.slug]
    evening = arrival + 3 * ONE_DAY
    part = SubOrder.objects.create(
        order=order, provider=offer.provider, gross_amount=price, payout_amount=price
    )
    count = NIGHTS if is_bed else COUPLE
    item = QuoteItem(
        kind="night" if is_bed else "place",
        code="",
        label="" if is_bed else "Place",
        day=None,
        quantity=count,
        unit_amount=price / count,
        gross=price,
        vat_rate=ZERO,
        net=price,
        vat=ZERO,
    )
    return OrderLine.objects.create(
        order=order,
        sub_order=part,
        state=states.HONOURED,
        offer=offer,
        unit=offer.units.first() if is_bed else None,
        arrival=arrival if is_bed else None,
        departure=departure if is_bed else None,
        starts_at=at_paris(arrival, time(16)) if is_bed else at_paris(evening, time(19)),
        ends_at=at_paris(departure, time(10)) if is_bed else at_paris(evening, time(21)),
        quantity=1 if is_bed else COUPLE,
        kind=offer.kind,
        titles={code: getattr(offer, f"title_{code}") or "" for code in LANGUAGES},
        commune_name=offer.commune.name,
        quote=Quote((item,)).to_json(),
        policy=policy_of(offer).to_json(),
        vat_scheme=offer.vat_scheme,
        net_amount=price,
        vat_amount=ZERO,
        gross_amount=price,
    )


def _answer(past: PastStay, order: Order, lines: list[OrderLine], *, now: datetime) -> None:
    at = now - timedelta(days=past.days_ago - 3)
    survey = open_survey(order, lines, now=at - ONE_DAY)
    survey.answered_at, survey.recommend, survey.words = at, past.recommend, past.words
    survey.may_publish = True
    survey.save()
    answers = [
        LineAnswer.objects.create(
            survey=survey,
            line=line,
            offer=line.offer,
            provider=line.offer.provider,
            score=past.said[line.offer.slug][0],
            words=past.said[line.offer.slug][1],
            answered_at=at,
        )
        for line in lines
    ]
    open_reviews(survey, order, answers, now=at)
    if past.is_read:
        _read(survey, past, at=at)
    if is_detractor(past.recommend):
        FollowUp.objects.create(survey=survey, opened_at=now, due_at=now + CALL_WITHIN)


def _read(survey: Survey, past: PastStay, *, at: datetime) -> None:
    found = Review.objects.filter(answer__survey=survey)
    found.update(state=PUBLISHED, published_at=at + ONE_DAY)
    if past.reply:
        found.filter(offer__slug=BED).update(
            reply=past.reply, reply_state=PUBLISHED, reply_at=at + 2 * ONE_DAY
        )
