"""A host reads its options under its own names, in its own language."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking import export_tables
from booking.access import lines_of_house
from booking.emails import compose
from booking.export_tables import TABLES
from booking.models import (
    AgeBand,
    BookingRequest,
    Order,
    OrderLine,
    OutboxMessage,
    Supplement,
    Unit,
)
from booking.own_labels import own_labels
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.booking.requesting import a_place_asked, asked_activity
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Return a stay that was sold in German: its labels are kept as they were read then."""
    order = paid_stay(bank)
    Order.objects.filter(pk=order.pk).update(language="de")
    line = order.lines.get(kind="lodging")
    for item in line.quote["items"]:
        if item["kind"] == "supplement":
            item["label"] = "Endreinigung"
    line.save(update_fields=["quote"])
    return order


def named(order: Order, **names: str) -> None:
    line = order.lines.get(kind="lodging")
    Supplement.objects.filter(offer=line.offer_id).update(**names)


def pages_of(order: Order, language: str) -> dict[str, str]:
    line = order.lines.get(kind="lodging")
    host = Client(headers={"Accept-Language": language})
    host.force_login(factories.a_host(line.sub_order.provider))
    return {
        name: body(host.get(url))
        for name, url in (
            ("line", reverse("extranet-line", args=[line.pk])),
            ("day", f"{reverse('extranet-day')}?jour={line.arrival:%Y-%m-%d}"),
        )
    }


@pytest.mark.parametrize(("language", "label"), [("en", "Cleaning"), ("fr", "Ménage")])
def test_pages_name_options_in_the_language_of_the_host(order: Order, language: str, label: str):
    named(order, name_fr="Ménage", name_en="Cleaning")

    for name, page in pages_of(order, language).items():
        assert label in page, name
        assert "Endreinigung" not in page, name


def test_mail_names_options_in_the_language_of_the_house(order: Order):
    named(order, name_fr="Ménage de fin", name_en="Cleaning")
    line = order.lines.get(kind="lodging")
    message = OutboxMessage.objects.get(kind="provider_booking", data__sub_order=line.sub_order_id)

    assert "+ Ménage de fin" in compose(message).body


def test_a_room_is_named_in_the_language_of_the_host(order: Order):
    line = order.lines.get(kind="lodging")
    OrderLine.objects.filter(pk=line.pk).update(unit_name="Doppelzimmer 1")
    Unit.objects.filter(pk=line.unit_id).update(name_fr="Chambre double 1", name_en="Double 1")
    message = OutboxMessage.objects.get(kind="provider_booking", data__sub_order=line.sub_order_id)

    assert "Chambre double 1" in compose(message).body
    for page in pages_of(order, "fr").values():
        assert "Chambre double 1" in page
        assert "Doppelzimmer" not in page


@pytest.mark.parametrize(("language", "label"), [("fr", "Ménage de fin"), ("en", "Cleaning")])
def test_export_names_options_in_the_language_of_the_house(
    order: Order, language: str, label: str, django_assert_num_queries
):
    named(order, name_fr="Ménage de fin", name_en="Cleaning")
    line = order.lines.get(kind="lodging")
    house = line.sub_order.provider
    house.language = language
    [bookings] = [one for one in TABLES if one.name == "bookings"]

    # The lines, those who come, and what is called otherwise.
    with django_assert_num_queries(3):
        rows = {one["line"]: one for one in bookings.rows(house, NOW)}

    assert rows[line.pk]["options"] == [label]


def test_export_of_many_bookings_reads_them_in_parts(order: Order, monkeypatch):
    monkeypatch.setattr(export_tables, "CHUNK", 1)
    named(order, name_fr="Ménage de fin")
    part = order.lines.get(kind="lodging").sub_order
    house = part.provider
    order.lines.update(sub_order=part)
    lines = lines_of_house(house)
    [bookings] = [one for one in TABLES if one.name == "bookings"]

    rows = list(bookings.rows(house, NOW))

    assert [one["line"] for one in rows] == list(
        lines.order_by("starts_at", "pk").values_list("pk", flat=True)
    )
    assert len(rows) > 2
    assert [one["options"] for one in rows if one["options"]] == [["Ménage de fin"]]


def test_what_has_no_name_of_its_own_any_more_is_said_as_sold(order: Order):
    named(order, name_en="")
    assert "Endreinigung" in pages_of(order, "en")["line"]

    Supplement.objects.all().delete()
    assert "Endreinigung" in pages_of(order, "fr")["line"]


def test_names_are_asked_for_once_and_only_where_guests_read_another_language(
    order: Order, django_assert_num_queries
):
    named(order, name_en="Cleaning")
    lines = list(order.lines.select_related("order"))
    with override("en"), django_assert_num_queries(1):
        assert own_labels(lines)
    with override("de"), django_assert_num_queries(0):
        assert own_labels(lines) == {}


def test_what_is_asked_is_named_in_the_language_of_the_host() -> None:
    asked = a_place_asked(factories.a_slot(asked_activity(), NOW.date() + timedelta(days=9)))
    AgeBand.objects.filter(offer=asked.offer).update(name_fr="Dès 13 ans", name_en="13 and over")
    quote = asked.quote
    for item in quote["items"]:
        item["label"] = "Ab 13 Jahren"
    BookingRequest.objects.filter(pk=asked.pk).update(language="de", quote=quote)
    host = Client(headers={"Accept-Language": "fr"})
    host.force_login(factories.a_host(asked.provider))

    page = body(host.get(reverse("extranet-request", args=[asked.code])))
    assert "Dès 13 ans" in page
    assert "Ab 13 Jahren" not in page
    # Its guest reads what was agreed to.
    guest = Client(headers={"Accept-Language": "de"})
    url = f"{reverse('booking:request', args=[asked.code])}?cle={asked.access_token}"
    assert "Ab 13 Jahren" in body(guest.get(url, follow=True))
