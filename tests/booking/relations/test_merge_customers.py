"""Two records of one person become one, and two again, whatever happened in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking.refusals import Refusal
from booking.relations import consent
from booking.relations.customers import identity_of
from booking.relations.families import link_family, unlink_family
from booking.relations.merging import merge_customers, unmerge
from members.journal import SYSTEM
from members.models import Customer, CustomerMerge, Entry, Family, LetterChoice
from members.rules.consent import OFFERS, PURPOSES, Reason
from tests import factories
from tests.cast import NOW

pytestmark = pytest.mark.django_db
BY = {"actor": SYSTEM, "now": NOW}


def a_person(email: str, first: str = "Anne", last: str = "Dupont") -> Customer:
    return identity_of(email, first_name=first, last_name=last, now=NOW).customer


def picture() -> tuple:
    """Return who is who and of which family, as rows stand."""
    return (
        sorted(Customer.objects.values_list("pk", "family", "merged_into")),
        sorted(
            Customer.objects.filter(identities__isnull=False).values_list(
                "identities__pk", "pk", "identities__address__family"
            )
        ),
    )


def refused(action, *args, **kwargs) -> str:
    with pytest.raises(Refusal) as caught:
        action(*args, **kwargs)
    return caught.value.code


def test_what_one_booked_is_the_other_s_and_their_family_is_one():
    keep, other = a_person("a@example.org"), a_person("b@example.org")
    child = a_person("b@example.org", "Paul")
    before = picture()
    merge = merge_customers(keep, other, "Same phone", **BY)
    assert {one.address.email for one in keep.identities.all()} == {
        "a@example.org",
        "b@example.org",
    }
    child.refresh_from_db()
    assert child.family == keep.family
    # The same address and name again are the person who is kept.
    assert a_person("B@example.org") == keep
    assert Entry.objects.filter(verb="guests merged", data__gone=other.pk).exists()

    unmerge(merge, **BY)
    assert picture() == before
    assert refused(unmerge, merge, **BY) == "merge_undone"


def test_who_came_since_goes_with_the_address_that_it_came_by():
    keep, other = a_person("a@example.org"), a_person("b@example.org")
    merge = merge_customers(keep, other, "x", **BY)
    later = a_person("b@example.org", "Rose")
    stays = a_person("a@example.org", "Jean")
    assert later.family == stays.family == keep.family
    unmerge(merge, **BY)
    for one in (later, stays, other):
        one.refresh_from_db()
    assert later.family == other.family
    assert stays.family == keep.family != other.family


def test_family_of_a_second_home_is_the_one_that_stays():
    member = factories.a_household(factories.a_user("claire@example.org"))
    keep, other = a_person("a@example.org"), a_person("claire@example.org")
    before = picture()
    merge = merge_customers(keep, other, "x", **BY)
    keep.refresh_from_db()
    assert keep.family.household == member.household
    unmerge(merge, **BY)
    assert picture() == before


def test_two_second_homes_are_two_families():
    for email in ("a@example.org", "b@example.org"):
        factories.a_household(factories.a_user(email))
    one, two = a_person("a@example.org"), a_person("b@example.org")
    assert refused(merge_customers, one, two, "x", **BY) == "merge_two_homes"
    assert refused(link_family, one, two, "x", **BY) == "merge_two_homes"


def test_merges_are_undone_in_reverse_order():
    a, b, c = (a_person(f"{one}@example.org", last=one) for one in "abc")
    first = merge_customers(a, b, "x", **BY)
    second = merge_customers(c, a, "x", **BY)
    assert refused(merge_customers, c, a, "again", **BY) == "merge_gone"
    with pytest.raises(Refusal) as caught:
        unmerge(first, **BY)
    assert caught.value.code == "merge_later"
    assert "Anne a" in caught.value.troubles[0].message
    assert c.identities.count() == 3
    unmerge(second, **BY)
    unmerge(first, **BY)
    assert [one.identities.count() for one in (a, b, c)] == [1, 1, 1]


def test_nobody_is_merged_without_reason_with_themselves_or_once_erased():
    a, b = a_person("a@example.org"), a_person("b@example.org")
    assert refused(merge_customers, a, b, " \n", **BY) == "reason_missing"
    assert refused(merge_customers, a, a, "x", **BY) == "merge_oneself"
    merge = merge_customers(a, b, "x", **BY)
    Customer.objects.filter(pk=a.pk).update(erased_at=NOW)
    assert refused(merge_customers, a_person("c@example.org"), a, "x", **BY) == "merge_erased"
    assert refused(unmerge, merge, **BY) == "merge_erased"


def test_merge_gives_and_takes_nobody_s_word():
    """Letters are of an address: whoever said no is not written to because another said yes."""
    yes, no = "a@example.org", "b@example.org"
    proof = consent.Proof(LetterChoice.Source.OFFICE, "said on the phone")
    for email, is_yes in ((yes, True), (no, False)):
        address = consent.address_of(email, language="fr", now=NOW)
        consent.choose(address, dict.fromkeys(PURPOSES, is_yes), proof=proof, now=NOW)
    later = NOW + timedelta(days=1)

    def words() -> list[bool]:
        return [consent.may_write(one, what, now=later) for one in (yes, no) for what in PURPOSES]

    before = words()
    assert before == [True] * 3 + [False] * 3
    merge = merge_customers(a_person(yes), a_person(no), "x", **BY)
    assert words() == before
    assert consent.said_no(no, OFFERS, now=later)
    unmerge(merge, **BY)
    assert words() == before
    assert consent.standings(address, now=later)[OFFERS].reason == Reason.SAID_NO


def test_family_is_joined_and_left_by_the_office_s_word():
    a, b = a_person("a@example.org"), a_person("b@example.org")
    child = a_person("b@example.org", "Paul")
    link_family(a, b, "They told us", **BY)
    assert refused(link_family, a, b, "again", **BY) == "same_family"
    assert {a.family_id} == set(
        Customer.objects.filter(pk__in=[a.pk, b.pk, child.pk]).values_list("family", flat=True)
    )
    assert refused(unlink_family, b, "x", **BY) == "address_shared"
    unlink_family(a, "A mistake", **BY)
    a.refresh_from_db()
    b.refresh_from_db()
    assert a.family != b.family
    assert a.identities.get().address.family == a.family
    assert refused(unlink_family, a, "x", **BY) == "alone_already"


def test_what_the_office_decided_meanwhile_stays():
    a, b, c = (a_person(f"{one}@example.org", last=one) for one in "abc")
    merge = merge_customers(a, b, "x", **BY)

    link_family(c, a, "Cousins", **BY)
    assert refused(unlink_family, a, "x", **BY) == "holds_merge"
    unmerge(merge, **BY)
    assert Family.objects.filter(customers__in=[a, b, c]).distinct().count() == 1
    assert CustomerMerge.objects.get().undone_at == NOW
