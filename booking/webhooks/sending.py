"""Sending what hosts' programs are told: outside any transaction, signed, tried again, given up.

Addresses are asked side by side, each in its own order until one try fails: a dead one takes one
thread for ten seconds and holds nobody else. Redirects aren't followed; only public addresses are
asked (`oti.lib.http`). Nothing of an address or of an answer is logged.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest

from booking import locks
from booking.messages import write_message
from booking.models import HookDelivery, Webhook
from booking.refusals import Refusal
from booking.rules import webhooks
from members.journal import SYSTEM, record
from oti.lib.dates import paris
from oti.lib.http import FetchFailed, FetchRefused, fetch
from oti.lib.sealing import Unreadable, unseal

logger = logging.getLogger(__name__)

THREADS = 8
LEASE = timedelta(minutes=5)
# A task lives two minutes: none is begun after the first, one address has some seconds.
SECONDS = 60.0
SECONDS_EACH = 20.0
TOTAL_SECONDS = 10.0
MOST_BYTES = 65_536
MOST_EACH = 20
SOON = timedelta(minutes=1)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Post:
    """One delivery without the database: threads carry it."""

    pk: int
    topic: str
    event: str
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of a delivery; `is_tried` False when it was left for later."""

    pk: int
    is_tried: bool = True
    status: int | None = None
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the other side said that it has it."""
        return self.status is not None and webhooks.is_received(self.status)


def send_hooks(
    ids: Sequence[int],
    *,
    even_paused: bool = False,
    total_seconds: float = TOTAL_SECONDS,
    now: datetime,
) -> int:
    """Send those of some deliveries that are due; returns how many were received.

    Each address has `total_seconds` to answer one.
    """
    rows = HookDelivery.objects.filter(pk__in=ids)
    hook_ids = list(rows.values_list("webhook_id", flat=True))
    return _send(hook_ids, ids, even_paused, total_seconds=total_seconds, now=now)


def drain_hooks(*, now: datetime) -> int:
    """Send every delivery that is due, a minute long at most; returns how many were received."""
    due = HookDelivery.objects.filter(
        state__in=[HookDelivery.State.WAITING, HookDelivery.State.SENDING],
        next_attempt_at__lte=now,
        webhook__pause="",
    )
    return _send(list(due.values_list("webhook_id", flat=True)), None, False, now=now)


def forget_deliveries(*, now: datetime) -> int:
    """Delete what was told more than a month ago; returns how many."""
    over = [HookDelivery.State.DELIVERED, HookDelivery.State.FAILED]
    old = HookDelivery.objects.filter(state__in=over, happened_at__lt=now - KEPT)
    return old.delete()[0]


def _send(
    hook_ids: Sequence[int],
    ids: Sequence[int] | None,
    even_paused: bool,
    *,
    total_seconds: float = TOTAL_SECONDS,
    now: datetime,
) -> int:
    good = 0
    ends_at = time.monotonic() + SECONDS
    pending = deque(Webhook.objects.select_related("provider").filter(pk__in=set(hook_ids)))
    waiting: dict[Future[list[Outcome]], Webhook] = {}
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        while pending or waiting:
            while pending and len(waiting) < THREADS and time.monotonic() < ends_at:
                hook = pending.popleft()
                claimed = locks.claim_deliveries(
                    hook.pk,
                    ids,
                    even_paused=even_paused,
                    now=now,
                    until=now + LEASE,
                    most=MOST_EACH,
                )
                if claimed:
                    posts = [_post(hook, one) for one in claimed]
                    waiting[pool.submit(_post_all, hook, posts, total_seconds, now)] = hook
            if not waiting:
                break
            done, _others = wait(waiting, return_when=FIRST_COMPLETED)
            for one in done:
                good += _write(waiting.pop(one), one, now=now)
    return good


# --- In a thread, without the database -----------------------------------------------------------
def _post_all(
    hook: Webhook, posts: Sequence[Post], total_seconds: float, now: datetime
) -> list[Outcome]:
    """Send the deliveries of one address in their order; after a failure the others wait."""
    found: list[Outcome] = []
    ends_at = time.monotonic() + SECONDS_EACH
    for post in posts:
        is_over = found and (not found[-1].is_good or time.monotonic() > ends_at)
        found.append(
            Outcome(post.pk, is_tried=False) if is_over else _ask(hook, post, total_seconds, now)
        )
    return found


def _ask(hook: Webhook, post: Post, total_seconds: float, now: datetime) -> Outcome:
    try:
        answer = fetch(
            unseal(hook.sealed),
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Velay-Topic": post.topic,
                "Velay-Event": post.event,
                "Velay-Signature": webhooks.signature(
                    _secrets(hook, now), int(now.timestamp()), post.body
                ),
            },
            body=post.body,
            max_bytes=MOST_BYTES,
            total_seconds=total_seconds,
        )
    except Unreadable:
        return Outcome(post.pk, problem="unreadable")
    except (FetchRefused, FetchFailed) as failed:
        return Outcome(post.pk, problem=str(failed.reason))
    return Outcome(post.pk, status=answer.status)


def _secrets(hook: Webhook, now: datetime) -> list[str]:
    kept = [unseal(hook.secret)]
    if hook.old_secret is not None and hook.old_secret_until and now < hook.old_secret_until:
        kept.append(unseal(hook.old_secret))
    return kept


# --- What came of it -----------------------------------------------------------------------------
def _post(hook: Webhook, delivery: HookDelivery) -> Post:
    """Return what is sent: the same bytes at every try, so that it can be known again."""
    told = {
        "id": str(delivery.event),
        "topic": delivery.topic,
        "happened_at": paris(delivery.happened_at).isoformat(timespec="seconds"),
        "house": hook.provider.slug,
        "data": delivery.data,
    }
    body = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    return Post(delivery.pk, delivery.topic, str(delivery.event), body)


def _write(hook: Webhook, asked: Future[list[Outcome]], *, now: datetime) -> int:
    """Write what came of one address's deliveries; returns how many were received."""
    try:
        outcomes = asked.result()
    except Exception as error:  # noqa: BLE001 - told without its words: they may hold an address
        # Its lease ends by itself, and it is tried again.
        logger.warning("webhook %s not sent: %s", hook.pk, type(error).__name__)
        return 0
    good = 0
    for one in outcomes:
        try:
            good += _write_one(hook, one, now=now)
        except (DatabaseError, Refusal) as error:
            logger.warning("delivery %s not written: %s", one.pk, type(error).__name__)
    return good


