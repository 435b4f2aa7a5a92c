"""HTTP in front of it all: API, payment page, control API, and the tick of the clock."""

import contextlib
import ipaddress
import json
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from oti.devtools.fakestripe import api, pages, papers_page
from oti.devtools.fakestripe.control import Control, Fault
from oti.devtools.fakestripe.state import Bank, Config
from oti.devtools.fakestripe.webhooks import Deliverer

LARGEST_BODY = 1_000_000
IDLE_SECONDS = 60
TICK_SECONDS = 0.5
CSP = (
    # No form-action: it would forbid the way from a form of this page back to the shop.
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def server_bind(self) -> None:
        # The parent would ask the DNS for this machine's name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who hangs up in the middle is no failure of ours.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep open for later."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class StandIn:
    """A running stand-in; `url` is where it listens."""

    config: Config
    host: str = "127.0.0.1"
    port: int = 0
    bank: Bank = field(init=False)

    def start(self) -> "StandIn":
        """Listen (port 0: a free one) and begin to deliver; returns at once."""
        stand_in = self

        class Handler(_Handler):
            owner = stand_in

        self._server = _HTTPServer((self.host, self.port), Handler)
        self.port = self._server.server_port
        self.url = f"http://{self.host}:{self.port}"
        self.config.public_url = (self.config.public_url or self.url).rstrip("/")
        self.bank = Bank(self.config)
        self.deliverer = Deliverer(self.bank)
        self.control = Control(self.bank, self.deliverer)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True),
            threading.Thread(target=self._tick, daemon=True),
        ]
        self.deliverer.start()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, end what is under way, close the state file."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        for thread in self._threads:
            thread.join()
        self.deliverer.stop()
        self.bank.close()

    def _tick(self) -> None:
        pruned = 0.0
        while not self._stop.wait(TICK_SECONDS):
            api.sweep(self.bank)
            if time.monotonic() - pruned > IDLE_SECONDS:
                api.prune(self.bank)
                pruned = time.monotonic()


class _Handler(BaseHTTPRequestHandler):
    owner: StandIn
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_args: Any) -> None:
        """Stay quiet: the shop's log tells what matters."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            self._send(413, b"", "text/plain")
            return
        try:
            body = self.rfile.read(length).decode()
        except UnicodeDecodeError:
            body = ""
        if parts.path.startswith(("/v1/", "/v2/")):
            self._api(method, parts.path, parts.query, body)
        elif parts.path.startswith("/_control/"):
            self._control(method, parts.path.removeprefix("/_control/"), body)
        elif parts.path == "/assets/page.css":
            self._send(200, pages.STYLE, "text/css; charset=utf-8")
        else:
            self._page(method, parts.path, body)

    def _api(self, method: str, path: str, query: str, body: str) -> None:
        request = api.Request(
            method,
            path,
            body if method == "POST" else query,
            self.headers.get("Authorization") or "",
            self.headers.get("Idempotency-Key") or "",
            self.headers.get("Stripe-Account") or "",
        )
        fault = self.owner.control.fault_for(path)
        if fault and not fault.after:
            self._fail(fault)
            return
        reply = api.answer(self.owner.bank, request)
        if fault:
            self._fail(fault)
            return
        self._send(reply.status, reply.body.encode(), "application/json", reply.headers)

    def _fail(self, fault: Fault) -> None:
        """Play a broken network (status 0) or a broken bank."""
        if fault.status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        error = {"error": {"type": "api_error", "message": "A failure was asked for."}}
        self._send(fault.status, json.dumps(error).encode(), "application/json")

    def _control(self, method: str, name: str, body: str) -> None:
        local = ipaddress.ip_address(self.client_address[0]).is_loopback
        if not local or "Origin" in self.headers:
            self._send(403, b'{"error": "local only"}', "application/json")
            return
        status, answer = self.owner.control.answer(method, name, body)
        self._send(status, json.dumps(answer, indent=2).encode(), "application/json")

    def _page(self, method: str, path: str, body: str) -> None:
        bank, accepted = self.owner.bank, self.headers.get("Accept-Language") or ""
        sent = dict(parse_qsl(body, keep_blank_values=True))
        if (method, path) == ("GET", "/"):
            self._html(pages.front(accepted))
            return
        views: dict[tuple[str, str], Callable[[str], pages.Page]] = {
            ("GET", "pay"): lambda key: pages.show(bank, key, accepted),
            ("POST", "pay"): lambda key: pages.pay(bank, key, sent, accepted),
            ("GET", "3ds"): lambda key: pages.challenge(bank, key, accepted),
            ("POST", "3ds"): lambda key: pages.answer_challenge(bank, key, sent, accepted),
            ("GET", "papers"): lambda key: papers_page.show(bank, key, accepted),
            ("POST", "papers"): lambda key: papers_page.answer(bank, key, sent, accepted),
        }
        _, _, rest = path.partition("/c/")
        name, _, key = rest.partition("/")
        view = views.get((method, name)) if path.startswith("/c/") else None
        with bank.transaction():
            api.sweep(bank)
            page = view(key) if view else pages.unknown(bank, accepted)
        self._html(page)

    def _html(self, page: pages.Page) -> None:
        headers = {"Content-Security-Policy": CSP, "Referrer-Policy": "no-referrer"}
        if page.location:
            headers["Location"] = page.location
        self._send(page.status, page.html.encode(), "text/html; charset=utf-8", headers)

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value.replace("\r", "").replace("\n", ""))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)
