"""Nobody came: noted after the hour, taken back within two days, told to guest and office."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.urls import reverse

from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.models import Order, OutboxMessage, Payout, Refund
from booking.no_shows import UNDO, note_no_show, take_no_show_back
from booking.refusals import Refusal
from members.journal import SYSTEM
from members.models import Entry
from oti.lib.dates import at_paris
from tests.booking.pages import body, paid_stay
from tests.booking.test_page_bookings import host_of
from tests.cast import NOW, SATURDAY, FakeBank

pytestmark = pytest.mark.django_db
LATE = timedelta(hours=2)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    order = paid_stay(bank)
    OutboxMessage.objects.all().delete()
    return order


def test_line_becomes_a_no_show_and_all_are_told(order: Order):
    line = order.lines.get(kind="workshop")
    owed = Payout.objects.get(sub_order=line.sub_order).amount
    moment = line.starts_at + LATE

    note_no_show(line, actor=SYSTEM, now=moment)

    line.refresh_from_db()
    assert (line.state, line.no_show_at) == ("no_show", moment)
    told = dict(OutboxMessage.objects.values_list("recipient", "kind"))
    assert told == {order.email: "no_show", settings.OFFICE["email"]: "no_show_office"}
    # The price stays due.
    assert not Refund.objects.exists()
    assert Payout.objects.get(sub_order=line.sub_order).amount == owed
    entry = Entry.objects.get(verb="no-show noted")
    assert (entry.subject, entry.data["line"]) == (f"order:{order.reference}", line.pk)


def test_mail_is_kind_and_says_whom_to_call(order: Order):
    line = order.lines.get(kind="workshop")
    note_no_show(line, actor=SYSTEM, now=line.starts_at)

    mail = compose(OutboxMessage.objects.get(kind="no_show"))

    assert order.reference in mail.subject
    assert "Claire, " in mail.body
    assert settings.OFFICE["phone"] in mail.body
    assert order.access_token in mail.body


@pytest.mark.parametrize(
    ("kind", "announced", "too_early"),
    [
        ("workshop", None, at_paris(date(2027, 7, 12), time(13, 59))),
        ("lodging", None, at_paris(SATURDAY, time(14, 59))),
        # They said that they would arrive late.
        ("lodging", time(21, 30), at_paris(SATURDAY, time(21, 29))),
    ],
)
def test_who_may_still_be_on_the_way_is_no_no_show(order: Order, kind, announced, too_early):
    Order.objects.filter(pk=order.pk).update(arrival_time=announced)
    line = order.lines.get(kind=kind)
    line.order.refresh_from_db()

    with pytest.raises(Refusal) as error:
        note_no_show(line, actor=SYSTEM, now=too_early)

    assert error.value.code == "no_show_too_early"
    note_no_show(line, actor=SYSTEM, now=too_early + timedelta(hours=3))


def test_a_week_later_it_is_too_late(order: Order):
    line = order.lines.get(kind="workshop")

    with pytest.raises(Refusal) as error:
        note_no_show(line, actor=SYSTEM, now=line.ends_at + timedelta(days=7, seconds=1))

    assert error.value.code == "no_show_too_late"


def test_it_is_taken_back_within_two_days_and_noted_again(order: Order):
    line = order.lines.get(kind="workshop")
    moment = line.starts_at
    note_no_show(line, actor=SYSTEM, now=moment)
    take_no_show_back(line, actor=SYSTEM, now=moment + UNDO)

    line.refresh_from_db()
    assert (line.state, line.no_show_at) == ("sold", None)
    mails = [compose(one) for one in OutboxMessage.objects.filter(kind="no_show").order_by("pk")]
    assert len(mails) == 2
    note_no_show(line, actor=SYSTEM, now=moment + UNDO)
    assert OutboxMessage.objects.filter(kind="no_show").count() == 3
    with pytest.raises(Refusal) as error:
        take_no_show_back(line, actor=SYSTEM, now=moment + 2 * UNDO + timedelta(seconds=1))
    assert error.value.code == "no_show_settled"


def test_twice_is_refused_and_tells_once(order: Order):
    line = order.lines.get(kind="workshop")
    note_no_show(line, actor=SYSTEM, now=line.starts_at)

    with pytest.raises(Refusal) as error:
        note_no_show(line, actor=SYSTEM, now=line.starts_at)

    assert error.value.code == "wrong_state"
    assert OutboxMessage.objects.count() == 2


def test_cancelling_the_rest_leaves_the_order_of_which_a_part_took_place(order: Order):
    line = order.lines.get(kind="lodging")
    note_no_show(line, actor=SYSTEM, now=line.starts_at)
    rest = list(order.lines.filter(state="sold").values_list("pk", flat=True))

    cancel_lines(order, rest, basis="full", reason="Orage", actor=SYSTEM, now=line.starts_at)

    order.refresh_from_db()
    assert order.state == "confirmed"
    share = Payout.objects.get(sub_order=line.sub_order)
    assert (share.amount, share.state) == (Decimal("760.00"), "due")


# --- The page ------------------------------------------------------------------------------------
def test_page_says_what_it_means_then_notes_it(order: Order, at):
    line = order.lines.get(kind="workshop")
    at(line.starts_at + LATE)
    host = host_of(order, "workshop")
    page = reverse("extranet-no-show", args=[line.pk])
    booking = reverse("extranet-booking", args=[order.reference])

    assert page in body(host.get(booking))
    told = body(host.get(page))
    assert "Nothing is given back: the price of €96.00 stays due" in told
    assert "You can take it back for 48 hours." in told
    answer = host.post(page, follow=True)

    assert answer.redirect_chain == [(booking, 303)]
    assert "Nobody came: First stitches of lace" in body(answer)
    assert "They came after all" in body(answer)
    assert "Take it back" in body(host.get(page))
    assert "They came after all: First stitches" in body(
        host.post(page, {"undo": "1"}, follow=True)
    )


def test_page_before_the_hour_says_when(order: Order, at):
    line = order.lines.get(kind="workshop")
    at(NOW)
    host = host_of(order, "workshop")
    page = reverse("extranet-no-show", args=[line.pk])

    assert "from Monday 12 July, 2 pm on" in body(host.get(page))
    answer = host.post(page, follow=True)
    assert "they may still be on their way" in body(answer)
    line.refresh_from_db()
    assert line.state == "sold"


def test_another_host_finds_nothing(order: Order, at):
    at(at_paris(SATURDAY, time(23)))
    line = order.lines.get(kind="lodging")
    for stranger in (host_of(order, "workshop"), host_of(order, "meal")):
        assert stranger.post(reverse("extranet-no-show", args=[line.pk])).status_code == 404
    line.refresh_from_db()
    assert line.state == "sold"
