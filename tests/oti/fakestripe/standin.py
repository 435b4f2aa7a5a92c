"""Fixtures around a running stand-in for Stripe: the server, a receiver of webhooks, a control.

Import the fixtures in a folder's conftest; they need no database and no Django.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests  # noqa: TID251 (plays the browser and the control)
import stripe

from oti.devtools.fakestripe.server import StandIn
from oti.devtools.fakestripe.state import Config

SECRET_KEY = "sk_test_probe"
WEBHOOK_SECRET = "whsec_probe"
DEADLINE_SECONDS = 10


def until(condition: Callable[[], Any], *, what: str = "condition") -> Any:
    """Return the first true value of `condition`, asked again until a deadline."""
    pause = threading.Event()
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        pause.wait(0.01)
    pytest.fail(f"{what} did not come true within {DEADLINE_SECONDS} s")


@dataclass
class Received:
    """One webhook as it arrived."""

    body: bytes
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        """Return the event inside."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """A web server that keeps every webhook; answers `statuses` in turn, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def kinds(self) -> list[str]:
        """Return the types of the events, in the order of arrival."""
        return [item.event["type"] for item in self.received]

    def wait_for(self, *kinds: str) -> None:
        """Wait until each of these types has come."""
        until(lambda: set(kinds) <= set(self.kinds()), what=f"webhooks {kinds}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    box = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = box.statuses.pop(0) if box.statuses else 200
            box.received.append(Received(body, self.headers["Stripe-Signature"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_port}/paiement/stripe/"
    yield box
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Probe:
    """A running stand-in with what a test asks of it."""

    url: str
    client: stripe.StripeClient
    http: requests.Session

    def control(self, name: str, **sent: Any) -> dict[str, Any]:
        """POST to the control API and return its answer."""
        answer = self.http.post(f"{self.url}/_control/{name}", json=sent, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries that the control API shows."""
        return self.http.get(f"{self.url}/_control/deliveries", timeout=5).json()["data"]

    def open_session(self, **changes: Any) -> stripe.checkout.Session:
        """Create a session of 845,00 € in two lines, changed where asked."""
        params = {
            "mode": "payment",
            "line_items": [line("Gîte des Estables, 7 nuits", 79_000), line("Dentelle", 2_750, 2)],
            "success_url": "http://127.0.0.1:9/merci?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/retour",
            "customer_email": "camille@example.org",
            "client_reference_id": "VLY-7K4M",
            "locale": "fr",
            "metadata": {"order": "VLY-7K4M"},
            "payment_intent_data": {
                "metadata": {"order": "VLY-7K4M"},
                "transfer_group": "VLY-7K4M",
            },
        } | changes
        return self.client.v1.checkout.sessions.create(params)

    def paid_session(self, number: str = "4242424242424242") -> stripe.checkout.Session:
        """Create a session, pay it without a browser and return the truth."""
        session = self.open_session()
        self.control("pay", session=session.id, number=number)
        return self.client.v1.checkout.sessions.retrieve(session.id)


def line(name: str, cents: int, quantity: int = 1) -> dict[str, Any]:
    """Return a line item with its own price."""
    price = {"currency": "eur", "unit_amount": cents, "product_data": {"name": name}}
    return {"quantity": quantity, "price_data": price}


def new_client(base: str | None, key: str = SECRET_KEY) -> stripe.StripeClient:
    """Return the real library's client, pointed at `base`."""
    return stripe.StripeClient(key, base_addresses={"api": base} if base else None)


@pytest.fixture
def stand_in(receiver: Receiver) -> Iterator[Probe]:
    """A stand-in in a thread, its webhooks going to `receiver`, first retry after 20 ms."""
    config = Config(
        webhook_url=receiver.url,
        webhook_secret=WEBHOOK_SECRET,
        retry_base=0.02,
        shop_name="Velay, terre de liens",
    )
    server = StandIn(config).start()
    with requests.Session() as http:
        yield Probe(server.url, new_client(server.url), http)
    server.stop()
