"""How good the page of an offer is: a list that only counts what is there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from booking.offer_words import CHECK_TASKS, CHECK_WORDS
from booking.rules.offer_review import REVIEW, can_move
from booking.rules.quality import PHOTOS, Sheet, checks_of, score_of

WHOLE = Sheet(
    title="Le gîte du Lac bleu",
    summary="x" * 80,
    description="x" * 300,
    words=1,
    photos=PHOTOS,
    described_photos=PHOTOS,
    says_how_to_get_in=True,
    says_hours=True,
    says_way_without_car=True,
    features=1,
    languages=1,
    is_answered=True,
)
SHEETS = st.builds(
    Sheet,
    title=st.text(max_size=90),
    summary=st.text(max_size=300),
    description=st.text(max_size=400),
    words=st.integers(0, 4),
    photos=st.integers(0, 20),
    described_photos=st.integers(0, 20),
    says_how_to_get_in=st.booleans(),
    says_hours=st.booleans(),
    says_way_without_car=st.booleans(),
    features=st.integers(0, 15),
    languages=st.integers(0, 2),
    is_answered=st.booleans(),
    is_transport=st.booleans(),
)


def test_nothing_scores_nothing_and_everything_a_hundred():
    assert score_of(checks_of(Sheet())) == 0
    assert score_of(checks_of(WHOLE)) == 100
    assert score_of([]) == 100


@given(SHEETS)
def test_the_score_is_whole_bounded_and_full_only_when_all_is_met(sheet: Sheet):
    checks = checks_of(sheet)
    score = score_of(checks)
    assert 0 <= score <= 100
    assert (score == 100) == all(one.is_met for one in checks)


@given(SHEETS)
def test_more_of_what_is_asked_never_scores_less(sheet: Sheet):
    better = replace(sheet, words=sheet.words + 1, languages=2, says_way_without_car=True)
    assert score_of(checks_of(better)) >= score_of(checks_of(sheet))


def test_a_photograph_without_words_counts_against_it():
    checks = {one.code: one.is_met for one in checks_of(replace(WHOLE, described_photos=4))}
    assert not checks.pop("alts")
    assert all(checks.values())


def test_each_check_has_its_words_and_its_page():
    codes = {one.code for one in checks_of(Sheet())}
    assert codes == set(CHECK_WORDS) == set(CHECK_TASKS)


@given(SHEETS)
def test_what_brings_people_is_not_asked_for_the_way_without_a_car(sheet: Sheet):
    asked = [one.code for one in checks_of(replace(sheet, is_transport=False))]
    assert [one.code for one in checks_of(replace(sheet, is_transport=True))] == [
        one for one in asked if one != "without_car"
    ]
    without = replace(WHOLE, is_transport=True, says_way_without_car=False)
    assert score_of(checks_of(without)) == 100


def test_a_review_leads_nowhere_unknown():
    assert {to for moves in REVIEW.values() for to in moves} <= set(REVIEW)
    assert can_move("in_hand", "submitted")
    assert not can_move("in_hand", "to_fix")
