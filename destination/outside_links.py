"""Addresses outside the site to which published pages lead, asked for once a week at most.

A site that answers badly once may be having a bad night: only an answer that says « gone », or a
second week without any, makes a link of ours a broken one. Nobody waits for it: it is a task, and
what it found stands in the report of pages to mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urlsplit

from django.conf import settings
from django.db.models import F, Q
from wagtail.models import Page, Site
from wagtail.rich_text import RichText

from destination.models import OutsideLink
from destination.models.pages import VelayPage
from destination.publication import values_of
from oti.lib.http import Fetched, FetchFailed
from oti.lib.public_hosts import FetchRefused, Reason

EACH = timedelta(days=7)
MOST_AT_ONCE = 200
AT_A_TIME = 4
SECONDS = 8.0
LONGEST = 1000
# It was there and said so; or it is, and keeps robots out.
GONE_STATUSES = frozenset({404, 410})
SHUT_STATUSES = frozenset({401, 403, 405, 406, 429, 451, 501, 999})
# Something came, more of it than we wanted or in a way of its own.
THERE_REASONS = frozenset({Reason.TOO_LARGE, Reason.ENCODING, Reason.CUT_SHORT})
# Nobody on the Internet can follow it.
GONE_REASONS = frozenset({Reason.BAD_ADDRESS, Reason.PRIVATE})
# So many weeks in a row without an answer.
FAILURES_OF_GONE = 2
HREF = re.compile(r'<a\b[^>]*\bhref="(https?://[^"]+)"', re.IGNORECASE)

# `oti.lib.http.fetch`, or what stands for it.
Fetch = Callable[..., Fetched]


class Answer(NamedTuple):
    """What came of an address: its state, None where that is not told, and a short word of why."""

    state: OutsideLink.State | None
    word: str


def addresses_of(page: VelayPage, ours: frozenset[str]) -> set[str]:
    """Return the addresses outside the hosts that are `ours` to which the body of a page leads."""
    return {url for url in _hrefs(page) if _host_of(url) not in ours and len(url) <= LONGEST}


def _hrefs(page: VelayPage) -> Iterator[str]:
    for _block, value in values_of(page.body):
        if isinstance(value, RichText):
            for href in HREF.findall(value.source):
                yield urldefrag(unescape(href).strip()).url


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def our_hosts() -> frozenset[str]:
    """Return the hosts of this very site: what leads to them is no address outside."""
    hosts = set(Site.objects.values_list("hostname", flat=True))
    return frozenset({*hosts, _host_of(settings.BASE_URL)})


def gather() -> int:
    """Write down the addresses of the published pages, forget those that none has; count them."""
    ours = our_hosts()
    found: set[str] = set()
    for page in Page.objects.live().filter(depth__gt=1).specific().iterator(chunk_size=50):
        if isinstance(page, VelayPage):
            found |= addresses_of(page, ours)
    OutsideLink.objects.exclude(url__in=found).delete()
    OutsideLink.objects.bulk_create(
        [OutsideLink(url=url) for url in sorted(found)], ignore_conflicts=True
    )
    return len(found)


def check_links(*, now: datetime, fetch: Fetch) -> int:
    """Ask for the addresses that nobody asked for in a week, `MOST_AT_ONCE` at most; count them.

    Several at a time, outside any transaction; each answer is written as soon as it is there.
    """
    gather()
    due = OutsideLink.objects.filter(Q(checked_at=None) | Q(checked_at__lte=now - EACH))
    rows = list(due.order_by(F("checked_at").asc(nulls_first=True), "pk")[:MOST_AT_ONCE])
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        for row, answer in zip(rows, pool.map(lambda one: ask(one.url, fetch), rows), strict=True):
            _note(row, answer, now=now)
    return len(rows)


def ask(url: str, fetch: Fetch) -> Answer:
    """Return what an address answers: to the short question first, to the long one if need be.

    What is written with http is asked with https, and never found gone for that.
    """
    is_plain = url.startswith("http://")
    asked = f"https://{url.removeprefix('http://')}" if is_plain else url
    answer = _asked("HEAD", asked, fetch)
    if answer.state is not OutsideLink.State.THERE or answer.word in map(str, SHUT_STATUSES):
        # Many a site doesn't know the short question.
        answer = _asked("GET", asked, fetch)
    if is_plain and answer.state is not OutsideLink.State.THERE:
        return Answer(OutsideLink.State.UNKNOWN, answer.word)
    return answer


def _asked(method: str, url: str, fetch: Fetch) -> Answer:
    there, gone = OutsideLink.State.THERE, OutsideLink.State.GONE
    try:
        status = fetch(url, method=method, total_seconds=SECONDS).status
    except FetchRefused as error:
        state = gone if error.reason in GONE_REASONS else OutsideLink.State.UNKNOWN
        return Answer(state, str(error.reason))
    except FetchFailed as error:
        return Answer(there if error.reason in THERE_REASONS else None, str(error.reason))
    if status in GONE_STATUSES:
        return Answer(gone, str(status))
    is_there = status < 400 or status in SHUT_STATUSES
    return Answer(there if is_there else None, str(status))


def _note(row: OutsideLink, answer: Answer, *, now: datetime) -> None:
    """Write down what came of an address; the page that named it may be gone meanwhile."""
    failures = row.failures + 1 if answer.state is None else 0
    state = answer.state
    if state is None:
        is_gone = failures >= FAILURES_OF_GONE
        state = OutsideLink.State.GONE if is_gone else OutsideLink.State(row.state)
    OutsideLink.objects.filter(pk=row.pk).update(
        state=state, answer=answer.word[:20], failures=failures, checked_at=now
    )


def gone_links(pages: Iterable[Any]) -> dict[int, list[OutsideLink]]:
    """Return the addresses of each page that are gone, by the id of the page; two statements."""
    ours = our_hosts()
    named = {page.pk: addresses_of(page, ours) for page in pages if isinstance(page, VelayPage)}
    wanted = {url for urls in named.values() for url in urls}
    gone = OutsideLink.objects.filter(url__in=wanted, state=OutsideLink.State.GONE).order_by("url")
    found = list(gone)
    return {pk: [one for one in found if one.url in urls] for pk, urls in named.items()}
