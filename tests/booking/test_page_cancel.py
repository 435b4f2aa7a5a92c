"""A guest cancels what it bought: the sums, the code by mail, what is refused (E03 to E05, C11)."""

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import checkout
from booking.basket import add_to_basket
from booking.called_off import call_off_dates
from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.gateways.base import RefundRequest
from booking.host_refunds import refund_line
from booking.models import Order, OutboxMessage, Refund, Slot, Stay
from booking.own_cancelling import cancel_own
from booking.payment import pursue_refund
from booking.views import cancelling
from booking.wishes import LineRequest
from members import mail_codes
from members.journal import SYSTEM
from members.models import Entry
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import DUPONT, address, body, hold_week, paid_stay
from tests.cast import NOW, SATURDAY, FakeBank, order_from, paid_order
from tests.members.factors import mailed_code

pytestmark = pytest.mark.django_db

# A rung of the gîte's ladder: a half comes back from here on.
LATE = datetime(2027, 7, 5, 10, tzinfo=PARIS)
WRONG = {"code": "AAAA-AAAA"}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(client: Client, bank: FakeBank) -> Order:
    """Give the Duponts' paid order, whose link this client followed."""
    order = paid_stay(bank)
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")
    return order


def page_of(order: Order) -> str:
    return address("booking:trip-cancel", order.reference)


def lines_of(order: Order, *kinds: str) -> list[int]:
    return list(order.lines.filter(kind__in=kinds).values_list("pk", flat=True))


def choose(client: Client, order: Order, ids: Collection[object]) -> HttpResponse:
    return client.post(page_of(order), {"line": list(ids)})


def confirm(
    client: Client, order: Order, ids: Collection[object], agreed: str, **fields: str
) -> HttpResponse:
    return client.post(
        page_of(order), {"line": list(ids), "agreed": agreed, "confirm": "1", **fields}
    )


def agreed_on(page: HttpResponse) -> str:
    found = re.search(r'name="agreed" value="([0-9.]+)"', page.content.decode())
    assert found is not None
    return found[1]


def nothing_is_cancelled(order: Order) -> bool:
    return set(order.lines.values_list("state", flat=True)) == {"sold"} and not Refund.objects.all()


def test_what_is_called_off_is_said_before_anything_is_asked(client: Client, order: Order):
    [workshop] = order.lines.filter(kind="workshop")
    [bed] = lines_of(order, "lodging")
    assert workshop.slot is not None
    call_off_dates([workshop.slot], reason="Orage", by="office", actor=SYSTEM, now=NOW)

    page = body(client.get(page_of(order)))
    assert "comes back by itself" in page
    assert f'name="line" value="{workshop.pk}" disabled' in page
    assert f'name="line" value="{bed}">' in page
    assert "comes back by itself" in body(client.get(choose(client, order, [workshop.pk]).url))
    assert nothing_is_cancelled(order)


