"""The office reads the sellers of a year, what is missing, and takes the file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Order
from booking.seller_asks import follow_sellers
from members.models import Entry, Provider, User
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.cast import NOW, FakeBank


@pytest.fixture
def order(db: None, bank: FakeBank) -> Order:
    """Return the Duponts' paid stay: four houses sold something."""
    return paid_stay(bank)


def test_year_lists_houses_with_sums_and_what_is_missing(
    desk: Client, order: Order, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(40):
        page = body(desk.get(reverse("desk_sellers:year", args=[2027])))
    for part in order.sub_orders.select_related("provider"):
        assert part.provider.name in page
    assert "€760.00" in page
    assert "tourist tax: €15.40" in page
    assert "tax number" in page
    assert "DPI904" in page
    assert "isn’t over" in page

    follow_sellers(now=NOW)
    assert "payments wait from" in body(desk.get(reverse("desk_sellers:year", args=[2027])))
    for days in (30, 60):
        follow_sellers(now=NOW + timedelta(days=days))
    assert "payments wait</span>" in body(desk.get(reverse("desk_sellers:year", args=[2027])))
    home = body(desk.get(reverse("wagtailadmin_home")))
    assert "houses whose payments wait for lines for the tax office" in home


def test_year_that_is_over_comes_first_until_june(
    desk: Client, staff: User, order: Order, at: Any
) -> None:
    page = body(desk.get(reverse("desk_sellers:index")))
    assert "Houses that sold something in this year will appear here" in page
    assert reverse("desk_sellers:year", args=[2027]) in page
    at(NOW.replace(month=9))
    desk.force_login(staff)
    assert "€760.00" in body(desk.get(reverse("desk_sellers:index")))


def test_file_has_who_is_told_of_and_is_noted(desk: Client, order: Order) -> None:
    town = order.lines.get(kind="event_ticket").sub_order.provider
    Provider.objects.filter(pk=town.pk).update(is_public_body=True)
    assert "public body" in body(desk.get(reverse("desk_sellers:year", args=[2027])))
    address = reverse("desk_sellers:file", args=[2027])

    answer = desk.post(address)

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 3
    assert town.name not in {row["vendeur"] for row in rows}
    assert {row["t2_montant_brut"] for row in rows} == {"760,00", "96,00"}
    assert "no-store" in answer["Cache-Control"]
    entry = Entry.objects.get(verb="tax declaration taken")
    assert (entry.subject, entry.actor_label) == ("declaration:2027", "office@example.org")
    # Nothing is taken by following a link.
    assert desk.get(address).status_code == 302
    assert Entry.objects.filter(verb="tax declaration taken").count() == 1


def test_years_that_nobody_can_mean_are_not_found(desk: Client) -> None:
    for year in (0, 2022, 2028, 10**20):
        assert desk.get(reverse("desk_sellers:year", args=[year])).status_code == 404
        assert desk.post(reverse("desk_sellers:file", args=[year])).status_code == 404


def test_nobody_else_comes_in(db: None, client: Client, order: Order) -> None:
    client.force_login(factories.a_host(order.lines.get(kind="lodging").sub_order.provider))
    for name in ("year", "file"):
        address = reverse(f"desk_sellers:{name}", args=[2027])
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code in {302, 403}
    assert not Entry.objects.filter(verb="tax declaration taken").exists()
