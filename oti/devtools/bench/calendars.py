"""Platforms that serve calendars, for `feeds_2000`: over TLS, one in ten slow or dead.

`python -m oti.devtools.bench.calendars <folder>`: makes a certificate of its own in the folder,
prints its port, serves until it is ended.
"""

from __future__ import annotations

import contextlib
import http.server
import re
import ssl
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "www.airbnb.fr"
CERTIFICATE = "certificate.pem"
EVENTS = 100
# Longer than anybody waits.
SLOW_SECONDS, DEAD_SECONDS = 15, 40


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/calendar/ical/<number>.ics`; the number says how."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Serve a calendar; some platforms are slow, some never answer."""
        number = int(re.findall(r"\d+", self.path)[0])
        if number % 20 == 0:
            time.sleep(SLOW_SECONDS)
        elif number % 20 == 10:
            time.sleep(DEAD_SECONDS)
            return
        body = calendar(number)
        self.send_response(200)
        self.send_header("Content-Type", "text/calendar")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """Takes many at once; what a visitor who left does to it is no news."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context

    def finish_request(self, request: object, client_address: object) -> None:
        """Shake hands in the thread of the request: nobody waits for another's."""
        with contextlib.suppress(OSError):
            line = self.context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
            super().finish_request(line, client_address)  # type: ignore[arg-type]

    def handle_error(self, *_args: object) -> None:
        """Say nothing."""


def calendar(number: int) -> bytes:
    """Return a hundred bookings of two nights; only the moment of the reading changes."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    lines = ["BEGIN:VCALENDAR", "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "VERSION:2.0"]
    first = date.today() + timedelta(days=3 + number % 3)
    for place in range(EVENTS):
        arrival = first + timedelta(days=5 * place)
        lines += [
            "BEGIN:VEVENT",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}",
            f"DTEND;VALUE=DATE:{arrival + timedelta(days=2):%Y%m%d}",
            "SUMMARY:Reserved",
            f"UID:1418fb94e984-{number:08x}{place:024x}@airbnb.com",
            "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations",
            " /details/HM00000000\\nPhone Number (Last 4 Digits): 0000",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def certified(folder: Path) -> ssl.SSLContext:
    """Make a certificate for the host, and return what a server shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / CERTIFICATE, folder / "key.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kept.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, kept)
    return context


if __name__ == "__main__":
    server = Server(certified(Path(sys.argv[1])))
    print(server.server_address[1], flush=True)
    server.serve_forever()
