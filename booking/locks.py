"""The only place that locks rows, in the one order of the house.

Unit (pk) → Slot (pk) → BookingRequest → Basket → Order → Payment (core.md 1), then what hangs on
them: Refund, Payout (pk), PayoutReversal (pk), PayoutAccount; a Resource before them all. A use
case that needs two kinds takes them in that order, each kind once, sorted. Waiting is bounded: 3 s
(`LOCK_TIMEOUT` of the settings, a property of every connection), then `Busy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from django.db import OperationalError, connection, models, transaction

from booking.models import (
    Basket,
    BookingRequest,
    Campaign,
    CampaignNeed,
    CapacityNeed,
    Feed,
    Gift,
    GiftCampaign,
    GuestImport,
    HookDelivery,
    Meeting,
    OfferReview,
    Order,
    OutboxMessage,
    Payment,
    Payout,
    PayoutReversal,
    Refund,
    Resource,
    Review,
    Slot,
)
from booking.models.resources import BESIDE_SQL, LENT
from booking.refusals import Busy, trouble
from members.models import (
    Ambassador,
    Customer,
    CustomerAddress,
    Family,
    Greeter,
    Household,
    LetterAddress,
    Mission,
    PayoutAccount,
    Provider,
    User,
)
from oti.lib.joins import read_rows
from oti.lib.plans import one_of

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
# What a row that speaks of a unit asks of it at the commit, asked for at the beginning.
SHARE_UNITS = """
SELECT id FROM booking_unit WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
"""
# Written out: every add and every order asks for these, and others wait for it meanwhile.
LOCK_UNITS = "SELECT id FROM booking_unit WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
LOCK_SLOTS = (
    "SELECT {columns} FROM booking_slot it"  # noqa: S608 - names of this project
    f" WHERE id {one_of('%s')} ORDER BY id FOR UPDATE"
)
WITH_BESIDE = (
    f"SELECT {BESIDE_SQL.format(slot='s.id')} FROM booking_slot s"  # noqa: S608
    " WHERE s.id = ANY(%(slots)s::bigint[])"
)
LOCK_REQUEST = "SELECT {columns} FROM booking_bookingrequest it WHERE id = %s FOR UPDATE"
LOCK_BASKET = "SELECT {columns} FROM booking_basket it WHERE id = %s FOR UPDATE"
LOCK_ORDER = "SELECT {columns} FROM booking_order it WHERE id = %s FOR UPDATE"
LOCK_REFERRALS = "SELECT pg_advisory_xact_lock(hashtext('booking.referrals'))"
LOCK_PAYMENT = "SELECT {columns} FROM booking_payment it WHERE id = %s FOR UPDATE"
# Messages under way elsewhere are passed over, here and there.
CLAIM_MESSAGES = """
UPDATE booking_outboxmessage it
SET state = 'sending', attempts = attempts + 1, next_attempt_at = %(until)s
WHERE id IN (
    SELECT id FROM booking_outboxmessage
    WHERE id = ANY(%(ids)s::bigint[]) AND state IN ('waiting', 'sending')
    AND next_attempt_at <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED
) RETURNING {columns}
"""

# Calendars that are due, under a lease; those that another round has are passed over.
CLAIM_FEEDS = """
UPDATE booking_feed it SET due_at = %(until)s
WHERE id IN (
    SELECT id FROM booking_feed WHERE NOT is_paused AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING {columns}
"""

# What one address is told, under a lease; what is under way elsewhere is passed over.
CLAIM_DELIVERIES = """
UPDATE booking_hookdelivery it
SET state = 'sending', attempts = it.attempts + 1, next_attempt_at = %(until)s
WHERE id IN (
    SELECT told.id FROM booking_hookdelivery told
    JOIN booking_webhook hook ON hook.id = told.webhook_id
    WHERE told.webhook_id = %(hook)s AND told.state IN ('waiting', 'sending')
    AND told.next_attempt_at <= %(now)s AND (%(even_paused)s OR hook.pause = '')
    AND (%(all)s OR told.id = ANY(%(ids)s::bigint[]))
    ORDER BY told.id LIMIT %(most)s FOR UPDATE OF told SKIP LOCKED
) RETURNING {columns}
"""

Row = TypeVar("Row", bound=models.Model)


@contextmanager
def write_transaction() -> Iterator[None]:
    """Run a use case's writes: durable, with bounded waiting for locks, or not at all.

    Raises Busy when a lock isn't had in time; nothing was written then.
    """
    with _busy_when_locked(), transaction.atomic(durable=True):
        yield


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Wait no longer than that for each lock: somebody waits for all of it.

    Call it outside any transaction. Raises Busy when a lock isn't had in time.
    """
    with connection.cursor() as cursor:
        most = f"{max(int(seconds * 1000), 1)}ms"
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [most])
    try:
        with _busy_when_locked():
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


