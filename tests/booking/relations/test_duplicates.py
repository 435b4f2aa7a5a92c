"""Records that may be one person are suggested: never for a name alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.relations import duplicates
from booking.relations.customers import identity_of
from booking.relations.duplicates import duplicates_of, likely_duplicates
from booking.relations.merging import merge_customers
from members.journal import SYSTEM
from members.models import Customer
from members.rules.duplicates import Facts, Sign, phone_key, signs
from tests.cast import NOW


def a_person(email: str, first: str = "Anne", last: str = "Dupont", **more: str) -> Customer:
    person = identity_of(email, first_name=first, last_name=last, now=NOW).customer
    for name, value in more.items():
        setattr(person, name, value)
    person.save()
    return person


@pytest.mark.django_db
def test_same_name_and_same_phone_or_postcode():
    anne = a_person("a@example.org", phone="04 71 00 00 01", postal_code="43000")
    phoned = a_person("b@example.org", last="DUPONT", phone="+33471000001")
    near = a_person("c@example.org", postal_code="43000")
    a_person("d@example.org", postal_code="69001", phone="0600000000")
    a_person("e@example.org", "Paul", phone="0471000001", postal_code="43000")
    found = {one.other: one.signs for one in duplicates_of(anne)}
    assert found == {phoned: (Sign.PHONE,), near: (Sign.POSTCODE,)}
    assert {(one.one, one.other) for one in likely_duplicates().pairs} == {
        (anne, phoned),
        (anne, near),
    }
    merge_customers(anne, phoned, "x", actor=SYSTEM, now=NOW)
    assert [one.other for one in duplicates_of(anne)] == [near]


@pytest.mark.django_db
def test_those_after_many_names_that_are_two_persons_are_found_too(monkeypatch):
    monkeypatch.setattr(duplicates, "NAMES_AT_ONCE", 2)
    for last in ("Abel", "Bonnet", "Charre"):
        for number in (1, 2):
            a_person(f"{last}{number}@example.org", last=last)
    one = a_person("z1@example.org", last="Zwart", phone="0471000001")
    two = a_person("z2@example.org", last="Zwart", phone="0471000001")
    first = likely_duplicates()
    assert (first.pairs, first.following) == ([], 2)
    last = likely_duplicates(2)
    assert [(each.one, each.other) for each in last.pairs] == [(one, two)]
    assert last.following is None
    assert likely_duplicates(99).pairs == []


@pytest.mark.django_db
def test_many_names_cost_no_more(django_assert_max_num_queries):
    for number in range(10):
        for which in (1, 2):
            a_person(f"{number}-{which}@example.org", last=f"Name{number}", postal_code="43000")
    with django_assert_max_num_queries(6):
        assert len(likely_duplicates().pairs) == 10


@pytest.mark.django_db
def test_half_a_name_at_the_same_address():
    anne = a_person("a@example.org")
    half = a_person("a@example.org", "", "Dupont")
    paul = a_person("a@example.org", "Paul")
    # « Dupont » may be either of them.
    assert [one.other for one in duplicates_of(half)] == [anne, paul]
    assert [(one.other, one.signs) for one in duplicates_of(anne)] == [(half, (Sign.ADDRESS,))]


@given(st.sampled_from(["", "dupont anne"]), st.integers(1, 9), st.integers(1, 9))
def test_name_alone_suggests_nothing(name: str, one: int, other: int):
    if one != other:
        assert signs(Facts({name}, family=one), Facts({name}, family=other)) == []


def test_numbers_are_compared_by_their_last_figures():
    assert phone_key("+33 4 71 00 00 01") == phone_key("04.71.00.00.01") == "471000001"
    assert phone_key("15") == phone_key("") == ""
