"""Who asks is read in one way, whoever wants to know it."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from members.adapters import AccountAdapter
from oti.lib.clients import client_address, client_network


@pytest.mark.parametrize(
    ("proxies", "peer", "chain", "who"),
    [
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (1, "10.0.0.2", "198.51.100.1", "198.51.100.1"),
        # What the client wrote itself stands to the left.
        (1, "10.0.0.2", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.2", "1.1.1.1, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
        # Fewer hops than proxies: what stands there may be the client's own word.
        (2, "10.0.0.2", "10.0.0.3", "10.0.0.2"),
        (5, "10.0.0.2", "203.0.113.9, 198.51.100.7", "10.0.0.2"),
        (1, "10.0.0.2", "", "10.0.0.2"),
        (1, "10.0.0.2", " , ", "10.0.0.2"),
        # Some proxies name the port too.
        (1, "10.0.0.2", "203.0.113.9:51234", "203.0.113.9"),
        (1, "10.0.0.2", "[2001:DB8:0::1]:443", "2001:db8::1"),
        (1, "10.0.0.2", "[2001:db8::1]", "2001:db8::1"),
        (0, "fe80::1%eth0", "", "fe80::1"),
        (0, "::ffff:203.0.113.7", "", "203.0.113.7"),
        (1, "10.0.0.2", "<script>", None),
        (1, "10.0.0.2", "203.0.113.9:51234:1", None),
        (1, "10.0.0.2", "[", None),
        (0, "", "", None),
    ],
)
def test_client_is_named_by_our_own_proxies_only(settings, proxies, peer, chain, who):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=chain)
    assert client_address(request) == who
    assert AccountAdapter().get_client_ip(request) == (who or "unknown")


@pytest.mark.parametrize(
    ("peer", "who"),
    [
        ("203.0.113.7", "203.0.113.7"),
        # One person owns a whole network of IPv6.
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
        ("<script>", "unknown"),
    ],
)
def test_who_is_counted(peer, who):
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=peer)) == who
