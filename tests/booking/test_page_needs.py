"""The pages of dates to fill: one's own house, what is proposed, what is typed wrong stays."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import CapacityNeed, Offer
from members.models import User
from tests import factories
from tests.booking.pages import body
from tests.booking.test_capacity_needs import need_input, say
from tests.cast import NOW

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("extranet-needs"), reverse("extranet-need-add")
WEEK = "2027-07-10:2027-07-17"
TYPED = {"weeks": [WEEK], "quantity": "5", "floor": "65,50 €", "audience": "families"}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def offer() -> Offer:
    return factories.a_lodging(title="Le Gîte", title_en="The Cottage")


def host_of(offer: Offer) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(offer.provider))
    return person


def post(host: Client, offer: Offer, **fields):
    return host.post(f"{ADD}?offre={offer.slug}", {**TYPED, **fields})


def test_a_house_without_anything_reads_what_it_can_do(offer: Offer):
    page = body(host_of(offer).get(LIST))
    assert "You propose no dates for now." in page
    assert "Empty weeks: Summer 2027" in page
    assert "weeks without any booking" in page
    lone = Client(headers={"Accept-Language": "en"})
    lone.force_login(factories.a_host(factories.a_provider()))
    assert "As soon as an offer of yours is here" in body(lone.get(LIST))


def test_weeks_are_ticked_and_said(offer: Offer):
    host = host_of(offer)
    page = body(host.get(ADD, {"offre": offer.slug}))
    assert f'value="{WEEK}"' in page

    answer = post(host, offer, weeks=[WEEK, "2027-07-17:2027-07-24"], most="2")

    assert answer.status_code == 303
    need = CapacityNeed.objects.get()
    assert [(one.dates.lower, one.dates.upper) for one in need.periods.all()] == [
        (date(2027, 7, 10), date(2027, 7, 24))
    ]
    assert (str(need.floor_amount), need.audience, need.max_redemptions) == ("65.50", "families", 2)
    page = body(host.get(LIST))
    assert "5 nights, from €65.50 a night on" in page
    assert "bookings: 0 of 2" in page


def test_ones_own_dates_are_said_as_people_write_them(offer: Offer):
    answer = post(host_of(offer), offer, weeks=[], since="02/11/2027", until="06/11/2027")
    assert answer.status_code == 303
    dates = CapacityNeed.objects.get().periods.get().dates
    assert (dates.lower, dates.upper) == (date(2027, 11, 2), date(2027, 11, 7))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quantity": "0"}, "A whole number, of 1 at least."),
        ({"quantity": "many"}, "A whole number, of 1 at least."),
        ({"quantity": ""}, "Say how many."),
        ({"quantity": "8"}, "Only 7 are left"),
        ({"floor": "cheap"}, "A price in euros"),
        ({"floor": "9" * 40}, "A price in euros"),
        ({"floor": "-4"}, "A price above 0"),
        ({"floor": "1.999"}, "A price in euros"),
        ({"audience": "cats"}, "Say for whom."),
        ({"weeks": ["2027-01-02:2027-01-09"]}, "isn’t empty any more"),
        ({"weeks": ["x"]}, "isn’t empty any more"),
        ({"weeks": []}, "Choose at least one week"),
        ({"weeks": [], "since": "yesterday"}, "Enter a valid date"),
        ({"weeks": [], "since": "2027-11-02"}, "Give both days."),
        ({"weeks": [], "since": "2027-04-01", "until": "2027-04-03"}, "This date has passed"),
        ({"weeks": [], "since": "2027-11-05", "until": "2027-11-02"}, "must not come before"),
        ({"weeks": [], "since": "9999-12-30", "until": "9999-12-31"}, "too far away"),
        ({"since": "2027-07-12", "until": "2027-07-13"}, "overlap"),
        ({"most": "0"}, "A whole number, of 1 at least."),
        ({"last_day": "2027-01-01"}, "This date has passed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(offer: Offer, fields: dict, words: str):
    answer = post(host_of(offer), offer, **fields)
    page = body(answer)
    assert answer.status_code == 422
    assert words in page
    assert not CapacityNeed.objects.exists()
    if "floor" not in fields:
        assert "65,50 €" in page


def test_a_floor_above_the_price_is_asked_twice(offer: Offer):
    host = host_of(offer)
    page = body(post(host, offer, floor="150"))
    assert "Your price on these dates is €100.00 already" in page
    assert 'name="is_floor_meant"' in page
    assert post(host, offer, floor="150", is_floor_meant="on").status_code == 303


def test_pause_resume_and_end_are_one_press_each(offer: Offer):
    need, host = say(offer), host_of(offer)
    for wish, words in (
        ("pause", "Paused: nobody is told"),
        ("resume", "These dates are proposed again."),
        ("end", "Ended: these dates are no longer proposed."),
    ):
        answer = host.post(reverse("extranet-need", args=[need.pk]), {"wish": wish})
        assert answer.status_code == 303
        assert words in body(host.get(answer.url))
    host.post(reverse("extranet-need", args=[need.pk]), {"wish": "resume"})
    assert "It isn't possible any more" in body(host.get(LIST)).replace("’", "'")
    assert host.post(reverse("extranet-need", args=[need.pk]), {"wish": "x"}).status_code == 303


def test_nobody_reads_or_moves_what_another_house_wants(offer: Offer):
    need = say(offer)
    stranger = host_of(factories.a_lodging())
    assert "The Cottage" not in body(stranger.get(LIST))
    assert stranger.get(LIST, {"maison": offer.provider.slug}).status_code == 404
    assert stranger.get(ADD, {"offre": offer.slug}).status_code == 404
    assert post(stranger, offer).status_code == 404
    move = reverse("extranet-need", args=[need.pk])
    assert stranger.post(move, {"wish": "end"}).status_code == 404
    need.refresh_from_db()
    assert not need.is_ended
    assert CapacityNeed.objects.count() == 1


@pytest.mark.parametrize("slug", ["", "nowhere", "x" * 300])
def test_an_offer_that_is_nobodys_is_not_found(offer: Offer, slug: str):
    assert host_of(offer).get(ADD, {"offre": slug}).status_code == 404


def test_the_office_reads_and_exports_what_is_wanted(offer: Offer):
    say(offer, need_input(most=2))
    office = Client(headers={"Accept-Language": "en"})
    office.force_login(User.objects.create_superuser("bureau@example.org", "secret"))
    address = reverse("desk_needs:index")

    page = body(office.get(address))
    assert "Le Gîte" in page or "The Cottage" in page
    assert "01/05/2027–07/05/2027" in page
    table = b"".join(office.get(address, {"export": "csv"}).streaming_content).decode()
    assert "01/05/2027–07/05/2027" in table
    need = CapacityNeed.objects.get()
    assert office.get(reverse("desk_needs:inspect", args=[need.pk])).status_code == 200
