"""Offers of the quiet season: only what hosts want to fill, once to each address (N06)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.capacity_needs import move_need
from booking.emails import compose
from booking.messages import drain_outbox
from booking.models import (
    Campaign,
    CapacityNeed,
    NeedBooking,
    NeedPeriod,
    Offer,
    OrderLine,
    OutboxMessage,
    ProposedNeed,
)
from booking.refusals import BadInput
from booking.relations import campaigns
from booking.relations.campaign_results import results_of
from booking.relations.campaign_runs import run_campaigns
from booking.relations.need_bookings import count_bookings
from booking.rules.campaigns import Words
from booking.rules.segments import Segment
from members.journal import SYSTEM
from members.models import HouseholdMember
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.booking.relations.knowing import a_guest
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
# The week of the Duponts of the tests, and one in the quiet season.
JULY = (date(2027, 7, 10), date(2027, 7, 17))
NOVEMBER = (date(2027, 11, 6), date(2027, 11, 13))
WORDS = {"fr": Words("En novembre", "En novembre", "Il y a de la place.")}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_need(offer: Offer | None = None, period=NOVEMBER, **fields) -> CapacityNeed:
    offer = offer or factories.a_lodging()
    values = {
        "provider": offer.provider,
        "offer": offer,
        "quantity": 7,
        "floor_amount": 50,
        "max_redemptions": 3,
        "last_day": period[1],
        "created_at": NOW,
        **fields,
    }
    need = CapacityNeed.objects.create(**values)
    NeedPeriod.objects.create(need=need, dates=DateRange(*period))
    return need


def begun(*needs: CapacityNeed, rate: int = 300, now=NOW, segment=None) -> Campaign:
    given = campaigns.CampaignInput(
        title="Novembre",
        kind="quiet",
        purpose="offers",
        segment=segment or Segment(),
        texts=WORDS,
        needs=tuple(one.pk for one in needs),
        rate=rate,
    )
    campaign = campaigns.save_campaign(None, given, actor=SYSTEM, now=now)
    campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=now)
    campaigns.plan(campaign.pk, now, actor=SYSTEM, now=now)
    run_campaigns(now=now)
    campaign.refresh_from_db()
    return campaign


def told() -> dict[str, list[int]]:
    rows = OutboxMessage.objects.filter(kind="campaign")
    return {one.recipient[0]: one.data["needs"] for one in rows}


def test_nothing_is_proposed_that_no_host_asked_for():
    a_guest("anna@example.org")
    factories.a_lodging()
    with pytest.raises(BadInput) as refused:
        begun()
    assert refused.value.code == "campaign_no_needs"
    paused, ended = a_need(is_paused=True), a_need(ended_at=NOW)
    full = a_need(redeemed=3)
    over = a_need(last_day=NOW.date() - timedelta(days=1))
    closed = a_need(factories.a_lodging(state="archived"))
    with pytest.raises(BadInput) as refused:
        begun(paused, ended, full, over, closed)
    assert refused.value.code == "campaign_no_needs"
    assert not OutboxMessage.objects.exists()


def test_a_need_goes_to_an_address_once_whatever_the_campaign():
    a_guest("anna@example.org")
    need, other = a_need(), a_need()
    begun(need)
    assert told() == {"a": [need.pk]}
    OutboxMessage.objects.all().delete()
    later = NOW + timedelta(days=40)
    with pytest.raises(BadInput) as refused:
        begun(need, now=later)
    assert refused.value.code == "campaign_nobody"
    begun(need, other, now=later)
    assert told() == {"a": [other.pk]}
    assert ProposedNeed.objects.count() == 2


def test_the_next_batch_drops_what_was_paused_or_taken(client: Client):
    for name in "abc":
        a_guest(f"{name}@example.org")
    need, other = a_need(), a_need()
    campaign = begun(need, other, rate=1)
    assert list(told().values()) == [[need.pk, other.pk]]
    move_need(need.pk, "pause", actor=SYSTEM, now=NOW)
    run_campaigns(now=NOW + MINUTE)
    assert [other.pk] in told().values()
    CapacityNeed.objects.filter(pk=other.pk).update(redeemed=3)
    run_campaigns(now=NOW + 2 * MINUTE)
    run_campaigns(now=NOW + 3 * MINUTE)
    assert len(told()) == 2
    assert results_of(campaign).dropped == {"nothing_left": 1}


def test_what_was_taken_before_the_mail_left_is_not_in_it(mailoutbox):
    a_guest("anna@example.org")
    need, other = a_need(), a_need()
    begun(need, other)
    CapacityNeed.objects.filter(pk=need.pk).update(redeemed=3)
    mail = compose(OutboxMessage.objects.get(kind="campaign"))
    assert need.offer.title not in mail.body
    assert other.offer.title in mail.body
    move_need(other.pk, "end", actor=SYSTEM, now=NOW)
    later = NOW + timedelta(minutes=6)
    drain_outbox(now=later)
    # What is written once for many is kept five minutes at most.
    assert OutboxMessage.objects.get(kind="campaign").state in {"sent", "dropped"}


def test_each_need_goes_to_those_it_is_for():
    claire = factories.a_household(factories.a_user("martin@example.org"))
    assert isinstance(claire, HouseholdMember)
    a_guest("martin@example.org")
    a_guest("family@example.org", children=2)
    a_guest("group@example.org", adults=20, is_group=True)
    a_guest("shuttle@example.org", kinds=["lodging", "shuttle"])
    a_guest("couple@example.org")
    needs = {
        one: a_need(audience=one)
        for one in ("residents", "families", "groups", "without_car", "everybody")
    }
    begun(*needs.values())
    keys = {need.pk: name for name, need in needs.items()}
    found = {who: {keys[one] for one in ids} - {"everybody"} for who, ids in told().items()}
    assert found == {
        "m": {"residents"},
        "f": {"families"},
        "g": {"groups"},
        "s": {"without_car"},
        "c": set(),
    }


def test_who_stays_here_then_is_left_alone(bank: FakeBank):
    order = paid_stay(bank)
    a_guest(order.email)
    a_guest("bob@example.org")
    bed = order.lines.get(kind="lodging")
    need = a_need(period=(bed.arrival, bed.departure))
    begun(need)
    assert set(told()) == {"b"}


def test_what_is_booked_of_it_is_counted_once_and_never_above_its_most(bank: FakeBank):
    order = paid_stay(bank)
    bed = order.lines.get(kind="lodging")
    need = a_need(bed.offer, period=(bed.arrival, bed.departure), max_redemptions=1)
    a_guest("anna@example.org")
    campaign = begun(need)
    order.email = "Anna@example.org"
    order.placed_at = order.confirmed_at = NOW + timedelta(days=2)
    order.save()
    later = NOW + timedelta(days=2)
    assert count_bookings(now=later) == 1
    assert count_bookings(now=later) == 0
    need.refresh_from_db()
    assert need.redeemed == 1
    assert need.is_ended
    [row] = results_of(campaign).filled
    assert (row.bookings, row.nights, row.amount) == (
        1,
        (bed.departure - bed.arrival).days,
        bed.gross_amount,
    )
    assert row.nights_before == 0
    # Another booking of the same address has no room left: kept apart, not counted above.
    NeedBooking.objects.all().delete()
    assert count_bookings(now=later) == 1
    need.refresh_from_db()
    assert need.redeemed == 1


def test_other_days_and_other_people_are_not_counted(bank: FakeBank):
    order = paid_stay(bank)
    bed = order.lines.get(kind="lodging")
    need = a_need(bed.offer)
    a_guest("anna@example.org")
    begun(need)
    order.email, order.placed_at = "anna@example.org", NOW + timedelta(days=1)
    order.save()
    assert count_bookings(now=NOW + timedelta(days=1)) == 0
    need.periods.update(dates=DateRange(bed.arrival, bed.departure))
    OrderLine.objects.filter(pk=bed.pk).update(state="cancelled")
    assert count_bookings(now=NOW + timedelta(days=1)) == 0
    OrderLine.objects.filter(pk=bed.pk).update(state="sold")
    order.email = "bob@example.org"
    order.save()
    assert count_bookings(now=NOW + timedelta(days=1)) == 0
    order.email, order.placed_at = "anna@example.org", NOW - timedelta(days=1)
    order.save()
    assert count_bookings(now=NOW + timedelta(days=1)) == 0
    order.placed_at = NOW + timedelta(days=31)
    order.save()
    assert count_bookings(now=NOW + timedelta(days=31)) == 0


# --- The page of the link ---------------------------------------------------------------------
def page_of(campaign: Campaign, need: CapacityNeed) -> str:
    with override("en"):
        return reverse("booking:quiet-offer", args=[campaign.proposals.get(need=need).code])


def test_the_page_shows_the_days_and_says_when_it_is_over(client: Client):
    a_guest("anna@example.org")
    need = a_need()
    page = page_of(begun(need), need)
    seen = body(client.get(page))
    assert need.offer.title in seen
    assert "arrival=2027-11-06" in seen
    assert "departure=2027-11-13" in seen
    assert "noindex" in seen

    for change in ({"redeemed": 3}, {"is_paused": True}, {"last_day": date(2027, 1, 1)}):
        CapacityNeed.objects.filter(pk=need.pk).update(**change)
        over = client.get(page)
        assert over.status_code == 200
        assert "This proposal is over." in body(over)
        assert "arrival=2027-11-06" not in body(over)
        CapacityNeed.objects.filter(pk=need.pk).update(
            redeemed=0, is_paused=False, last_day=NOVEMBER[1]
        )
    Offer.objects.filter(pk=need.offer_id).update(state="archived")
    assert need.offer.slug not in body(client.get(page))


def test_a_place_names_its_commune_once(client: Client):
    a_guest("anna@example.org")
    need = a_need()
    commune = need.offer.commune.name
    page = page_of(begun(need), need)
    for place, seen in (("Le bourg", f"Le bourg, {commune}"), (f"Rue Haute, {commune}",) * 2):
        Offer.objects.filter(pk=need.offer_id).update(
            place=place, place_fr=place, place_en=place, place_de=place
        )
        assert f"<b>{seen}</b>" in body(client.get(page))


def test_no_code_opens_anything_else(client: Client):
    for code in ("x", "1", "a" * 64):
        assert client.get(reverse("booking:quiet-offer", args=[code])).status_code == 404


def test_a_need_that_stays_keeps_its_address_when_a_draft_is_written_again():
    a_guest("anna@example.org")
    need, other = a_need(), a_need()
    given = campaigns.CampaignInput("N", "quiet", "offers", Segment(), WORDS, needs=(need.pk,))
    campaign = campaigns.save_campaign(None, given, actor=SYSTEM, now=NOW)
    code = campaign.proposals.get().code
    more = campaigns.CampaignInput(
        "N", "quiet", "offers", Segment(), WORDS, needs=(need.pk, other.pk)
    )
    campaigns.save_campaign(campaign.pk, more, actor=SYSTEM, now=NOW)
    assert campaign.proposals.get(need=need).code == code
    letter = campaigns.CampaignInput("N", "letter", "offers", Segment(), WORDS, needs=(need.pk,))
    campaigns.save_campaign(campaign.pk, letter, actor=SYSTEM, now=NOW)
    assert not campaign.proposals.exists()
