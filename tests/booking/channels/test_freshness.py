"""Other platforms are asked again before nights are held and ordered; silence isn't sold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client

from booking import availability, checkout, request_rounds, requests
from booking import basket as baskets
from booking.channels import freshness
from booking.channels.freshness import stale_units
from booking.channels.sync import import_feed
from booking.emails import compose
from booking.models import Basket, Feed, FeedEvent, Offer, Order, OutboxMessage, Stay, Unit
from booking.refusals import Busy, Unavailable, trouble
from oti.lib.http import FetchFailed
from oti.lib.public_hosts import Reason
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.booking.requesting import a_request, accepted
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
TAKEN = calendar(whole("20270714", "20270720"))
FREE = calendar(whole("20270901", "20270902"))
DAY = timedelta(days=1)


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def feed(unit: Unit) -> Feed:
    return factories.a_feed(unit, last_good_at=NOW - timedelta(minutes=6))


def request(unit: Unit) -> baskets.LineRequest:
    return baskets.LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )


def held(unit: Unit) -> Basket:
    basket = factories.a_basket()
    baskets.add_to_basket(basket, request(unit), now=NOW)
    return basket


def test_nights_booked_elsewhere_since_the_last_reading_arent_held(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(TAKEN)

    with pytest.raises(Unavailable) as refused:
        held(unit)

    assert refused.value.code == "gone"
    assert platform.asked[0]["total_seconds"] == freshness.BUDGET_SECONDS
    assert not Stay.objects.filter(state=Stay.State.HELD).exists()


def test_what_was_read_a_moment_ago_isnt_read_again(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    Feed.objects.update(last_good_at=NOW - timedelta(minutes=4))

    held(unit)

    assert platform.asked == []


def test_nights_booked_elsewhere_while_they_were_held_arent_ordered(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(FREE)
    basket = held(unit)
    Feed.objects.update(last_good_at=NOW - timedelta(minutes=6), last_tried_at=None)
    platform.says(TAKEN)

    with pytest.raises(Unavailable) as refused:
        order_from(basket)

    assert refused.value.code == "gone"
    assert not Order.objects.exists()


def test_a_platform_that_doesnt_answer_keeps_nobody_from_booking(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    basket = held(unit)

    assert order_from(basket).lines.get().unit == unit
    # Asked at the hold; the order comes within the same minute.
    assert len(platform.asked) == 1
    feed.refresh_from_db()
    assert feed.problem == "unreachable"


def test_a_fault_that_nobody_foresaw_keeps_nobody_from_booking(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(error=RuntimeError("https://secret.example/"))

    held(unit)

    feed.refresh_from_db()
    assert feed.problem == "odd_answer"


def test_visitors_dont_put_off_the_reading_of_a_slow_platform(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    """It answers in five seconds: in time for the background, too late for who waits."""
    platform.says(calendar(whole("20270901", "20270902"), whole("20271001", "", "UID:b")))
    import_feed(feed, now=NOW)
    platform.says(FREE)
    import_feed(feed, now=NOW + timedelta(minutes=1))
    gap = FeedEvent.objects.get(missing_count=1)
    before = Feed.objects.get()
    platform.says(error=FetchFailed(Reason.TIMEOUT))

    for n in range(1, 150):
        freshness.read_again([unit.pk], now=NOW + n * timedelta(minutes=10))

    after = Feed.objects.get()
    assert len(platform.asked) == 2 + 149
    assert after.last_tried_at == NOW + 149 * timedelta(minutes=10)
    for name in ("due_at", "failures", "problem", "last_good_at"):
        assert getattr(after, name) == getattr(before, name), name
    # What is missing is still counted from there.
    assert FeedEvent.objects.get(missing_count=1).missing_since == gap.missing_since


def test_a_platform_that_just_was_too_slow_isnt_asked_by_the_next_visitor(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(error=FetchFailed(Reason.TIMEOUT))
    for seconds in (0, 20, 40):
        freshness.read_again([unit.pk], now=NOW + timedelta(seconds=seconds))
    assert len(platform.asked) == 1


def test_writing_down_what_was_said_takes_no_longer_than_what_is_left(
    unit: Unit, feed: Feed, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        factories.a_feed(unit, f"https://www.airbnb.fr/{n}.ics", last_good_at=None)
    platform.says(FREE)
    clock = [0.0]
    monkeypatch.setattr(freshness, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    waits = []

    def busy(feed_id: int, *_args: object, **_kwargs: object) -> str:
        waits.append(lock_timeout())
        # Somebody has the unit.
        clock[0] += 3
        raise Busy(trouble("busy"))

    monkeypatch.setattr(freshness, "apply", busy)
    usual = lock_timeout()

    freshness.read_again([unit.pk], now=NOW)

    # Two tries within the five seconds, the second in what is left; then nobody waits any more.
    assert waits == ["5s", "2s"]
    assert lock_timeout() == usual == "3s"


def lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_a_platform_that_asked_to_wait_is_left_alone(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    Feed.objects.update(problem="too_often", due_at=NOW + timedelta(hours=1))

    held(unit)

    assert platform.asked == []


@pytest.mark.parametrize("is_new", [True, False])
def test_a_unit_whose_calendar_is_silent_for_a_day_is_on_request(
    unit: Unit, feed: Feed, platform: Platform, is_new: bool
) -> None:
    silent = NOW - DAY - timedelta(minutes=1)
    Feed.objects.update(last_good_at=None if is_new else silent, created_at=silent)

    asked = held(unit)

    assert asked.lines.get().is_on_request
    assert not Stay.objects.filter(state=Stay.State.HELD).exists()
    assert stale_units([unit.pk], now=NOW) == {unit.pk}
    # It is asked for once more before its host is: it may answer again.
    Feed.objects.update(last_tried_at=None)
    platform.says(FREE)
    assert not held(unit).lines.get().is_on_request


def test_a_paused_calendar_says_nothing_of_the_sale(unit: Unit, feed: Feed) -> None:
    Feed.objects.update(last_good_at=NOW - 9 * DAY, is_paused=True)
    held(unit)


def test_a_held_stay_becomes_a_request_when_its_calendar_falls_silent(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(FREE)
    basket = held(unit)
    Feed.objects.update(last_good_at=NOW - 2 * DAY, last_tried_at=NOW)

    with pytest.raises(Unavailable) as refused:
        order_from(basket)

    (trouble,) = refused.value.troubles
    assert (trouble.code, trouble.line) == ("now_on_request", basket.lines.get().pk)
    assert basket.lines.get().is_on_request
    assert not Stay.objects.filter(state=Stay.State.HELD).exists()
    assert not Order.objects.exists()


def test_a_lapsed_line_becomes_a_request_when_its_calendar_is_silent(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(FREE)
    basket = held(unit)
    Feed.objects.update(last_good_at=NOW - 2 * DAY, last_tried_at=NOW + timedelta(hours=1))

    troubles = baskets.renew_holds(basket, now=NOW + timedelta(hours=1))

    assert [one.code for one in troubles] == ["now_on_request"]


# --- What is shown --------------------------------------------------------------------------------
@pytest.fixture
def silent(unit: Unit, feed: Feed, at: object) -> Offer:
    at(NOW)  # type: ignore[operator]
    Feed.objects.update(last_good_at=NOW - 2 * DAY)
    return unit.offer


def test_the_list_shows_a_silent_lodging_as_on_request(silent: Offer, client: Client) -> None:
    dates = {"arrival": SATURDAY.isoformat(), "departure": NEXT_SATURDAY.isoformat(), "adults": 2}
    page = client.get(address("booking:stays", **dates))

    text = text_of(page)
    assert silent.title in text
    assert "On request: answer within 24 hours, from Anne and Joël" in text
    assert "Ask for it" in text


def test_the_offers_page_says_who_answers_first(silent: Offer, client: Client) -> None:
    dates = {"arrival": SATURDAY.isoformat(), "departure": NEXT_SATURDAY.isoformat(), "adults": 2}
    page = client.get(address("booking:stay-offer", silent.slug, **dates))

    text = text_of(page)
    assert "On request: answer within 24 hours, from Anne and Joël." in text
    assert "It is not yours yet" in text
    assert "Add to my stay" not in text


def test_a_silent_lodging_is_proposed_in_no_whole_stay(silent: Offer) -> None:
    criteria = availability.StaySearch(arrival=SATURDAY, departure=NEXT_SATURDAY, adults=2)
    loading = availability.StayLoader(NOW)
    windows = [(SATURDAY, NEXT_SATURDAY)]
    assert availability.find_in_windows(criteria, windows, loading, now=NOW, most=3) == []
    Feed.objects.all().delete()
    assert availability.find_in_windows(criteria, windows, loading, now=NOW, most=3)


def test_what_was_accepted_and_went_elsewhere_ends_before_the_bank(
    feed: Feed, platform: Platform, bank: FakeBank, client: Client, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    platform.says(FREE)
    Offer.objects.update(confirmation="on_request")
    asked = a_request(feed.unit.offer)
    order = accepted(asked)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    Feed.objects.update(last_good_at=NOW - timedelta(minutes=6), last_tried_at=None)
    platform.says(TAKEN)
    page = address("booking:request", asked.code)
    client.get(page, {"cle": asked.access_token})

    answer = client.post(address("booking:request-pay", asked.code), follow=True)

    asked.refresh_from_db()
    order.refresh_from_db()
    assert (asked.state, asked.reason, order.state) == ("lapsed", "taken", "expired")
    assert answer.redirect_chain[-1][0] == page
    assert "It was taken in the meantime" in text_of(answer)
    assert "The time to pay has passed" not in text_of(answer)
    assert {one.status for one in bank.sessions.values()} == {"expired"}
    told = OutboxMessage.objects.filter(data__why="taken").order_by("pk")
    guest, host = (compose(one) for one in told)
    assert (guest.to, host.to) == ([asked.email], [asked.provider.email])
    assert "Quelqu’un l’a pris entre-temps" in guest.body
    assert "déjà pris" in guest.subject
    assert request_rounds.follow_requests(now=NOW)["unpaid"] == 0


def test_an_order_that_is_still_held_is_paid(
    feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    platform.says(FREE)
    Offer.objects.update(confirmation="on_request")
    asked = a_request(feed.unit.offer)
    accepted(asked)

    requests.check_still_held(asked, now=NOW)

    assert asked.state == "accepted"
