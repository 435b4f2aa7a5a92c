"""Things to do: who may join and for how much, what is left, dates that lead further."""

from __future__ import annotations

from datetime import date, time, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils.translation import override

from booking import experience_search
from booking.basket import add_to_basket
from booking.cards import from_price
from booking.models import AgeBand, Basket, Offer, Slot, Supplement
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket

pytestmark = pytest.mark.django_db
SUNDAY = SATURDAY + timedelta(days=1)
WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY}
# A price by age as the office enters it: name, first age, last age, sum.
BABIES = ("Moins de 3 ans", 0, 2, "0")
DUPONT = {**WEEK, "adults": 2, "ages": [5, 10]}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def show(client: Client, offer: Offer, language: str = "en", **query):
    path = address("booking:experience-offer", offer.slug, language=language, **query)
    return client.get(path)


def days_of(page) -> list[date]:
    return [day["date"] for day in page.context["panel"]["days"]]


def listing(client: Client, **query):
    return client.get(address("booking:experiences", **query))


def hold(offer: Offer, slot: Slot, persons: int) -> None:
    add_to_basket(
        factories.a_basket(),
        LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,) * persons),
        now=NOW,
    )


# --- The list -----------------------------------------------------------------------------------
def test_the_list_shows_the_next_date_and_the_price_of_an_adult(client: Client):
    offer = factories.an_activity(title_en="Swimming", adult="18", child="9")
    factories.a_slot(offer, SUNDAY)

    text = text_of(listing(client))

    assert "1 thing to do" in text
    assert "Swimming" in text
    assert "Sun 11 Jul, 2 pm" in text
    assert "€18 per adult, child €9" in text


@pytest.mark.parametrize(
    ("bands", "note"),
    [
        ([("Dès 13 ans", 13, None, "26"), ("3 à 12 ans", 3, 12, "12"), BABIES], "child €12"),
        (
            [("Dès 13 ans", 13, None, "26"), ("6-12", 6, 12, "12"), ("3-5", 3, 5, "6")],
            "child from €6",
        ),
        ([("Dès 3 ans", 3, None, "26"), BABIES], "moins de 3 ans free of charge"),
    ],
)
def test_a_price_by_age_does_not_read_as_an_age_limit(
    client: Client, bands: list[tuple[str, int, int | None, str]], note: str
):
    offer = factories.an_offer("activity", title_en="Swimming", duration_minutes=120)
    for name, first, last, amount in bands:
        ages = {"min_age": first, "max_age": last}
        AgeBand.objects.create(offer=offer, code=name[:3], name=name, amount=amount, **ages)
    factories.a_slot(offer, SUNDAY)

    text = text_of(listing(client))

    assert f"€26 per adult, {note}" in text
    assert "Dès" not in text


@pytest.mark.parametrize(
    ("name", "note"),
    [("Unter 2 Jahren", "unter 2 Jahren kostenlos"), ("Kleinkinder", "Kleinkinder kostenlos")],
)
def test_a_german_band_keeps_the_capitals_of_its_nouns(name: str, note: str):
    offer = factories.an_offer("activity", title_en="Swimming", duration_minutes=120)
    for code, words, first, last, amount in (("a", "Ab 2", 2, None, "26"), ("b", name, 0, 1, "0")):
        ages = {"min_age": first, "max_age": last, "amount": amount, "name_de": words}
        AgeBand.objects.create(offer=offer, code=code, name=words, **ages)

    with override("de"):
        shown = from_price(Offer.objects.get(pk=offer.pk))

    assert shown is not None
    assert shown["note"] == f"pro erwachsene Person, {note}"


def test_a_party_sees_its_price_and_adds_the_next_date(client: Client):
    offer = factories.an_activity(adult="18", child="9")
    slot = factories.a_slot(offer, SUNDAY)

    page = listing(client, **DUPONT)

    assert "€54" in text_of(page)
    [form] = fields_of(page)
    assert form["slot"] == [str(slot.pk)]
    assert form["shown_amount"] == ["54.00"]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_the_list_is_filtered_by_dates_kind_and_ages(client: Client):
    lace = factories.an_activity(kind="workshop", title_en="Lace", min_age=8)
    climb = factories.an_activity(title_en="Climbing", min_age=14)
    late = factories.an_activity(title_en="Too late")
    for offer in (lace, climb):
        factories.a_slot(offer, SUNDAY)
    factories.a_slot(late, NEXT_SATURDAY + timedelta(days=3))

    workshops = text_of(listing(client, **DUPONT, kind="workshop"))
    children = text_of(listing(client, **WEEK, adults=0, ages=[5]))

    assert "Lace" in workshops
    assert "Climbing" not in workshops
    assert "Too late" not in workshops
    assert "At least one adult" in children


