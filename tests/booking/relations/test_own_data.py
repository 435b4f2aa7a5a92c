"""A person takes a copy of everything, and is forgotten; what the law keeps has no name."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection, models, transaction

from booking.messages import write_message
from booking.models import (
    GatewayEvent,
    Meeting,
    Order,
    OutboxMessage,
    PastStay,
    Payment,
    Refund,
    Survey,
)
from booking.own_cancelling import cancel_own
from booking.payment import pursue_refund
from booking.refusals import Refusal
from booking.relations import consent
from booking.relations.complaints import complain
from booking.relations.conversation import NoteInput, write_note
from booking.relations.customers import identify_orders
from booking.relations.erasing import erase, hindrances
from booking.relations.gift_claims import give_address
from booking.relations.merging import merge_customers
from booking.relations.own_copy import copy_of, zip_of
from booking.relations.past_stays import keep_past_stays
from booking.relations.personal_data import OF_THE_DESK, TABLES, Subject
from booking.talks import write_to_host
from members.journal import SYSTEM, VISITOR
from members.models import Customer, CustomerAddress, ErasedAddress, LetterChoice, User
from members.rules.consent import OFFERS, PURPOSES
from tests import factories
from tests.booking.relations import giving
from tests.booking.relations.greeting import an_agreed
from tests.booking.relations.inviting import an_ambassador, with_page
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.cast import NOW, FakeBank

NAMES = {
    *("first_name", "last_name", "phone", "ip", "user_agent", "recipient", "signed_name"),
    *("network", "invited_by", "name_key", "actor_label"),
}
WORDS = "The stove smokes a little"


def test_every_table_about_persons_says_what_becomes_of_it():
    people = {
        apps.get_model(name)
        for name in ("members.User", "members.Customer", "members.CustomerIdentity")
    }
    about = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label not in OF_THE_DESK
        for one in model._meta.concrete_fields
        if isinstance(one, models.EmailField) or one.name in NAMES or one.related_model in people
    }
    assert about - set(TABLES) == set()
    assert all(apps.get_model(name) for name in TABLES)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    order = past_stay(bank)
    identify_orders(now=LATER)
    keep_past_stays(now=LATER)
    answered(order, 3, f"{WORDS}.", lodging=(2, f"{WORDS}, really."))
    write_to_host(order, order.sub_orders.first().provider, f"{WORDS}?", now=LATER)
    order.refresh_from_db()
    assert order.identity
    note = NoteInput("phone", f"{WORDS}!", LATER.date())
    write_note(order.identity.customer, note, actor=SYSTEM, now=LATER)
    address = consent.address_of(order.email, language="fr", now=LATER)
    proof = consent.Proof(LetterChoice.Source.OFFICE, "said on the phone")
    consent.choose(address, {OFFERS: True}, proof=proof, now=LATER)
    return order


@pytest.mark.django_db
def test_copy_holds_everything_and_no_key(order: Order):
    parts = copy_of(Subject.of_address(order.email.upper()), now=LATER)
    assert [one["reference"] for one in parts["orders"]] == [order.reference]
    for part in ("lines", "people", "payments", "stays", "surveys", "answers", "messages", "guest"):
        assert parts[part], part
    assert parts["letters"][0]["words"] == "said on the phone"
    assert parts["notes"][0]["text"] == f"{WORDS}!"
    packed = zipfile.ZipFile(io.BytesIO(zip_of(parts)))
    text = packed.read("mes-donnees.json").decode()
    assert json.loads(text)["orders"][0]["email"] == order.email
    assert order.reference in packed.read("orders.csv").decode()
    assert order.access_token not in text
    assert Survey.objects.get().access_token not in text


@pytest.mark.django_db
def test_cells_of_a_copy_run_nothing(order: Order):
    Order.objects.filter(pk=order.pk).update(last_name="=cmd()")
    packed = zipfile.ZipFile(
        io.BytesIO(zip_of(copy_of(Subject.of_address(order.email), now=LATER)))
    )
    orders = packed.read("orders.csv").decode()
    assert ";'=cmd();" in orders
    # Sums are numbers for a table program of the country.
    assert f";{order.total_amount:.2f}".replace(".", ",") in orders


@pytest.mark.django_db
def test_copy_of_somebody_unknown_is_empty():
    parts = copy_of(Subject.of_address("nobody@example.org"), now=LATER)
    assert not any(rows for name, rows in parts.items() if name != "copy")


@pytest.mark.django_db
def test_erased_is_gone_and_what_the_law_keeps_has_no_name(order: Order):
    before = (order.total_amount, order.lines.count(), PastStay.objects.get().amount)
    payment = Payment.objects.get(order=order)
    Payment.objects.update(card_key="a" * 64)
    told = {"customer_details": {"email": order.email}}
    GatewayEvent.objects.create(
        event_id="e1",
        kind="checkout.session.completed",
        object_id=payment.session_id,
        payload=told,
        received_at=NOW,
        processed_at=NOW,
    )
    email, names = order.email, {order.first_name, order.last_name, order.phone}
    people = [one.first_name for one in order.participants.all()]
    erase(Subject.of_address(email), now=LATER)
    order.refresh_from_db()
    assert (order.total_amount, order.lines.count(), PastStay.objects.get().amount) == before
    assert order.email == order.phone == ""
    # No later payment with that card leads back to them.
    assert not Payment.objects.exclude(card_key="").exists()
    assert order.identity
    assert order.identity.customer.erased_at == LATER
    for text in (email, WORDS, *(one for one in names if len(one) > 3), *people):
        assert found_in_database(text) == [], text
    # Nobody writes again, whatever is bought or imported later; again is the same.
    assert not any(consent.may_write(email, one, now=LATER) for one in PURPOSES)
    assert consent.who_said_no({email}, OFFERS, now=LATER) == {email}
    erase(Subject.of_address(email), now=LATER)
    assert ErasedAddress.objects.count() == 1
    assert identify_orders(now=LATER) == 0
    assert keep_past_stays(now=LATER + timedelta(days=1)) == 0


def found_in_database(text: str) -> list[str]:
    """Return the tables that hold a text anywhere, offers and accounts of houses aside."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.app_label not in {"booking", "members"}:
                continue
            cursor.execute(
                f'SELECT count(*) FROM "{table}" it WHERE it::text ILIKE %s', [f"%{text}%"]
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def codes(subject: Subject, now=LATER) -> set[str]:
    return {one.code for one in hindrances(subject, now=now)}


@pytest.mark.django_db
def test_not_before_the_stay_is_over_and_everything_is_settled(order: Order):
    subject = Subject.of_address(order.email)
    assert codes(subject) == set()
    assert codes(subject, NOW) == {"erase_stay_to_come"}
    complain(order, "The key", channel="site", actor=VISITOR, now=LATER)
    Payment.objects.filter(order=order).update(disputed_at=LATER)
    assert codes(subject) == {"erase_complaint_open", "erase_dispute"}
    with pytest.raises(Refusal) as caught:
        erase(subject, now=LATER)
    assert len(caught.value.troubles) == 2
    assert order.reference
    assert Order.objects.get().email == order.email


@pytest.mark.django_db
def test_who_works_here_hands_over_first(order: Order):
    user = factories.a_user(order.email)
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    # The link of a mail opens no account: whoever has one signs in, second step included.
    assert codes(Subject.of_address(order.email)) == {"erase_sign_in"}
    assert copy_of(Subject.of_address(order.email), now=LATER)["account"] == []
    assert codes(Subject.of_account(user)) == set()
    user.groups.add(factories.the_office())
    assert codes(Subject.of_account(user)) == {"erase_works_here"}


@pytest.mark.django_db
def test_account_is_closed_and_its_household_left():
    member = factories.a_household(factories.a_user("claire@example.org"))
    user = member.user
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    parts = copy_of(Subject.of_account(user), now=LATER)
    assert parts["household"]
    assert parts["account"][0]["email"] == "claire@example.org"
    erase(Subject.of_account(user), now=LATER)
    closed = User.objects.get(pk=user.pk)
    assert not closed.is_active
    assert not EmailAddress.objects.filter(user_id=user.pk).exists()
    assert found_in_database("claire@example.org") == []
    member.household.refresh_from_db()
    assert member.household.state == "ended"


@pytest.mark.django_db
def test_what_an_ambassador_wrote_and_where_a_gift_went_are_told_and_forgotten():
    user = factories.a_verified_address(factories.a_user("camille.rare@example.org"))
    ambassador = with_page(an_ambassador(user))
    who = giving.a_guest(user.email, "Camille", "Raretti")
    giving.stayed(who)
    giving.told()
    give_address(giving.gift_of(who), giving.HOME, now=giving.MORNING)
    subject = Subject.of_account(user)
    parts = copy_of(subject, now=LATER)
    assert parts["ambassador"][0]["code"] == ambassador.code
    assert parts["gifts"][0]["street"] == giving.HOME.street

    erase(subject, now=LATER)

    ambassador.refresh_from_db()
    assert ambassador.ended_at == LATER
    for text in ("The Martins", "We love it here", giving.HOME.street, "raretti", "camille.rare"):
        assert found_in_database(text) == [], text


@pytest.mark.django_db
def test_address_of_two_persons_is_forgotten_and_the_other_record_stays(order: Order):
    assert order.identity
    other = CustomerAddress.objects.create(email="other@example.org")
    other.identities.create(name_key="x", customer=order.identity.customer)
    erase(Subject.of_address(order.email), now=LATER)
    person = Customer.objects.get(pk=order.identity.customer_id)
    assert person.erased_at is None
    assert person.identities.filter(address__email="other@example.org").exists()
    assert not OutboxMessage.objects.exclude(recipient="").filter(order=order).exists()


@pytest.mark.django_db
def test_meeting_that_is_to_come_is_called_off_first():
    meeting = an_agreed()
    assert codes(Subject.of_address(meeting.email), NOW) == {"erase_meeting_to_come"}
    Meeting.objects.update(state="cancelled")
    erase(Subject.of_address(meeting.email), now=LATER)
    assert found_in_database(meeting.email) == []


@pytest.mark.django_db
def test_reasons_of_merges_go_too(order: Order):
    assert order.identity
    other = CustomerAddress.objects.create(email=order.email.replace("@", "2@"))
    person = Customer.objects.create(family=order.identity.customer.family, created_at=NOW)
    other.identities.create(name_key="x", customer=person)
    merge_customers(order.identity.customer, person, "Zwart told us", actor=SYSTEM, now=NOW)
    erase(Subject(frozenset({order.email, other.email})), now=LATER)
    assert found_in_database("Zwart") == []
    assert set(Customer.objects.values_list("erased_at", flat=True)) == {LATER}


@pytest.mark.django_db
def test_why_something_was_cancelled_is_told_and_forgotten(bank: FakeBank):
    order = past_stay(bank)
    [meal] = order.lines.filter(kind="meal")
    cancel_own(order, [meal.pk], agreed=Decimal(96), reason="Zwart is ill", actor=VISITOR, now=NOW)
    for refund in Refund.objects.all():
        pursue_refund(refund.pk, now=NOW)
    Refund.objects.update(state="done")
    identify_orders(now=LATER)

    told = copy_of(Subject.of_address(order.email), now=LATER)
    assert [one["data"]["reason"] for one in told["cancelled"]] == ["Zwart is ill"]
    erase(Subject.of_address(order.email), now=LATER)
    assert found_in_database("Zwart") == []


@pytest.mark.django_db
def test_whoever_comes_back_after_it_is_written_nothing_that_they_did_not_ask_for(bank: FakeBank):
    order = past_stay(bank)
    ErasedAddress.objects.create(mark=consent.mark_of(order.email), at=NOW - timedelta(days=9))
    # A letter of the stay itself makes this row, for the link that stops such letters.
    address = consent.address_of(order.email, language="fr", now=NOW)
    assert not any(consent.may_write(order.email, one, now=LATER) for one in PURPOSES)
    assert consent.said_no(order.email, "survey", now=LATER)
    proof = consent.Proof(LetterChoice.Source.OFFICE, "said on the phone")
    consent.choose(address, {OFFERS: True}, proof=proof, now=LATER)
    assert consent.may_write(order.email, OFFERS, now=LATER)
    assert not consent.may_write(order.email, "survey", now=LATER)


@pytest.mark.django_db
def test_mails_to_an_address_as_it_was_typed_are_told_and_emptied():
    typed = {"recipient": "Claire.D@Example.org", "language": "fr", "data": {"name": "Durandal"}}
    with transaction.atomic():
        write_message("request_refused", key="request:X:1", now=NOW, **typed)
    subject = Subject.of_address("claire.d@example.org")
    assert copy_of(subject, now=LATER)["mails"][0]["kind"] == "request_refused"
    erase(subject, now=LATER)
    message = OutboxMessage.objects.get()
    assert (message.recipient, message.data, message.state) == ("", {}, "dropped")
