"""A bought stay by its signed link: where to go, whom to call, the receipt, the calendar."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from icalendar import Calendar

from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.models import AgeBand, Offer, Order, OutboxMessage, Refund, Supplement, Unit
from booking.payment import pursue_refund
from booking.receipts import kept_vat_rows
from booking.rules.pricing import OptionChoice
from booking.sold_lines import sold_lines
from booking.talks import write_to_host
from booking.wishes import LineRequest
from events.models import Ticket
from members.journal import SYSTEM
from oti.lib.html import format_euros
from tests import factories
from tests.booking.pages import (
    DUPONT,
    a_week,
    address,
    body,
    carry,
    dupont_stay,
    hold_place,
    hold_week,
    linen,
    paid_stay,
)
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(client: Client, bank: FakeBank) -> Order:
    """Give the Duponts' paid order, whose link this client followed."""
    order = paid_stay(bank)
    carry(client, order.basket)
    answer = client.get(link(order))
    assert (answer.status_code, answer.url) == (303, address("booking:trip", order.reference))
    return order


def link(order: Order, name: str = "trip") -> str:
    return f"{address(f'booking:{name}', order.reference)}?cle={order.access_token}"


def seen(client: Client, order: Order, name: str = "trip") -> str:
    return body(client.get(address(f"booking:{name}", order.reference)))


def cancel(order: Order, kind: str, *, basis: str = "policy") -> None:
    line = order.lines.get(kind=kind)
    cancel_lines(order, [line.pk], basis=basis, reason="Illness", actor=SYSTEM, now=NOW)


# --- Who sees it ------------------------------------------------------------------------------
def test_stranger_sees_nothing_and_learns_nothing(order: Order):
    stranger = Client()

    for name in ("trip", "receipt", "trip-ics"):
        url = address(f"booking:{name}", order.reference)
        assert stranger.get(url).status_code == 404
        assert stranger.get(f"{url}?cle={order.access_token[:-1]}").status_code == 404
        assert stranger.get(f"{url}?cle=ключ").status_code == 404


def test_link_of_one_order_opens_no_other(order: Order, bank: FakeBank):
    basket = factories.a_basket()
    hold_place(basket, "Elsewhere", day=20)
    other = paid_order(basket, bank)
    friend = Client()
    friend.get(link(order))

    assert friend.get(address("booking:trip", order.reference)).status_code == 200
    assert friend.get(address("booking:trip", other.reference)).status_code == 404


def test_owner_and_office_see_it_without_link(order: Order):
    owner, office, other = factories.a_user(), factories.a_user(), factories.a_user()
    Order.objects.filter(pk=order.pk).update(user=owner)
    office.user_permissions.add(
        Permission.objects.get(codename="view_order", content_type__app_label="booking")
    )

    statuses = []
    for user in (owner, office, other):
        person = Client()
        person.force_login(user)
        statuses.append(person.get(address("booking:trip", order.reference)).status_code)

    assert statuses == [200, 200, 404]


def test_link_dies_twelve_months_after_the_stay(order: Order, at):
    last = max(line.ends_at for line in order.lines.all())

    at(last + timedelta(days=364))
    assert Client().get(link(order)).status_code == 303
    at(last + timedelta(days=366))
    assert Client().get(link(order)).status_code == 404


# --- What it shows ----------------------------------------------------------------------------
def plain(page: str) -> str:
    return re.sub(r'(nonce|csrfmiddlewaretoken" value|cle)="[^"]*"', "", page)


def test_what_was_sold_reads_as_before_once_its_offer_changes(client: Client, order: Order):
    pages = {name: plain(seen(client, order, name)) for name in ("trip", "receipt")}
    calendar = client.get(address("booking:trip-ics", order.reference)).content
    texts = {f"{field}_{code}": f"Other {code}" for field in ("name",) for code in ("fr", "en")}

    Unit.objects.update(**texts)
    AgeBand.objects.update(**texts, amount=Decimal(1))
    Supplement.objects.update(**texts, amount=Decimal(1))
    Offer.objects.update(vat_scheme="exempt", vat_rate=Decimal(0), title_fr="x", title_en="x")

    for name, page in pages.items():
        assert plain(seen(client, order, name)) == page, name
    assert client.get(address("booking:trip-ics", order.reference)).content == calendar
    assert "Other" not in "".join(pages.values())


def test_trip_says_where_when_and_whom_to_call(
    client: Client, order: Order, django_assert_max_num_queries
):
    with django_assert_max_num_queries(30):
        answer = client.get(address("booking:trip", order.reference))

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    assert 'content="noindex"' in page
    assert "The key is under the stone." in page
    assert "4 00 00 00 00" in page
    assert "Arrive from 3 pm on." in page
    assert "Leave on Saturday 17 July by 10 am." in page
    assert "Free cancellation until Saturday 26 June, 3 pm." in page
    codes = Ticket.objects.values_list("code", flat=True)
    assert len(codes) == len(DUPONT)
    for code in codes:
        assert code in page
    assert "€1,063.40" in page


