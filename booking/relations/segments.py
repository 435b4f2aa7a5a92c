"""Who a segment is: counted, with the reason of each one who gets no mail, in one statement (L03).

The person decides whether the segment means them, their address whether it may be written to. With
offers, a family gets one mail: that of whoever booked last (features.md N07 says what a family is).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import connection, transaction

from booking.relations.frequency import CAPPED, cap_values
from booking.relations.standings import BOUGHT_COLUMNS, IMPORTED, REASON, SAID, consent_values
from booking.rules import campaigns as rules
from booking.rules import states
from booking.rules.departments import PREFECTURES
from booking.rules.segments import (
    ABROAD,
    FAMILY,
    FRIENDS,
    GROUP,
    OVERSEAS,
    SOLO,
    WITH,
    Segment,
    departments_in,
    is_contrary,
)
from oti.lib.dates import at_paris

Days = tuple[date, date]

# `rules.segments.party_of` of a stay `s`.
PARTY = f"""
CASE WHEN s.is_group THEN '{GROUP}' WHEN s.children > 0 THEN '{FAMILY}'
WHEN s.adults = 1 THEN '{SOLO}' WHEN s.adults = 2 THEN 'couple'
WHEN s.adults > 2 THEN '{FRIENDS}' ELSE '' END
"""
# `rules.segments.place_of` of a person `c`, as a department, « abroad » or "".
PLACE = f"""
CASE WHEN c.country NOT IN ('', 'FR') THEN '{ABROAD}'
WHEN replace(c.postal_code, ' ', '') ~ '^[0-9]{{5}}$'
     AND left(replace(c.postal_code, ' ', ''), 2) = ANY(%(departments)s)
THEN left(replace(c.postal_code, ' ', ''), 2) ELSE '' END
"""
# Each address once, with what it is left out for; who only asked for the letter comes after.
JUDGED = """
WITH {stays} person AS (
    SELECT c.id, c.family_id, c.language, {place} AS place
    FROM members_customer c
    {with_stays}
    LEFT JOIN members_family f ON f.id = c.family_id
    WHERE {person}
), wanted AS MATERIALIZED (
    SELECT a.id, a.email, w.family, w.language, w.is_placed FROM (
        SELECT i.address_id, min(p.family_id) AS family, min(p.language) AS language,
            bool_or(p.place <> '') AS is_placed
        FROM person p JOIN members_customeridentity i ON i.customer_id = p.id
        GROUP BY i.address_id
    ) w JOIN members_customeraddress a ON a.id = w.address_id
    {subscribers}
), bought AS (
    SELECT id, max(last) AS last, max(told) AS told, max(refused) AS refused FROM (
        SELECT i.address_id AS id, known.last, known.told, known.refused FROM (
            SELECT identity_id, {bought} FROM booking_order
            WHERE confirmed_at IS NOT NULL AND identity_id IS NOT NULL GROUP BY identity_id
        ) known JOIN members_customeridentity i ON i.id = known.identity_id
        UNION ALL
        SELECT wanted.id, o.last, o.told, o.refused FROM (
            SELECT lower(email) AS email, {bought} FROM booking_order
            WHERE confirmed_at IS NOT NULL AND identity_id IS NULL AND email <> ''
            GROUP BY lower(email)
        ) o JOIN wanted ON wanted.email = o.email
        UNION ALL
        SELECT i.address_id, file.last, file.last, NULL FROM ({imported}) file
        JOIN members_customeridentity i ON i.id = file.identity_id
    ) orders GROUP BY id
), said AS ({said}
), standing AS MATERIALIZED (
    SELECT wanted.*, coalesce(known.language, wanted.language) AS reads, bought.last AS bought_at,
        known.id AS address_id, known.bounced_at, {consent} AS consent
    FROM wanted
    LEFT JOIN members_letteraddress known ON known.email = wanted.email
    LEFT JOIN said ON said.address_id = known.id
    LEFT JOIN bought ON bought.id = wanted.id
), judged AS MATERIALIZED (
    SELECT email, family, reads, bought_at, address_id,
    CASE
    WHEN consent <> '' THEN consent
    WHEN bounced_at IS NOT NULL THEN 'bounced'
    WHEN {asks_place} AND NOT is_placed THEN 'unplaced'
    WHEN {here} THEN 'here'
    WHEN {capped} THEN 'capped'
    {had_it}
    ELSE '' END AS reason
    FROM standing wanted
), several AS (
    SELECT family FROM judged WHERE {is_family} AND reason = ''
    GROUP BY family HAVING count(*) > 1
), second AS (
    SELECT email FROM (
        SELECT email, row_number() OVER (
            PARTITION BY family ORDER BY bought_at DESC NULLS LAST, email
        ) AS place
        FROM judged WHERE reason = '' AND family IN (SELECT family FROM several)
    ) placed WHERE place > 1
), one_each AS (
    SELECT judged.*, CASE WHEN reason = '' AND email IN (SELECT email FROM second)
        THEN 'same_family' ELSE reason END AS why
    FROM judged
)
"""
# What the stays of a person come to: only for a segment that asks for it.
STAYS = """
known_stay AS (
    SELECT s.identity_id, max(s.last_day) AS last_day, count(*) AS stays,
        bool_or({one_stay}) AS fits, bool_or(s.household_id IS NOT NULL) AS lives_here
    FROM booking_paststay s WHERE s.identity_id IS NOT NULL GROUP BY s.identity_id
), stay AS (
    SELECT i.customer_id, max(s.last_day) AS last_day, sum(s.stays) AS stays,
        bool_or(s.fits) AS fits, bool_or(s.lives_here) AS lives_here
    FROM known_stay s JOIN members_customeridentity i ON i.id = s.identity_id
    GROUP BY i.customer_id
),
"""
SUBSCRIBERS = """
    UNION ALL
    SELECT -l.id, l.email, NULL, l.language, false
    FROM members_letteraddress l
    WHERE ({language}) AND NOT EXISTS (
        SELECT 1 FROM members_customeraddress a
        JOIN members_customeridentity i ON i.address_id = a.id WHERE a.email = l.email
    )
