"""Days of a month and rows of slots, written at once: what they say, everything escaped."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import override

from booking.templatetags.date_tags import month_rows, slot_row
from oti.lib.dates import PARIS

DAY = date(2027, 7, 10)


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def a_day(**fields: Any) -> dict[str, Any]:
    return {"date": DAY, "state": "free", **fields}


@pytest.mark.parametrize(
    ("fields", "css", "words"),
    [
        ({}, "d d--free", "free, no arrival that day"),
        ({"is_arrival": True}, "d d--free d--arrival", "free, arrival possible"),
        ({"state": "full"}, "d d--full", "sold out"),
        ({"state": "closed"}, "d d--closed", "closed"),
        ({"state": "past"}, "d d--past", "past"),
        ({"selection": "from", "is_arrival": True}, "d d--free d--arrival d--from", "arrival"),
        ({"selection": "in", "state": "full"}, "d d--full d--in", "in your stay"),
        ({"selection": "to", "reason": "Fair"}, "d d--free d--to", "departure: Fair"),
    ],
)
def test_a_day_says_its_state_by_its_class_and_in_words(
    fields: dict[str, Any], css: str, words: str
):
    html = month_rows([[a_day(**fields), None]])

    assert f'class="{css}"' in html
    assert f'10<span class="vh"> July 2027, {words}</span>' in html
    assert ('aria-current="date"' in html) == ("selection" in fields)
    assert html.endswith("<td></td></tr>")


def test_a_day_that_can_be_chosen_is_a_link():
    html = month_rows([[a_day(url='/en/?a=1&q="><b>', reason="<b>")]])
    assert 'href="/en/?a=1&amp;q=&quot;&gt;&lt;b&gt;"' in html
    assert "&lt;b&gt;</span></a>" in html
    assert "<b>" not in html


def test_a_row_of_a_slot_is_escaped_whatever_was_shown_before():
    slot = {
        "id": "slot-1",
        "starts_at": datetime(2027, 7, 10, 14, tzinfo=PARIS),
        "ends_at": datetime(2027, 7, 10, 16, tzinfo=PARIS),
        "words": mark_safe("<i>2</i> left"),
        "kind": "ok",
        "is_full": False,
        "add": {"url": "/en/add/", "fields": [("next", '"><b>')]},
    }
    assert "<i>2</i> left" in slot_row(slot, DAY, "token", shows_day=True)

    html = slot_row({**slot, "words": "<i>2</i> left"}, DAY, "token", shows_day=True)

    assert "&lt;i&gt;2&lt;/i&gt; left" in html
    assert 'value="&quot;&gt;&lt;b&gt;"' in html
    assert "<b>Saturday 10\u00a0July</b>" in html
    assert "Saturday 10\u00a0July, 2\u00a0pm</span></button>" in html