def test_nothing_private_of_the_hosts_is_shown_before_it_is_paid(client: Client, bank: FakeBank):
    order = order_from(dupont_stay(client))
    client.get(link(order))

    page = seen(client, order)

    assert "The key is under the stone." not in page
    assert "4 00 00 00 00" not in page
    assert address("booking:payment-retry", order.reference) in page
    for name in ("receipt", "trip-ics"):
        answer = client.get(address(f"booking:{name}", order.reference))
        assert (answer.status_code, answer.url) == (
            303,
            address("booking:trip", order.reference),
        )


def test_order_that_was_never_paid_says_so(client: Client, bank: FakeBank):
    order = order_from(dupont_stay(client))
    client.get(link(order))
    Order.objects.filter(pk=order.pk).update(state="expired")

    assert "This stay was not paid in time" in seen(client, order)


def test_cancelled_line_leaves_the_thread_and_shows_its_refund(
    client: Client, order: Order, bank: FakeBank
):
    cancel(order, "workshop")
    refund = Refund.objects.get()

    page = seen(client, order)
    assert page.count("First stitches of lace") == 2  # among the cancelled, and in the summary
    assert "€96.00 being given back" in page
    # The side box counts it too.
    assert "· cancelled" in page
    assert "Paid, less what is given back" in page
    assert format_euros(order.total_amount - 96, "en", is_exact=True) in page

    pursue_refund(refund.pk, now=NOW)
    pursue_refund(refund.pk, now=NOW)
    assert "€96.00 given back on Tuesday 6 April 2027" in seen(client, order)


def test_tickets_of_a_cancelled_evening_are_no_longer_shown_as_valid(client: Client, order: Order):
    codes = list(Ticket.objects.values_list("code", flat=True))

    cancel(order, "event_ticket", basis="full")

    page = seen(client, order)
    assert not any(code in page for code in codes)


def test_cancelled_stay_says_so(client: Client, order: Order):
    for kind in ("lodging", "workshop", "event_ticket", "meal"):
        cancel(order, kind)
    order.refresh_from_db()

    assert order.state == "cancelled"
    page = seen(client, order)
    assert "Cancelled" in page
    assert "Take it off my calendar" in page
    assert "Put in my calendar" not in page
    stay = body(client.get(address("booking:my-stay")))
    assert f"Your booking {order.reference} is cancelled." in stay
    assert "The key is under the stone." not in seen(client, order)


def test_tax_to_be_paid_on_site_is_told(client: Client, bank: FakeBank):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week(provider=factories.a_provider(is_professional=True)))
    order = paid_order(basket, bank)
    client.get(link(order))

    assert "Tourist tax, paid on site" in seen(client, order)
    assert "€15.40" in seen(client, order)


# --- The receipt ------------------------------------------------------------------------------
def test_receipt_adds_up_by_rate_with_the_tax_apart(
    client: Client, order: Order, django_assert_max_num_queries
):
    with django_assert_max_num_queries(30):
        page = seen(client, order, "receipt")

    # The gîte is exempt; the three others bear 10 % in their 288 euros.
    assert "Not subject to VAT" in page
    assert "10 %" in page
    gross = Decimal("96.00") * 3
    nets = sum((line.net_amount for line in order.lines.exclude(kind="lodging")), Decimal(0))
    assert f"€{nets}" in page
    assert f"€{gross - nets}" in page
    assert "€1,048.00" in page  # services
    assert "€15.40" in page  # tourist tax
    assert "€1,063.40" in page
    assert "paid on Tuesday 6 April 2027" in page
    for line in order.lines.select_related("sub_order__provider"):
        assert f"Provided by {line.sub_order.provider.name}" in page
    assert "7 nights at €100" in page


def test_receipt_tells_what_was_given_back(client: Client, order: Order):
    cancel(order, "workshop")

    page = seen(client, order, "receipt")

    assert "Given back" in page
    assert "€96.00 being given back" in page


