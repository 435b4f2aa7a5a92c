"""Fetching an address that somebody else wrote, so that it reaches the Internet and nothing else.

The only place that speaks HTTP for the project's own needs (domain.md 5.5). An address pasted by
a host must not become a way into the machine, its network or the cloud's own addresses: https on
443 only, one resolution, every answer public, the very address that was checked is the one that
is connected to, and each redirect is checked again. Time and size are bounded whatever the other
side does. Nothing here is logged: an address of a calendar is a password.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from oti.lib.public_hosts import PORT, FetchRefused, Reason, check_url, is_public

__all__ = ["FetchFailed", "FetchRefused", "Fetched", "Reason", "fetch"]

MAX_BYTES = 1_048_576
TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MOST_REDIRECTS = 3
PIECE = 65_536
REDIRECTS = {301, 302, 303, 307, 308}
# What goes on to another host when one redirects to it; a signature or a password doesn't.
CARRIED = {"accept", "accept-language", "if-none-match", "if-modified-since", "user-agent"}
USER_AGENT = "velay-terre-de-liens/1.0"

Resolver = Callable[[str, float], Sequence[str]]
Connector = Callable[[str, str, float], socket.socket]


class FetchFailed(Exception):
    """It may be asked, but no whole answer came; `reason` is a short code, never the address."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Fetched:
    """A whole answer, whatever its status; the names of `headers` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)


def fetch(
    url: str,
    *,
    hosts: Callable[[str], bool] | None = None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    max_bytes: int = MAX_BYTES,
    total_seconds: float = TOTAL_SECONDS,
    connect_seconds: float = CONNECT_SECONDS,
    resolver: Resolver | None = None,
    connector: Connector | None = None,
) -> Fetched:
    """Return the answer of an https address, its body unpacked and of at most `max_bytes`.

    `hosts` says of a host's name whether it may be asked, the hosts of redirects too. At most
    three redirects, for GET and HEAD only: for another method the redirect is the answer. All of
    it, names and redirects included, takes `total_seconds` at most. Raises FetchRefused
    (`scheme`, `port`, `userinfo`, `bad_address`, `host`, `private`, `redirects`) before a byte is
    sent to that address, FetchFailed (`unknown_host`, `unreachable`, `tls`, `timeout`,
    `too_large`, `encoding`, `cut_short`, `protocol`).
    """
    ends_at = time.monotonic() + total_seconds
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    for _turn in range(MOST_REDIRECTS + 1):
        parts = check_url(url, hosts=hosts)
        answer = _ask(
            parts,
            method=method,
            headers=sent,
            body=body,
            max_bytes=max_bytes,
            ends_at=ends_at,
            connect_seconds=connect_seconds,
            resolver=resolver or resolve,
            connector=connector or connect,
        )
        target = answer.headers.get("location", "")
        if answer.status not in REDIRECTS or method not in {"GET", "HEAD"} or not target:
            return answer
        try:
            url = urljoin(answer.url, target)
            is_elsewhere = urlsplit(url).hostname != parts.hostname
        except ValueError as error:
            raise FetchRefused(Reason.BAD_ADDRESS) from error
        if is_elsewhere:
            sent = {name: value for name, value in sent.items() if name in CARRIED}
    raise FetchRefused(Reason.REDIRECTS)


def resolve(host: str, seconds: float) -> list[str]:
    """Return the addresses of a host, asked once; raises FetchFailed `unknown_host`, `timeout`.

    The system's resolver knows no deadline: it is asked beside, and left behind when it is late.
    """
    found: list[str] = []
    is_done = threading.Event()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError):
            pass
        finally:
            is_done.set()

    threading.Thread(target=ask, daemon=True).start()
    if not is_done.wait(max(seconds, 0)):
        raise FetchFailed(Reason.TIMEOUT)
    if not found:
        raise FetchFailed(Reason.UNKNOWN_HOST)
    return found


def connect(address: str, host: str, seconds: float) -> socket.socket:
    """Return a TLS line to this very address, whose certificate is the host's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect((address, PORT))
        return tls_context().wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise


