"""Offers with every row that says what they are and cost, kept until one of these rows changes.

Loading an offer reads ten tables. One short statement says in which version its rows stand, and
what was loaded is used again while that is the same: nothing here is ever old, whoever asks gets
the rows as they stand at that moment, inside a transaction too. What a transaction wrote itself
has a version that no other one ever sees. Nobody may change what is returned: other threads hold
it too.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet

from booking.loading import load_offers, load_offers_of_slug
from booking.models import Offer
from booking.rules.kinds import SLEPT
from destination.models.territory import IS_SOLD_SQL
from members.models import Provider
from oti.lib.plans import one_of
from oti.lib.together import Written, read_together

MOST_KEPT = 256

_OF_OFFER = "r.offer_id = o.id"
_OF_POLICY = "r.policy_id = o.cancellation_policy_id"
# Every table that `load_offers` reads beside the rows that `VERSIONS` names itself: of what is
# slept in, and of the rest.
SLEPT_PARTS = {
    "booking_unit": _OF_OFFER,
    "booking_tariff": "r.id = ANY(tariffs.ids)",
    "booking_pricerule": "r.tariff_id = ANY(tariffs.ids)",
    "booking_stayrestriction": "r.tariff_id = ANY(tariffs.ids)",
    "booking_supplement": _OF_OFFER,
    "booking_cancellationstep": _OF_POLICY,
}
DATED_PARTS = {
    "booking_ageband": _OF_OFFER,
    "booking_supplement": _OF_OFFER,
    "booking_offerpermit": _OF_OFFER,
    "booking_cancellationstep": _OF_POLICY,
}
_TARIFFS = """, LATERAL (
    SELECT array_agg(DISTINCT u.tariff_id) AS ids FROM booking_unit u WHERE u.offer_id = o.id
) tariffs"""
_SLEPT_KINDS = ", ".join(f"'{code}'" for code in SLEPT)
# A row that was written again has another writer (`xmin`) or another place (`ctid`).
VERSIONS = """
SELECT o.id, concat_ws('/', o.xmin, o.ctid, p.xmin, p.ctid, c.xmin, c.ctid, y.xmin, y.ctid),
       {lists}, o.kind
FROM booking_offer o
JOIN members_provider p ON p.id = o.provider_id
JOIN destination_commune c ON c.id = o.commune_id
JOIN booking_cancellationpolicy y ON y.id = o.cancellation_policy_id {tables}
WHERE o.kind {kinds} AND """


def _statement(parts: Mapping[str, str], *, tables: str, kinds: str) -> str:
    lists = ", '/', ".join(
        f"(SELECT string_agg(concat(r.xmin, r.ctid), '') FROM {table} r WHERE {condition})"  # noqa: S608
        for table, condition in parts.items()
    )
    return VERSIONS.format(lists=f"concat({lists})", tables=tables, kinds=kinds)


SLEPT_VERSIONS = _statement(SLEPT_PARTS, tables=_TARIFFS, kinds=f"IN ({_SLEPT_KINDS})")
DATED_VERSIONS = _statement(DATED_PARTS, tables="", kinds=f"NOT IN ({_SLEPT_KINDS})")
BY_ID = "o.id " + one_of("%(ids)s")
BY_SLUG = "o.slug = %(slug)s"
# What `OfferQuerySet.on_sale` says of one offer.
ON_SALE = (
    f"o.id = %(id)s AND o.state = '{Offer.State.PUBLISHED}'"
    f" AND p.state = '{Provider.State.ACTIVE}'"
    f" AND {IS_SOLD_SQL.format(commune='o.commune_id')}"
)

# Of the offer with those that it names, of its parts, and its kind.
Version = tuple[str, ...]
Row = TypeVar("Row", bound=Model)
_kept: OrderedDict[int, tuple[Version, Offer]] = OrderedDict()
_lock = threading.Lock()


def kept_offers(ids: Iterable[int]) -> dict[int, Offer]:
    """Return offers by id, with provider, commune, policy, units, prices, options and permits."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    if not _may_keep():
        return {one.pk: one for one in load_offers(wanted)}
    both = f"{SLEPT_VERSIONS}{BY_ID} UNION ALL {DATED_VERSIONS}{BY_ID}"
    return _as_they_stand(both, {"ids": wanted})