"""
HERE = """
SELECT lower(o.email) FROM booking_orderline line
JOIN booking_order o ON o.id = line.order_id
JOIN unnest(%(here_first)s::timestamptz[], %(here_after)s::timestamptz[]) AS these(first, after)
ON line.starts_at < these.after AND line.ends_at > these.first
WHERE line.state = ANY(%(takes_place)s)
"""
# Somebody to whom each of the needs was proposed before has nothing to read.
HAD_IT = """
WHEN (
    SELECT count(*) FROM booking_proposedneed had
    WHERE had.address_id = wanted.address_id AND had.need_id = ANY(%(needs)s)
) >= %(count_of_needs)s
THEN 'had_it'
"""
COUNT = """
SELECT why, reads, count(*) FROM one_each GROUP BY why, reads
UNION ALL
SELECT 'no_address', '', count(*) FROM booking_paststay s WHERE s.identity_id IS NULL AND ({stays})
"""


@dataclass(frozen=True)
class Audience:
    """What is asked for: a segment, for one purpose, without those who are here in some windows.

    Windows are days `[first, after)`; `needs` are those of a campaign of the quiet season.
    """

    segment: Segment
    purpose: str
    windows: tuple[Days, ...] = ()
    needs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Count:
    """How many addresses are meant, how many get a mail, in which language, and why others don't.

    `strangers` are stays like these of which nobody left an address; they are no addresses.
    """

    meant: int
    recipients: int
    by_language: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    strangers: int = 0


def count_audience(audience: Audience, *, now: datetime) -> Count:
    """Count who is meant and who gets a mail (2 SQL); bounds that cross are nobody."""
    if is_contrary(audience.segment):
        return Count(0, 0)
    parts, values = statement_of(audience, now=now)
    counted = COUNT.format(stays=_one_stay(audience.segment))
    reasons: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    with transaction.atomic(), connection.cursor() as cursor:
        # Everybody fits into memory; compiling the statement would take longer than running it.
        cursor.execute(
            "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"
        )
        cursor.execute(parts + counted, values)
        for why, language, count in cursor.fetchall():
            reasons[why] += count
            if not why:
                languages[language] += count
    strangers = reasons.pop(rules.NO_ADDRESS, 0)
    recipients = reasons.pop("", 0)
    kept = {one: reasons[one] for one in rules.REASONS if reasons[one]}
    meant = recipients + sum(kept.values())
    return Count(meant, recipients, dict(sorted(languages.items())), kept, strangers)


def statement_of(audience: Audience, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return the head of a statement that ends with `one_each`, and its values.

    Its rows: email, reads (a language), bought_at, address_id (of LetterAddress; NULL for one that
    isn't known), why ("" for who gets a mail).
    """
    segment = audience.segment
    values: dict[str, Any] = {
        **consent_values(audience.purpose, now=now),
        **cap_values(now=now),
        "departments": [*PREFECTURES, *OVERSEAS],
        "places": [*departments_in(segment.places), *({ABROAD} & set(segment.places))],
        "months": list(segment.months),
        "parties": list(segment.parties),
        "poles": list(segment.poles),
        "kinds": list(segment.kinds),
        "languages": list(segment.languages),
        "last_since": segment.last_since,
        "last_until": segment.last_until,
        "stays_least": segment.stays_least,
        "stays_most": segment.stays_most,
        "needs": list(audience.needs),
        "count_of_needs": len(audience.needs),
    }
    values |= here_values(audience.windows)
    language = "l.language = ANY(%(languages)s)" if segment.languages else "true"
    is_wide = not segment.asks_of_guests
    capped = f"wanted.email IN ({CAPPED})" if values["most"] > 0 else "true"
    statement = JUDGED.format(
        stays=STAYS.format(one_stay=_one_stay(segment)) if segment.asks_of_stays else "",
        with_stays="LEFT JOIN stay ON stay.customer_id = c.id" if segment.asks_of_stays else "",
        place=PLACE,
        person=_person(segment),
        subscribers=SUBSCRIBERS.format(language=language) if is_wide else "",
        bought=BOUGHT_COLUMNS,
        imported=IMPORTED.format(those=""),
        said=SAID.format(those=""),
        consent=REASON,
        asks_place="true" if segment.places else "false",
        here=f"wanted.email IN ({HERE})" if audience.windows else "false",
        capped=capped,
        had_it=HAD_IT if audience.needs else "",
        is_family="%(is_offers)s AND family IS NOT NULL",
    )
    return statement, values