@cache
def tls_context() -> ssl.SSLContext:
    """Return the system's idea of whom to believe; certificates and names are checked."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _ask(
    parts: SplitResult,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    max_bytes: int,
    ends_at: float,
    connect_seconds: float,
    resolver: Resolver,
    connector: Connector,
) -> Fetched:
    """Ask one address once, without following it elsewhere."""
    name = parts.hostname or ""
    addresses = _public_addresses(name, resolver, ends_at)
    line = _first_line(addresses, name, connector, ends_at, connect_seconds)
    asking = http.client.HTTPConnection(name, PORT)
    response: http.client.HTTPResponse | None = None
    try:
        asking.sock = _Timed(line, ends_at)  # type: ignore[assignment]
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        known = {"user-agent": USER_AGENT, "accept": "*/*", **headers}
        # The name alone: 443 is https' own port, which this plain connection doesn't know.
        ours = {"host": parts.netloc, "accept-encoding": "gzip", "connection": "close"}
        asking.request(method, target, body=body, headers={**known, **ours})
        response = asking.getresponse()
        told = {key.lower(): value for key, value in response.getheaders()}
        read = b"".join(_unpacked(response, told.get("content-encoding", ""), max_bytes))
        return Fetched(response.status, told, read, parts.geturl())
    except TimeoutError as error:
        raise FetchFailed(Reason.TIMEOUT) from error
    except http.client.IncompleteRead as error:
        raise FetchFailed(Reason.CUT_SHORT) from error
    except ssl.SSLError as error:
        raise FetchFailed(Reason.TLS) from error
    except (http.client.HTTPException, ValueError) as error:
        raise FetchFailed(Reason.PROTOCOL) from error
    except OSError as error:
        # Before its first word, nobody was there.
        reason = Reason.UNREACHABLE if response is None else Reason.CUT_SHORT
        raise FetchFailed(reason) from error
    finally:
        asking.close()
        line.close()


def _public_addresses(name: str, resolver: Resolver, ends_at: float) -> list[str]:
    """Return the addresses of a name, asked once; raises FetchRefused if one isn't public."""
    try:
        literal = ipaddress.ip_address(name)
    except ValueError:
        found = list(resolver(name, _left(ends_at)))
    else:
        found = [str(literal)]
    if not found:
        raise FetchFailed(Reason.UNKNOWN_HOST)
    for one in found:
        try:
            is_good = is_public(ipaddress.ip_address(one))
        except ValueError:
            is_good = False
        if not is_good:
            raise FetchRefused(Reason.PRIVATE)
    return found


def _first_line(
    addresses: Sequence[str],
    name: str,
    connector: Connector,
    ends_at: float,
    connect_seconds: float,
) -> socket.socket:
    """Connect to the first of these addresses that answers; raises FetchFailed."""
    reason = Reason.UNREACHABLE
    for one in addresses:
        try:
            return connector(one, name, min(connect_seconds, _left(ends_at)))
        except TimeoutError:
            reason = Reason.TIMEOUT
        except ssl.SSLError:
            reason = Reason.TLS
        except OSError:
            reason = Reason.UNREACHABLE
    raise FetchFailed(reason)


def _left(ends_at: float) -> float:
    """Return the seconds that are left; raises FetchFailed `timeout`."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise FetchFailed(Reason.TIMEOUT)
    return left


class _Timed:
    """A line that http.client reads and writes, and that ends at one moment for everything.

    A timeout of the socket alone begins again with every byte: a slow one could go on for ever.
    """

    def __init__(self, line: socket.socket, ends_at: float) -> None:
        self.line = line
        self.ends_at = ends_at

    def sendall(self, data: bytes) -> None:
        """Send, with what is left of the time."""
        self.line.settimeout(_left(self.ends_at))
        self.line.sendall(data)

    def makefile(self, *_args: Any) -> io.BufferedReader:
        """Return what is read from it."""
        return io.BufferedReader(_TimedReading(self))

    def close(self) -> None:
        """Leave the line to who opened it."""


class _TimedReading(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        self.timed = timed

    def readable(self) -> bool:
        """Say that it is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, with what is left of the time."""
        self.timed.line.settimeout(_left(self.timed.ends_at))
        return self.timed.line.recv_into(buffer)


def _unpacked(response: http.client.HTTPResponse, encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Give the body piece by piece, never more than `max_bytes` packed or unpacked."""
    name = encoding.strip().lower()
    if name not in {"", "identity", "gzip", "x-gzip"}:
        raise FetchFailed(Reason.ENCODING)
    unpacking = zlib.decompressobj(wbits=31) if "gzip" in name else None
    packed = total = 0
    while piece := response.read(PIECE):
        packed += len(piece)
        if packed > max_bytes:
            raise FetchFailed(Reason.TOO_LARGE)
        if unpacking is not None:
            piece = _unpack(unpacking, piece, max_bytes - total)
        total += len(piece)
        if total > max_bytes:
            raise FetchFailed(Reason.TOO_LARGE)
        yield piece
    if response.length or (unpacking is not None and packed and not unpacking.eof):
        raise FetchFailed(Reason.CUT_SHORT)


def _unpack(unpacking: Any, piece: bytes, room: int) -> bytes:
    """Return what a piece becomes, at most one byte over the room that there is."""
    try:
        data: bytes = unpacking.decompress(piece, room + 1)
    except zlib.error as error:
        raise FetchFailed(Reason.ENCODING) from error
    # A second packed body behind the first is no part of it.
    if unpacking.unused_data:
        raise FetchFailed(Reason.ENCODING)
    return data
