"""My stay: adding, the thread, the hold, and every way to be told no without losing anything."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from booking.access import BASKET_COOKIE
from booking.basket import renew_holds
from booking.models import Basket, BasketLine, Closure, Stay, Supplement
from booking.stay_view import view_basket
from tests import factories
from tests.booking.pages import (
    TOTAL,
    a_week,
    address,
    body,
    carry,
    dupont_stay,
    hold_place,
    hold_week,
    linen,
)
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
MY_STAY = "booking:my-stay"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
    factories.package_form()


def asked(gite, **fields):
    """Return the form of an offer's page for the Duponts' week."""
    form = {
        "offer": gite.pk,
        "unit": gite.units.first().pk,
        "arrival": "2027-07-10",
        "departure": "2027-07-17",
        "adults": "2",
        "ages": "5,10",
    }
    return {name: value for name, value in {**form, **fields}.items() if value is not None}


# --- Adding -----------------------------------------------------------------------------------
def test_empty_stay_leads_to_beds_and_things_to_do(client: Client):
    page = client.get(address(MY_STAY))

    assert page.status_code == 200
    assert address("booking:stays") in body(page)
    assert address("booking:experiences") in body(page)
    assert 'content="noindex"' in body(page)
    assert "no-store" in page["Cache-Control"]


def test_visitor_adds_a_week_and_finds_it_on_the_thread(client: Client):
    offer = a_week()

    answer = client.post(address("booking:line-add"), asked(offer, shown_amount="775.40"))

    assert answer.status_code == 303
    assert answer.url == address(MY_STAY)
    assert BasketLine.objects.count() == 1
    assert client.cookies[BASKET_COOKIE]["httponly"]
    page = body(client.get(address(MY_STAY)))
    assert "The Narces Cottage" in page
    assert "is in your stay, held for you until 10:15 am" in page
    assert "Everything is held for you until 10:15 am." in page
    assert "€775.40" in page
    assert "of which €15.40 of tourist tax" in page
    assert address("booking:checkout") in page


def test_ages_come_as_one_field_for_each_child_too(client: Client):
    form = asked(a_week(), ages=["5", "10"], children="2")

    assert client.post(address("booking:line-add"), form).status_code == 303
    assert [row["age"] for row in Basket.objects.get().people] == [None, None, 5, 10]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"arrival": "2027-07-17", "departure": "2027-07-10"}, "The departure must come after"),
        ({"arrival": "2027-02-31"}, "This date doesn't exist"),
        ({"arrival": "2027-03-01", "departure": "2027-03-08"}, "This date has passed"),
        ({"arrival": "2029-07-10", "departure": "2029-07-17"}, "aren't open yet"),
        ({"arrival": "", "departure": ""}, "Choose an arrival and a departure"),
        ({"adults": "0", "ages": "5"}, "At least one adult"),
        ({"adults": "2", "ages": ",".join(["5"] * 99)}, "20 persons at most online"),
        ({"adults": "2", "ages": "5,,10"}, "Give the age of each child"),
        ({"adults": "2", "children": "3", "ages": "5,10"}, "Give the age of each child"),
        ({"adults": "2", "ages": "25"}, "An age is a whole number from 0 to 17"),
        ({"adults": "7", "ages": ""}, "6 persons at most here"),
        ({"adults": "two"}, "Write the number of adults in figures"),
        ({"adults": "99"}, "20 persons at most online"),
        ({"offer": "999999"}, "isn't sold online"),
        ({"offer": ""}, "This offer no longer exists"),
        ({"unit": "999999"}, "This offer has no such lodging"),
        ({"option_wings": "1"}, "One of the options isn't offered here"),
        ({"option_menage": "many"}, "One of the options isn't offered here"),
    ],
)
def test_bad_input_is_told_in_words_and_writes_nothing(client: Client, fields, message):
    offer = a_week()

    answer = client.post(address("booking:line-add"), asked(offer, **fields))

    assert 400 <= answer.status_code < 500
    assert message in body(answer)
    assert not BasketLine.objects.exists()
    assert not Stay.objects.exists()


def test_short_stay_is_told_how_many_nights_at_least(client: Client):
    offer = a_week(min_stay=3)
    form = asked(offer, departure="2027-07-11")

    assert "3 nights at least." in body(client.post(address("booking:line-add"), form))


def test_bed_taken_meanwhile_is_told_with_what_is_free_on_these_dates(client: Client):
    offer = a_week()
    hold_week(factories.a_basket(), offer)

    answer = client.post(address("booking:line-add"), asked(offer))

    assert answer.status_code == 409
    page = body(answer)
    assert "It was taken in the meantime" in page
    search = f"{address('booking:stays')}?arrival=2027-07-10&departure=2027-07-17"
    assert f"{search}&adults=2&children=2&ages=5&ages=10" in page
    assert BasketLine.objects.count() == 1


def test_other_price_than_shown_is_offered_to_be_accepted(client: Client):
    offer = a_week()

    answer = client.post(address("booking:line-add"), asked(offer, shown_amount="700.00"))

    assert answer.status_code == 409
    assert "The price changed from €700.00 to €775.40" in body(answer)
    assert '<input type="hidden" name="shown_amount" value="775.40">' in body(answer)
    assert not BasketLine.objects.exists()
    again = client.post(address("booking:line-add"), asked(offer, shown_amount="775.40"))
    assert again.status_code == 303


def test_who_takes_part_can_be_chosen_when_ages_do_not_fit(client: Client):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())
    lace = factories.an_activity(min_age=8)
    slot = factories.a_slot(lace, date(2027, 7, 12))
    form = {"offer": lace.pk, "slot": slot.pk, "people": ["p1", "p2", "p3", "p4"]}

    page = body(client.post(address("booking:line-add"), form))

    assert 'name="people" value="p4" checked' in page
    assert 'name="people" value="p3" checked' not in page
    form["people"] = ["p1", "p2", "p4"]
    assert client.post(address("booking:line-add"), form).status_code == 303
    assert basket.lines.last().quantity == 3


def test_two_things_at_the_same_time_are_refused_then_accepted_knowingly(client: Client):
    basket = carry(client, factories.a_basket())
    hold_place(basket, "First stitches of lace")
    other = factories.an_activity()
    slot = factories.a_slot(other, date(2027, 7, 12), time(15))
    form = {"offer": other.pk, "slot": slot.pk, "people": ["p1", "p2"]}

    answer = client.post(address("booking:line-add"), form)

    assert answer.status_code == 409
    assert 'name="overlap_ok" value="1"' in body(answer)
    assert basket.lines.count() == 1
    accepted = client.post(address("booking:line-add"), {**form, "overlap_ok": "1"})
    assert accepted.status_code == 303
    assert basket.lines.count() == 2


@pytest.mark.parametrize(
    ("came_from", "is_kept"),
    [
        ("/en/stay/offer-1/?arrival=2027-07-10", True),
        ("https://elsewhere.example.org/", False),
        ("//elsewhere.example.org/", False),
        ("javascript:alert(1)", False),
    ],
)
def test_way_back_leads_to_this_site_only(client: Client, came_from, is_kept):
    form = asked(a_week(), departure="2027-07-01", next=came_from)

    page = body(client.post(address("booking:line-add"), form))

    assert (f'href="{came_from}"' in page) is is_kept


def test_htmx_gets_the_reasons_alone(client: Client):
    form = asked(a_week(), departure="2027-07-01")

    answer = client.post(address("booking:line-add"), form, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert body(answer).strip().startswith('<div class="alert alert--err"')
    assert "The departure must come after the arrival." in body(answer)


def test_produce_is_added_by_quantity(client: Client):
    box = factories.a_produce(price="25")
    slot = factories.a_slot(box, date(2027, 7, 12))
    form = {"offer": box.pk, "slot": slot.pk, "quantity": "3"}

    assert client.post(address("booking:line-add"), form).status_code == 303
    assert BasketLine.objects.get().shown_amount == Decimal("75.00")
    page = body(client.get(address(MY_STAY)))
    assert "× 3" in page
    assert "(empty)" not in page


@pytest.mark.parametrize("quantity", ["0", "-1", "100", "1.5", "lots"])
def test_impossible_quantity_is_refused(client: Client, quantity):
    box = factories.a_produce()
    slot = factories.a_slot(box, date(2027, 7, 12))

    answer = client.post(
        address("booking:line-add"), {"offer": box.pk, "slot": slot.pk, "quantity": quantity}
    )

    assert answer.status_code in {409, 422}
    assert not BasketLine.objects.exists()


def test_what_is_taken_out_is_named(client: Client):
    basket = carry(client, factories.a_basket())
    hold_place(basket, "Lace")
    url = address("booking:line-remove", basket.lines.get().pk)

    assert "“Lace” is no longer in your stay." in body(client.post(url, follow=True))
    assert "It is no longer in your stay." in body(client.post(url, follow=True))


# --- Whose basket -----------------------------------------------------------------------------
def test_forged_key_finds_no_basket(client: Client):
    basket = dupont_stay(client)
    client.cookies[BASKET_COOKIE] = f"{basket.token}:forged"

    page = body(client.get(address(MY_STAY)))

    assert "The Narces Cottage" not in page
    assert client.post(address("booking:hold-extend")).status_code == 404


def test_line_of_another_basket_can_be_neither_seen_nor_taken_out(client: Client):
    foreign = factories.a_basket()
    hold_place(foreign, "Not yours")
    theirs = foreign.lines.get()
    own = carry(client, factories.a_basket())
    hold_place(own, "Yours", day=15)

    seen = client.get(address("booking:line-edit", theirs.pk))
    client.post(address("booking:line-remove", theirs.pk))
    accepted = client.post(address("booking:line-accept", theirs.pk), follow=True)

    assert seen.status_code == 303
    assert foreign.lines.filter(pk=theirs.pk).exists()
    assert "This line is no longer in your stay." in body(accepted)


# --- The thread -------------------------------------------------------------------------------
def test_thread_shows_each_day_the_total_and_who_is_paid(
    client: Client, django_assert_max_num_queries
):
    dupont_stay(client)

    with django_assert_max_num_queries(30):
        page = body(client.get(address(MY_STAY)))

    for day in range(10, 18):
        assert f'id="jour-2027-07-{day}"' in page
    assert "€1,063.40" in page
    assert "One payment, for 4 providers of the area" in page
    assert "Free cancellation until Saturday 26 June, 3 pm." in page
    assert "Leave The Narces Cottage by this hour" in page
    # A free day invites to look for that day.
    assert f"{address('booking:ideas')}?day=2027-07-11" in page


def test_far_apart_things_leave_no_months_of_empty_days_between_them(client: Client):
    basket = carry(client, factories.a_basket())
    hold_place(basket, "In July", day=12)
    offer = factories.an_activity()
    slot = factories.a_slot(offer, date(2027, 5, 1))
    client.post(address("booking:line-add"), {"offer": offer.pk, "slot": slot.pk, "people": ["p1"]})

    page = body(client.get(address(MY_STAY)))

    assert page.count('class="day"') == 2


def test_tax_paid_on_site_stands_beside_the_total(client: Client):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week(provider=factories.a_provider(is_professional=True)))

    page = body(client.get(address(MY_STAY)))

    assert "Tourist tax, paid on site" in page
    assert "€15.40" in page
    assert "€760.00" in page


# --- The hold ---------------------------------------------------------------------------------
def test_press_keeps_everything_a_quarter_of_an_hour_more(client: Client):
    dupont_stay(client)

    answer = client.post(address("booking:hold-extend"), follow=True)

    assert "Everything is held for you until 10:30 am." in body(answer)


def test_hold_can_be_extended_ten_times_and_says_when_no_more(client: Client):
    basket = dupont_stay(client)
    for _press in range(10):
        client.post(address("booking:hold-extend"))
    basket.refresh_from_db()
    assert basket.expires_at == NOW + timedelta(minutes=165)

    page = body(client.post(address("booking:hold-extend"), follow=True))

    assert "It can't be kept longer than that." in page
    assert "It cannot be extended any more." in page


def test_lapsed_stay_is_kept_and_asked_for_again(client: Client, at):
    basket = dupont_stay(client)
    at(NOW + timedelta(minutes=16))

    page = body(client.get(address(MY_STAY)))

    assert "Your places are no longer held." in page
    assert "The Narces Cottage" in page
    assert f'href="{address("booking:checkout")}"' not in page
    again = body(client.post(address("booking:hold-renew"), follow=True))
    assert "Everything is held for you again." in again
    assert "held for you until 10:31 am" in again
    assert view_basket(basket, now=NOW + timedelta(minutes=16)).can_check_out


def test_a_lapsed_line_is_changed_without_saying_that_it_is_held(client: Client, at):
    basket = dupont_stay(client)
    bed = basket.lines.get(unit__isnull=False)
    workshop = basket.lines.filter(slot__isnull=False, offer__kind="workshop").first()
    stays_held = "What you have stays held"
    assert stays_held in body(client.get(address("booking:line-edit", bed.pk)))
    at(NOW + timedelta(minutes=16))

    page = body(client.get(address("booking:line-edit", bed.pk)))
    assert stays_held not in page
    assert "It is no longer held for you" in page
    assert f'value="{bed.arrival:%Y-%m-%d}"' in page

    slot, offer = workshop.slot, workshop.offer
    own = f'name="slot" value="{slot.pk}" checked'
    page = body(client.get(address("booking:line-edit", workshop.pk)))
    assert own in page
    assert "can no longer be had" not in page

    factories.a_slot(offer, slot.day + timedelta(days=7), capacity=20)
    type(slot).objects.filter(pk=slot.pk).update(sold=slot.capacity)
    page = body(client.get(address("booking:line-edit", workshop.pk)))
    assert "can no longer be had. Choose another date." in page
    assert own not in page


def test_a_line_is_moved_within_the_days_that_have_a_bed(client: Client):
    basket = dupont_stay(client)
    workshop = basket.lines.get(offer__kind="workshop")

    def days_shown() -> list[int]:
        page = client.get(address("booking:line-edit", workshop.pk))
        return [(one.slot.day - SATURDAY).days for one in page.context["slots"]]

    own = (workshop.slot.day - SATURDAY).days
    for day in (-3, 9):
        factories.a_slot(workshop.offer, SATURDAY + timedelta(days=day), capacity=20)
    # Nothing else during the stay: what is around it may be what they come for.
    assert days_shown() == [-3, own, 9]
    for day in (0, 7):
        factories.a_slot(workshop.offer, SATURDAY + timedelta(days=day), capacity=20)
    assert days_shown() == [0, own, 7]
    # Without a bed every day is as good as another.
    basket.lines.get(unit__isnull=False).delete()
    assert days_shown() == [-3, 0, own, 7, 9]


def test_what_is_gone_stays_on_the_thread_and_is_not_counted(client: Client, at):
    basket = dupont_stay(client)
    later = NOW + timedelta(minutes=16)
    at(later)
    gite = basket.lines.get(unit__isnull=False)
    hold_week(factories.a_basket(), gite.offer, now=later)

    page = body(client.post(address("booking:hold-renew"), follow=True))

    assert "What can still be had is held again." in page
    assert "The Narces Cottage" in page
    assert "Sold out" in page
    assert "not counted" in page
    assert "1 line is not counted." in page
    assert "€288.00" in page
    assert "See what is free on these dates" in page
    assert "Your places are no longer held." not in page
    assert "Leave The Narces Cottage" not in page
    assert "Everything is held for you until 10:31 am." in page
    assert f'href="{address("booking:checkout")}"' in page


def test_new_price_is_shown_beside_the_old_one_and_accepted(client: Client):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)
    factories.a_season(gite.offer, SATURDAY, NEXT_SATURDAY, "110")

    page = body(client.get(address(MY_STAY)))
    assert "The price changed from €775.40 to €845.40" in page
    assert "Accept €845.40" in page
    assert f'href="{address("booking:checkout")}"' not in page

    page = body(client.post(address("booking:line-accept", gite.pk), follow=True))
    assert "€1,133.40" in page
    assert f'href="{address("booking:checkout")}"' in page


# --- Changing ---------------------------------------------------------------------------------
def test_change_keeps_the_place_of_the_line_and_tells_the_new_price(client: Client):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)
    form = asked(gite.offer, departure="2027-07-16")

    answer = client.post(address("booking:line-edit", gite.pk), form, follow=True)

    gite.refresh_from_db()
    assert (gite.position, gite.departure) == (1, date(2027, 7, 16))
    assert "€673.20 instead of €775.40" in body(answer)
    assert Stay.objects.filter(line=gite).count() == 1


def test_refused_change_keeps_what_was_held_and_what_was_typed(client: Client):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)
    unit = gite.unit
    Closure.objects.create(unit=unit, dates=(date(2027, 7, 20), date(2027, 7, 25)), reason="Works")

    answer = client.post(
        address("booking:line-edit", gite.pk),
        asked(gite.offer, arrival="2027-07-18", departure="2027-07-25", ages=["5", "11"]),
    )

    assert answer.status_code == 409
    page = body(answer)
    assert "<title>Error:" in page
    assert 'value="2027-07-18"' in page
    assert '<option value="11" selected>' in page
    stay = Stay.objects.get(line=gite)
    assert (stay.dates.lower, stay.dates.upper) == (SATURDAY, NEXT_SATURDAY)


def test_impossible_dates_stand_beside_their_field(client: Client):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)

    page = body(
        client.post(
            address("booking:line-edit", gite.pk),
            asked(gite.offer, arrival="2027-07-17", departure="31/02/2027"),
        )
    )

    assert 'id="edit-departure_error"' in page
    assert 'href="#edit-departure"' in page
    assert 'value="31/02/2027"' in page


def test_without_script_the_ages_are_asked_by_the_form_itself(client: Client):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)
    form = asked(gite.offer, ages="", children="3", update="1")

    page = body(client.post(address("booking:line-edit", gite.pk), form))

    assert page.count('name="ages"') == 3 + 1  # and the model that the script copies
    gite.refresh_from_db()
    assert len(gite.people) == 4


def test_slot_and_persons_of_a_workshop_change(client: Client):
    basket = dupont_stay(client)
    lace = basket.lines.get(offer__kind="workshop")
    other = factories.a_slot(lace.offer, date(2027, 7, 15))

    page = body(client.get(address("booking:line-edit", lace.pk)))
    assert f'name="slot" value="{other.pk}"' in page
    form = {"offer": lace.offer_id, "slot": other.pk, "people": ["p1", "p4"]}
    assert client.post(address("booking:line-edit", lace.pk), form).status_code == 303

    lace.refresh_from_db()
    assert (lace.slot_id, lace.people, lace.shown_amount) == (
        other.pk,
        ["p1", "p4"],
        Decimal("48.00"),
    )


def test_workshop_without_anybody_is_refused_beside_the_persons(client: Client):
    basket = dupont_stay(client)
    lace = basket.lines.get(offer__kind="workshop")

    answer = client.post(
        address("booking:line-edit", lace.pk), {"offer": lace.offer_id, "slot": lace.slot_id}
    )

    assert answer.status_code == 409
    assert "Choose at least one person." in body(answer)
    lace.refresh_from_db()
    assert len(lace.people) == 4


def test_option_is_added_by_changing_the_line(client: Client):
    offer = a_week()
    Supplement.objects.create(
        offer=offer,
        code="linge",
        name="Draps",
        name_en="Linen",
        basis="item",
        amount=12,
        max_quantity=6,
    )
    basket = carry(client, factories.a_basket())
    hold_week(basket, offer)
    line = basket.lines.get()

    page = body(client.get(address("booking:line-edit", line.pk)))
    assert 'name="option_linge"' in page
    client.post(address("booking:line-edit", line.pk), asked(offer, option_linge="4"))

    line.refresh_from_db()
    assert line.shown_amount == Decimal("823.40")


def test_line_is_taken_out_once_however_often_one_clicks(client: Client):
    basket = dupont_stay(client)
    lace = basket.lines.get(offer__kind="workshop")

    first = client.post(address("booking:line-remove", lace.pk))
    second = client.post(address("booking:line-remove", lace.pk))

    assert first.status_code == second.status_code == 303
    assert basket.lines.count() == 3


def test_pages_of_a_change_ask_few_questions(client: Client, django_assert_max_num_queries):
    basket = dupont_stay(client)
    for line in basket.lines.all():
        with django_assert_max_num_queries(30):
            assert client.get(address("booking:line-edit", line.pk)).status_code == 200


# --- While paying, and after ------------------------------------------------------------------
def test_stay_whose_payment_is_under_way_says_so_and_can_be_taken_back(client: Client):
    basket = dupont_stay(client)
    order = order_from(basket)

    page = body(client.get(address(MY_STAY)))

    assert "A payment is under way for this stay." in page
    assert address("booking:payment-retry", order.reference) in page
    assert address("booking:order-reopen", order.reference) in page
    assert address("booking:line-remove", basket.lines.first().pk) not in page
    changed = client.post(address("booking:line-remove", basket.lines.first().pk), follow=True)
    assert "A payment is under way for this stay." in body(changed)
    assert basket.lines.count() == 4
    edited = client.get(address("booking:line-edit", basket.lines.first().pk))
    assert edited.status_code == 303


def test_nothing_is_added_to_a_stay_being_paid(client: Client):
    basket = dupont_stay(client)
    order_from(basket)
    box = factories.a_produce()
    slot = factories.a_slot(box, date(2027, 7, 12))

    answer = client.post(
        address("booking:line-add"), {"offer": box.pk, "slot": slot.pk, "quantity": "1"}
    )

    assert answer.status_code == 409
    assert 'id="under-way"' in body(answer)
    assert basket.lines.count() == 4


def test_after_paying_the_stay_is_empty_and_leads_to_the_order(client: Client, bank: FakeBank):
    order = paid_order(dupont_stay(client), bank)
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")

    page = body(client.get(address(MY_STAY)))

    assert "The Narces Cottage" not in page
    assert address("booking:trip", order.reference) in page
    assert order.total_amount == TOTAL


@pytest.mark.parametrize(
    "name", ["line-add", "hold-extend", "hold-renew", "line-remove", "line-accept"]
)
def test_what_changes_something_is_never_a_link(client: Client, name):
    args = [1] if name.startswith("line-") and name != "line-add" else []

    assert client.get(address(f"booking:{name}", *args)).status_code == 405


# --- What is one's own, what was chosen -------------------------------------------------------
def test_a_second_click_on_the_same_bed_says_that_it_is_yours(client: Client):
    offer = a_week()
    client.post(address("booking:line-add"), asked(offer))
    line = BasketLine.objects.get()

    answer = client.post(address("booking:line-add"), asked(offer, departure="2027-07-15"))

    page = body(answer)
    assert answer.status_code == 409
    assert "It is in your stay already." in page
    assert "taken in the meantime" not in page
    assert "It was not added" not in page
    assert f'href="{address(MY_STAY)}#ligne-{line.pk}"' in page
    assert BasketLine.objects.get() == line


def test_the_same_persons_in_the_same_bed_are_told_so_too(client: Client):
    offer = a_week()
    client.post(address("booking:line-add"), asked(offer))
    keys = [row["key"] for row in Basket.objects.get().people]

    page = body(client.post(address("booking:line-add"), asked(offer, people=keys)))

    assert "It is in your stay already." in page


def test_a_lapsed_line_had_again_by_another_line_is_not_said_gone(client: Client, at):
    offer = a_week()
    client.post(address("booking:line-add"), asked(offer))
    lapsed = BasketLine.objects.get()
    later = NOW + timedelta(minutes=20)
    at(later)
    client.post(address("booking:line-add"), asked(offer))

    told = renew_holds(Basket.objects.get(), now=later)

    assert [(one.code, one.line) for one in told] == [("already_yours", lapsed.pk)]


def test_somebody_busy_is_led_to_the_line_that_keeps_them(client: Client):
    basket = carry(client, factories.a_basket())
    hold_place(basket, "Solange’s table", kind="meal", day=14, hour=19)
    dinner = BasketLine.objects.get()
    care = factories.a_childcare()
    slot = factories.a_slot(care, date(2027, 7, 14), time(18), capacity=40)
    form = {"offer": care.pk, "slot": slot.pk, "ages": "5,10"}

    page = body(client.post(address("booking:line-add"), form))

    assert "At the same time as" in page
    assert f'href="{address("booking:line-edit", dinner.pk)}#edit-people"' in page
    assert "Change who takes part in “Solange’s table”" in page


def test_options_that_were_chosen_stand_on_their_line_the_cleaning_does_not(client: Client):
    offer = a_week()
    linen(offer)
    client.post(address("booking:line-add"), asked(offer, option_draps="2"))

    page = body(client.get(address(MY_STAY)))

    assert "Options: Draps × 2" in page
    assert "Options: Draps × 2" in body(client.get(address("booking:checkout")))


def test_taxes_are_not_said_included_where_one_is_paid_on_site(client: Client):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week(provider=factories.a_provider(is_professional=True)))

    page = body(client.get(address(MY_STAY)))

    assert "All taxes included" not in page
    assert ">taxes included" not in page
    assert "Taxes included, but not the tourist tax paid on site." in page
    checkout = body(client.get(address("booking:checkout")))
    assert "Total, taxes included" not in checkout
    assert "Total, without the tourist tax paid on site" in checkout


def test_far_too_many_ages_are_too_many_persons(client: Client):
    offer = a_week()

    for ages in ("5," * 500, ",".join(["5"] * 500)):
        page = body(client.post(address("booking:line-add"), asked(offer, ages=ages)))
        assert "20 persons at most online" in page
        assert "Give the age of each child" not in page