def here_values(windows: Sequence[Days]) -> dict[str, Any]:
    """Return what HERE is asked with."""
    return {
        "takes_place": list(states.TAKES_PLACE),
        "here_first": [at_paris(first, time()) for first, _after in windows],
        "here_after": [at_paris(after, time()) for _first, after in windows],
    }


def here_in(emails: Collection[str], windows: Sequence[Days]) -> set[str]:
    """Return who of some addresses, in lower case, stays here in one of some windows (1 SQL)."""
    if not windows:
        return set()
    statement = f"SELECT email FROM ({HERE}) here(email) WHERE email = ANY(%(emails)s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, {**here_values(windows), "emails": list(emails)})
        return {row[0] for row in cursor.fetchall()}


def _one_stay(segment: Segment) -> str:
    """Return what one stay `s` is like."""
    asked = (
        (segment.seasons, "extract(month FROM s.first_day) = ANY(%(months)s)"),
        (segment.parties, f"{PARTY} = ANY(%(parties)s)"),
        (segment.poles, "s.poles && %(poles)s::varchar[]"),
        (segment.kinds, "s.kinds && %(kinds)s::varchar[]"),
    )
    return " AND ".join(words for is_asked, words in asked if is_asked) or "true"


def _person(segment: Segment) -> str:
    """Return what a person `c`, their `stay` and their family `f` are like."""
    lives_here = "(f.household_id IS NOT NULL OR coalesce(stay.lives_here, false))"
    asked = (
        (segment.asks_of_one_stay, "stay.fits"),
        (segment.last_since is not None, "stay.last_day >= %(last_since)s"),
        (segment.last_until is not None, "stay.last_day <= %(last_until)s"),
        (segment.stays_least is not None, "coalesce(stay.stays, 0) >= %(stays_least)s"),
        (segment.stays_most is not None, "coalesce(stay.stays, 0) <= %(stays_most)s"),
        (segment.languages, "c.language = ANY(%(languages)s)"),
        (segment.second_homes == WITH, lives_here),
        (segment.second_homes not in {WITH, ""}, f"NOT {lives_here}"),
        (segment.places, f"({PLACE} = '' OR {PLACE} = ANY(%(places)s))"),
    )
    words = [words for is_asked, words in asked if is_asked]
    return " AND ".join([*words, "c.merged_into_id IS NULL AND c.erased_at IS NULL"])
