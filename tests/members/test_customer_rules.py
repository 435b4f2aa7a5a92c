"""One person is one address and one name, however the name is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.models import CustomerIdentity
from members.rules.customers import address_key, name_key

WORD = st.text(st.characters(categories=["Lu", "Ll"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Élodie", "Dupont-Martin"),
        ("élodie", "DUPONT MARTIN"),
        ("  Elodie ", "dupont  martin"),
        ("Dupont Martin", "Elodie"),
    ],
)
def test_writings_of_one_name_are_one_name(first: str, last: str):
    assert name_key(first, last) == "dupont elodie martin"


def test_letters_that_are_two_are_written_out():
    assert name_key("Œdipe", "Weiß") == name_key("Oedipe", "Weiss")


def test_other_names_are_other_people():
    assert name_key("Paul", "Dupont") != name_key("Paule", "Dupont")
    assert name_key("", "") == ""


@given(WORD, WORD)
def test_key_is_the_same_for_capitals_and_order_and_is_its_own_key(first: str, last: str):
    key = name_key(first, last)
    assert key == name_key(last, first)
    assert name_key(key, "") == key


def test_addresses_are_compared_in_lower_case():
    assert address_key(" Claire.Dupont@Example.org ") == "claire.dupont@example.org"


@pytest.mark.parametrize("sign", ["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}", "ﬃ", "ß"])
def test_no_name_is_longer_than_its_column(sign: str):
    key = name_key(sign * 80, sign * 80)
    assert 0 < len(key) <= CustomerIdentity._meta.get_field("name_key").max_length
    assert name_key(sign * 80, sign * 80) == key
