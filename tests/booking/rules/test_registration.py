"""Registration numbers of furnished lodgings (domain.md §3.1)."""

import re

import pytest

from booking.rules.registration import (
    clean_registration,
    registration_commune,
)


@pytest.mark.parametrize(
    ("number", "insee", "is_valid"),
    [
        ("43157000123AB", "43157", True),
        ("43157 000123 ab", "43157", True),
        ("2A004000123AB", "2A004", True),
        ("2a004000123ab", "2a004", True),
        ("4315700012312", "43157", True),
        ("43000000123AB", "43157", False),
        ("43157000123AB", "43091", False),
        ("4315700012AB", "43157", False),
        ("43157000123ABC", "43157", False),
        ("2C004000123AB", "2C004", False),
        ("43157000123A-", "43157", False),
        ("43157000123AB\n43157", "43157", False),
        ("٤٣157000123AB", "٤٣157", False),
        ("", "43157", False),
    ],
)
def test_number_is_well_formed_and_of_its_commune(number: str, insee: str, is_valid: bool) -> None:
    assert (registration_commune(number) == insee.upper()) is is_valid


def test_commune_of_a_number_is_read_for_merged_communes() -> None:
    assert registration_commune("43157 000123 AB") == "43157"
    assert registration_commune("43157") is None


def test_number_is_kept_clean() -> None:
    assert clean_registration(" 43157 000123 ab ") == "43157000123AB"


def test_pattern_of_national_numbers_is_a_setting() -> None:
    national = re.compile(r"FR(?P<insee>[0-9]{5})[0-9]{4}")

    assert registration_commune("FR43157 0001", national) == "43157"
    assert registration_commune("43157000123AB", national) is None
