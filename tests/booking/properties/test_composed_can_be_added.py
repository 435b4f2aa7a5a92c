"""What is composed can be added as it is, whatever is on sale, taken or planned already.

Random towns: beds of some sizes, things to do with ages, notices and few places left, a stay in
the making. Every line of every proposal must be taken by the basket, at the price shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.adopting import adopt_stay
from booking.composing import Brief, Edits, Proposed, compose
from booking.models import Basket, Offer, Slot, Stay
from booking.planning import Party
from booking.ready_stays import plan_ready_stay, read_recipes
from booking.stay_view import view_basket
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
FIRST = date(2027, 4, 12)
KINDS = ("activity", "workshop", "meal", "visit", "event_ticket")


@dataclass(frozen=True)
class Bed:
    """A lodging: how many it sleeps, its least stay, nights that somebody has."""

    sleeps: int
    min_stay: int
    night: int
    taken: int | None


@dataclass(frozen=True)
class Thing:
    """Something to do: on which days, at which hour, for whom, how much is left."""

    kind: str
    days: tuple[int, ...]
    hour: int
    minutes: int
    min_age: int | None
    places: int
    sold: int
    notice: int
    price: int


beds = st.builds(
    Bed,
    st.sampled_from([6, 4, 2]),
    st.sampled_from([1, 1, 3]),
    st.integers(20, 200),
    st.sampled_from([None, None, 0, 3]),
)
things = st.builds(
    Thing,
    st.sampled_from(KINDS),
    # Most things take place on most days, so that stays are full and little fits beside.
    st.sets(st.integers(0, 8), max_size=5).map(lambda off: tuple(sorted(set(range(9)) - off))),
    st.integers(6, 21),
    st.sampled_from([30, 90, 180, 360]),
    st.sampled_from([None, None, 6, 12]),
    st.sampled_from([12, 6, 3]),
    st.sampled_from([0, 0, 4, 12]),
    st.sampled_from([0, 0, 0, 3, 30]),
    st.integers(0, 60),
)


# There is always something to compose with.
ALWAYS = (
    Thing("workshop", tuple(range(9)), 10, 90, None, 12, 0, 0, 10),
    Thing("meal", tuple(range(9)), 19, 90, None, 12, 0, 0, 20),
)


def build(town: list[Bed], offers: list[Thing]) -> None:
    offers = [*offers, *ALWAYS]
    for number, one in enumerate([*town, Bed(6, 1, 60, None)]):
        gite = factories.a_lodging(
            night=str(one.night),
            sleeps=one.sleeps,
            min_stay=one.min_stay,
            title=f"Toit {number}",
            now=NOW,
        )
        if one.taken is not None:
            arrival = FIRST + timedelta(days=one.taken)
            Stay.objects.create(
                unit=gite.units.get(),
                dates=(arrival, arrival + timedelta(days=2)),
                state="held",
                expires_at=NOW + timedelta(minutes=5),
            )
    for number, thing in enumerate(offers):
        offer = factories.an_activity(
            kind=thing.kind,
            adult=str(thing.price),
            child=str(thing.price // 2),
            min_age=thing.min_age,
            min_advance_days=thing.notice,
            duration_minutes=thing.minutes,
            title=f"Chose {number}",
        )
        for day in thing.days:
            slot = factories.a_slot(
                offer, FIRST + timedelta(days=day), time(thing.hour), capacity=thing.places
            )
            Slot.objects.filter(pk=slot.pk).update(sold=min(thing.sold, thing.places))


def take_all(basket: Basket, requests) -> Decimal:
    """Take a stay as its page does; every line must be taken, at the price shown."""
    found = adopt_stay(basket, requests, now=NOW)
    assert not found.refused
    assert len(found.added) == len(requests)
    view = view_basket(basket, now=NOW)
    assert not view.troubles
    return view.total


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(
    town=st.lists(beds, max_size=2),
    offers=st.lists(things, min_size=3, max_size=7),
    start=st.integers(0, 3),
    nights=st.integers(1, 5),
    ages=st.lists(st.sampled_from([None, None, 3, 9]), max_size=3).map(lambda some: (None, *some)),
    pace=st.sampled_from(["calm", "balanced", "full"]),
    wish=st.sampled_from(["", "craft", "food"]),
    budget=st.sampled_from([None, None, None, Decimal(400), Decimal(900)]),
    presses=st.lists(st.tuples(st.sampled_from(["other", "off"]), st.integers(0, 5)), max_size=4),
)
def test_every_line_of_every_proposal_can_be_added(
    settings, at, town, offers, start, nights, ages, pace, wish, budget, presses
):
    settings.SEARCH_HORIZON_DAYS = 45
    at(NOW)
    assert FIRST > TODAY
    point = transaction.savepoint()
    try:
        build(town, offers)
        arrival = FIRST + timedelta(days=start)
        brief = Brief(
            arrival,
            arrival + timedelta(days=nights),
            tuple(sorted(ages, key=lambda age: age is not None)),
            pace=pace,
            wish=wish,
            budget=budget,
        )
        composed = compose(brief, now=NOW)
        assert composed.proposals or composed.why
        if budget is None and nights > 1:
            assert any(one.things for one in composed.proposals)
        first = composed.proposals[0] if composed.proposals else None
        for one in composed.proposals:
            assert budget is None or first is None or len(first.things) >= len(one.things)
            assert budget is None or one.cost <= budget
            inner = transaction.savepoint()
            basket = factories.a_basket()
            requests = [part.request(brief.ages) for part in one.parts]
            assert take_all(basket, requests) == one.total
            # A second stay is composed around the first one: it may not be in the way of it.
            party = Party.of(brief.ages, basket)
            assert list(party.keys) == [person["key"] for person in basket.people]
            assert not compose(brief, basket=basket, now=NOW).proposals
            transaction.savepoint_rollback(inner)
        if first is not None and presses:
            changed = press_all(brief, first, presses)
            assert budget is None or changed.cost <= budget
            requests = [part.request(brief.ages) for part in changed.parts]
            assert take_all(factories.a_basket(), requests) == changed.total
    finally:
        transaction.savepoint_rollback(point)


def press_all(brief: Brief, shown: Proposed, presses) -> Proposed:
    """Change the first stay press after press; each changes one line at most and no other."""
    steps: list[tuple[str, int]] = []
    for act, rank in presses:
        pressed = shown.parts[min(rank, len(shown.parts) - 1)].offer.pk
        before = {part.offer.pk for part in shown.parts}
        steps.append((act, pressed))
        shown = compose(brief, edits={0: Edits(tuple(steps))}, now=NOW).proposals[0]
        after = {part.offer.pk for part in shown.parts}
        assert before - after <= {pressed}
        assert len(after) <= len(before)
        assert not after & {pk for act, pk in steps if act == "off" and pk not in before}
    return shown


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(
    town=st.lists(beds, max_size=2),
    offers=st.lists(things, min_size=2, max_size=4),
    start=st.integers(0, 3),
    ages=st.lists(st.sampled_from([None, 3, 9]), max_size=2).map(lambda some: (None, *some)),
)
def test_a_ready_made_stay_that_can_be_adopted_can_be_added(
    settings, at, town, offers, start, ages
):
    settings.SEARCH_HORIZON_DAYS = 45
    at(NOW)
    point = transaction.savepoint()
    try:
        build(town, offers)
        lodgings = list(Offer.objects.filter(kind="lodging").order_by("pk"))
        others = list(Offer.objects.exclude(kind="lodging").order_by("pk"))
        stay = factories.a_ready_stay(nights=2)
        factories.a_ready_step(stay, 1, *lodgings)
        factories.a_ready_step(stay, 2, *others, choose=2)
        told = tuple(sorted(ages, key=lambda age: age is not None))
        party = Party.of(told, None)
        recipes = read_recipes(stay, today=TODAY)
        plan = plan_ready_stay(stay, recipes, party, FIRST + timedelta(days=start), now=NOW)
        if plan.can_adopt:
            requests = [part.request(told) for part in plan.parts]
            assert take_all(factories.a_basket(), requests) == plan.total
        else:
            assert plan.troubles or all(step.troubles for step in plan.missing)
    finally:
        transaction.savepoint_rollback(point)
