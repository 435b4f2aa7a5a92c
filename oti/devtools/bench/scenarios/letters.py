"""Letters to many, among 100,000 people and 300,000 orders: counting a segment, sending 50,000.

The worker is killed in the middle; what it handed over is compared with who should get a mail.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from booking.models import Campaign, CampaignMail, Order, OutboxMessage, PastStay
from booking.relations import campaigns
from booking.relations.segments import Audience, count_audience
from booking.rules import states
from booking.rules.campaigns import MOST_A_MINUTE, Words
from booking.rules.segments import Segment
from booking.task_queue import ask_for_task
from members.journal import SYSTEM
from members.models import Customer, CustomerAddress, CustomerIdentity, Family
from oti.demo.scale.rows import insert_from, reserve_ids, run
from oti.devtools.bench.browser import Answer
from oti.devtools.bench.copy import BenchError, Copy, say
from oti.devtools.bench.figures import Line, median
from oti.devtools.bench.measuring import expect, in_turn
from oti.devtools.bench.scenarios.office import office_signed_in
from oti.lib.dates import today as day_of

PEOPLE, ORDERS, MAILS = 100_000, 300_000, 50_000
COUNTS = 15
MOST_SECONDS, MOST_SQL, MOST_CPU_MS = 1.0, 15, 150
PAGES = 70
# Half of the people read French, and every mail is theirs.
FRENCH = Segment(languages=("fr",))
SEGMENTS = (
    Segment(),
    FRENCH,
    Segment(seasons=("ete", "automne"), parties=("family",), places=("near", "region")),
    Segment(poles=("le-puy",), kinds=("meal",), stays_least=2, second_homes="without"),
)
WORDS = Words("Le Velay en mars", "En mars, le Velay respire", "Venez voir.\n\nIl y a de la place.")
SENT_WITHIN, KILL_AFTER = 300.0, 0.4


def segment_100k(copy: Copy) -> list[Line]:
    """Count segments: everybody, half of them, and two that ask for much."""
    fill_in()
    times: list[float] = []
    most_sql, counted = 0, []
    now = timezone.now()
    copy.rest()
    spent = copy.cpu_ms()
    for number in range(COUNTS):
        segment = SEGMENTS[number % len(SEGMENTS)]
        begun = time.perf_counter()
        with CaptureQueriesContext(connection) as asked:
            count = count_audience(Audience(segment, "offers"), now=now)
        times.append(time.perf_counter() - begun)
        most_sql = max(most_sql, len(asked))
        counted.append(count.recipients)
    line = Line(
        "segment_100k",
        # That of PostgreSQL: what waits for a busy machine isn't in it.
        cpu_ms=(copy.cpu_ms() - spent) / COUNTS,
        sql=most_sql,
        p50_ms=median(times) * 1000,
        p95_ms=max(times) * 1000,
        wall_s=sum(times),
        more={
            "people": PEOPLE,
            "orders": Order.objects.count(),
            "stays": PastStay.objects.count(),
            "counted": counted[: len(SEGMENTS)],
        },
    )
    line.errors += int(median(times) > MOST_SECONDS) + int(most_sql > MOST_SQL)
    line.errors += int(counted[0] != PEOPLE)
    return [line, _page(copy)]


def _page(copy: Copy) -> Line:
    """Look at the page of a campaign for everybody, as somebody of the office."""
    now = timezone.now()
    given = campaigns.CampaignInput(
        title="Banc", kind="letter", purpose="offers", segment=Segment(), texts={"fr": WORDS}
    )
    campaign = campaigns.save_campaign(None, given, actor=SYSTEM, now=now)
    campaigns.keep_count(campaign.pk, now=now)
    who = office_signed_in(copy)

    def look(address: str) -> list[Answer]:
        return [expect(who.get(address), 200)]

    address = reverse("desk_campaigns:campaign", args=[campaign.pk])
    line = in_turn(copy, "segment_page", look, [address] * PAGES)
    line.errors += int((line.sql or 0) > MOST_SQL) + int((line.cpu_ms or 0) > MOST_CPU_MS)
    return line


def campaign_50k(copy: Copy) -> list[Line]:
    """Send a campaign through the copy's worker, which is killed on the way and started again."""
    fill_in()
    campaign = _campaign(timezone.now())
    copy.letterbox.forget()
    begun = time.perf_counter()
    queued_s = killed_at = 0.0
    asked_at = 0.0
    while (elapsed := time.perf_counter() - begun) < SENT_WITHIN:
        if elapsed - asked_at >= 1:
            ask_for_task("booking.tasks.run_campaigns")
            if int(elapsed) % 10 == 0:
                ask_for_task("booking.tasks.drain_outbox")
            asked_at = elapsed
        handed = CampaignMail.objects.filter(campaign=campaign, state="handed").count()
        if not killed_at and handed >= KILL_AFTER * MAILS:
            _kill_worker(copy)
            killed_at = elapsed
        if not queued_s and handed >= MAILS:
            queued_s = time.perf_counter() - begun
        if queued_s and copy.letterbox.letters >= MAILS:
            break
        time.sleep(0.2)
    if not killed_at:
        msg = "the campaign never got so far that its worker could be killed"
        raise BenchError(msg)
    return [_line(copy, campaign, queued_s, time.perf_counter() - begun)]


