"""Whether a letter may be written: what was said, what was bought, and silence (L02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.rules import consent
from members.rules.consent import Bought, Ground, Reason, Said, standing

NOW = datetime(2027, 5, 3, 10, tzinfo=UTC)
AGO = timedelta(days=40)
HOUR = timedelta(hours=1)
THREE_YEARS = datetime(2024, 5, 3, 10, tzinfo=UTC)

moments = st.integers(0, 4000).map(lambda days: NOW - timedelta(days=days))
words = st.builds(Said, purpose=st.sampled_from(consent.PURPOSES), is_yes=st.booleans(), at=moments)
stays = st.builds(Bought, at=moments, is_told=st.booleans(), said_no=st.booleans())
purposes = st.sampled_from(consent.PURPOSES)


@pytest.mark.parametrize(
    ("purpose", "said", "bought", "ground", "reason"),
    [
        ("news", [], [], None, Reason.NEVER_SAID),
        # A stay never makes a subscriber.
        ("news", [], [Bought(NOW - AGO, is_told=True)], None, Reason.NEVER_SAID),
        ("offers", [], [Bought(NOW - AGO, is_told=True)], Ground.OWN_GUEST, None),
        ("offers", [], [Bought(NOW - AGO, is_told=False)], None, Reason.NEVER_SAID),
        ("offers", [], [Bought(NOW - AGO, True, said_no=True)], None, Reason.SAID_NO),
        ("survey", [], [Bought(NOW - AGO, is_told=False)], Ground.SERVICE, None),
        ("survey", [Said("survey", False, NOW - AGO)], [Bought(NOW, True)], None, Reason.SAID_NO),
        ("news", [Said("news", True, NOW - AGO)], [], Ground.CONSENT, None),
        # One purpose by itself.
        ("offers", [Said("news", True, NOW - AGO)], [], None, Reason.NEVER_SAID),
        # Yes, no, yes: the last word counts.
        (
            "news",
            [Said("news", True, NOW - 3 * AGO), Said("news", False, NOW - 2 * AGO)],
            [],
            None,
            Reason.SAID_NO,
        ),
        # Of one moment, no.
        ("news", [Said("news", False, NOW), Said("news", True, NOW)], [], None, Reason.SAID_NO),
        (
            "news",
            [Said("news", True, datetime(2024, 5, 3, 10, tzinfo=UTC))],
            [],
            None,
            Reason.TOO_LONG_AGO,
        ),
        (
            "news",
            [Said("news", True, datetime(2024, 5, 3, 11, tzinfo=UTC))],
            [],
            Ground.CONSENT,
            None,
        ),
        (
            "offers",
            [],
            [Bought(THREE_YEARS, is_told=True)],
            None,
            Reason.TOO_LONG_AGO,
        ),
    ],
)
def test_who_may_be_written_to(purpose, said, bought, ground, reason):
    found = standing(purpose, said, bought, now=NOW)
    assert (found.ground, found.reason) == (ground, reason)


def test_three_years_after_a_leap_day():
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert not consent.silent_since(leap, now=datetime(2027, 2, 28, 11, tzinfo=UTC))
    assert consent.silent_since(leap, now=datetime(2027, 2, 28, 12, tzinfo=UTC))


def test_an_unknown_purpose_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="spam"):
        standing("spam", [], [], now=NOW)


@given(purposes, st.lists(words, max_size=6), st.lists(stays, max_size=4))
def test_a_no_said_now_is_the_last_word(purpose, said, bought):
    refused = [*said, Said(purpose, is_yes=False, at=NOW)]
    assert standing(purpose, refused, bought, now=NOW).reason is Reason.SAID_NO


@given(purposes, st.lists(words, max_size=6), st.lists(stays, max_size=4), stays)
def test_no_purchase_ever_turns_a_no_into_a_yes(purpose, said, bought, another):
    before = standing(purpose, said, bought, now=NOW)
    after = standing(purpose, said, [*bought, another], now=NOW)
    if before.reason is Reason.SAID_NO:
        assert after.reason is Reason.SAID_NO


@given(purposes, st.lists(words, max_size=6), st.lists(stays, max_size=4), st.randoms())
def test_the_order_of_reading_changes_nothing(purpose, said, bought, random):
    expected = standing(purpose, said, bought, now=NOW)
    random.shuffle(said)
    random.shuffle(bought)
    assert standing(purpose, said, bought, now=NOW) == expected


@given(purposes, st.lists(words, max_size=6), st.lists(stays, max_size=4))
def test_exactly_a_ground_or_a_reason(purpose, said, bought):
    found = standing(purpose, said, bought, now=NOW)
    assert (found.ground is None) != (found.reason is None)
    assert found.is_allowed == (found.ground is not None)


@given(st.lists(words, max_size=6))
def test_without_a_yes_or_a_stay_nobody_is_written_to(said):
    for purpose in consent.PURPOSES:
        if not any(one.is_yes for one in said if one.purpose == purpose):
            assert not standing(purpose, said, [], now=NOW).is_allowed
