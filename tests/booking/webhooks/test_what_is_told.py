"""What is told to whom: written with what happens, by whole topics, without anybody's name."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, time

import pytest
from django.db import transaction

from booking import slots
from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.channels.feeds import remove_feed
from booking.models import FeedEvent, HookDelivery, OrderLine, Webhook
from booking.night_changes import CLOSE, NightsChange
from booking.night_edits import apply_change, preview_change, undo_edit
from booking.offers import close_nights, reopen_nights
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import a_week, hold_week, paid_stay
from tests.booking.requesting import plan_places
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db


def told(**wanted) -> list[tuple[str, dict]]:
    rows = HookDelivery.objects.filter(**wanted).order_by("pk")
    return list(rows.values_list("topic", "data"))


def test_each_house_is_told_of_its_own_lines_of_a_paid_order(bank: FakeBank):
    stay = paid_stay(bank)
    assert not HookDelivery.objects.exists()
    for line in stay.lines.all():
        factories.a_webhook(line.sub_order.provider)
    order = paid_order(_same_again(stay), bank)

    for line in order.lines.select_related("sub_order__provider"):
        [(topic, data)] = told(webhook__provider=line.sub_order.provider)
        assert topic == "booking.confirmed"
        assert data == {"reference": order.reference, "lines": [line.pk]}
    text = json.dumps([data for _topic, data in told()])
    for secret in ("Dupont", "Claire", order.email, order.access_token):
        assert secret not in text


def _same_again(order):
    """Put what another order has into a new basket, some weeks later where it is nights."""
    basket = factories.a_basket(None, None)
    line = order.lines.get(kind="lodging")
    add_to_basket(
        basket,
        LineRequest(
            offer_id=line.offer_id,
            unit_id=line.unit_id,
            arrival=date(2027, 5, 1),
            departure=date(2027, 5, 8),
            ages=(None, None),
        ),
        now=NOW,
    )
    return basket


def test_order_that_is_not_paid_tells_nothing():
    offer = a_week()
    factories.a_webhook(offer.provider)
    basket = factories.a_basket()
    hold_week(basket, offer)
    order_from(basket)
    assert told() == []


def test_cancelled_line_is_told_with_its_state_and_an_order_lost_whole(bank: FakeBank):
    offer = a_week()
    basket = factories.a_basket()
    hold_week(basket, offer)
    order = paid_order(basket, bank)
    line = order.lines.get()
    factories.a_webhook(offer.provider)

    cancel_lines(order, [line.pk], basis="full", reason="Neige", actor=SYSTEM, now=NOW)

    assert told() == [
        ("line.changed", {"reference": order.reference, "line": line.pk, "state": "cancelled"}),
        ("booking.cancelled", {"reference": order.reference, "lines": [line.pk]}),
    ]
    assert OrderLine.objects.get().changed_at == NOW


def test_order_of_which_somebody_didnt_come_isnt_lost_whole(bank: FakeBank):
    offer = factories.an_activity()
    basket = factories.a_basket()
    for day in (12, 13):
        plan_places(basket, factories.a_slot(offer, date(2027, 7, day)))
    order = paid_order(basket, bank)
    first, second = order.lines.order_by("starts_at")
    OrderLine.objects.filter(pk=first.pk).update(state="no_show", no_show_at=NOW)
    factories.a_webhook(offer.provider)

    cancel_lines(order, [second.pk], basis="full", reason="Neige", actor=SYSTEM, now=NOW)

    assert [topic for topic, _data in told()] == ["line.changed"]


def test_only_whole_topics_are_told():
    offer = a_week()
    factories.a_webhook(offer.provider, topics=["slot.changed", "booking.cancelled"])
    close_nights(
        offer.units.get(),
        first_night=date(2027, 5, 1),
        reopening=date(2027, 5, 3),
        reason="Travaux",
        actor=SYSTEM,
        now=NOW,
    )
    assert told() == []


def test_paused_address_is_told_nothing():
    offer = a_week()
    factories.a_webhook(offer.provider, pause=Webhook.Pause.HOST)
    _close(offer)
    assert told() == []


def _close(offer):
    change = NightsChange(
        unit_ids=(offer.units.get().pk,),
        first_night=date(2027, 5, 1),
        ends_on=date(2027, 5, 4),
        sale=CLOSE,
        reason="Travaux",
    )
    plan = preview_change(offer.provider, change, now=NOW)
    return apply_change(offer.provider, change, seen=plan.mark, actor=SYSTEM, now=NOW)


def test_every_way_of_changing_nights_is_told():
    offer = a_week()
    unit = offer.units.get()
    factories.a_webhook(offer.provider)
    # Another house hears nothing of it.
    factories.a_webhook(factories.a_provider())

    edit = _close(offer)
    undo_edit(edit, actor=SYSTEM, now=NOW)
    closure = close_nights(
        unit,
        first_night=date(2027, 5, 1),
        reopening=date(2027, 5, 4),
        reason="Travaux",
        actor=SYSTEM,
        now=NOW,
    )
    reopen_nights(closure, actor=SYSTEM, now=NOW)

    dates = {"first_night": "2027-05-01", "ends_on": "2027-05-04"}
    assert told() == [("calendar.changed", {"units": [unit.pk], **dates})] * 4
    assert {one.webhook.provider for one in HookDelivery.objects.all()} == {offer.provider}


def test_nights_of_another_platform_are_told():
    offer = a_week()
    unit = offer.units.get()
    feed = factories.a_feed(unit)
    FeedEvent.objects.create(
        feed=feed,
        uid="a",
        dates=(SATURDAY, NEXT_SATURDAY),
        kind="reserved",
        first_seen_at=NOW,
    )
    other = factories.a_feed(unit, "https://www.airbnb.fr/calendar/ical/2.ics")
    factories.a_webhook(offer.provider)

    remove_feed(other, keep_closed=False, actor=SYSTEM, now=NOW)

    dates = {"first_night": SATURDAY.isoformat(), "ends_on": NEXT_SATURDAY.isoformat()}
    assert told() == [("calendar.changed", {"units": [unit.pk], **dates})]


def test_dates_are_told():
    offer = factories.an_activity(kind="workshop")
    factories.a_webhook(offer.provider)
    slots.add_slots(
        offer,
        first_day=date(2027, 7, 5),
        last_day=date(2027, 7, 18),
        weekdays=[0],
        start_times=[time(14)],
        capacity=8,
        actor=SYSTEM,
        now=NOW,
    )
    slot = offer.slots.first()
    slots.change_slot(slot, capacity=6, is_closed=False, reason="", actor=SYSTEM, now=NOW)
    slots.remove_slot(slot, actor=SYSTEM, now=NOW)
    assert told() == [
        ("slot.changed", {"offer": offer.slug, "slot": None}),
        ("slot.changed", {"offer": offer.slug, "slot": slot.pk}),
        ("slot.changed", {"offer": offer.slug, "slot": slot.pk}),
    ]


def test_what_is_undone_tells_nothing():
    offer = a_week()
    factories.a_webhook(offer.provider)
    with suppress(RuntimeError), transaction.atomic():
        _close(offer)
        assert len(told()) == 1
        raise RuntimeError
    assert told() == []


def test_two_addresses_are_told_of_one_event():
    offer = a_week()
    factories.a_webhook(offer.provider, "https://a.example.org/x")
    factories.a_webhook(offer.provider, "https://b.example.org/x")
    _close(offer)
    first, second = HookDelivery.objects.all()
    assert first.event == second.event
    assert first.webhook_id != second.webhook_id
