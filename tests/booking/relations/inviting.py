"""What tests of ambassadors share: one who invites, friends who book with the code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from booking import checkout, settlement
from booking.models import Basket, Order, OutboxMessage, Referral, ReferralGift
from booking.people import Contact
from booking.referral_claims import keep_invitation
from booking.relations.ambassadors import Joining, Place, add_place, charter_of, join, write_page
from booking.relations.referrals import decide_referral
from members.models import Ambassador, AmbassadorCharter, Mission, MissionTake, User
from oti.lib.dates import at_paris
from tests import factories
from tests.booking.pages import hold_place
from tests.cast import NEXT_SATURDAY, NOW, FakeBank, names_of, place_order

ADULT = date(1980, 5, 1)
HOME = at_paris(NEXT_SATURDAY + timedelta(days=1), time(10))


def a_charter(**fields: Any) -> AmbassadorCharter:
    """Make the charter that ambassadors sign."""
    known = AmbassadorCharter.objects.first()
    values = {
        "version": "2027-1",
        "valid_from": date(2027, 1, 1),
        "title": "Charter",
        "body": "<p>I invite people whom I know.</p>",
        **fields,
    }
    return known or AmbassadorCharter.objects.create(**values)


def joining(text: AmbassadorCharter | None = None, **changed: Any) -> Joining:
    """Return what somebody gives to become an ambassador."""
    values = {
        "first_name": "Camille",
        "born_on": ADULT,
        "signed_name": "Camille Martin",
        "shown_sha256": (text or a_charter()).sha256,
        "language": "en",
        **changed,
    }
    return Joining(**values)


def an_ambassador(user: User | None = None, **fields: Any) -> Ambassador:
    """Make an ambassador of somebody."""
    text = a_charter()
    made = join(user or factories.a_user(), joining(text), text=charter_of(NOW.date()), now=NOW)
    if fields:
        Ambassador.objects.filter(pk=made.pk).update(**fields)
        made.refresh_from_db()
    return made


def with_page(ambassador: Ambassador, places: Iterable[Place] = ()) -> Ambassador:
    """Let an ambassador write a page; it waits for nobody yet."""
    write_page(ambassador, name="The Martins", words="We love it here.", now=NOW)
    for one in places:
        add_place(ambassador, one, now=NOW)
    return ambassador


def a_gift(whom: str = "friend", text: str = "A jar of honey", **fields: Any) -> ReferralGift:
    """Make what the office gives."""
    values = {
        "first_day": date(2027, 1, 1),
        "last_day": date(2028, 12, 31),
        "text_fr": text,
        "text_en": text,
        **fields,
    }
    return ReferralGift.objects.create(whom=whom, **values)


def a_plan(code: str, *, tells_name: bool = False, at: datetime = NOW) -> Basket:
    """Hold a workshop for somebody who came with a code."""
    basket = factories.a_basket()
    hold_place(basket, "First stitches of lace")
    keep_invitation(basket, code, tells_name=tells_name, now=at)
    return basket


def ordered(basket: Basket, email: str, *, user: User | None = None) -> Order:
    """Place the order of a basket for somebody."""
    basket.refresh_from_db()
    order = place_order(
        basket,
        contact=Contact("Lucie", "Bernard", email, "06 00 00 00 01"),
        names=names_of(basket),
        arrival_time=None,
        needs="",
        terms=factories.terms(),
        shown_total=sum(line.shown_amount for line in basket.lines.all()),
        language="en",
        now=NOW,
    )
    if user is not None:
        Order.objects.filter(pk=order.pk).update(user=user)
    return order


def paid(order: Order, bank: FakeBank, *, card: str = "", at: datetime = NOW) -> Order:
    """Let the bank tell that an order is paid."""
    checkout.begin_payment(order, success_url="https://site/a", cancel_url="https://site/b", now=at)
    payment = order.payments.get()
    bank.pay(payment.session_id, card=card)
    settlement.settle_payment(payment.pk, now=at + timedelta(seconds=20))
    order.refresh_from_db()
    return order


def a_friends_stay(
    bank: FakeBank,
    ambassador: Ambassador,
    email: str = "lucie@example.org",
    *,
    card: str = "",
    user: User | None = None,
    tells_name: bool = False,
    invited_at: datetime = NOW,
) -> Order:
    """Let a friend book and pay with an ambassador's code; nothing is decided yet."""
    basket = a_plan(ambassador.code, tells_name=tells_name, at=invited_at)
    return paid(ordered(basket, email, user=user), bank, card=card)


def decided(order: Order) -> Referral:
    """Decide on the invited stay of an order; returns it."""
    decide_referral(order.pk, now=NOW + timedelta(minutes=1))
    return Referral.objects.get(order=order)


def every_mail(order: Order) -> None:
    """Write each kind of mail about invited stays, for an order that is paid."""
    ambassador = an_ambassador(page_state="submitted", draft={"name": "The Martins"})
    text = {"fr": "Un pot de miel", "en": "A jar of honey"}
    referral = Referral.objects.create(
        order=order,
        ambassador=ambassador,
        state="pending",
        asked_at=NOW,
        claimed_at=NOW,
        welcome=text,
        thanks=text,
    )
    mission = Mission.objects.create(
        title_fr="Des cartes au marché",
        title_en="Cards at the market",
        text_fr="Vingt cartes",
        first_day=NOW.date(),
        last_day=NOW.date(),
    )
    take = MissionTake.objects.create(
        mission=mission,
        ambassador=ambassador,
        state="confirmed",
        office_note="Well done",
        taken_at=NOW,
    )
    for kind, data in (
        ("friend_welcome", {}),
        ("ambassador_news", {"referral": referral.pk, "move": "earned"}),
        ("ambassador_read", {"ambassador": ambassador.pk, "move": "to_fix"}),
        ("ambassador_submitted", {"ambassador": ambassador.pk}),
        ("ambassador_mission", {"take": take.pk, "move": "confirmed"}),
    ):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient=order.email,
            order=order if kind == "friend_welcome" else None,
            data=data,
            next_attempt_at=NOW,
            created_at=NOW,
        )
