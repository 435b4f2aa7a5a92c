"""The office's providers, policies, tariffs of the tax, legal texts and perimeters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import CancellationPolicy, Offer, TouristTaxTariff
from destination.models import LegalText, Perimeter, PerimeterActivation, Site
from members.models import ContractSignature, Provider
from tests import factories
from tests.booking.desk.conftest import rows
from tests.cast import NOW, TODAY


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return {name: list(found) for name, found in response.context["form"].errors.items()}


# --- Providers ---------------------------------------------------------------------------------
def provider(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "La Ferme d’Élodie",
        "slug": "La Ferme d’Élodie",
        "host_names": "Élodie",
        "story_fr": "Elle élève des brebis.",
        "commune": factories.a_commune().pk,
        "email": "elodie@example.org",
        "language": "fr",
        "commission_percent": "0",
        "state": "active",
        "siret": "732 829 320 00074",
        "is_professional": "on",
    }
    return {**data, **changes}


def test_a_provider_is_entered(desk: Client) -> None:
    assert desk.post(reverse("desk_providers:add"), provider()).status_code == 302
    saved = Provider.objects.get()
    assert (saved.slug, saved.siret, saved.story) == (
        "la-ferme-delodie",
        "73282932000074",
        "Elle élève des brebis.",
    )


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"siret": "123"}, "siret"),
        ({"siret": "73282932000075"}, "siret"),
        ({"email": "elodie"}, "email"),
        ({"name": ""}, "name"),
        ({"commission_percent": "101"}, "commission_percent"),
        ({"tax_mandate_signed_on": "2027-05-01"}, "tax_mandate_signed_on"),
        ({"slug": "taken"}, "slug"),
    ],
)
def test_a_bad_provider_is_told_beside_its_field(
    desk: Client, changes: dict[str, Any], where: str
) -> None:
    factories.a_provider(slug="taken")
    response = desk.post(reverse("desk_providers:add"), provider(**changes))
    assert set(errors(response)) == {where}
    assert Provider.objects.count() == 1


def test_a_signed_commission_changes_by_a_new_contract_only(desk: Client) -> None:
    desk.post(reverse("desk_providers:add"), provider())
    house = Provider.objects.get()
    edit = reverse("desk_providers:edit", args=[house.pk])
    assert desk.post(edit, provider(commission_percent="3")).status_code == 302
    ContractSignature.objects.create(
        provider=house,
        text=factories.a_contract(),
        version="2027-1",
        commission_percent=3,
        signed_name="Élodie",
        signed_at=NOW,
    )
    refused = desk.post(edit, provider(commission_percent="8"))
    assert set(errors(refused)) == {"commission_percent"}
    proposed = provider(commission_percent="3", commission_proposed="8")
    assert desk.post(edit, proposed).status_code == 302
    house.refresh_from_db()
    assert (house.commission_percent, house.commission_proposed) == (3, 8)


def test_a_provider_with_offers_is_not_deleted(desk: Client) -> None:
    offer: Offer = factories.a_lodging()
    response = desk.post(reverse("desk_providers:delete", args=[offer.provider_id]))
    assert response.status_code == 200
    assert Provider.objects.exists()


# --- Policies ----------------------------------------------------------------------------------
def policy(*steps: tuple[int, int]) -> dict[str, Any]:
    return {
        "name_fr": "Souple",
        "summary_fr": "Tout est rendu jusqu’à 14 jours avant.",
        "flat_fee": "0",
        **rows("steps", *({"hours_before": hours, "percent": share} for hours, share in steps)),
    }


def test_a_policy_is_entered(desk: Client) -> None:
    sent = desk.post(reverse("desk_policies:add"), policy((48, 50), (336, 100)))
    assert sent.status_code == 302
    assert list(CancellationPolicy.objects.get().steps.values_list("hours_before", "percent")) == [
        (336, 100),
        (48, 50),
    ]


def test_a_policy_says_which_kinds_it_is_proposed_for(desk: Client) -> None:
    sent = desk.post(
        reverse("desk_policies:add"), {**policy((48, 50)), "kinds": ["event_ticket", "visit"]}
    )
    assert sent.status_code == 302
    (row,) = CancellationPolicy.objects.suiting("visit")
    assert row.kinds == ["event_ticket", "visit"]
    assert not CancellationPolicy.objects.suiting("lodging").exists()


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        (((336, 50), (48, 100)), (1, "percent")),
        (((336, 120),), (0, "percent")),
        (((336, 100), (336, 50)), (1, "__all__")),
    ],
)
def test_a_ladder_that_goes_up_is_told_on_its_row(
    desk: Client, steps: tuple[tuple[int, int], ...], where: tuple[int, str]
) -> None:
    response = desk.post(reverse("desk_policies:add"), policy(*steps))
    row, name = where
    assert name in response.context["form"].formsets["steps"].forms[row].errors
    assert not CancellationPolicy.objects.exists()


# --- Tourist tax -------------------------------------------------------------------------------
def tariff(**changes: Any) -> dict[str, Any]:
    data = {
        "epci": factories.an_epci().pk,
        "category": "2_star",
        "kind": "fixed",
        "value": "0.82",
        "additional_rate": "0.10",
        "valid_from": "2027-01-01",
        "source": "Délibération du 12 juin 2026",
    }
    return {**data, **changes}


def test_a_tariff_is_entered_and_the_lodging_can_be_sold(desk: Client) -> None:
    offer = factories.a_lodging(tax_category="2_star")
    page = reverse("desk_lodgings:inspect", args=[offer.pk])
    assert "No tourist tax tariff" in desk.get(page).content.decode()
    assert desk.post(reverse("desk_tax_tariffs:add"), tariff()).status_code == 302
    assert "No tourist tax tariff" not in desk.get(page).content.decode()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"value": "0"}, "value"),
        ({"value": "82"}, "value"),
        ({"kind": "percent", "value": "0.5", "cap": "2"}, "value"),
        ({"kind": "percent", "value": "3"}, "cap"),
        ({"valid_to": "2026-12-31"}, "valid_to"),
        ({"additional_rate": "10"}, "additional_rate"),
        ({"source": ""}, "source"),
    ],
)
def test_figures_that_no_council_can_vote_are_refused(
    desk: Client, changes: dict[str, Any], where: str
) -> None:
    response = desk.post(reverse("desk_tax_tariffs:add"), tariff(**changes))
    assert set(errors(response)) == {where}


def test_the_same_tariff_twice_is_told_and_written_once(desk: Client) -> None:
    desk.post(reverse("desk_tax_tariffs:add"), tariff())
    before = TouristTaxTariff.objects.count()
    assert errors(desk.post(reverse("desk_tax_tariffs:add"), tariff()))
    assert TouristTaxTariff.objects.count() == before


# --- Legal texts -------------------------------------------------------------------------------
def legal(**changes: Any) -> dict[str, Any]:
    data = {
        "kind": "conditions-de-vente",
        "language": "fr",
        "version": "2027-2",
        "valid_from": "2027-05-01",
        "title": "Conditions de vente",
        "body": "Texte",
    }
    return {**data, **changes}


def test_a_text_to_come_is_entered_changed_and_deleted(desk: Client) -> None:
    assert desk.post(reverse("desk_legal:add"), legal()).status_code == 302
    text = LegalText.objects.get()
    former = text.sha256
    desk.post(reverse("desk_legal:edit", args=[text.pk]), legal(body="Autre texte"))
    text.refresh_from_db()
    assert text.sha256 != former
    desk.post(reverse("desk_legal:delete", args=[text.pk]))
    assert not LegalText.objects.exists()


def test_a_text_in_force_is_only_read(desk: Client) -> None:
    text = factories.terms()
    page = reverse("desk_legal:inspect", args=[text.pk])
    edit = reverse("desk_legal:edit", args=[text.pk])
    assert desk.get(edit)["Location"] == page
    assert desk.post(edit, legal(body="Faux"))["Location"] == page
    assert desk.post(reverse("desk_legal:delete", args=[text.pk]))["Location"] == page
    text.refresh_from_db()
    assert text.body == "<p>…</p>"
    assert text.sha256 in desk.get(page).content.decode()
    assert desk.get(reverse("desk_legal:copy", args=[text.pk])).status_code == 200


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"valid_from": "2027-04-05"}, "valid_from"), ({"version": "test-1"}, "version")],
)
def test_a_bad_version_is_told_beside_its_field(
    desk: Client, changes: dict[str, Any], where: str
) -> None:
    factories.terms()
    assert where in errors(desk.post(reverse("desk_legal:add"), legal(**changes)))
    assert LegalText.objects.count() == 1


# --- Perimeters --------------------------------------------------------------------------------
@pytest.fixture
def second(db: None) -> Perimeter:
    factories.a_perimeter()
    return Perimeter.objects.create(slug="thematique", name="Proposition 2")


def test_a_perimeter_is_activated_from_a_day_on(desk: Client, second: Perimeter) -> None:
    data = {"perimeter": second.pk, "active_from": "2027-05-01"}
    assert desk.post(reverse("desk_activations:add"), data).status_code == 302
    assert Perimeter.objects.active_on(date(2027, 4, 30)).get().slug == "geographique"
    assert Perimeter.objects.active_on(date(2027, 5, 1)).get() == second
    assert desk.get(reverse("desk_perimeters:inspect", args=[second.pk])).status_code == 200


@pytest.mark.parametrize("day", ["2027-04-05", "", "2027-06-31"])
def test_the_past_is_not_rewritten(desk: Client, second: Perimeter, day: str) -> None:
    data = {"perimeter": second.pk, "active_from": day}
    assert set(errors(desk.post(reverse("desk_activations:add"), data))) == {"active_from"}


def test_only_an_activation_to_come_is_taken_back(desk: Client, second: Perimeter) -> None:
    past = PerimeterActivation.objects.get()
    to_come = PerimeterActivation.objects.create(perimeter=second, active_from=date(2027, 5, 1))
    same_day = {"perimeter": second.pk, "active_from": "2027-05-01"}
    assert errors(desk.post(reverse("desk_activations:add"), same_day)) == {
        "active_from": ["Another perimeter begins on that day already."]
    }
    for row in (past, to_come):
        desk.post(reverse("desk_activations:delete", args=[row.pk]))
    assert PerimeterActivation.objects.get() == past
    assert past.active_from <= TODAY


def test_a_commune_is_read_with_its_place_today(desk: Client) -> None:
    commune = factories.a_commune()
    page = desk.get(reverse("desk_communes:inspect", args=[commune.pk])).content.decode()
    assert "43091" in page
    assert "Mézenc massif" in page


def test_a_site_outside_france_is_a_slip(desk: Client) -> None:
    site = Site.objects.create(
        slug="mezenc",
        name="Mont Mézenc",
        kind="nature",
        commune=factories.a_commune(),
        latitude=44.9,
        longitude=4.1,
    )
    data = {
        "name_fr": "Mont Mézenc",
        "slug": "mezenc",
        "kind": "nature",
        "commune": site.commune_id,
        "latitude": "4.1",
        "longitude": "44.9",
    }
    response = desk.post(reverse("desk_sites:edit", args=[site.pk]), data)
    assert set(errors(response)) == {"latitude", "longitude"}
