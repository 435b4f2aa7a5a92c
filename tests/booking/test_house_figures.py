"""What a house sold: counted from what was really bought, and kept month by month for comparing."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.host_refunds import refund_line
from booking.house_figures import figures_of
from booking.house_months import keep_house_months, middle_of_pole
from booking.models import Closure, HouseMonth, Offer, Order, OrderLine, Slot, Stay, SubOrder
from booking.rules.occupancy import Counts
from booking.rules.periods import month_of, season_of, year_of
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import Provider
from tests import factories
from tests.booking.pages import paid_stay
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
JULY = month_of(2027, 7)
LONG_BEFORE = datetime(2025, 1, 1, tzinfo=NOW.tzinfo)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    found = paid_stay(bank)
    Offer.objects.update(created_at=LONG_BEFORE)
    return found


def house_of(order: Order, kind: str) -> Provider:
    return order.lines.get(kind=kind).sub_order.provider


def taken_elsewhere(unit, first: date, nights: int) -> None:
    span = DateRange(first, first + timedelta(days=nights))
    Stay.objects.create(unit=unit, dates=span, state=Stay.State.BLOCKED, is_imported=True)


def test_nights_are_told_apart_by_who_took_them(order: Order):
    unit = order.lines.get(kind="lodging").unit
    taken_elsewhere(unit, date(2027, 7, 17), 3)
    taken_elsewhere(unit, date(2027, 7, 30), 4)
    Closure.objects.create(
        unit=unit, dates=DateRange(date(2027, 7, 1), date(2027, 7, 5)), reason="x"
    )

    found = figures_of(house_of(order, "lodging"), JULY)

    assert found.nights.total == Counts(open=27, here=7, elsewhere=5, closed=4)
    assert found.nights.total.percent == 44
    assert [part.counts.here for part in found.nights.parts] == [0, 2, 5, 0, 0]
    assert found.places is None
    assert (found.stays, found.average_stay, found.bookings) == (1, Decimal("7.0"), 1)
    assert found.languages == (("fr", 1),)
    assert (found.gross, found.to_come) == (Decimal("760.00"), Decimal("760.00"))


def test_what_was_chosen_in_the_widget_is_told_apart(order: Order):
    OrderLine.objects.update(channel="widget")

    lodging, meal = (figures_of(house_of(order, kind), JULY) for kind in ("lodging", "meal"))

    assert (lodging.nights.total.here, lodging.nights.total.widget) == (0, 7)
    assert (meal.places.total.here, meal.places.total.widget) == (0, 4)


def test_places_are_counted_in_persons(order: Order):
    found = figures_of(house_of(order, "meal"), JULY)

    assert found.nights is None
    assert found.places.total == Counts(open=10, here=4)
    assert (found.fill, found.gross) == (40, Decimal("96.00"))
    slot = order.lines.get(kind="meal").slot
    Slot.objects.filter(pk=slot.pk).update(is_closed=True)
    # Nobody else may come: what is sold was all that was open.
    assert figures_of(house_of(order, "meal"), JULY).places.total == Counts(open=4, here=4)


def test_places_sold_without_an_order_of_ours_were_sold_otherwise(order: Order):
    slot = order.lines.get(kind="meal").slot
    Slot.objects.filter(pk=slot.pk).update(sold=7)
    found = figures_of(house_of(order, "meal"), JULY)
    assert found.places.total == Counts(open=10, here=4, elsewhere=3)
    assert found.fill == found.places.total.percent == 70


def test_what_is_cancelled_counts_no_more(order: Order):
    for kind in ("lodging", "meal"):
        line = order.lines.get(kind=kind)
        cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=NOW)
        order.refresh_from_db()
        found = figures_of(house_of(order, kind), JULY)
        assert not found.is_sold, kind
        assert (found.gross, found.to_come, found.stays) == (0, 0, 0)


def test_what_a_host_gives_back_is_no_revenue(order: Order):
    line = order.lines.get(kind="lodging")
    for given, left in (("100", "760"), ("60", "660")):
        refund_line(
            line, Decimal(given), shown_left=Decimal(left), reason="x", actor=SYSTEM, now=NOW
        )
    assert figures_of(house_of(order, "lodging"), JULY).gross == Decimal("600.00")
    # Others keep all of theirs.
    assert figures_of(house_of(order, "meal"), JULY).gross == Decimal("96.00")


@pytest.mark.parametrize("kind", ["lodging", "meal"])
def test_what_a_cancellation_leaves_is_the_houses(order: Order, kind: str):
    line = order.lines.get(kind=kind)
    # The day before: the rule gives nothing, or a part of it.
    late = line.starts_at - timedelta(hours=20)
    cancel_lines(order, [line.pk], basis="policy", reason="Late", actor=SYSTEM, now=late)

    found = figures_of(house_of(order, kind), JULY)

    share = SubOrder.objects.get(order=order, provider=house_of(order, kind))
    assert found.gross == share.gross_amount > 0
    assert figures_of(house_of(order, kind), month_of(2027, 8)).gross == 0


def test_other_periods_and_other_houses_know_nothing_of_it(order: Order):
    assert not figures_of(house_of(order, "lodging"), month_of(2027, 8)).is_sold
    assert figures_of(house_of(order, "lodging"), season_of(2027, "ete")).nights.total.here == 7
    assert figures_of(house_of(order, "lodging"), year_of(2027)).nights.total.here == 7
    assert not figures_of(factories.a_provider(), JULY).is_sold


def test_a_house_is_read_with_few_questions(order: Order, django_assert_max_num_queries):
    house = house_of(order, "lodging")
    with django_assert_max_num_queries(9):
        figures_of(house, year_of(2027))


# --- Kept month by month -------------------------------------------------------------------------
def test_kept_months_count_as_a_houses_own_page_does(order: Order):
    line = order.lines.get(kind="lodging")
    taken_elsewhere(line.unit, date(2027, 6, 29), 4)
    for first, last in (((7, 5), (7, 12)), ((7, 8), (7, 20)), ((5, 30), (6, 2))):
        span = DateRange(date(2027, *first), date(2027, *last))
        Closure.objects.create(unit=line.unit, dates=span, reason="x")
    second = factories.a_lodging(provider=line.offer.provider, now=None)
    Offer.objects.filter(pk=second.pk).update(created_at=datetime(2027, 6, 11, tzinfo=NOW.tzinfo))
    gone = factories.a_lodging(provider=line.offer.provider, state=Offer.State.ARCHIVED)
    taken_elsewhere(gone.units.get(), date(2027, 5, 3), 2)

    keep_house_months(now=NOW)
    keep_house_months(now=NOW + timedelta(days=1))

    for kind, family in (("lodging", "nights"), ("meal", "places"), ("workshop", "places")):
        house = house_of(order, kind)
        rows = HouseMonth.objects.filter(provider=house, family=family)
        assert rows.exists()
        for row in rows:
            own = figures_of(house, month_of(row.month.year, row.month.month))
            total = (own.nights or own.places).total
            assert (row.open_count, row.taken_count) == (total.open, total.taken), row.month


def test_a_house_that_sells_no_more_is_counted_no_more(order: Order):
    keep_house_months(now=NOW)
    house = house_of(order, "lodging")
    Provider.objects.filter(pk=house.pk).update(state="suspended", enrolment="suspended")
    keep_house_months(now=NOW + timedelta(days=1))
    assert not HouseMonth.objects.filter(provider=house).exists()
    assert HouseMonth.objects.exists()


def neighbours(count: int) -> list[Provider]:
    """Make houses with one lodging each, of which every one has three nights more in July."""
    found = []
    for number in range(count):
        offer = factories.a_lodging()
        taken_elsewhere(offer.units.get(), date(2027, 7, 1), 3 * (number + 1))
        found.append(offer.provider)
    Offer.objects.update(created_at=LONG_BEFORE)
    keep_house_months(now=NOW)
    return found


def test_middle_is_told_where_five_others_stand_behind_it():
    houses = neighbours(6)
    mine = houses[0]

    def middle(house=mine, own=None, period=JULY):
        return middle_of_pole(house, "nights", period, own=own or {house.pk}, now=NOW)

    # Of 10, 20, 29, 39, 48 and 58 percent, to five points.
    assert middle() == 30
    # Everybody reads the same.
    assert middle(houses[5]) == 30
    # Who has two of the houses has only four others.
    assert middle(own={houses[0].pk, houses[1].pk}) is None
    assert middle(period=season_of(2027, "ete")) == 15
    assert middle_of_pole(mine, "places", JULY, own={mine.pk}, now=NOW) is None


def test_middle_is_not_told_of_few_houses_nor_beside_the_perimeter():
    houses = neighbours(5)
    assert middle_of_pole(houses[0], "nights", JULY, own={houses[0].pk}, now=NOW) is None
    beside = factories.a_provider(
        commune=factories.a_commune("Aubenas", insee="07019", inside=False)
    )
    assert middle_of_pole(beside, "nights", JULY, own=(), now=NOW) is None


def test_childcare_is_counted_in_children(bank: FakeBank):
    care = factories.a_childcare()
    slot = factories.a_slot(care, date(2027, 7, 12), time(14), capacity=40)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=care.pk, slot_id=slot.pk, ages=(4, 7)), now=NOW)
    paid_order(basket, bank)

    found = figures_of(care.provider, JULY)
    # 27 fortieths of the carer are left: room for three of any age.
    assert found.places.total == Counts(open=5, here=2)
    assert found.fill == 33
