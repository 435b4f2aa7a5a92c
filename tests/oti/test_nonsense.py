"""Every parameter of every page that searches, with anything in it: no page breaks."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.cast import NOW, SATURDAY, TODAY
from tests.destination.cms import a_home
from tests.pages import address

pytestmark = pytest.mark.django_db
PAGES = [
    "booking:stays",
    "booking:experiences",
    "booking:map",
    "booking:compose",
    "booking:ready-stays",
    "booking:ideas",
    "site-search",
    "events:agenda",
    "events:agenda-ics",
    "destination:map-ground",
]
NAMES = [
    "q",
    "kind",
    "page",
    "pole",
    "commune",
    "near",
    "arrival",
    "departure",
    "day",
    "month",
    "from",
    "first_day",
    "last_day",
    "adults",
    "children",
    "ages",
    "type",
    "features",
    "season",
    "sort",
    "price",
    "layers",
    "view",
    "with",
    "free",
    "when",
    "wish",
    "pace",
    "budget",
    "stay",
    "other",
    "off",
    "update",
    "others",
    "quantity",
    "options",
    "theme",
    "version",
]
# What breaks readers of numbers, of days, of texts, and the database behind them.
ODD = [
    *("", " ", "0", "-1", "x", "1.5", "1e400", "NaN", "²", "٣", "9" * 40, "2147483648"),
    *("\0", "a\0b", "\ud83d", "😀", "\u202eabc", "%", "%00", "' OR 1=1 --", "<script>", "é" * 3000),
    *("0000-00-00", "0001-01-01", "9999-12-31", "2027-02-30", "2027-13", "31/12/2027", "now"),
    *("../..", "[]", "{}", "null", "true", "1-1", "1-" + "9" * 50, "__proto__", "&&", "(((", "\n"),
]
GOOD = {
    "arrival": [f"{SATURDAY}"],
    "departure": [f"{SATURDAY + timedelta(days=7)}"],
    "adults": ["2"],
    "q": ["gîte"],
}
QUERIES = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=20), max_size=3),
    max_size=len(NAMES),
)


@pytest.fixture(autouse=True)
def _something_to_find(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()
    a_home("fr")
    a_home("en")
    factories.a_lodging(now=NOW)
    factories.a_slot(factories.an_activity(), SATURDAY, time(10))
    factories.rental_days(factories.a_rental(), TODAY + timedelta(days=3), 3)


def assert_answers(client: Client, name: str, query: dict[str, Any]) -> None:
    encoded = {
        key: [one.encode("utf-8", "surrogatepass") for one in values]
        for key, values in query.items()
    }
    answer = client.get(address(name, **encoded))
    # A list of one month stands at its own address; nothing is at one with a zero byte in it.
    has_zero = any("\0" in one for values in query.values() for one in values)
    allowed = {200, 302, 404} if has_zero else {200, 302}
    assert answer.status_code in allowed, (name, query)


@pytest.mark.parametrize("name", PAGES)
def test_the_same_nonsense_everywhere(client: Client, name: str):
    for odd in ODD:
        assert_answers(client, name, {one: [odd] for one in NAMES})


@pytest.mark.long
@settings(max_examples=6, suppress_health_check=list(HealthCheck), deadline=None)
@given(query=QUERIES, is_asked_well=st.booleans())
def test_any_nonsense_anywhere(client: Client, query: dict[str, list[str]], is_asked_well: bool):
    # Beside good dates the rest is read too.
    asked = {**GOOD, **query} if is_asked_well else query
    for name in PAGES:
        assert_answers(client, name, asked)
