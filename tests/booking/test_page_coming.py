"""A guest changes its hour of arrival, its needs, its names; each host learns what concerns it."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.care import Sheet, fill_care_sheet
from booking.comings import MOST_AN_HOUR
from booking.desk.order_views import history_of
from booking.emails import compose
from booking.letters import NoLongerNeeded
from booking.models import Order, OutboxMessage, Participant
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import Entry
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import address, body, paid_stay
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(client: Client, bank: FakeBank) -> Order:
    """Give the Duponts' paid order, whose link this client followed; nothing is in the outbox."""
    order = paid_stay(bank)
    follow(client, order)
    OutboxMessage.objects.all().delete()
    return order


def follow(client: Client, order: Order) -> None:
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")


def page_of(order: Order) -> str:
    return address("booking:trip-coming", order.reference)


def as_it_is(order: Order, **fields: str) -> dict[str, Any]:
    """Return the form as it is filled in for an order."""
    form = {"arrival_time": "", "needs": order.needs}
    for one in order.participants.all():
        form[f"{one.key}_first"] = one.first_name
        form[f"{one.key}_last"] = one.last_name
    return {**form, **fields}


def send(client: Client, order: Order, **fields: str) -> HttpResponse:
    return client.post(page_of(order), as_it_is(order, **fields))


def told() -> dict[str, list[str]]:
    """Return who was told of what, by the kind of what was bought."""
    found = {}
    for message in OutboxMessage.objects.filter(kind="coming_changed"):
        [line] = message.order.lines.filter(sub_order=message.data["sub_order"])
        found[line.kind] = message.data["what"]
    return found


# --- What is written -----------------------------------------------------------------------------
def test_the_hour_is_told_to_where_the_stay_begins(client: Client, order: Order):
    answer = send(client, order, arrival_time="21:30")

    order.refresh_from_db()
    assert order.arrival_time == time(21, 30)
    assert told() == {"lodging": ["arrival"]}
    trip = body(client.get(answer.url))
    assert "It is written. We are telling" in trip
    assert "9:30" in trip
    message = OutboxMessage.objects.get()
    message.language = "en"
    mail = compose(message, now=NOW)
    assert "Thinks of arriving around 9:30" in str(mail.body).replace("\u202f", " ")
    entry = Entry.objects.get(verb="coming changed")
    assert (entry.actor_label, entry.data) == ("visitor", {"what": ["arrival"]})
    [step] = history_of(order, only=("coming changed",))
    assert step.details == ("hour of arrival",)


def test_an_hour_that_no_bed_waits_for_any_more_is_not_shown(client: Client, order: Order):
    send(client, order, arrival_time="21:30")
    trip = address("booking:trip", order.reference)
    assert "Your hour of arrival" in body(client.get(trip))
    bed = order.lines.get(kind="lodging")
    cancel_lines(order, [bed.pk], basis="policy", reason="Malade", actor=SYSTEM, now=NOW)
    assert "Your hour of arrival" not in body(client.get(trip))


def test_needs_are_told_to_those_who_prepare_for_them(client: Client, order: Order):
    send(client, order, needs="Une allergie aux noix")

    order.refresh_from_db()
    assert order.needs == "Une allergie aux noix"
    readers = told()
    assert readers
    assert set(map(tuple, readers.values())) == {("needs",)}
    assert "event_ticket" not in readers
    # They are about health: the journal says that they changed, not what they are.
    assert "noix" not in str(Entry.objects.get(verb="coming changed").data)
    send(client, order, needs="")
    last = OutboxMessage.objects.order_by("pk").last()
    last.language = "en"
    assert "No special need any more." in str(compose(last, now=NOW).body)


def test_a_name_is_told_where_that_person_comes(client: Client, order: Order):
    [lace] = order.lines.filter(kind="workshop")
    one = order.participants.order_by("pk")[0]
    lace.participants.remove(one)

    send(client, order, **{f"{one.key}_first": "  Jeanne   Marie ", f"{one.key}_last": "Roux"})

    one.refresh_from_db()
    assert str(one) == "Jeanne Marie Roux"
    assert set(told()) == {"lodging", "event_ticket", "meal"}
    message = OutboxMessage.objects.order_by("pk")[0]
    assert "Jeanne Marie" in str(compose(message, now=NOW).body)


def test_what_is_as_before_tells_nobody(client: Client, order: Order):
    answer = send(client, order)
    assert "Nothing was changed." in body(client.get(answer.url))
    assert not OutboxMessage.objects.exists()
    assert not Entry.objects.filter(verb="coming changed").exists()


def test_the_trip_leads_there(client: Client, order: Order):
    assert f'href="{page_of(order)}"' in body(client.get(address("booking:trip", order.reference)))


def test_a_family_name_alone_is_written_and_tells_nobody_who_does_not_read_it(
    client: Client, order: Order
):
    answer = send(client, order, p1_last="Roux")
    assert Participant.objects.get(order=order, key="p1").last_name == "Roux"
    assert not OutboxMessage.objects.exists()
    assert Entry.objects.get(verb="coming changed").data == {"what": ["names"]}
    assert "It is written." in body(client.get(answer.url))


def test_lines_that_a_browser_ends_in_its_own_way_are_no_change(client: Client, order: Order):
    Order.objects.update(needs="Sans gluten\nSans noix")
    send(client, order, needs="Sans gluten\r\nSans noix")
    assert not OutboxMessage.objects.exists()
    assert not Entry.objects.filter(verb="coming changed").exists()


