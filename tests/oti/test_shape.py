"""Two web processes on one database: one is killed in the middle of a purchase, nothing is lost."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from booking.messages import drain_outbox
from booking.models import Basket, GatewayEvent, Order, OutboxMessage
from members.models import Entry
from oti.devtools import production_shape
from oti.devtools.fakestripe.server import StandIn
from oti.devtools.fakestripe.state import Config
from oti.devtools.locks import wait_until
from oti.devtools.production_shape import Shape, free_port, web_command
from tests.browser.conftest import second_saturday_of_july
from tests.oti.test_dev_command import database_url

NAME = "velay.test"
SECONDS = 30
MANIFEST_STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
Form = dict[str, list[str]]
FIELD = re.compile(r"<input([^>]*)>")
CONTACT = {
    "first_name": "Claire",
    "last_name": "Dupont",
    "email": "claire.dupont@example.org",
    "phone": "06 12 34 56 78",
    "terms": "1",
}


@dataclass
class Visitor:
    """Somebody whose cookies go to either process, as behind a proxy."""

    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, port: int, path: str, form: Form | None = None) -> tuple[int, str, str]:
        """Ask one process; return status, page and where it leads to."""
        client = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": NAME, "Cookie": kept, "Origin": f"http://{NAME}"}
        try:
            if form is None:
                client.request("GET", path, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                client.request("POST", path, urlencode(form, doseq=True), headers)
            answer = client.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            page = html.unescape(answer.read().decode())
            return answer.status, page, answer.getheader("Location", "")
        finally:
            client.close()

    def form_of(self, port: int, path: str, action: str) -> Form:
        """Return the fields of the page's first form whose address ends so."""
        status, page, _to = self.ask(port, path)
        assert status == 200, page[:500]
        start = re.search(rf'<form[^>]*action="[^"]*{action}"', page)
        assert start, f"no form for {action} at {path}"
        fields: Form = {}
        for attributes in FIELD.findall(page[start.start() : page.index("</form>", start.start())]):
            told = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
            if "name" in told and told.get("type") != "checkbox":
                fields.setdefault(told["name"], []).append(told.get("value", ""))
        return fields


class Gate(ThreadingHTTPServer):
    """Stands between a web process and the bank: the bank acts, its answer never comes back."""

    daemon_threads = True

    def __init__(self, bank: StandIn) -> None:
        self.bank, self.acted, self.over = bank, threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), _GateKeeper)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _GateKeeper(BaseHTTPRequestHandler):
    server: Gate

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bank = urlsplit(self.server.bank.url)
        client = HTTPConnection(str(bank.hostname), bank.port, timeout=SECONDS)
        client.request("POST", self.path, body, dict(self.headers))
        assert client.getresponse().status == 200
        client.close()
        self.server.acted.set()
        self.server.over.wait(SECONDS)

    def log_message(self, *_args: object) -> None:
        pass


@dataclass
class Town:
    """Two web processes, their ports, and the bank beside them."""

    shape: Shape
    ports: dict[str, int]
    bank: StandIn
    gate: Gate

    def start(self, name: str, bank_url: str) -> None:
        """Start a web process at its own port, with its way to the bank."""
        command = web_command(f"127.0.0.1:{self.ports[name]}")
        self.shape.start(name, command, STRIPE_API_BASE=bank_url)

    def wait_for(self, name: str) -> None:
        """Wait until that process answers."""
        self.shape.wait_until_healthy(name, self.ports[name], NAME)


def uncompressed_static(folder: Path) -> Path:
    """Collect the static files under the names that production gives them; return where they are.

    Compressing them takes ten seconds and changes no page.
    """
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": MANIFEST_STORAGE}}
    with override_settings(STORAGES=storages, STATIC_ROOT=folder):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture
def town(demo_database: str, tmp_path: Path) -> Iterator[Town]:
    """Run two web processes with production's settings on the demo."""
    ports = {"web1": free_port(), "web2": free_port()}
    secret = "whsec_shape"
    webhook = f"http://127.0.0.1:{ports['web1']}/paiement/stripe/"
    bank = StandIn(Config(webhook_url=webhook, webhook_secret=secret, retry_base=0.05)).start()
    gate = Gate(bank)
    environment = production_shape.production_environment(
        production_shape.Services(database_url(), settings.REDIS_URL, "memory://"),
        base_url=f"http://{NAME}",
        data_dir=tmp_path,
        static_root=uncompressed_static(tmp_path / "static"),
        STRIPE_WEBHOOK_SECRET=secret,
        CACHE_PREFIX=f"shape-{demo_database}",
    )
    found = Town(Shape(environment, tmp_path / "log"), ports, bank, gate)
    try:
        found.start("web1", gate.url)
        found.start("web2", bank.url)
        for name in ports:
            found.wait_for(name)
        yield found
    finally:
        gate.over.set()
        for name in found.shape.processes:
            found.shape.kill(name)
        gate.shutdown()
        gate.server_close()
        bank.stop()


