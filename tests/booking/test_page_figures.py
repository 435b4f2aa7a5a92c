"""The page of a house's figures: its own, in every state, and the pole only in the middle."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.house_months import keep_house_months
from booking.models import Offer, Order
from members.models import ProviderRole
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.booking.test_house_figures import LONG_BEFORE, house_of, neighbours, taken_elsewhere
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
PAGE, TABLE = reverse("extranet-figures"), reverse("extranet-figures-csv")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    found = paid_stay(bank)
    Offer.objects.update(created_at=LONG_BEFORE)
    return found


def browser_of(user) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(user)
    return person


def host_of(order: Order, kind: str) -> Client:
    return browser_of(factories.a_host(house_of(order, kind)))


def test_host_reads_its_own_figures_with_few_questions(order: Order, django_assert_max_num_queries):
    host = host_of(order, "lodging")

    with django_assert_max_num_queries(30):
        answer = host.get(PAGE, {"periode": "2027-07"})

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    for told in ("July 2027", "23 %", "nights sold here", "€760", "French", 'class="b-here"'):
        assert told in page, told
    assert "too few houses to compare with" in page
    for secret in ("First stitches of lace", "Dupont", order.email, "places sold"):
        assert secret not in page


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("", "2027"),
        ("2027-ete", "Summer 2027"),
        ("2027-hiver", "Winter 2026–2027"),
        ("2027", "2027"),
    ],
)
def test_periods_have_their_names_and_neighbours(order: Order, code: str, title: str):
    page = body(host_of(order, "lodging").get(PAGE, {"periode": code}))
    assert f'<h2 class="period">{title}</h2>' in page
    assert 'rel="prev"' in page
    assert 'rel="next"' in page


@pytest.mark.parametrize("code", ["yesterday", "2027-13", "0001", "9999-07", "x" * 3000])
def test_a_period_that_cannot_be_read_says_so(order: Order, code: str):
    host = host_of(order, "lodging")
    assert "This period can’t be read" in body(host.get(PAGE, {"periode": code}))
    assert host.get(TABLE, {"periode": code}).status_code == 404


def test_calendar_ends_on_both_sides(order: Order):
    host = host_of(order, "lodging")
    assert 'rel="prev"' not in body(host.get(PAGE, {"periode": "2015"}))
    assert 'rel="next"' not in body(host.get(PAGE, {"periode": "2100-12"}))


def test_a_new_house_reads_what_will_come():
    house = factories.a_provider()
    page = body(browser_of(factories.a_host(house)).get(PAGE))
    assert "You have nothing to count yet" in page
    factories.a_lodging(provider=house)
    page = body(browser_of(factories.a_host(house)).get(PAGE))
    assert "Nothing is sold yet on these dates." in page
    assert "with the first booking" in page


def test_the_year_before_stands_beside(order: Order):
    unit = order.lines.get(kind="lodging").unit
    taken_elsewhere(unit, date(2026, 7, 1), 31)
    page = body(host_of(order, "lodging").get(PAGE, {"periode": "2027-07"}))
    assert "July 2026: 100 %" in page


def test_the_middle_of_the_pole_is_one_rounded_figure():
    houses = neighbours(7)
    page = body(browser_of(factories.a_host(houses[0])).get(PAGE, {"periode": "2027-07"}))
    assert "a house has about 40 % of its open nights taken" in page
    for other in houses[1:]:
        assert other.name not in page


def test_two_houses_of_one_person_are_looked_at_one_by_one(order: Order):
    user = factories.a_host(house_of(order, "lodging"))
    second = house_of(order, "meal")
    ProviderRole.objects.create(user=user, provider=second)
    host = browser_of(user)
    page = body(host.get(PAGE, {"maison": second.slug, "periode": "2027-07"}))
    assert "places sold here" in page
    assert "nights sold here" not in page


def test_the_house_of_somebody_else_is_not_known(order: Order):
    stranger = browser_of(factories.a_host(factories.a_provider()))
    other = {"maison": house_of(order, "lodging").slug, "periode": "2027-07"}
    assert stranger.get(PAGE, other).status_code == 404
    assert stranger.get(TABLE, other).status_code == 404


def test_table_goes_into_a_spreadsheet(order: Order):
    answer = host_of(order, "lodging").get(TABLE, {"periode": "2027-ete"})

    text = answer.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert rows[0][0] == "What"
    assert rows[1] == ["nights", "2027-07-01", "2027-07-31", "31", "7", "0", "0", "24", "0", "23"]
    assert len(rows) == 3
    assert ".csv" in answer["Content-Disposition"]


def test_kept_rows_are_read_whatever_their_age(order: Order):
    keep_house_months(now=NOW - timedelta(days=3))
    page = body(host_of(order, "lodging").get(PAGE, {"periode": "2027-07"}))
    assert "too few houses to compare with" in page
