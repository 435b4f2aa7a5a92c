"""The machine's side: how long until the first page, how much memory a worker takes."""

from __future__ import annotations

import time

from oti.devtools.bench.copy import Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.goods import address_of, doing_pages, free_nights
from oti.devtools.bench.measuring import expect, visitor
from oti.devtools.bench.meters import cpu_ms, pss_mib

STARTS = 3
ROUNDS = 5


def start(copy: Copy) -> list[Line]:
    """Start the web server alone, warm, until its first page; the median of three."""
    walls, costs = [], []
    for _ in range(STARTS):
        copy.stop_site()
        begun = time.perf_counter()
        copy.start_web()
        who = visitor(copy)
        expect(who.get(address_of("destination:home")), 200)
        walls.append(time.perf_counter() - begun)
        who.close()
        costs.append(cpu_ms([copy.web.pid]) if copy.web else 0)
    copy.stop_site()
    copy.start_site()
    return [
        Line(
            scenario="start",
            cpu_ms=sorted(costs)[STARTS // 2],
            wall_s=sorted(walls)[STARTS // 2],
            more={"starts": STARTS},
        )
    ]


def memory(copy: Copy) -> list[Line]:
    """Weigh each web worker after it has shown every sort of page several times."""
    pages = [address_of("destination:home"), address_of("events:agenda")]
    pages += [one.address for one in free_nights(10)] + doing_pages(10)
    pages.append(address_of("booking:stays"))
    for _ in range(ROUNDS * 4):
        who = visitor(copy)
        for page in pages:
            expect(who.get(page), 200)
        who.close()
    weights = [pss_mib(pid) for pid in copy.web_workers]
    return [
        Line(
            scenario="memory",
            more={
                "pss_mib": round(max(weights), 1),
                "workers": [round(weight, 1) for weight in weights],
                "all_mib": round(sum(weights) + pss_mib(copy.web.pid), 1) if copy.web else None,
            },
        )
    ]
