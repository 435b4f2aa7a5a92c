"""The annual gift: who has one, in which order, within its budget, once (N07)."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import transaction

from booking.messages import drain_outbox
from booking.models import Gift, GiftCampaign, OutboxMessage
from booking.refusals import BadInput, NotAllowed, WrongState
from booking.relations import consent, gift_claims, gifts
from booking.relations.erasing import erase
from booking.relations.gift_claims import (
    Address,
    forget_addresses,
    give_address,
    mark_sent,
    redeem,
    tell_households,
)
from booking.relations.gifts import (
    close_campaign,
    forecast,
    lock_campaign,
    raise_budget,
    start_sending,
)
from booking.relations.personal_data import Subject
from booking.tasks import follow_gifts
from members.journal import SYSTEM
from members.models import Customer, CustomerIdentity, Entry, Family
from oti.lib.dates import at_paris
from tests import factories
from tests.booking.relations.giving import (
    HOME,
    MORNING,
    a_campaign,
    a_guest,
    gift_of,
    stayed,
    told,
)
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
WHO = {"actor": SYSTEM, "now": MORNING}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(MORNING)


def ranks(campaign: GiftCampaign) -> list[tuple[str, str]]:
    return list(campaign.gifts.order_by("rank").values_list("email", "state"))


# --- Who has one ------------------------------------------------------------------------------
def test_oldest_relation_comes_first_and_the_budget_ends_the_line():
    for years, name in enumerate(("new", "older", "oldest", "recent")):
        who = a_guest(f"{name}@example.org", name)
        stayed(who, date(2027, 3, 1 + years))
        if name.startswith("old"):
            stayed(who, date(2020 - years, 8, 1))
    campaign = a_campaign(budget_amount=Decimal("25.00"))
    seen = forecast(campaign, now=MORNING)
    assert (seen.households, seen.served, seen.waiting, seen.amount) == (4, 2, 2, Decimal(20))

    assert lock_campaign(campaign, **WHO) == 4
    assert ranks(campaign) == [
        ("oldest@example.org", "eligible"),
        ("older@example.org", "eligible"),
        ("new@example.org", "waiting"),
        ("recent@example.org", "waiting"),
    ]


def test_of_two_that_came_on_one_day_the_stay_kept_first_comes_first():
    later, first = (a_guest(f"{one}@example.org", one) for one in ("later", "first"))
    many = [a_guest(f"{one}@example.org", str(one)) for one in range(9)]
    for who in (first, later, *many):
        stayed(who)
    campaign = a_campaign(budget_amount=Decimal(500))
    lock_campaign(campaign, **WHO)
    # Never by how a number is spelled: 9 comes before 10.
    expected = ["first", "later", *(str(one) for one in range(9))]
    assert [email.split("@")[0] for email, _state in ranks(campaign)] == expected


def test_who_stayed_too_long_ago_or_as_a_group_or_is_erased_has_none():
    stayed(a_guest("old@example.org"), TODAY - timedelta(days=800))
    stayed(a_guest("school@example.org"), is_group=True)
    gone = a_guest("gone@example.org")
    stayed(gone)
    Customer.objects.filter(pk=gone.customer_id).update(erased_at=NOW)
    stayed(a_guest("to-come@example.org"), TODAY + DAY)
    campaign = a_campaign()
    with pytest.raises(BadInput):
        lock_campaign(campaign, **WHO)
    stayed(a_guest("old@example.org"), TODAY - timedelta(days=720))
    assert lock_campaign(campaign, **WHO) == 1


def test_a_family_and_a_second_home_have_one_gift_each():
    # Two people of one address, one of them twice.
    stayed(a_guest("dupont@example.org", "Claire"))
    stayed(a_guest("dupont@example.org", "Paul"))
    # Two addresses of one second home; one was there before it was declared.
    member = factories.a_household(factories.a_user("camille@example.org"))
    before = a_guest("leo@example.org", "Léo")
    stayed(a_guest("camille@example.org", "Camille"))
    stayed(before, household=member.household)
    campaign = a_campaign()
    assert forecast(campaign, now=MORNING).households == 2
    assert lock_campaign(campaign, **WHO) == 2
    keys = set(campaign.gifts.values_list("household_key", flat=True))
    assert f"household:{member.household_id}" in keys


def test_households_are_fixed_once_and_stay_so():
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    lock_campaign(campaign, **WHO)
    stayed(a_guest("b@example.org"))
    with pytest.raises(WrongState):
        lock_campaign(campaign, **WHO)
    assert campaign.gifts.count() == 1
    assert Entry.objects.filter(verb="gift locked").count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"title_fr": ""}, {"words_fr": ""}, {"valid_until": TODAY}],
)
def test_what_is_not_ready_is_not_fixed(fields: dict[str, object]):
    stayed(a_guest("a@example.org"))
    with pytest.raises(BadInput):
        lock_campaign(a_campaign(**fields), **WHO)
    assert not Gift.objects.exists()


# --- Telling ----------------------------------------------------------------------------------
def test_each_household_is_told_once_however_often_the_clock_runs():
    for name in "abcd":
        stayed(a_guest(f"{name}@example.org"))
    told()
    assert OutboxMessage.objects.filter(kind="gift").count() == 3
    for _time in range(2):
        assert tell_households(now=MORNING + DAY) == 0
    follow_gifts()
    assert OutboxMessage.objects.filter(kind="gift").count() == 3


def test_nobody_is_told_before_the_office_says_so_nor_at_night():
    stayed(a_guest("a@example.org"))
    campaign = a_campaign()
    lock_campaign(campaign, **WHO)
    assert tell_households(now=MORNING) == 0
    gifts.start_sending(campaign, **WHO)
    assert tell_households(now=at_paris(TODAY, time(21))) == 0
    assert tell_households(now=MORNING) == 1


@pytest.mark.parametrize("kind", ["voucher", "product", "experience"])
@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_who_said_no_to_every_letter_is_told_and_nothing_is_for_sale(kind: str, language: str):
    who = a_guest("a@example.org")
    stayed(who, language=language)
    known = consent.address_of("a@example.org", language=language, now=NOW)
    proof = consent.Proof("choices", "x")
    consent.choose(known, dict.fromkeys(("news", "offers", "survey"), False), proof=proof, now=NOW)
    told(kind=kind)
    drain_outbox(now=MORNING)
    [sent] = mail.outbox
    links = {word for word in sent.body.split() if word.startswith("http")}
    gift = gift_of(who)
    assert len(links) == 1
    assert f"/{gift.pk}/?cle={gift.access_token}" in links.pop()
    assert f'lang="{language}"' in sent.alternatives[0].content
    assert not OutboxMessage.objects.get(kind="gift").is_commercial
    files = [one[0] for one in sent.attachments]
    assert bool(files) == (kind == "voucher")
    assert (gift.code in sent.body) == (kind != "product")


def test_two_households_that_became_one_have_one_and_the_next_is_served():
    first, second, third, last = (a_guest(f"{one}@example.org", one) for one in "abcd")
    for days, who in enumerate((first, second, third, last)):
        stayed(who, TODAY - timedelta(days=100 - days))
    campaign = a_campaign()
    lock_campaign(campaign, **WHO)
    # The office merges two of them: identities move to one person.
    third.customer = second.customer
    third.save()
    gifts.start_sending(campaign, **WHO)
    assert tell_households(now=MORNING) == 2
    assert tell_households(now=MORNING) == 1
    assert [state for _email, state in ranks(campaign)] == ["told", "told", "joined", "told"]


def test_who_asked_to_be_forgotten_meanwhile_is_not_told():
    for name in "abcd":
        stayed(a_guest(f"{name}@example.org", name))
    campaign = a_campaign()
    lock_campaign(campaign, **WHO)
    Customer.objects.filter(first_name="a").update(erased_at=NOW)
    gifts.start_sending(campaign, **WHO)
    tell_households(now=MORNING)
    tell_households(now=MORNING)
    states = [state for _email, state in ranks(campaign)]
    assert sorted(states) == ["lapsed", "told", "told", "told"]


# --- The parcel -------------------------------------------------------------------------------
def test_address_is_kept_changed_and_frozen_when_it_leaves():
    who = a_guest("a@example.org")
    stayed(who)
    campaign = told()
    give_address(gift_of(who), HOME, now=MORNING)
    give_address(gift_of(who), HOME, now=MORNING)
    other = Address("Claire Dupont", "5 rue Raphaël", "43000", "Le Puy-en-Velay")
    give_address(gift_of(who), other, now=MORNING + timedelta(hours=2))
    # The file was taken before it changed: the parcel isn't in it.
    assert (
        mark_sent(campaign, until=MORNING + timedelta(hours=1), actor=SYSTEM, now=MORNING + DAY)
        == 0
    )
    assert (
        mark_sent(campaign, until=MORNING + timedelta(hours=2), actor=SYSTEM, now=MORNING + DAY)
        == 1
    )
    assert (
        mark_sent(campaign, until=MORNING + timedelta(hours=2), actor=SYSTEM, now=MORNING + DAY)
        == 0
    )
    with pytest.raises(WrongState):
        give_address(gift_of(who), HOME, now=MORNING + DAY)
    assert gift_of(who).street == "5 rue Raphaël"


def test_one_postal_address_has_one_gift():
    first, second = a_guest("a@example.org", "Claire"), a_guest("b@example.org", "Paul")
    stayed(first)
    stayed(second)
    told()
    give_address(gift_of(first), HOME, now=MORNING)
    same = Address("Paul Dupont", "3, R. des tables", "43 000", "LE PUY EN VELAY")
    with pytest.raises(NotAllowed) as refused:
        give_address(gift_of(second), same, now=MORNING)
    assert refused.value.troubles[0].code == "gift_same_address"
    assert gift_of(second).state == "told"
    flat = Address("Paul Dupont", "3 rue des Tables", "43000", "Le Puy-en-Velay", extra="2e étage")
    assert give_address(gift_of(second), flat, now=MORNING).state == "addressed"


def test_households_found_to_be_one_after_they_were_told_get_one_parcel():
    first, second = a_guest("a@example.org", "Claire"), a_guest("b@example.org", "Paul")
    stayed(first)
    stayed(second)
    told()
    second.customer = first.customer
    second.save()
    give_address(gift_of(second), HOME, now=MORNING)
    other = Address("Claire Dupont", "5 rue Raphaël", "43000", "Le Puy-en-Velay")
    with pytest.raises(NotAllowed) as refused:
        give_address(gift_of(first), other, now=MORNING)
    assert refused.value.troubles[0].code == "gift_household"


def test_no_address_is_taken_after_the_end_nor_for_a_voucher():
    who = a_guest("a@example.org")
    stayed(who)
    campaign = told()
    gift = gift_of(who)
    with pytest.raises(WrongState):
        give_address(gift, HOME, now=MORNING + timedelta(days=91))
    assert close_campaign(campaign, **WHO) == 1
    with pytest.raises(WrongState):
        give_address(gift, HOME, now=MORNING)
    gift.refresh_from_db()
    assert (gift.state, gift.street) == ("lapsed", "")


def test_who_gave_an_address_gets_the_parcel_before_it_is_closed():
    who = a_guest("a@example.org")
    stayed(who)
    campaign = told()
    give_address(gift_of(who), HOME, now=MORNING)
    with pytest.raises(WrongState) as refused:
        close_campaign(campaign, **WHO)
    assert refused.value.troubles[0].code == "gift_to_post"
    # A moment to come marks nothing that is given until then.
    assert mark_sent(campaign, until=NOW + DAY, actor=SYSTEM, now=MORNING - DAY) == 0
    assert mark_sent(campaign, until=MORNING, actor=SYSTEM, now=MORNING) == 1
    assert close_campaign(campaign, **WHO) == 0
    assert gift_of(who).state == "sent"


def test_a_voucher_asks_for_no_address():
    who = a_guest("a@example.org")
    stayed(who)
    told(kind="voucher")
    with pytest.raises(WrongState) as refused:
        give_address(gift_of(who), HOME, now=MORNING)
    assert refused.value.troubles[0].code == "gift_not_posted"


# --- Redeeming --------------------------------------------------------------------------------
def a_voucher(**fields: object) -> Gift:
    who = a_guest("a@example.org")
    stayed(who)
    told(kind="voucher", **fields)
    return gift_of(who)


def use(code: str, *, is_host: bool = False, now=MORNING) -> Gift:
    return redeem(code, where="Chez Anne", is_host=is_host, actor=SYSTEM, now=now)


def test_a_voucher_is_redeemed_once():
    gift = a_voucher()
    spoken = f" {gift.code[:5].lower()}-{gift.code[5:]} "
    assert use(spoken).redeemed_where == "Chez Anne"
    with pytest.raises(WrongState) as refused:
        use(gift.code)
    assert refused.value.troubles[0].code == "gift_redeemed"
    assert Entry.objects.filter(verb="gift redeemed").count() == 1


@pytest.mark.parametrize("code", ["", "NOBODYS", "x" * 24, "' OR 1=1"])
def test_a_code_that_is_none_says_so(code: str):
    with pytest.raises(BadInput):
        use(code)


def test_hosts_redeem_where_the_office_lets_them():
    gift = a_voucher()
    with pytest.raises(NotAllowed):
        use(gift.code, is_host=True)
    GiftCampaign.objects.update(is_for_hosts=True)
    assert use(gift.code, is_host=True).state == "redeemed"


def test_a_voucher_ends_with_its_day():
    gift = a_voucher()
    with pytest.raises(WrongState) as refused:
        use(gift.code, now=MORNING + timedelta(days=91))
    assert refused.value.troubles[0].code == "gift_over"


# --- Figures, budget, forgetting --------------------------------------------------------------
def test_figures_say_what_was_redeemed_and_who_came_back():
    people = [a_guest(f"{one}@example.org", one) for one in "abc"]
    for who in people:
        stayed(who)
    campaign = told(kind="voucher", budget_amount=Decimal(40))
    use(gift_of(people[0]).code)
    stayed(people[0], TODAY + timedelta(days=40))
    stayed(people[0], TODAY + timedelta(days=60))
    found = gifts.figures(campaign)
    assert (found.sent, found.redeemed, found.redeemed_percent) == (3, 1, 33)
    assert found.committed == Decimal(30)
    assert (found.returned, found.stays) == (1, 2)
    # What lapses was told all the same.
    close_campaign(campaign, **WHO)
    assert gifts.figures(campaign).redeemed_percent == 33


def test_a_parcel_fetched_at_the_counter_has_reached_its_household():
    people = [a_guest(f"{one}@example.org", one) for one in "ab"]
    for who in people:
        stayed(who)
    campaign = told()
    use(gift_of(people[0]).code)
    found = gifts.figures(campaign)
    # Never more redeemed than have reached anybody.
    assert (found.sent, found.redeemed, found.redeemed_percent) == (1, 1, 100)


def test_a_larger_budget_serves_those_who_wait_in_their_order():
    for name in "abcde":
        stayed(a_guest(f"{name}@example.org", name))
    campaign = told()
    for amount in (Decimal(30), Decimal(5)):
        with pytest.raises(BadInput):
            raise_budget(campaign, amount, **WHO)
    assert raise_budget(campaign, Decimal("49.99"), **WHO) == 1
    states = [state for _email, state in ranks(campaign)]
    assert states == ["told", "told", "told", "eligible", "waiting"]


def test_addresses_are_deleted_after_the_parcel_and_who_waited_too(settings):
    first, second = a_guest("a@example.org", "Claire"), a_guest("b@example.org", "Paul")
    stayed(first)
    stayed(second)
    campaign = told()
    give_address(gift_of(first), HOME, now=MORNING)
    mark_sent(campaign, until=MORNING, actor=SYSTEM, now=MORNING)
    after = MORNING + timedelta(days=settings.GIFT_ADDRESS_DAYS, minutes=1)
    assert forget_addresses(now=after - timedelta(minutes=2)) == 0
    assert forget_addresses(now=after) == 1
    assert forget_addresses(now=after) == 0
    gift = gift_of(first)
    assert [getattr(gift, one) for one in gift_claims.PERSONAL] == [""] * 8
    # Nobody gets a second one there while the campaign runs.
    with pytest.raises(NotAllowed):
        give_address(gift_of(second), HOME, now=after)
    close_campaign(campaign, actor=SYSTEM, now=after)
    late = after + timedelta(days=settings.GIFT_ADDRESS_DAYS, minutes=1)
    assert forget_addresses(now=late) == 1
    assert set(Gift.objects.values_list("postal_mark", "email")) == {("", "")}


def test_who_asks_to_be_forgotten_leaves_a_count_and_a_code():
    who, other = a_guest("a@example.org"), a_guest("b@example.org", "Paul")
    stayed(who)
    stayed(other)
    campaign = told()
    give_address(gift_of(who), HOME, now=MORNING)
    with transaction.atomic():
        assert gift_claims.forget_gifts([who.customer_id], [], now=MORNING) == 1
    gift = gift_of(who)
    # No parcel leaves without an address, and none keeps the campaign open.
    assert (gift.state, gift.street, gift.email) == ("lapsed", "", "")
    assert gift_of(other).email == "b@example.org"
    with pytest.raises(WrongState):
        give_address(gift, HOME, now=MORNING)
    assert give_address(gift_of(other), HOME, now=MORNING).state == "addressed"
    assert mark_sent(campaign, until=MORNING, actor=SYSTEM, now=MORNING) == 1


def test_who_is_forgotten_leaves_the_gift_to_the_next_and_keeps_a_voucher():
    first, second = a_guest("a@example.org"), a_guest("b@example.org", "Paul")
    stayed(first, TODAY - timedelta(days=90))
    stayed(second)
    told(kind="voucher", budget_amount=Decimal(10))
    with transaction.atomic():
        gift_claims.forget_gifts([first.customer_id], [], now=MORNING)
    # It came with the mail: the code is paid for, and good.
    assert (gift_of(first).state, gift_of(second).state) == ("told", "waiting")
    Gift.objects.filter(pk=gift_of(first).pk).update(state="eligible")
    with transaction.atomic():
        gift_claims.forget_gifts([first.customer_id], [], now=MORNING)
    assert (gift_of(first).state, gift_of(second).state) == ("lapsed", "eligible")


def test_an_address_that_was_erased_is_told_nothing_though_its_person_has_another():
    one, other = a_guest("a@example.org"), a_guest("b@example.org")
    CustomerIdentity.objects.filter(pk=other.pk).update(customer=one.customer)
    stayed(one)
    stayed(other, TODAY - timedelta(days=60))
    campaign = a_campaign()
    lock_campaign(campaign, **WHO)
    assert ranks(campaign) == [("a@example.org", "eligible")]
    erase(Subject.of_address("a@example.org"), now=MORNING)
    assert Customer.objects.get(pk=one.customer_id).erased_at is None
    assert ranks(campaign) == [("", "lapsed")]
    next_year = a_campaign(year=TODAY.year + 1)
    lock_campaign(next_year, **WHO)
    assert ranks(next_year) == [("b@example.org", "eligible")]
    # Back as a new guest, under the address that asked to be left alone.
    stayed(a_guest("a@example.org", "Anne"))
    last = a_campaign(year=TODAY.year + 2)
    lock_campaign(last, **WHO)
    start_sending(last, **WHO)
    assert tell_households(now=MORNING) == 1
    assert OutboxMessage.objects.get(kind="gift").recipient == "b@example.org"


def test_addresses_of_a_campaign_that_nobody_closed_are_deleted_after_its_time(settings):
    who = a_guest("a@example.org")
    stayed(who)
    campaign = told()
    give_address(gift_of(who), HOME, now=MORNING)
    over = at_paris(campaign.valid_until + timedelta(days=settings.GIFT_ADDRESS_DAYS), time(4))
    assert forget_addresses(now=over) == 0
    assert forget_addresses(now=over + 2 * DAY) == 1
    assert (gift_of(who).street, gift_of(who).postal_mark) == ("", "")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_who_is_known_by_an_address_alone_is_greeted_without_a_name(language: str):
    stayed(a_guest("a@example.org", "", ""), language=language)
    told()
    drain_outbox(now=MORNING)
    assert not mail.outbox[0].subject.startswith(",")


def test_a_family_that_is_deleted_leaves_the_count():
    who = a_guest("a@example.org")
    stayed(who)
    told()
    family = who.customer.family
    who.delete()
    Customer.objects.filter(family=family).delete()
    Family.objects.filter(pk=family.pk).delete()
    gift = Gift.objects.get()
    assert (gift.family, gift.identity) == (None, None)
