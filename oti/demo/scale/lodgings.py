"""Hosts, lodgings, their prices and units: a round of twenty units is fourteen lodgings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection

from booking.models import Offer, PriceRule, StayRestriction, Supplement, Tariff, Unit
from booking.models.offers import Weekday
from members.models import Provider
from oti.demo.dates import Window
from oti.demo.rows import CHRISTMAS, HIGH_SUMMER, SATURDAY_WEEKS
from oti.demo.scale.rows import insert_from, pick, reserve_ids, run, word
from oti.demo.scale.shapes import (
    FEATURES,
    HOSTS,
    LEVELS,
    PLACES_FR,
    SORTS,
    UNITS_OF_ROUND,
    Sort,
)
from oti.demo.words import DEMO_NOTE, SUPPLEMENTS

if TYPE_CHECKING:
    from oti.demo.scale.ground import Ground, Scale

# A commune has some hosts with two lodgings: three lodgings make two hosts.
LODGINGS, HOSTS_FOR = 3, 2
WEEKEND = (Weekday.FRIDAY, Weekday.SATURDAY)


@dataclass(frozen=True)
class Keys:
    """The keys before the first row of each sort."""

    hosts: int
    offers: int
    tariffs: int
    units: int


def add_lodgings(scale: Scale, ground: Ground) -> Keys:
    """Write hosts, lodgings, tariffs with seasons, supplements and units; returns their keys.

    The plan of all stays in the temporary tables `scale_unit`, `scale_offer` and `scale_plan`
    until the commit.
    """
    _plan(scale)
    count = _count("SELECT count(*) FROM scale_offer")
    hosts = _count("SELECT max(host) + 1 FROM scale_offer")
    keys = Keys(
        hosts=reserve_ids(Provider, hosts),
        offers=reserve_ids(Offer, count),
        tariffs=reserve_ids(Tariff, count),
        units=reserve_ids(Unit, scale.lodgings),
    )
    values = {"seed": scale.seed, "now": ground.now}
    _add_hosts(keys, values)
    _add_offers(keys, ground, values)
    _add_tariffs(keys, ground, values)
    _add_seasons(keys, ground)
    _add_supplements(keys, values)
    _add_units(keys, values)
    return keys


def _plan(scale: Scale) -> None:
    """Write which unit belongs to which lodging, of which sort, at which level of price."""
    run(
        "CREATE TEMPORARY TABLE scale_plan (plan int PRIMARY KEY, sort int, type text, tax text,"
        " drawing text, title_fr text, title_en text, adults int, children int, guests int,"
        " infants int, night numeric, extra numeric, min_stay int, by_week bool, cleaning int)"
        " ON COMMIT DROP"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO scale_plan VALUES ({', '.join(['%s'] * 16)})", list(_plan_rows())
        )
    firsts, first = [], 0
    for sort in SORTS:
        firsts.append(first)
        first += sort.units
    run(
        "CREATE TEMPORARY TABLE scale_unit ON COMMIT DROP AS SELECT n, r.round * %(sorts)s + s.sort"
        " AS offer, n - r.round * %(units)s - s.first + 1 AS rank"
        " FROM (SELECT n, n / %(units)s AS round FROM generate_series(0, %(last)s) AS n) AS r"
        " CROSS JOIN LATERAL (SELECT sort - 1 AS sort, first"
        " FROM unnest(%(firsts)s::int[]) WITH ORDINALITY AS t(first, sort)"
        " WHERE first <= n %% %(units)s ORDER BY first DESC LIMIT 1) AS s",
        sorts=len(SORTS),
        units=UNITS_OF_ROUND,
        last=scale.lodgings - 1,
        firsts=firsts,
    )
    run(
        "CREATE TEMPORARY TABLE scale_offer ON COMMIT DROP AS SELECT offer, offer * "
        f"{HOSTS_FOR} / {LODGINGS} AS host, offer %% %(sorts)s AS sort, offer %% %(sorts)s *"
        f" %(levels)s + {pick('offer', 1, '%(levels)s')} AS plan, count(*) AS units"
        " FROM scale_unit GROUP BY offer",
        sorts=len(SORTS),
        levels=len(LEVELS),
        seed=scale.seed,
    )
    run("CREATE UNIQUE INDEX ON scale_offer (offer)")
    run("CREATE UNIQUE INDEX ON scale_unit (n)")
    run("ANALYZE scale_offer")
    run("ANALYZE scale_unit")


def _plan_rows() -> Iterator[tuple[Any, ...]]:
    for number, sort in enumerate(SORTS):
        for level, factor in enumerate(LEVELS):
            yield (
                number * len(LEVELS) + level,
                number,
                str(sort.type),
                str(sort.tax),
                sort.drawing,
                sort.title_fr,
                sort.title_en,
                *sort.sleeps,
                round(sort.night * factor),
                sort.extra,
                sort.min_stay,
                sort.is_by_week,
                sort.cleaning,
            )


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _add_hosts(keys: Keys, values: dict[str, Any]) -> None:
    insert_from(
        Provider,
        "(SELECT DISTINCT host FROM scale_offer) AS h"
        f" JOIN scale_commune c ON c.no = {pick('host', 2, '(SELECT count(*) FROM scale_commune)')}",
        {
            "id": "%(first)s + host + 1",
            "slug": "'echelle-hote-' || (%(first)s + host + 1)",
            "name": f"{word(HOSTS, pick('host', 3, len(HOSTS)))} || ' · ' || c.name",
            "host_names": word(HOSTS, pick("host", 3, len(HOSTS))),
            "story": "''",
            "is_professional": f"{pick('host', 4, 3)} > 0",
            "tax_mandate_signed_on": "(%(now)s::timestamptz - interval '400 days')::date",
            "commune_id": "c.id",
            "address": "(1 + host %% 90) || ' Le Bourg'",
            "phone": "'04 65 71 43 ' || lpad((host %% 100)::text, 2, '0')",
            "email": "'echelle-' || (host + 1) || '@example.org'",
            "is_demo": "true",
        },
        first=keys.hosts,
        **values,
    )


def _add_offers(keys: Keys, ground: Ground, values: dict[str, Any]) -> None:
    place = word(PLACES_FR, pick("o.offer", 5, len(PLACES_FR)))
    title_fr = f"p.title_fr || ' ' || {place}"
    title_en = f"p.title_en || ' ' || {place}"
    summary_fr = "p.title_fr || ' à ' || c.name || ', au calme, entre volcans et vallées.'"
    summary_en = (
        "p.title_en || ' in ' || c.name || ', in the quiet, between volcanoes and valleys.'"
    )
    insert_from(
        Offer,
        "scale_offer o JOIN scale_plan p USING (plan)"
        " JOIN members_provider h ON h.id = %(hosts)s + o.host + 1"
        " JOIN scale_commune c ON c.id = h.commune_id",
        {
            "id": "%(first)s + o.offer + 1",
            "provider_id": "h.id",
            "kind": f"'{Offer.Kind.LODGING}'",
            "state": f"'{Offer.State.PUBLISHED}'",
            "slug": "'echelle-' || (%(first)s + o.offer + 1)",
            "title": title_fr,
            "title_fr": title_fr,
            "title_en": title_en,
            "summary": summary_fr,
            "summary_fr": summary_fr,
            "summary_en": summary_en,
            "description": "%(note_fr)s",
            "description_fr": "%(note_fr)s",
            "description_en": "%(note_en)s",
            "illustration": "p.drawing",
            "commune_id": "c.id",
            "latitude": f"c.latitude + ({pick('o.offer', 6, 400)} - 200) / 50000.0",
            "longitude": f"c.longitude + ({pick('o.offer', 7, 400)} - 200) / 36000.0",
            "features": f"{word(FEATURES, pick('o.offer', 8, len(FEATURES)))}::jsonb",
            "cancellation_policy_id": "%(policy)s",
            "lodging_type": "p.type",
            "tax_category": "p.tax",
            "bedrooms": "greatest(1, p.adults / 2)",
            "check_in_from": "time '16:00'",
            "check_in_until": "time '20:00'",
            "check_out_until": "time '10:00'",
            "is_demo": "true",
        },
        first=keys.offers,
        hosts=keys.hosts,
        policy=ground.policy_id,
        note_fr=DEMO_NOTE["fr"],
        note_en=DEMO_NOTE["en"],
        **values,
    )


def _add_tariffs(keys: Keys, ground: Ground, values: dict[str, Any]) -> None:
    insert_from(
        Tariff,
        "scale_offer o JOIN scale_plan p USING (plan)",
        {
            "id": "%(first)s + o.offer + 1",
            "offer_id": "%(offers)s + o.offer + 1",
            "name": "p.title_fr",
            "name_fr": "p.title_fr",
            "name_en": "p.title_en",
            "base_amount": "p.night",
            "base_occupancy": "least(2, p.guests)",
            "extra_person_amount": "p.extra",
            "min_stay": "p.min_stay",
        },
        first=keys.tariffs,
        offers=keys.offers,
        **values,
    )


def _add_seasons(keys: Keys, ground: Ground) -> None:
    """Write each plan's seasons and rules once, then copy them to its tariffs."""
    window = Window(ground.first_day, ground.last_day, is_first=True)
    run(
        "CREATE TEMPORARY TABLE scale_season (sort int, level text, starts_on date, ends_on date,"
        " weekday int, factor numeric) ON COMMIT DROP"
    )
    run(
        "CREATE TEMPORARY TABLE scale_rule (sort int, kind text, starts_on date, ends_on date,"
        " weekday int, value int) ON COMMIT DROP"
    )
    with connection.cursor() as cursor:
        for number, sort in enumerate(SORTS):
            cursor.executemany(
                "INSERT INTO scale_season VALUES (%s, %s, %s, %s, %s, %s)",
                [(number, *row) for row in _seasons(sort, window)],
            )
            cursor.executemany(
                "INSERT INTO scale_rule VALUES (%s, %s, %s, %s, %s, %s)",
                [(number, *row) for row in _rules(sort, window)],
            )
    insert_from(
        PriceRule,
        "scale_offer o JOIN scale_plan p USING (plan) JOIN scale_season s ON s.sort = o.sort",
        {
            "tariff_id": "%(first)s + o.offer + 1",
            "level": "s.level",
            "dates": "daterange(s.starts_on, s.ends_on)",
            "weekday": "s.weekday",
            "amount": "round(p.night * s.factor)",
        },
        first=keys.tariffs,
        now=ground.now,
    )
    insert_from(
        StayRestriction,
        "scale_offer o JOIN scale_rule r ON r.sort = o.sort",
        {
            "tariff_id": "%(first)s + o.offer + 1",
            "kind": "r.kind",
            "dates": "daterange(r.starts_on, r.ends_on)",
            "weekday": "r.weekday",
            "value": "r.value",
        },
        first=keys.tariffs,
        now=ground.now,
    )