def test_what_begins_before_the_arrival_comes_last(client: Client):
    morning = factories.an_activity(title_en="Only that morning")
    factories.a_slot(morning, SATURDAY, time(9, 10))
    daily = factories.an_activity(title_en="Morning and evening")
    for hour in (time(9, 10), time(17)):
        factories.a_slot(daily, SATURDAY, hour)
    later = factories.an_activity(title_en="On Sunday")
    factories.a_slot(later, SUNDAY, time(9))
    # Open all day: one may still come after the arrival.
    visit = factories.an_activity(kind="visit", title_en="The abbey", duration_minutes=540)
    factories.a_slot(visit, SATURDAY, time(9))

    cards = listing(client, **WEEK, adults=2).context["cards"]

    assert cards[-1]["title"] == "Only that morning"
    assert {card["title"] for card in cards[:2]} == {"Morning and evening", "The abbey"}
    evening = next(card for card in cards if card["title"] == "Morning and evening")
    assert evening["hour"] == time(17)


def test_the_hour_of_arrival_is_that_of_the_bed_of_the_stay(client: Client):
    bed = factories.a_lodging(now=NOW, check_in_from=time(12))
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=bed.pk,
        unit_id=bed.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    add_to_basket(basket, request, now=NOW)
    with_basket(client, basket)
    noon = factories.an_activity(title_en="At one")
    factories.a_slot(noon, SATURDAY, time(13))
    factories.a_slot(factories.an_activity(title_en="On Sunday"), SUNDAY)

    assert listing(client).context["cards"][0]["title"] == "At one"


def test_what_is_there_each_day_is_spread_over_the_days(client: Client):
    days = [SATURDAY + timedelta(days=number) for number in range(4)]
    for _number in range(8):
        offer = factories.an_activity()
        for day in days:
            factories.a_slot(offer, day, time(17))
    dates = {"arrival": days[0], "departure": days[-1], "adults": 2}

    cards = listing(client, **dates).context["cards"]

    assert [card["day"] for card in cards] == [day for day in days for _twice in range(2)]
    # Without dates each stands at its next one.
    assert {card["day"] for card in listing(client, adults=2).context["cards"]} == {SATURDAY}


def test_pages_of_days_hold_each_offer_once(client: Client):
    titles = [f"Walk {number}" for number in range(14)]
    for title in titles:
        offer = factories.an_activity(title=title, title_fr=title, title_en=title)
        for day in (SATURDAY, SUNDAY):
            factories.a_slot(offer, day, time(17))

    pages = [listing(client, **WEEK, adults=2, page=number) for number in (1, 2)]

    shown = [[card["title"] for card in page.context["cards"]] for page in pages]
    assert [len(one) for one in shown] == [12, 2]
    assert sorted(shown[0] + shown[1]) == sorted(titles)


def test_an_empty_list_offers_other_days(client: Client):
    offer = factories.an_activity()
    factories.a_slot(offer, NEXT_SATURDAY + timedelta(days=3))

    page = listing(client, **DUPONT, kind="activity")

    text = text_of(page)
    assert "Nothing on these days" in text
    urls = [one["url"] for one in page.context["empty"]["actions"]]
    assert any("arrival" not in url and "ages=5&ages=10" in url for url in urls)


# --- The offer ----------------------------------------------------------------------------------
def test_a_family_sees_its_price_by_age_and_adds_a_date(client: Client):
    offer = factories.an_activity(adult="18", child="9")
    slot = factories.a_slot(offer, SUNDAY, time(9, 30))

    page = show(client, offer, **DUPONT)

    text = text_of(page)
    assert "Adulte, 2 × €18" in text
    assert "Enfant, 2 × €9" in text
    assert "Total €54.00" in text
    assert "9:30 am" in text
    [form] = fields_of(page)
    assert form == {
        "offer": [str(offer.pk)],
        "slot": [str(slot.pk)],
        "adults": ["2"],
        "ages": ["5,10"],
        "shown_amount": ["54.00"],
        "next": [show(client, offer, **DUPONT).wsgi_request.get_full_path()],
    }
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_too_young_ones_are_left_out_and_it_is_said(client: Client):
    offer = factories.an_activity(adult="36", child="24", min_age=8)
    factories.a_slot(offer, SUNDAY)

    page = show(client, offer, **DUPONT)

    assert "From 8 years: without 1 child (5 years old)" in text_of(page)
    [form] = fields_of(page)
    assert form["ages"] == ["10"]
    assert form["shown_amount"] == ["96.00"]


