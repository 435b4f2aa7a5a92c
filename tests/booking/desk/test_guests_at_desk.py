"""« Relation client »: the office finds a guest, reads everything, writes, merges and parts."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import Order, OutboxMessage, PastStay
from booking.relations import consent
from booking.relations.complaints import complain
from booking.relations.customers import identify_orders, identity_of
from booking.relations.past_stays import keep_past_stays
from booking.relations.records import thread_of
from booking.talks import write_to_host
from members.journal import VISITOR
from members.models import Customer, CustomerMerge, CustomerNote, LetterChoice, User
from members.rules.consent import OFFERS
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    order = past_stay(bank)
    identify_orders(now=LATER)
    keep_past_stays(now=LATER)
    order.refresh_from_db()
    return order


@pytest.fixture
def person(order: Order) -> Customer:
    assert order.identity
    return order.identity.customer


@pytest.fixture
def other(order: Order) -> Customer:
    found = identity_of(
        "else@example.org",
        first_name=order.first_name,
        last_name=order.last_name,
        phone=order.phone,
        now=LATER,
    )
    return found.customer


@pytest.fixture
def desk(staff: User, order: Order) -> Client:
    """Return the browser of somebody of the office, who signed in after the stay."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(staff)
    return client


def page(name: str, *args: int) -> str:
    return reverse(f"desk_guests:{name}", args=args)


def test_guest_is_found_by_whatever_one_knows(desk: Client, order: Order, person: Customer):
    identity_of("else@example.org", first_name="Zoé", last_name="Zwart", now=LATER)
    Customer.objects.filter(pk=person.pk).update(phone="0471000001")
    for words, is_found in (
        (order.last_name, True),
        (order.email.upper(), True),
        (order.reference.lower(), True),
        ("0471000001", True),
        ("04 71 00 00 01", True),
        (f"{order.first_name} {order.last_name}", True),
        ("zwart", False),
        ("%_'", False),
    ):
        answer = desk.get(page("index"), {"q": words})
        assert answer.status_code == 200
        assert (page("guest", person.pk) in body(answer)) == is_found, words


@pytest.mark.parametrize("ordering", ["last_name", "last_day", "-last_day", "x"])
def test_stays_are_counted_in_every_order(desk: Client, person: Customer, ordering: str):
    identity_of("else@example.org", first_name="Zoé", last_name="Zwart", now=LATER)
    shown = desk.get(page("index"), {"ordering": ordering}).context["object_list"]
    last = PastStay.objects.get().last_day
    assert {(one.pk == person.pk, one.stays, one.last_day) for one in shown} == {
        (True, 1, last),
        (False, 0, None),
    }


def test_record_says_all_of_a_person_over_all_stays(desk: Client, order: Order, person: Customer):
    answered(order, 3, "Cold.")
    complain(order, "The key was lost.", channel="site", actor=VISITOR, now=LATER)
    write_to_host(order, order.sub_orders.first().provider, "Where is the key?", now=LATER)
    address = consent.address_of(order.email, language="fr", now=LATER)
    proof = consent.Proof(LetterChoice.Source.OFFICE, "on the phone")
    consent.choose(address, {OFFERS: False}, proof=proof, now=LATER)
    seen = body(desk.get(page("guest", person.pk)))
    for words in (
        *(order.reference, order.email, "3/10", "Cold.", "complaint", "no: said no"),
        *("Where is the key?", "1 stay,"),
    ):
        assert words in seen, words


def test_conversation_belongs_to_who_may_read_orders(order: Order, person: Customer):
    write_to_host(order, order.sub_orders.first().provider, "Where is the key?", now=LATER)
    user = factories.a_user("reader@example.org")
    rights = ["view_customer", "access_admin"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    seen = body(client.get(page("guest", person.pk)))
    assert "Where is the key?" not in seen
    assert "Write a note" not in seen
    assert client.get(page("note", person.pk)).status_code == 302


def test_question_has_its_day_until_it_is_answered(desk: Client, person: Customer):
    said = {"channel": "phone", "happened_on": "2027-07-19", "text": "Is there a train?"}
    answer = desk.post(page("note", person.pk), {**said, "is_question": "on"}, follow=True)
    assert "Is there a train?" in body(answer)
    note = CustomerNote.objects.get()
    # Two working days after a Monday.
    assert str(note.due_on) == "2027-07-21"
    assert "Is there a train?" in body(desk.get(page("to-do")))
    done = {"outcome": "Yes, at ten."}
    assert "Nobody waits" in body(desk.post(page("outcome", note.pk), done, follow=True))
    assert "meanwhile" in body(desk.post(page("outcome", note.pk), done))
    assert "Yes, at ten." in body(desk.get(page("guest", person.pk)))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"happened_on": "2030-01-01"}, "still to come"),
        ({"happened_on": "yesterday"}, "valid date"),
        ({"text": " \u202e "}, "a few words"),
        ({"next_step": "Send the map"}, "by when"),
        ({"channel": "pigeon"}, "valid choice"),
    ],
)
def test_note_that_can_t_be_is_told_and_kept_in_the_form(
    desk: Client, person: Customer, wrong: dict[str, str], told: str
):
    said = {"channel": "phone", "happened_on": "2027-07-19", "text": "He called twice."}
    answer = desk.post(page("note", person.pk), {**said, **wrong})
    assert told in body(answer)
    assert not CustomerNote.objects.exists()
    if "text" not in wrong:
        assert "He called twice." in body(answer)