def _seasons(sort: Sort, window: Window) -> Iterator[tuple[str, date, date, int, str]]:
    for season, factor in ((HIGH_SUMMER, "1.6"), (CHRISTMAS, "1.25")):
        for start, end in window.seasons(season):
            yield PriceRule.Level.SEASON, start, end, int(Weekday.EVERY), factor
    if not sort.is_by_week:
        for day in WEEKEND:
            yield PriceRule.Level.WEEKDAY, window.first, window.last, int(day), "1.15"


def _rules(sort: Sort, window: Window) -> Iterator[tuple[str, date, date, int, int]]:
    """Yield what a lodging let by the week asks for in summer: from Saturday on, a week."""
    if not sort.is_by_week:
        return
    kinds = StayRestriction.Kind
    for start, end in window.seasons(SATURDAY_WEEKS):
        yield kinds.MIN_STAY_ARRIVAL, start, end, int(Weekday.EVERY), 7
        for weekday in set(range(7)) - {Weekday.SATURDAY}:
            yield kinds.CLOSED_TO_ARRIVAL, start, end, weekday, 0


def _add_supplements(keys: Keys, values: dict[str, Any]) -> None:
    for code, amount, condition in (
        ("cleaning", "p.cleaning", "p.cleaning > 0"),
        ("linen", "12", f"p.cleaning > 0 AND {pick('o.offer', 9, 2)} = 0"),
    ):
        shape = SUPPLEMENTS[code]
        insert_from(
            Supplement,
            f"scale_offer o JOIN scale_plan p ON p.plan = o.plan AND {condition}",
            {
                "offer_id": "%(offers)s + o.offer + 1",
                "code": f"'{code}'",
                "name": "%(name_fr)s",
                "name_fr": "%(name_fr)s",
                "name_en": "%(name_en)s",
                "kind": f"'{shape.kind}'",
                "basis": f"'{shape.basis}'",
                "amount": amount,
                "is_mandatory": str(shape.is_mandatory).lower(),
                "max_quantity": str(shape.max_quantity),
            },
            offers=keys.offers,
            name_fr=shape.name["fr"],
            name_en=shape.name["en"],
            **values,
        )


def _add_units(keys: Keys, values: dict[str, Any]) -> None:
    name_fr = "p.title_fr || CASE WHEN o.units > 1 THEN ' ' || u.rank ELSE '' END"
    name_en = "p.title_en || CASE WHEN o.units > 1 THEN ' ' || u.rank ELSE '' END"
    insert_from(
        Unit,
        "scale_unit u JOIN scale_offer o USING (offer) JOIN scale_plan p USING (plan)",
        {
            "id": "%(first)s + u.n + 1",
            "offer_id": "%(offers)s + o.offer + 1",
            "tariff_id": "%(tariffs)s + o.offer + 1",
            "name": name_fr,
            "name_fr": name_fr,
            "name_en": name_en,
            "max_adults": "p.adults",
            "max_children": "p.children",
            "max_guests": "p.guests",
            "max_infants": "p.infants",
        },
        first=keys.units,
        offers=keys.offers,
        tariffs=keys.tariffs,
        **values,
    )
