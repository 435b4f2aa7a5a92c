"""A line of every list of the desk leads to its own page; a list is narrowed to what waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.viewsets import viewsets

from booking.models import BookingRequest, GatewayEvent, OutboxMessage
from destination.desk import DeskViewSet
from tests import factories
from tests.cast import NOW
from tests.pages import text_of

pytestmark = pytest.mark.django_db


def lists() -> list[DeskViewSet]:
    """Return what the desk lists; two are pages of figures."""
    # The admin's addresses gather them, once.
    reverse("wagtailadmin_home")
    return [
        one
        for one in viewsets.viewsets
        if isinstance(one, DeskViewSet) and isinstance(one.list_display, tuple)
    ]


def test_a_list_leads_to_its_rows(desk: Client) -> None:
    found = lists()
    assert len(found) > 30
    for viewset in found:
        page = desk.get(reverse(viewset.get_url_name("index")))
        assert page.status_code == 200, viewset.name
        assert isinstance(page.context["view"].columns[0], TitleColumn), viewset.name


def test_access_of_a_host_is_changed_and_ended_from_its_list(desk: Client) -> None:
    role = factories.a_host(factories.a_provider()).roles.get()
    page = desk.get(reverse("desk_roles:index")).content.decode()
    assert f'href="{reverse("desk_roles:edit", args=[role.pk])}"' in page
    assert reverse("desk_roles:delete", args=[role.pk]) in page


def test_messages_of_the_bank_that_wait_are_found(desk: Client) -> None:
    event = GatewayEvent.objects.create(event_id="e", kind="ping", payload={}, received_at=NOW)
    GatewayEvent.objects.create(
        event_id="done", kind="ping", payload={}, received_at=NOW, processed_at=NOW
    )
    rows = desk.get(reverse("desk_bank:index"), {"waiting": "yes"}).context["object_list"]
    assert list(rows) == [event]


def test_a_mail_given_up_is_found_without_the_sms_given_up(desk: Client) -> None:
    for channel in OutboxMessage.Channel:
        OutboxMessage.objects.create(
            key=channel.value,
            kind="order_confirmed",
            channel=channel,
            recipient="somebody",
            language="fr",
            state=OutboxMessage.State.FAILED,
            next_attempt_at=NOW,
            created_at=NOW,
        )
    first = desk.get(reverse("wagtailadmin_home")).content.decode()
    for channel in OutboxMessage.Channel:
        address = f"{reverse('desk_outbox:index')}?state=failed&channel={channel}"
        assert address.replace("&", "&amp;") in first
        assert [row.channel for row in desk.get(address).context["object_list"]] == [channel]


def test_activities_without_a_date_to_come_are_found(desk: Client) -> None:
    with_date, without = factories.an_activity(), factories.an_activity()
    factories.a_slot(with_date, NOW.date() + timedelta(days=9))
    asked = {"state": "published", "dates": "none"}
    rows = desk.get(reverse("desk_experiences:index"), asked).context["object_list"]
    assert list(rows) == [without]


def test_a_new_thing_is_headed_without_its_gender(desk: Client) -> None:
    for name in ("desk_lodgings", "desk_tariffs", "desk_providers"):
        shown = text_of(desk.get(reverse(f"{name}:add")))
        assert "Add: " in shown
        assert "New: " not in shown


def test_a_row_that_is_only_read_is_in_words(desk: Client) -> None:
    offer = factories.a_lodging(now=NOW)
    asked = BookingRequest.objects.create(
        offer=offer,
        unit=offer.units.get(),
        provider=offer.provider,
        titles={"fr": offer.title_fr},
        quote={},
        policy={},
        first_name="Paul",
        last_name="Lagrange",
        email="paul@example.org",
        starts_at=datetime(2027, 8, 3, 13, tzinfo=UTC),
        ends_at=datetime(2027, 8, 6, 8, tzinfo=UTC),
        gross_amount=Decimal("1360.00"),
        total_amount=Decimal("1360.00"),
        placed_at=NOW,
        deadline=NOW + timedelta(days=1),
    )
    address = reverse("desk_requests:inspect", args=[asked.pk])
    assert address in desk.get(reverse("desk_requests:index")).content.decode()

    page = desk.get(address)

    shown = text_of(page)
    # 13:00 at Greenwich is 15:00 in Paris.
    assert "03/08/2027 15:00" in shown
    assert "€1,360.00" in shown
    assert "None" not in shown
    assert reverse("desk_lodgings:inspect", args=[offer.pk]) in page.content.decode()


def test_what_has_no_page_has_no_address(desk: Client) -> None:
    """A gift's row holds the secret of its household's link: no page lists its fields."""
    with pytest.raises(NoReverseMatch):
        reverse("desk_gifts:inspect", args=[1])


def test_a_lodging_is_never_opened_with_the_form_of_the_others(desk: Client) -> None:
    lodging, activity = factories.a_lodging(now=NOW), factories.an_activity()
    for name, own, other in (
        ("desk_lodgings", lodging, activity),
        ("desk_experiences", activity, lodging),
    ):
        assert desk.get(reverse(f"{name}:edit", args=[own.pk])).status_code == 200
        assert desk.get(reverse(f"{name}:edit", args=[other.pk])).status_code == 404


@pytest.mark.parametrize(("phone", "is_good"), [("no phone", False), ("04 71", False), ("", True)])
def test_a_phone_of_a_provider_is_a_number(desk: Client, phone: str, is_good: bool) -> None:
    provider = factories.a_provider()
    address = reverse("desk_providers:edit", args=[provider.pk])
    form = desk.get(address).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    response = desk.post(address, {**sent, "phone": phone})
    assert ("phone" in response.context["form"].errors if response.context else False) is (
        not is_good
    )
