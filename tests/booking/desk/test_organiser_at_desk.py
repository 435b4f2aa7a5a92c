"""The office enters who answers for packages, and reads what each order kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Organiser, OutboxMessage
from tests import factories
from tests.booking.pages import dupont_stay
from tests.cast import FakeBank, paid_order

LIST = "desk_organisers:index"


def organiser(**changes: Any) -> dict[str, Any]:
    data = {
        "legal_name": "Office de tourisme du Pays du Velay",
        "legal_form": "EPIC",
        "email": "reclamations@example.org",
        "registration_number": "im 043 123 456",
        "valid_from": "2027-04-06",
        "valid_until": "2030-04-05",
        "guarantor_name": "La Garantie",
        "insurer_name": "L’Assureur",
    }
    return {**data, **changes}


def test_organiser_is_entered_and_packages_can_be_sold(desk: Client) -> None:
    assert desk.post(reverse("desk_organisers:add"), organiser()).status_code == 302

    saved = Organiser.objects.get()
    assert (saved.registration_number, saved.is_complete) == ("IM043123456", True)
    assert "Complete" in desk.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"registration_number": "043123456"}, "registration_number"),
        ({"registration_number": "IM04312345"}, "registration_number"),
        ({"valid_until": "2027-04-05"}, "valid_until"),
        ({"valid_until": "2030-02-30"}, "valid_until"),
        ({"valid_from": ""}, "valid_from"),
        ({"legal_name": ""}, "legal_name"),
        ({"email": "reclamations"}, "email"),
    ],
)
def test_bad_organiser_is_told_beside_its_field(
    desk: Client, changes: dict[str, Any], where: str
) -> None:
    response = desk.post(reverse("desk_organisers:add"), organiser(**changes))

    assert response.status_code == 200
    assert where in response.context["form"].errors
    assert not Organiser.objects.exists()


def test_two_identities_from_one_day_are_refused_on_the_page(desk: Client) -> None:
    desk.post(reverse("desk_organisers:add"), organiser())
    second = desk.post(reverse("desk_organisers:add"), organiser(legal_name="Une autre"))

    assert second.status_code == 200
    assert second.context["form"].errors
    assert Organiser.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"guarantor_name": ""}, "Incomplete: packages are refused"),
        ({"valid_until": "2027-04-05"}, "Registration expired: packages are refused"),
    ],
)
def test_list_says_what_keeps_packages_from_being_sold(
    desk: Client, fields: dict[str, Any], words: str
) -> None:
    factories.an_organiser(**fields)

    assert words in desk.get(reverse(LIST)).content.decode()


def test_values_of_the_demonstration_may_say_so_in_their_number(desk: Client) -> None:
    data = organiser(registration_number="IM043000000 (démonstration)", is_demo="on")

    assert desk.post(reverse("desk_organisers:add"), data).status_code == 302


def test_order_shows_its_evidence(desk: Client, bank: FakeBank) -> None:
    order = paid_order(dupont_stay(Client()), bank)
    message = OutboxMessage.objects.get(kind="order_confirmed")
    message.message_id = "<outbox-1@velay.example.org>"
    message.save()

    page = desk.get(reverse("desk_orders:inspect", args=[order.pk])).content.decode()

    evidence = order.evidence
    for wanted in (
        "Evidence",
        "form-1",
        evidence.form_sha256,
        evidence.terms_sha256,
        evidence.sha256,
        "IM043123456",
        "&lt;outbox-1@velay.example.org&gt;",
        "Evidence kept of what was shown and accepted",
    ):
        assert wanted in page


def test_order_without_evidence_is_shown_all_the_same(desk: Client, bank: FakeBank) -> None:
    from django.db import connection

    order = paid_order(dupont_stay(Client()), bank)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM booking_orderevidence")

    page = desk.get(reverse("desk_orders:inspect", args=[order.pk]))

    assert page.status_code == 200
