"""The pages of the kinds with rules of their own: what they show, post and refuse."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.models import Basket, BasketLine, Offer, SlotHold
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
OFFER = "booking:experience-offer"
ADD = "booking:line-add"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def address(name: str, *args: object) -> str:
    """Return the French address of a page."""
    with override("fr"):
        return reverse(name, args=args)


def fields_of(add: dict) -> dict[str, str]:
    """Return what the button of a page sends."""
    return dict(add["fields"])


# --- Rental ---
def test_a_rental_is_priced_for_its_days_and_added_with_the_pages_own_form(client: Client):
    offer = factories.a_rental(price="10", deposit="150")
    factories.rental_days(offer, DAY, 4)

    page = client.get(
        address(OFFER, offer.slug),
        {"first_day": "12/07/2027", "last_day": "2027-07-14", "quantity": "2"},
    )

    assert "60 €" in body(page)
    assert "Caution de 150 €" in body(page)
    client.post(address(ADD), fields_of(page.context["lending"]["add"]))
    line = BasketLine.objects.get()
    assert (line.arrival, line.departure, line.quantity) == (DAY, DAY + timedelta(days=3), 2)
    stay = body(client.get(address("booking:my-stay")))
    assert "3 jours" in stay
    assert "Rendre" in stay
    assert "Caution de 150 €" in stay


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2027-07-14", "2027-07-12", "dernier jour"),
        ("31/02/2027", "2027-07-12", "existe pas"),
        ("2027-07-12", "demain", "existe pas"),
        ("2027-07-12", "2027-07-20", "jours d’ouverture qui se suivent"),
        ("2020-07-12", "2020-07-13", "passée"),
    ],
)
def test_days_that_can_not_be_lent_are_said_and_kept_as_typed(client: Client, first, last, said):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 4)

    page = client.get(address(OFFER, offer.slug), {"first_day": first, "last_day": last})

    assert page.status_code == 200
    assert said in body(page)
    assert page.context["lending"]["add"] is None


def test_the_days_that_are_listed_begin_with_those_that_were_chosen(client: Client):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 12)
    first = DAY + timedelta(days=3)

    page = client.get(
        address(OFFER, offer.slug),
        {"first_day": first.isoformat(), "last_day": first.isoformat(), "quantity": "2"},
    )

    listed = [day["date"] for day in page.context["panel"]["days"]]
    assert listed == [first + timedelta(days=number) for number in range(7)]
    assert page.context["later_url"]
    assert page.context["lending"]["note"] == "Vélo × 2, 1 jour"
    assert "Vélo, 2 × 1 jour × 10 €" in body(page)


def test_days_with_too_few_left_say_so_and_no_price_stands_above(client: Client):
    offer = factories.a_rental(price="11")
    factories.rental_days(offer, DAY, 2)

    page = client.get(
        address(OFFER, offer.slug),
        {"first_day": "2027-07-12", "last_day": "2027-07-13", "quantity": "5"},
    )

    rows = [slot for day in page.context["panel"]["days"] for slot in day["slots"]]
    assert [(row["kind"], row["add"]) for row in rows] == [("warn", None)] * 2
    assert "110 €" not in body(page)
    assert "lundi 12 juillet" in body(page)
    assert 'aria-invalid="true"' in body(page)


def test_a_rental_that_is_gone_says_which_day_and_loses_nothing(client: Client):
    offer = factories.a_rental()
    slots = factories.rental_days(offer, DAY, 3, capacity=1)
    slots[1].sold = 1
    slots[1].save()
    form = {"offer": offer.pk, "first_day": "2027-07-12", "last_day": "2027-07-14"}

    page = client.post(address(ADD), form)

    assert page.status_code == 409
    assert "13 juillet" in body(page)
    assert page.context["back_url"].endswith("first_day=2027-07-12&last_day=2027-07-14")
    assert not SlotHold.objects.exists()


def test_the_days_of_a_rental_are_changed_on_its_line(client: Client):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 5)
    form = {"offer": offer.pk, "first_day": "2027-07-12", "last_day": "2027-07-12"}
    client.post(address(ADD), form)
    line = BasketLine.objects.get()
    edit = address("booking:line-edit", line.pk)
    assert 'name="last_day" type="date" value="2027-07-12"' in body(client.get(edit))

    client.post(edit, {**form, "last_day": "2027-07-15", "quantity": "1"})

    line.refresh_from_db()
    assert line.departure == DAY + timedelta(days=4)
    refused = client.post(edit, {**form, "last_day": "2027-07-25", "quantity": "1"})
    assert refused.status_code == 409
    assert "2027-07-25" in body(refused)


# --- Childcare ---
def test_childcare_proposes_the_children_alone(client: Client):
    offer = factories.a_childcare()
    factories.a_slot(offer, DAY, time(19), capacity=40)

    page = client.get(
        address(OFFER, offer.slug), {"adults": "2", "children": "2", "ages": ["5", "10"]}
    )

    assert "40 €" in body(page)
    assert "Accueil de loisirs" in body(page)
    # That grown-ups stay out is what childcare is: nothing to warn of.
    assert page.context["panel"]["excluded"] == ""


def test_a_dinner_for_two_asks_who_minds_the_children(client: Client):
    care = factories.a_childcare()
    factories.a_slot(care, DAY, time(19), capacity=40)
    dinner = factories.an_activity(kind="meal", min_age=18, child=None)
    slot = factories.a_slot(dinner, DAY, time(19, 30))
    walk = factories.an_activity()
    other = factories.a_slot(walk, DAY + timedelta(days=1))
    client.post(address(ADD), {"offer": walk.pk, "slot": other.pk, "adults": "2", "ages": "5,10"})
    client.post(address(ADD), {"offer": dinner.pk, "slot": slot.pk, "people": ["p1", "p2"]})

    page = client.get(address("booking:my-stay"))

    assert "qui garde les enfants (5 et 10 ans)" in body(page)
    client.post(
        address(ADD),
        {"offer": care.pk, "slot": care.slots.get().pk, "people": ["p3", "p4"]},
    )
    # Three hours and a half from seven on: the whole dinner.
    assert "qui garde les enfants" not in body(client.get(address("booking:my-stay")))


def a_workshop_of_the_eldest(client: Client) -> None:
    """Let parents and the child of 10 be at a workshop, 14 to 16 h; the child of 5 is left."""
    lace = factories.an_activity(kind="workshop", min_age=8, duration_minutes=120)
    slot = factories.a_slot(lace, DAY, time(14))
    form = {"offer": lace.pk, "slot": slot.pk, "adults": "2", "ages": "10"}
    form |= {"party_adults": "2", "party_ages": "5,10"}
    assert client.post(address(ADD), form).status_code == 303


def the_page_of_minders(client: Client):
    stay = client.get(address("booking:my-stay"))
    url = re.search(r'href="(/[^"]*/minding/|/[^"]*/garde/)"', stay.content.decode())
    assert url, body(stay)
    return client.get(url[1])


def test_only_carers_who_cover_that_time_are_shown_for_that_child_alone(client: Client):
    a_workshop_of_the_eldest(client)
    hours = {"covers": time(13), "another hour": time(18), "too late": time(15)}
    slots = {}
    for title, hour in hours.items():
        care = factories.a_childcare()
        Offer.objects.filter(pk=care.pk).update(title=title, title_fr=title)
        slots[title] = factories.a_slot(care, DAY, hour, capacity=40)
    tomorrow = factories.a_slot(slots["covers"].offer, DAY + timedelta(days=1), time(13))
    elders = factories.a_childcare()
    Offer.objects.filter(pk=elders.pk).update(title="elders", title_fr="elders", min_age=8)
    factories.a_slot(elders, DAY, time(13), capacity=40)
    full = factories.a_childcare()
    Offer.objects.filter(pk=full.pk).update(title="full", title_fr="full")
    factories.a_slot(full, DAY, time(13), capacity=5)

    page = the_page_of_minders(client)

    [card] = page.context["cards"]
    form = fields_of(card["add"])
    assert form["slot"] == str(slots["covers"].pk) != str(tomorrow.pk)
    # Alone, and for its own price.
    assert (form["people"], form["shown_amount"]) == ("p3", "20.00")
    assert "jusqu’à 16 h 30" in body(page)
    for title in ("another hour", "too late", "elders", "full"):
        assert title not in body(page)
    assert client.post(address(ADD), form).status_code == 303
    assert "qui garde l" not in body(client.get(address("booking:my-stay")))


def test_nobody_at_that_time_says_so_and_leads_on(client: Client):
    a_workshop_of_the_eldest(client)
    factories.a_slot(factories.a_childcare(), DAY, time(18), capacity=40)

    page = the_page_of_minders(client)

    assert page.context["cards"] == []
    assert "kind=childcare" in page.content.decode()


def test_a_child_who_is_elsewhere_for_a_part_of_it_is_not_proposed(client: Client):
    a_workshop_of_the_eldest(client)
    factories.a_slot(factories.a_childcare(), DAY, time(13), capacity=40)
    story = factories.an_activity(max_age=6, min_age=3, duration_minutes=30)
    slot = factories.a_slot(story, DAY, time(13, 15))
    client.post(address(ADD), {"offer": story.pk, "slot": slot.pk, "people": ["p3"]})

    assert the_page_of_minders(client).context["cards"] == []


def test_where_nobody_is_asked_for_there_is_only_the_stay(client: Client):
    a_workshop_of_the_eldest(client)
    line = Basket.objects.get().lines.get()

    # No childcare is sold at all.
    answer = client.get(address("booking:line-minding", line.pk))

    assert (answer.status_code, answer.url) == (303, address("booking:my-stay"))


# --- Shuttle, steps, visit ---
def test_two_bicycles_for_one_seat_are_refused_beside_the_options(client: Client):
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY)

    page = client.post(
        address(ADD),
        {"offer": offer.pk, "slot": slot.pk, "adults": "1", "option_bike": "2"},
    )

    assert page.status_code == 409
    assert "Un vélo par personne" in body(page)
    assert not Basket.objects.get().lines.exists()


def test_a_departure_without_room_for_bicycles_says_so_in_the_list(client: Client):
    offer = factories.a_shuttle()
    factories.a_ride(offer, DAY, bikes=0)

    page = client.get(address(OFFER, offer.slug), {"adults": "1", "option_bike": "1"})

    assert "Plus de place pour les vélos" in body(page)


def test_steps_and_plan_b_are_on_the_page_of_a_workshop_in_steps(client: Client):
    offer = factories.a_composite()
    factories.a_slot(offer, DAY, time(9))

    page = body(client.get(address(OFFER, offer.slug)))

    assert page.index("Cueillir") < page.index("Cuisiner") < page.index("Manger")
    assert "Visiter une champignonnière" in page


def test_a_visit_says_that_one_comes_when_one_likes(client: Client):
    offer = factories.an_activity(kind="visit", duration_minutes=480)
    factories.a_slot(offer, DAY, time(10))

    assert "Venez à votre heure" in body(client.get(address(OFFER, offer.slug)))


def test_what_costs_nothing_is_free_rather_than_nought_euros(client: Client):
    offer = factories.an_activity(kind="registration", adult="0", child=None)
    factories.a_slot(offer, DAY, time(10))

    card = body(client.get(address("booking:experiences")))
    page = body(client.get(address(OFFER, offer.slug), {"adults": "2"}))

    for shown in (card, page):
        assert "Gratuit" in shown
    assert "0 €</p>" not in card


def test_every_kind_can_be_filtered_for(client: Client):
    for kind in ("childcare", "rental", "shuttle", "composite", "visit", "registration"):
        assert client.get(address("booking:experiences"), {"kind": kind}).status_code == 200


def test_other_days_of_a_rental_keep_the_dates_and_the_party(client: Client):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 4)
    asked = "arrival=2027-07-11&departure=2027-07-18&adults=2&children=2&ages=5&ages=10"

    page = body(client.get(f"{address(OFFER, offer.slug)}?{asked}"))

    form = page.split('name="first_day"')[0].rsplit("<form", 1)[1]
    for name, value in [pair.split("=") for pair in asked.split("&")]:
        assert f'<input type="hidden" name="{name}" value="{value}">' in form
    bare = body(client.get(address(OFFER, offer.slug)))
    assert 'name="arrival"' not in bare.split('name="first_day"')[0].rsplit("<form", 1)[1]


def test_a_rental_too_long_is_told_in_days(client: Client):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 2)
    form = {"offer": offer.pk, "first_day": "2027-05-12", "last_day": "2027-10-12"}

    page = body(client.post(address(ADD), form))

    assert "jours au plus" in page
    assert "nuits" not in page.split("data-error-summary")[1].split("</ul>")[0]


def test_days_the_wrong_way_round_are_not_written_as_a_span(client: Client):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 2)
    form = {"offer": offer.pk, "first_day": "2027-07-14", "last_day": "2027-07-12"}

    page = body(client.post(address(ADD), form))

    assert "14 au 12" not in page
    assert "juillet" not in page.split("data-error-summary")[0].split("<h1")[1]
