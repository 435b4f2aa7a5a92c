"""`load_scale`: a large destination that sells, and whose search table tells the truth."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking import search_table
from booking.availability import StaySearch, search_stays
from booking.experience_search import search_experiences
from booking.models import Offer, Slot, Stay, Unit, UnitDay
from oti.demo.scale.ground import Scale, ScaleError
from oti.demo.scale.loading import load_scale
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of
from tests import factories

pytestmark = pytest.mark.django_db

HORIZON = 45


@pytest.fixture(autouse=True)
def _short_horizon(settings) -> None:
    settings.SEARCH_HORIZON_DAYS = HORIZON


def load(**options: object) -> str:
    told = StringIO()
    call_command("load_scale", stdout=told, **{"lodgings": 47, "activities": 8, **options})
    return told.getvalue()


def drawn(*, seed: int) -> list[tuple[int, date, int, int]]:
    """Return the table of a destination that leaves nothing behind."""
    with transaction.atomic():
        load(lodgings=20, activities=0, horizon=14, seed=seed)
        first = Unit.objects.order_by("pk").values_list("pk", flat=True)[0]
        rows = UnitDay.objects.order_by("unit_id", "day").values_list(
            "unit_id", "day", "free_run", "price_cents"
        )
        found = [(unit - first, day, run, cents) for unit, day, run, cents in rows]
        transaction.set_rollback(True)
    return found


def test_the_table_written_by_sql_says_what_the_rules_say() -> None:
    load()
    assert UnitDay.objects.count() == 47 * (HORIZON + 1)
    assert search_table.find_drift(today=day_of(timezone.now())) == []
    assert Stay.objects.filter(state=Stay.State.BLOCKED).count() > 20


def test_the_table_in_summer_knows_saturdays_and_weeks(at) -> None:
    now = at("2027-06-20 09:00")
    load_scale(Scale(lodgings=40, activities=1, horizon=HORIZON, sold_share=0.3, seed=3), now=now)
    assert search_table.find_drift(today=day_of(now)) == []
    assert UnitDay.objects.filter(arrival_ok=False).exists()
    assert UnitDay.objects.filter(min_stay=7).exists()


def test_what_was_loaded_is_found_priced_and_shown(client: Client) -> None:
    load(sold_share=0.2)
    now = timezone.now()
    arrival = day_of(now) + 10 * ONE_DAY
    found = search_stays(
        StaySearch(arrival=arrival, departure=arrival + 2 * ONE_DAY, adults=2), now=now
    )
    assert found.count > 5
    assert all(one.quote.total > 0 for one in found.results)
    doings = search_experiences(kinds=["activity", "workshop"], now=now)
    assert doings.count > 3
    for page, offer in (
        ("booking:stay-offer", found.results[0].offer),
        ("booking:experience-offer", doings.results[0].offer),
    ):
        assert client.get(reverse(page, args=[offer.slug])).status_code == 200


def test_the_same_seed_gives_the_same_destination_and_another_one_another() -> None:
    first, again, other = drawn(seed=7), drawn(seed=7), drawn(seed=8)
    assert first == again
    assert first != other
    assert len(first) == 20 * 15
    assert len({run for _unit, _day, run, _cents in first}) > 3


def test_a_second_load_is_refused_and_changes_nothing() -> None:
    load()
    before = (Unit.objects.count(), Offer.objects.count(), Slot.objects.count())
    with pytest.raises(CommandError, match="empty database"):
        load()
    assert before == (Unit.objects.count(), Offer.objects.count(), Slot.objects.count())


@pytest.mark.parametrize(
    "wrong",
    [
        {"lodgings": 0},
        {"lodgings": 10**9},
        {"activities": -1},
        {"horizon": HORIZON + 1},
        {"horizon": 0},
        {"sold_share": 1.5},
        {"seed": -1},
    ],
)
def test_a_size_without_sense_is_refused_with_a_word(wrong: dict[str, object]) -> None:
    with pytest.raises(CommandError, match="--"):
        load(**wrong)
    assert not Unit.objects.exists()


def test_in_production_a_selling_site_needs_a_yes(settings) -> None:
    settings.IS_PRODUCTION = True
    offer = factories.a_lodging()
    with pytest.raises(CommandError, match="--yes"):
        load()
    assert list(Offer.objects.all()) == [offer]
    load(yes=True, lodgings=3, activities=0)
    assert Offer.objects.count() == 4


def test_a_scale_checks_itself_before_it_writes() -> None:
    with pytest.raises(ScaleError):
        load_scale(
            Scale(lodgings=5, activities=0, horizon=14, sold_share=2, seed=1), now=timezone.now()
        )