def _write_one(hook: Webhook, outcome: Outcome, *, now: datetime) -> int:
    rows = HookDelivery.objects.filter(pk=outcome.pk)
    if not outcome.is_tried:
        rows.update(
            state=HookDelivery.State.WAITING,
            attempts=Greatest(F("attempts") - 1, Value(0)),
            next_attempt_at=now + SOON,
        )
        return 0
    told = {"last_status": outcome.status, "last_problem": outcome.problem[:24]}
    if outcome.is_good:
        rows.update(state=HookDelivery.State.DELIVERED, delivered_at=now, **told)
        Webhook.objects.filter(pk=hook.pk, failures__gt=0).update(failures=0, failing_since=None)
        return 1
    topic, attempts = rows.values_list("topic", "attempts").first() or ("", 0)
    delay = webhooks.wait_after(attempts) if topic != webhooks.TEST else None
    rows.update(
        state=HookDelivery.State.FAILED if delay is None else HookDelivery.State.WAITING,
        next_attempt_at=now + (delay or timedelta(0)),
        **told,
    )
    if topic != webhooks.TEST:
        _count_failure(hook, now=now)
    return 0


def _count_failure(hook: Webhook, *, now: datetime) -> None:
    """Count a failed try of an address, and pause it when there is no more hope."""
    rows = Webhook.objects.filter(pk=hook.pk)
    rows.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Value(now)))
    failures, since = rows.values_list("failures", "failing_since").first() or (0, None)
    if since is None or not webhooks.is_hopeless(failures, now - since):
        return
    provider = hook.provider
    with locks.write_transaction():
        locks.lock_provider(provider.pk)
        if not rows.filter(pause="").update(pause=Webhook.Pause.FAILURES):
            return
        record(
            "webhook paused",
            f"provider:{provider.pk}",
            actor=SYSTEM,
            at=now,
            webhook=hook.pk,
            address=hook.masked,
            failures=failures,
        )
        write_message(
            "webhook_paused",
            key=f"webhook:{hook.pk}:paused:{now:%Y%m%d%H%M}",
            recipient=provider.email,
            language=provider.language,
            data={"provider": provider.pk, "address": hook.masked, "since": since.isoformat()},
            now=now,
        )
