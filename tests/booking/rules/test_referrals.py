"""Which friend's stay counts: pure, over all that may be said of two parties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import referrals as rules
from booking.rules.referrals import Claim, Party, refusal_of, upstream
from members.rules.ambassadors import mail_key, tells_where

YEAR = timedelta(days=365)
THEN = datetime(2027, 4, 6, tzinfo=UTC)
KEYS = st.frozensets(st.sampled_from("abcdef"), max_size=3)
PARTIES = st.builds(Party, people=KEYS, household=KEYS, cards=KEYS)
CLAIMS = st.builds(
    Claim,
    friend=PARTIES,
    ambassador=PARTIES,
    asked_at=st.just(THEN),
    placed_at=st.integers(0, 800).map(lambda days: THEN + timedelta(days=days)),
    is_paid=st.booleans(),
    is_active=st.booleans(),
    has_stayed=st.booleans(),
    brought_the_ambassador=st.booleans(),
)
LOCAL = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)


@given(CLAIMS)
def test_what_counts_is_the_first_paid_stay_of_somebody_else_in_time(claim: Claim):
    if refusal_of(claim, window=YEAR) is not None:
        return
    friend, host = claim.friend, claim.ambassador
    assert not (friend.people | friend.household) & (host.people | host.household)
    assert not friend.cards & host.cards
    assert claim.is_paid
    assert claim.is_active
    assert not claim.has_stayed
    assert not claim.brought_the_ambassador
    assert claim.placed_at - claim.asked_at <= YEAR


@given(CLAIMS)
def test_every_refusal_says_why(claim: Claim):
    reason = refusal_of(claim, window=YEAR)
    strangers = Claim(
        Party(frozenset("x")), Party(frozenset("y")), THEN, THEN, True, True, False, False
    )
    assert refusal_of(strangers, window=YEAR) is None
    assert reason is None or reason in vars(rules).values()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_nobody_is_ever_brought_in_a_ring(wishes: list[tuple[int, int]]):
    brought: dict[int, set[int]] = {}

    def of(one: int) -> set[int]:
        return brought.get(one, set())

    for host, friend in wishes:
        # `host` invited `friend`: refused where the friend is above the host, or is the host.
        if friend != host and friend not in upstream(host, of):
            brought.setdefault(friend, set()).add(host)
    assert all(one not in upstream(one, of) for one in range(8))


def test_a_ring_that_is_there_ends():
    assert upstream(1, {1: [2], 2: [1]}.__getitem__) == {1, 2}


@given(LOCAL, st.integers(0, 7), LOCAL, st.booleans())
def test_an_address_is_one_however_it_is_written(name: str, at: int, tag: str, is_upper: bool):
    plain = f"{name}@example.org"
    written = f"{name[:at]}.{name[at:]}+{tag}@Example.org"
    written = written.upper() if is_upper else f"  {written} "
    assert mail_key(written) == mail_key(plain) == plain


@given(LOCAL, LOCAL)
def test_two_names_are_two_addresses(one: str, other: str):
    same = mail_key(f"{one}@example.org") == mail_key(f"{other}@example.org")
    assert same == (one == other)


@pytest.mark.parametrize(
    "words",
    [
        "12 rue des Tables",
        "Chez nous, 3 bis chemin du Lac",
        "43150",
        "7, impasse Neuve",
        "5 allée x",
    ],
)
def test_a_page_tells_no_house(words: str):
    assert tells_where(words)


@pytest.mark.parametrize(
    "words", ["La place du marché, à midi", "1234 mètres", "4 heures de route"]
)
def test_a_page_tells_places(words: str):
    assert not tells_where(words)


@given(st.sampled_from(sorted(rules.REFERRAL)), st.sampled_from(sorted(rules.REFERRAL)))
def test_what_ended_moves_no_more(one: str, other: str):
    if one in {rules.REFUSED, rules.TAKEN_BACK, rules.HANDED}:
        assert not rules.can_move(one, other)
