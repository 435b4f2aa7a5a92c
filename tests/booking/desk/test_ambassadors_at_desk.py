"""The desk reads ambassadors' pages, sees why a stay doesn't count, and hands thanks over."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Referral, ReferralGift
from booking.relations import ambassadors
from booking.relations.ambassadors import Place
from booking.relations.referral_rounds import follow_referrals
from members.models import Ambassador, AmbassadorCharter, User
from tests.booking.pages import body
from tests.booking.relations.inviting import (
    HOME,
    a_friends_stay,
    a_gift,
    an_ambassador,
    decided,
    with_page,
)
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def desk(staff: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(staff)
    return client


def test_page_is_read_then_shown_or_given_back(desk: Client):
    ambassador = with_page(an_ambassador(), [Place("offer", "lac", "The lake", "We swim there.")])
    ambassadors.submit_page(ambassador, now=NOW)
    page = reverse("desk_ambassadors:review", args=[ambassador.pk])
    assert reverse("desk_ambassadors:index") in body(desk.get(reverse("wagtailadmin_home")))
    assert page in body(desk.get(reverse("desk_ambassadors:index")))
    assert "We swim there." in body(desk.get(page))
    seen = {"seen": ambassador.edition}
    for bad in ({}, {"decision": "burn"}, {"decision": "approve"}, {"decision": "fix", **seen}):
        assert desk.post(page, bad).status_code == 200
        assert Ambassador.objects.get().page_state == "submitted"
    # Another edition than the one that was read.
    desk.post(page, {"decision": "approve", "seen": ambassador.edition - 1})
    assert Ambassador.objects.get().page == {}
    desk.post(page, {"decision": "approve", **seen})
    assert Ambassador.objects.get().page["name"] == "The Martins"
    desk.post(page, {"decision": "aside", "note": "Sells its link", **seen})
    assert not Ambassador.objects.get().is_active
    desk.post(page, {"decision": "take_up", **seen})
    assert Ambassador.objects.get().is_active


def test_thanks_is_handed_over_from_the_list_and_a_refusal_says_why(desk: Client, bank: FakeBank):
    a_gift("ambassador", "A basket of produce")
    ambassador = an_ambassador()
    good = decided(a_friends_stay(bank, ambassador))
    bad = decided(a_friends_stay(bank, ambassador, ambassador.user.email))
    page = reverse("desk_referrals:referral", args=[good.pk])
    desk.post(page, {"note": "Too early"})
    assert Referral.objects.get(pk=good.pk).state == "pending"
    follow_referrals(now=HOME)

    listed = body(desk.get(reverse("desk_referrals:index")))
    assert page in listed
    assert "the same person" in listed
    assert "the same person" in body(desk.get(reverse("desk_referrals:referral", args=[bad.pk])))
    assert "A basket of produce" in body(desk.get(page))
    assert "hand over" in body(desk.get(reverse("wagtailadmin_home")))
    desk.post(page, {"note": "x" * 301})
    assert Referral.objects.get(pk=good.pk).state == "earned"
    desk.post(page, {"note": "At the office"})
    assert Referral.objects.get(pk=good.pk).state == "handed"
    file = desk.get(reverse("desk_referrals:index") + "?export=csv")
    table = b"".join(file.streaming_content).decode()
    assert table.startswith("\ufeffOrder;Ambassador;State;Why")
    assert ";handed over;" in table


def test_office_writes_what_is_given_and_the_charter(desk: Client):
    add = reverse("desk_referral_gifts:add")
    assert desk.get(add).status_code == 200
    given = {"whom": "friend", "pole": "", "text_fr": "Un pot de miel", "first_day": "2027-01-01"}
    assert "before the first" in body(desk.post(add, {**given, "last_day": "2026-12-31"}))
    assert not ReferralGift.objects.exists()
    desk.post(add, {**given, "last_day": "2027-12-31"})
    assert ReferralGift.objects.get().text_fr == "Un pot de miel"

    charter = {"title_fr": "Charte", "body_fr": "<p>J’invite.</p>", "version": "1"}
    desk.post(reverse("desk_ambassador_charters:add"), {**charter, "valid_from": "2027-01-01"})
    text = AmbassadorCharter.objects.get()
    assert len(text.sha256) == 64
    edit = reverse("desk_ambassador_charters:edit", args=[text.pk])
    assert desk.get(edit).status_code == 200
    an_ambassador()
    # What somebody signed is never edited.
    assert desk.get(edit).status_code in {302, 403}