@pytest.mark.parametrize("where", ["offer", "list"])
def test_who_is_too_young_for_a_workshop_still_comes_along(client: Client, where):
    offer = factories.an_activity(adult="36", child="24", min_age=8)
    factories.a_slot(offer, SUNDAY)
    page = show(client, offer, **DUPONT) if where == "offer" else listing(client, **DUPONT)

    assert client.post(address("booking:line-add"), fields_of(page)[0]).status_code == 303

    basket = Basket.objects.get()
    assert [row["age"] for row in basket.people] == [None, None, 5, 10]
    assert len(basket.lines.get().people) == 3
    beds = client.get(address("booking:stays"))
    assert (beds.context["search"]["adults"], beds.context["search"]["ages"]) == (2, [5, 10])


def test_a_basket_of_produce_remembers_who_comes(client: Client):
    offer = factories.a_produce()
    factories.a_slot(offer, SUNDAY)
    [form] = fields_of(show(client, offer, **DUPONT))

    client.post(address("booking:line-add"), form)

    assert [row["age"] for row in Basket.objects.get().people] == [None, None, 5, 10]
    assert Basket.objects.get().lines.get().people == []


def test_nobody_is_invented_who_was_not_told(client: Client):
    offer = factories.a_produce()
    factories.a_slot(offer, SUNDAY)

    client.post(address("booking:line-add"), fields_of(show(client, offer))[0])

    assert Basket.objects.get().people == []


@pytest.mark.parametrize(
    "forged", [{"party_adults": "1000"}, {"party_adults": "x"}, {"party_ages": "5,,"}]
)
def test_a_forged_party_is_nobody(client: Client, forged):
    offer = factories.a_produce()
    factories.a_slot(offer, SUNDAY)
    [form] = fields_of(show(client, offer))

    assert client.post(address("booking:line-add"), {**form, **forged}).status_code == 303
    assert Basket.objects.get().people == []


WRONG_PARTIES = [
    {"adults": 6, "children": 2, "ages": ["", 12]},
    {"adults": 99},
    {"adults": 0, "children": 1, "ages": [5]},
    {"children": 2},
    {"adults": "x"},
    # Without script: only the fields of the ages are asked for.
    {"adults": 2, "children": 2, "update": 1},
]


@pytest.mark.parametrize("party", WRONG_PARTIES)
def test_a_party_with_a_mistake_has_no_price_and_no_button(client: Client, party):
    offer = factories.an_activity(adult="36", child="24")
    factories.a_slot(offer, SUNDAY)

    page = show(client, offer, **party)

    assert fields_of(page) == []
    assert "€72" not in text_of(page)
    assert page.context["panel"]["quote"] is None
    # The dates stay, and so does what was typed.
    assert "Sunday 11 July" in text_of(page)
    assert fields_of(listing(client, **party)) == []


@pytest.mark.parametrize("party", WRONG_PARTIES[:3])
def test_a_mistake_of_the_address_is_no_matter_for_a_stay_or_for_pieces(client: Client, party):
    box = factories.a_produce()
    factories.a_slot(box, SUNDAY)
    assert len(fields_of(show(client, box, **party))) == 1

    with_basket(client, factories.a_basket(None, None))
    offer = factories.an_activity()
    factories.a_slot(offer, SUNDAY)
    [form] = fields_of(show(client, offer, **party))
    assert form["people"] == ["p1", "p2"]


