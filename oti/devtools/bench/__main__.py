"""`python -m oti.devtools.bench [scenario …]`: measure, one JSON line each on standard output."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from oti.devtools.bench.copy import BASE_DIR, BenchError, Copy, say
from oti.devtools.bench.figures import Line

SMALL, LARGE, HUGE = 500, 5_000, 50_000
# As small, and without the hundreds of thousands of orders that others have written there.
SMALL_AGAIN = 501
Scenario = Callable[[Copy], list[Line]]


def scenarios() -> dict[str, tuple[int, Scenario]]:
    """Return each scenario's size of destination and work, in the order in which they run."""
    from oti.devtools.bench.scenarios import (
        adds,
        api,
        buying,
        feeds,
        greeters,
        hosts,
        letters,
        machine,
        office,
        pages,
        residents,
        written,
    )

    return {
        "start": (SMALL, machine.start),
        "memory": (SMALL, machine.memory),
        "offer_page": (SMALL, pages.offer_page),
        "written_page": (SMALL, written.written_page),
        "basket_add": (SMALL, adds.basket_add),
        "checkout_pages": (SMALL, buying.checkout_pages),
        "checkout_alone": (SMALL, buying.checkout_alone),
        "checkout_api": (SMALL, api.checkout_api),
        "contend": (SMALL, adds.contend),
        "add_after": (SMALL, adds.add_after),
        "search_500": (SMALL, pages.search),
        "compose": (SMALL, pages.compose),
        "greeter_rush": (SMALL, greeters.greeter_rush),
        "calendar_page": (SMALL, hosts.calendar_page),
        "bulk_edit": (SMALL, hosts.bulk_edit),
        "feeds_2000": (SMALL, feeds.feeds_2000),
        "newness_feed": (SMALL, residents.newness_feed),
        "office_pages": (SMALL, office.office_pages),
        "segment_100k": (SMALL_AGAIN, letters.segment_100k),
        "campaign_50k": (SMALL_AGAIN, letters.campaign_50k),
        "search_5000": (LARGE, pages.search),
        "search_50000": (HUGE, pages.search),
    }


# Both lines come from one run, in turn.
ALIASES = {
    "kept_page": "written_page",
    "returns_page": "office_pages",
    "satisfaction_page": "office_pages",
    "segment_page": "segment_100k",
    "add_after_100": "add_after",
    "add_after_100000": "add_after",
}


def main() -> int:
    """Read the command line, run what was asked for, end everything; 1 when something failed."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="scenario", help="default: all of them")
    parser.add_argument(
        "--reuse", action="store_true", help="keep the copy's databases from run to run"
    )
    parser.add_argument(
        "--data-dir", type=Path, default=BASE_DIR / ".data" / "bench", help="the copy's folder"
    )
    told = parser.parse_args()
    begun = time.monotonic()
    if not told.reuse:
        from oti.devtools import services

        services.stop(told.data_dir)
        shutil.rmtree(told.data_dir, ignore_errors=True)
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    copy = Copy(told.data_dir.resolve(), is_reused=told.reuse)
    failed = False
    try:
        copy.open()
        known = scenarios()
        wanted = {ALIASES.get(name, name) for name in told.names} or set(known)
        if wanted - set(known):
            parser.error(f"unknown: {', '.join(sorted(wanted - set(known)))}; {', '.join(known)}")
        for name, (size, work) in known.items():
            if name in wanted:
                failed |= not _run(copy, name, size, work)
    finally:
        copy.close()
    say(f"Done in {time.monotonic() - begun:.0f} s.")
    return 1 if failed else 0


def _run(copy: Copy, name: str, size: int, work: Scenario) -> bool:
    """Run one scenario and print its lines; a failure is a line with an error."""
    begun = time.monotonic()
    try:
        copy.use(size)
        say(f"{name}…")
        lines = work(copy)
    except BenchError as error:
        say(f"{name}: {error}")
        lines = [Line(name, errors=1, more={"error": str(error)[:300]})]
    except Exception as error:
        traceback.print_exc()
        lines = [Line(name, errors=1, more={"error": f"{type(error).__name__}: {error}"[:300]})]
    for line in lines:
        print(line.text(), flush=True)
    say(f"{name}: {time.monotonic() - begun:.0f} s")
    return not any(line.errors for line in lines)


if __name__ == "__main__":
    sys.exit(main())
