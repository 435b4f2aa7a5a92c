"""What somebody types as the address of a site, read down to what may stand in a header."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.rules.origins import read_origin

SAFE = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("www.gite-des-narces.fr", "https://www.gite-des-narces.fr"),
        ("  Gite-Des-Narces.FR/ ", "https://gite-des-narces.fr"),
        ("https://www.gite.fr/reserver?x=1#y", "https://www.gite.fr"),
        ("http://gite.fr:80/", "http://gite.fr"),
        ("https://gite.fr:8443", "https://gite.fr:8443"),
        ("gîte.fr", "https://xn--gte-vma.fr"),
        ("gite.fr.", "https://gite.fr"),
    ],
)
def test_addresses_are_read_as_people_write_them(typed: str, origin: str):
    assert read_origin(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        *("", "localhost", "127.0.0.1", "https://[::1]/", "10.0.0.1:80", "1.2", "*.fr", "*"),
        *("javascript:alert(1)", "ftp://gite.fr", "data:text/html,x", "//gite.fr/x", "https://"),
        *("gite.fr; script-src *", "gite.fr 'self'", "gite.fr,evil.fr", "gite.fr\r\nX: 1"),
        *("https://a@gite.fr", "https://gite.fr:99999", "https://gite.fr:x", "-gite.fr", "a..fr"),
        *("x" * 600, f"{'a' * 64}.fr", "https://[gite.fr", "gite_.fr\0"),
    ],
)
def test_nonsense_names_no_site(typed: str):
    assert read_origin(typed) is None


@given(
    st.text(max_size=80) | st.from_regex(r"(https?://)?[a-z.;, *'\"@:/\\-]{1,40}", fullmatch=True)
)
@example("gite.fr;sandbox")
def test_whatever_is_typed_no_other_sign_comes_out(typed: str):
    origin = read_origin(typed)
    assert origin is None or SAFE.fullmatch(origin)
    assert origin is None or read_origin(origin) == origin
