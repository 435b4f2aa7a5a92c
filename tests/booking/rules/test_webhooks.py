"""Topics compared whole, signatures that only the secret makes, waits that grow."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.webhooks import (
    MOST_ATTEMPTS,
    TOPICS,
    is_hopeless,
    is_received,
    is_signed,
    known_topics,
    signature,
    wait_after,
)

# A key of HMAC is filled up with null characters: secrets of ours have none.
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(st.lists(st.sampled_from([*TOPICS, "booking", "booking.", "line.changed.all", "*", ""])))
def test_only_whole_topics_are_known(asked):
    assert set(known_topics(asked)) == set(asked) & set(TOPICS)
    assert known_topics(asked) == sorted(known_topics(asked), key=TOPICS.index)


@given(st.binary(max_size=200), SECRETS, SECRETS)
def test_signature_is_believed_with_its_secret_body_and_moment_alone(body, secret, other):
    header = signature([secret], 1_800_000_000, body)
    assert is_signed(header, secret, body, now=1_800_000_299)
    assert not is_signed(header, secret, body, now=1_800_000_301)
    assert not is_signed(header, secret, body, now=1_799_999_000)
    assert not is_signed(header, secret, body + b" ", now=1_800_000_000)
    later = header.replace("t=1800000000", "t=1800000100")
    assert not is_signed(later, secret, body, now=1_800_000_100)
    if other != secret:
        assert not is_signed(header, other, body, now=1_800_000_000)
        both = signature([secret, other], 1_800_000_000, body)
        assert is_signed(both, secret, body, now=1_800_000_000)
        assert is_signed(both, other, body, now=1_800_000_000)


@given(st.text(max_size=80))
def test_any_other_header_is_refused(header):
    assert not is_signed(header, "secret", b"body", now=1_800_000_000)


def test_waits_grow_from_a_minute_to_a_day_eight_tries():
    waits = [wait_after(number) for number in range(1, MOST_ATTEMPTS + 1)]
    assert waits[0] == timedelta(minutes=1)
    assert waits[-2:] == [timedelta(hours=24), None]
    assert waits[:-1] == sorted(waits[:-1])
    assert MOST_ATTEMPTS == 8


@pytest.mark.parametrize(("status", "is_good"), [(200, 1), (204, 1), (301, 0), (404, 0), (500, 0)])
def test_only_2xx_says_that_it_was_received(status, is_good):
    assert is_received(status) == bool(is_good)


def test_address_is_given_up_when_it_fails_often_and_long():
    assert is_hopeless(12, timedelta(hours=24))
    assert not is_hopeless(500, timedelta(hours=23))
    assert not is_hopeless(11, timedelta(days=9))
