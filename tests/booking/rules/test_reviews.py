"""What becomes of a review, and what the office looks at twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.reviews import (
    ADDRESS,
    LINK,
    PHONE,
    PUBLISHED,
    REFUSED,
    REMOVED,
    REVIEW,
    TO_READ,
    can_move,
    cautions,
    first_state,
)


def test_every_move_leads_to_a_state():
    assert {to for moves in REVIEW.values() for to in moves} <= set(REVIEW)
    # What was never read is never taken away, what is published is not read anew.
    assert not can_move(TO_READ, REMOVED)
    assert not can_move(PUBLISHED, TO_READ)
    assert not can_move(PUBLISHED, REFUSED)


@given(st.text(max_size=60))
def test_words_are_always_read_first(words: str):
    assert first_state(words) == (TO_READ if words else PUBLISHED)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A stove, 3 nights in 2027", ()),
        ("Write to me: luc@example.org", (ADDRESS,)),
        ("Call 04 71 00 00 00", (PHONE,)),
        ("+33 6.12.34.56.78", (PHONE,)),
        ("see www.example.org", (LINK,)),
        ("", ()),
    ],
)
def test_addresses_phones_and_links_are_seen(text: str, found: tuple[str, ...]):
    assert cautions(text) == found