def test_two_records_are_merged_seen_on_one_page_and_parted(
    desk: Client, person: Customer, other: Customer
):
    CustomerNote.objects.create(
        customer=other, channel="phone", text="Likes lace", happened_on=LATER, written_at=LATER
    )
    seen = body(desk.get(page("guest", person.pk)))
    assert "This may be the same person" in seen
    assert body(desk.get(page("duplicates"))).count("the same phone") == 1
    for odd in ("99", "x", "-1", "9" * 40):
        assert desk.get(page("duplicates"), {"de": odd}).status_code == 200
    assert page("merge", person.pk, other.pk) in body(
        desk.get(page("choose", person.pk), {"q": "else@example.org"})
    )
    two = page("merge", person.pk, other.pk)
    assert "else@example.org" in body(desk.get(two))
    assert "Nothing was saved" in body(desk.post(two, {"keep": "0", "reason": "x"}))
    answer = desk.post(two, {"keep": person.pk, "reason": "Told us"}, follow=True)
    assert "else@example.org" in body(answer)
    assert "Likes lace" in body(answer)
    gone = desk.get(page("guest", other.pk))
    assert gone["Location"] == page("guest", person.pk)
    assert "another one" in body(desk.post(two, {"keep": person.pk, "reason": "again"}))

    undo = page("undo", CustomerMerge.objects.get().pk)
    assert "Told us" in body(desk.get(undo))
    assert "else@example.org" not in body(desk.post(undo, follow=True))
    assert "undone already" in body(desk.post(undo))


def test_family_is_joined_and_left(desk: Client, person: Customer, other: Customer):
    join = page("join", person.pk, other.pk)
    assert desk.get(join).status_code == 200
    assert "Family:" in body(desk.post(join, {"reason": "Sisters"}, follow=True))
    leave = page("leave", person.pk)
    assert "Family:" not in body(desk.post(leave, {"reason": "A mistake"}, follow=True))
    assert "Nobody else" in body(desk.post(leave, {"reason": "again"}))


def test_what_is_known_is_put_right(desk: Client, order: Order, person: Customer):
    facts = {"first_name": "Anne", "last_name": "Weiß", "country": "de", "language": "de"}
    assert "Weiß" in body(desk.post(page("correct", person.pk), facts, follow=True))
    person.refresh_from_db()
    assert person.country == "DE"
    wrong = {**facts, "country": "D1", "last_name": ""}
    assert "Two letters" in body(desk.post(page("correct", person.pk), wrong))
    assert Order.objects.get(pk=order.pk).last_name == order.last_name


def test_who_gave_only_a_first_name_is_opened_from_the_list(desk: Client):
    zoe = identity_of("zoe@example.org", first_name="Zoé", last_name="", now=LATER).customer
    listed = body(desk.get(page("index"), {"q": "zoe@example.org", "ordering": "last_name"}))
    link = listed.split(page("guest", zoe.pk), 1)[1].split("</a>", 1)[0]
    assert "Zoé" in link


def test_record_says_the_language_by_its_name(desk: Client, person: Customer):
    Customer.objects.filter(pk=person.pk).update(language="de")
    assert "<dd>German</dd>" in desk.get(page("guest", person.pk)).content.decode()


def test_the_file_of_guests_names_its_columns(desk: Client, person: Customer):
    table = b"".join(desk.get(page("index"), {"export": "csv"}).streaming_content).decode()
    assert "Stays;Last stay" in table.splitlines()[0]


# --- The thread ----------------------------------------------------------------------------------
def a_mail(recipient: str, number: int, **fields: object) -> OutboxMessage:
    return OutboxMessage.objects.create(
        key=f"thread:{number}",
        kind="own_data",
        recipient=recipient,
        state=OutboxMessage.State.SENT,
        next_attempt_at=LATER,
        created_at=LATER,
        sent_at=LATER,
        **fields,
    )


def test_thread_has_the_mails_to_an_address_however_it_was_typed(order: Order, person: Customer):
    OutboxMessage.objects.all().delete()
    typed, emptied = a_mail(order.email.upper(), 1), a_mail("", 2, order=order)
    a_mail("else@example.org", 3)
    found = {one.mail for one in thread_of(person, may_read_orders=True)}
    assert {typed, emptied} <= found
    assert len(found - {None}) == 2
    assert not any(one.mail for one in thread_of(person, may_read_orders=False))


def test_thread_costs_as_many_statements_whatever_was_sent(person: Customer, order: Order):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as made:
            thread_of(person, may_read_orders=True)
        return len(made)

    before = statements()
    for number in range(60):
        a_mail(order.email, number)
    assert statements() == before <= 8


def test_mails_of_a_person_are_read_by_the_indexes_of_address_and_order(
    person: Customer, order: Order
):
    with CaptureQueriesContext(connection) as made:
        thread_of(person, may_read_orders=True)
    [asked] = [one["sql"] for one in made if 'FROM "booking_outboxmessage"' in one["sql"]]
    with connection.cursor() as cursor:
        # So few rows are read from first to last else, whatever could be.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "messages_of_address" in plan
    assert "Seq Scan" not in plan
