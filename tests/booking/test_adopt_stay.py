"""Taking a whole stay: every line as any other add, nothing twice, what is refused is told."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client

from booking.adopting import adopt_stay
from booking.basket import remove_line
from booking.models import Basket, BasketLine, Offer, ReadyStay, Slot, Stay
from booking.packages import standing_of
from booking.planning import Party, Shelf
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket

pytestmark = pytest.mark.django_db
SUNDAY = SATURDAY + timedelta(days=1)
COUPLE = {"arrival": SATURDAY.isoformat(), "adults": 2}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def thing(title: str, day: date = SUNDAY, at: time = time(14), *, capacity=10, **fields) -> Offer:
    offer = factories.an_activity(title=title, title_en=title, **fields)
    factories.a_slot(offer, day, at, capacity=capacity)
    return offer


def a_stay() -> ReadyStay:
    """Make a stay: a gîte, lace, a basket of lentils."""
    stay = factories.a_ready_stay()
    factories.a_ready_step(stay, 1, factories.a_lodging(now=NOW, title_en="The cottage"))
    factories.a_ready_step(stay, 2, thing("Lace"))
    lentils = factories.a_produce(title_en="Lentils")
    factories.a_slot(lentils, SUNDAY, time(10))
    factories.a_ready_step(stay, 2, lentils, who="stay")
    return stay


def form_of(client: Client, stay: ReadyStay, **query: Any) -> dict[str, list[str]]:
    page = client.get(address("booking:ready-stay", stay.slug, **{**COUPLE, **query}))
    [form] = fields_of(page, "/my-stay/adopt/")
    return form


def adopt(client: Client, form: dict[str, Any]):
    return client.post(address("booking:stay-adopt"), form)


def test_a_stay_is_held_line_by_line_at_the_price_shown(client: Client):
    answer = adopt(client, form_of(client, a_stay()))

    assert answer.status_code == 303
    basket = Basket.objects.get()
    assert basket.lines.count() == 3
    assert Stay.objects.get().state == "held"
    view = client.get(address("booking:my-stay")).context["view"]
    assert view.can_check_out
    assert not view.troubles


def test_a_stay_taken_whole_is_a_package_whatever_its_share(client: Client):
    factories.package_form("en")
    stay = a_stay()
    # 64 euros beside 700: less than a quarter.
    page = client.get(address("booking:ready-stay", stay.slug, **COUPLE))
    assert "the tourist office answers to you for all of it" in text_of(page)

    adopt(client, form_of(client, stay))

    basket = Basket.objects.get()
    standing = standing_of(view_basket(basket, now=NOW), language="en", now=NOW)
    assert standing.verdict.reason == "sold_as_package"
    assert "It is sold as one stay." in text_of(client.get(address("booking:my-stay")))
    # The bed alone of such a stay is none.
    for line in basket.lines.filter(unit__isnull=True):
        remove_line(basket, line.pk, now=NOW)
    assert not standing_of(view_basket(basket, now=NOW), language="en", now=NOW).is_package


def test_a_package_that_nobody_may_sell_is_told_before_it_is_taken(client: Client):
    page = client.get(address("booking:ready-stay", a_stay().slug, **COUPLE))
    assert "which the office can't sell online yet" in text_of(page)


def test_asked_for_twice_nothing_is_doubled(client: Client):
    form = form_of(client, a_stay())
    adopt(client, form)
    again = adopt(client, form)

    assert again.status_code == 303
    assert BasketLine.objects.count() == 3
    page = client.get(address("booking:my-stay"))
    assert "nothing was added twice" in text_of(page)


def test_a_double_press_of_a_new_visitor_opens_one_basket(client: Client):
    form = form_of(client, a_stay())
    # Both presses leave before the cookie of the first answer comes back.
    cookies = client.cookies["csrftoken"].value
    for _press in range(2):
        browser = Client()
        browser.cookies["csrftoken"] = cookies
        assert adopt(browser, form).status_code == 303

    assert Basket.objects.count() == 1
    assert BasketLine.objects.count() == 3


def test_the_key_of_a_page_opens_nothing_in_another_browser(client: Client):
    form = form_of(client, a_stay())
    adopt(client, form)
    stranger = Client()

    adopt(stranger, form)

    mine, theirs = Basket.objects.order_by("pk")
    assert mine.lines.count() == 3
    assert not set(mine.lines.values_list("pk", flat=True)) & set(
        theirs.lines.values_list("pk", flat=True)
    )


def test_a_line_that_went_meanwhile_is_told_with_something_instead(client: Client):
    form = form_of(client, a_stay())
    Slot.objects.filter(offer__title_en="Lace").update(sold=10)
    other = thing("Baskets of willow", at=time(15))

    answer = adopt(client, form)

    assert answer.status_code == 409
    text = text_of(answer)
    assert "Nearly all of it is yours" in text
    assert "Sold out" in text
    assert "Baskets of willow" in text
    assert Basket.objects.get().lines.count() == 2
    [instead] = fields_of(answer)
    assert client.post(address("booking:line-add"), instead).status_code == 303
    assert BasketLine.objects.filter(offer=other).exists()


def test_a_bed_that_went_meanwhile_is_told_with_another_one(client: Client):
    stay = a_stay()
    form = form_of(client, stay)
    first = Offer.objects.get(title_en="The cottage")
    other = factories.a_lodging(now=NOW, title_en="The other house", sleeps=2)
    factories_hold(first)

    answer = adopt(client, form)

    assert answer.status_code == 409
    assert "The other house" in text_of(answer)
    [instead] = fields_of(answer)
    assert client.post(address("booking:line-add"), instead).status_code == 303
    assert BasketLine.objects.filter(offer=other).exists()


def factories_hold(offer: Offer) -> None:
    """Let somebody else hold the week."""
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None,),
    )
    assert adopt_stay(factories.a_basket(), [request], now=NOW).added


def test_a_price_that_changed_meanwhile_is_not_taken_silently(client: Client):
    form = form_of(client, a_stay())
    Offer.objects.get(title_en="Lace").bands.update(amount=99)

    answer = adopt(client, form)

    assert answer.status_code == 409
    assert "The price changed from" in text_of(answer)
    assert not BasketLine.objects.filter(offer__title_en="Lace").exists()
    # It is one press away at its new price, for the same persons.
    [again] = fields_of(answer)
    assert client.post(address("booking:line-add"), again).status_code == 303
    line = BasketLine.objects.get(offer__title_en="Lace")
    assert line.shown_amount == 198
    assert len(Basket.objects.get().people) == 2


def test_it_joins_what_is_in_the_basket_and_clashes_are_told(client: Client):
    stay = a_stay()
    form = form_of(client, stay)
    basket = factories.a_basket()
    concert = thing("Concert", at=time(15))
    request = LineRequest(offer_id=concert.pk, slot_id=concert.slots.get().pk, ages=(None, None))
    adopt_stay(basket, [request], now=NOW)

    answer = adopt(with_basket(client, basket), form)

    assert answer.status_code == 409
    assert "Concert" in text_of(answer)
    basket.refresh_from_db()
    assert basket.lines.count() == 3
    # They are the same two persons.
    assert len(basket.people) == 2


def test_an_older_page_leaves_a_frozen_stay_alone(client: Client):
    form = form_of(client, a_stay())
    basket = factories.a_basket()
    Basket.objects.filter(pk=basket.pk).update(state="frozen")

    answer = adopt(with_basket(client, basket), form)

    assert answer.status_code == 409
    assert "A payment is under way" in text_of(answer)
    assert not basket.lines.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"line": []},
        {"line": ["", "1", "a.b.c.d.e.f.g.h", "1.1.1.2027-13-45..1.1.0", "9" * 400]},
        {"line": ["1.0.1.2027-13-45..1.100.0"]},
        {"line": ["999999999999999999.0.999999999999999999...1.100.0"]},
        {"line": ["1.0.0...1.100.99"]},
        {"line": ["1.1.0...1.100.0-0-0"]},
        {"line": ["1.0.1...1.100.0"] * 60},
        {"adults": "0"},
        {"adults": "x", "ages": "y"},
        {"adults": "99"},
        {"key": "forged"},
        {"back": "https://elsewhere.example/"},
        {"back": "//elsewhere.example/"},
    ],
)
def test_nonsense_is_told_and_never_breaks(client: Client, change: dict[str, Any]):
    form = form_of(client, a_stay())

    answer = adopt(client, {**form, **change})

    assert answer.status_code in {303, 409}
    assert "elsewhere" not in answer.get("Location", "")
    assert "elsewhere" not in answer.content.decode()


def test_archived_offers_are_refused(client: Client):
    form = form_of(client, a_stay())
    Offer.objects.update(state="archived")

    answer = adopt(client, form)

    assert answer.status_code == 409
    assert "It could not be had" in text_of(answer)
    assert not BasketLine.objects.exists()


def test_what_a_shelf_says_can_be_had_is_what_the_basket_takes(db):
    """A party's persons are found again by the basket under the same names."""
    lace = thing("Lace", min_age=8)
    party = Party.of((None, None, 5, 10), None)
    shelf = Shelf(party, NOW)
    shelf.load_offers([lace.pk])
    shelf.load_dates([lace.pk], [SUNDAY])
    able = [key for key in party.keys if key != party.children[0]]

    [part], _troubles = shelf.things(lace, SUNDAY, able)
    basket = factories.a_basket()
    found = adopt_stay(basket, [part.request(party.ages)], now=NOW)

    [line] = found.added
    assert line.people == able
    assert len(basket.people) == 4
    assert line.shown_amount == part.quote.total
