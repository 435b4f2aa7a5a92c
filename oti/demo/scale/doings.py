"""Things to do: offers sold by places, with one date a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from booking.models import AgeBand, Offer, Slot
from members.models import Provider
from oti.demo.scale.rows import insert_from, pick, reserve_ids, run, word
from oti.demo.scale.shapes import DOINGS, HOSTS, PLACES_FR
from oti.demo.words import DEMO_NOTE

if TYPE_CHECKING:
    from oti.demo.scale.ground import Ground, Scale

BANDS = (
    ("adulte", "Adulte", "Adult", 18, None, "d.adult"),
    ("enfant", "Enfant", "Child", 0, 17, "d.child"),
)


def add_doings(scale: Scale, ground: Ground) -> int:
    """Write a host, an offer, its prices by age and its dates for each; returns the dates."""
    if not scale.activities:
        return 0
    _plan()
    hosts = reserve_ids(Provider, scale.activities)
    offers = reserve_ids(Offer, scale.activities)
    _add_hosts(scale, ground, hosts)
    _add_offers(scale, ground, hosts, offers)
    for code, name_fr, name_en, first_age, last_age, amount in BANDS:
        insert_from(
            AgeBand,
            f"generate_series(0, %(last)s) AS n JOIN scale_doing d ON d.no = n %% {len(DOINGS)}",
            {
                "offer_id": "%(offers)s + n + 1",
                "code": f"'{code}'",
                "name": f"'{name_fr}'",
                "name_fr": f"'{name_fr}'",
                "name_en": f"'{name_en}'",
                "min_age": str(first_age),
                "max_age": "NULL::int" if last_age is None else str(last_age),
                "amount": amount,
            },
            last=scale.activities - 1,
            offers=offers,
            now=ground.now,
        )
    return _add_dates(scale, ground, offers)


def _plan() -> None:
    run(
        "CREATE TEMPORARY TABLE scale_doing (no int PRIMARY KEY, kind text, drawing text,"
        " title_fr text, title_en text, minutes int, capacity int, adult numeric, child numeric,"
        " hour time) ON COMMIT DROP"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO scale_doing VALUES ({', '.join(['%s'] * 10)})",
            [
                (
                    number,
                    str(one.kind),
                    one.drawing,
                    one.title_fr,
                    one.title_en,
                    one.minutes,
                    one.capacity,
                    one.adult,
                    one.child,
                    one.hour,
                )
                for number, one in enumerate(DOINGS)
            ],
        )


def _add_hosts(scale: Scale, ground: Ground, hosts: int) -> None:
    commune = pick("n", 21, "(SELECT count(*) FROM scale_commune)")
    names = word(HOSTS, pick("n", 22, len(HOSTS)))
    insert_from(
        Provider,
        f"generate_series(0, %(last)s) AS n JOIN scale_commune c ON c.no = {commune}",
        {
            "id": "%(first)s + n + 1",
            "slug": "'echelle-guide-' || (%(first)s + n + 1)",
            "name": f"{names} || ' · ' || c.name",
            "host_names": names,
            "commune_id": "c.id",
            "phone": "'04 65 71 43 ' || lpad((n %% 100)::text, 2, '0')",
            "email": "'echelle-guide-' || (n + 1) || '@example.org'",
            "is_demo": "true",
        },
        first=hosts,
        last=scale.activities - 1,
        seed=scale.seed,
        now=ground.now,
    )


def _add_offers(scale: Scale, ground: Ground, hosts: int, offers: int) -> None:
    place = word(PLACES_FR, pick("n", 23, len(PLACES_FR)))
    title_fr = f"d.title_fr || ' ' || {place}"
    title_en = f"d.title_en || ' ' || {place}"
    summary_fr = "d.title_fr || ' à ' || c.name || ', en petit groupe.'"
    summary_en = "d.title_en || ' in ' || c.name || ', in a small group.'"
    insert_from(
        Offer,
        f"generate_series(0, %(last)s) AS n JOIN scale_doing d ON d.no = n %% {len(DOINGS)}"
        " JOIN members_provider h ON h.id = %(hosts)s + n + 1"
        " JOIN scale_commune c ON c.id = h.commune_id",
        {
            "id": "%(first)s + n + 1",
            "provider_id": "h.id",
            "kind": "d.kind",
            "state": f"'{Offer.State.PUBLISHED}'",
            "slug": "'echelle-faire-' || (%(first)s + n + 1)",
            "title": title_fr,
            "title_fr": title_fr,
            "title_en": title_en,
            "summary": summary_fr,
            "summary_fr": summary_fr,
            "summary_en": summary_en,
            "description": "%(note_fr)s",
            "description_fr": "%(note_fr)s",
            "description_en": "%(note_en)s",
            "illustration": "d.drawing",
            "commune_id": "c.id",
            "place": "'Place du bourg, ' || c.name",
            "place_fr": "'Place du bourg, ' || c.name",
            "latitude": f"c.latitude + ({pick('n', 24, 400)} - 200) / 50000.0",
            "longitude": f"c.longitude + ({pick('n', 25, 400)} - 200) / 36000.0",
            "cancellation_policy_id": "%(policy)s",
            "duration_minutes": "d.minutes",
            "is_demo": "true",
        },
        first=offers,
        hosts=hosts,
        last=scale.activities - 1,
        policy=ground.policy_id,
        note_fr=DEMO_NOTE["fr"],
        note_en=DEMO_NOTE["en"],
        seed=scale.seed,
        now=ground.now,
    )


def _add_dates(scale: Scale, ground: Ground, offers: int) -> int:
    """Write one date a day; the places that are taken grow rarer with the distance."""
    share = round(scale.sold_share * 100)
    start = "((%(day)s::date + w.day) + d.hour) AT TIME ZONE 'Europe/Paris'"
    sold = f"d.capacity * {pick('n * 1000 + w.day', 26, share + 1)} / 100"
    return insert_from(
        Slot,
        f"generate_series(0, %(last)s) AS n JOIN scale_doing d ON d.no = n %% {len(DOINGS)}"
        " CROSS JOIN generate_series(1, %(days)s) AS w(day)",
        {
            "offer_id": "%(offers)s + n + 1",
            "day": "%(day)s::date + w.day",
            "start_time": "d.hour",
            "starts_at": start,
            "ends_at": f"{start} + d.minutes * interval '1 minute'",
            "capacity": "d.capacity",
            "sold": sold,
        },
        last=scale.activities - 1,
        offers=offers,
        day=ground.first_day,
        days=scale.horizon,
        seed=scale.seed,
        now=ground.now,
    )
