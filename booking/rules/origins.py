"""The address of somebody's own site, read down to what a browser compares: scheme, host, port."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_HOST = 190
MOST_TYPED = 500
STANDARD_PORTS = {"https": 443, "http": 80}


def read_origin(typed: str) -> str | None:
    """Return « https://www.example.fr » of what somebody typed or pasted, None for nonsense.

    A path is left out; without a scheme it is https. Only plain names of hosts with a dot are
    taken: what comes out stands in a header, where a sign too many would open more than one site.
    """
    text = typed.strip()
    if not text or len(text) > MOST_TYPED or any(sign in text for sign in " \t\r\n\\;,'\"<>*"):
        return None
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in STANDARD_PORTS or parts.username or parts.password:
        return None
    name = _ascii(host)
    if name is None or not _is_name(name):
        return None
    shown = "" if port in (None, STANDARD_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{name}{shown}"


def _ascii(host: str) -> str | None:
    """Return a name as machines write it: gîte.fr is xn--gte-vma.fr."""
    try:
        return host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def _is_name(host: str) -> bool:
    labels = host.split(".")
    if len(host) > LONGEST_HOST or len(labels) < 2 or labels[-1].isdecimal():
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return all(LABEL.fullmatch(label) for label in labels)
    return False
