"""Two hundred requests for one greeter: all asked, confirmed, then answered at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from booking.models import Meeting, MeetingAsk
from booking.rules import meetings as rules
from destination.models import Commune
from members.models import Greeter, User
from oti.devtools.bench.browser import Answer, Form, Visitor
from oti.devtools.bench.copy import BenchError, Copy, say
from oti.devtools.bench.figures import Line, share
from oti.devtools.bench.goods import address_of
from oti.devtools.bench.measuring import expect, visitor
from oti.devtools.bench.scenarios.hosts import PASSWORD, signed_in
from oti.lib.dates import today as day_of

VISITORS = 200
SLUG = "greeter-banc"


def greeter_rush(copy: Copy) -> list[Line]:
    """Ask one greeter two hundred times at once for one day, confirm, then say yes to all at once.

    One is accepted (`accepted`), whatever the order; a second one is counted as an error.
    """
    greeter = a_greeter()
    day = day_of(timezone.now()) + timedelta(days=settings.GREETER_NOTICE_DAYS + 3)
    page = f"{address_of('booking:greeter-ask')}?greeter={greeter.slug}"
    ready = [_ready(copy, page, str(day), number) for number in range(VISITORS)]
    asked = _together(copy, [lambda one=one: one[0].post(one[1], one[2]) for one in ready])
    waiting = Meeting.objects.filter(wished=greeter, state=rules.TO_CONFIRM)
    _together(copy, [_confirm(copy, one) for one in waiting])
    asks = list(
        MeetingAsk.objects.filter(greeter=greeter, state=rules.SENT).select_related("meeting")
    )
    who = signed_in(copy, greeter.user.email)
    answers = [_yes(copy, who, ask, str(day)) for ask in asks]
    said = _together(copy, answers)
    accepted = Meeting.objects.filter(greeter=greeter, day=day, state=rules.ACCEPTED).count()
    times = sorted(one.seconds * 1000 for one in said.answers)
    return [
        Line(
            scenario="greeter_rush",
            cpu_ms=said.cpu / max(1, len(said.answers)),
            sql=sum(one.sql for one in said.answers) / max(1, len(said.answers)),
            sql_ms=sum(one.sql_ms for one in said.answers) / max(1, len(said.answers)),
            p50_ms=share(times, 0.5),
            p95_ms=share(times, 0.95),
            wall_s=said.wall,
            errors=VISITORS - len(asks) + abs(accepted - 1),
            more={
                "accepted": accepted,
                "asked": len(asks),
                "ask_p95_ms": round(
                    share(sorted(one.seconds * 1000 for one in asked.answers), 0.95), 1
                ),
                "ask_wall_s": round(asked.wall, 2),
            },
        )
    ]


class _Rush:
    """What pressing together gave: the answers, the wall time, the processor time."""

    def __init__(self, answers: list[Answer], wall: float, cpu: float) -> None:
        self.answers, self.wall, self.cpu = answers, wall, cpu


def _together(copy: Copy, presses: list[Callable[[], Answer]]) -> _Rush:
    given: list[Answer] = []
    barrier = threading.Barrier(len(presses) + 1)

    def press(one: Callable[[], Answer]) -> None:
        barrier.wait()
        try:
            given.append(one())
        except OSError as error:
            say(f"greeter_rush: {error}")

    copy.rest()
    threads = [threading.Thread(target=press, args=[one]) for one in presses]
    for thread in threads:
        thread.start()
    spent = copy.cpu_ms()
    barrier.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - begun
    copy.rest()
    return _Rush(given, wall, copy.cpu_ms() - spent)


def _ready(copy: Copy, page: str, day: str, number: int) -> tuple[Visitor, Form, dict[str, str]]:
    who = visitor(copy)
    forms = expect(who.get(page), 200).forms(address_of("booking:greeter-ask"))
    if not forms:
        msg = "nothing to ask with"
        raise BenchError(msg)
    filled = {
        "first_day": day,
        "last_day": day,
        "adults": "2",
        "languages": "fr",
        "first_name": "Claire",
        "email": f"claire-{number}@example.org",
        "phone": "06 00 00 00 00",
        "is_of_age": "on",
    }
    return who, forms[0], filled


def _confirm(copy: Copy, meeting: Meeting) -> Callable[[], Answer]:
    """Return one press on the link of a mail."""
    who = visitor(copy)
    page = expect(who.get(f"{_page_of(meeting)}?cle={meeting.access_token}"), 200)
    (form,) = page.forms(_page_of(meeting, "-confirm"))
    return lambda: who.post(form, {})


def _page_of(meeting: Meeting, what: str = "") -> str:
    return address_of(f"booking:meeting{what}", meeting.code)


def _yes(copy: Copy, signed: Visitor, ask: MeetingAsk, day: str) -> Callable[[], Answer]:
    """Return one press of yes, each on a line of its own with the greeter's session."""
    who = visitor(copy)
    who.cookies.update(signed.cookies)
    code = ask.meeting.code
    action = reverse("space-greeter-act", args=[code, "accepter"])
    page = expect(who.get(reverse("space-greeter-ask", args=[code])), 200)
    (form,) = page.forms(action)
    return lambda: who.post(form, {"day": day, "hour": "10:00", "place": "Place du Martouret"})


def a_greeter() -> Greeter:
    """Make one greeter who speaks French and can every day; a second run begins anew."""
    user, is_new = User.objects.get_or_create(email="greeter-banc@example.org")
    if is_new:
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    now = timezone.now()
    commune = Commune.objects.order_by("pk").first()
    if commune is None:
        msg = "the copy has no commune"
        raise BenchError(msg)
    values = {
        "slug": SLUG,
        "first_name": "Banc",
        "commune": commune,
        "about_fr": "Banc d’essai.",
        "places_fr": "Partout.",
        "languages": ["fr"],
        "weekdays": list(range(7)),
        "monthly_most": 8,
        "phone": "04 00 00 00 00",
        "state": Greeter.State.APPROVED,
        "identity": Greeter.Identity.KNOWN,
        "identity_at": now,
        "of_age_at": now,
        "created_at": now,
    }
    greeter, _is_new = Greeter.objects.get_or_create(user=user, defaults=values)
    Meeting.objects.filter(Q(asks__greeter=greeter) | Q(wished=greeter)).delete()
    return greeter