def kept_offers_beside(
    ids: Iterable[int], question: QuerySet[Row]
) -> tuple[dict[int, Offer], list[Row]]:
    """Return offers as `kept_offers` does, and the rows of a question that travels with it."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}, list(question)
    if not _may_keep():
        return {one.pk: one for one in load_offers(wanted)}, list(question)
    both = f"{SLEPT_VERSIONS}{BY_ID} UNION ALL {DATED_VERSIONS}{BY_ID}"
    versions, rows = read_together(Written(both, width=4, values={"ids": wanted}), question)
    return _in_versions(versions), rows


def offer_of_slug(slug: str, *, is_lodging: bool | None = None) -> Offer | None:
    """Return the lodging, or else, of an address, whatever its state, as `kept_offers` does.

    Where it may be either, `is_lodging` is None.
    """
    if not _may_keep():
        found = load_offers_of_slug(slug)
        return next((one for one in found if is_lodging in {None, one.is_lodging}), None)
    versions = {
        True: SLEPT_VERSIONS + BY_SLUG,
        False: DATED_VERSIONS + BY_SLUG,
        None: f"{SLEPT_VERSIONS}{BY_SLUG} UNION ALL {DATED_VERSIONS}{BY_SLUG}",
    }
    return next(iter(_as_they_stand(versions[is_lodging], {"slug": slug}).values()), None)


def offer_on_sale(offer_id: int, *, is_lodging: bool, today: date) -> Offer | None:
    """Return an offer that visitors may buy `today`, as `kept_offers` does; None otherwise.

    `is_lodging` is what the caller takes it for, found at once where that is true.
    """
    if not _may_keep():
        ids = Offer.objects.on_sale(today).filter(pk=offer_id).values_list("pk", flat=True)
        return next(iter(load_offers(ids)), None)
    values = {"id": offer_id, "day": today}
    likely, other = SLEPT_VERSIONS, DATED_VERSIONS
    if not is_lodging:
        likely, other = other, likely
    found = _as_they_stand(likely + ON_SALE, values) or _as_they_stand(other + ON_SALE, values)
    return found.get(offer_id)


def forget() -> None:
    """Forget every offer of this process."""
    with _lock:
        _kept.clear()


def _may_keep() -> bool:
    seconds: float = settings.REMEMBER_SECONDS
    return seconds > 0


def _as_they_stand(versions_of: str, values: dict[str, Any]) -> dict[int, Offer]:
    """Return the offers of a statement; those whose rows are in another version are loaded."""
    with connection.cursor() as cursor:
        cursor.execute(versions_of, values)
        rows = cursor.fetchall()
    return _in_versions(rows)


def _in_versions(rows: Iterable[tuple[Any, ...]]) -> dict[int, Offer]:
    versions: dict[int, Version] = {row[0]: row[1:] for row in rows}
    found = {}
    with _lock:
        for pk, version in versions.items():
            known = _kept.get(pk)
            if known is not None and known[0] == version:
                found[pk] = known[1]
                _kept.move_to_end(pk)
    # Should a row change between the two statements, what is loaded is newer than its version:
    # the next one who asks sees that they differ.
    changed = [pk for pk in versions if pk not in found]
    kinds = {versions[pk][-1] for pk in changed}
    loaded = load_offers(changed, kinds=kinds) if changed else []
    with _lock:
        for one in loaded:
            one.row_versions = versions[one.pk]
            found[one.pk] = one
            _kept[one.pk] = versions[one.pk], one
            _kept.move_to_end(one.pk)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found
