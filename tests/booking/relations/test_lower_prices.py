"""A lower price by the link of a mail: so often as the host said, and shown as it is charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from booking import settlement
from booking.basket import add_to_basket, change_line, renew_holds
from booking.capacity_needs import move_need, usual_prices
from booking.checkout import begin_payment
from booking.emails import compose
from booking.models import (
    Basket,
    BasketLine,
    Campaign,
    CapacityNeed,
    NeedBooking,
    Offer,
    Order,
    OrderEvidence,
    OutboxMessage,
    Refund,
)
from booking.pairing import add_pair
from booking.refusals import BadInput, PriceChanged, Unavailable
from booking.relations import campaigns
from booking.relations.campaign_results import results_of
from booking.relations.campaign_runs import run_campaigns
from booking.relations.need_bookings import count_bookings
from booking.rules.segments import Segment
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import address, body, carry
from tests.booking.relations import test_quiet_campaigns as quiet
from tests.booking.relations.knowing import a_guest
from tests.cast import NOW, FakeBank, cancel_order, order_from, paid_order

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
# A week of September, and what comes after it.
QUIET = (date(2027, 9, 4), date(2027, 9, 11))
BESIDE = (date(2027, 9, 11), date(2027, 9, 13))
# Seven nights at 100 euros, and at 85.
USUAL, LOWER = Decimal(700), Decimal(595)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_need(offer: Offer, **fields: Any) -> CapacityNeed:
    return quiet.a_need(offer, QUIET, **fields)


def a_campaign(*needs: CapacityNeed, percent: int = 15, begins: bool = True) -> Campaign:
    a_guest("anna@example.org")
    given = campaigns.CampaignInput(
        title="Septembre",
        kind="quiet",
        purpose="offers",
        segment=Segment(),
        texts=quiet.WORDS,
        needs=tuple(one.pk for one in needs),
        percent_off=percent,
    )
    campaign = campaigns.save_campaign(None, given, actor=SYSTEM, now=NOW)
    if begins:
        campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=NOW)
        campaigns.plan(campaign.pk, NOW, actor=SYSTEM, now=NOW)
        run_campaigns(now=NOW)
    return campaign


def code_of(need: CapacityNeed) -> str:
    return str(need.proposals.get().code)


def ask(offer: Offer, code: str, dates=QUIET, *, bed: int = 0, **fields: Any) -> LineRequest:
    unit = list(offer.units.order_by("pk"))[bed]
    values: dict[str, Any] = {
        "offer_id": offer.pk,
        "unit_id": unit.pk,
        "arrival": dates[0],
        "departure": dates[1],
        "ages": (None,),
        "proposal": code,
        **fields,
    }
    return LineRequest(**values)


def held(offer: Offer, code: str, *, bed: int = 0, now: datetime = NOW, **fields: Any) -> Basket:
    basket = factories.a_basket()
    add_to_basket(basket, ask(offer, code, bed=bed, **fields), now=now)
    basket.refresh_from_db()
    return basket


def total_of(basket: Basket, now: datetime = NOW) -> Decimal:
    return view_basket(basket, now=now).gross


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(units=6, now=NOW)


@pytest.fixture
def need(gite: Offer) -> CapacityNeed:
    found = a_need(gite)
    a_campaign(found)
    return found


# --- Who has it ---------------------------------------------------------------------------
def test_the_link_lowers_the_price_and_nothing_else_does(gite: Offer, need: CapacityNeed):
    basket = held(gite, code_of(need))
    assert total_of(basket) == LOWER
    line = basket.lines.get()
    assert line.shown_amount == view_basket(basket, now=NOW).total
    assert line.proposal == need.proposals.get()
    assert total_of(held(gite, "", bed=1)) == USUAL
    [view] = view_basket(basket, now=NOW).lines
    assert view.quote is not None
    assert view.quote.usual_total == view.quote.total + USUAL - LOWER


def test_the_fourth_customer_cannot_use_it_even_with_the_link(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    code = code_of(need)
    sold = paid_order(held(gite, code), bank)
    second, third = held(gite, code, bed=1), held(gite, code, bed=2)
    with pytest.raises(PriceChanged) as refused:
        held(gite, code, bed=3)
    assert refused.value.code == "proposal_over"
    assert refused.value.troubles[0].params["new"] == Decimal("700") + sold.tourist_tax_amount
    # Who is told so may have it at the usual price, with the very same form.
    new = refused.value.troubles[0].params["new"]
    dear = held(gite, code, bed=3, shown_amount=new)
    assert total_of(dear) == USUAL
    assert dear.lines.get().proposal is None
    paid = [paid_order(one, bank) for one in (second, third, dear)]
    assert [one.gross_amount for one in paid] == [LOWER, LOWER, USUAL]
    need.refresh_from_db()
    assert (need.redeemed, need.is_ended) == (3, True)
    assert NeedBooking.objects.filter(need=need).count() == 3
    with pytest.raises(PriceChanged):
        held(gite, code, bed=4)


def test_a_hold_that_lapses_gives_its_place_to_the_next(gite: Offer, need: CapacityNeed):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    code = code_of(need)
    first = held(gite, code)
    with pytest.raises(PriceChanged):
        held(gite, code, bed=1)
    later = NOW + HOUR
    other = held(gite, code, bed=1, now=later)
    assert total_of(other, later) == LOWER
    # The first keeps its plan: it is told what the same nights cost now.
    view = view_basket(first, now=later)
    assert view.gross == USUAL
    assert "price_changed" in {one.code for one in view.troubles}
    found = renew_holds(first, now=later)
    assert [one.code for one in found] == ["proposal_over"]
    assert first.lines.get().proposal is None
    assert total_of(other, later) == LOWER


def test_a_lapsed_line_has_its_price_again_where_nobody_took_it(gite: Offer, need: CapacityNeed):
    basket = held(gite, code_of(need))
    later = NOW + HOUR
    assert renew_holds(basket, now=later) == []
    assert total_of(basket, later) == LOWER
    assert basket.lines.get().proposal is not None


@pytest.mark.parametrize("wish", ["pause", "end"])
def test_a_pause_leaves_what_is_held_and_refuses_the_next(
    gite: Offer, need: CapacityNeed, bank: FakeBank, wish: str
):
    code = code_of(need)
    basket = held(gite, code)
    move_need(need.pk, wish, actor=SYSTEM, now=NOW)
    with pytest.raises(PriceChanged, match="proposal_over"):
        held(gite, code, bed=1)
    assert total_of(basket) == LOWER
    assert paid_order(basket, bank).gross_amount == LOWER


def test_it_is_over_after_its_last_day_and_before_its_campaign_begins(gite: Offer):
    need = a_need(gite, last_day=date(2027, 6, 1))
    campaign = a_campaign(need, begins=False)
    with pytest.raises(PriceChanged):
        held(gite, code_of(need))
    Campaign.objects.filter(pk=campaign.pk).update(started_at=NOW, state="sent")
    assert total_of(held(gite, code_of(need), bed=1)) == LOWER
    after = NOW.replace(month=6, day=2)
    with pytest.raises(PriceChanged):
        held(gite, code_of(need), bed=2, now=after)


def test_other_days_another_offer_and_a_made_up_code_have_the_usual_price(
    gite: Offer, need: CapacityNeed
):
    other = factories.a_lodging(now=NOW)
    for code in ("x", "' OR 1=1", "é" * 300, "\0", code_of(need)):
        with pytest.raises(PriceChanged, match="proposal_over"):
            held(other, code)
    with pytest.raises(PriceChanged):
        held(gite, code_of(need), dates=BESIDE)
    basket = factories.a_basket()
    straddling = (date(2027, 9, 9), date(2027, 9, 13))
    add_to_basket(basket, ask(gite, code_of(need), straddling), now=NOW)
    assert total_of(basket) == 2 * 85 + 2 * 100


def test_a_changed_line_keeps_it_on_its_days_and_loses_it_beside(gite: Offer, need: CapacityNeed):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    basket = held(gite, code_of(need))
    line = basket.lines.get()
    shorter = (QUIET[0], QUIET[0] + timedelta(days=2))
    change_line(basket, line.pk, ask(gite, "", shorter), now=NOW)
    assert total_of(basket) == 170
    change_line(basket, line.pk, ask(gite, "", BESIDE), now=NOW)
    assert total_of(basket) == 200
    assert basket.lines.get().proposal is None
    # Its place is free again.
    assert total_of(held(gite, code_of(need), bed=1)) == LOWER


def test_what_is_on_request_has_its_usual_price(gite: Offer, need: CapacityNeed):
    Offer.objects.filter(pk=gite.pk).update(confirmation="on_request")
    basket = factories.a_basket()
    with pytest.raises(PriceChanged, match="proposal_over"):
        add_to_basket(basket, ask(gite, code_of(need)), now=NOW)
    line = add_to_basket(basket, ask(gite, ""), now=NOW)
    assert (line.proposal, line.is_on_request) == (None, True)


def test_places_have_it_on_the_days_of_the_need():
    lace = factories.an_activity(kind="workshop")
    inside = factories.a_slot(lace, date(2027, 9, 6))
    beside = factories.a_slot(lace, date(2027, 9, 18))
    need = a_need(lace, floor_amount=20)
    a_campaign(need, percent=10)
    basket = factories.a_basket()
    request = LineRequest(offer_id=lace.pk, ages=(None,), slot_id=inside.pk, proposal=code_of(need))
    usual = view_basket(
        _with(LineRequest(offer_id=lace.pk, ages=(None,), slot_id=inside.pk)), now=NOW
    )
    add_to_basket(basket, request, now=NOW)
    assert total_of(basket) == round(usual.gross * Decimal("0.9"), 2)
    with pytest.raises(PriceChanged):
        _with(replace(request, slot_id=beside.pk))


def test_what_is_added_together_has_its_usual_price_whatever_is_posted():
    dinner = factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=120)
    day = date(2027, 9, 6)
    evening = factories.a_slot(dinner, day, time(19, 30))
    care = factories.a_slot(factories.a_childcare(), day, time(19), capacity=40)
    need = a_need(dinner, floor_amount=20)
    a_campaign(need)
    basket = factories.a_basket(None, None, 5)
    moment = LineRequest(
        offer_id=dinner.pk,
        slot_id=evening.pk,
        people=("p1", "p2"),
        is_once=True,
        proposal=code_of(need),
    )
    minding = LineRequest(offer_id=care.offer_id, slot_id=care.pk, people=("p3",), is_once=True)
    add_pair(basket, moment, minding, now=NOW)
    line = basket.lines.get(offer=dinner)
    assert (line.proposal, line.shown_amount) == (None, Decimal(64))


def _with(request: LineRequest) -> Basket:
    basket = factories.a_basket()
    add_to_basket(basket, request, now=NOW)
    return basket


def test_an_order_placed_too_slowly_finds_its_price_gone_before_it_is_paid(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    code = code_of(need)
    slow = held(gite, code)
    # It asks with a second left, and gets its locks after somebody else came.
    begun = NOW + timedelta(minutes=14, seconds=59)
    quick = held(gite, code, bed=1, now=NOW + timedelta(minutes=15, seconds=1))
    with pytest.raises(Unavailable) as refused:
        order_from(slow, now=begun)
    assert refused.value.code == "proposal_over"
    assert not slow.orders.exists()
    slow.refresh_from_db()
    assert slow.state == Basket.State.OPEN
    order = paid_order(quick, bank, now=NOW + timedelta(minutes=16))
    assert (order.gross_amount, order.state) == (LOWER, "confirmed")
    assert not Refund.objects.exists()


# --- What is kept of it -------------------------------------------------------------------
def test_evidence_line_and_share_say_what_was_charged(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    order = paid_order(held(gite, code_of(need)), bank)
    line = order.lines.get()
    assert line.proposal == need.proposals.get()
    assert line.gross_amount == LOWER == line.net_amount + line.vat_amount
    assert Decimal(line.quote["usual_total"]) == USUAL + line.tourist_tax_amount
    [shown] = OrderEvidence.objects.get(order=order).price["lines"]
    assert shown["usual_total"] == line.quote["usual_total"]
    assert order.sub_orders.get().gross_amount == LOWER
    assert order.payments.get().captured_amount == order.total_amount


def test_a_refund_gives_back_what_was_paid_and_the_hour_after_its_place(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    order = paid_order(held(gite, code_of(need)), bank)
    cancel_order(order, basis="goodwill", reason="ill", actor=SYSTEM, now=NOW + HOUR)
    given = Refund.objects.get(line__order=order)
    assert given.amount == order.total_amount
    need.refresh_from_db()
    assert need.redeemed == 1
    count_bookings(now=NOW + 2 * HOUR)
    need.refresh_from_db()
    assert need.redeemed == 0
    assert not NeedBooking.objects.exists()
    assert total_of(held(gite, code_of(need), bed=1, now=NOW + 2 * HOUR), NOW + 2 * HOUR) == LOWER


def test_money_that_comes_late_for_a_used_up_price_is_given_back(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    code = code_of(need)
    order = order_from(held(gite, code))
    begin_payment(order, success_url="https://s/", cancel_url="https://s/", now=NOW)
    payment = order.payments.get()
    later = NOW + 3 * HOUR
    settlement.end_unpaid(order.pk, now=later, actor=SYSTEM, keep_holds=False)
    quick = paid_order(held(gite, code, bed=1, now=later), bank, now=later)
    assert quick.gross_amount == LOWER
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=later + HOUR)
    need.refresh_from_db()
    assert need.redeemed == 1
    assert Refund.objects.get(payment=payment).amount == order.total_amount
    assert NeedBooking.objects.get().line.order == quick


def test_the_campaign_counts_what_was_sold_at_its_price(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    order = paid_order(held(gite, code_of(need)), bank)
    [row] = results_of(Campaign.objects.get()).filled
    assert (row.bookings, row.nights, row.amount) == (1, 7, order.gross_amount)
    # The same booking isn't counted again because its address was written to.
    Order.objects.update(email="anna@example.org", placed_at=NOW + HOUR)
    assert count_bookings(now=NOW + 2 * HOUR) == 0
    need.refresh_from_db()
    assert need.redeemed == 1


def test_a_booking_at_the_usual_price_never_takes_the_place_of_one_that_is_held(
    gite: Offer, need: CapacityNeed, bank: FakeBank
):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    basket = held(gite, code_of(need))
    order = paid_order(held(gite, "", bed=1), bank)
    Order.objects.filter(pk=order.pk).update(email="anna@example.org", placed_at=NOW + HOUR)
    assert count_bookings(now=NOW + timedelta(minutes=5)) == 1
    need.refresh_from_db()
    assert need.redeemed == 0
    assert paid_order(basket, bank).gross_amount == LOWER


# --- What the office writes ---------------------------------------------------------------
@pytest.mark.parametrize("percent", [-1, 51, 1000])
def test_half_price_is_the_least(percent: int, need: CapacityNeed):
    with pytest.raises(BadInput) as refused:
        a_campaign(need, percent=percent, begins=False)
    assert refused.value.code == "campaign_off"


def test_a_letter_takes_nothing_off_and_a_price_needs_an_offer_that_is_sold_at_once(gite: Offer):
    letter = campaigns.CampaignInput(
        title="x", kind="letter", purpose="news", segment=Segment(), percent_off=10
    )
    with pytest.raises(BadInput) as refused:
        campaigns.save_campaign(None, letter, actor=SYSTEM, now=NOW)
    assert refused.value.code == "campaign_off"
    Offer.objects.filter(pk=gite.pk).update(confirmation="on_request")
    with pytest.raises(BadInput) as refused:
        a_campaign(a_need(gite))
    assert refused.value.code == "campaign_asks_first"


@pytest.mark.parametrize(("percent", "most"), [(15, 10), (50, 10), (10, None)])
def test_no_mail_promises_more_than_a_host_gives(gite: Offer, percent: int, most: int | None):
    need = a_need(gite, floor_amount=90)
    if most is None:
        assert a_campaign(need, percent=percent).percent_off == percent
        return
    with pytest.raises(BadInput) as refused:
        a_campaign(need, percent=percent)
    [told] = refused.value.troubles
    assert (told.code, told.params["max"]) == ("campaign_floor", most)
    assert told.params["price"] == Decimal(100)


def test_where_a_host_wants_more_than_its_price_nothing_is_promised(gite: Offer):
    lace = factories.an_activity(kind="workshop")
    with pytest.raises(BadInput) as refused:
        a_campaign(a_need(gite, floor_amount=120), a_need(lace, floor_amount=31), percent=1)
    found = {one.params["title"]: one.params["max"] for one in refused.value.troubles}
    assert found == {gite.title: 0}
    with pytest.raises(BadInput, match="campaign_floor"):
        a_campaign(a_need(lace, floor_amount=31), percent=4)


def test_prices_of_many_needs_are_found_in_six_statements(django_assert_max_num_queries):
    needs = [a_need(factories.a_lodging(now=NOW)) for _number in range(5)]
    needs.append(a_need(factories.an_activity()))
    rows = CapacityNeed.objects.select_related("offer").prefetch_related("periods")
    loaded = list(rows.order_by("pk"))
    with django_assert_max_num_queries(6):
        found = usual_prices(loaded, on=NOW.date())
    assert found == {one.pk: Decimal(100) for one in needs[:5]} | {needs[5].pk: Decimal(32)}


def test_the_mail_says_how_much_less(need: CapacityNeed):
    mail = compose(OutboxMessage.objects.get(kind="campaign"))
    assert "15 %" in mail.body.replace("\u00a0", " ").replace("\u202f", " ")


# --- On the pages -------------------------------------------------------------------------
def page(offer: Offer, code: str, dates=QUIET) -> str:
    query = f"?arrival={dates[0]}&departure={dates[1]}&adults=1&proposition={code}"
    return address("booking:stay-offer", offer.slug) + query


def test_the_link_leads_to_the_price_that_is_charged(
    client: Client, gite: Offer, need: CapacityNeed
):
    code = code_of(need)
    landing = body(client.get(address("booking:quiet-offer", code)))
    assert "15 % less" in landing
    assert "for 3 more bookings" in landing
    assert f"proposition={code}" in landing
    seen = client.get(page(gite, code))
    assert "15 % less on these days, counted already" in body(seen)
    form = seen.context["best"]["add"]
    assert ("proposal", code) in form["fields"]
    answer = client.post(form["url"], dict(form["fields"]))
    assert answer.status_code == 303
    line = BasketLine.objects.get()
    assert line.shown_amount == seen.context["best"]["quote"].total
    stay = body(client.get(address("booking:my-stay")))
    assert "before:" in stay
    # Without the code in the address the same page has the usual price.
    assert "less on these days" not in body(client.get(page(gite, "")))


def test_other_days_lead_back_and_what_is_over_says_so(
    client: Client, gite: Offer, need: CapacityNeed
):
    code = code_of(need)
    assert "on the days of the proposal" in body(client.get(page(gite, code, BESIDE)))
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    held(gite, code)
    waiting = body(client.get(page(gite, code)))
    assert "are being made by others" in waiting
    assert "are being made by others" in body(client.get(address("booking:quiet-offer", code)))
    move_need(need.pk, "end", actor=SYSTEM, now=NOW)
    assert "This proposal is over" in body(client.get(page(gite, code)))


def test_who_has_the_last_one_is_not_told_that_others_have_it(
    client: Client, gite: Offer, need: CapacityNeed
):
    CapacityNeed.objects.filter(pk=need.pk).update(max_redemptions=1)
    code = code_of(need)
    carry(client, held(gite, code))
    pages = (page(gite, code), address("booking:quiet-offer", code))
    for one in pages:
        assert "is in your stay: more cost" in body(client.get(one))
    # It is theirs as long as it is held, and nobody else's page says so.
    for one in pages:
        assert "are being made by others" in body(Client().get(one))
    BasketLine.objects.update(proposal=None)
    held(gite, code, bed=1)
    for one in pages:
        assert "are being made by others" in body(client.get(one))


def test_who_comes_too_late_is_told_the_usual_price_and_loses_nothing(
    client: Client, gite: Offer, need: CapacityNeed
):
    code = code_of(need)
    form = client.get(page(gite, code)).context["best"]["add"]
    move_need(need.pk, "end", actor=SYSTEM, now=NOW)
    refused = client.post(form["url"], dict(form["fields"]))
    assert refused.status_code == 409
    assert "isn’t to be had any more" in body(refused)
    new = refused.context["new_price"]
    again = dict(refused.context["fields"]) | {"shown_amount": str(new)}
    assert client.post(form["url"], again).status_code == 303
    assert total_of(Basket.objects.get()) == USUAL


def test_places_show_their_lower_price_beside_each_date(client: Client):
    lace = factories.an_activity(kind="workshop", slug="dentelle-promise")
    factories.a_slot(lace, date(2027, 9, 6))
    factories.a_slot(lace, date(2027, 9, 18))
    need = a_need(lace, floor_amount=20)
    a_campaign(need, percent=10)
    query = f"?from=2027-09-04&adults=1&proposition={code_of(need)}"
    seen = client.get(address("booking:experience-offer", lace.slug) + query)
    rows = [slot for day in seen.context["panel"]["days"] for slot in day["slots"]]
    assert [("lower" in one) for one in rows] == [True, False]
    assert "10 % less on the dates with two prices" in body(seen)
    assert dict(rows[0]["add"]["fields"]).get("proposal") == code_of(need)
    assert "proposal" not in dict(rows[1]["add"]["fields"])


def test_pages_without_a_link_ask_nothing_more(
    client: Client, gite: Offer, need: CapacityNeed, django_assert_max_num_queries
):
    basket = held(gite, "")
    carry(client, basket)
    client.get(page(gite, ""))
    with django_assert_max_num_queries(30) as asked:
        client.get(page(gite, ""))
    assert not any("campaignneed" in one["sql"] for one in asked.captured_queries)


def test_a_host_reads_what_the_office_proposes(client: Client, gite: Offer, need: CapacityNeed):
    host = factories.a_host(gite.provider)
    client.force_login(host)
    seen = body(client.get(address("extranet-needs")))
    assert "proposé par l’office à 15 % sous votre prix" in seen
