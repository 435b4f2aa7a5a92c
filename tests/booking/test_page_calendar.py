"""The hosts' calendar: what each night costs, asks and is taken by; changes seen before made."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse

from booking.models import Closure, NightEdit, Offer, PriceRule, Stay
from booking.offers import close_nights
from members.journal import Actor
from members.models import Provider, ProviderRole
from tests import factories
from tests.booking.pages import a_week, body, hold_week
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order
from tests.pages import text_of

pytestmark = pytest.mark.django_db

CALENDAR = reverse("extranet-calendar")
CHANGE = reverse("extranet-nights")
UNDO = reverse("extranet-nights-undo")
JULY = {"mois": "2027-07"}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def gite() -> Offer:
    return a_week(min_stay=3)


@pytest.fixture
def anne(gite: Offer) -> Client:
    return host_of(gite.provider)


def host_of(provider: Provider, language: str = "en") -> Client:
    person = Client(headers={"Accept-Language": language})
    person.force_login(factories.a_host(provider))
    return person


def asked(offer: Offer, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider": offer.provider.slug,
        "units": [one.pk for one in offer.units.all()],
        "first_night": "2027-07-01",
        "last_night": "2027-07-31",
    }
    return {**values, **fields}


def seen_in(answer: Any) -> str:
    found = re.search(r'name="seen" value="(\w+)"', answer.content.decode())
    assert found
    return found[1]


def apply(person: Client, offer: Offer, **fields: Any) -> Any:
    shown = person.post(CHANGE, asked(offer, **fields))
    assert shown.status_code == 200, text_of(shown)
    return person.post(CHANGE, asked(offer, seen=seen_in(shown), step="apply", **fields))


def cell(answer: Any, night: str) -> str:
    """Return the label of a free night."""
    found = re.search(rf'value="\d+:{night}"[^>]*aria-label="([^"]*)"', body(answer))
    assert found, night
    return found[1]


# --- What is shown -------------------------------------------------------------------------------
def test_stranger_is_asked_who_it_is(client: Client):
    for address in (CALENDAR, CHANGE):
        answer = client.get(address)
        assert (answer.status_code, "login" in answer.url) == (302, True)
    assert client.post(UNDO).status_code == 302


def test_each_night_says_its_price_and_what_it_asks(gite: Offer, anne: Client):
    factories.a_season(gite, SATURDAY, NEXT_SATURDAY, "129.50")
    factories.a_restriction(gite, "closed_to_arrival", SATURDAY, NEXT_SATURDAY, weekday=2)
    factories.a_restriction(gite, "closed_to_departure", SATURDAY, NEXT_SATURDAY, weekday=2)

    page = anne.get(CALENDAR, JULY)

    assert "no-store" in page["Cache-Control"]
    assert cell(page, "2027-07-09") == "Fri 9 Jul, free, 100 euros, 3 nights at least"
    assert cell(page, "2027-07-14") == (
        "Wed 14 Jul, free, 129.50 euros, 3 nights at least, no arrival, no departure"
    )


def test_taken_nights_say_by_what(gite: Offer, anne: Client, bank: FakeBank):
    unit = gite.units.get()
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, gite)
    line = paid_order(basket, bank).lines.get()
    close_nights(
        unit,
        first_night=date(2027, 7, 1),
        reopening=date(2027, 7, 4),
        reason="works",
        actor=Actor("x"),
        now=NOW,
    )
    held = {"state": "held", "expires_at": NOW + timedelta(minutes=15)}
    stays = ((4, 6, held), (20, 23, {"state": "blocked"}))
    for first, last, fields in stays:
        dates = DateRange(date(2027, 7, first), date(2027, 7, last))
        Stay.objects.create(unit=unit, dates=dates, **fields)

    page = text_of(anne.get(CALENDAR, JULY))

    assert "Claire 7 nights" in page
    assert "Closed works" in page
    assert "Being booked until 10:15" in page or "Being booked until 10:15 am" in page
    assert "Taken elsewhere" in page
    assert "Claire arrives" in page
    assert "Dupont" not in page
    assert reverse("extranet-line", args=[line.pk]) in body(anne.get(CALENDAR, JULY))


def test_lapsed_hold_takes_nothing(gite: Offer, anne: Client, at):
    hold_week(factories.a_basket(None, None, 5, 10), gite)
    assert "until 10:15" in text_of(anne.get(CALENDAR, JULY))
    at(NOW + timedelta(minutes=16))
    assert cell(anne.get(CALENDAR, JULY), "2027-07-10").startswith("Sat 10 Jul, free")


def test_past_nights_can_not_be_chosen(gite: Offer, anne: Client):
    page = body(anne.get(CALENDAR, {"mois": "2027-04"}))
    assert ":2027-04-05" not in page
    assert ":2027-04-06" in page


def test_two_presses_choose_a_period(gite: Offer, anne: Client):
    unit = gite.units.get().pk
    first = anne.get(CALENDAR, {**JULY, "nuit": f"{unit}:2027-07-20"})
    assert f'name="du" value="{unit}:2027-07-20"' in body(first)
    assert "1 night chosen" in text_of(first)

    both = anne.get(CALENDAR, {**JULY, "nuit": f"{unit}:2027-07-24", "du": f"{unit}:2027-07-20"})

    assert "5 nights chosen" in text_of(both)
    assert 'name="first_night" value="2027-07-20"' in body(both)
    assert 'name="last_night" value="2027-07-24"' in body(both)
    assert body(both).count('aria-pressed="true"') == 10
    assert 'name="du"' not in body(both)


@pytest.mark.parametrize(
    "query",
    [
        {"mois": "2027-13"},
        {"mois": "0000-01"},
        {"mois": "9999-12"},
        {"mois": "juillet"},
        {"lieu": "9" * 40},
        {"lieu": "x"},
        {"page": "-1"},
        {"vue": "99"},
        {"nuit": "1:2027-02-31"},
        {"nuit": "x", "du": "y"},
        {"nuit": "999999:2027-07-20"},
        {"nuit": "1:2027-07-20:2027-07-01"},
        {"nuit": "1:9999-12-31"},
    ],
)
def test_addresses_that_cannot_be_read_show_the_calendar(gite, anne: Client, query):
    assert anne.get(CALENDAR, query).status_code == 200


def test_this_month_is_a_link_from_another_one_only(gite: Offer, anne: Client):
    assert "This month" not in body(anne.get(CALENDAR, {"mois": f"{NOW:%Y-%m}"}))
    assert "This month" in body(anne.get(CALENDAR, {"mois": "2027-12"}))


def test_months_before_and_after_and_three_at_once(gite: Offer, anne: Client):
    page = anne.get(CALENDAR, {"mois": "2027-12", "vue": "3"})
    shown = body(page)
    assert "mois=2028-01" in shown
    assert "mois=2027-11" in shown
    for month in ("December 2027", "January 2028", "February 2028"):
        assert month in shown
    assert cell(page, "2028-02-29").startswith("Tue 29 Feb")


def test_host_of_nothing_is_told_what_comes(client: Client):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(factories.a_user())
    assert "This account isn’t tied to a provider yet" in text_of(client.get(CALENDAR))
    empty = host_of(factories.a_provider())
    assert "No lodging yet" in text_of(empty.get(CALENDAR))
    provider = Provider.objects.get(roles__user__pk=empty.session["_auth_user_id"])
    answer = empty.get(CHANGE, {"provider": provider.slug})
    assert (answer.status_code, answer.url) == (303, CALENDAR)


def test_host_of_two_houses_chooses_one(gite: Offer, anne: Client):
    other = factories.a_lodging(now=NOW, title="La Yourte", title_en="The Yurt")
    user = gite.provider.roles.get().user
    ProviderRole.objects.create(user=user, provider=other.provider)

    page = body(anne.get(CALENDAR, {**JULY, "maison": other.provider.slug}))

    assert f'value="{other.units.get().pk}:2027-07-20"' in page
    assert f'value="{gite.units.get().pk}:2027-07-20"' not in page
    assert f"?maison={gite.provider.slug}" in page


def test_twenty_units_and_three_months_in_fifteen_statements(django_assert_max_num_queries):
    provider = factories.a_provider()
    for number in range(4):
        offer = factories.a_lodging(units=5, provider=provider, title=f"Maison {number}")
        factories.a_season(offer, SATURDAY, NEXT_SATURDAY, "140")
        factories.a_restriction(offer, "min_stay_arrival", SATURDAY, NEXT_SATURDAY, value=2)
        for unit in offer.units.all():
            dates = DateRange(date(2027, 7, 20), date(2027, 7, 27))
            Stay.objects.create(unit=unit, dates=dates, state="blocked")
    host = host_of(provider)
    host.get(CALENDAR)

    with django_assert_max_num_queries(15):
        page = host.get(CALENDAR, {**JULY, "vue": "3"})

    assert body(page).count('<th scope="row">') == 20


def test_more_than_twenty_units_are_on_pages(django_assert_max_num_queries):
    offer = factories.a_lodging(units=23)
    host = host_of(offer.provider)
    last = offer.units.order_by("pk").last()

    assert body(host.get(CALENDAR, JULY)).count('<th scope="row">') == 20
    page = body(host.get(CALENDAR, {**JULY, "lieu": last.pk}))
    assert page.count('<th scope="row">') == 3
    assert f'name="units" value="{last.pk}"' in page.replace(" checked", "") or str(last.pk) in page


# --- A change ------------------------------------------------------------------------------------
def test_season_is_seen_then_set_then_undone(gite: Offer, anne: Client):
    fields = {"price": "140,50 €", "min_stay": "5", "arrival_days": ["5"]}

    shown = anne.post(CHANGE, asked(gite, **fields))

    told = text_of(shown)
    assert "31 nights change" in told
    assert "€100" in told
    assert "€140.50" in told
    assert not PriceRule.objects.exists()

    answer = anne.post(CHANGE, asked(gite, seen=seen_in(shown), step="apply", **fields))
    assert answer.status_code == 303
    page = anne.get(answer.url)
    assert "31 nights are changed." in text_of(page)
    assert cell(page, "2027-07-10") == "Sat 10 Jul, free, 140.50 euros, 5 nights at least"
    assert cell(page, "2027-07-11").endswith("no arrival")

    edit = NightEdit.objects.get()
    undone = anne.post(UNDO, {"provider": gite.provider.slug, "edit": edit.pk}, follow=True)
    assert "It is undone" in text_of(undone)
    assert "Undo this change" not in text_of(undone)
    assert not PriceRule.objects.exists()


def test_sold_nights_are_named_before_the_others_close(gite: Offer, anne: Client, bank: FakeBank):
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, gite)
    order = paid_order(basket, bank)
    fields = {"sale": "close", "reason": "works"}

    told = text_of(anne.post(CHANGE, asked(gite, **fields)))
    assert "Sold already" in told
    assert order.reference in told
    apply(anne, gite, **fields)

    assert Stay.objects.get(state="sold").dates.lower == SATURDAY
    assert not Closure.objects.filter(dates__overlap=DateRange(SATURDAY, NEXT_SATURDAY)).exists()


def test_what_moved_meanwhile_is_shown_again(gite: Offer, anne: Client, bank: FakeBank):
    fields = {"sale": "close", "reason": "works"}
    shown = anne.post(CHANGE, asked(gite, **fields))
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, gite)
    paid_order(basket, bank)

    answer = anne.post(CHANGE, asked(gite, seen=seen_in(shown), step="apply", **fields))

    assert answer.status_code == 409
    assert "Something changed while you were looking" in text_of(answer)
    assert "24 nights change" in text_of(answer)
    again = anne.post(CHANGE, asked(gite, seen=seen_in(answer), step="apply", **fields))
    assert again.status_code == 303


def test_correcting_keeps_what_was_typed(gite: Offer, anne: Client):
    page = body(anne.post(CHANGE, asked(gite, price="140", step="edit")))
    assert 'name="price" value="140"' in page
    assert 'value="2027-07-01"' in page


def test_all_places_at_once(anne: Client):
    hotel = factories.a_lodging(units=3, now=NOW)
    host = host_of(hotel.provider)
    fields = {"units": [], "every_unit": "on", "sale": "close", "reason": "winter"}
    apply(host, hotel, **fields)
    assert Closure.objects.count() == 3


# --- Bad input -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"last_night": "2027-06-30"}, "last_night", "must not come before"),
        ({"first_night": "2027-04-05"}, "first_night", "has passed"),
        ({"first_night": "2027-02-31"}, "first_night", "This date doesn't exist"),
        ({"first_night": ""}, "first_night", "Choose this day."),
        ({"last_night": "9999-12-31"}, "last_night", "This date doesn't exist"),
        ({"last_night": "2037-07-01"}, "last_night", "Two years at most"),
        ({"price": "0"}, "price", "above 0"),
        ({"price": "-12"}, "price", "above 0"),
        ({"price": "1e9"}, "price", "above 0"),
        ({"price": "1e999999999"}, "price", "above 0"),
        ({"price": "1e-999999"}, "price", "above 0"),
        ({"price": "NaN"}, "price", "Write a sum in figures"),
        ({"price": "beaucoup"}, "price", "Write a sum in figures"),
        ({"min_stay": "0"}, "min_stay", "from 1 to 90"),
        ({"min_stay": "9" * 30}, "min_stay", "from 1 to 90"),
        ({"min_stay": "trois"}, "min_stay", "Write a number of nights"),
        ({"sale": "close"}, "reason", "Say why"),
        ({"arrival_days": ["none", "5"]}, "arrival_days", "not both"),
    ],
)
def test_message_stands_beside_its_field_and_what_was_typed_stays(
    gite: Offer, anne: Client, fields: dict[str, Any], field: str, message: str
):
    answer = anne.post(CHANGE, asked(gite, **{"price": "140", **fields}))

    assert answer.status_code == 422
    page = body(answer)
    error = re.search(rf'id="id_{field}_error">(.*?)</p>', page, flags=re.S)
    assert error, text_of(answer)
    assert message in error[1]
    typed = fields.get(field)
    if isinstance(typed, str) and typed:
        assert f'value="{typed}"' in page
    assert not NightEdit.objects.exists()


def test_nothing_asked_and_no_place_are_said(gite: Offer, anne: Client):
    answer = anne.post(CHANGE, asked(gite))
    assert answer.status_code == 422
    assert "Say what changes" in text_of(answer)
    hotel = factories.a_lodging(units=2)
    host = host_of(hotel.provider)
    answer = host.post(CHANGE, asked(hotel, units=[], price="80"))
    assert "Choose at least one place." in text_of(answer)


def test_choices_that_are_none_are_refused(gite: Offer, anne: Client):
    for field in ("sale", "price_as", "min_stay_kind", "weekdays", "arrival_days"):
        assert anne.post(CHANGE, asked(gite, price="140", **{field: "9"})).status_code == 422


# --- Nobody else's -------------------------------------------------------------------------------
def test_places_of_another_host_are_not_known_to_exist(gite: Offer, anne: Client):
    other = factories.a_lodging(now=NOW)
    stranger = other.units.get().pk
    for units in ([stranger], [gite.units.get().pk, stranger], ["x"], ["9" * 40]):
        for step in ("", "apply"):
            answer = anne.post(CHANGE, asked(gite, units=units, price="80", step=step))
            assert answer.status_code == 404
    mine = asked(gite, provider=other.provider.slug, price="80")
    assert anne.post(CHANGE, mine).status_code == 404
    assert anne.get(CHANGE, {"provider": other.provider.slug}).status_code == 404
    assert anne.get(CALENDAR, {"maison": other.provider.slug}).status_code == 404
    page = body(anne.get(CALENDAR, {"lieu": stranger, "nuit": f"{stranger}:2027-07-20"}))
    assert f'value="{stranger}:' not in page
    assert not PriceRule.objects.exists()


def test_change_of_another_host_is_not_undone(gite: Offer, anne: Client):
    apply(anne, gite, price="140")
    edit = NightEdit.objects.get()
    other = factories.a_lodging(now=NOW)
    thief = host_of(other.provider)
    for provider in (gite.provider, other.provider):
        answer = thief.post(UNDO, {"provider": provider.slug, "edit": edit.pk})
        assert answer.status_code == 404
    for given in ("", "x", "9" * 40, "0"):
        answer = anne.post(UNDO, {"provider": gite.provider.slug, "edit": given})
        assert answer.status_code == 404
    edit.refresh_from_db()
    assert edit.undone_at is None


def test_who_no_longer_works_there_changes_nothing(gite: Offer, anne: Client):
    shown = anne.post(CHANGE, asked(gite, price="140"))
    ProviderRole.objects.all().delete()

    answer = anne.post(CHANGE, asked(gite, price="140", seen=seen_in(shown), step="apply"))

    assert answer.status_code == 404
    assert not PriceRule.objects.exists()


def test_undo_refused_says_why(gite: Offer, anne: Client):
    apply(anne, gite, price="140")
    factories.a_season(gite, SATURDAY, NEXT_SATURDAY, "99", level="exception")
    edit = NightEdit.objects.get()
    answer = anne.post(UNDO, {"provider": gite.provider.slug, "edit": edit.pk}, follow=True)
    assert "changed since" in text_of(answer)
