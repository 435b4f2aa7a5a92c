"""Several questions in one statement find what each would have found alone."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from booking.models import Offer, PriceRule, Supplement, Unit
from destination.models import Commune
from destination.models.territory import PoleMembership, pole_by_commune, poles_on
from oti.lib.memo import Reading, forget_everything, read_again, read_ahead, remembered_reading
from oti.lib.together import Question, Written, read_together
from tests import factories
from tests.cast import NOW, TODAY

DAY = TODAY


def questions() -> tuple[Question, ...]:
    return (
        Unit.objects.select_related("tariff", "offer__commune").order_by("-pk"),
        # Ranges, weekdays and amounts keep their types.
        PriceRule.objects.order_by("pk"),
        Supplement.objects.none(),
        Commune.objects.order_by("-name").values_list("slug", "latitude"),
        Offer.objects.annotate(rooms=Count("units")).order_by("pk"),
        PoleMembership.objects.filter(pk=-1),
        Offer.objects.order_by("commune_id", "pk").distinct("commune_id").values("pk"),
        Written("SELECT %(word)s::text, %(day)s::date", 2, {"word": "50 % d’été", "day": DAY}),
    )


@pytest.mark.django_db
def test_each_question_finds_what_it_would_alone() -> None:
    for _number in range(3):
        factories.a_lodging(now=NOW)
    with CaptureQueriesContext(connection) as asked:
        units, rules, none, communes, offers, nobody, firsts, written = read_together(*questions())
    assert len(asked) == 1

    with CaptureQueriesContext(connection) as later:
        assert all(unit.offer.commune.name and unit.tariff for unit in units)
    assert len(later) == 0
    assert [row.dates.lower for row in rules] == [
        row.dates.lower for row in PriceRule.objects.order_by("pk")
    ]
    assert (none, nobody) == ([], [])
    assert [one.rooms for one in offers] == [
        one.rooms for one in Offer.objects.annotate(rooms=Count("units")).order_by("pk")
    ]
    alone: list[Any] = [list(one.all()) for one in questions() if not isinstance(one, Written)]
    assert [units, rules, none, communes, offers, nobody, firsts] == alone
    assert written == [("50 % d’été", DAY)]


@pytest.mark.django_db
def test_nothing_asked_is_nothing_found() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert read_together() == []
        assert read_together(Commune.objects.none(), Offer.objects.none()) == [[], []]
    assert len(asked) == 0


@pytest.fixture
def _remembering(settings: Any, cloned_database: str) -> None:
    settings.REMEMBER_SECONDS = 30


@pytest.mark.usefixtures("_remembering")
def test_what_is_read_ahead_is_not_asked_again() -> None:
    factories.a_lodging(now=NOW)
    forget_everything()
    with CaptureQueriesContext(connection) as asked:
        (communes,) = read_ahead(
            poles_on.of(DAY),
            pole_by_commune.of(DAY),
            beside=[Commune.objects.values_list("pk", flat=True)],
        )
        assert [pole.slug for pole in poles_on(DAY)]
        assert set(pole_by_commune(DAY)) <= set(communes)
    assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        assert read_ahead(poles_on.of(DAY), pole_by_commune.of(DAY)) == []
        assert poles_on(DAY)
    assert len(asked) == 0


@pytest.mark.usefixtures("_remembering")
def test_a_page_that_says_why_something_was_refused_reads_again() -> None:
    poles_on(DAY)
    with read_again(), CaptureQueriesContext(connection) as asked:
        read_ahead(poles_on.of(DAY))
        poles_on(DAY)
    assert len(asked) == 1


@pytest.mark.django_db
def test_inside_a_transaction_nothing_is_read_ahead() -> None:
    calls = []

    @remembered_reading()
    def numbers() -> Reading[int]:
        calls.append(1)
        return Reading(Commune.objects.all(), len)

    read_ahead(numbers.of())
    assert calls == []
    assert numbers() == Commune.objects.count()
    assert numbers.__doc__ is None
