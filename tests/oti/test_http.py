"""An address that somebody else wrote reaches the Internet and nothing else (domain.md 5.5)."""

from __future__ import annotations

import gzip
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oti.lib import http as fetching
from oti.lib.http import FetchFailed, FetchRefused, fetch

PUBLIC = "93.184.216.34"
URL = "https://calendars.example/one.ics?s=secret"


class Site:
    """A server of this machine that stands for every host; remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[http.server.BaseHTTPRequestHandler], None] = lambda _asked: None
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.connected: list[tuple[str, str]] = []
        self.is_over = threading.Event()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.command, self.path, told))
                site.answer(self)
                self.close_connection = True

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def connect(self, address: str, host: str, seconds: float) -> socket.socket:
        """Stand for the line to a checked address."""
        self.connected.append((address, host))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def says(
        self, body: bytes = b"", status: int = 200, length: int | None = None, **headers: str
    ) -> None:
        """Answer everything with this."""

        def answer(asked: http.server.BaseHTTPRequestHandler) -> None:
            asked.send_response(status)
            asked.send_header("Content-Length", str(len(body) if length is None else length))
            for name, value in headers.items():
                asked.send_header(name.replace("_", "-"), value)
            asked.end_headers()
            asked.wfile.write(body)

        self.answer = answer

    def fetch(self, url: str = URL, **asked: object) -> fetching.Fetched:
        """Fetch through this site; every name is public unless `resolver` says otherwise."""
        known: dict[str, object] = {
            "connector": self.connect,
            "resolver": lambda _host, _seconds: [PUBLIC],
        }
        return fetch(url, **(known | asked))  # type: ignore[arg-type]


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    yield one
    one.is_over.set()
    one.server.shutdown()
    one.server.server_close()


def reason_of(call: Callable[[], object]) -> str:
    with pytest.raises((FetchRefused, FetchFailed)) as caught:
        call()
    return caught.value.reason


def test_an_answer_is_whole_and_the_pinned_address_is_the_one_that_was_checked(site: Site) -> None:
    site.says(b"BEGIN:VCALENDAR", ETag='"1"')

    answer = site.fetch(headers={"If-None-Match": '"0"'})

    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"BEGIN:VCALENDAR", '"1"')
    assert site.connected == [(PUBLIC, "calendars.example")]
    ((method, path, told),) = site.asked
    assert (method, path) == ("GET", "/one.ics?s=secret")
    assert told["host"] == "calendars.example"
    assert told["if-none-match"] == '"0"'
    assert "secret" not in repr(answer)


def test_a_body_is_sent_and_no_redirect_followed_with_it(site: Site) -> None:
    site.says(status=307, Location="https://elsewhere.example/")

    answer = site.fetch(method="POST", body=b"{}", headers={"X-Signature": "s"})

    assert answer.status == 307
    assert [asked[2]["content-length"] for asked in site.asked] == ["2"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://calendars.example/", "scheme"),
        ("ftp://calendars.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://calendars.example/", "scheme"),
        ("//calendars.example/", "scheme"),
        ("calendars.example/one.ics", "scheme"),
        ("", "scheme"),
        ("https://calendars.example:22/", "port"),
        ("https://calendars.example:80/", "port"),
        ("https://calendars.example:x/", "bad_address"),
        ("https://calendars.example:99999/", "bad_address"),
        ("https://me@calendars.example/", "userinfo"),
        ("https://me:word@calendars.example/", "userinfo"),
        ("https://calendars.example@127.0.0.1/", "userinfo"),
        ("https://127.0.0.1/", "private"),
        ("https://127.1/", "bad_address"),
        ("https://2130706433/", "bad_address"),
        ("https://0x7f000001/", "bad_address"),
        ("https://0x7f.0.0.1/", "bad_address"),
        ("https://0177.0.0.1/", "bad_address"),
        ("https://0/", "bad_address"),
        ("https://0.0.0.0/", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://172.16.0.1/", "private"),
        ("https://192.168.1.1/", "private"),
        ("https://100.64.0.1/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://224.0.0.1/", "private"),
        ("https://255.255.255.255/", "private"),
        ("https://192.0.0.8/", "private"),
        ("https://192.0.0.9/", "private"),
        ("https://168.63.129.16/machine/", "private"),
        ("https://[3fff::1]/", "private"),
        ("https://[3fff:fff::1]/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://[::ffff:93.184.216.34]/", "private"),
        ("https://[::127.0.0.1]/", "private"),
        ("https://[64:ff9b::7f00:1]/", "private"),
        ("https://[64:ff9b:1::7f00:1]/", "private"),
        ("https://[2002:7f00:1::]/", "private"),
        ("https://[2001:0:1::7f00:1]/", "private"),
        ("https://[fe80::1%25eth0]/", "private"),
        ("https://[fc00::1]/", "private"),
        ("https://[fec0::1]/", "private"),
        ("https://[ff02::1]/", "private"),
        ("https://[::1/", "bad_address"),
        ("https://calendars.example\\@127.0.0.1/", "bad_address"),
        ("https://calendars.example/ HTTP/1.1\r\nX: y", "bad_address"),
        ("https://cal endars.example/", "bad_address"),
        ("https://-.example/", "bad_address"),
        ("https://" + "a" * 64 + ".example/", "bad_address"),
        ("https:///one.ics", "bad_address"),
        ("https://calendars.example/" + "a" * 2000, "bad_address"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_before_anything_is_sent(
    site: Site, url: str, reason: str
) -> None:
    assert reason_of(lambda: site.fetch(url)) == reason
    assert site.connected == []


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.8"],
        ["169.254.169.254"],
        [PUBLIC, "192.168.0.10"],
        ["64:ff9b::7f00:1"],
        ["2002:a00:1::"],
        ["168.63.129.16"],
        ["192.88.99.1"],
        ["3fff::1"],
        ["not an address"],
    ],
)
def test_a_name_with_one_private_address_is_refused(site: Site, found: list[str]) -> None:
    assert reason_of(lambda: site.fetch(resolver=lambda _host, _seconds: found)) == "private"
    assert site.connected == []


def test_a_name_is_asked_for_once_only(site: Site) -> None:
    """Else a second answer could lead elsewhere than the one that was checked."""
    site.says(b"x")
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    assert site.fetch(resolver=lambda _host, _seconds: next(answers)).body == b"x"
    assert [address for address, _host in site.connected] == [PUBLIC]


def test_only_hosts_that_are_known_are_asked(site: Site) -> None:
    site.says(b"x")

    assert reason_of(lambda: site.fetch(hosts=lambda name: name == "other.example")) == "host"
    assert site.connected == []
    assert site.fetch(hosts=lambda name: name == "calendars.example").status == 200


def test_a_redirect_is_followed_with_what_harms_nobody(site: Site) -> None:
    def answer(asked: http.server.BaseHTTPRequestHandler) -> None:
        if asked.path == "/here.ics":
            asked.send_response(200)
            asked.send_header("Content-Length", "2")
            asked.end_headers()
            asked.wfile.write(b"ok")
        else:
            asked.send_response(302)
            asked.send_header("Location", "https://other.example/here.ics")
            asked.send_header("Content-Length", "0")
            asked.end_headers()

    site.answer = answer

    got = site.fetch(headers={"If-None-Match": '"1"', "Authorization": "secret"})

    assert (got.body, got.url) == (b"ok", "https://other.example/here.ics")
    first, second = (told for _method, _path, told in site.asked)
    assert first["authorization"] == "secret"
    assert "authorization" not in second
    assert second["if-none-match"] == '"1"'
    assert [host for _address, host in site.connected] == ["calendars.example", "other.example"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://calendars.example/", "scheme"),
        ("https://127.0.0.1/", "private"),
        ("https://169.254.169.254/latest/", "private"),
        ("https://[::1]/", "private"),
        ("https://inside.example/", "private"),
        ("https://me@other.example/", "userinfo"),
        ("https://other.example:22/", "port"),
        ("//10.0.0.1/", "private"),
        ("https://[/", "bad_address"),
        ("/again.ics", "redirects"),
    ],
)
def test_a_redirect_is_checked_like_the_address_itself(
    site: Site, target: str, reason: str
) -> None:
    site.says(status=302, Location=target)

    def resolver(host: str, _seconds: float) -> list[str]:
        return ["10.0.0.1"] if host == "inside.example" else [PUBLIC]

    assert reason_of(lambda: site.fetch(resolver=resolver)) == reason
    assert len(site.asked) == (4 if reason == "redirects" else 1)


def test_redirects_stay_among_the_hosts_that_are_known(site: Site) -> None:
    site.says(status=301, Location="https://other.example/")

    assert reason_of(lambda: site.fetch(hosts=lambda name: name == "calendars.example")) == "host"
    assert len(site.asked) == 1


def test_a_body_without_an_end_is_given_up(site: Site) -> None:
    def answer(asked: http.server.BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.end_headers()
        try:
            while not site.is_over.is_set():
                asked.wfile.write(b"x" * 65536)
        except OSError:
            pass

    site.answer = answer
    assert reason_of(lambda: site.fetch(max_bytes=100_000)) == "too_large"


def test_a_body_that_drips_is_given_up_in_time(site: Site) -> None:
    def answer(asked: http.server.BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.send_header("Content-Length", "1000")
        asked.end_headers()
        try:
            while not site.is_over.wait(0.05):
                asked.wfile.write(b"x")
        except OSError:
            pass

    site.answer = answer
    assert reason_of(lambda: site.fetch(total_seconds=0.4)) == "timeout"


def test_a_bomb_is_given_up_before_it_fills_the_memory(site: Site) -> None:
    site.says(gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")

    assert reason_of(site.fetch) == "too_large"


def test_a_packed_body_is_unpacked_and_must_be_whole(site: Site) -> None:
    packed = gzip.compress(b"BEGIN:VCALENDAR" * 100)
    site.says(packed, Content_Encoding="gzip")
    assert site.fetch().body == b"BEGIN:VCALENDAR" * 100

    site.says(packed[:-12], Content_Encoding="gzip")
    assert reason_of(site.fetch) == "cut_short"
    site.says(packed + packed, Content_Encoding="gzip")
    assert reason_of(site.fetch) == "encoding"
    site.says(b"not packed", Content_Encoding="gzip")
    assert reason_of(site.fetch) == "encoding"
    site.says(b"packed otherwise", Content_Encoding="br")
    assert reason_of(site.fetch) == "encoding"


def test_a_body_that_ends_too_early_is_no_answer(site: Site) -> None:
    site.says(b"BEGIN", length=100)
    assert reason_of(site.fetch) == "cut_short"


def test_an_answer_of_exactly_the_size_allowed_is_taken(site: Site) -> None:
    site.says(b"x" * 1000)
    assert len(site.fetch(max_bytes=1000).body) == 1000
    assert reason_of(lambda: site.fetch(max_bytes=999)) == "too_large"


def test_what_is_no_http_is_said(site: Site) -> None:
    def answer(asked: http.server.BaseHTTPRequestHandler) -> None:
        asked.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    site.answer = answer
    assert reason_of(site.fetch) == "protocol"


def test_an_answer_without_a_body_is_an_answer(site: Site) -> None:
    site.says(status=304)
    assert (site.fetch().status, site.fetch().body) == (304, b"")


def test_the_next_address_is_tried_where_one_is_dead(site: Site) -> None:
    site.says(b"x")

    def connect(address: str, host: str, seconds: float) -> socket.socket:
        if address == "2606:2800:220:1::1":
            raise ConnectionRefusedError
        return site.connect(address, host, seconds)

    found = ["2606:2800:220:1::1", PUBLIC]
    got = site.fetch(connector=connect, resolver=lambda _host, _seconds: found)
    assert got.body == b"x"

    def dead(_address: str, _host: str, _seconds: float) -> socket.socket:
        raise ConnectionRefusedError

    assert reason_of(lambda: site.fetch(connector=dead)) == "unreachable"


def test_a_slow_resolver_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()

    def slow(*_args: object, **_kwargs: object) -> list[object]:
        never.wait(5)
        return []

    monkeypatch.setattr(fetching.socket, "getaddrinfo", slow)
    assert reason_of(lambda: fetch(URL, total_seconds=0.05)) == "timeout"
    never.set()


def test_an_unknown_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> list[object]:
        raise socket.gaierror

    monkeypatch.setattr(fetching.socket, "getaddrinfo", unknown)
    assert reason_of(lambda: fetch(URL)) == "unknown_host"


def test_no_proxy_of_the_environment_is_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.says(b"x")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert site.fetch().body == b"x"


def test_a_certificate_must_be_the_hosts_and_of_somebody_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The real line of `connect`, to a server of this machine in place of the address."""
    context = _certified("calendars.example", tmp_path)
    served = Site()
    served.server.socket = context.wrap_socket(served.server.socket, server_side=True)
    served.says(b"x")
    real = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda line, _to: real(line, ("127.0.0.1", served.port))
    )
    resolver = lambda _host, _seconds: [PUBLIC]  # noqa: E731
    try:
        assert reason_of(lambda: fetch(URL, resolver=resolver)) == "tls"
        trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
        monkeypatch.setattr(fetching, "tls_context", lambda: trusting)
        assert fetch(URL, resolver=resolver).body == b"x"
        other = "https://other.example/"
        assert reason_of(lambda: fetch(other, resolver=resolver)) == "tls"
    finally:
        served.server.shutdown()
        served.server.server_close()


def _certified(host: str, folder: Path) -> ssl.SSLContext:
    """Return what a server with a certificate of its own making for `host` shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
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