def test_receipt_says_what_is_left_paid_and_its_vat(client: Client, order: Order):
    assert "once that is given back" not in seen(client, order, "receipt")
    cancel(order, "workshop")

    page = seen(client, order, "receipt")

    left = page.partition("Paid, less what is given back")[2]
    assert "€967.40" in left.partition("</tr>")[0]
    rates = left.partition("VAT, once that is given back")[2].partition("</table>")[0]
    # Two of three evenings at 10 %, the nights whole, without their tourist tax.
    assert "€192.00" in rates
    assert "€760.00" in rates

    # Half of the third comes back: the other half bears its VAT.
    Refund.objects.update(amount=Decimal("48.01"))
    rows = {row.label: row for row in kept_vat_rows(sold_lines(order, now=NOW))}
    assert rows["10 %"].gross == Decimal("239.99")
    assert rows["10 %"].net + rows["10 %"].vat == rows["10 %"].gross
    assert abs(rows["10 %"].vat - rows["10 %"].gross / 11) < Decimal("0.03")


def test_nobody_is_expected_where_the_bed_is_cancelled(client: Client, order: Order):
    assert "You are expected." in seen(client, order)
    cancel(order, "meal")
    assert "You are expected." in seen(client, order)

    cancel(order, "lodging")

    assert "First stitches of lace" in seen(client, order)
    assert "You are expected." not in seen(client, order)


def test_pieces_are_said_with_their_name(client: Client, bank: FakeBank):
    box = factories.a_produce(title_en="Farm basket")
    slot = factories.a_slot(box, NOW.date() + timedelta(days=90))
    basket = carry(client, factories.a_basket())
    add_to_basket(basket, LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=3), now=NOW)
    order = paid_order(basket, bank)
    client.get(link(order))

    for name in ("trip", "receipt"):
        assert "Le panier × 3" in seen(client, order, name)
    for message in OutboxMessage.objects.filter(order=order):
        assert "Le panier × 3" in compose(message).body


# --- The calendar -----------------------------------------------------------------------------
def read_calendar(client: Client, order: Order) -> Calendar:
    answer = client.get(address("booking:trip-ics", order.reference))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert order.reference in answer["Content-Disposition"]
    return Calendar.from_ical(answer.content)


def test_calendar_holds_each_line_in_the_time_of_paris(client: Client, order: Order):
    calendar = read_calendar(client, order)

    zones = calendar.walk("VTIMEZONE")
    assert [str(zone["TZID"]) for zone in zones] == ["Europe/Paris"]
    events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    gite = events["The Narces Cottage"]
    assert gite["DTSTART"].params["TZID"] == "Europe/Paris"
    assert gite.decoded("DTSTART").isoformat() == "2027-07-10T15:00:00+02:00"
    assert gite.decoded("DTEND").isoformat() == "2027-07-17T10:00:00+02:00"
    assert str(gite["LOCATION"]) == "Les Estables"
    assert events["Choir and great organ"].decoded("DTSTART").hour == 21
    # It may be shared: nobody of the party is named in it.
    raw = calendar.to_ical().decode()
    assert "Dupont" not in raw
    assert "Prénomp" not in raw


def test_calendar_says_hosts_and_phones_as_its_reader_does(client: Client, order: Order):
    said = [str(one["description"]) for one in read_calendar(client, order).walk("VEVENT")]

    assert said
    for text in said:
        assert "Anne and Joël, phone +33\u00a04 00 00 00 00" in text


def test_hosts_nobody_wrote_to_are_not_printed(client: Client, order: Order):
    section = r'<section class="([^"]*)" aria-labelledby="talks">'

    page = seen(client, order)
    assert re.findall(section, page) == ["stack no-print"]

    house = order.lines.get(kind="lodging").sub_order.provider
    write_to_host(order, house, "We come late.", now=NOW)
    page = seen(client, order)
    assert re.findall(section, page) == ["stack"]
    assert page.count('class="box box--flat stack"') == 1


def test_calendar_keeps_its_names_and_says_what_is_cancelled(client: Client, order: Order):
    before = {str(event["UID"]) for event in read_calendar(client, order).walk("VEVENT")}
    cancel(order, "workshop")

    events = read_calendar(client, order).walk("VEVENT")

    assert {str(event["UID"]) for event in events} == before
    states = {str(event["SUMMARY"]): str(event["STATUS"]) for event in events}
    assert states["First stitches of lace"] == "CANCELLED"
    assert states["The Narces Cottage"] == "CONFIRMED"


def test_options_that_were_bought_stand_on_their_line(client: Client, bank: FakeBank):
    basket = carry(client, factories.a_basket())
    offer = a_week()
    linen(offer)
    hold_week(basket, offer, options=(OptionChoice("draps", 2),))
    order = paid_order(basket, bank)
    client.get(link(order))

    page = seen(client, order)

    assert "<dt>Options</dt><dd>Draps × 2</dd>" in page
    assert "Options: Draps × 2" in page
    mail = compose(OutboxMessage.objects.get(kind="order_confirmed"))
    html = str(mail.alternatives[0].content)
    for text in (mail.body, html):
        assert "Options" in text
        assert "Draps × 2" in text
        assert "Ménage" not in text