def fill_the_stay(visitor: Visitor, town: Town) -> None:
    """Put the gîte and a dinner into the stay, each page asked of another process than its form."""
    web1, web2 = town.ports.values()
    arrival = second_saturday_of_july()
    week = urlencode(
        [
            *(("arrival", arrival), ("departure", arrival + timedelta(days=7))),
            *(("adults", 2), ("children", 2), ("ages", 5), ("ages", 10)),
        ]
    )
    days = urlencode({"from": arrival, "to": arrival + timedelta(days=6)})
    for path in (
        f"/fr/dormir/le-gite-des-narces/?{week}",
        f"/fr/vivre/la-table-de-solange/?{days}",
    ):
        fields = visitor.form_of(web1, path, "/mon-sejour/ajouter/")
        status, page, to = visitor.ask(web2, "/fr/mon-sejour/ajouter/", fields)
        assert status == 303, page[:500]
        assert visitor.ask(web1, to)[0] == 200


def checkout_form(visitor: Visitor, port: int) -> Form:
    """Return the checkout's form as the Duponts fill it in."""
    fields = visitor.form_of(port, "/fr/reserver/", "/reserver/")
    for name in fields:
        if name.endswith(("_first", "_last")):
            fields[name] = ["Dupont"]
    return fields | {name: [value] for name, value in CONTACT.items()}


@pytest.mark.long
def test_a_web_process_is_killed_twice_during_a_purchase_and_nothing_is_lost(town: Town):
    web1, web2 = town.ports.values()
    visitor = Visitor()
    fill_the_stay(visitor, town)
    form = checkout_form(visitor, web2)

    # The order is placed and the bank has opened its page; the process dies before it can say so.
    failed = threading.Event()

    def press_pay() -> None:
        try:
            visitor.ask(web1, "/fr/reserver/", form)
        except (OSError, HTTPException):
            failed.set()

    pressing = threading.Thread(target=press_pay)
    pressing.start()
    assert town.gate.acted.wait(SECONDS)
    town.shape.kill("web1")
    pressing.join(SECONDS)
    assert failed.is_set()
    order = Order.objects.get(channel=Order.Channel.SITE)
    assert (order.state, order.payments.get().session_id) == ("awaiting_payment", "")

    # A service manager starts it again; meanwhile the other process goes on with the same stay.
    town.gate.over.set()
    town.start("web1", town.bank.url)
    status, page, _to = visitor.ask(web2, "/fr/mon-sejour/")
    assert status == 200
    assert "Gîte des Narces" in page
    status, page, bank_page = visitor.ask(web2, "/fr/reserver/", form)
    assert status == 303, page[:500]
    payment = order.payments.get()
    assert payment.url == bank_page
    sessions = town.bank.bank.all("checkout.session")
    assert [one["id"] for one in sessions] == [payment.session_id]

    # Paid, and this process too dies before the bank's message comes.
    told = town.bank.control
    assert told.answer("POST", "hold", "")[0] == 200
    paid = told.answer("POST", "pay", json.dumps({"session": payment.session_id}))
    assert paid[1]["payment_status"] == "paid"
    town.shape.kill("web2")
    order.refresh_from_db()
    assert order.state == "awaiting_payment"
    town.wait_for("web1")
    assert told.answer("POST", "release", "")[0] == 200

    def is_confirmed() -> bool:
        return Order.objects.filter(state="confirmed", channel="site").exists()

    assert wait_until(is_confirmed, SECONDS), town.shape.log_of("web1")
    # The bank may say a thing twice.
    for delivery in told.answer("GET", "deliveries", "")[1]["data"]:
        told.answer("POST", "resend", json.dumps({"event": delivery["event"]}))

    # The same stay, one order, paid once, and each mail once.
    order = Order.objects.get(channel=Order.Channel.SITE)
    payment = order.payments.get()
    assert (order.state, payment.state) == ("confirmed", "paid")
    assert payment.captured_amount == order.total_amount
    assert set(order.lines.values_list("state", flat=True)) == {"sold"}
    assert order.lines.count() == 2
    assert Basket.objects.filter(orders=order).count() == 1
    assert Entry.objects.filter(verb="order placed").count() == 1
    assert not GatewayEvent.objects.filter(processed_at__isnull=True).exists()
    back = urlsplit(sessions[0]["success_url"])
    status, _page, clean = visitor.ask(web1, f"{back.path}?{back.query}")
    assert status == 303
    status, page, _to = visitor.ask(web1, clean)
    assert status == 200
    assert order.reference in page
    messages = OutboxMessage.objects.filter(order=order)
    recipients = sorted(messages.values_list("recipient", flat=True))
    assert len(recipients) == len(set(recipients)) == 3
    drain_outbox(now=timezone.now())
    drain_outbox(now=timezone.now())
    assert sorted(to for one in mail.outbox for to in one.to) == recipients
