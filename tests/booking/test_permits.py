"""An authorisation that ends before what was sold: told to the office once, shown at its desk."""

from datetime import date, time, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking import messages, permits
from booking.basket import add_to_basket
from booking.models import OfferPermit, OutboxMessage
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)


@pytest.fixture
def sold(bank: FakeBank):
    offer = factories.a_childcare(valid_until=DAY)
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(5,)), now=NOW)
    order = paid_order(basket, bank)
    OutboxMessage.objects.all().delete()
    return order


def test_while_it_is_covered_nobody_is_told(sold):
    assert permits.report_uncovered(now=NOW) == 0
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("days", [1, None])
def test_a_sold_date_that_lost_its_authorisation_is_told_to_the_office_once(sold, settings, days):
    if days is None:
        OfferPermit.objects.all().delete()
    else:
        OfferPermit.objects.update(valid_until=DAY - timedelta(days=days))

    assert permits.report_uncovered(now=NOW) == 1
    assert permits.report_uncovered(now=NOW + timedelta(hours=1)) == 0

    message = OutboxMessage.objects.get()
    assert message.recipient == settings.OFFICE["email"]
    messages.send_message(message.pk, now=NOW)
    assert sold.reference in mail.outbox[0].subject


def test_a_new_end_is_a_new_incident_and_a_past_day_none(sold):
    OfferPermit.objects.update(valid_until=DAY - timedelta(days=1))
    permits.report_uncovered(now=NOW)
    OfferPermit.objects.update(valid_until=DAY - timedelta(days=9))
    assert permits.report_uncovered(now=NOW) == 1
    assert permits.report_uncovered(now=NOW + timedelta(days=120)) == 0


def test_the_desk_counts_what_is_not_covered(sold, at):
    at(NOW)
    OfferPermit.objects.update(valid_until=DAY - timedelta(days=1))
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(factories.a_user(is_staff=True, is_superuser=True))

    page = client.get(reverse("wagtailadmin_home")).content.decode()

    assert "childcare booking that no authorisation reaches" in page
