"""Somebody of the office enters a lodging, its units and its prices, and publishes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import availability
from booking.models import Offer, PriceRule, StayRestriction, Supplement, Tariff, Unit, UnitDay
from booking.models.offers import OfferPhoto
from members.models import Provider
from tests import factories
from tests.booking.desk.conftest import rows
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import text_of

UNIT = {
    "name_fr": "Le gîte",
    "max_guests": 6,
    "max_adults": 4,
    "max_children": 4,
    "max_infants": 1,
    "is_active": "on",
}


def lodging(provider: Provider, **changes: Any) -> dict[str, Any]:
    """Return what the form of a lodging sends."""
    policy = changes.pop("policy", None) or factories.a_policy()
    units = changes.pop("units", rows("units", UNIT))
    data = {
        "lodging_type": "gite",
        "provider": provider.pk,
        "title_fr": "Le Gîte des Narces",
        "slug": "Gîte des Narces",
        "summary_fr": "Une longère de lave.",
        "commune": provider.commune_id,
        "illustration": "gite",
        "tax_category": "3_star",
        "cancellation_policy": policy.pk,
        "vat_rate": "0.1000",
        "vat_scheme": "exempt",
        "confirmation": "instant",
        "min_advance_days": 0,
        "features": ["wifi", "pets"],
        **rows("photos"),
        **rows("labels"),
        **units,
        **rows(
            "supplements",
            {
                "name_fr": "Ménage",
                "kind": "cleaning",
                "basis": "stay",
                "amount": "60",
                "vat_rate": "0.2000",
                "is_mandatory": "on",
                "max_quantity": 1,
            },
            {
                "name_fr": "Panier du matin",
                "kind": "other",
                "basis": "item",
                "amount": "12",
                "vat_rate": "0.1000",
                "max_quantity": 6,
            },
        ),
    }
    return {**data, **changes}


def tariff(**changes: Any) -> dict[str, Any]:
    """Return what the form of prices sends."""
    data = {
        "name_fr": "Prix",
        "priced_units": list(Unit.objects.values_list("pk", flat=True)),
        "base_amount": "100",
        "base_occupancy": 6,
        "extra_person_amount": "0",
        "min_stay": 2,
        **rows("price_rules"),
        **rows("restrictions"),
    }
    return {**data, **changes}


def season(start: str, end: str, amount: str, **changes: Any) -> dict[str, Any]:
    """Return one row of prices."""
    return {
        "level": "season",
        "weekday": -1,
        "amount": amount,
        "dates_first": start,
        "dates_last": end,
        **changes,
    }


def errors_of(response: Any) -> dict[str, Any]:
    """Return every message of a form shown again: fields, and "relation-row-field"."""
    assert response.status_code == 200
    form = response.context["form"]
    found = {name: list(messages) for name, messages in form.errors.items()}
    for relation, formset in form.formsets.items():
        for number, row in enumerate(formset.forms):
            for name, messages in row.errors.items():
                found[f"{relation}-{number}-{name}"] = list(messages)
    return found


@pytest.fixture
def provider(db: None) -> Provider:
    return factories.a_provider()


def test_a_lodging_is_entered_priced_published_and_found_by_visitors(
    desk: Client, provider: Provider
) -> None:
    sent = desk.post(reverse("desk_lodgings:add"), lodging(provider))
    offer = Offer.objects.get()
    page = reverse("desk_lodgings:inspect", args=[offer.pk])
    assert sent["Location"] == page
    assert (offer.state, offer.slug, offer.title_fr) == (
        "draft",
        "gite-des-narces",
        "Le Gîte des Narces",
    )
    assert offer.features == ["wifi", "pets"] or offer.features == ["pets", "wifi"]
    assert set(Supplement.objects.values_list("code", flat=True)) == {
        "cleaning",
        "panier-du-matin",
    }
    assert "No price for “Le gîte”" in desk.get(page).content.decode()

    refused = desk.post(reverse("desk_lodgings:publish", args=[offer.pk]), follow=True)
    assert "No price for “Le gîte”" in refused.content.decode()
    offer.refresh_from_db()
    assert offer.state == "draft"

    prices = reverse("desk_tariffs:add") + f"?offer={offer.pk}"
    assert desk.get(prices).status_code == 200
    restriction = {
        "kind": "closed_to_arrival",
        "weekday": 6,
        "value": 0,
        "dates_first": "2027-07-01",
        "dates_last": "2027-08-31",
    }
    sent = desk.post(
        prices,
        tariff(
            **rows(
                "price_rules",
                season("2027-07-03", "2027-08-28", "150"),
                season("2027-07-03", "2027-08-28", "170", level="weekday", weekday=5),
                season("2027-08-14", "2027-08-16", "200", level="exception"),
            ),
            **rows("restrictions", restriction),
        ),
    )
    assert sent["Location"] == page
    assert Unit.objects.get().tariff == Tariff.objects.get()
    july = PriceRule.objects.get(level="season").dates
    assert (july.lower, july.upper) == (date(2027, 7, 3), date(2027, 8, 28))
    # Rules of stay include their last day.
    assert StayRestriction.objects.get().dates.upper == date(2027, 9, 1)

    desk.post(reverse("desk_lodgings:publish", args=[offer.pk]))
    offer.refresh_from_db()
    assert offer.state == "published"
    assert UnitDay.objects.get(day=SATURDAY).price_cents == 17_000
    found = availability.search_stays(
        availability.StaySearch(arrival=SATURDAY, departure=NEXT_SATURDAY, adults=2), now=NOW
    )
    assert [result.offer for result in found.results] == [offer]
    # One Saturday, six other nights, the cleaning.
    assert found.results[0].quote.gross == Decimal("1130.00")


# Several at once, as somebody in a hurry sends them: a page of the desk takes long to draw.
BAD_LODGINGS = [
    (
        {
            "title_fr": "",
            "summary_fr": "",
            "tax_category": "",
            "slug": "taken",
            "min_age": 12,
            "max_age": 6,
            "latitude": "44.9",
            "min_advance_days": 9,
            "max_advance_days": 2,
            "check_in_from": "18:00",
            "check_in_until": "15:00",
            "registration_number": "12",
            "units": rows("units", {**UNIT, "max_guests": 3}),
        },
        {
            "title_fr",
            "summary_fr",
            "tax_category",
            "slug",
            "max_age",
            "longitude",
            "max_advance_days",
            "check_in_until",
            "registration_number",
            "units-0-max_guests",
        },
    ),
    (
        {
            "min_age": 130,
            "latitude": "12",
            "longitude": "4",
            "units": rows(
                "units",
                {**UNIT, "max_guests": 9},
                {**UNIT, "max_adults": 0},
                {**UNIT, "name_fr": ""},
            ),
        },
        {"min_age", "latitude", "units-0-max_guests", "units-1-max_adults", "units-2-name_fr"},
    ),
    ({"commune": ""}, {"commune"}),
]


@pytest.mark.parametrize(("changes", "where"), BAD_LODGINGS)
def test_bad_input_has_a_message_beside_its_field_and_writes_nothing(
    desk: Client, provider: Provider, changes: dict[str, Any], where: set[str]
) -> None:
    factories.an_activity(slug="taken")
    before = Offer.objects.count()
    response = desk.post(reverse("desk_lodgings:add"), lodging(provider, **changes))
    assert set(errors_of(response)) == where
    assert Offer.objects.count() == before
    assert not Unit.objects.exists()


def test_a_used_address_is_told_in_words(desk: Client, provider: Provider) -> None:
    factories.an_activity(slug="taken")
    response = desk.post(reverse("desk_lodgings:add"), lodging(provider, slug="Taken"))
    assert errors_of(response)["slug"] == ["Another offer has this address: choose another one."]


def test_overlapping_seasons_are_told_on_their_row(desk: Client, provider: Provider) -> None:
    desk.post(reverse("desk_lodgings:add"), lodging(provider))
    response = desk.post(
        reverse("desk_tariffs:add") + f"?offer={Offer.objects.get().pk}",
        tariff(
            **rows(
                "price_rules",
                season("2027-07-03", "2027-08-28", "150"),
                season("2027-08-27", "2027-09-15", "120"),
            )
        ),
    )
    found = errors_of(response)
    assert set(found) == {"price_rules-1-dates"}
    assert "03/07/2027" in found["price_rules-1-dates"][0]
    assert not Tariff.objects.exists()


def test_a_bad_price_is_told_beside_its_field(desk: Client) -> None:
    bad = [
        (season("2027-08-28", "2027-07-03", "150"), "dates"),
        (season("2027-07-03", "2027-07-03", "150"), "dates"),
        (season("2027-07-03", "", "150"), "dates"),
        (season("", "", "150"), "dates"),
        (season("2027-02-31", "2027-03-02", "150"), "dates"),
        (season("2027-07-03", "2027-07-09", "-1"), "amount"),
        (season("2027-07-03", "2027-07-09", "90", level="weekday"), "weekday"),
        (season("2027-07-03", "2027-07-09", "90", weekday=3), "weekday"),
    ]
    offer = factories.a_lodging()
    response = desk.post(
        reverse("desk_tariffs:edit", args=[offer.tariffs.get().pk]),
        tariff(**rows("price_rules", *(row for row, _where in bad))),
    )
    expected = {f"price_rules-{number}-{where}" for number, (_row, where) in enumerate(bad)}
    assert set(errors_of(response)) == expected
    assert not PriceRule.objects.exists()


def test_two_seasons_may_exchange_their_dates(desk: Client) -> None:
    offer = factories.a_lodging(now=NOW)
    first = factories.a_season(offer, date(2027, 6, 1), date(2027, 7, 1), "90")
    second = factories.a_season(offer, date(2027, 7, 1), date(2027, 8, 1), "120")
    sent = desk.post(
        reverse("desk_tariffs:edit", args=[offer.tariffs.get().pk]),
        tariff(
            **rows(
                "price_rules",
                {"id": first.pk, **season("2027-07-01", "2027-08-01", "90")},
                {"id": second.pk, **season("2027-06-01", "2027-07-01", "120")},
                saved=2,
            )
        ),
    )
    assert sent.status_code == 302
    first.refresh_from_db()
    assert first.dates.lower == date(2027, 7, 1)
    assert UnitDay.objects.get(day=SATURDAY).price_cents == 9_000


def test_a_published_lodging_keeps_a_price(desk: Client) -> None:
    offer = factories.a_lodging(now=NOW)
    response = desk.post(
        reverse("desk_tariffs:edit", args=[offer.tariffs.get().pk]), tariff(priced_units=[])
    )
    (message,) = errors_of(response)["__all__"]
    assert message.startswith("No price for")
    assert Tariff.objects.get().base_amount == Decimal(100)
    assert UnitDay.objects.get(day=SATURDAY).price_cents == 10_000


def test_prices_without_a_price_or_a_season_are_refused_beside_the_price(desk: Client) -> None:
    offer = factories.a_lodging(now=NOW)
    edit = reverse("desk_tariffs:edit", args=[offer.tariffs.get().pk])

    (message,) = errors_of(desk.post(edit, tariff(base_amount="")))["base_amount"]
    assert message.startswith("Give the price of a night")
    assert Tariff.objects.get().base_amount == Decimal(100)

    summer = rows("price_rules", season("2027-07-01", "2027-09-01", "120"))
    assert desk.post(edit, tariff(base_amount="", **summer)).status_code == 302
    assert Tariff.objects.get().base_amount is None


def test_seasons_and_rules_are_shown_with_the_days_that_were_entered(desk: Client) -> None:
    offer = factories.a_lodging(now=NOW)
    rule = {"kind": "closed_to_arrival", "weekday": 0, "value": 0}
    dates = {"dates_first": "2027-07-01", "dates_last": "2027-08-31"}
    sent = tariff(
        **rows("price_rules", season("2027-07-01", "2027-08-31", "120")),
        **rows("restrictions", {**rule, **dates}),
    )
    edit = reverse("desk_tariffs:edit", args=[offer.tariffs.get().pk])
    assert desk.post(edit, sent).status_code == 302

    shown = text_of(desk.get(reverse("desk_lodgings:inspect", args=[offer.pk])))

    assert "1 July to 31 August 2027 (day of departure), €120.00" in shown
    assert "no arrival, Monday, 1 July to 31 August 2027" in shown


def test_a_unit_with_stays_is_not_deleted_and_the_desk_says_what_to_do(
    desk: Client, provider: Provider
) -> None:
    desk.post(reverse("desk_lodgings:add"), lodging(provider))
    unit = Unit.objects.get()
    unit.stays.create(dates=(SATURDAY, NEXT_SATURDAY), state="blocked")
    gone = rows("units", {"id": unit.pk, **UNIT, "DELETE": "on"}, saved=1)
    saved = list(Supplement.objects.order_by("-is_mandatory", "pk"))
    supplements = rows(
        "supplements",
        *(
            {
                "id": row.pk,
                "name_fr": row.name_fr,
                "kind": row.kind,
                "basis": row.basis,
                "amount": row.amount,
                "vat_rate": row.vat_rate,
                "max_quantity": row.max_quantity,
            }
            for row in saved
        ),
        saved=2,
    )
    response = desk.post(
        reverse("desk_lodgings:edit", args=[Offer.objects.get().pk]),
        lodging(provider, units=gone, **supplements),
    )
    assert "untick “sold”" in errors_of(response)["__all__"][0]
    assert Unit.objects.filter(pk=unit.pk).exists()


def test_a_lodging_without_tariff_of_the_tax_says_why_it_is_not_sold(
    desk: Client, provider: Provider
) -> None:
    desk.post(reverse("desk_lodgings:add"), lodging(provider, tax_category="palace"))
    page = desk.get(reverse("desk_lodgings:inspect", args=[Offer.objects.get().pk]))
    assert "No tourist tax tariff for this category in this commune" in page.content.decode()


def test_an_offer_outside_the_perimeter_is_said_to_be_beside_it(
    desk: Client, provider: Provider
) -> None:
    outside = factories.a_commune("Coucouron", insee="07071", inside=False)
    desk.post(reverse("desk_lodgings:add"), lodging(provider, commune=outside.pk))
    page = desk.get(reverse("desk_lodgings:inspect", args=[Offer.objects.get().pk]))
    assert "outside the active perimeter" in page.content.decode()


def test_photographs_come_in_their_order(desk: Client, provider: Provider, photo: Any) -> None:
    photos = rows(
        "photos",
        {"image": photo.pk, "alt_fr": "La cour", "position": ""},
        {"image": photo.pk, "alt_fr": "La façade", "position": 1},
    )
    desk.post(reverse("desk_lodgings:add"), lodging(provider, **photos))
    assert [row.alt for row in OfferPhoto.objects.all()] == ["La façade", "La cour"]
    page = desk.get(reverse("desk_lodgings:inspect", args=[Offer.objects.get().pk]))
    assert "La façade" in page.content.decode()


def test_deleting_a_sold_offer_is_refused_in_words(desk: Client) -> None:
    offer = factories.a_lodging()
    offer.units.get().stays.create(dates=(SATURDAY, NEXT_SATURDAY), state="blocked")
    response = desk.post(reverse("desk_lodgings:delete", args=[offer.pk]))
    assert response.status_code == 200
    assert "It can&#x27;t be deleted" in response.content.decode()
    assert Offer.objects.filter(pk=offer.pk).exists()


def test_a_new_unit_takes_the_only_prices(desk: Client, provider: Provider) -> None:
    desk.post(reverse("desk_lodgings:add"), lodging(provider))
    offer = Offer.objects.get()
    desk.post(reverse("desk_tariffs:add") + f"?offer={offer.pk}", tariff())
    first = Unit.objects.get()
    both = rows(
        "units",
        {"id": first.pk, **UNIT, "tariff": first.tariff_id},
        {**UNIT, "name_fr": "L’annexe"},
        saved=1,
    )
    data = lodging(provider, units=both, **rows("supplements"))
    response = desk.post(reverse("desk_lodgings:edit", args=[offer.pk]), data)
    assert response.status_code == 302
    annexe = Unit.objects.get(name_fr="L’annexe")
    assert annexe.tariff_id == first.tariff_id
    assert UnitDay.objects.filter(unit=annexe, day=SATURDAY, price_cents=10_000).exists()


def test_labels_are_entered_with_their_last_day_each_once(desk: Client, provider: Provider) -> None:
    stars = {"code": "gites-de-france", "level": 3, "valid_until": "2030-12-31"}
    welcome = {
        "code": "tourisme-handicap",
        "families": ["moteur", "visuel"],
        "valid_until": "2030-12-31",
        "proof": "TH 43-12",
    }
    address = reverse("desk_lodgings:add")

    twice = desk.post(address, lodging(provider, **rows("labels", stars, stars)))
    undated = desk.post(address, lodging(provider, **rows("labels", {**stars, "valid_until": ""})))
    high = desk.post(address, lodging(provider, **rows("labels", {**stars, "level": 9})))
    assert set(errors_of(twice)) == {"labels-1-__all__"}
    assert set(errors_of(undated)) == {"labels-0-valid_until"}
    assert "labels-0-level" in errors_of(high)
    unproved = desk.post(address, lodging(provider, **rows("labels", {**stars, "code": "bio"})))
    assert "labels-0-proof" in errors_of(unproved)
    assert not Offer.objects.exists()

    desk.post(address, lodging(provider, **rows("labels", stars, welcome)))
    words = [one.words for one in Offer.objects.get().labels.order_by("code")]
    assert words == ["Gîtes de France (3 épis)", "Tourisme & Handicap (moteur, visuel)"] or (
        words == ["Gîtes de France (3 épis)", "Tourisme & Handicap (mobility, sight)"]
    )


def test_prices_may_fill_the_holes_between_stays(desk: Client, provider: Provider) -> None:
    desk.post(reverse("desk_lodgings:add"), lodging(provider))
    offer = Offer.objects.get()

    desk.post(
        reverse("desk_tariffs:add") + f"?offer={offer.pk}", tariff(fills_gaps="on", offer=offer.pk)
    )

    assert offer.tariffs.get().fills_gaps
