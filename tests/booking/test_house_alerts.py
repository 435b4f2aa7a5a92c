"""What a host sees first: its house's way, a calendar that is silent, a paper that has ended."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import ChannelIncident, Offer
from members.models import Paper, Provider, ProviderRole, User
from tests import factories
from tests.booking.pages import a_week, body, hold_week
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
HOME = reverse("extranet-home")
SILENT = "a linked calendar no longer answers"
DOUBLED = "the same nights are booked here and elsewhere"
PAPER = "a paper has ended"
FIRST_OFFER = "What comes next is a first offer"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def gite() -> Offer:
    return a_week()


def home_of(user: User) -> str:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return body(client.get(HOME))


def owner_of(house: Provider) -> User:
    return worker_of(house, ProviderRole.Role.OWNER)


def worker_of(house: Provider, role: str = ProviderRole.Role.STAFF) -> User:
    user = factories.a_user()
    ProviderRole.objects.create(user=user, provider=house, role=role)
    return user


def test_house_in_order_is_told_nothing(gite: Offer):
    factories.a_feed(gite.units.get(), last_good_at=NOW - timedelta(hours=1))
    page = home_of(owner_of(gite.provider))
    for words in (SILENT, DOUBLED, PAPER, FIRST_OFFER):
        assert words not in page


def test_silent_calendar_and_double_booking_stand_first(gite: Offer, bank: FakeBank):
    basket = factories.a_basket()
    hold_week(basket, gite)
    line = paid_order(basket, bank).lines.get()
    factories.a_feed(line.unit, last_good_at=NOW - timedelta(days=3))
    incident = ChannelIncident.objects.create(
        unit=line.unit,
        feed_name="Airbnb",
        order_line=line,
        dates=(line.arrival, line.departure),
        opened_at=NOW,
    )
    host = factories.a_host(gite.provider)

    page = home_of(host)
    assert SILENT in page
    assert DOUBLED in page
    assert SILENT not in home_of(factories.a_host(factories.a_provider()))

    incident.state = ChannelIncident.State.SETTLED
    incident.outcome, incident.settled_at = "no_clash", NOW
    incident.save()
    assert DOUBLED not in home_of(host)


def test_calendar_says_for_how_many_days_it_has_been_silent(gite: Offer):
    factories.a_feed(gite.units.get(), last_good_at=NOW - timedelta(days=3, hours=2))
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(gite.provider))
    page = body(host.get(reverse("extranet-links")))
    assert "Silent for 3 days" in page
    assert "We no longer know what is booked there" in page


def test_paper_that_ended_is_told_to_who_owns_the_house_alone(gite: Offer):
    house = gite.provider
    Provider.objects.filter(pk=house.pk).update(activities=["furnished"])
    Paper.objects.create(
        provider=house,
        code="insurance",
        number="Maif 1",
        valid_until=date(2027, 4, 1),
        updated_at=NOW,
    )
    assert PAPER in home_of(owner_of(house))
    assert PAPER not in home_of(worker_of(house))

    Paper.objects.update(valid_until=date(2028, 12, 31))
    assert PAPER not in home_of(owner_of(house))


@pytest.mark.parametrize(
    ("enrolment", "words"),
    [
        ("draft", "see what is asked of it"),
        ("to_fix", "see what is asked of it"),
        ("submitted", "is with the office, which will write to you"),
        ("suspended", "is suspended, nothing of it is sold"),
    ],
)
def test_house_that_is_not_sold_says_what_it_waits_for(enrolment: str, words: str):
    owner, house = factories.a_draft()
    Provider.objects.filter(pk=house.pk).update(enrolment=enrolment)
    assert words in home_of(owner)


def test_approved_house_is_led_to_its_first_offer():
    owner, house = factories.a_draft()
    Provider.objects.filter(pk=house.pk).update(enrolment="approved", state="active")
    assert FIRST_OFFER in home_of(owner)


@pytest.mark.parametrize(
    "page",
    [
        "extranet-offer-new",
        "extranet-slots-add",
        "extranet-nights",
        "extranet-resource-add",
    ],
)
def test_address_that_names_no_house_speaks_of_ones_own(page: str, gite: Offer):
    host = Client()
    host.force_login(owner_of(gite.provider))
    # Who has nothing with dates is led back to their page.
    assert host.get(reverse(page)).status_code in {200, 303}
    nobody = Client()
    nobody.force_login(factories.a_user())
    assert nobody.get(reverse(page)).status_code == 404
