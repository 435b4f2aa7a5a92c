"""What a process remembers: for some seconds, never inside a transaction, never too much."""

from collections.abc import Collection
from datetime import date, datetime

import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django.utils.translation import get_language, override

from booking.models import Order, TouristTaxTariff
from booking.quoting import TaxBook
from destination.models.territory import poles_on
from oti.lib.memo import forget_everything, read_again, remembered, remembered_each
from tests import factories
from tests.booking.pages import address, body, checkout_form, dupont_stay
from tests.cast import NOW, FakeBank

DAY = date(2027, 4, 6)


class Counted:
    """A function that counts its calls."""

    def __init__(self, most: int = 64) -> None:
        self.calls = 0

        @remembered(most=most, ignoring=("now",))
        def ask(number: int, *, now: datetime | None = None) -> int:
            self.calls += 1
            return number

        self.ask = ask


@pytest.fixture
def _remembering(settings, cloned_database: str) -> None:
    settings.REMEMBER_SECONDS = 30


@pytest.mark.usefixtures("_remembering")
def test_an_answer_is_kept_by_its_arguments_and_the_language() -> None:
    counted = Counted()
    assert [counted.ask(1), counted.ask(1), counted.ask(2)] == [1, 1, 2]
    assert counted.calls == 2
    counted.ask(1, now=timezone.now())
    assert counted.calls == 2
    with override("en"):
        counted.ask(1)
    assert counted.calls == 3


@pytest.mark.usefixtures("_remembering")
def test_an_answer_without_words_is_the_same_in_every_language() -> None:
    calls: list[int] = []

    @remembered(by_language=False)
    def ask(number: int) -> int:
        calls.append(number)
        return number

    ask(1)
    with override("en"):
        assert ask(1) == 1
    assert calls == [1]


class Rows:
    """A function that finds rows by their ids, those below ten, and notes what it was asked."""

    def __init__(self, most: int = 64) -> None:
        self.asked: list[list[int]] = []

        @remembered_each(most=most)
        def load(ids: Collection[int]) -> dict[int, str]:
            self.asked.append(list(ids))
            return {pk: f"{get_language()} {pk}" for pk in ids if pk < 10}

        self.load = load


@pytest.mark.usefixtures("_remembering")
def test_rows_are_kept_one_by_one_and_by_language() -> None:
    rows = Rows()
    with override("fr"):
        assert rows.load([1, 2]) == {1: "fr 1", 2: "fr 2"}
        assert rows.load([2, 3, 99]) == {2: "fr 2", 3: "fr 3"}
        assert rows.load([1, 3]) == {1: "fr 1", 3: "fr 3"}
        rows.load([99])
    with override("en"):
        assert rows.load([1]) == {1: "en 1"}
    assert rows.asked == [[1, 2], [3, 99], [99], [1]]


@pytest.mark.usefixtures("_remembering")
def test_rows_are_read_anew_where_it_matters() -> None:
    rows = Rows(most=2)
    rows.load([1])
    with transaction.atomic():
        rows.load([1])
    with read_again():
        rows.load([1])
    rows.load([1])
    assert rows.asked == [[1]] * 3
    rows.load([2, 3])
    rows.load([1])
    assert rows.asked[3:] == [[2, 3], [1]]
    forget_everything()
    rows.load([1])
    assert rows.asked[5:] == [[1]]


@pytest.mark.usefixtures("_remembering")
def test_inside_a_transaction_nothing_is_remembered() -> None:
    counted = Counted()
    counted.ask(1)
    with transaction.atomic():
        counted.ask(1)
        counted.ask(1)
    assert counted.calls == 3


@pytest.mark.usefixtures("_remembering")
def test_only_the_newest_answers_are_kept() -> None:
    counted = Counted(most=2)
    for number in (1, 2, 3, 1):
        counted.ask(number)
    assert counted.calls == 4


def test_zero_seconds_remember_nothing(settings, cloned_database: str) -> None:
    settings.REMEMBER_SECONDS = 0
    counted = Counted()
    counted.ask(1)
    counted.ask(1)
    assert counted.calls == 2


@pytest.mark.usefixtures("_remembering")
def test_what_sells_reads_the_tariff_of_the_tax_as_it_is_now() -> None:
    offer = factories.a_lodging()
    shown = TaxBook().terms_for(offer)
    assert shown.tariffs
    offer.commune.epci.tax_tariffs.all().delete()
    assert TaxBook().terms_for(offer) == shown
    with transaction.atomic():
        assert TaxBook().terms_for(offer).tariffs == ()


@pytest.mark.usefixtures("_remembering")
def test_poles_are_read_once() -> None:
    factories.a_perimeter()
    day = timezone.localdate()
    first = poles_on(day)
    assert first
    assert poles_on(day) is first


@pytest.mark.usefixtures("_remembering")
def test_what_is_read_again_is_remembered_from_then_on() -> None:
    counted = Counted()
    counted.ask(1)
    with read_again():
        counted.ask(1)
    counted.ask(1)
    assert counted.calls == 2


@pytest.mark.usefixtures("_remembering")
def test_price_that_an_order_refused_is_shown_as_it_is_now(
    client: Client, at, bank: FakeBank
) -> None:
    at(NOW)
    factories.terms()
    factories.package_form()
    basket = dupont_stay(client)
    checkout = address("booking:checkout")
    # Another test's papers may still be remembered.
    with read_again():
        assert "1,063.40" in body(client.get(checkout))
    TouristTaxTariff.objects.update(value=F("value") * 2)

    refused = client.post(checkout, checkout_form(basket))

    # The new price is to be accepted on the page of the stay, which knows it too.
    assert (refused.status_code, refused["Location"]) == (303, address("booking:my-stay"))
    view = client.get(refused["Location"]).context["view"]
    assert [one.code for line in view.lines for one in line.troubles] == ["price_changed"]
    assert not Order.objects.exists()