# --- The way -------------------------------------------------------------------------------------
def test_a_bed_is_cancelled_with_the_code_of_the_mail(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    [bed] = lines_of(order, "lodging")
    OutboxMessage.objects.all().delete()
    first = body(client.get(page_of(order)))
    assert "Le Gîte des Narces" in first or "The Narces Cottage" in first
    assert "€775.40" in first

    led = choose(client, order, [bed])
    assert (led.status_code, mailoutbox[-1].to) == (303, [order.email])
    assert order.reference in mailoutbox[-1].subject
    seen = client.get(led.url)
    assert "Cancel and get €775.40 back" in body(seen)
    assert "c…@example.org" in body(seen)
    assert order.email not in body(seen)

    done = confirm(
        client,
        order,
        [bed],
        agreed_on(seen),
        code=mailed_code(mailoutbox),
        reason="Malade",
    )

    assert done.url == address("booking:trip", order.reference)
    assert "€775.40 goes back to the card that paid" in body(client.get(done.url))
    refund = Refund.objects.get()
    # 760 of the price, and the tax of nights that are not spent (domain.md §1.1.12).
    assert (refund.line_id, refund.amount) == (bed, Decimal("775.40"))
    assert Stay.objects.get().state == "cancelled"
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert set(OutboxMessage.objects.values_list("kind", flat=True)) == {
        "lines_cancelled",
        "provider_cancelled",
    }
    told = Entry.objects.get(verb="line cancelled")
    assert (told.actor_label, told.data["basis"], told.data["reason"]) == (
        "visitor",
        "policy",
        "Malade",
    )


def test_all_of_it_goes_at_once_and_a_word_is_not_needed(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    ids = [line.pk for line in order.lines.all()]
    seen = client.get(choose(client, order, ids).url)
    assert "Cancel your whole stay?" in body(seen)

    confirm(client, order, ids, agreed_on(seen), code=mailed_code(mailoutbox))

    order.refresh_from_db()
    assert order.state == "cancelled"
    assert sum(Refund.objects.values_list("amount", flat=True)) == Decimal(agreed_on(seen))
    assert set(Slot.objects.values_list("sold", flat=True)) == {0}
    gone = body(client.get(page_of(order)))
    assert "already cancelled" in gone
    assert 'type="checkbox"' not in gone


def test_what_a_guest_writes_is_told_to_the_office_alone(
    client: Client,
    order: Order,
    bank: FakeBank,
    mailoutbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
):
    asked: list[RefundRequest] = []
    gives = bank.refund
    monkeypatch.setattr(bank, "refund", lambda one: asked.append(one) or gives(one))
    ids = lines_of(order, "meal")
    seen = client.get(choose(client, order, ids).url)
    code = mailed_code(mailoutbox)
    confirm(client, order, ids, agreed_on(seen), code=code, reason="Opération du dos")

    pursue_refund(Refund.objects.get().pk, now=NOW)

    assert [one.amount_cents for one in asked] == [9600]
    assert "dos" not in asked[0].reason_text
    assert "dos" not in str(OutboxMessage.objects.get(kind="provider_cancelled").data)
    assert Entry.objects.get(verb="line cancelled").data["reason"] == "Opération du dos"


def test_the_code_is_asked_for_once_in_half_an_hour(
    client: Client, order: Order, mailoutbox: list[EmailMessage], at
):
    [meal] = lines_of(order, "meal")
    [evening] = lines_of(order, "event_ticket")
    seen = client.get(choose(client, order, [meal]).url)
    confirm(client, order, [meal], agreed_on(seen), code=mailed_code(mailoutbox))
    assert len(mailoutbox) == 1

    seen = client.get(choose(client, order, [evening]).url)
    assert 'name="code"' not in seen.content.decode()
    at(NOW + timedelta(minutes=31))
    assert confirm(client, order, [evening], agreed_on(seen)).status_code == 422

    choose(client, order, [evening])
    assert len(mailoutbox) == 2


def test_the_trip_leads_there_from_each_line_that_can_be_cancelled(client: Client, order: Order):
    trip = client.get(address("booking:trip", order.reference)).content.decode()
    for line in order.lines.all():
        assert f'{page_of(order)}?line={line.pk}&amp;see=1"' in trip
    assert f'href="{page_of(order)}"' in trip


def test_the_trip_leads_to_the_sum_of_one_line_before_any_code_is_sent(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    [meal] = lines_of(order, "meal")
    seen = body(client.get(page_of(order), {"line": meal, "see": "1"}))
    assert "Cancel this?" in seen
    assert "Send me the code" in seen
    assert not mailoutbox
    led = choose(client, order, [meal])
    assert "Another code" not in body(client.get(led.url))
    assert len(mailoutbox) == 1


def test_all_of_it_is_chosen_with_one_press(client: Client, order: Order):
    assert 'name="all"' in client.get(page_of(order)).content.decode()
    led = client.post(page_of(order), {"all": "1"})
    assert "Cancel your whole stay?" in body(client.get(led.url))
    assert nothing_is_cancelled(order)


def test_a_line_of_the_trip_is_ticked(client: Client, order: Order):
    [meal] = lines_of(order, "meal")
    page = client.get(f"{page_of(order)}?line={meal}").content.decode()
    assert page.count(" checked") == 1
    assert re.search(rf'value="{meal}" checked', page)


# --- What else stands there ----------------------------------------------------------------------
def test_what_was_booked_around_the_bed_stays_and_is_proposed(client: Client, order: Order):
    [bed] = lines_of(order, "lodging")
    seen = body(client.get(choose(client, order, [bed]).url))
    assert "These stay booked:" in seen
    for title in ("First stitches of lace", "Choir and great organ", "Solange’s table"):
        assert title in seen
    [every] = re.findall(r'btn--sm" href="([^"]*see=1)"', seen)
    whole = body(client.get(every))
    assert "Cancel your whole stay?" in whole
    assert "stay booked" not in whole


def test_a_dinner_alone_proposes_nothing_else(client: Client, order: Order):
    seen = body(client.get(choose(client, order, lines_of(order, "meal")).url))
    assert "stay booked" not in seen
    assert "stays booked" not in seen


def test_childcare_that_nothing_needs_any_more_is_proposed(client: Client, bank: FakeBank):
    basket = factories.a_basket(None, None, 5, 10)
    dinner = factories.an_activity(kind="meal", min_age=18, child=None, title="Table de Solange")
    care = factories.a_childcare()
    for offer, hour, people in ((dinner, time(19, 30), ("p1", "p2")), (care, time(19), ("p3",))):
        slot = factories.a_slot(offer, SATURDAY, hour, capacity=40)
        request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, people=people)
        add_to_basket(basket, request, now=NOW)
    order = paid_order(basket, bank)
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")

    seen = body(client.get(choose(client, order, lines_of(order, "meal")).url))

    assert "This stays booked:" in seen
    assert "Cancel it too" in seen


# --- Some of a party -----------------------------------------------------------------------------
def people_of(order: Order, kind: str) -> list[str]:
    """Return how the page names each participant of a line."""
    [line] = order.lines.filter(kind=kind)
    return [f"{line.pk}-{one.pk}" for one in line.participants.order_by("pk")]


def test_one_of_four_no_longer_comes(client: Client, order: Order, mailoutbox: list[EmailMessage]):
    _first, second, *_children = people_of(order, "meal")
    page = body(client.get(page_of(order)))
    assert f'value="{second}"' in page
    led = client.post(page_of(order), {"who": [second]})
    seen = client.get(led.url)
    assert "only" in body(seen)
    assert agreed_on(seen) == "32.00"

    confirm(client, order, [], "32.00", code=mailed_code(mailoutbox), who=second)

    sold = order.lines.get(kind="meal", state="sold")
    gone = order.lines.get(kind="meal", state="cancelled")
    assert (sold.participants.count(), gone.participants.count()) == (3, 1)
    assert Refund.objects.get().amount == Decimal(32)
    trip = body(client.get(address("booking:trip", order.reference)))
    assert "€32.00 being given back" in trip
    told = OutboxMessage.objects.get(kind="provider_cancelled")
    told.language = "en"
    mail = compose(told, now=NOW)
    assert "Fewer people" in mail.subject
    assert "comes with fewer people" in str(mail.body)
    # What is left of it is cancelled like any other thing.
    seen = client.get(choose(client, order, [sold.pk]).url)
    assert confirm(client, order, [sold.pk], agreed_on(seen)).status_code == 303
    assert sum(Refund.objects.values_list("amount", flat=True)) == Decimal(96)


def test_all_of_a_party_is_the_whole_line(client: Client, order: Order):
    led = client.post(page_of(order), {"who": people_of(order, "meal")})
    assert f"line={lines_of(order, 'meal')[0]}" in led.url
    assert "who=" not in led.url


def test_a_ticked_line_goes_whole_whoever_is_named(client: Client, order: Order):
    one = people_of(order, "meal")[1]
    led = client.post(page_of(order), {"line": lines_of(order, "meal"), "who": [one]})
    assert "who=" not in led.url


def test_children_are_not_left_alone(client: Client, order: Order):
    page = client.post(page_of(order), {"who": people_of(order, "meal")[:2]})
    assert page.status_code == 422
    assert "can't be cancelled for some of you alone" in body(page)
    # What was ticked is still there.
    assert page.content.decode().count(" checked") == 2


@pytest.mark.parametrize("written", ["{line}-0", "{line}-", "{line}-é", "{line}"])
def test_who_is_nobody_of_the_line_is_told(client: Client, order: Order, written: str):
    [meal] = lines_of(order, "meal")
    page = client.post(page_of(order), {"who": written.format(line=meal)})
    assert page.status_code == 422
    assert nothing_is_cancelled(order)


@pytest.mark.parametrize("written", ["0-1", "x-y", "-", "", "9" * 40])
def test_who_is_of_no_line_cancels_nothing(client: Client, order: Order, written: str):
    answer = client.post(page_of(order), {"who": written})
    assert (answer.status_code, answer.url) == (303, address("booking:trip", order.reference))
    assert nothing_is_cancelled(order)


# --- Who may -------------------------------------------------------------------------------------
def test_the_link_alone_cancels_nothing(client: Client, order: Order):
    ids = lines_of(order, "meal")
    page = confirm(client, order, ids, "96.00")
    assert page.status_code == 422
    assert "have another one sent." in body(page)
    assert 'href="#id_code"' not in page.content.decode()
    assert nothing_is_cancelled(order)


@pytest.mark.parametrize("code", ["AAAA-AAAA", " ", "é" * 40, "0" * 5_000, "\x00"])
def test_a_wrong_code_is_told_beside_its_field_and_the_word_is_kept(
    client: Client, order: Order, code: str, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    seen = client.get(choose(client, order, ids).url)
    page = confirm(client, order, ids, agreed_on(seen), code=code, reason="Plus envie")
    assert page.status_code == 422
    assert page.context["form"].errors["code"]
    assert "Plus envie" in body(page)
    assert nothing_is_cancelled(order)


def test_after_three_wrong_codes_another_one_is_needed(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    code = mailed_code(mailoutbox)
    for _try in range(mail_codes.MOST_TRIES):
        page = confirm(client, order, ids, agreed, reason="Plus envie", **WRONG)
    # The field is gone: what is wrong leads to none, and the word goes along.
    assert "have another one sent." in body(page)
    assert 'href="#id_code"' not in page.content.decode()
    assert 'name="reason" value="Plus envie"' in page.content.decode()
    page = confirm(client, order, ids, agreed, code=code, reason="Plus envie")
    assert page.status_code == 422
    assert "Send me the code" in body(page)

    led = client.post(page_of(order), {"line": ids, "again": "1", "reason": "Plus envie"})
    assert "Plus envie" in body(client.get(led.url))
    assert confirm(client, order, ids, agreed, code=mailed_code(mailoutbox)).status_code == 303


def test_the_code_of_one_order_serves_no_other(
    client: Client, order: Order, bank: FakeBank, mailoutbox: list[EmailMessage]
):
    basket = factories.a_basket()
    hold_week(basket, factories.a_lodging(title="La Grange", now=NOW))
    other = paid_order(basket, bank)
    client.get(f"{address('booking:trip', other.reference)}?cle={other.access_token}")
    choose(client, order, lines_of(order, "meal"))
    code = mailed_code(mailoutbox)

    ids = lines_of(other, "lodging")
    page = confirm(client, other, ids, "1", code=code)

    assert page.status_code == 422
    assert nothing_is_cancelled(other)


def test_codes_are_not_sent_without_end(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    for _press in range(mail_codes.MOST_CODES + 2):
        led = client.post(page_of(order), {"line": ids, "again": "1"})
    assert len(mailoutbox) == mail_codes.MOST_CODES
    assert "Several codes went there already" in body(client.get(led.url))


def test_while_mail_is_away_the_page_says_so(client: Client, order: Order, monkeypatch):
    def away(*_args: object, **_fields: object) -> None:
        raise OSError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", away)
    seen = body(client.get(choose(client, order, lines_of(order, "meal")).url))
    assert "Our mail is away" in seen
    assert "Send me the code" in seen
    assert "A code is on its way" not in seen


def test_the_office_looks_and_cancels_at_its_desk(order: Order):
    office = Client()
    office.force_login(factories.a_user(is_superuser=True, is_staff=True))
    ids = lines_of(order, "meal")
    assert office.get(page_of(order)).status_code == 200
    assert choose(office, order, ids).status_code == 404
    assert confirm(office, order, ids, "96.00").status_code == 404
    assert choose(Client(), order, ids).status_code == 404


# --- What is refused -----------------------------------------------------------------------------
def test_a_rung_that_passes_meanwhile_is_told_with_the_new_sum(
    client: Client, order: Order, mailoutbox: list[EmailMessage], at
):
    ids = lines_of(order, "lodging")
    at(LATE - timedelta(days=10))
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    at(LATE)
    client.post(page_of(order), {"line": ids, "again": "1"})

    page = confirm(client, order, ids, agreed, code=mailed_code(mailoutbox))

    assert page.status_code == 409
    assert "it is €395.40 now. Nothing is cancelled yet." in body(page)
    assert nothing_is_cancelled(order)
    assert confirm(client, order, ids, agreed_on(page)).status_code == 303
    assert Refund.objects.get().amount == Decimal("395.40")


def test_a_refund_by_the_host_in_the_same_second_shows_the_sum_that_is_left(
    client: Client, order: Order, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
):
    ids = lines_of(order, "meal")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    [meal] = order.lines.filter(pk__in=ids)

    def late(*args: Any, **fields: Any) -> Decimal:
        refund_line(
            meal, Decimal(16), shown_left=Decimal(96), reason="Geste", actor=SYSTEM, now=NOW
        )
        return cancel_own(*args, **fields)

    monkeypatch.setattr(cancelling, "cancel_own", late)
    page = confirm(client, order, ids, agreed, code=mailed_code(mailoutbox))
    assert page.status_code == 409
    assert "it is €80.00 now. Nothing is cancelled yet." in body(page)
    assert "Cancel and get €80.00 back" in body(page)

    monkeypatch.setattr(cancelling, "cancel_own", cancel_own)
    assert confirm(client, order, ids, agreed_on(page)).status_code == 303
    assert sum(Refund.objects.values_list("amount", flat=True)) == 96


def test_what_has_begun_is_not_cancelled_here(client: Client, order: Order, at):
    ids = lines_of(order, "lodging")
    at(datetime(2027, 7, 11, 10, tzinfo=PARIS))
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")
    page = client.get(page_of(order))
    assert "This has begun: call your host" in body(page)
    assert re.search(rf'value="{ids[0]}" disabled', page.content.decode())
    trip = client.get(address("booking:trip", order.reference)).content.decode()
    assert f"?line={ids[0]}" not in trip

    answer = client.post(page_of(order), {"line": ids}, follow=True)

    assert "This has begun" in body(answer)
    assert nothing_is_cancelled(order)


def test_a_contested_payment_is_the_offices(client: Client, order: Order):
    order.payments.update(disputed_at=NOW)
    ids = lines_of(order, "meal")
    page = body(client.get(page_of(order)))
    assert "asked to take the payment of this stay back" in page
    assert "See what comes back" not in page
    assert choose(client, order, ids).url == address("booking:trip", order.reference)
    assert nothing_is_cancelled(order)


def test_what_is_paid_on_site_is_cancelled_with_the_host(client: Client, order: Order):
    Order.objects.update(channel=Order.Channel.COUNTER)
    assert "This is paid at your host’s" in body(client.get(page_of(order)))
    choose(client, order, lines_of(order, "meal"))
    assert nothing_is_cancelled(order)


def test_a_fee_that_is_kept_is_told_with_the_sum(client: Client, order: Order):
    [meal] = lines_of(order, "meal")
    policy = {"steps": [{"hours_before": 24, "percent": 100}], "flat_fee": "2"}
    order.lines.filter(pk=meal).update(policy=policy)
    seen = body(client.get(page_of(order), {"line": meal, "see": "1"}))
    assert "100% of the price comes back, less a fee of €2.00." in seen
    assert "comes back whole" not in seen


def test_nothing_chosen_is_told_beside_the_choice(client: Client, order: Order):
    page = choose(client, order, [])
    assert page.status_code == 422
    assert body(page).count("Choose what you want to cancel.") == 2


@pytest.mark.parametrize("written", ["é", "-1", "9" * 30, "1.5", "", "²", "0", "1; DROP TABLE"])
def test_lines_that_are_none_cancel_nothing(client: Client, order: Order, written: str):
    [meal] = lines_of(order, "meal")
    for answer in (
        choose(client, order, [meal, written]),
        confirm(client, order, [meal, written], "96.00", **WRONG),
        client.get(page_of(order), {"line": [written], "see": "1"}),
    ):
        assert (answer.status_code, answer.url) == (303, address("booking:trip", order.reference))
    assert client.get(page_of(order), {"line": written}).status_code == 200
    assert nothing_is_cancelled(order)


@pytest.mark.parametrize("agreed", ["", "NaN", "-96", "96,00", "1e3", "96.000", "9" * 40, "é"])
def test_a_sum_that_was_never_shown_cancels_nothing(
    client: Client, order: Order, agreed: str, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    choose(client, order, ids)
    page = confirm(client, order, ids, agreed, code=mailed_code(mailoutbox))
    assert page.status_code == 409
    assert nothing_is_cancelled(order)
    # The code was right: it isn't asked for again.
    assert confirm(client, order, ids, agreed_on(page)).status_code == 303


def test_a_long_word_is_told_and_the_code_is_not_asked_again(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    page = confirm(client, order, ids, agreed, code=mailed_code(mailoutbox), reason="x" * 201)
    assert page.status_code == 422
    assert "Shorten it to 200 signs." in body(page)
    assert "x" * 201 in body(page)
    assert confirm(client, order, ids, agreed, reason="x" * 200).status_code == 303


def test_a_second_press_finds_it_done(client: Client, order: Order, mailoutbox: list[EmailMessage]):
    ids = lines_of(order, "meal")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    confirm(client, order, ids, agreed, code=mailed_code(mailoutbox))
    again = confirm(client, order, ids, agreed)
    assert again.url == address("booking:trip", order.reference)
    assert "already cancelled" in body(client.get(again.url))
    assert Refund.objects.count() == 1


def test_what_the_office_cancelled_meanwhile_is_told(
    client: Client, order: Order, mailoutbox: list[EmailMessage]
):
    ids = lines_of(order, "meal")
    agreed = agreed_on(client.get(choose(client, order, ids).url))
    cancel_lines(order, ids, basis="full", reason="Four en panne", actor=SYSTEM, now=NOW)
    answer = confirm(client, order, ids, agreed, code=mailed_code(mailoutbox))
    assert "already cancelled" in body(client.get(answer.url))
    assert Refund.objects.count() == 1


def test_an_order_that_was_never_paid_leads_to_its_page(client: Client, order: Order):
    Order.objects.update(state="expired")
    assert client.get(page_of(order)).url == address("booking:trip", order.reference)


def test_a_free_registration_gives_its_places_back(
    client: Client, bank: FakeBank, mailoutbox: list[EmailMessage]
):
    offer = factories.an_activity(kind="registration", title="Visite libre", adult="0", child="0")
    slot = factories.a_slot(offer, date(2027, 7, 12))
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=DUPONT), now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")
    ids = lines_of(order, "registration")
    assert "free of charge" in body(client.get(page_of(order)))
    seen = client.get(choose(client, order, ids).url)
    confirm(client, order, ids, agreed_on(seen), code=mailed_code(mailoutbox))
    slot.refresh_from_db()
    order.refresh_from_db()
    assert (slot.sold, order.state, Refund.objects.count()) == (0, "cancelled", 0)
    assert "nothing comes back" not in body(seen)
    for kind in ("lines_cancelled", "provider_cancelled"):
        message = OutboxMessage.objects.get(kind=kind)
        message.language = "en"
        assert "It was free of charge." in str(compose(message, now=NOW).body)


def test_pages_ask_the_database_a_bounded_number_of_times(client: Client, order: Order):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(page_of(order))
    assert len(asked) <= 15
    led = choose(client, order, lines_of(order, "lodging"))
    with CaptureQueriesContext(connection) as asked:
        client.get(led.url)
    assert len(asked) <= 16
