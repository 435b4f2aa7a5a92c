"""« Composer mon séjour »: two or three whole stays that can be bought as they are."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.basket import add_to_basket
from booking.models import BasketLine, Offer, Slot
from booking.wishes import LineRequest
from oti.lib.memo import forget_everything
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket
from tests.replay import replayed

pytestmark = pytest.mark.django_db
SUNDAY = SATURDAY + timedelta(days=1)
WEEK = {
    "arrival": SATURDAY.isoformat(),
    "departure": NEXT_SATURDAY.isoformat(),
    "adults": 2,
    "children": 2,
    "ages": [5, 10],
}
DAYS = [SATURDAY + timedelta(days=number) for number in range(8)]


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def thing(title: str, *days: date, at: time = time(14), capacity=10, **fields) -> Offer:
    offer = factories.an_activity(title=title, title_en=title, **fields)
    for day in days or DAYS:
        factories.a_slot(offer, day, at, capacity=capacity)
    return offer


def gite(title: str = "The cottage", **fields) -> Offer:
    return factories.a_lodging(now=NOW, **{"title": title, "title_en": title, **fields})


@replayed
def a_town() -> None:
    """Make three beds and a dozen things to do every day."""
    for name, night in (("The cottage", "100"), ("The mill", "120"), ("The yurt", "60")):
        gite(name, night=night)
    for number in range(6):
        thing(f"Walk {number}", at=time(9))
        thing(f"Lace {number}", at=time(14), kind="workshop")
        thing(f"Dinner {number}", at=time(19), kind="meal")


def page_of(client: Client, **query):
    return client.get(address("booking:compose", **{**WEEK, **query}))


def titles(page) -> list[str]:
    return [row["title"] for day in page.context["days"] for row in day["rows"] if "title" in row]


def test_without_dates_it_asks_and_proposes_nothing(client: Client):
    page = client.get(address("booking:compose"))
    text = text_of(page)
    assert "At which pace" in text
    assert "See the ready-made stays" in text
    assert "proposals" not in page.context


def test_three_stays_are_proposed_each_with_its_sentence_and_its_price(client: Client):
    a_town()

    page = page_of(client)

    shown = page.context["proposals"]
    assert len(shown) == 3
    assert len({one["bed"] for one in shown}) == 3
    assert all("7 nights" in one["sentence"].replace("\u00a0", " ") for one in shown)
    assert all("6 things to do" in one["sentence"].replace("\u00a0", " ") for one in shown)
    assert shown[2]["bed"] == "The yurt" or "The yurt" in {one["bed"] for one in shown}
    assert page.context["box"]["total"] == shown[0]["total"]
    # The same brief gives the same stays.
    assert titles(page_of(client)) == titles(page)


def test_a_stay_is_taken_as_it_is_shown(client: Client):
    a_town()
    for number in (1, 2, 3):
        visitor = Client()
        page = page_of(visitor, stay=number)
        [form] = fields_of(page, "/my-stay/adopt/")

        assert visitor.post(address("booking:stay-adopt"), form).status_code == 303

        view = visitor.get(address("booking:my-stay")).context["view"]
        assert view.total == page.context["box"]["total"]
        assert view.can_check_out
        assert not view.troubles


@pytest.mark.parametrize(("pace", "count"), [("calm", 3), ("balanced", 6), ("full", 14)])
def test_the_pace_says_how_much_a_day_holds(client: Client, pace: str, count: int):
    gite()
    for number in range(16):
        thing(f"Morning {number}", at=time(9))
        thing(f"Evening {number}", at=time(16))
    found = titles(page_of(client, pace=pace))
    assert len(found) - 1 == count


def test_a_wish_comes_first_and_ages_and_poles_are_kept_to(client: Client):
    gite()
    thing("Lace", kind="workshop", min_age=6)
    thing("Weaving", kind="workshop")
    thing("Dinner", kind="meal", at=time(19))

    found = titles(page_of(client, wish="craft", pace="calm"))
    assert "Weaving" in found
    assert "Lace" not in found

    assert titles(page_of(client, pole="massif-du-mezenc"))
    nowhere = page_of(client, pole="ailleurs")
    assert "proposals" not in nowhere.context
    assert "Nothing on these dates" in text_of(nowhere)


def test_the_budget_is_kept_and_one_too_small_names_the_cheapest(client: Client):
    a_town()
    page = page_of(client, budget="900")
    assert all(one["total"] <= Decimal(900) for one in page.context["proposals"])

    small = page_of(client, budget="100")
    text = text_of(small)
    assert "The budget is too small" in text
    assert "€4" in text

    assert "Write the budget in euros" in text_of(page_of(client, budget="beaucoup"))


def test_the_tax_that_is_paid_on_site_counts_in_the_budget(client: Client):
    gite(night="100", provider=factories.a_provider(is_professional=True))
    page = page_of(client)
    tax = page.context["box"]["tax_on_site"]
    total = page.context["box"]["total"]
    assert tax

    assert "proposals" in page_of(client, budget=f"{total + tax}").context
    small = page_of(client, budget=f"{total + tax - Decimal('0.01')}")
    assert "The budget is too small" in text_of(small)


def test_with_a_budget_the_first_stay_has_most_of_the_pace(client: Client):
    # In the order of the beds the dear one may come first: it leaves nothing for the days.
    gite("The castle", night="120")
    gite("The cottage", night="60")
    for number, day in enumerate(DAYS[1:-1]):
        thing(f"Dear {number}", day, adult="40", child="40")
        thing(f"Fair {number}", day, adult="5", child="5", at=time(10))

    page = page_of(client, budget="900")

    first = page.context["proposals"][0]
    assert first["bed"] == "The cottage"
    assert page.context["proposals"][0]["total"] <= 900
    # Every day has something, though the first days' dear things would have spent it all.
    assert len(titles(page)) == 1 + 6
    assert "isn’t quite kept" not in text_of(page)
    castle = page_of(client, budget="900", stay=2)
    assert "isn’t quite kept" in text_of(castle)


def test_nothing_is_proposed_before_one_has_come_or_late_on_the_last_day(client: Client):
    gite()
    thing("Breakfast", SATURDAY, at=time(8))
    thing("Tea", SATURDAY, at=time(16))
    thing("Concert", NEXT_SATURDAY, at=time(20))
    found = titles(page_of(client, pace="full"))
    assert found == ["The cottage", "Tea"]


def test_a_single_night_has_something_too(client: Client):
    gite()
    thing("Tea", SATURDAY, at=time(16))
    found = titles(page_of(client, departure=SUNDAY.isoformat()))
    assert found == ["The cottage", "Tea"]


def test_equal_beds_take_turns_from_day_to_day(client: Client, at):
    for name in ("The cottage", "The mill", "The yurt"):
        gite(name)
    first = set()
    for day in range(40):
        at(NOW + timedelta(days=day))
        forget_everything()
        first.add(page_of(client).context["proposals"][0]["bed"])
    assert first == {"The cottage", "The mill", "The yurt"}


# --- Line by line --------------------------------------------------------------------------------
def links_of(page, title: str) -> dict[str, str]:
    for day in page.context["days"]:
        for row in day["rows"]:
            if row.get("title") == title:
                return {link["label"]: link["url"] for link in row["links"]}
    return {}


def test_a_line_is_taken_off_and_the_others_stay(client: Client):
    a_town()
    page = page_of(client)
    before = titles(page)

    after = client.get(links_of(page, before[1])["Without it"].split("#")[0])

    assert titles(after) == [before[0], *before[2:]]
    assert "Back to this stay as it was proposed" in text_of(after)
    assert titles(client.get(after.context["restore_url"].split("#")[0])) == before


def test_another_thing_stands_in_the_place_of_one_and_the_others_stay(client: Client):
    a_town()
    page = page_of(client)
    before = titles(page)

    after = titles(client.get(links_of(page, before[2])["Something else"].split("#")[0]))

    assert after[2] != before[2]
    assert after[:2] + after[3:] == before[:2] + before[3:]


def press(client: Client, page, title: str, label: str):
    return client.get(links_of(page, title)[label].split("#")[0])


def test_another_roof_and_the_same_days(client: Client):
    a_town()
    for number in range(3):
        gite(f"House {number}", night="90")
    page = page_of(client)
    before = titles(page)
    # What was changed before stays changed.
    page = press(client, page, before[1], "Without it")
    page = press(client, page, before[2], "Something else")
    changed = titles(page)

    after = press(client, page, changed[0], "Another roof")

    assert titles(after)[0] not in {one["bed"] for one in page.context["proposals"]}
    assert titles(after)[1:] == changed[1:]
    # The other proposals stay as they were.
    beds = [one["bed"] for one in after.context["proposals"]]
    assert beds[1:] == [one["bed"] for one in page.context["proposals"]][1:]
    assert titles(press(client, after, changed[3], "Without it"))[0] == titles(after)[0]


def test_another_roof_is_the_nearest_one_that_the_days_can_do_with(client: Client):
    for number, (name, latitude) in enumerate(
        (("Here", 45.0), ("Beside", 45.02), ("Away", 45.2), ("Away too", 45.25), ("Far", 46.5))
    ):
        gite(name, night=str(50 + number), latitude=latitude, longitude=3.9)
    thing("Walk", latitude=45.0, longitude=3.9)
    for number in (1, 2, 3):
        page = page_of(client, stay=number)
        bed, *days = titles(page)
        if bed == "Far" or not days:
            continue
        after = titles(press(client, page, bed, "Another roof"))
        assert after[1:] == days
        assert after[0] != "Far"
        if bed == "Here":
            assert after[0] in {"Beside", "Away", "Away too"}


def test_a_day_that_was_emptied_stays_empty(client: Client):
    a_town()
    page = page_of(client)
    before = titles(page)

    page = press(client, page, before[2], "Something else")
    other = titles(page)[2]
    page = press(client, page, other, "Without it")
    assert titles(page) == [*before[:2], *before[3:]]

    # Nor does a later press bring back what was taken off.
    page = press(client, page, before[4], "Something else")
    assert len(titles(page)) == len(before) - 1
    page = press(client, page, before[1], "Without it")
    assert titles(page) == [before[0], before[3], *titles(page)[2:]]
    assert len(titles(page)) == len(before) - 2
    assert not {before[2], other} & set(titles(page))


# --- What the visitor has already ----------------------------------------------------------------
def test_what_is_planned_already_is_left_free(client: Client):
    gite()
    thing("Walk", SUNDAY, at=time(14))
    basket = factories.a_basket()
    concert = thing("Concert", SUNDAY, at=time(15))
    ages = (None, None, 5, 10)
    request = LineRequest(offer_id=concert.pk, slot_id=concert.slots.get().pk, ages=ages)
    add_to_basket(basket, request, now=NOW)
    visitor = with_basket(client, basket)

    page = page_of(visitor, pace="full")

    assert "Walk" not in titles(page)
    [form] = fields_of(page, "/my-stay/adopt/")
    assert visitor.post(address("booking:stay-adopt"), form).status_code == 303
    assert BasketLine.objects.filter(basket=basket).count() >= 2


# --- Nothing -------------------------------------------------------------------------------------
def test_dates_that_are_too_short_for_every_host_name_longer_ones(client: Client):
    gite(min_stay=3)
    page = page_of(client, departure=SUNDAY.isoformat())
    assert "These dates are too short" in text_of(page)
    [longer, *_more] = page.context["empty"]["actions"]
    assert "proposals" in client.get(longer["url"]).context


def test_a_closed_week_names_the_nearest_dates(client: Client):
    offer = gite()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=SUNDAY,
        ages=(None,),
    )
    add_to_basket(factories.a_basket(), request, now=NOW)
    page = page_of(client)
    assert "Nothing on these dates" in text_of(page)
    [near, *_more] = page.context["empty"]["actions"]
    assert "proposals" in client.get(near["url"]).context


def test_a_party_too_large_for_every_bed_is_told(client: Client):
    gite(sleeps=2)
    page = page_of(client)
    assert "You are many" in text_of(page)


def test_who_has_a_bed_on_these_nights_is_sent_to_what_is_free_meanwhile(client: Client):
    a_town()
    [form] = fields_of(page_of(client), "/my-stay/adopt/")
    client.post(address("booking:stay-adopt"), form)

    page = page_of(client)

    assert "You sleep somewhere already" in text_of(page)
    assert address("booking:ideas") in page.context["empty"]["actions"][0]["url"]


@pytest.mark.parametrize(
    "query",
    [
        {"arrival": "2027-07-17", "departure": "2027-07-10"},
        {"arrival": "2020-07-17"},
        {"arrival": "2098-07-17", "departure": "2099-07-10"},
        {"arrival": "31/02/2027"},
        {"departure": ""},
        {"adults": "0"},
        {"adults": "x", "children": "-1", "ages": "old"},
        {"children": "3"},
        {"adults": "500"},
        {"pole": "x" * 500, "wish": "gold", "pace": "never", "stay": "77"},
        {"budget": "-5"},
        {"budget": "1e400"},
        {"budget": "NaN"},
        {"edit": ["1-other-1", "9-off-9", "x", "1-off-" + "9" * 50, "²-off-1", "3-off-0"] * 30},
        {"update": "1"},
    ],
)
def test_nonsense_in_the_address_is_told_and_never_breaks(client: Client, query):
    gite()
    thing("Walk")
    assert page_of(client, **query).status_code == 200


def test_what_is_wrong_is_listed_with_where_it_is(client: Client):
    query = {**WEEK, "arrival": "2027-02-31", "adults": 0, "budget": "zz"}
    page = client.get("/en/compose/", query).content.decode()

    assert "data-error-summary" in page
    for name in ("arrival", "adults", "budget"):
        assert f'<li><a href="#compose-{name}">' in page


def test_a_paused_offer_leaves_at_once(client: Client):
    gite()
    walk = thing("Walk")
    assert "Walk" in titles(page_of(client))
    Offer.objects.filter(pk=walk.pk).update(state="paused")
    Slot.objects.filter(offer=walk).update(is_closed=False)
    assert "Walk" not in titles(page_of(client))


def test_it_asks_a_bounded_number_of_questions(client: Client):
    a_town()
    page_of(client)
    with CaptureQueriesContext(connection) as few:
        page_of(client)
    for number in range(8):
        thing(f"More {number}", at=time(11))
        gite(f"House {number}")
    page_of(client)
    with CaptureQueriesContext(connection) as many:
        page_of(client)
    assert len(many) <= len(few) + 2
    assert len(many) <= 60
