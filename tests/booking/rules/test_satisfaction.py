"""The net promoter score and how sure it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.satisfaction import FEWEST_ANSWERS, is_detractor, recommendation

answers = st.lists(st.none() | st.integers(0, 10), max_size=60)


@given(answers)
def test_everybody_is_counted_once_and_the_interval_holds_the_score(given_: list[int | None]):
    counted = recommendation(given_)

    assert counted.asked == len(given_)
    assert counted.promoters + counted.passives + counted.detractors == counted.answered
    assert counted.passives >= 0
    if counted.answered < FEWEST_ANSWERS:
        assert counted.score is counted.margin is counted.lowest is counted.highest is None
        return
    assert -100 <= counted.lowest <= counted.score <= counted.highest <= 100
    assert 0 <= counted.response_percent <= 100


@given(st.lists(st.integers(0, 10), min_size=FEWEST_ANSWERS, max_size=30))
def test_more_of_the_same_is_surer_and_scores_the_same(given_: list[int]):
    once, thrice = recommendation(given_), recommendation(given_ * 3)
    assert once.score == thrice.score
    assert thrice.margin <= once.margin


def test_known_figures():
    # 5 of 10 promote, 2 detract: 30 points; deviation sqrt(0.7 - 0.09) / sqrt(10) * 1.96.
    counted = recommendation([10, 10, 9, 9, 9, 8, 8, 7, 3, 6, None, None])
    assert (counted.asked, counted.answered, counted.response_percent) == (12, 10, 83)
    assert (counted.score, counted.margin) == (30, 48)
    assert (counted.lowest, counted.highest) == (-18, 78)


@pytest.mark.parametrize(("value", "is_lost"), [(0, True), (6, True), (7, False), (10, False)])
def test_a_detractor_gives_up_to_six(value: int, is_lost: bool):
    assert is_detractor(value) is is_lost
