"""What the tax office is told of a house: its page, its file, for its owners alone."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from booking.basket import add_to_basket
from booking.papers import SELLER, PaperInput, give_paper
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import Provider, ProviderRole
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def house(bank: FakeBank) -> Provider:
    """Return a house that let its gîte for 700 euros, of which 56 were kept."""
    made = factories.a_provider(
        slug="narces", name="Les Narces", address="3 route du Lac", commission_percent=Decimal(8)
    )
    factories.a_lodging(provider=made, title="Le Gîte", now=NOW)
    offer = made.offers.get()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=date(2027, 7, 10),
        departure=date(2027, 7, 17),
        ages=(40, 38),
    )
    basket = factories.a_basket()
    add_to_basket(basket, request, now=NOW)
    paid_order(basket, bank)
    return made


def browser_of(house: Provider, role: str = ProviderRole.Role.OWNER) -> Client:
    host = factories.a_host(house)
    ProviderRole.objects.filter(user=host).update(role=role)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(host)
    return client


def page_of(house: Provider, year: int = 2027, end: str = "") -> str:
    return f"/pro/versements/annee/{house.slug}/{year}/{end}"


def test_owner_reads_its_year_by_quarter(house: Provider, django_assert_max_num_queries: Any):
    client = browser_of(house)
    with django_assert_max_num_queries(20):
        answer = client.get(page_of(house))

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    for words in ("€700.00", "€56.00", "€644.00", "7 days let", "3 route du Lac, 43"):
        assert words in page
    assert "day of birth, tax number" in page
    assert "The year isn’t over" in page
    assert page_of(house, end="tableau/") in page
    # Its page of payments leads there.
    assert page_of(house) in body(client.get("/pro/versements/"))


def test_year_without_a_sale_says_so(house: Provider):
    page = body(browser_of(house).get(page_of(house, 2026)))
    assert "Nothing was sold here in this year" in page
    assert "By 31 January" in page


def test_who_works_for_a_house_without_owning_it_reads_nothing(house: Provider):
    staff = browser_of(house, ProviderRole.Role.STAFF)
    other = browser_of(factories.a_provider())
    for client in (staff, other, Client()):
        for end in ("", "tableau/"):
            assert client.get(page_of(house, end=end)).status_code in {302, 404}
    assert staff.get(page_of(house)).status_code == other.get(page_of(house)).status_code == 404


@pytest.mark.parametrize("year", [0, 1999, 2022, 2028, 99999999999999999999])
def test_years_that_nobody_can_read_are_not_found(house: Provider, year: int):
    client = browser_of(house)
    for end in ("", "tableau/"):
        assert client.get(page_of(house, year, end)).status_code == 404


def test_file_holds_the_same_sums_and_runs_nothing(house: Provider):
    told = {
        "home_address": "=1+1",
        "born_on": "1980-05-01",
        "legal_name": "Anne Martin",
        "tax_number": "0234567890123",
    }
    give_paper(house, SELLER, PaperInput(sealed=told), actor=SYSTEM, now=NOW)

    answer = browser_of(house).get(page_of(house, end="tableau/"))

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert 'filename="narces-dac7-2027.csv"' in answer["Content-Disposition"]
    text = io.StringIO(answer.content.decode("utf-8-sig"))
    [row] = csv.DictReader(text, delimiter=";")
    assert row["adresse"] == "'=1+1"
    assert (row["date_naissance"], row["numero_fiscal"]) == ("1980-05-01", "0234567890123")
    assert (row["activite"], row["bien"], row["type_bien"], row["jours_loues"]) == (
        "location_immobiliere",
        "Le Gîte",
        "DPI904",
        "7",
    )
    assert (row["t2_operations"], row["t2_montant_brut"], row["t2_frais"]) == (
        "1",
        "700,00",
        "56,00",
    )
    assert row["t2_contrepartie_nette"] == row["total_contrepartie_nette"] == "644,00"
    assert row["t1_montant_brut"] == "0,00"
    assert row["donnees_manquantes"] == "account"


def test_paper_for_the_tax_office_takes_a_number_from_abroad_or_a_birth_place(house: Provider):
    client = browser_of(house)
    address = f"/pro/papiers/{house.slug}/seller/"
    data = {
        "home_address": "12 rue Haute, 1000 Bruxelles",
        "born_on": "1980-02-29",
        "legal_name": "An Peeters",
        "tax_country": "BE",
        "tax_number": "80.02.29-123.45",
    }
    for wrong in (
        {"tax_country": "XX"},
        {"tax_number": ""},
        {"tax_country": "FR"},
        {"tax_country": "", "tax_number": ""},
        {"tax_number": "<b>"},
    ):
        assert client.post(address, {**data, **wrong}).status_code == 422, wrong
    assert client.post(address, data).status_code == 303
    born = {**data, "tax_number": "", "born_at": "Bruxelles, Belgique"}
    assert client.post(address, born).status_code == 303
    page = body(client.get(page_of(house)))
    assert "Bruxelles, Belgique" in page


def test_professional_in_its_own_name_says_what_a_person_says(house: Provider):
    Provider.objects.filter(pk=house.pk).update(
        is_professional=True, legal_name="Anne Martin", siret="73282932000074"
    )
    client = browser_of(house)
    address = f"/pro/papiers/{house.slug}/seller/"
    company = {"home_address": "3 route du Lac", "registered_as": "company"}
    assert client.post(address, {"home_address": "3 route du Lac"}).status_code == 422
    # What a company types beside is not kept.
    assert client.post(address, {**company, "tax_number": "1", "born_on": "x"}).status_code == 422
    assert client.post(address, {**company, "tax_number": "1234567890123"}).status_code == 303
    page = body(client.get(page_of(house)))
    assert "1234567890123" not in page
    assert "tax number" not in page.split("For the tax office, 2027")[-1].split("Who you are")[0]

    own = {**company, "registered_as": "own_name"}
    assert client.post(address, own).status_code == 422
    born = {**own, "born_on": "1980-05-01", "tax_number": "1234567890123"}
    assert client.post(address, {**born, "born_on": ""}).status_code == 422
    assert client.post(address, born).status_code == 303
    text = io.StringIO(client.get(page_of(house, end="tableau/")).content.decode("utf-8-sig"))
    [row] = csv.DictReader(text, delimiter=";")
    assert (row["type_vendeur"], row["nom"], row["siret"], row["numero_fiscal"]) == (
        "personne",
        "Anne Martin",
        "73282932000074",
        "1234567890123",
    )
