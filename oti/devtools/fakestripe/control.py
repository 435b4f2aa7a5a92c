"""The control API under /_control/: what a test needs that Stripe would never offer.

JSON in and out, POST unless said otherwise, from this machine only. README.md lists it.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oti.devtools.fakestripe import (
    accounts,
    api,
    cards,
    checkout,
    disputes,
    payments,
    transfers,
)
from oti.devtools.fakestripe.errors import ApiError
from oti.devtools.fakestripe.state import Bank
from oti.devtools.fakestripe.webhooks import Deliverer

Sent = dict[str, Any]


@dataclass
class Fault:
    """A failure to play on API requests: `status` 0 cuts the line; `after` = executed first."""

    times: int
    status: int
    path: str
    after: bool


class Control:
    """The switches of one running stand-in."""

    def __init__(self, bank: Bank, deliverer: Deliverer) -> None:
        self.bank = bank
        self.deliverer = deliverer
        self._fault = Fault(0, 500, "/v1/", after=False)
        self._lock = threading.Lock()
        self._routes: dict[tuple[str, str], Callable[[Sent], Any]] = {
            ("GET", "health"): lambda _: {"ok": True, "now": bank.now()},
            ("GET", "deliveries"): lambda _: {"data": deliverer.waiting()},
            ("POST", "hold"): self._hold,
            ("POST", "release"): self._release,
            ("POST", "resend"): self._resend,
            ("POST", "clock"): self._clock,
            ("POST", "fault"): self._set_fault,
            ("POST", "pay"): self._pay,
            ("POST", "papers"): self._papers,
            ("POST", "drain"): self._drain,
            ("POST", "dispute"): self._dispute,
        }

    def answer(self, method: str, name: str, body: str) -> tuple[int, Any]:
        """Do what is asked and return HTTP status and JSON."""
        route = self._routes.get((method, name))
        if route is None:
            return 404, {"error": f"no {method} /_control/{name}"}
        try:
            sent = json.loads(body or "{}")
            return 200, route(sent)
        except ApiError as error:
            return error.status, error.body
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def fault_for(self, path: str) -> Fault | None:
        """Return the failure to play on this request, and count it."""
        with self._lock:
            if self._fault.times <= 0 or not path.startswith(self._fault.path):
                return None
            self._fault.times -= 1
            return self._fault

    def _hold(self, _sent: Sent) -> Sent:
        self.deliverer.hold(held=True)
        return {"held": True}

    def _release(self, _sent: Sent) -> Sent:
        self.deliverer.hold(held=False)
        return {"held": False}

    def _resend(self, sent: Sent) -> Sent:
        status, why = self.deliverer.resend(self.bank.event(sent["event"]))
        return {"status": status, "error": why}

    def _clock(self, sent: Sent) -> Sent:
        offset = int(sent.get("offset", int(self.bank.setting("clock", "0"))))
        self.bank.set_setting("clock", str(offset + int(sent.get("advance", 0))))
        api.sweep(self.bank)
        return {"now": self.bank.now()}

    def _set_fault(self, sent: Sent) -> Sent:
        with self._lock:
            self._fault = Fault(
                int(sent.get("times", 1)),
                int(sent.get("status", 500)),
                str(sent.get("path", "/v1/")),
                after=bool(sent.get("after", False)),
            )
        return {"times": self._fault.times}

    def _pay(self, sent: Sent) -> Sent:
        """Do as a customer would on the page; `answer` goes to the bank's question if any."""
        with self.bank.transaction():
            api.sweep(self.bank)
            session = self.bank.get("checkout.session", sent["session"])
            if session["status"] == "open":
                number = cards.digits_of(str(sent.get("number", "4242424242424242")))
                intent = checkout.pay(
                    self.bank,
                    session,
                    number=number,
                    expiry=(12, 2034),
                    name="Camille Dupont",
                    email="camille@example.org",
                )
                if intent["status"] == "requires_action" and "answer" in sent:
                    accepted = sent["answer"] == "accept"
                    payments.answer_challenge(self.bank, intent, accepted=accepted)
                    checkout.finish(self.bank, session, intent)
            found = self.bank.find("payment_intent", session["payment_intent"] or "") or {}
        failure = found.get("last_payment_error") or {}
        return {
            "session_status": session["status"],
            "payment_status": session["payment_status"],
            "intent_status": found.get("status"),
            "declined": failure.get("decline_code") or failure.get("code"),
        }

    def _papers(self, sent: Sent) -> Sent:
        """Do as the owner of an account, and the bank after it: `answer` = accept or refuse."""
        with self.bank.transaction():
            account = self.bank.get(accounts.ACCOUNT, sent["account"])
            accepted = sent.get("answer", "accept") == "accept"
            accounts.answer_papers(self.bank, account, accepted=accepted)
        return {"status": account["_transfers"][0]}

    def _drain(self, sent: Sent) -> Sent:
        """Let the account's owner take its money away: a reversal is refused from then on."""
        with self.bank.transaction():
            self.bank.get(accounts.ACCOUNT, sent["account"])
            return {"taken": transfers.drain(self.bank, sent["account"])}

    def _dispute(self, sent: Sent) -> Sent:
        """Contest a `charge`, or end a `dispute` with `status` = won or lost."""
        with self.bank.transaction():
            if "dispute" in sent:
                found = self.bank.get("dispute", sent["dispute"])
                dispute = disputes.closed(self.bank, found, str(sent.get("status")))
            else:
                dispute = disputes.opened(self.bank, self.bank.get("charge", sent["charge"]))
        return {"dispute": dispute["id"], "status": dispute["status"]}
