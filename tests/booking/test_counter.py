"""A host sells on the phone: the same stock and rules, no bank, no commission, paid on site."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from booking.basket import add_to_basket, remove_line
from booking.counter import CounterGuest, cancel_at_counter, price_at_counter, sell_at_counter
from booking.emails import compose
from booking.messages import drain_outbox
from booking.models import (
    Basket,
    BookingRequest,
    Offer,
    Order,
    OutboxMessage,
    Payment,
    Payout,
    Slot,
    Stay,
)
from booking.refusals import Refusal
from booking.wishes import LineRequest
from events.models import Ticket
from members.journal import SYSTEM
from members.models import Entry, Provider, User
from oti.lib.codes import secret_token
from tests import factories
from tests.booking.pages import a_week, address, body
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY

pytestmark = pytest.mark.django_db
D = Decimal
PAGE = reverse("extranet-counter")
PAUL = CounterGuest("Paul", "Martin", phone="06 11 22 33 44", email="paul@example.org")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def gite():
    return a_week()


@pytest.fixture
def house(gite) -> Provider:
    return gite.provider


def a_wish(gite, *ages, **more) -> LineRequest:
    values = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, **more}
    unit = gite.units.get()
    return LineRequest(offer_id=gite.pk, unit_id=unit.pk, ages=ages or (None, None, 5), **values)


def sell(house, wish, guest=PAUL, *, once="") -> Order:
    return sell_at_counter(house, wish, guest, once=once or secret_token(), actor=SYSTEM, now=NOW)


def test_nights_are_sold_paid_on_site_and_owe_nothing(gite, house):
    Provider.objects.filter(pk=house.pk).update(commission_percent=D("8"))

    order = sell(house, a_wish(gite))

    order.refresh_from_db()
    line = order.lines.get()
    assert (order.state, order.channel, line.state) == ("confirmed", "counter", "sold")
    assert (order.total_amount, order.gross_amount) == (D("760.00"), D("760.00"))
    assert order.tourist_tax_amount == line.tourist_tax_amount == 0
    assert order.tourist_tax_on_site_amount == line.tourist_tax_on_site_amount > 0
    part = order.sub_orders.get()
    assert (part.commission_amount, part.payout_amount) == (0, D("760.00"))
    assert not Payment.objects.exists()
    assert not Payout.objects.exists()
    assert Stay.objects.get().state == "sold"
    assert order.participants.order_by("pk").first().first_name == "Paul"
    assert Entry.objects.filter(verb="sold by its host").count() == 1


def test_who_has_no_name_is_not_described_twice(gite, house):
    order = sell(house, a_wish(gite))
    assert PAUL.language == "fr"
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(house))
    page = body(host.get(reverse("extranet-booking", args=[order.reference])))
    assert "Paul, adult" in page
    assert "Adult 2" in page
    assert "Adulte 2" not in page
    assert "Adult 2, adult" not in page
    assert "Child, 5 years" in page
    assert "Child, 5 years, 5" not in page


def test_mail_goes_only_where_there_is_an_address(gite, house):
    order = sell(house, a_wish(gite))
    mail = compose(OutboxMessage.objects.get())
    assert mail.to == ["paul@example.org"]
    assert "760" in mail.body
    assert order.access_token in mail.body
    OutboxMessage.objects.all().delete()

    other = a_week(title="Autre gîte", title_en="Another cottage")
    sell(other.provider, a_wish(other), CounterGuest("Jeanne", phone="04 71 00 00 01"))
    assert not OutboxMessage.objects.exists()


def test_nights_that_are_taken_or_held_are_refused_and_leave_nothing(gite, house):
    basket = factories.a_basket()
    add_to_basket(basket, a_wish(gite), now=NOW)

    with pytest.raises(Refusal) as error:
        sell(house, a_wish(gite))

    assert error.value.code
    assert Basket.objects.count() == 1
    assert not Order.objects.exists()


def test_rules_of_the_offer_hold_on_the_phone_too(gite, house):
    with pytest.raises(Refusal):
        sell(house, a_wish(gite, arrival=NOW.date() - timedelta(days=3), departure=NOW.date()))
    with pytest.raises(Refusal):
        sell(house, a_wish(gite, *([None] * 30)))
    assert not Basket.objects.exists()


def test_second_press_gets_the_same_sale(house):
    offer = factories.an_activity(provider=house)
    slot = factories.a_slot(offer, date(2027, 7, 12), time(14), capacity=10)
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    once = secret_token()

    first, second = sell(house, wish, once=once), sell(house, wish, once=once)

    assert first.pk == second.pk
    assert Slot.objects.get(pk=slot.pk).sold == 2


def test_places_and_tickets_are_counted(house):
    offer = factories.an_activity(kind="event_ticket", provider=house)
    slot = factories.a_slot(offer, date(2027, 7, 13), time(21), capacity=2)
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))

    sell(house, wish)

    assert Slot.objects.get(pk=slot.pk).sold == 2
    with pytest.raises(Refusal):
        sell(house, wish)


def test_what_is_on_request_is_sold_at_once_by_its_own_host(gite, house):
    offer = factories.an_activity(provider=house, confirmation="on_request")
    slot = factories.a_slot(offer, date(2027, 7, 12), time(14), capacity=10)
    Offer.objects.update(confirmation="on_request")
    places = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))

    for wish in (a_wish(gite), places):
        assert sell(house, wish).state == "confirmed"

    assert Slot.objects.get(pk=slot.pk).sold == 2
    assert Stay.objects.get().state == "sold"
    assert not BookingRequest.objects.exists()


def test_offers_of_others_and_token_of_another_basket_sell_nothing(gite, house):
    stranger = factories.a_provider()
    with pytest.raises(Refusal) as error:
        sell(stranger, a_wish(gite))
    assert error.value.code == "not_on_sale"
    foreign = factories.a_basket()
    with pytest.raises(Refusal) as error:
        sell(house, a_wish(gite), once=foreign.token)
    assert error.value.code == "busy"
    assert Basket.objects.get() == foreign


@pytest.mark.parametrize(
    ("guest", "code"),
    [
        (CounterGuest(" ", phone="06"), "counter_guest"),
        (CounterGuest("Paul"), "counter_reach"),
    ],
)
def test_who_comes_must_be_known(gite, house, guest, code):
    with pytest.raises(Refusal) as error:
        sell(house, a_wish(gite), guest)
    assert error.value.code == code


def test_price_is_shown_and_another_one_refused(gite, house):
    price = price_at_counter(house, a_wish(gite), now=NOW)
    assert price.services == D("760.00")
    with pytest.raises(Refusal) as error:
        sell(house, a_wish(gite, shown_amount=price.shown_amount + 1))
    assert error.value.code == "price_changed"


def test_cancelling_frees_the_nights_and_gives_no_money_back(gite, house):
    order = sell(house, a_wish(gite))
    OutboxMessage.objects.all().delete()

    cancel_at_counter(order.lines.get(), reason="Il ne vient pas", actor=SYSTEM, now=NOW)

    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Stay.objects.get().state == "cancelled"
    mail = compose(OutboxMessage.objects.get(kind="lines_cancelled"))
    assert "760,00" not in mail.body.split(":")[-1]
    assert compose(OutboxMessage.objects.get(kind="provider_cancelled"))
    assert not Ticket.objects.exists()
    assert sell(house, a_wish(gite)).pk != order.pk
    drain_outbox(now=NOW)


# --- The pages -----------------------------------------------------------------------------------
@pytest.fixture
def host(house) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(factories.a_host(house))
    return client


def what(gite, **more) -> dict[str, str]:
    asked = {"quoi": f"u{gite.units.get().pk}", "arrivee": str(SATURDAY)}
    return {**asked, "depart": str(NEXT_SATURDAY), "adultes": "2", "ages": "5", **more}


def query(asked: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in asked.items())


def test_host_sells_from_its_page_and_cancels(gite, host):
    shown = host.get(PAGE, what(gite))
    assert "€760.00, paid at your place" in body(shown)
    asked = {"first_name": "Paul", "phone": "06 11 22 33 44", "language": "fr"}
    asked |= {"shown_amount": str(shown.context["price"].shown_amount)}
    asked |= {"once": shown.context["once"]}

    answer = host.post(f"{PAGE}?{query(what(gite))}", asked, follow=True)

    page = body(answer)
    assert "It is booked for Paul, to be paid at your place." in page
    assert "booked by you, paid at your place" in page
    assert "Give money back" not in page
    line = Order.objects.get().lines.get()
    cancel = reverse("extranet-counter-cancel", args=[line.pk])
    assert cancel in page
    assert host.post(cancel, {"reason": ""}).status_code == 422
    assert "It is cancelled, and free" in body(host.post(cancel, {"reason": "x"}, follow=True))


def test_second_press_shows_the_sale_of_the_first(gite, host):
    shown = host.get(PAGE, what(gite))
    asked = {"first_name": "Paul", "phone": "06 11 22 33 44", "language": "fr"}
    asked |= {"shown_amount": str(shown.context["price"].shown_amount)}
    asked |= {"once": shown.context["once"]}
    url = f"{PAGE}?{query(what(gite))}"

    # While the first one is under way its basket is there, and nothing is sold yet.
    basket = Basket.objects.create(token=asked["once"])
    meanwhile = host.post(url, asked)
    assert meanwhile.status_code == 503
    assert meanwhile.context["once"] == asked["once"]
    assert 'value="Paul"' in body(meanwhile)
    add_to_basket(basket, a_wish(gite, None, None, 5), now=NOW)
    assert host.post(url, asked).status_code == 503
    remove_line(basket, basket.lines.get().pk, now=NOW)
    basket.delete()
    first, second = host.post(url, asked), host.post(url, asked)

    assert first.status_code == second.status_code == 303
    assert first.url == second.url
    assert Order.objects.count() == 1
    # Another name is another sale, and a name that can't be one finds nothing.
    for once in (secret_token(), "x\x00", "é" * 32):
        assert host.post(url, {**asked, "once": once}).status_code == 409


def test_calendar_leads_to_the_sale_of_its_nights(gite, house, host):
    asked = {"provider": house.slug, "first_night": str(SATURDAY)}
    asked |= {"last_night": str(NEXT_SATURDAY - timedelta(days=1))}
    answer = host.post(reverse("extranet-counter-nights"), asked, follow=True)
    assert "€760.00, paid at your place" in body(answer)
    assert reverse("extranet-counter-nights") in body(host.get(reverse("extranet-calendar")))
    nothing = host.post(reverse("extranet-counter-nights"), {"provider": house.slug}, follow=True)
    assert "See the price" in body(nothing)


def test_what_is_taken_is_said_before_anybody_is_asked_for_a_name(gite, house, host):
    sell(house, a_wish(gite))
    answer = host.get(PAGE, what(gite))
    assert answer.status_code == 409
    assert "These nights are taken" in body(answer)
    assert "First name" not in body(answer)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"quoi": "u999999"}, "Choose one of your own places"),
        ({"quoi": ""}, "Choose what you sell."),
        ({"arrivee": ""}, "Arrival"),
        ({"arrivee": "demain"}, "Arrival"),
        ({"depart": str(SATURDAY)}, "Departure"),
        ({"adultes": "0"}, "One adult at least."),
        ({"adultes": "mille"}, "Write a number of adults."),
        ({"ages": "cinq"}, "Write the ages like this"),
        ({"ages": "18"}, "Write the ages like this"),
    ],
)
def test_what_is_typed_wrong_is_said(gite, host, more, words):
    answer = host.get(PAGE, what(gite, **more))
    assert answer.status_code in {409, 422}
    assert words in body(answer)


def test_guest_without_a_way_to_be_reached_is_asked_for_one(gite, host):
    shown = host.get(PAGE, what(gite))
    asked = {"first_name": "Paul", "language": "fr", "once": shown.context["once"]}
    asked |= {"shown_amount": str(shown.context["price"].shown_amount)}
    answer = host.post(f"{PAGE}?{query(what(gite))}", asked)
    assert answer.status_code == 422
    assert "Write a phone or an address" in body(answer)
    assert 'value="Paul"' in body(answer)
    assert not Order.objects.exists()


def test_guest_page_says_paid_on_site_and_has_no_receipt(gite, house):
    order = sell(house, a_wish(gite))
    guest = Client(headers={"Accept-Language": "en"})
    link = address("booking:trip", order.reference)
    page = body(guest.get(link, {"cle": order.access_token}, follow=True))
    assert "Confirmed, paid on site" in page
    receipt = address("booking:receipt", order.reference)
    assert receipt not in page
    assert guest.get(receipt).status_code == 303


def test_other_house_sells_and_cancels_nothing_of_it(gite, house):
    order = sell(house, a_wish(gite))
    other = Client()
    other.force_login(factories.a_host(factories.a_provider()))
    cancel = reverse("extranet-counter-cancel", args=[order.lines.get().pk])
    assert other.post(cancel, {"reason": "x"}).status_code == 404
    assert other.get(PAGE, {"maison": house.slug}).status_code == 404
    assert other.get(PAGE, what(gite)).status_code == 422


def test_office_calendar_file_and_api_know_it(gite, house):
    order = sell(house, a_wish(gite))
    office = Client(headers={"Accept-Language": "en"})
    office.force_login(User.objects.create_superuser("bureau@example.org", "secret"))

    desk = body(office.get(reverse("desk_orders:inspect", args=[order.pk])))
    listed = body(office.get(reverse("desk_orders:index")))
    file = office.get(address("booking:trip-ics", order.reference))
    told = Client().get(
        reverse("api:order", args=[order.reference]),
        headers={"Authorization": f"Bearer {order.access_token}"},
    )

    assert "sold by the host, paid on site" in desk
    assert "Sold by its host, paid on site" in desk
    assert order.reference in listed
    assert file.status_code == 200
    assert told.status_code == 200
    assert told.json()["state"] == "confirmed"
