"""Pages that are only read: an offer's, and the list of what is free at three sizes."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.goods import address_of, doing_pages, free_nights
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.lib.dates import today as day_of

OFFERS = 100
SEARCHES = 60
RESULTS = 12
COMPOSED = 40


def offer_page(copy: Copy) -> list[Line]:
    """Look at an offer: lodgings with dates and prices, things to do, in equal parts."""
    who = visitor(copy)
    stays = [one.address for one in free_nights(OFFERS + 10)]
    doings = doing_pages(OFFERS + 10)
    lodging = in_turn(copy, "lodging", lambda page: [expect(who.get(page), 200)], stays)
    doing = in_turn(copy, "doing", lambda page: [expect(who.get(page), 200)], doings)
    line = mean("offer_page", [lodging, doing])
    line.more |= {"lodging_cpu_ms": lodging.cpu_ms, "doing_cpu_ms": doing.cpu_ms}
    return [line]


def mean(name: str, lines: list[Line]) -> Line:
    """Return the mean of lines with as many operations each."""
    count = len(lines)

    def of(attribute: str) -> float:
        return sum(getattr(one, attribute) or 0 for one in lines) / count

    return Line(
        scenario=name,
        cpu_ms=of("cpu_ms"),
        sql=of("sql"),
        sql_ms=of("sql_ms"),
        p50_ms=of("p50_ms"),
        p95_ms=max(one.p95_ms or 0 for one in lines),
        wall_s=sum(one.wall_s or 0 for one in lines),
        errors=sum(one.errors for one in lines),
        more={"operations": sum(one.more["operations"] for one in lines)},
    )


def search(copy: Copy) -> list[Line]:
    """Ask for free lodgings with full prices, other dates each time; twelve are shown."""
    today = day_of(timezone.now())
    path = address_of("booking:stays")
    pages = []
    for number in range(SEARCHES + 10):
        arrival = today + timedelta(days=7 + number % 80)
        departure = arrival + timedelta(days=2 + number % 6)
        pages.append(f"{path}?arrival={arrival}&departure={departure}&adults=2")
    who = visitor(copy)
    shown: list[int] = []

    def ask(page: str) -> list:
        answer = expect(who.get(page), 200)
        shown.append(answer.body.count('<article class="card'))
        if not shown[-1]:
            msg = "the page shows nothing"
            raise BenchError(msg)
        return [answer]

    line = in_turn(copy, f"search_{copy.size}", ask, pages)
    line.more["results"] = min(shown)
    return [line]


def compose(copy: Copy) -> list[Line]:
    """Compose whole stays, other dates, paces and wishes each time; two or three are shown."""
    today = day_of(timezone.now())
    path = address_of("booking:compose")
    paces, wishes = ("calm", "balanced", "full"), ("", "craft", "food", "outdoor")
    pages = []
    for number in range(COMPOSED + 10):
        arrival = today + timedelta(days=10 + 2 * number % 60)
        departure = arrival + timedelta(days=3 + number % 5)
        pace, wish = paces[number % 3], wishes[number % 4]
        pages.append(
            f"{path}?arrival={arrival}&departure={departure}&adults=2&children=1&ages=9"
            f"&pace={pace}&wish={wish}"
        )
    who = visitor(copy)
    shown: list[int] = []

    def ask(page: str) -> list:
        answer = expect(who.get(page), 200)
        shown.append(answer.body.count('<a class="plan-prop"'))
        return [answer]

    line = in_turn(copy, "compose", ask, pages)
    line.more["proposals"] = sum(shown) / max(len(shown), 1)
    return [line]