@contextmanager
def _busy_when_locked() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in {LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED}:
            raise Busy(trouble("busy")) from error
        raise


def lock_units(ids: Iterable[int]) -> set[int]:
    """Lock units, sorted; returns those that there are."""
    return _found(LOCK_UNITS, ids)


def share_units(ids: Iterable[int]) -> set[int]:
    """Wait until nobody has these units locked, and keep them from being locked; returns them.

    For rows that speak of a unit: their foreign keys are checked at the commit, too late to see
    what was written under the unit's lock. Those who share don't wait for each other.
    """
    return _found(SHARE_UNITS, ids)


def lock_slots(ids: Iterable[int]) -> list[Slot]:
    """Lock slots, sorted; their sold count may be changed only under this lock."""
    wanted = sorted(set(ids))
    return read_rows(LOCK_SLOTS, Slot, [wanted]) if wanted else []


def slots_beside(ids: Iterable[int]) -> list[int]:
    """Return slots with the dates that share a resource at their hours: to be locked with them.

    Read before the lock: whoever checks under it compares what it finds with what it has.
    """
    wanted = sorted(set(ids))
    with connection.cursor() as cursor:
        cursor.execute(WITH_BESIDE, {"slots": wanted, "lent": LENT})
        return [*wanted, *(pk for row in cursor.fetchall() for pk in row[0])]


def lock_resource(pk: int) -> Resource:
    """Lock one shared resource, before any other kind: only who changes it does.

    Sales don't: they lock the dates that need it. Raises Resource.DoesNotExist.
    """
    return Resource.objects.select_for_update(of=("self",)).get(pk=pk)


def lock_request(pk: int) -> BookingRequest:
    """Lock one request of a guest (after units and slots, before any basket)."""
    return _the_one(BookingRequest, LOCK_REQUEST, pk)


def lock_basket(pk: int) -> Basket:
    """Lock one basket; raises Basket.DoesNotExist."""
    return _the_one(Basket, LOCK_BASKET, pk)


def lock_order(pk: int) -> Order:
    """Lock one order; raises Order.DoesNotExist."""
    return _the_one(Order, LOCK_ORDER, pk)


def lock_payment(pk: int) -> Payment:
    """Lock one payment; raises Payment.DoesNotExist."""
    return _the_one(Payment, LOCK_PAYMENT, pk)


def lock_payments_of(order: Order) -> list[Payment]:
    """Lock the payments of an order, sorted."""
    return _lock(Payment.objects.filter(order=order))


def lock_refund(pk: int) -> Refund:
    """Lock one refund (after its payment, where both are needed)."""
    return Refund.objects.select_for_update(of=("self",)).get(pk=pk)


def lock_payout(pk: int) -> Payout:
    """Lock one pay-out, read with its part, order and provider."""
    rows = Payout.objects.select_related("sub_order__order", "sub_order__provider")
    return rows.select_for_update(of=("self",)).get(pk=pk)


def lock_payouts_of(order: Order) -> list[Payout]:
    """Lock the pay-outs of an order, sorted (after the order)."""
    rows = Payout.objects.filter(sub_order__order=order)
    return _lock(rows.select_related("sub_order__order", "sub_order__provider"))


def lock_reversal(pk: int) -> PayoutReversal:
    """Lock one reversal (after its pay-out)."""
    return PayoutReversal.objects.select_for_update(of=("self",)).get(pk=pk)


