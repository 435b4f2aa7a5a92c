"""What is asked of whom, where each paper stands, when a host is reminded."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.paper_words import (
    ACTIVITY_WORDS,
    ENROLMENT_WORDS,
    NUMBER_WORDS,
    PAPER_WORDS,
    STANDING_KINDS,
    STANDING_WORDS,
)
from members.models import Provider
from members.rules import enrolment, numbers, papers
from members.rules.papers import Given, Host

TODAY = date(2027, 4, 6)
ALWAYS = {"house", "insurance", "labels", "seller", "contract"}
days = st.dates(date(2020, 1, 1), date(2035, 1, 1))


def asked(*activities: str, professional: bool = False) -> set[str]:
    return {one.code for one in papers.papers_of(Host(frozenset(activities), professional))}


@pytest.mark.parametrize(
    ("activities", "professional", "more"),
    [
        ((), False, set()),
        ((papers.FURNISHED,), False, {"registration", "classification"}),
        ((papers.FURNISHED,), True, {"registration", "classification", "siret"}),
        ((papers.ROOMS,), False, {"rooms"}),
        ((papers.HOTEL,), True, {"classification", "siret"}),
        ((papers.GUIDE,), True, {"guide", "siret"}),
        ((papers.SPORT,), True, {"sport", "siret"}),
        ((papers.CHILDCARE,), True, {"childcare", "siret"}),
        ((papers.MEAL, papers.TRANSPORT), True, {"organic", "transport", "siret"}),
    ],
)
def test_each_kind_of_host_is_asked_its_own_papers(activities, professional, more):
    assert asked(*activities, professional=professional) == ALWAYS | more


@given(st.sets(st.sampled_from(papers.ACTIVITIES)), st.booleans())
def test_one_activity_more_never_asks_less(activities, professional):
    few = asked(*activities, professional=professional)
    assert few <= asked(*papers.ACTIVITIES, professional=professional)
    assert few >= ALWAYS


@given(
    st.sampled_from(papers.PAPERS),
    st.text(max_size=3),
    st.none() | days,
    st.booleans(),
    st.booleans(),
    days,
)
def test_a_paper_stands_well_only_when_all_of_it_is_there(
    paper, number, until, has_document, is_to_fix, today
):
    given_ = Given(number, until, has_document, is_to_fix)
    standing = papers.standing_of(paper, given_, today=today)
    is_whole = all(any(given_.has(part) for part in group) for group in paper.needs)
    is_over = until is not None and until < today
    if standing in {papers.GIVEN, papers.ENDING, papers.ACCEPTED}:
        assert is_whole
        assert not is_over
        assert not is_to_fix
    if is_whole and not is_over and not is_to_fix:
        assert standing not in papers.BLOCKING


def test_last_day_is_a_good_one():
    insurance = papers.BY_CODE["insurance"]
    whole = Given("Maif 1", TODAY, has_document=True)
    assert papers.standing_of(insurance, whole, today=TODAY) == papers.ENDING
    late = papers.standing_of(insurance, whole, today=TODAY + timedelta(days=1))
    assert late == papers.ENDED


def test_receipt_stands_in_for_a_registration_number():
    registration = papers.BY_CODE["registration"]
    for told in (Given(number="43157000123AB"), Given(has_document=True)):
        assert papers.standing_of(registration, told, today=TODAY) == papers.GIVEN
    assert papers.standing_of(registration, Given(), today=TODAY) == papers.MISSING


def test_half_an_optional_paper_is_to_be_finished():
    labels = papers.BY_CODE["labels"]
    assert papers.standing_of(labels, Given(), today=TODAY) == papers.OPTIONAL
    assert papers.standing_of(labels, Given("AB"), today=TODAY) == papers.INCOMPLETE


@given(days, days)
def test_reminders_come_in_their_order_and_the_nearest_one_only(until, today):
    step = papers.reminder_of(until, today=today)
    left = (until - today).days
    if left > 60:
        assert step is None
    elif left < 0:
        assert step == -1
    else:
        assert step in {60, 30, 7}
        assert left <= step
        assert not any(left <= other < step for other in papers.REMINDERS)


@pytest.mark.parametrize(
    ("number", "is_good"),
    [
        ("73282932000074", True),
        ("73282932000075", False),
        ("35600000049837", True),
        ("7328293200007", False),
        ("", False),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", False),
    ],
)
def test_siret_is_checked_by_its_key(number, is_good):
    assert numbers.is_siret(number) is is_good


@given(st.from_regex(r"[0-9]{14}", fullmatch=True), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_of_a_siret_is_always_seen(number, place, more):
    if number.startswith(numbers.POSTS) or not numbers.is_siret(number):
        return
    digit = str((int(number[place]) + more) % 10)
    wrong = number[:place] + digit + number[place + 1 :]
    assert wrong.startswith(numbers.POSTS) or not numbers.is_siret(wrong)


def test_everything_has_its_words():
    codes = {one.code for one in papers.PAPERS}
    assert set(PAPER_WORDS) == codes
    numbered = {one.code for one in papers.PAPERS if papers.NUMBER in one.fields}
    assert set(NUMBER_WORDS) == numbered
    assert set(ACTIVITY_WORDS) == set(papers.ACTIVITIES)
    assert set(STANDING_WORDS) == set(STANDING_KINDS)
    assert set(ENROLMENT_WORDS) == set(enrolment.ENROLMENT) == set(Provider.Enrolment.values)


def test_no_state_of_enrolment_leads_nowhere_unknown():
    for state, nexts in enrolment.ENROLMENT.items():
        assert nexts <= set(enrolment.ENROLMENT), state
    # Approval is only reached through the office's reading.
    assert {one for one, nexts in enrolment.ENROLMENT.items() if enrolment.APPROVED in nexts} == {
        enrolment.SUBMITTED,
        enrolment.SUSPENDED,
    }
    with pytest.raises(KeyError):
        enrolment.can_move(enrolment.DRAFT, "elsewhere")
