"""Friends who book with a code: what counts, what doesn't and why, what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import settlement
from booking.models import Order, OutboxMessage, Referral, ReferralMark
from booking.models.mail_keys import MailKey
from booking.referral_claims import ambassador_of, keep_invitation
from booking.refusals import BadInput, WrongState
from booking.relations.referral_rounds import follow_referrals, hand_over
from booking.rules import referrals as rules
from members.journal import SYSTEM
from members.models import Ambassador, Entry, User
from members.rules.ambassadors import mail_key
from tests import factories
from tests.booking.pages import hold_place
from tests.booking.relations.inviting import (
    HOME,
    a_friends_stay,
    a_gift,
    a_plan,
    an_ambassador,
    decided,
    ordered,
    paid,
)
from tests.cast import NOW, FakeBank, cancel_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def ambassador() -> Ambassador:
    return an_ambassador()


# --- The code -------------------------------------------------------------------------------------
def test_code_is_known_however_it_is_typed(ambassador: Ambassador):
    typed = f" {ambassador.code[:3].lower()}-{ambassador.code[3:]} "
    assert ambassador_of(typed) == ambassador


@pytest.mark.parametrize("typed", ["", "XXXXXXX", "é" * 300, "' OR 1=1", "\x00"])
def test_unknown_code_is_nobodys(typed: str):
    assert ambassador_of(typed) is None


def test_code_of_somebody_who_ended_is_unknown(ambassador: Ambassador):
    Ambassador.objects.update(ended_at=NOW)
    basket = factories.a_basket()
    with pytest.raises(BadInput) as refused:
        keep_invitation(basket, ambassador.code, now=NOW)
    assert refused.value.troubles[0].field == "friend_code"
    basket.refresh_from_db()
    assert basket.friend_code == ""


def test_same_code_again_keeps_its_first_moment(ambassador: Ambassador):
    basket = a_plan(ambassador.code)
    keep_invitation(basket, ambassador.code, tells_name=True, now=NOW + timedelta(days=9))
    basket.refresh_from_db()
    assert (basket.friend_at, basket.tells_friend) == (NOW, True)
    keep_invitation(basket, "", now=NOW)
    basket.refresh_from_db()
    assert (basket.friend_code, basket.friend_at, basket.tells_friend) == ("", None, False)


def test_order_without_a_code_claims_nothing(bank: FakeBank):
    basket = factories.a_basket()
    hold_place(basket, "First stitches of lace")
    paid(ordered(basket, "lucie@example.org"), bank)
    assert not Referral.objects.exists()


# --- What counts ----------------------------------------------------------------------------------
def test_first_stay_of_a_friend_counts_and_both_are_told(bank, ambassador: Ambassador):
    a_gift(text="A jar of honey")
    a_gift("ambassador", text="A basket of produce")
    order = a_friends_stay(bank, ambassador)
    referral = decided(order)

    assert (referral.state, referral.reason) == (rules.PENDING, "")
    assert referral.welcome["en"] == "A jar of honey"
    assert referral.thanks["en"] == "A basket of produce"
    assert OutboxMessage.objects.get(kind="friend_welcome").recipient == "lucie@example.org"
    assert OutboxMessage.objects.get(kind="ambassador_news").recipient == ambassador.user.email
    assert Entry.objects.filter(verb="referral counted").count() == 1
    # Twice is once.
    assert decided(order).state == rules.PENDING
    assert OutboxMessage.objects.filter(kind="friend_welcome").count() == 1


def test_settling_a_payment_asks_for_the_decision(
    bank, ambassador: Ambassador, monkeypatch, django_capture_on_commit_callbacks
):
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(settlement, "ask_for_task", lambda *args: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        order = a_friends_stay(bank, ambassador)
    assert asked == [("booking.tasks.decide_referral", order.pk)]


def test_what_fails_for_an_invitation_fails_no_sale(
    bank, ambassador: Ambassador, monkeypatch, django_capture_on_commit_callbacks
):
    def fails(_order_id: int) -> None:
        raise DatabaseError

    sent: list[str] = []
    monkeypatch.setattr(settlement, "_ask_to_decide", fails)
    monkeypatch.setattr("booking.messages.ask_for_task", lambda name, *_rest: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        order = a_friends_stay(bank, ambassador)
    assert order.state == "confirmed"
    # What was to leave after it leaves all the same.
    assert "booking.tasks.send_messages" in sent


def test_clock_decides_what_a_lost_task_left(bank, ambassador: Ambassador):
    a_friends_stay(bank, ambassador)
    assert follow_referrals(now=NOW + timedelta(hours=1)) == 1
    assert Referral.objects.get().state == rules.PENDING


def test_what_nobody_paid_is_decided_by_nobody_and_forgotten(bank, ambassador: Ambassador):
    order = ordered(a_plan(ambassador.code), "lucie@example.org")
    assert decided(order).state == rules.CLAIMED
    settlement.end_unpaid(order.pk, now=NOW + timedelta(hours=1), actor=SYSTEM, keep_holds=False)
    assert follow_referrals(now=NOW + timedelta(hours=2)) == 0
    assert Referral.objects.get().state == rules.CLAIMED
    follow_referrals(now=NOW + timedelta(days=5))
    assert not Referral.objects.exists()


# --- What doesn't ---------------------------------------------------------------------------------
def test_own_account_is_refused(bank, ambassador: Ambassador):
    referral = decided(a_friends_stay(bank, ambassador, user=ambassador.user))
    assert (referral.state, referral.reason) == (rules.REFUSED, rules.SAME_PERSON)
    assert not OutboxMessage.objects.filter(kind__in=["friend_welcome", "ambassador_news"]).exists()
    assert Order.objects.get().state == "confirmed"
    assert Entry.objects.get(verb="referral refused").data["reason"] == rules.SAME_PERSON


@pytest.mark.parametrize("written", ["{0}", "{1}+velay@{2}", "{3}@{2}"])
def test_own_address_is_refused_however_it_is_written(bank, written: str):
    ambassador = an_ambassador(factories.a_user("claire.martin@example.org"))
    email = ambassador.user.email
    name, _at, domain = email.partition("@")
    other = written.format(email.upper(), name, domain, name.replace(".", ""))
    assert decided(a_friends_stay(bank, ambassador, other)).reason == rules.SAME_PERSON


def test_another_address_that_one_has_proved_is_refused(bank, ambassador: Ambassador):
    factories.a_verified_address(ambassador.user, "second@example.org")
    assert decided(a_friends_stay(bank, ambassador, "second@example.org")).reason == "same_person"


def test_somebody_of_the_same_second_home_is_refused(bank):
    member = factories.a_household()
    ambassador = an_ambassador(member.user)
    partner = factories.a_user("thomas@example.org")
    member.household.members.create(user=partner, first_name="Thomas", joined_at=NOW, language="fr")
    by_account = decided(a_friends_stay(bank, ambassador, "work@example.org", user=partner))
    assert by_account.reason == rules.SAME_HOUSEHOLD
    by_mail = decided(a_friends_stay(bank, ambassador, "Thomas@example.org"))
    assert by_mail.reason == rules.SAME_HOUSEHOLD


def test_same_card_is_refused(bank, ambassador: Ambassador):
    own = factories.a_basket()
    hold_place(own, "Solange’s table", kind="meal")
    paid(ordered(own, ambassador.user.email), bank, card="visa-1")
    referral = decided(a_friends_stay(bank, ambassador, card="visa-1"))
    assert referral.reason == rules.SAME_CARD
    assert not ReferralMark.objects.exists()


def test_second_stay_is_refused(bank, ambassador: Ambassador):
    first = factories.a_basket()
    hold_place(first, "Solange’s table", kind="meal")
    paid(ordered(first, "lu.cie+loire@example.org"), bank, at=NOW - timedelta(minutes=5))
    assert decided(a_friends_stay(bank, ambassador)).reason == rules.NOT_FIRST


def test_stay_that_was_given_back_whole_was_none(bank, ambassador: Ambassador):
    first = factories.a_basket()
    hold_place(first, "Solange’s table", kind="meal")
    before = paid(ordered(first, "lucie@example.org"), bank, at=NOW - timedelta(minutes=5))
    cancel_order(before, basis="full", reason="ill", actor=SYSTEM, now=NOW)
    assert decided(a_friends_stay(bank, ambassador)).state == rules.PENDING


def test_two_ambassadors_are_not_thanked_for_one_friend(bank, ambassador: Ambassador):
    assert decided(a_friends_stay(bank, ambassador)).state == rules.PENDING
    other = decided(a_friends_stay(bank, an_ambassador(), card="other"))
    assert other.reason == rules.NOT_FIRST


def test_household_that_counts_by_a_later_order_counts_once(bank, ambassador: Ambassador):
    early = a_friends_stay(bank, ambassador)
    late = a_friends_stay(bank, ambassador)
    Order.objects.filter(pk=late.pk).update(confirmed_at=early.confirmed_at - timedelta(hours=1))
    # The clocks disagreed: the one that was decided first counts.
    Order.objects.filter(pk=early.pk).update(confirmed_at=early.confirmed_at - timedelta(hours=2))
    assert decided(early).state == rules.PENDING
    Order.objects.filter(pk=late.pk).update(confirmed_at=early.confirmed_at - timedelta(hours=3))
    assert decided(late).reason == rules.COUNTED


def test_friend_who_brought_the_ambassador_is_refused(bank, ambassador: Ambassador):
    lucie = factories.a_verified_address(factories.a_user("lucie@example.org"))
    assert decided(a_friends_stay(bank, ambassador, lucie.email)).state == rules.PENDING
    back = an_ambassador(lucie)
    loop = decided(a_friends_stay(bank, back, ambassador.user.email))
    assert loop.reason == rules.LOOP


def test_friend_of_a_friend_who_names_the_first_is_refused(bank, ambassador: Ambassador):
    lucie, paul = (
        factories.a_verified_address(factories.a_user(mail))
        for mail in ("lucie@example.org", "paul@example.org")
    )
    decided(a_friends_stay(bank, ambassador, lucie.email))
    second = an_ambassador(lucie)
    assert decided(a_friends_stay(bank, second, paul.email)).state == rules.PENDING
    third = an_ambassador(paul)
    assert decided(a_friends_stay(bank, third, ambassador.user.email)).reason == rules.LOOP


def test_code_of_more_than_a_year_ago_counts_no_more(bank, ambassador: Ambassador):
    invited = NOW - timedelta(days=366)
    order = a_friends_stay(bank, ambassador, invited_at=invited)
    assert decided(order).reason == rules.TOO_LATE


def test_code_that_ended_before_it_is_decided_counts_no_more(bank, ambassador: Ambassador):
    order = a_friends_stay(bank, ambassador)
    Ambassador.objects.update(ended_at=NOW)
    assert decided(order).reason == rules.ENDED


def test_order_cancelled_before_it_is_decided_counts_nothing(bank, ambassador: Ambassador):
    order = a_friends_stay(bank, ambassador)
    cancel_order(order, basis="full", reason="ill", actor=SYSTEM, now=NOW)
    order.refresh_from_db()
    assert decided(order).reason == rules.NOTHING_PAID


# --- What becomes of it ---------------------------------------------------------------------------
def test_thanks_is_earned_when_the_friend_is_home_and_handed_over_once(bank, ambassador):
    order = a_friends_stay(bank, ambassador)
    decided(order)
    assert follow_referrals(now=NOW + timedelta(days=3)) == 0
    assert follow_referrals(now=HOME) == 1
    referral = Referral.objects.get()
    assert (referral.state, referral.earned_at) == (rules.EARNED, HOME)
    assert follow_referrals(now=HOME + timedelta(hours=1)) == 0
    assert OutboxMessage.objects.filter(kind="ambassador_news").count() == 2

    hand_over(referral, note="At the office", actor=SYSTEM, now=HOME)
    referral.refresh_from_db()
    assert (referral.state, referral.note) == (rules.HANDED, "At the office")
    assert Entry.objects.filter(verb="thanks handed over").count() == 1
    with pytest.raises(WrongState):
        hand_over(referral, note="", actor=SYSTEM, now=HOME)


def test_thanks_is_taken_back_with_the_money_and_the_friend_is_new_again(bank, ambassador):
    order = a_friends_stay(bank, ambassador)
    decided(order)
    cancel_order(order, basis="full", reason="ill", actor=SYSTEM, now=NOW)
    assert follow_referrals(now=NOW + timedelta(hours=1)) == 1
    referral = Referral.objects.get()
    assert (referral.state, referral.reason) == (rules.TAKEN_BACK, rules.NOTHING_PAID)
    assert not ReferralMark.objects.exists()
    with pytest.raises(WrongState):
        hand_over(referral, note="", actor=SYSTEM, now=HOME)
    assert decided(a_friends_stay(bank, ambassador)).state == rules.PENDING


def test_earned_thanks_is_taken_back_on_a_late_refund(bank, ambassador):
    order = a_friends_stay(bank, ambassador)
    decided(order)
    follow_referrals(now=HOME)
    payment = order.payments.get()
    payment.refunded_amount = payment.captured_amount
    payment.save()
    assert follow_referrals(now=HOME + timedelta(days=1)) == 1
    assert Referral.objects.get().state == rules.TAKEN_BACK


def test_what_was_handed_over_stays_so(bank, ambassador):
    order = a_friends_stay(bank, ambassador)
    referral = decided(order)
    follow_referrals(now=HOME)
    hand_over(referral, note="", actor=SYSTEM, now=HOME)
    payment = order.payments.get()
    payment.refunded_amount = payment.captured_amount
    payment.save()
    assert follow_referrals(now=HOME + timedelta(days=1)) == 0


def test_friend_who_did_not_come_brings_no_thanks(bank, ambassador):
    order = a_friends_stay(bank, ambassador)
    decided(order)
    order.lines.update(state="no_show", no_show_at=HOME)
    assert follow_referrals(now=HOME) == 1
    assert Referral.objects.get().reason == rules.DID_NOT_COME


def test_nothing_of_a_card_is_kept_but_a_fingerprint(bank, ambassador: Ambassador):
    order = a_friends_stay(bank, ambassador, card="visa-1")
    key = order.payments.get().card_key
    assert len(key) == 64
    assert "visa" not in key


@given(st.from_regex(r"[A-Za-z0-9.+_-]{1,20}@[A-Za-z0-9.-]{1,20}", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_the_database_spells_addresses_as_the_rule_does(email: str):
    user = User.objects.first() or factories.a_user()
    row = User.objects.annotate(key=MailKey(Value(email))).get(pk=user.pk)
    assert row.key == mail_key(email)
