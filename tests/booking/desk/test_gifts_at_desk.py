"""The desk's annual gift: prepared, counted, fixed, told, posted, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
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


def say_sent(desk: Client, campaign: GiftCampaign):
    taken = desk.get(at_page("inspect", campaign)).context["taken"]
    return desk.post(at_page("sent", campaign), {"until": taken["until"]}, follow=True)


def test_office_prepares_counts_fixes_tells_posts_and_closes(desk: Client, at):
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

    at(MORNING + timedelta(minutes=2))
    shown = desk.get(at_page("inspect", campaign))
    assert "1 address, as a file" in body(shown)
    home = body(desk.get(reverse("wagtailadmin_home")))
    assert "parcel of the annual gift to send" in home
    assert f"{reverse('desk_gifts:index')}?state=addressed" in home
    table = desk.post(at_page("addresses", campaign)).content.decode()
    assert "3 rue des Tables" in table
    assert table.count("\n") == 2
    assert "1 parcel is sent." in body(say_sent(desk, campaign))
    assert "of the annual gift to send" not in body(desk.get(reverse("wagtailadmin_home")))

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
    assert "This year has its gift already" in body(desk.post(reverse(ADD), typed()))
    assert GiftCampaign.objects.count() == 1


def test_what_is_fixed_is_not_changed(desk: Client):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    assert desk.post(at_page("edit", campaign), typed(budget_amount="40")).status_code == 302
    campaign.refresh_from_db()
    assert campaign.budget_amount == Decimal(40)
    step(desk, campaign, "fixer")
    # Whoever comes to change it is told before anything is typed.
    assert "Its households are fixed" in body(desk.get(at_page("edit", campaign), follow=True))
    desk.post(at_page("edit", campaign), typed(budget_amount="9999"))
    campaign.refresh_from_db()
    assert campaign.budget_amount == Decimal(40)


def test_what_is_given_after_the_file_is_never_said_to_be_sent(desk: Client, at):
    early, late = a_guest("early@example.org"), a_guest("late@example.org")
    for one in (early, late):
        stayed(one)
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    step(desk, campaign, "annoncer")
    tell_households(now=MORNING)
    give_address(gift_of(early), HOME, now=MORNING)
    at(MORNING + timedelta(minutes=2))
    # No file yet: nothing can be said to be sent.
    assert desk.get(at_page("inspect", campaign)).context["taken"] is None
    assert "3 rue des Tables" in desk.post(at_page("addresses", campaign)).content.decode()

    # Parcels are packed for two days; meanwhile another address comes.
    give_address(
        gift_of(late), replace(HOME, street="9 place du Plot"), now=MORNING + timedelta(days=1)
    )
    at(MORNING + timedelta(days=2))
    assert "1 parcel of it" in body(desk.get(at_page("inspect", campaign)))
    until = desk.get(at_page("inspect", campaign)).context["taken"]["until"]
    assert "1 parcel is sent." in body(say_sent(desk, campaign))
    again = desk.post(at_page("sent", campaign), {"until": until}, follow=True)
    assert "it was done already" in body(again)
    assert (gift_of(early).state, gift_of(late).state) == ("sent", "addressed")
    assert desk.get(at_page("inspect", campaign)).context["taken"] is None
    table = desk.post(at_page("addresses", campaign)).content.decode()
    assert "9 place du Plot" in table
    assert "3 rue des Tables" not in table


def test_what_was_given_this_very_minute_waits_for_the_next_file(desk: Client, at):
    who = a_guest("a@example.org")
    stayed(who)
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    step(desk, campaign, "annoncer")
    tell_households(now=MORNING)
    give_address(gift_of(who), HOME, now=MORNING)
    at(MORNING + timedelta(seconds=30))
    assert "3 rue des Tables" not in desk.post(at_page("addresses", campaign)).content.decode()
    at(MORNING + timedelta(minutes=2))
    assert "3 rue des Tables" in desk.post(at_page("addresses", campaign)).content.decode()


def test_a_name_in_the_file_runs_nothing(desk: Client, at):
    who = a_guest("a@example.org")
    stayed(who)
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    step(desk, campaign, "annoncer")
    tell_households(now=MORNING)
    give_address(gift_of(who), replace(HOME, recipient="=HYPERLINK(1)"), now=MORNING)
    at(MORNING + timedelta(minutes=2))
    table = desk.post(at_page("addresses", campaign)).content.decode()
    assert "HYPERLINK" in table
    assert ";=HYPERLINK" not in table


@pytest.mark.parametrize("until", ["", "yesterday", "2027-04-06", "2027-13-45T00:00:00"])
def test_a_moment_that_is_none_marks_nothing(desk: Client, until: str):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    told = desk.post(at_page("sent", campaign), {"until": until}, follow=True)
    assert "Take the file of addresses first" in body(told)


def test_steps_out_of_order_are_refused(desk: Client):
    campaign = a_campaign()
    for what in ("annoncer", "clore", "nonsense"):
        step(desk, campaign, what)
        campaign.refresh_from_db()
        assert campaign.state == "draft"
    assert "no household would have it" in body(step(desk, campaign, "fixer"))


def test_a_step_that_is_none_closes_nothing(desk: Client):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    assert step(desk, campaign, "nonsense").status_code == 404
    campaign.refresh_from_db()
    assert campaign.state == "locked"


def test_a_budget_that_is_no_larger_is_said_so(desk: Client):
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    step(desk, campaign, "fixer")
    answer = desk.post(at_page("budget", campaign), {"budget": "30"})
    assert "Write a budget larger than the one of now." in body(answer)


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
    for url in (
        at_page("move", campaign, "fixer"),
        at_page("addresses", campaign),
        at_page("sent", campaign),
    ):
        desk.post(url)
    desk.post(at_page("budget", campaign), {"budget": "99"})
    desk.post(reverse("desk_gift_campaigns:redeem"), {"code": "X"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.budget_amount) == ("draft", Decimal(30))
    assert not Entry.objects.filter(verb="gift addresses taken").exists()
