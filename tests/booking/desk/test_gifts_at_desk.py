"""The desk's annual gift: prepared, counted, fixed, told, posted, closed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Gift, GiftCampaign
from booking.relations.gift_claims import give_address, tell_households
from members.models import Entry, User
from tests.booking.pages import body
from tests.booking.relations.giving import HOME, MORNING, a_campaign, a_guest, gift_of, stayed

pytestmark = pytest.mark.django_db
ADD = "desk_gift_campaigns:add"


@pytest.fixture
def desk(staff: User, at) -> Client:
    at(MORNING)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(staff)
    return client


def typed(**fields: str) -> dict[str, str]:
    return {
        "year": "2027",
        "kind": "product",
        "title_fr": "Un sachet de lentilles",
        "words_fr": "Merci.",
        "unit_amount": "8.50",
        "budget_amount": "20",
        "valid_until": "2027-12-31",
        **fields,
    }


def at_page(name: str, campaign: GiftCampaign, *more: str) -> str:
    return reverse(f"desk_gift_campaigns:{name}", args=[campaign.pk, *more])


def step(desk: Client, campaign: GiftCampaign, what: str):
    return desk.post(at_page("move", campaign, what), follow=True)


def test_office_prepares_counts_fixes_tells_posts_and_closes(desk: Client):
    people = [a_guest(f"{one}@example.org", one) for one in "abc"]
    for one in people:
        stayed(one)
    assert desk.get(reverse(ADD)).status_code == 200
    answer = desk.post(reverse(ADD), typed(), follow=True)
    campaign = GiftCampaign.objects.get()
    page = body(answer)
    assert "If it were fixed now" in page
    assert "17" in page
    assert "Nobody is told yet" in page

    assert "3 households are fixed." in body(step(desk, campaign, "fixer"))
    assert "its households are fixed" in body(step(desk, campaign, "fixer")).lower()
    assert Gift.objects.filter(state="eligible").count() == 2
    step(desk, campaign, "annoncer")
    # No step has this name: nothing is closed by it.
    assert step(desk, campaign, "autre").status_code == 404
    tell_households(now=MORNING)
    give_address(gift_of(people[0]), HOME, now=MORNING)

    shown = desk.get(at_page("inspect", campaign))
    assert "1 address, as a file" in body(shown)
    table = b"".join(desk.get(shown.context["addresses_url"]).streaming_content).decode()
    assert "3 rue des Tables" in table
    assert table.count("\n") == 2
    told = desk.post(at_page("sent", campaign), {"until": shown.context["until"]}, follow=True)
    assert "1 parcel is sent." in body(told)

    budget = desk.post(at_page("budget", campaign), {"budget": "30"}, follow=True)
    assert "1 more household." in body(budget)
    step(desk, campaign, "clore")
    campaign.refresh_from_db()
    assert campaign.state == "closed"
    verbs = set(Entry.objects.filter(subject="gift:2027").values_list("verb", flat=True))
    assert {"gift prepared", "gift locked", "gift sending", "gifts sent", "gift closed"} <= verbs


@pytest.mark.parametrize(
    "fields",
    [
        {"budget_amount": "5"},
        {"unit_amount": "0"},
        {"unit_amount": "-1"},
        {"valid_until": "2027-01-01"},
        {"title_fr": ""},
        {"year": "1900"},
        {"year": "99999999"},
        {"kind": "car"},
    ],
)
def test_what_can_not_be_is_said_and_nothing_saved(desk: Client, fields: dict[str, str]):
    answer = desk.post(reverse(ADD), typed(**fields))
    assert answer.status_code == 200
    assert not GiftCampaign.objects.exists()


def test_one_gift_a_year(desk: Client):
    a_campaign()
    assert desk.post(reverse(ADD), typed()).status_code == 200
    assert GiftCampaign.objects.count() == 1


def test_what_is_fixed_is_not_changed(desk: Client):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    assert desk.post(at_page("edit", campaign), typed(budget_amount="40")).status_code == 302
    campaign.refresh_from_db()
    assert campaign.budget_amount == Decimal(40)
    step(desk, campaign, "fixer")
    desk.post(at_page("edit", campaign), typed(budget_amount="9999"))
    campaign.refresh_from_db()
    assert campaign.budget_amount == Decimal(40)


def test_a_name_in_the_file_runs_nothing(desk: Client):
    who = a_guest("a@example.org")
    stayed(who)
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    step(desk, campaign, "annoncer")
    tell_households(now=MORNING)
    give_address(gift_of(who), replace(HOME, recipient="=HYPERLINK(1)"), now=MORNING)
    url = desk.get(at_page("inspect", campaign)).context["addresses_url"]
    table = b"".join(desk.get(url).streaming_content).decode()
    assert "HYPERLINK" in table
    assert ",=HYPERLINK" not in table


@pytest.mark.parametrize("until", ["", "yesterday", "2027-04-06", "2027-13-45T00:00:00"])
def test_a_moment_that_is_none_marks_nothing(desk: Client, until: str):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    assert desk.post(at_page("sent", campaign), {"until": until}).status_code == 302


def test_steps_out_of_order_are_refused(desk: Client):
    campaign = a_campaign()
    for what in ("annoncer", "clore", "nonsense"):
        step(desk, campaign, what)
        campaign.refresh_from_db()
        assert campaign.state == "draft"
    assert "no household would have it" in body(step(desk, campaign, "fixer"))


def test_a_code_is_redeemed_at_the_office(desk: Client):
    who = a_guest("a@example.org")
    stayed(who)
    campaign = a_campaign(kind="voucher")
    step(desk, campaign, "fixer")
    step(desk, campaign, "annoncer")
    tell_households(now=MORNING)
    url = reverse("desk_gift_campaigns:redeem")
    assert desk.get(url).status_code == 200
    assert "Nobody has this code" in body(desk.post(url, {"code": "NOTHING"}))
    desk.post(url, {"code": gift_of(who).code})
    assert gift_of(who).redeemed_where == "the office"


def test_who_has_no_right_takes_no_step(desk: Client, staff: User):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    staff.groups.get().permissions.filter(codename="change_giftcampaign").delete()
    for url in (at_page("move", campaign, "fixer"), at_page("sent", campaign)):
        desk.post(url)
    desk.post(at_page("budget", campaign), {"budget": "99"})
    desk.post(reverse("desk_gift_campaigns:redeem"), {"code": "X"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.budget_amount) == ("draft", Decimal(30))
