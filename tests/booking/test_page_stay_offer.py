"""The page of a lodging: rooms at their price, reasons of refusals, the calendar, who sees it."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image as Drawing

from booking import search_table
from booking.basket import add_to_basket
from booking.models import Closure, Offer, OfferPhoto, Supplement, Unit
from booking.wishes import LineRequest
from destination.models import Picture as Image
from members.models import Provider
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.pages import address, fields_of, text_of

pytestmark = pytest.mark.django_db
WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2, "ages": [5, 10]}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def show(client: Client, offer: Offer, language: str = "en", **query):
    return client.get(address("booking:stay-offer", offer.slug, language=language, **query))


def hold_week(offer: Offer, unit: Unit | None = None) -> None:
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=offer.pk,
            unit_id=(unit or offer.units.first()).pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None,),
        ),
        now=NOW,
    )


def test_the_price_is_itemised_and_is_what_is_added(client: Client):
    offer = factories.a_lodging(night="100", cleaning="60", now=NOW)

    page = show(client, offer, **WEEK)

    text = text_of(page)
    for words in ("7 nights at €100", "€700.00", "Ménage", "€60.00", "Tourist tax", "€15.40"):
        assert words in text
    assert "Total €775.40" in text
    [form] = fields_of(page)
    assert form["shown_amount"] == ["775.40"]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_nights_of_one_price_make_one_row(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    factories.a_season(offer, SATURDAY, SATURDAY + timedelta(days=2), "140")
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)

    text = text_of(show(client, offer, **WEEK))

    assert "2 nights at €140" in text
    assert "5 nights at €100" in text


def test_options_are_never_taken_before_and_change_the_price_once_taken(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    Supplement.objects.create(
        offer=offer, code="linge", name="Draps", name_en="Linen", basis="person", amount=8
    )

    before, after = show(client, offer, **WEEK), show(client, offer, **WEEK, option_linge=1)

    assert b"checked" not in before.content
    assert fields_of(before)[0]["shown_amount"] == ["715.40"]
    assert "option_linge" not in fields_of(before)[0]
    [form] = fields_of(after)
    assert form["shown_amount"] == ["747.40"]
    assert form["option_linge"] == ["1"]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_every_reason_is_told_at_once_with_the_nearest_free_dates(client: Client):
    offer = factories.a_lodging(night="100", sleeps=4, min_stay=3, now=NOW)
    hold_week(offer)
    Closure.objects.create(
        unit=offer.units.get(),
        dates=(SATURDAY + timedelta(days=1), SATURDAY + timedelta(days=2)),
        reason="Works",
    )
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)

    closed = show(client, offer, **WEEK)
    short = show(client, offer, arrival=SATURDAY, departure=SATURDAY + timedelta(days=1), adults=9)

    assert "Closed on these dates" in text_of(closed)
    assert not fields_of(closed)
    assert closed.context["other_dates"]
    text = text_of(short)
    assert "3 nights at least" in text
    assert "4 persons at most here" in text


def test_a_sold_out_week_says_so_and_leads_to_free_ones(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    hold_week(offer)

    page = show(client, offer, **WEEK)

    assert "Sold out" in text_of(page)
    assert all("arrival=2027" in one["url"] for one in page.context["other_dates"])
    assert not fields_of(page)


def test_rooms_of_a_hotel_stand_with_their_prices_and_reasons(client: Client):
    hotel = factories.a_lodging(night="80", units=2, sleeps=4, lodging_type="hotel", now=NOW)
    small = factories.a_lodging(night="50", sleeps=2)
    Unit.objects.filter(offer=small).update(offer=hotel, name="Petite", name_en="Small one")
    search_table.rebuild_units(list(hotel.units.values_list("pk", flat=True)), today=TODAY)
    hold_week(hotel, hotel.units.filter(max_guests=4).first())

    page = show(client, hotel, **WEEK)

    big, little = page.context["rooms"]
    assert big["is_free"]
    assert big["left"] == 1
    assert not little["is_free"]
    assert "2 persons at most here" in " ".join(little["troubles"])
    assert "Only 1 left on these dates" in text_of(page)
    # the room's own button, and the box of the best one
    assert {form["unit"][0] for form in fields_of(page)} == {big["add"]["fields"][1][1]}


def test_without_dates_it_asks_for_them_and_shows_its_lowest_night(client: Client):
    offer = factories.a_lodging(night="90", cleaning="60", now=NOW, summary_en="Of lava.")

    page = show(client, offer)

    text = text_of(page)
    assert "from €90" in text
    assert "Give your dates" in text
    assert "Hosted by Anne and Joël" in text
    assert "A private person, not a professional" in text
    assert not fields_of(page)
    assert b"noindex" not in page.content


def test_one_press_chooses_the_arrival_the_next_one_the_departure(client: Client):
    offer = factories.a_lodging(night="90", min_stay=2, now=NOW)

    def chosen(page, day: date):
        return cell(page.context["month"], day)

    first = client.get(address("booking:stay-offer", offer.slug, month="2027-07", adults=3))
    second = client.get(chosen(first, SATURDAY)["url"].partition("#")[0])
    third = client.get(chosen(second, NEXT_SATURDAY)["url"].partition("#")[0])

    assert "Now choose the day of departure" in text_of(second)
    assert chosen(second, SATURDAY)["selection"] == "from"
    assert third.context["search"]["departure"] == NEXT_SATURDAY
    assert third.context["search"]["adults"] == 3
    assert "Total" in text_of(third)


def cell(month, day: date):
    return next(one for week in month["weeks"] for one in week if one and one["date"] == day)


def test_nights_that_others_have_are_sold_out_whatever_was_chosen(client: Client):
    offer = factories.a_lodging(now=NOW)
    hold_week(offer)

    page = show(client, offer, **WEEK)

    days = {day["date"]: day for week in page.context["month"]["weeks"] for day in week if day}
    for number in range(8):
        assert days[SATURDAY + timedelta(days=number)]["selection"] == ""
    assert days[SATURDAY]["state"] == "full"
    assert days[NEXT_SATURDAY]["state"] == "free"
    assert "July 2027, in your stay" not in text_of(page)
    assert "July 2027, sold out" in text_of(page)


def test_a_departure_on_the_day_that_others_arrive_is_one(client: Client):
    offer = factories.a_lodging(now=NOW)
    hold_week(offer)
    before = {"arrival": SATURDAY - timedelta(days=3), "departure": SATURDAY, "adults": 2}

    month = show(client, offer, **before).context["month"]

    assert cell(month, SATURDAY)["selection"] == "to"
    assert cell(month, SATURDAY - timedelta(days=1))["selection"] == "in"


def test_nights_of_ones_own_stay_are_not_sold_out(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    [form] = fields_of(show(client, offer, **WEEK))
    client.post(address("booking:line-add"), form)

    for query in (WEEK, {}):
        page = show(client, offer, **query, month="2027-07")
        month = page.context["month"]
        inner = cell(month, SATURDAY + timedelta(days=2))
        assert (inner["state"], inner["selection"]) == ("free", "in")
        assert "July 2027, sold out" not in text_of(page)
        assert "12 July 2027, in your stay" in text_of(page).replace("\u00a0", " ")


def test_the_calendar_turns_alone(client: Client, django_assert_max_num_queries):
    offer = factories.a_lodging(now=NOW)
    headers = {"HX-Request": "true", "HX-Target": "calendar"}

    with django_assert_max_num_queries(12):
        part = client.get(
            address("booking:stay-offer", offer.slug, month="2027-08"), headers=headers
        )

    assert b"<html" not in part.content
    assert "August 2027" in text_of(part)


def test_an_offer_beside_the_perimeter_is_shown_not_sold(client: Client):
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    offer = factories.a_lodging(commune=beside, now=NOW)

    page = show(client, offer, **WEEK)

    assert page.status_code == 200
    assert "beside the Velay" in text_of(page)
    assert not fields_of(page)


def test_a_draft_is_unknown_a_paused_one_is_gone(client: Client):
    draft = factories.a_lodging(state=Offer.State.DRAFT)
    paused = factories.a_lodging(state=Offer.State.PAUSED)
    archived = factories.a_lodging(state=Offer.State.ARCHIVED)
    suspended = factories.a_lodging(provider=factories.a_provider(state=Provider.State.SUSPENDED))
    activity = factories.an_activity()

    codes = [
        show(client, offer).status_code for offer in (draft, paused, archived, suspended, activity)
    ]

    assert codes == [404, 410, 410, 410, 404]


def test_bad_dates_keep_the_page_and_what_was_typed(client: Client):
    offer = factories.a_lodging(now=NOW)

    page = show(client, offer, arrival="30/02/2027", departure=NEXT_SATURDAY, adults=2)

    assert page.status_code == 200
    assert "This date doesn't exist" in text_of(page)
    assert 'value="30/02/2027"' in page.content.decode()


def test_words_of_the_cancellation_rule_carry_their_dates(client: Client):
    offer = factories.a_lodging(now=NOW)

    text = text_of(show(client, offer, **WEEK))

    assert "Free cancellation until Saturday 26 June, 3 pm" in text
    assert "50% given back until Thursday 8 July" in text


def test_photographs_of_any_size_are_shown_small_and_even(client: Client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    offer = factories.a_lodging(now=NOW)
    for position, size in enumerate([(2400, 600), (300, 900)]):
        buffer = BytesIO()
        Drawing.new("RGB", size, "grey").save(buffer, "JPEG")
        image = Image.objects.create(
            title=f"photo {position}", file=ContentFile(buffer.getvalue(), name=f"{position}.jpg")
        )
        OfferPhoto.objects.create(
            offer=offer, image=image, alt=f"View {position}", position=position
        )

    page = show(client, offer)
    listed = client.get(address("booking:stays"))

    body = page.content.decode()
    assert 'alt="View 0"' in body
    assert 'alt="View 1"' in body
    assert body.count(".webp") > 4
    assert "gal--one" not in body
    assert "srcset=" in listed.content.decode()


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    hotel = factories.a_lodging(units=8, cleaning="60", now=NOW)
    for number in range(5):
        activity = factories.an_activity()
        factories.a_slot(activity, SATURDAY + timedelta(days=number))

    with django_assert_max_num_queries(28):
        show(client, hotel, **WEEK)