def test_who_was_only_counted_when_sold_to_needs_no_family_name(client: Client, order: Order):
    # As a host sells on the phone: one name, the others are « Adulte 2 ».
    Participant.objects.filter(order=order, key="p2").update(first_name="Adulte 2", last_name="")
    assert send(client, order, arrival_time="21:30", p2_last="").status_code == 303
    assert send(client, order, p1_last="").status_code == 422
    order.refresh_from_db()
    assert order.arrival_time == time(21, 30)


def test_hosts_are_not_written_to_without_end(client: Client, order: Order, at):
    for hour in range(MOST_AN_HOUR):
        assert send(client, order, arrival_time=f"{10 + hour}:00").status_code == 303
    page = send(client, order, arrival_time="21:30", p1_first="Zoé")
    assert page.status_code == 409
    assert "told many times within an hour" in body(page)
    assert "Zoé" in body(page)
    order.refresh_from_db()
    assert order.arrival_time == time(19)
    assert not Participant.objects.filter(first_name="Zoé").exists()
    assert Entry.objects.filter(verb="coming changed").count() == MOST_AN_HOUR
    assert send(client, order, arrival_time="19:00").status_code == 303

    at(NOW + timedelta(minutes=61))
    follow(client, order)
    assert send(client, order, arrival_time="21:30").status_code == 303


def test_another_child_in_the_place_of_one_whose_sheet_is_written_is_warned_of(
    client: Client, bank: FakeBank
):
    slot = factories.a_slot(factories.a_childcare(), date(2027, 7, 12), time(19), capacity=40)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(5, 10))
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    follow(client, order)
    child = order.participants.order_by("pk")[0]

    def renamed(name: str) -> str:
        answer = send(client, order, **{f"{child.key}_first": name})
        child.refresh_from_db()
        assert child.first_name == name
        return body(client.get(answer.url))

    assert "of another name" not in renamed("Zoé")
    fill_care_sheet(order.lines.get(), Sheet("0612345678", {child.key: "Arachides"}), now=NOW)
    assert "of another name" in renamed("Tom")
    assert "of another name" not in body(client.get(send(client, order, needs="Calme").url))


# --- What can't be changed any more --------------------------------------------------------------
def test_on_the_evening_of_arrival_the_hour_alone_can_be_changed_for_the_bed(
    client: Client, order: Order, at
):
    at(datetime(2027, 7, 10, 19, tzinfo=PARIS))
    follow(client, order)
    send(client, order, arrival_time="22:00")
    order.refresh_from_db()
    assert order.arrival_time == time(22)
    at(datetime(2027, 7, 11, 9, tzinfo=PARIS))
    page = body(client.get(page_of(order)))
    assert "arrival_time" not in page
    send(client, order, arrival_time="23:00")
    order.refresh_from_db()
    assert order.arrival_time == time(22)


def test_once_all_has_begun_it_leads_to_the_trip(client: Client, order: Order, at):
    at(datetime(2027, 7, 16, 9, tzinfo=PARIS))
    follow(client, order)
    assert client.get(page_of(order)).url == address("booking:trip", order.reference)
    assert send(client, order, needs="x").url == address("booking:trip", order.reference)
    trip = body(client.get(address("booking:trip", order.reference)))
    assert page_of(order) not in trip
    assert not OutboxMessage.objects.exists()


def test_who_was_to_read_what_is_cancelled_is_not_told(client: Client, order: Order):
    [bed] = order.lines.filter(kind="lodging")
    cancel_lines(order, [bed.pk], basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    OutboxMessage.objects.all().delete()
    assert "arrival_time" not in body(client.get(page_of(order)))
    send(client, order, arrival_time="21:00", needs="Sans gluten")
    assert "lodging" not in told()
    order.refresh_from_db()
    assert order.arrival_time is None


def test_a_mail_that_waited_until_all_was_over_is_dropped(client: Client, order: Order):
    send(client, order, arrival_time="21:30")
    message = OutboxMessage.objects.get()
    with pytest.raises(NoLongerNeeded):
        compose(message, now=NOW + timedelta(days=200))


# --- Bad input, and who may ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"arrival_time": "25:00"}, "arrival_time"),
        ({"arrival_time": "tard"}, "arrival_time"),
        ({"needs": "x" * 1001}, "needs"),
        ({"p1_first": ""}, "p1_first"),
        ({"p1_first": "x" * 81}, "p1_first"),
        ({"p1_last": " "}, "p1_last"),
        ({"p3_first": ""}, "p3_first"),
        ({"needs": "\x00"}, "needs"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(
    client: Client, order: Order, fields: dict[str, str], wrong: str
):
    page = send(client, order, **{"p2_first": "Zoé", **fields})
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {wrong}
    assert "Zoé" in body(page)
    assert not Participant.objects.filter(first_name="Zoé").exists()
    assert not OutboxMessage.objects.exists()


def test_strangers_find_nothing_and_the_office_writes_nothing(order: Order):
    office = Client()
    office.force_login(factories.a_user(is_superuser=True, is_staff=True))
    assert office.get(page_of(order)).status_code == 200
    assert send(office, order, needs="x").status_code == 404
    assert Client().get(page_of(order)).status_code == 404
    assert send(Client(), order, needs="x").status_code == 404


def test_markup_stays_text(client: Client, order: Order):
    send(client, order, needs="<script>alert(1)</script>", p1_first="<b>Claire</b>")
    for message in OutboxMessage.objects.all():
        mail = compose(message, now=NOW)
        [(html, _kind)] = mail.alternatives
        assert "<script>" not in html
        assert "<b>Claire" not in html
    page = client.get(page_of(order)).content.decode()
    assert "<b>Claire" not in page


def test_the_page_asks_the_database_a_bounded_number_of_times(client: Client, order: Order):
    with CaptureQueriesContext(connection) as asked:
        client.get(page_of(order))
    assert len(asked) <= 8
