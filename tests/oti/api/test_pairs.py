"""Moments for two through the API: what the pages propose, with what adds it."""

from datetime import date, time

import pytest

from booking.models import Basket
from tests import factories
from tests.oti.api.client import DUPONT, ask, new_basket, places_line, send

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
ADULTS, CHILDREN = DUPONT[:2], DUPONT[2:]
# About 25 minutes by road from the others.
FAR = {"latitude": 45.0, "longitude": 4.15}


@pytest.fixture
def dinner():
    offer = factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=150)
    return factories.a_slot(offer, DAY, time(19, 30))


@pytest.fixture
def care():
    return factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=40)


def stay_of(*lines) -> tuple[str, list[int]]:
    """Put the Duponts' bed for everybody and some lines into a basket; return token and lines."""
    token = new_basket()
    made = [send(f"baskets/{token}/lines", line) for line in lines]
    assert {one.status_code for one in made} == {201}
    return token, [one.json()["id"] for one in made]


def everybodys_workshop():
    offer = factories.an_activity(kind="workshop")
    return places_line(factories.a_slot(offer, DAY, time(9)))


def test_dinner_leads_to_who_minds_the_children_and_is_added_as_it_is(
    dinner, care, django_assert_max_num_queries
):
    token, [_all, pk] = stay_of(everybodys_workshop(), places_line(dinner, participants=ADULTS))
    with django_assert_max_num_queries(24):
        told = ask(f"baskets/{token}/lines/{pk}/pairs").json()

    assert (told["line"], told["lacks"], told["children"]) == (pk, "childcare", ["p3", "p4"])
    [minder] = told["proposals"]
    assert (minder["slot"], minder["way_minutes"]) == (care.pk, None)
    assert minder["participants"] == CHILDREN
    assert minder["price"]["total_cents"] == 4000
    again = {
        "offer": minder["offer"]["slug"],
        "slot": minder["slot"],
        "participants": minder["participants"],
    }
    assert send(f"baskets/{token}/lines", again).status_code == 201
    both = [line["id"] for line in ask(f"baskets/{token}").json()["lines"]]
    for line in both:
        told = ask(f"baskets/{token}/lines/{line}/pairs").json()
        assert (told["lacks"], told["proposals"]) == (None, [])


def test_childcare_leads_to_moments_with_the_minutes_of_the_way(dinner, care):
    far = factories.an_activity(
        kind="meal", min_age=18, child=None, duration_minutes=90, title="Far", **FAR
    )
    reached = factories.a_slot(far, DAY, time(19, 45))
    # Too early for the way there.
    factories.a_slot(far, DAY, time(19, 15))
    token, [_all, pk] = stay_of(everybodys_workshop(), places_line(care, participants=CHILDREN))

    told = ask(f"baskets/{token}/lines/{pk}/pairs").json()

    assert told["lacks"] == "moment"
    assert [one["slot"] for one in told["proposals"]] == [dinner.pk, reached.pk]
    ways = [one["way_minutes"] for one in told["proposals"]]
    assert ways[0] == 0
    assert 25 <= ways[1] <= 45
    assert told["proposals"][0]["people"] == ["p1", "p2"]


def test_stay_that_is_being_paid_is_proposed_nothing(dinner, care):
    token, [_all, pk] = stay_of(everybodys_workshop(), places_line(care, participants=CHILDREN))
    Basket.objects.update(state=Basket.State.FROZEN)

    assert ask(f"baskets/{token}/lines/{pk}/pairs").json() == {
        "line": pk,
        "lacks": None,
        "children": [],
        "proposals": [],
    }


def test_line_of_another_stay_isnt_there(care):
    _theirs, [_all, pk] = stay_of(everybodys_workshop(), places_line(care, participants=CHILDREN))
    mine = new_basket()
    assert ask(f"baskets/{mine}/lines/{pk}/pairs").status_code == 404
    assert ask(f"baskets/nobodys/lines/{pk}/pairs").status_code == 404