def test_people_of_the_stay_are_ticked_where_their_age_allows(client: Client):
    offer = factories.an_activity(adult="36", child="24", min_age=8)
    factories.a_slot(offer, SUNDAY)
    with_basket(client, factories.a_basket(None, None, 5, 10))

    proposed = show(client, offer)
    chosen = show(client, offer, who=1, people=["p1", "p4"])
    wrong = show(client, offer, who=1, people=["p1", "p3"])
    nobody = show(client, offer, who=1)

    assert fields_of(proposed)[0]["people"] == ["p1", "p2", "p4"]
    assert "not for this age" in text_of(proposed)
    assert fields_of(chosen)[0]["people"] == ["p1", "p4"]
    assert fields_of(chosen)[0]["shown_amount"] == ["60.00"]
    assert "Not for every age of your party" in text_of(wrong)
    assert not fields_of(wrong)
    assert "Choose at least one person" in text_of(nobody)
    assert client.post(address("booking:line-add"), fields_of(chosen)[0]).status_code == 303


def test_other_people_than_those_of_the_stay_may_come(client: Client):
    offer = factories.an_activity(adult="36", child="24")
    factories.a_slot(offer, SUNDAY)
    with_basket(client, factories.a_basket(None, None))

    page = client.get(show(client, offer).context["others_url"].partition("#")[0])
    more = show(client, offer, others=1, adults=3)

    assert page.status_code == 200
    assert fields_of(more)[0]["adults"] == ["3"]


def test_what_is_left_is_told_in_words(client: Client):
    offer = factories.an_activity()
    day = iter(SUNDAY + timedelta(days=number) for number in range(6))
    plenty = factories.a_slot(offer, next(day), capacity=10)
    few = factories.a_slot(offer, next(day), capacity=10)
    last_two = factories.a_slot(offer, next(day), capacity=2)
    held = factories.a_slot(offer, next(day), capacity=1)
    sold = factories.a_slot(offer, next(day), capacity=5)
    closed = factories.a_slot(offer, next(day), capacity=5)
    hold(offer, few, 7)
    hold(offer, held, 1)
    Slot.objects.filter(pk=sold.pk).update(sold=5)
    Slot.objects.filter(pk=closed.pk).update(is_closed=True, closed_reason="Storm")

    page = show(client, offer, **WEEK, adults=3)

    slots = [slot for row in page.context["panel"]["days"] for slot in row["slots"]]
    words = {int(slot["id"].removeprefix("slot-")): slot["words"] for slot in slots}
    assert words[plenty.pk] == "Places left"
    assert words[few.pk] == "Only 3 places left"
    assert "Only 2 left" in words[last_two.pk]
    assert "Others are booking the last ones" in words[held.pk]
    assert words[sold.pk] == "Sold out"
    # Why is for its host, the office and whoever booked it.
    assert words[closed.pk] == "Closed"
    assert "Storm" not in text_of(page)
    addable = {int(form["slot"][0]) for form in fields_of(page)}
    assert addable == {plenty.pk, few.pk}


def test_no_date_in_the_stay_leads_to_the_next_one(client: Client):
    offer = factories.an_activity()
    factories.a_slot(offer, NEXT_SATURDAY + timedelta(days=3))

    page = show(client, offer, **DUPONT)
    later = client.get(page.context["next_url"].partition("#")[0])

    assert "Nothing on these days. The next date is Tuesday 20 July" in text_of(page)
    assert fields_of(later)[0]["ages"] == ["5,10"]


def test_a_long_list_of_dates_goes_on_on_the_next_page(client: Client):
    offer = factories.an_activity()
    for number in range(28):
        factories.a_slot(offer, SUNDAY + timedelta(days=number))

    page = show(client, offer, arrival=SUNDAY, departure=SUNDAY + timedelta(days=30))
    rest = client.get(page.context["later_url"].partition("#")[0])

    assert len(fields_of(page)) == 10
    assert days_of(rest)[0] == SUNDAY + timedelta(days=10)
    assert days_of(rest)[-1] == SUNDAY + timedelta(days=19)


def test_dates_that_are_rare_are_listed_however_far_they_are(client: Client):
    offer = factories.an_activity()
    for number in range(12):
        factories.a_slot(offer, SUNDAY + timedelta(weeks=number))

    page = show(client, offer)

    assert days_of(page) == [SUNDAY + timedelta(weeks=number) for number in range(10)]
    assert page.context["panel"]["later"] == SUNDAY + timedelta(weeks=10)


def test_a_day_of_many_dates_is_never_cut_in_two(client: Client):
    offer = factories.an_activity()
    for number in range(12):
        factories.a_slot(offer, SUNDAY, at=time(8 + number))
    factories.a_slot(offer, SUNDAY + timedelta(days=1))

    page = show(client, offer)
    rest = client.get(page.context["later_url"].partition("#")[0])

    assert len(fields_of(page)) == 12
    assert days_of(rest) == [SUNDAY + timedelta(days=1)]
    assert rest.context["later_url"] == ""


