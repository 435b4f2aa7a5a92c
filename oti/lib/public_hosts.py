"""Which addresses that somebody else wrote may be asked: https, on 443, of public hosts only.

An address pasted by a host must not become a way into the machine, its network or the cloud's own
addresses (domain.md 5.5). Nothing is asked here: `oti.lib.http` does, and checks what it finds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import SplitResult, quote, urlsplit

PORT = 443
LONGEST_URL = 2000
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
# "2130706433", "0x7f.1", "127.1": what old resolvers read as an address (WHATWG URL, 3.5).
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# What carries an IPv4 address inside: mapped, translated, NAT64, Teredo, 6to4.
CARRYING = [
    ipaddress.IPv6Network(one)
    for one in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
    )
]
# Not of the Internet, whatever a library says: for protocols (RFC 7723), for documentation
# (RFC 9637), and the host of the machine in a cloud.
OTHERS = [
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "168.63.129.16/32")
]


class Reason(StrEnum):
    """Why there is no answer: the first ones refuse the address, the others tell what failed."""

    SCHEME = "scheme"
    PORT = "port"
    USERINFO = "userinfo"
    BAD_ADDRESS = "bad_address"
    HOST = "host"
    PRIVATE = "private"
    REDIRECTS = "redirects"
    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    CUT_SHORT = "cut_short"
    PROTOCOL = "protocol"


class FetchRefused(Exception):
    """The address isn't one that may be asked; `reason` is a short code, never the address."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def check_url(url: str, *, hosts: Callable[[str], bool] | None = None) -> SplitResult:
    """Return the parts of an address that may be asked, its host in ASCII; asks no one.

    Raises FetchRefused, as `fetch`; whether its addresses are public is known only when asked.
    """
    if len(url) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        raise FetchRefused(Reason.BAD_ADDRESS)
    try:
        parts = urlsplit(url)
        port, told = parts.port, parts.hostname or ""
        name = told.rstrip(".").encode("idna").decode().lower() if ":" not in told else told
    except (ValueError, UnicodeError) as error:
        raise FetchRefused(Reason.BAD_ADDRESS) from error
    if parts.scheme != "https":
        raise FetchRefused(Reason.SCHEME)
    if parts.username is not None or parts.password is not None:
        raise FetchRefused(Reason.USERINFO)
    if port not in {None, PORT}:
        raise FetchRefused(Reason.PORT)
    _check_host(name)
    if hosts is not None and not hosts(name):
        raise FetchRefused(Reason.HOST)
    netloc = f"[{name}]" if ":" in name else name
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return SplitResult("https", netloc, path, query, "")


def _check_host(name: str) -> None:
    """Raise FetchRefused for a name that is none, or an address written in an odd way."""
    if ":" in name or NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            address = ipaddress.ip_address(name)
        except ValueError as error:
            raise FetchRefused(Reason.BAD_ADDRESS) from error
        if not is_public(address):
            raise FetchRefused(Reason.PRIVATE)
    elif not HOST.fullmatch(name):
        raise FetchRefused(Reason.BAD_ADDRESS)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is one host of the Internet, and hides no other address.

    What carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is none: the network may
    send it on to the address inside.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id or any(address in network for network in CARRYING):
            return False
        if address.is_site_local:
            return False
    if any(address.version == one.version and address in one for one in OTHERS):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
    )