def lock_reversals(rows: models.QuerySet[PayoutReversal]) -> list[PayoutReversal]:
    """Lock reversals, sorted (after the pay-out that is settled): debts are kept back once."""
    return _lock(rows)


def lock_payout_account(provider: Provider) -> PayoutAccount | None:
    """Lock the account of a provider, None if there is none yet."""
    rows = PayoutAccount.objects.filter(provider=provider)
    return rows.select_for_update(of=("self",)).first()


def lock_provider(pk: int) -> Provider:
    """Lock one provider for its enrolment, its papers and its people: alone, no other kind.

    What its offers share is locked after it. Rows that speak of it (sales, offers) are written
    meanwhile. Raises Provider.DoesNotExist.
    """
    return Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_household(pk: int) -> Household:
    """Lock one household for its people, its proof and its presences: alone, no other kind.

    Raises Household.DoesNotExist.
    """
    return Household.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_person(pk: int) -> User:
    """Lock one account for what signs it in: alone, no other kind. Raises User.DoesNotExist."""
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_greeter(pk: int) -> Greeter:
    """Lock one greeter: alone, or before the meeting that they say yes to.

    Rows that speak of them (asks, messages) are written meanwhile. Raises Greeter.DoesNotExist.
    """
    return Greeter.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_meeting(pk: int) -> Meeting:
    """Lock one meeting, after its greeter where both are needed; no stock, basket or order with it.

    Raises Meeting.DoesNotExist.
    """
    return Meeting.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_ambassador(pk: int) -> Ambassador:
    """Lock one ambassador for their page and role: alone, or after orders where they are forgotten.

    Raises Ambassador.DoesNotExist.
    """
    return Ambassador.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_mission(pk: int) -> Mission | None:
    """Lock one mission for all that is said of who does it; None for one that was deleted.

    After the ambassador where both are; several in the order of their keys.
    """
    return Mission.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()


def lock_referrals() -> None:
    """Let one transaction at a time decide whose friend a household is, after its order.

    Two orders of one household, or two friends who name each other, speak of no row in common.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_REFERRALS)


def lock_need(pk: int) -> CapacityNeed:
    """Lock what a house wants to fill, after everything else; raises CapacityNeed.DoesNotExist."""
    return CapacityNeed.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_needs_proposed(proposals: Iterable[int]) -> dict[int, CapacityNeed]:
    """Lock what houses want to fill behind some proposals, by key, after everything else."""
    rows = CapacityNeed.objects.select_for_update(of=("self",), no_key=True)
    wanted = CampaignNeed.objects.filter(pk__in=list(proposals)).values("need_id")
    return {one.pk: one for one in rows.filter(pk__in=wanted).order_by("pk")}


def lock_offer_review(offer_id: int) -> OfferReview:
    """Lock what a host and the office have of an offer, made if it is the first time.

    The last one of all: after the offer's units, where these are locked too.
    """
    OfferReview.objects.get_or_create(offer_id=offer_id)
    rows = OfferReview.objects.select_for_update(of=("self",))
    return rows.get(offer_id=offer_id)


def lock_campaign(pk: int) -> Campaign:
    """Lock one campaign: before the addresses that it writes to. Raises Campaign.DoesNotExist."""
    return Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_letter_addresses(ids: Iterable[int]) -> dict[int, LetterAddress]:
    """Lock known addresses for letters, sorted, after their campaign; those forgotten are left out.

    What they say is read under it: who says no meanwhile waits, or is seen.
    """
    found = _lock(LetterAddress.objects.filter(pk__in=set(ids)))
    return {one.pk: one for one in found}


def lock_letter_address(email: str, *, language: str, now: datetime) -> LetterAddress:
    """Lock an address for letters, made here if nobody knew it; `email` in lower case.

    It comes last: nothing else is locked after it.
    """
    new = LetterAddress(email=email, language=language, created_at=now, active_at=now)
    LetterAddress.objects.bulk_create([new], ignore_conflicts=True)
    return _lock(LetterAddress.objects.filter(email=email))[0]


def lock_customer_address(email: str) -> CustomerAddress:
    """Lock an address of guests, made here if nobody knew it; `email` in lower case.

    After the order that names it; of several, in alphabetic order.
    """
    CustomerAddress.objects.bulk_create([CustomerAddress(email=email)], ignore_conflicts=True)
    return _lock(CustomerAddress.objects.filter(email=email))[0]


def lock_gift_campaign(pk: int) -> GiftCampaign:
    """Lock the gift of a year, before the gifts of its households. Raises DoesNotExist."""
    return GiftCampaign.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_gift(pk: int) -> Gift:
    """Lock one household's gift, after its campaign. Raises Gift.DoesNotExist."""
    rows = Gift.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("campaign").get(pk=pk)