def test_another_date_is_gone_to_and_keeps_the_party(client: Client):
    offer = factories.an_activity()
    for number in range(28):
        factories.a_slot(offer, SUNDAY + timedelta(days=number))
    asked = SUNDAY + timedelta(days=20)

    page = show(client, offer, **DUPONT)
    other = page.context["other_day"]
    query = urlencode([*other["kept"], ("from", asked.isoformat())])
    there = client.get(f"{other['action'].partition('#')[0]}?{query}")

    assert days_of(there)[0] == asked
    assert fields_of(there)[0]["ages"] == ["5,10"]
    assert there.context["other_day"]["passed"] is None


def test_another_date_on_which_there_is_nothing_says_so_and_shows_the_next(client: Client):
    offer = factories.an_activity()
    factories.a_slot(offer, SUNDAY + timedelta(days=3))

    page = client.get(
        address("booking:experience-offer", offer.slug, language="en"), {"from": SUNDAY.isoformat()}
    )

    assert days_of(page) == [SUNDAY + timedelta(days=3)]
    assert "Nothing on Sunday 11 July: here are the next dates." in text_of(page)


@pytest.mark.parametrize("typed", ["31/02/2027", "demain", "9999999", "0001-01-01"])
def test_another_date_that_is_none_is_told_beside_its_field(client: Client, typed: str):
    offer = factories.an_activity()
    factories.a_slot(offer, SUNDAY)

    page = client.get(
        address("booking:experience-offer", offer.slug, language="en"), {"from": typed}
    )

    assert page.status_code == 200
    assert days_of(page) == [SUNDAY]
    assert "This date doesn’t exist. Write it as 31/12/2026." in text_of(page)
    assert f'value="{typed}"' in page.content.decode()


def test_produce_is_bought_by_the_piece(client: Client):
    offer = factories.a_produce(price="25")
    slot = factories.a_slot(offer, SUNDAY)

    page = show(client, offer, **WEEK, quantity=3)

    text = text_of(page)
    assert "€75 3 pieces" in text
    assert "When to fetch it" in text
    [form] = fields_of(page)
    assert form["quantity"] == ["3"]
    assert form["slot"] == [str(slot.pk)]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_an_option_taken_is_in_the_price(client: Client):
    offer = factories.an_activity(adult="30", child=None)
    factories.a_slot(offer, SUNDAY)
    Supplement.objects.create(
        offer=offer, code="repas", name="Repas", basis="person", amount=16, kind="meal"
    )

    [form] = fields_of(show(client, offer, **WEEK, adults=2, option_repas=1))

    assert form["shown_amount"] == ["92.00"]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_who_may_see_it(client: Client):
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    shown = factories.an_activity(commune=beside)
    factories.a_slot(shown, SUNDAY)
    draft = factories.an_activity(state=Offer.State.DRAFT)
    paused = factories.an_activity(state=Offer.State.PAUSED)

    page = show(client, shown)

    assert "beside the Velay" in text_of(page)
    assert not fields_of(page)
    assert show(client, draft).status_code == 404
    assert show(client, paused).status_code == 410


def test_only_the_offers_of_the_page_are_priced_and_all_of_them_counted(
    client: Client, monkeypatch
):
    for number in range(15):
        offer = factories.an_activity(min_age=4 if number else 12, max_age=None if number else 14)
        factories.a_slot(offer, SUNDAY)
    priced: list[Offer] = []
    quote = experience_search.quote_places

    def count_priced(offer, *args):
        priced.append(offer)
        return quote(offer, *args)

    monkeypatch.setattr(experience_search, "quote_places", count_priced)

    second = listing(client, **WEEK, adults=1, ages=[5], page=2)

    assert "14 things to do" in text_of(second)
    assert len(second.context["cards"]) == len(priced) == 2


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    offers = [factories.an_activity() for _number in range(14)]
    for offer in offers:
        factories.a_slot(offer, SUNDAY)
    basket = factories.a_basket(None, 5)

    with django_assert_max_num_queries(14):
        listing(client, **DUPONT)
    with django_assert_max_num_queries(14):
        show(client, offers[0], **DUPONT)
    with django_assert_max_num_queries(16):
        show(with_basket(client, basket), offers[0])
