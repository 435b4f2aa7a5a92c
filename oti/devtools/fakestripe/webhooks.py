"""Webhooks: signed, delivered beside the requests, tried again until answered with 2xx.

Deliveries live in the state file, so a restart forgets none; one that was under way at that
moment comes twice, as it may at Stripe. Nothing promises their order.
"""

# The bank calls the shop at an address that the developer gave.
# ruff: noqa: TID251

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from oti.devtools.fakestripe.state import Bank, Thing

TIMEOUT_SECONDS = 10
LONGEST_PAUSE = 60.0
GIVE_UP_SECONDS = 3 * 24 * 3600
WORKERS = 4


def sign(body: bytes, secret: str, at: int) -> str:
    """Return the `Stripe-Signature` header of a body sent at this moment."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def post(bank: Bank, event: Thing) -> tuple[int, str]:
    """Send an event once; return the HTTP status (0: no answer) and why it failed."""
    body = json.dumps(event, indent=2, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": sign(body, bank.config.webhook_secret, int(time.time())),
    }
    request = urllib.request.Request(
        bank.config.webhook_url, data=body, headers=headers, method="POST"
    )
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return 0, str(error)


class Deliverer:
    """The thread that empties the queue of deliveries, a few at a time."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self._wake = threading.Event()
        self._stopping = False
        self._under_way: set[int] = set()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        bank.on_commit = self._wake.set

    def start(self) -> None:
        """Begin; deliveries left by a former run go first."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way ends, what waits stays in the state file."""
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def hold(self, *, held: bool) -> None:
        """Keep the queue closed, across restarts, or open it again."""
        self.bank.set_setting("held", "1" if held else "")

    def waiting(self) -> list[dict[str, Any]]:
        """Return every delivery, oldest first, as the control API shows it."""
        with self.bank.lock:
            rows = self.bank.db.execute(
                "select d.event, json_extract(o.body, '$.type'), d.state, d.attempts, d.due,"
                " d.answer from deliveries d join objects o on o.id = d.event order by d.id"
            ).fetchall()
        names = ("event", "type", "state", "attempts", "next_at", "answer")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def resend(self, event: Thing) -> tuple[int, str]:
        """Send an event now, also while the queue is held; success settles what waited."""
        status, why = post(self.bank, event)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            with self.bank.transaction():
                self.bank.db.execute(
                    "update deliveries set state='delivered', attempts=attempts+1, answer=?"
                    " where event=? and state='waiting'",
                    [str(status), event["id"]],
                )
        return status, why

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            pause = self._send_due()
            self._wake.wait(pause)

    def _send_due(self) -> float:
        """Hand what is due to the workers; return how long to sleep."""
        if self.bank.setting("held"):
            return LONGEST_PAUSE
        # Read and mark under one lock, or a delivery that ends in between would go twice.
        with self.bank.lock:
            rows = self.bank.db.execute(
                "select id, event, due from deliveries where state='waiting' order by due, id"
            ).fetchall()
            for delivery, event_id, due in rows:
                if delivery in self._under_way:
                    continue
                if due > time.time():
                    return max(0.0, float(due) - time.time())
                self._under_way.add(delivery)
                self._pool.submit(self._deliver, delivery, event_id)
        return LONGEST_PAUSE

    def _deliver(self, delivery: int, event_id: str) -> None:
        status, why = post(self.bank, self.bank.event(event_id))
        with self.bank.lock:
            self._note(delivery, status, why)
            self._under_way.discard(delivery)
        self._wake.set()

    def _note(self, delivery: int, status: int, why: str) -> None:
        done = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        with self.bank.transaction():
            attempts, started, state = self.bank.db.execute(
                "select attempts, started, state from deliveries where id=?", [delivery]
            ).fetchone()
            pause = min(self.bank.config.retry_base * 2 ** min(attempts, 20), LONGEST_PAUSE)
            if done or state == "delivered":
                state = "delivered"
            elif time.time() - started > GIVE_UP_SECONDS:
                state = "given up"
            self.bank.db.execute(
                "update deliveries set state=?, attempts=?, due=?, answer=? where id=?",
                [state, attempts + 1, time.time() + pause, str(status) if done else why, delivery],
            )
