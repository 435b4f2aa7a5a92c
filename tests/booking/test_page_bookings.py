"""A host's bookings found again, one of them whole, a day on one sheet: one's own, no others."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.cancellation import cancel_lines
from booking.models import Order
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import a_week, body, hold_week, paid_stay
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
LIST, DAY = reverse("extranet-bookings"), reverse("extranet-day")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def host_of(order: Order, kind: str) -> Client:
    """Return the browser of the host of one line."""
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(order.lines.get(kind=kind).sub_order.provider))
    return person


# --- The list ------------------------------------------------------------------------------------
def test_list_holds_ones_own_with_few_questions(order: Order, django_assert_max_num_queries):
    host = host_of(order, "lodging")

    with django_assert_max_num_queries(12):
        answer = host.get(LIST)

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    assert "1 booking" in page
    assert "The Narces Cottage" in page
    assert reverse("extranet-booking", args=[order.reference]) in page
    for secret in ("First stitches of lace", "Dupont", order.email):
        assert secret not in page


def test_chips_part_what_comes_runs_is_past_and_cancelled(order: Order, at):
    line = order.lines.get(kind="lodging")
    person = factories.a_host(line.sub_order.provider)
    moments = {
        "a-venir": line.starts_at - timedelta(seconds=1),
        "en-cours": line.starts_at,
        "passees": line.ends_at,
    }
    for right, moment in moments.items():
        at(moment)
        host = Client(headers={"Accept-Language": "en"})
        host.force_login(person)
        for when in (*moments, "annulees"):
            has_it = "The Narces Cottage, " in body(host.get(LIST, {"quand": when}))
            assert has_it == (when == right), (right, when)
    at(NOW)
    cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=NOW)
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(person)
    assert "Nobody is announced for now." in body(host.get(LIST))
    assert "The Narces Cottage, " in body(host.get(LIST, {"quand": "annulees"}))


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ({"q": "clai"}, True),
        ({"q": "Prénomp3"}, True),
        # What a provider isn't shown can't be found out by trying.
        ({"q": "Dupont"}, False),
        ({"q": "@"}, False),
        ({"q": "%"}, False),
        ({"du": "2027-07-17", "au": "17/07/2027"}, True),
        ({"du": "2027-07-18"}, False),
        ({"au": "2027-07-09"}, False),
        ({"quand": "nonsense", "page": "nonsense"}, True),
    ],
)
def test_list_is_narrowed_by_words_and_days(order: Order, asked, is_found):
    page = body(host_of(order, "lodging").get(LIST, asked))

    assert ("The Narces Cottage, " in page) == is_found
    assert ("Nothing fits" in page) != is_found


def test_reference_is_found_as_people_type_it(order: Order):
    host = host_of(order, "lodging")
    typed = f" {order.reference[:4].lower()} {order.reference[4:]} "

    assert "The Narces Cottage, " in body(host.get(LIST, {"q": typed}))


def test_offer_of_somebody_else_is_no_choice(order: Order):
    host = host_of(order, "lodging")
    own, other = (order.lines.get(kind=kind).offer for kind in ("lodging", "workshop"))

    assert "The Narces Cottage, " in body(host.get(LIST, {"offre": own.slug}))
    page = body(host.get(LIST, {"offre": other.slug}))
    assert "First stitches of lace" not in page
    assert 'role="alert"' in page


@pytest.mark.parametrize(
    "asked",
    [
        {"du": "yesterday"},
        {"du": "9999-12-31"},
        {"au": "0001-01-01"},
        {"du": "2027-07-20", "au": "2027-07-18"},
        {"q": "x" * 5000},
        {"maison": "nowhere"},
    ],
)
def test_nonsense_narrows_nothing_and_breaks_nothing(order: Order, asked):
    answer = host_of(order, "lodging").get(LIST, asked)

    assert answer.status_code == 200
    if "maison" not in asked:
        assert 'role="alert"' in body(answer)


def test_twenty_stand_on_a_page_and_the_address_keeps_what_was_asked(bank, monkeypatch):
    monkeypatch.setattr("booking.views.extranet_bookings.PAGE", 2)
    provider = factories.a_provider()
    for week in range(3):
        basket = factories.a_basket()
        hold_week(basket, a_week(provider=provider, title_en=f"Cottage {week}"))
        paid_order(basket, bank)
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(provider))

    first = body(host.get(LIST, {"q": "Claire"}))
    assert "3 bookings" in first
    assert "q=Claire&quand=a-venir&page=2" in first
    assert "Page 2 of 2" in body(host.get(LIST, {"page": 99}))


# --- One booking ---------------------------------------------------------------------------------
def test_booking_tells_ones_own_part_and_what_it_pays(order: Order):
    Order.objects.filter(pk=order.pk).update(needs="A nut allergy")
    host = host_of(order, "lodging")

    page = body(host.get(reverse("extranet-booking", args=[order.reference])))

    for told in ("Booking of Claire", "06 00 00 00 00", "A nut allergy", "€760", "Prénomp3"):
        assert told in page
    assert "What you are paid" in page
    assert "Booked" in page
    for secret in ("Dupont", order.email, "First stitches of lace", "1,063.40", order.access_token):
        assert secret not in page


def test_booking_without_ones_own_lines_is_not_found(order: Order, bank: FakeBank):
    stranger = Client()
    stranger.force_login(factories.a_host(factories.a_provider()))

    assert stranger.get(reverse("extranet-booking", args=[order.reference])).status_code == 404
    pk = order.lines.get(kind="lodging").pk
    for unknown in ("NOWHERE", "9" * 30, str(pk)):
        assert stranger.get(reverse("extranet-booking", args=[unknown])).status_code == 404


def test_old_address_of_a_line_still_leads_to_it(order: Order):
    pk = order.lines.get(kind="lodging").pk

    answer = host_of(order, "lodging").get(f"/pro/reservations/{pk}/")

    assert (answer.status_code, answer.url) == (302, reverse("extranet-line", args=[pk]))


def test_history_tells_a_cancellation_of_ones_own_lines_alone(order: Order):
    own, other = (order.lines.get(kind=kind) for kind in ("lodging", "workshop"))
    for line, reason in ((own, "A storm"), (other, "A broken arm")):
        cancel_lines(order, [line.pk], basis="full", reason=reason, actor=SYSTEM, now=NOW)

    page = body(host_of(order, "lodging").get(reverse("extranet-booking", args=[order.reference])))

    assert "A storm" in page
    assert "A broken arm" not in page


# --- The sheet of a day --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "part"),
    [("2027-07-10", "arrivals"), ("2027-07-13", "staying"), ("2027-07-17", "departures")],
)
def test_sheet_tells_who_arrives_stays_and_leaves(order: Order, day, part):
    page = body(host_of(order, "lodging").get(DAY, {"jour": day}))

    for one in ("arrivals", "staying", "departures"):
        assert (f'id="{one}"' in page) == (one == part)
    assert "The Narces Cottage" in page
    assert "Prénomp3" in page
    assert "First stitches of lace" not in page


def test_sheet_tells_what_takes_place_and_who_comes(order: Order, django_assert_max_num_queries):
    Order.objects.filter(pk=order.pk).update(needs="A nut allergy")
    line = order.lines.get(kind="event_ticket")
    host = host_of(order, "event_ticket")

    with django_assert_max_num_queries(12):
        page = body(host.get(DAY, {"jour": f"{line.starts_at:%d/%m/%Y}"}))

    assert "Choir and great organ" in page
    assert "places taken" in page
    # An evening has no use for what is said of one's health.
    assert "A nut allergy" not in page
    assert "The Narces Cottage" not in page


def test_what_takes_place_today_stands_once_on_the_first_page(order: Order, at):
    lodging = order.lines.get(kind="lodging")
    page = body(host_of(order, "lodging").get(reverse("extranet-home")))
    assert f"/pro/reservations/{order.reference}/" in page.partition('id="coming"')[2]
    at(lodging.starts_at - timedelta(hours=3))
    host = host_of(order, "lodging")
    today, _heading, later = body(host.get(reverse("extranet-home"))).partition('id="coming"')
    assert "Arrivals" in today
    assert order.reference not in later
    assert "Nobody is announced after today." in later


def test_sheet_of_a_date_that_nobody_booked_and_of_an_empty_day(order: Order):
    line = order.lines.get(kind="workshop")
    slot = factories.a_slot(line.offer, line.slot.day + timedelta(days=30))
    host = host_of(order, "workshop")

    assert "Nobody has booked yet." in body(host.get(DAY, {"jour": slot.day.isoformat()}))
    assert "the day is yours" in body(host.get(DAY, {"jour": "2027-12-25"}))


def test_cancelled_line_is_on_no_sheet(order: Order):
    line = order.lines.get(kind="lodging")
    cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=NOW)

    page = body(host_of(order, "lodging").get(DAY, {"jour": "2027-07-10"}))

    assert "The Narces Cottage" not in page


@pytest.mark.parametrize("day", ["tomorrow", "2027-02-30", "9999-12-31", "7" * 400])
def test_nonsense_day_is_refused_with_a_message(order: Order, day):
    answer = host_of(order, "lodging").get(DAY, {"jour": day})

    assert answer.status_code == 422
    assert "That day can’t be read: today is shown." in body(answer)


@pytest.mark.parametrize("day", ["2000-01-01", "2199-12-31", "2027-03-28", "2027-10-31"])
def test_first_and_last_day_and_nights_of_changing_clocks_are_shown(order: Order, day):
    assert host_of(order, "lodging").get(DAY, {"jour": day}).status_code == 200


def test_who_works_for_no_house_is_welcomed_kindly(client: Client):
    client.force_login(factories.a_user())
    for page in (LIST, DAY):
        answer = client.get(page, headers={"Accept-Language": "en"})
        assert "This account isn’t tied to a provider yet." in body(answer)


# --- Tickets -------------------------------------------------------------------------------------
def test_organiser_reads_the_codes_that_guests_show_at_the_door(
    order: Order, django_assert_max_num_queries
):
    line = order.lines.get(kind="event_ticket")
    codes = list(line.tickets.values_list("code", flat=True))
    assert codes
    host = host_of(order, "event_ticket")
    sheet = f"{DAY}?jour={line.starts_at:%Y-%m-%d}"
    with django_assert_max_num_queries(14):
        page = body(host.get(sheet))
    assert f"Tickets: {', '.join(codes)}" in text_of(page)
    for url in (
        reverse("extranet-booking", args=[order.reference]),
        reverse("extranet-line", args=[line.pk]),
    ):
        assert all(code in body(host.get(url)) for code in codes)

    cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=NOW)
    assert codes[0] not in body(host.get(reverse("extranet-booking", args=[order.reference])))


def test_nobody_else_reads_the_codes(order: Order):
    line = order.lines.get(kind="event_ticket")
    (code, *_others) = line.tickets.values_list("code", flat=True)
    sheet = f"{DAY}?jour={line.starts_at:%Y-%m-%d}"
    assert code not in body(host_of(order, "lodging").get(sheet))


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())