def lock_families(ids: Iterable[int]) -> set[int]:
    """Lock families of guests before their people and addresses; who joins them is written on."""
    rows = Family.objects.filter(pk__in=list(ids)).order_by("pk")
    found = rows.select_for_update(of=("self",), no_key=True)
    return set(found.values_list("pk", flat=True))


def lock_customers(ids: Iterable[int]) -> list[Customer]:
    """Lock guests after their families, before their addresses; sorted by pk."""
    rows = Customer.objects.filter(pk__in=list(ids)).order_by("pk").select_related("family")
    return list(rows.select_for_update(of=("self",), no_key=True))


def lock_addresses_of_families(ids: Iterable[int]) -> list[CustomerAddress]:
    """Lock every address of some families, in alphabetic order, after the families."""
    rows = CustomerAddress.objects.filter(family__in=list(ids)).order_by("email")
    return list(rows.select_for_update(of=("self",), no_key=True))


def lock_guest_import(pk: int) -> GuestImport | None:
    """Lock a file of guests before the addresses that it names; None once it was dropped."""
    rows = GuestImport.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("provider").filter(pk=pk).first()


def lock_review(pk: int) -> Review:
    """Lock what visitors read of a guest's answer: alone, no other kind. Raises DoesNotExist."""
    return Review.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def claim_messages(ids: Sequence[int], *, now: datetime, until: datetime) -> list[OutboxMessage]:
    """Take those of some messages that are due, under a lease until `until`; sorted by pk.

    One statement, outside any other transaction: who asks at the same moment gets the others.
    """
    values = {"ids": list(ids), "now": now, "until": until}
    return sorted(read_rows(CLAIM_MESSAGES, OutboxMessage, values), key=lambda one: one.pk)


def claim_feeds(*, now: datetime, until: datetime, most: int) -> list[Feed]:
    """Take calendars that are due, under a lease until `until`; sorted by pk.

    One statement, outside any other transaction: who asks at the same moment gets the others.
    """
    values = {"now": now, "until": until, "most": most}
    return sorted(read_rows(CLAIM_FEEDS, Feed, values), key=lambda one: one.pk)


def claim_deliveries(
    hook_id: int,
    ids: Sequence[int] | None,
    *,
    even_paused: bool,
    now: datetime,
    until: datetime,
    most: int,
) -> list[HookDelivery]:
    """Take what one address is to be told and is due, under a lease until `until`; sorted by pk.

    Only those of `ids` where some are given. One statement, outside any other transaction.
    """
    values = {
        "hook": hook_id,
        "ids": list(ids or []),
        "all": ids is None,
        "even_paused": even_paused,
        "now": now,
        "until": until,
        "most": most,
    }
    return sorted(read_rows(CLAIM_DELIVERIES, HookDelivery, values), key=lambda one: one.pk)


def lock_free_rows(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Lock rows of a queue that nobody else works on; those under way are passed over."""
    return rows.select_for_update(skip_locked=True, of=("self",))


def _found(statement: str, ids: Iterable[int]) -> set[int]:
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted])
        return {row[0] for row in cursor.fetchall()}


def _the_one(model: type[Row], statement: str, pk: int) -> Row:
    for row in read_rows(statement, model, [pk]):
        return row
    raise model.DoesNotExist  # type: ignore[attr-defined]


def _lock(rows: models.QuerySet[Row]) -> list[Row]:
    return list(rows.order_by("pk").select_for_update(of=("self",)))
