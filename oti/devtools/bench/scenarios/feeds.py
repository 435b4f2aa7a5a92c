"""Two thousand calendars of other platforms, read by one worker; one in ten slow or dead."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from django.db import connection
from django.utils import timezone

from booking.channels import reading
from booking.channels.rounds import read_due_feeds
from booking.models import Feed, FeedEvent, Unit
from oti.devtools.bench import calendars
from oti.devtools.bench.copy import BASE_DIR, BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.meters import cpu_ms
from oti.lib.http import fetch
from oti.lib.sealing import seal

FEEDS = 2_000
PUBLIC = "93.184.216.34"
WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
WHERE relname IN ('booking_feedevent', 'booking_stay', 'booking_unitday', 'members_entry')
"""


def feeds_2000(copy: Copy) -> list[Line]:
    """Read every calendar for the first time, then once more without a change.

    The round is the worker's, in this process; the platforms are a process of their own.
    """
    make_feeds()
    with tempfile.TemporaryDirectory() as folder:
        platforms = subprocess.Popen(
            [sys.executable, "-m", "oti.devtools.bench.calendars", folder],
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            port = int(platforms.stdout.readline()) if platforms.stdout else 0
            reading.fetch = partial(  # type: ignore[assignment]
                fetch, resolver=lambda _host, _seconds: [PUBLIC], connector=line_to(port, folder)
            )
            return [round_of("feeds_2000", copy), round_of("feeds_2000_again", copy)]
        finally:
            reading.fetch = fetch
            platforms.terminate()
            platforms.wait(10)
            Feed.objects.all().delete()


def make_feeds() -> None:
    """Link two thousand calendars, as evenly as there are units."""
    Feed.objects.all().delete()
    units = list(Unit.objects.order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    Feed.objects.bulk_create(
        Feed(
            unit_id=units[number % len(units)],
            name=f"Airbnb {number}",
            platform="airbnb",
            sealed=seal(f"https://{calendars.HOST}/calendar/ical/{number}.ics?s=secret"),
            masked="www.airbnb.fr/…",
            digest=str(number),
            created_at=now,
            due_at=now,
        )
        for number in range(1, FEEDS + 1)
    )


def line_to(port: int, folder: str) -> object:
    """Return what connects to this machine's platforms in place of the public address."""
    context = ssl.create_default_context(cafile=str(Path(folder) / calendars.CERTIFICATE))

    def connect(_address: str, host: str, seconds: float) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        return context.wrap_socket(line, server_hostname=host)

    return connect


def round_of(name: str, copy: Copy) -> Line:
    """Read all calendars once, as one worker does, and see what was written."""
    Feed.objects.update(due_at=timezone.now())
    copy.rest()
    written, spent, own = tuples_written(), copy.cpu_ms(), cpu_ms([os.getpid()])
    begun = time.perf_counter()
    good, bad = read_due_feeds(now=timezone.now(), seconds=3600)
    wall = time.perf_counter() - begun
    cpu = cpu_ms([os.getpid()]) - own + copy.cpu_ms() - spent
    if good + bad != FEEDS or bad != FEEDS // 10:
        msg = f"{good} calendars were read and {bad} were not"
        raise BenchError(msg)
    return Line(
        scenario=name,
        cpu_ms=cpu / FEEDS,
        wall_s=wall,
        more={
            "read": good,
            "slow_or_dead": bad,
            "events": FeedEvent.objects.count(),
            "rows_written": tuples_written() - written,
        },
    )


def tuples_written() -> int:
    """Return how many rows of calendars, nights and journal were written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])
