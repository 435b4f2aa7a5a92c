"""Somebody of the office enters an experience, its prices by age and its dates."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import AgeBand, Closure, Offer, Slot
from members.models import Provider
from tests import factories
from tests.booking.desk.conftest import rows
from tests.booking.desk.test_enter_lodging import errors_of
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY


def band(name: str, low: int | str, high: int | str, amount: str = "20") -> dict[str, Any]:
    """Return one row of prices by age."""
    return {"name_fr": name, "min_age": low, "max_age": high, "amount": amount}


def workshop(provider: Provider, *bands: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return what the form of an experience sends."""
    data = {
        "kind": "workshop",
        "provider": provider.pk,
        "title_fr": "Premiers points de dentelle",
        "title_en": "First stitches of lace",
        "slug": "premiers-points",
        "summary_fr": "Un après-midi au carreau.",
        "duration_minutes": 150,
        "commune": provider.commune_id,
        "illustration": "dentelle",
        "cancellation_policy": factories.a_policy().pk,
        "vat_rate": "0.2000",
        "vat_scheme": "standard",
        "confirmation": "instant",
        "min_advance_days": 0,
        "min_age": 8,
        **rows("photos"),
        **rows("labels"),
        **rows("bands", *bands),
        **rows("supplements"),
        **rows("permits"),
        **rows("steps"),
    }
    return {**data, **changes}


@pytest.fixture
def provider(db: None) -> Provider:
    return factories.a_provider()


def test_a_workshop_is_entered_dated_and_published(desk: Client, provider: Provider) -> None:
    bands = (band("Adulte", 18, "", "32"), band("Enfant", 8, 17, "16"))
    sent = desk.post(reverse("desk_experiences:add"), workshop(provider, *bands))
    offer = Offer.objects.get()
    assert sent["Location"] == reverse("desk_experiences:inspect", args=[offer.pk])
    assert offer.title_en == "First stitches of lace"
    assert set(AgeBand.objects.values_list("code", flat=True)) == {"adulte", "enfant"}

    series = reverse("desk_slots:series") + f"?offer={offer.pk}"
    assert desk.get(series).context["form"].initial["offer"] == offer.pk
    sent = desk.post(
        series,
        {
            "offer": offer.pk,
            "first_day": "2027-07-01",
            "last_day": "2027-08-31",
            "weekdays": ["1"],
            "start_times": "14h, 16:30",
            "capacity": 8,
            "skip_days": "13/07/2027\n2027-08-10",
        },
        follow=True,
    )
    assert "14 dates added." in sent.content.decode()
    assert set(Slot.objects.values_list("start_time", flat=True)) == {time(14), time(16, 30)}
    assert not Slot.objects.filter(day__in=[date(2027, 7, 13), date(2027, 8, 10)]).exists()

    desk.post(reverse("desk_experiences:publish", args=[offer.pk]))
    offer.refresh_from_db()
    assert offer.state == "published"


@pytest.mark.parametrize(
    ("bands", "where"),
    [
        ([band("Adulte", 18, ""), band("Enfant", 8, 16)], {"bands-0-min_age"}),
        (
            [band("Adulte", 17, ""), band("Enfant", 8, 17)],
            {"bands-0-min_age", "bands-1-min_age"},
        ),
        ([band("Adulte", 12, "")], {"bands-0-min_age"}),
        ([band("Tous", "", "")], {"bands-0-min_age"}),
        ([band("Adulte", 18, ""), band("Enfant", 17, 8)], None),
        ([band("Adulte", 8, "", "-2")], {"bands-0-amount"}),
        ([band("", 8, "")], {"bands-0-name_fr"}),
    ],
)
def test_holes_and_overlaps_of_ages_are_told_on_their_row(
    desk: Client,
    provider: Provider,
    bands: list[dict[str, Any]],
    where: set[str] | None,
) -> None:
    response = desk.post(reverse("desk_experiences:add"), workshop(provider, *bands))
    found = errors_of(response)
    if where is None:
        assert "bands-1-max_age" in found
    else:
        assert set(found) == where
    assert not Offer.objects.exists()


def test_a_produce_basket_has_one_price(desk: Client, provider: Provider) -> None:
    basket = {"kind": "produce", "min_age": ""}
    response = desk.post(
        reverse("desk_experiences:add"),
        workshop(provider, band("Le panier", "", "", "25"), band("Petit", 0, 9), **basket),
    )
    assert set(errors_of(response)) == {"bands-0-min_age", "bands-1-min_age"}
    sent = desk.post(
        reverse("desk_experiences:add"),
        workshop(provider, band("Le panier", "", "", "25"), **basket),
    )
    assert sent.status_code == 302


def test_a_published_experience_keeps_its_prices(desk: Client, provider: Provider) -> None:
    offer = factories.an_activity(
        child=None, provider=provider, kind="workshop", slug="premiers-points"
    )
    row = AgeBand.objects.get()
    gone = {"id": row.pk, **band("Tous", 0, ""), "DELETE": "on"}
    data = workshop(provider, min_age="", **rows("bands", gone, saved=1))
    response = desk.post(reverse("desk_experiences:edit", args=[offer.pk]), data)
    assert "Give the prices by age" in errors_of(response)["__all__"][0]
    assert AgeBand.objects.filter(pk=row.pk).exists()


