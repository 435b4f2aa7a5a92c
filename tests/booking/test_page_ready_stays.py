"""Ready-made stays: the list with its filters, and a stay with dates, party and swaps."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.basket import add_to_basket
from booking.models import Offer, ReadyStay, ReadyStep, Slot
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket

pytestmark = pytest.mark.django_db
SUNDAY = SATURDAY + timedelta(days=1)
MONDAY = SATURDAY + timedelta(days=2)
WEEK = {"arrival": SATURDAY.isoformat(), "adults": 2, "children": 2, "ages": [5, 10]}
COUPLE = {"arrival": SATURDAY.isoformat(), "adults": 2}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def thing(title: str, *days: date, at: time = time(14), capacity: int = 10, **fields) -> Offer:
    """Make something to do with a date on each of these days."""
    offer = factories.an_activity(title=title, title_en=title, **fields)
    for day in days:
        factories.a_slot(offer, day, at, capacity=capacity)
    return offer


def gite(**fields) -> Offer:
    return factories.a_lodging(now=NOW, **{"title": "Gîte", "title_en": "The cottage", **fields})


def a_week(**fields) -> ReadyStay:
    """Make a stay: a gîte, lace on Sunday, a walk on Monday."""
    stay = factories.a_ready_stay(title="La semaine", title_en="The week", **fields)
    factories.a_ready_step(stay, 1, gite())
    factories.a_ready_step(stay, 2, thing("Lace", SUNDAY))
    factories.a_ready_step(stay, 3, thing("Walk", MONDAY))
    return stay


def page_of(client: Client, stay: ReadyStay, **query):
    return client.get(address("booking:ready-stay", stay.slug, **query))


def states(page) -> list[str]:
    return [step.state for step in page.context["plan"].steps]


# --- The list ------------------------------------------------------------------------------------
def test_the_list_shows_published_stays_with_what_they_are(client: Client):
    a_week(themes=["craft"], season_from_month=12, season_to_month=3)
    factories.a_ready_stay(title_en="A draft", state="draft")

    page = client.get(address("booking:ready-stays"))

    text = text_of(page)
    assert "The week" in text
    assert "From December to March" in text
    assert "Crafts and know-how" in text
    assert "A draft" not in text


def test_the_filters_stand_in_the_address_and_nonsense_filters_nothing(client: Client):
    a_week(season_from_month=12, season_to_month=3)
    summer = factories.a_ready_stay(title_en="Summer", season_from_month=6, season_to_month=8)
    factories.a_ready_step(summer, 1, gite())

    def shown(**query):
        page = client.get(address("booking:ready-stays", **query))
        return [card["title"] for card in page.context["cards"]]

    assert shown(season="winter") == ["The week"]
    assert shown(season="summer") == ["Summer"]
    assert shown(pole="massif-du-mezenc") == ["The week", "Summer"]
    assert shown(theme="music") == []
    assert shown(season="'; --", pole="x" * 900, theme="\u00b2") == ["The week", "Summer"]


def test_a_filter_that_keeps_nothing_and_an_empty_list_say_where_to_go(client: Client):
    empty = text_of(client.get(address("booking:ready-stays")))
    assert "They are being written" in empty
    assert "Compose my stay" in empty

    a_week(themes=["craft"])
    assert "None is like that" in text_of(client.get(address("booking:ready-stays", theme="music")))


def test_the_list_asks_as_much_for_ten_stays_as_for_one(client: Client):
    a_week()
    url = address("booking:ready-stays")
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(url)
    for _number in range(5):
        a_week()
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(one) <= 12


# --- Without dates -------------------------------------------------------------------------------
def test_without_dates_the_days_are_counted_and_the_first_arrivals_are_found(client: Client):
    stay = a_week(season_from_month=7, season_to_month=8)

    page = page_of(client, stay)

    text = text_of(page)
    assert "Day 1" in text
    assert "Day 3" in text
    [near] = page.context["nearest"]
    assert near["label"].startswith("Saturday")
    # 700 for the nights, the tax, 64 for each of two things for two.
    assert page.context["from_amount"] == near["total"]
    assert f"arrival={SATURDAY.isoformat()}" in near["url"]


def test_no_price_is_said_that_was_not_computed(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite(night=None))
    page = page_of(client, stay)
    assert page.context["from_amount"] is None
    assert "€" not in text_of(page).split("When do you come?")[1].split("Who welcomes")[0]


def test_a_draft_and_an_unknown_stay_are_not_found(client: Client):
    draft = factories.a_ready_stay(state="draft")
    assert page_of(client, draft).status_code == 404
    assert client.get(address("booking:ready-stay", "rien")).status_code == 404


# --- With dates ----------------------------------------------------------------------------------
def test_with_dates_each_part_has_its_hour_and_the_total_is_that_of_the_basket(client: Client):
    stay = a_week()

    page = page_of(client, stay, **WEEK)
    [form] = fields_of(page, "/my-stay/adopt/")
    answer = client.post(address("booking:stay-adopt"), form)

    assert answer.status_code == 303
    mine = client.get(address("booking:my-stay"))
    assert mine.context["view"].total == page.context["box"]["total"]
    assert [line.title for line in mine.context["view"].lines] == ["The cottage", "Lace", "Walk"]
    assert mine.context["view"].can_check_out
    assert len(mine.context["view"].people) == 4
    text = text_of(page)
    assert 'datetime="14:00"' in page.content.decode()
    assert "2 adults, 2 children (5 and 10" in text


def test_a_full_first_choice_is_replaced_and_it_is_said_why(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    full, other = thing("Lace", SUNDAY), thing("Baskets", SUNDAY)
    Slot.objects.filter(offer=full).update(sold=10)
    factories.a_ready_step(stay, 2, full, other)

    page = page_of(client, stay, **WEEK)

    assert states(page) == ["chosen", "swapped"]
    assert "Instead of “Lace”: Sold out" in text_of(page).replace("\u00a0", " ")
    assert page.context["adopt"]


def test_what_cannot_be_replaced_is_told_with_the_nearest_arrivals(client: Client):
    stay = factories.a_ready_stay(nights=2)
    factories.a_ready_step(stay, 1, gite())
    later = SUNDAY + timedelta(days=5)
    offer = thing("Lace", SUNDAY, later)
    Slot.objects.filter(offer=offer, day=SUNDAY).update(is_closed=True)
    factories.a_ready_step(stay, 2, offer)

    page = page_of(client, stay, **WEEK)

    assert states(page) == ["chosen", "gone"]
    assert page.context["adopt"] is None
    assert "Not all of it can be had on these dates." in text_of(page)
    [near] = page.context["nearest"]
    assert f"arrival={(later - timedelta(days=1)).isoformat()}" in near["url"]
    # Somebody may also do without it.
    [step] = [step.step.pk for step in page.context["plan"].missing]
    without = page_of(client, stay, **WEEK, skip=step)
    assert without.context["adopt"]
    assert states(without) == ["chosen", "left_out"]


def test_a_bed_that_is_taken_gives_way_to_another_or_refuses_the_dates(client: Client):
    stay = factories.a_ready_stay()
    first, other = gite(), gite(title="Autre", title_en="The other house")
    factories.a_ready_step(stay, 1, first, other)
    request = LineRequest(
        offer_id=first.pk,
        unit_id=first.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None,),
    )
    add_to_basket(factories.a_basket(), request, now=NOW)

    swapped = page_of(client, stay, **WEEK)
    assert states(swapped) == ["swapped"]
    assert "The other house" in text_of(swapped)

    Offer.objects.filter(pk=other.pk).update(state="paused")
    gone = page_of(client, stay, **WEEK)
    assert states(gone) == ["gone"]
    assert gone.context["adopt"] is None


def test_ages_decide_and_children_have_what_is_for_them(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    lace = thing("Lace", SUNDAY, min_age=8)
    factories.a_ready_step(stay, 2, lace, thing("Farm", SUNDAY))
    dinner = thing("Dinner", MONDAY, at=time(19), min_age=18)
    factories.a_ready_step(stay, 3, dinner, who="adults")
    care = factories.a_childcare()
    factories.a_slot(care, MONDAY, time(19), capacity=40)
    factories.a_ready_step(stay, 3, care, who="children")

    page = page_of(client, stay, **WEEK)
    assert states(page) == ["chosen", "swapped", "chosen", "chosen"]
    assert {len(part.keys) for part in page.context["plan"].parts} == {4, 2}

    couple = page_of(client, stay, **COUPLE)
    assert states(couple) == ["chosen", "chosen", "chosen", "nobody"]
    assert couple.context["adopt"]


def test_hours_of_the_office_and_clashes_within_the_stay_are_kept(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    lace = thing("Lace", SUNDAY, at=time(10))
    factories.a_slot(lace, SUNDAY, time(15))
    factories.a_ready_step(stay, 2, lace, starts_from=time(14), starts_until=time(16))
    factories.a_ready_step(stay, 2, thing("Walk", SUNDAY, at=time(15)))

    page = page_of(client, stay, **COUPLE)

    assert states(page) == ["chosen", "chosen", "gone"]
    assert page.context["plan"].parts[1].slot.start_time == time(15)
    assert "At the same hours as something else of this stay." in text_of(page)


def test_two_of_three_are_chosen_and_the_visitor_may_choose_others(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    one, two, three = (thing(f"Thing {at}", SUNDAY, at=time(at)) for at in (9, 12, 16))
    step = factories.a_ready_step(stay, 2, one, two, three, choose=2)

    page = page_of(client, stay, **COUPLE)
    chosen = [part.offer for part in page.context["plan"].parts[1:]]
    assert one in chosen
    assert len(chosen) == 2
    [left] = {one, two, three} - set(chosen)

    picked = page_of(client, stay, **COUPLE, pick=[f"{step.pk}-{left.pk}"])
    assert left in [part.offer for part in picked.context["plan"].parts]


def test_an_optional_step_is_in_the_price_of_who_asks_for_it_only(client: Client):
    stay = a_week()
    step = factories.a_ready_step(
        stay, 4, thing("Stars", MONDAY + timedelta(days=1)), is_optional=True
    )

    plain = page_of(client, stay, **COUPLE)
    [extra] = plain.context["extras"]
    taken = client.get(extra["url"])

    assert f"with={step.pk}" in extra["url"]
    assert taken.context["box"]["total"] == plain.context["box"]["total"] + extra["amount"]


def test_what_is_lent_is_lent_for_its_days_and_bought_once_for_all(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    bikes = factories.a_rental()
    factories.rental_days(bikes, SUNDAY, 3, capacity=4)
    factories.a_ready_step(stay, 2, bikes, lasts=3)
    lentils = factories.a_produce()
    factories.a_slot(lentils, SUNDAY)
    factories.a_ready_step(stay, 2, lentils, who="stay")

    page = page_of(client, stay, **COUPLE)
    [form] = fields_of(page, "/my-stay/adopt/")
    assert client.post(address("booking:stay-adopt"), form).status_code == 303

    view = client.get(address("booking:my-stay")).context["view"]
    by_offer = {line.offer.pk: line.line for line in view.lines}
    assert by_offer[bikes.pk].quantity == 2
    assert by_offer[bikes.pk].departure - by_offer[bikes.pk].arrival == timedelta(days=3)
    assert by_offer[lentils.pk].quantity == 1
    assert view.total == page.context["box"]["total"]


# --- Seasons, parties ----------------------------------------------------------------------------
def test_out_of_its_season_it_says_so_and_proposes_days_of_it(client: Client):
    stay = factories.a_ready_stay(nights=2, season_from_month=7, season_to_month=8)
    factories.a_ready_step(stay, 1, gite())

    page = page_of(client, stay, arrival="2027-05-03", adults=2)

    assert "This stay is proposed from July to August." in text_of(page)
    assert page.context["adopt"] is None
    assert all("arrival=2027-07" in one["url"] for one in page.context["nearest"])
    assert page.context["nearest"]


@pytest.mark.parametrize(("adults", "words"), [(1, "2 persons at least"), (5, "4 persons at most")])
def test_a_party_that_it_is_not_written_for_is_told(client: Client, adults: int, words: str):
    stay = a_week(min_party=2, max_party=4)
    page = page_of(client, stay, arrival=SATURDAY.isoformat(), adults=adults)
    assert words in text_of(page)
    assert page.context["adopt"] is None


# --- What the visitor has already ----------------------------------------------------------------
def test_what_is_planned_already_is_in_the_way_and_said(client: Client):
    stay = a_week()
    basket = factories.a_basket()
    concert = thing("Concert", SUNDAY)
    request = LineRequest(
        offer_id=concert.pk, slot_id=concert.slots.get().pk, ages=(None, None, 5, 10)
    )
    add_to_basket(basket, request, now=NOW)

    page = page_of(with_basket(client, basket), stay, **WEEK)

    assert states(page) == ["chosen", "gone", "chosen"]
    assert "Concert" in text_of(page)


def test_the_last_places_that_one_holds_oneself_are_not_full(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    lace = thing("Lace", SUNDAY, capacity=2)
    factories.a_ready_step(stay, 2, lace)
    [form] = fields_of(page_of(client, stay, **COUPLE), "/my-stay/adopt/")
    client.post(address("booking:stay-adopt"), form)

    again = page_of(client, stay, **COUPLE)
    stranger = page_of(Client(), stay, **COUPLE)

    assert states(again) == ["chosen", "chosen"]
    assert states(stranger) == ["gone", "gone"]


# --- What is no longer there ---------------------------------------------------------------------
def test_deleted_paused_and_archived_offers_leave_a_clear_page(client: Client):
    stay = a_week()
    lace = Offer.objects.get(title_en="Lace")
    Offer.objects.filter(title_en="Walk").update(state="archived")
    ReadyStep.objects.filter(offer=lace).update(offer=None)

    plain = page_of(client, stay)
    dated = page_of(client, stay, **WEEK)

    assert plain.status_code == dated.status_code == 200
    assert "Being replaced" in text_of(plain)
    assert states(dated) == ["chosen", "gone", "gone"]
    assert "This offer isn't sold online at the moment." in text_of(dated)

    Slot.objects.all().delete()
    lace.delete()
    stay.steps.all()
    ReadyStep.objects.filter(stay=stay).delete()
    bare = page_of(client, stay, **WEEK)
    assert bare.status_code == 200
    assert bare.context["adopt"] is None
    assert page_of(client, stay).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"arrival": "2020-01-01"},
        {"arrival": "2099-01-01"},
        {"arrival": "31/02/2027"},
        {"arrival": SATURDAY.isoformat(), "departure": "2020-01-01"},
        {"arrival": SATURDAY.isoformat(), "adults": "0"},
        {"arrival": SATURDAY.isoformat(), "adults": "abc", "children": "x", "ages": "y"},
        {"arrival": SATURDAY.isoformat(), "children": "2"},
        {"arrival": SATURDAY.isoformat(), "adults": "9999"},
        {"pick": ["1-2-3", "9" * 40, "-", "1-99999999999999999"], "with": "\u0663", "skip": "²"},
        {
            "arrival": SATURDAY.isoformat(),
            "pick": "99-99",
            "with": ["99"] * 99,
            "skip": ["98", "x"],
        },
        {"update": "1", "children": "2"},
    ],
)
def test_nonsense_in_the_address_is_told_and_never_breaks(client: Client, query):
    assert page_of(client, a_week(), **query).status_code == 200


def test_the_page_asks_a_bounded_number_of_questions(client: Client):
    stay = a_week()
    page_of(client, stay, **WEEK)
    with CaptureQueriesContext(connection) as few:
        page_of(client, stay, **WEEK)
    for number in range(4, 8):
        day = SATURDAY + timedelta(days=number - 1)
        factories.a_ready_step(stay, number, thing(f"More {number}", day), thing("Or", day))
    page_of(client, stay, **WEEK)
    with CaptureQueriesContext(connection) as many:
        page_of(client, stay, **WEEK)
    # Remembered offers ask for themselves again in tests: a few statements for each sort of row.
    assert len(many) <= len(few) + 2
    assert len(many) <= 45


# --- Not for everybody ---------------------------------------------------------------------------
def href(links, label: str) -> str:
    return next(one["url"] for one in links if one["label"] == label).split("#")[0]


def test_those_of_the_right_age_may_take_part_without_the_others(client: Client):
    stay = factories.a_ready_stay(included_en="A week\nA climb")
    factories.a_ready_step(stay, 1, gite())
    factories.a_ready_step(stay, 2, thing("Climb", SUNDAY, min_age=8))

    page = page_of(client, stay, **WEEK)
    [gap] = page.context["missing"]
    assert gap["problem"] == "Not for every age of your party."
    text = text_of(page)
    assert "Say on its day who takes part" in text
    assert "Not on these dates" not in text
    label = next(one["label"] for one in gap["links"] if one["label"].startswith("For"))
    assert label.replace("\u00a0", " ") == "For 2 adults, 1 child (10 years old) only"

    joined = client.get(href(gap["links"], label))
    [climb] = [part for part in joined.context["plan"].parts if part.slot]
    assert len(climb.keys) == 3
    [form] = fields_of(joined, "/my-stay/adopt/")
    assert client.post(address("booking:stay-adopt"), form).status_code == 303
    view = client.get(address("booking:my-stay")).context["view"]
    assert view.total == joined.context["box"]["total"]


def test_what_is_for_nobody_of_the_party_says_so_and_asks_nothing(client: Client):
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, gite())
    factories.a_ready_step(stay, 2, thing("Tales", SUNDAY, max_age=7))

    [gap] = page_of(client, stay, **COUPLE).context["missing"]

    assert gap["problem"] == "Not for the ages of your party."
    assert [one["label"] for one in gap["links"]] == ["Do without it"]


def test_an_optional_step_that_cannot_be_added_says_why(client: Client):
    stay = a_week()
    factories.a_ready_step(stay, 4, thing("Climb", SUNDAY, min_age=8), is_optional=True)
    step = factories.a_ready_step(
        stay, 2, thing("Ride", SUNDAY, at=time(10), min_age=8), is_optional=True
    )

    page = page_of(client, stay, **WEEK)

    assert not page.context["extras"]
    climb, ride = sorted(page.context["vanished"], key=lambda one: one["title"])
    assert climb["problem"]
    assert ride["problem"] == "Not for every age of your party."
    [link] = ride["links"]
    joined = client.get(link["url"])
    assert {one.state for one in joined.context["plan"].steps if one.step == step} == {"chosen"}
    assert "Ride" in text_of(page)


def test_what_is_included_is_counted_where_it_is_not_as_written(client: Client):
    stay = a_week(included_en="A cottage\nTwo outings")
    page = page_of(client, stay, **COUPLE)
    assert "Two outings" in text_of(page)

    walk = next(step for step in page.context["plan"].steps if step.first.title == "Walk")
    without = page_of(client, stay, **COUPLE, skip=walk.step.pk)

    assert "Two outings" not in text_of(without)
    assert without.context["counted"] == ["7\N{NO-BREAK SPACE}nights, The cottage", "Lace"]