def _line(copy: Copy, campaign: Campaign, queued_s: float, wall_s: float) -> Line:
    """Compare what was handed over with who should get a mail, and with what arrived."""
    rows = OutboxMessage.objects.filter(kind="campaign", campaign_mail__campaign=campaign)
    queued = rows.count()
    people = rows.values("recipient").distinct().count()
    arrived = copy.letterbox.names()
    line = Line(
        "campaign_50k",
        wall_s=queued_s or wall_s,
        more={
            "mails": MAILS,
            "queued": queued,
            "lost": MAILS - people,
            "twice": queued - people,
            "arrived": len(arrived),
            # The same mail under the same name, once more: a mailbox drops it.
            "redelivered": sum(arrived.values()) - len(arrived),
            "arrived_s": round(wall_s, 1),
        },
    )
    line.errors += int(people != MAILS) + int(queued != people) + int(not queued_s)
    return line


def _campaign(now: datetime) -> Campaign:
    """Plan a campaign for the half of the people who read French."""
    Campaign.objects.all().delete()
    OutboxMessage.objects.filter(kind="campaign").delete()
    given = campaigns.CampaignInput(
        "Banc d’essai", "letter", "offers", FRENCH, {"fr": WORDS}, rate=MOST_A_MINUTE
    )
    campaign = campaigns.save_campaign(None, given, actor=SYSTEM, now=now)
    campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=now)
    return campaigns.plan(campaign.pk, now, actor=SYSTEM, now=now)


def _kill_worker(copy: Copy) -> None:
    worker = copy.worker
    if worker is None:
        msg = "no worker to kill"
        raise BenchError(msg)
    say("killing the worker…")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    copy.start_worker()


def fill_in() -> None:
    """Write people, orders and stays where they are missing: three of each for one person."""
    if CustomerAddress.objects.filter(email="lettre-0@example.org").exists():
        return
    say(f"Writing {PEOPLE} people and {ORDERS} orders…")
    now = timezone.now()
    address, family, person, identity = (
        reserve_ids(one, PEOPLE) for one in (CustomerAddress, Family, Customer, CustomerIdentity)
    )
    values = {
        "count": PEOPLE,
        "address": address + 1,
        "family": family + 1,
        "person": person + 1,
        "identity": identity + 1,
    }
    source = "generate_series(0, %(count)s - 1) AS n"
    insert_from(
        Family, source, {"id": "%(family)s + n", "created_at": "%(now)s"}, now=now, **values
    )
    insert_from(
        CustomerAddress,
        source,
        {
            "id": "%(address)s + n",
            "email": "'lettre-' || n || '@example.org'",
            "family_id": "%(family)s + n",
        },
        now=now,
        **values,
    )
    insert_from(
        Customer,
        source,
        {
            "id": "%(person)s + n",
            "family_id": "%(family)s + n",
            "first_name": "'Camille'",
            "last_name": "'Nom ' || n",
            "language": "(ARRAY['fr', 'en', 'fr', 'de'])[1 + n %% 4]",
            "postal_code": "lpad((1 + n %% 95)::text, 2, '0') || '000'",
            "country": "'FR'",
            "created_at": "%(now)s",
        },
        now=now,
        **values,
    )
    insert_from(
        CustomerIdentity,
        source,
        {
            "id": "%(identity)s + n",
            "address_id": "%(address)s + n",
            "name_key": "'camille nom ' || n",
            "customer_id": "%(person)s + n",
        },
        now=now,
        **values,
    )
    _orders(identity + 1, now)
    run("VACUUM ANALYZE")


def _orders(identity: int, now: datetime) -> None:
    """Write three orders for each person, and the stay that each was."""
    order = reserve_ids(Order, ORDERS) + 1
    values = {
        "count": ORDERS,
        "people": PEOPLE,
        "order": order,
        "identity": identity,
        "then": now - timedelta(days=30),
        "day": day_of(now),
    }
    source = "generate_series(0, %(count)s - 1) AS n"
    insert_from(
        Order,
        source,
        {
            "id": "%(order)s + n",
            "reference": "'L' || lpad((%(order)s + n)::text, 8, '0')",
            "state": f"'{states.CONFIRMED}'",
            "first_name": "'Camille'",
            "last_name": "'Nom ' || n %% %(people)s",
            "email": "'lettre-' || n %% %(people)s || '@example.org'",
            "identity_id": "%(identity)s + n %% %(people)s",
            "letters": f"'{Order.Letters.TOLD}'",
            "gross_amount": "120",
            "total_amount": "120",
            "deadline": "%(then)s",
            "placed_at": "%(then)s - (n %% 900) * interval '1 day'",
            "confirmed_at": "%(then)s - (n %% 900) * interval '1 day'",
        },
        now=now,
        **values,
    )
    insert_from(
        PastStay,
        source,
        {
            "order_id": "%(order)s + n",
            "source": f"'{PastStay.Source.SITE}'",
            "identity_id": "%(identity)s + n %% %(people)s",
            "first_day": "%(day)s::date - 7 - n %% 900",
            "last_day": "%(day)s::date - n %% 900",
            "nights": "7",
            "adults": "1 + n %% 4",
            "children": "n %% 3",
            "poles": "ARRAY[(ARRAY['le-puy', 'mezenc', 'emblavez'])[1 + n %% 3]]::varchar[]",
            "kinds": "ARRAY['lodging', (ARRAY['meal', 'activity'])[1 + n %% 2]]::varchar[]",
            "amount": "120",
            "kept_at": "%(now)s",
        },
        now=now,
        **values,
    )