# --- Dates -------------------------------------------------------------------------------------
@pytest.fixture
def activity(db: None) -> Offer:
    return factories.an_activity()


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def test_one_date_is_added_once(desk: Client, activity: Offer) -> None:
    data = {"offer": activity.pk, "day": "2027-07-10", "start_time": "14:00", "capacity": 8}
    assert desk.post(reverse("desk_slots:add"), data).status_code == 302
    assert Slot.objects.get().capacity == 8
    assert set(errors(desk.post(reverse("desk_slots:add"), data))) == {"start_time"}
    assert Slot.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"start_times": "quand il fait beau"}, "start_times"),
        ({"start_times": "25:00"}, "start_times"),
        ({"skip_days": "31/02/2027"}, "skip_days"),
        ({"skip_days": "demain"}, "skip_days"),
        ({"weekdays": []}, "weekdays"),
        ({"capacity": 0}, "capacity"),
        ({"last_day": "2027-06-01"}, "last_day"),
        ({"first_day": "2027-02-31"}, "first_day"),
        ({"first_day": "2026-01-01", "last_day": "2026-02-01"}, "last_day"),
        ({"offer": ""}, "offer"),
    ],
)
def test_a_bad_series_is_told_beside_its_field(
    desk: Client, activity: Offer, changes: dict[str, Any], where: str
) -> None:
    data = {
        "offer": activity.pk,
        "first_day": "2027-07-01",
        "last_day": "2027-08-31",
        "weekdays": ["1"],
        "start_times": "14:00",
        "capacity": 8,
        "skip_days": "",
    }
    response = desk.post(reverse("desk_slots:series"), {**data, **changes})
    assert set(errors(response)) == {where}
    assert not Slot.objects.exists()


def test_places_sold_are_kept_and_the_field_says_how_many(desk: Client, activity: Offer) -> None:
    slot = factories.a_slot(activity, SATURDAY, capacity=10)
    Slot.objects.update(sold=6)
    edit = reverse("desk_slots:edit", args=[slot.pk])
    response = desk.post(edit, {"capacity": 5})
    assert errors(response) == {"capacity": ["6 places are sold already: keep at least those."]}
    response = desk.post(edit, {"capacity": 10, "is_closed": "on"})
    assert set(errors(response)) == {"closed_reason"}
    done = desk.post(
        edit, {"capacity": 10, "is_closed": "on", "closed_reason": "orage"}, follow=True
    )
    assert "6 places are sold" in done.content.decode()
    slot.refresh_from_db()
    assert slot.is_closed


def test_a_date_in_a_stay_is_not_deleted(desk: Client, activity: Offer) -> None:
    slot = factories.a_slot(activity, SATURDAY)
    basket = factories.a_basket(None)
    basket.lines.create(offer=activity, slot=slot, shown_amount=0)
    gone = reverse("desk_slots:delete", args=[slot.pk])
    assert "close it instead" in errors(desk.post(gone))["__all__"][0]
    basket.lines.all().delete()
    assert desk.post(gone).status_code == 302
    assert not Slot.objects.exists()


def test_the_list_shows_what_is_left_and_hides_past_dates(desk: Client, activity: Offer) -> None:
    factories.a_slot(activity, SATURDAY)
    factories.a_slot(activity, date(2027, 1, 5))
    page = desk.get(reverse("desk_slots:index")).content.decode()
    assert "10/07/2027" in page
    assert "05/01/2027" not in page
    page = desk.get(reverse("desk_slots:index") + "?past=with").content.decode()
    assert "05/01/2027" in page


# --- Closures ----------------------------------------------------------------------------------
def test_nights_are_closed_moved_and_opened_again(desk: Client) -> None:
    unit = factories.a_lodging(now=NOW).units.get()
    data = {
        "unit": unit.pk,
        "first_night": SATURDAY.isoformat(),
        "reopening": NEXT_SATURDAY.isoformat(),
        "reason": "travaux",
    }
    add = reverse("desk_closures:add") + f"?unit={unit.pk}"
    sent = desk.post(add, data)
    assert sent["Location"] == reverse("desk_lodgings:inspect", args=[unit.offer_id])
    closure = Closure.objects.get()
    assert set(errors(desk.post(add, data))) == {"first_night"}

    edit = reverse("desk_closures:edit", args=[closure.pk])
    listed = desk.get(reverse("desk_closures:index")).content.decode()
    assert f'href="{edit}"' in listed
    assert reverse("desk_closures:delete", args=[closure.pk]) in listed
    response = desk.post(
        edit, {"first_night": "2027-07-20", "reopening": "2027-07-10", "reason": "x"}
    )
    assert set(errors(response)) == {"reopening"}
    desk.post(edit, {"first_night": "2027-07-20", "reopening": "2027-07-22", "reason": "x"})
    closure.refresh_from_db()
    assert closure.dates.lower == date(2027, 7, 20)

    desk.post(reverse("desk_closures:delete", args=[closure.pk]))
    assert not Closure.objects.exists()


def test_hour_and_hours_of_the_cut_off_are_entered(desk: Client, provider: Provider) -> None:
    bands = (band("Adulte", 18, "", "32"), band("Enfant", 8, 17, "16"))
    cut_off = {"booked_until": "18:00", "notice_hours": "3"}
    desk.post(reverse("desk_experiences:add"), workshop(provider, *bands, **cut_off))
    offer = Offer.objects.get()
    assert (offer.booked_until, offer.notice_hours) == (time(18), 3)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"notice_hours": "-1"}, "notice_hours"),
        ({"notice_hours": "337"}, "notice_hours"),
        ({"notice_hours": "3", "kind": "visit"}, "notice_hours"),
        ({"booked_until": "25:00"}, "booked_until"),
    ],
)
def test_cut_offs_that_can_t_be_are_refused(
    desk: Client, provider: Provider, changes: dict[str, str], field: str
) -> None:
    bands = (band("Adulte", 18, "", "32"), band("Enfant", 8, 17, "16"))
    answer = desk.post(reverse("desk_experiences:add"), workshop(provider, *bands, **changes))
    assert field in answer.context["form"].errors
    assert not Offer.objects.exists()
