"""Guest and host write to each other: a thread, mails that lead to it, nobody's address."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from booking.emails import compose
from booking.models import Order, OutboxMessage, Talk, TalkMessage
from booking.refusals import Refusal
from booking.rules.talks import plain_text
from booking.talks import AFTERWARDS, MOST_AN_HOUR, write_to_guest, write_to_host
from members.journal import SYSTEM
from members.models import Entry
from tests import factories
from tests.booking.pages import address, body, paid_stay
from tests.booking.test_page_bookings import host_of
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
LIST = reverse("extranet-talks")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    order = paid_stay(bank)
    OutboxMessage.objects.all().delete()
    return order


@pytest.fixture
def house(order: Order):
    return order.lines.get(kind="lodging").sub_order.provider


def guest_of(order: Order) -> Client:
    """Return the browser of the guest, who followed the link of a mail."""
    client = Client(headers={"Accept-Language": "en"})
    client.get(address("booking:trip", order.reference), {"cle": order.access_token})
    return client


def page_of(order: Order, house) -> str:
    return reverse("extranet-talk", args=[order.reference, house.slug])


def test_host_writes_guest_answers_by_the_link_and_host_reads(order: Order, house):
    host = host_of(order, "lodging")
    page = page_of(order, house)
    assert page in body(host.get(reverse("extranet-booking", args=[order.reference])))

    answer = host.post(page, {"text": "Hello Claire,\r\n\r\nthe key is <b>there</b>."}, follow=True)

    assert "It is on its way to Claire." in body(answer)
    mail = compose(OutboxMessage.objects.get(kind="talk_guest"))
    assert mail.to == [order.email]
    html = mail.alternatives[0].content
    assert "&lt;b&gt;there&lt;/b&gt;" in html
    for private in (house.email, house.phone):
        assert private not in mail.body + html
    link = next(word for word in mail.body.split() if "/messages/" in word)
    guest = Client(headers={"Accept-Language": "en"})
    shown = guest.get(link.replace("http://testserver", ""), follow=True)
    assert "the key is <b>there</b>." in body(shown)
    assert "<b>there" not in shown.content.decode()
    address_ = shown.request["PATH_INFO"]
    answer = guest.post(address_, {"text": "Thank you, see http://example.org"}, follow=True)
    assert "Thank you, see http://example.org" in body(answer)
    assert 'href="http://example.org' not in answer.content.decode()

    told = compose(OutboxMessage.objects.get(kind="talk_host"))
    assert told.to == [house.email]
    for private in (order.email, order.phone, order.last_name):
        assert private not in told.body + told.alternatives[0].content
    listed = body(host.get(LIST))
    assert "New" in listed
    assert "Thank you, see" in listed
    assert "Thank you, see" in body(host.get(page))
    assert not Talk.objects.get().is_new_to_host
    assert "Thank you, see" in body(guest.get(address("booking:trip", order.reference)))
    assert list(Entry.objects.filter(verb__startswith="message by").values_list("verb", flat=True))
    for entry in Entry.objects.filter(verb__startswith="message by"):
        assert "Thank you" not in str(entry.data)


def test_new_threads_come_first_and_pages_hold_twenty(order: Order, house):
    for _number in range(3):
        write_to_guest(order, house, "Un mot", actor=SYSTEM, now=NOW)
    host = host_of(order, "lodging")
    assert "You: Un mot" in body(host.get(LIST))
    assert body(host.get(LIST, {"page": "999"})).count("Un mot") == 1
    assert "No message yet." in body(host_of(order, "meal").get(LIST))


@pytest.mark.parametrize("draft", ["arrivee", "chemin", "merci"])
def test_words_to_begin_with_are_in_the_language_of_the_guest(order: Order, house, draft):
    Order.objects.filter(pk=order.pk).update(language="en")
    shown = body(host_of(order, "lodging").get(page_of(order, house), {"modele": draft}))
    assert "Good day Claire," in shown


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", 422, "Write a few words first."),
        ("   \n ", 422, "Write a few words first."),
        ("x" * 2001, 422, "Shorten it to 2000 signs."),
        ("\u202e\u200b", 422, "Write a few words first."),
    ],
)
def test_nothing_and_too_much_are_refused_and_kept(order: Order, house, text, status, words):
    for client, page in (
        (host_of(order, "lodging"), page_of(order, house)),
        (guest_of(order), address("booking:talk", order.reference, house.slug)),
    ):
        answer = client.post(page, {"text": text})
        assert answer.status_code == status
        assert words in body(answer)
    assert not TalkMessage.objects.exists()


def test_many_messages_within_an_hour_are_refused(order: Order, house):
    for _number in range(MOST_AN_HOUR):
        write_to_host(order, house, "Bonjour", now=NOW)
    with pytest.raises(Refusal) as error:
        write_to_host(order, house, "Bonjour", now=NOW)
    assert error.value.code == "too_many_messages"
    # The other side, and the next hour, are not concerned.
    write_to_guest(order, house, "Bonjour", actor=SYSTEM, now=NOW)
    write_to_host(order, house, "Bonjour", now=NOW + timedelta(hours=1, seconds=1))


def test_a_month_after_the_stay_it_is_over(order: Order, house, at):
    last = max(order.lines.values_list("ends_at", flat=True))
    write_to_host(order, house, "Merci", now=last + AFTERWARDS)
    with pytest.raises(Refusal) as error:
        write_to_host(order, house, "Merci", now=last + AFTERWARDS + timedelta(seconds=1))
    assert error.value.code == "talk_closed"
    at(last + AFTERWARDS + timedelta(days=1))
    page = address("booking:talk", order.reference, house.slug)
    assert "Messages end a month after the stay." in body(guest_of(order).get(page))


def test_other_hosts_strangers_and_other_houses_find_nothing(order: Order, house):
    write_to_guest(order, house, "Secret", actor=SYSTEM, now=NOW)
    meal = order.lines.get(kind="meal").sub_order.provider
    stranger = factories.a_provider()
    other = host_of(order, "meal")
    assert other.get(page_of(order, house)).status_code == 404
    assert other.post(page_of(order, house), {"text": "x"}).status_code == 404
    assert "Secret" not in body(other.get(LIST)) + body(other.get(page_of(order, meal)))
    guest = guest_of(order)
    assert guest.get(address("booking:talk", order.reference, stranger.slug)).status_code == 404
    page = address("booking:talk", order.reference, house.slug)
    assert Client().get(page).status_code == 404
    assert Client().post(page, {"text": "x"}).status_code == 404
    assert TalkMessage.objects.count() == 1


def test_office_reads_along_and_writes_nothing(order: Order, house):
    write_to_guest(order, house, "La clé est là", actor=SYSTEM, now=NOW)
    person = factories.a_user()
    person.user_permissions.add(
        Permission.objects.get(codename="view_order"),
        Permission.objects.get(codename="access_admin"),
    )
    office = Client()
    office.force_login(person)

    assert "La clé est là" in body(office.get(reverse("desk_orders:inspect", args=[order.pk])))
    page = address("booking:talk", order.reference, house.slug)
    assert "La clé est là" in body(office.get(page))
    assert Talk.objects.get().is_new_to_guest
    assert office.post(page, {"text": "x"}).status_code == 404


@given(st.text(max_size=300))
def test_plain_text_steers_nothing_and_is_stable(text: str):
    plain = plain_text(text)
    assert plain == plain_text(plain)
    assert "\n\n\n" not in plain
    assert not set(plain) & set("\x00\u202e\u2066\u200b\r")
