"""The office's number in sentences that say to call it."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from booking import paper_words, refusals
from destination import office
from members.rules import enrolment


def test_a_visitor_from_abroad_reads_a_number_that_can_be_dialled() -> None:
    with translation.override("fr"):
        assert office.phone() == "04\u00a071\u00a000\u00a000\u00a000"
    with translation.override("en"):
        assert office.phone() == "+33\u00a04\u00a071\u00a000\u00a000\u00a000"


def test_what_is_written_once_is_read_in_each_language() -> None:
    told = paper_words.ENROLMENT_WORDS[enrolment.SUSPENDED]
    with translation.override("fr"):
        assert office.phone() in str(told)
    with translation.override("de"):
        assert office.phone() in str(told)


CALLS = re.compile(r"\b[Cc]all (?:us|the office)\b(?! on %\(phone\)s)")


@pytest.mark.parametrize("code", [*refusals.MESSAGES, *refusals.COUNTED])
def test_no_refusal_says_to_call_without_a_number(code: str) -> None:
    with translation.override("en"):
        text = refusals.MESSAGES.get(code)
        words = str(text) if text else str(refusals.COUNTED[code] % AnyCount())
    assert not CALLS.search(words), words


class AnyCount(dict[str, object]):
    """What a counted text is filled with: one of each, and where the number would stand."""

    def __missing__(self, key: str) -> object:
        return "%(phone)s" if key == "phone" else 1


def test_a_refusal_has_the_number() -> None:
    with translation.override("fr"):
        assert office.phone() in refusals.trouble("too_many_people", max=12).message
