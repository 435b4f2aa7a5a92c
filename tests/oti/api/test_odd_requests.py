"""Whatever is sent to the API, it answers problems in JSON, and reads no more than it must."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oti.api.client import a_workshop, ask, codes, fields, new_basket, places_line, send

pytestmark = pytest.mark.django_db


class CountedBody(BytesIO):
    """A body that knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
        """Read, and count."""
        found = super().read(size)
        self.taken += len(found)
        return found


def raw(path: str, body: bytes, kind: str = "application/json", **more: Any) -> Any:
    """Send bytes as they are."""
    return Client().post(f"/api/v1/{path}", body, content_type=kind, **more)


# --- Addresses and methods ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/stays/",
        "/api/v2/stays",
        "/api/v1/offers/été",
        "/api/v1/offers/a/b/c",
        "/api/v1/offers/%00",
        "/api/v1/baskets/x%0A/lines",
        "/api/v1/baskets/abc/lines/-1",
        "/api/v1/baskets/abc/lines/99999999999999999999999",
        "/api/v1/orders/ABCD%2FEFGH",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_address(path: str, method: str):
    answer = getattr(Client(), method)(path)

    assert (answer.status_code, codes(answer)) == (404, ["not_found"])
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"


def test_segment_is_reserved():
    """What an editor writes lives below a language: nothing else may answer below `/api/`."""
    for path in ("/api/", "/api/rien", "/api/v1/agenda/"):
        assert resolve(path).namespace == "api"
    client = Client()
    client.cookies["django_language"] = "en"
    answer = client.get("/api/v1/agenda/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize("method", ["put", "patch", "options", "trace", "post", "delete"])
def test_method_that_is_not_one(method: str):
    answer = getattr(Client(), method)("/api/v1/stays")

    assert (answer.status_code, codes(answer)) == (405, ["method_not_allowed"])
    assert answer["Allow"] == "GET, HEAD"


def test_head_answers_like_get_without_a_body():
    answer = Client().head("/api/v1/offers")
    assert (answer.status_code, answer.content) == (200, b"")


def test_json_is_answered_whatever_is_accepted():
    answer = ask("offers", Accept="text/html;q=1, */broken")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


# --- Bodies -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_body_that_is_not_announced_as_json(kind: str):
    answer = raw(f"baskets/{new_basket()}/lines", b'{"offer": "x"}', kind)
    assert (answer.status_code, codes(answer)) == (415, ["not_json"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nothing",
        b"NaN",
        b'{"offer": Infinity}',
        b"\xff\xfe{\x00}\x00",
        b'{"offer": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"unit": ' + b"9" * 5000 + b"}",
    ],
)
def test_body_that_is_no_json(body: bytes):
    answer = raw(f"baskets/{new_basket()}/lines", body)
    assert (answer.status_code, codes(answer)) == (422, ["json_unreadable"])


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"12", b"true", b"1e999", b"[[]]"])
@pytest.mark.parametrize("page", ["lines", "checkout"])
def test_json_that_is_no_object(page: str, body: bytes):
    answer = raw(f"baskets/{new_basket()}/{page}", body)
    assert (answer.status_code, codes(answer)) == (422, ["not_an_object"])
    assert "No data" not in answer.content.decode()


def test_names_that_are_unknown_are_refused_and_nothing_is_added():
    slot, token = a_workshop(), new_basket()
    line = {**places_line(slot), "adults": 2, "option": []}

    answer = send(f"baskets/{token}/lines?language=en", line)

    assert answer.status_code == 422
    assert fields(answer) == {"adults": "unknown_field", "option": "unknown_field"}
    assert "participants" in answer.json()["problems"][0]["message"]
    assert ask(f"baskets/{token}").json()["lines"] == []


@pytest.mark.parametrize("name", ["\ud800", "<b>", "x" * 5000, "", "é"])
def test_names_that_no_input_has_are_refused_unrepeated(name: str):
    answer = send(f"baskets/{new_basket()}/lines", {name: 1})
    assert answer.status_code == 422
    assert fields(answer) == {"": "unknown_field", "offer": "required"}


def test_a_thousand_unknown_names_are_answered_shortly():
    answer = send(f"baskets/{new_basket()}/lines", {f"x{number}": 1 for number in range(1000)})
    assert answer.status_code == 422
    assert len(codes(answer)) == 21


@pytest.mark.parametrize(
    "path",
    ["offers?limit=200", "stays?arrival=2027-07-10&departure=2027-07-17&adults=2&limit=200"],
)
def test_parameters_that_are_unknown_are_refused(path: str):
    answer = ask(path)
    assert (answer.status_code, fields(answer)) == (422, {"limit": "unknown_field"})


def test_no_body_is_an_empty_one():
    answer = raw(f"baskets/{new_basket()}/lines", b"")
    assert (answer.status_code, fields(answer)) == (422, {"offer": "required"})


@pytest.mark.parametrize("page", ["", "/{token}/lines", "/{token}/extend", "/{token}/checkout"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_fifty_megabytes_are_refused_unread(page: str, kind: str):
    size = 50_000_000
    body = CountedBody(b"{}")

    answer = Client().generic(
        "POST",
        f"/api/v1/baskets{page.format(token=new_basket())}",
        b"x",
        content_type=kind,
        **{"wsgi.input": body, "CONTENT_LENGTH": str(size)},
    )

    assert (answer.status_code, codes(answer)) == (413, ["too_large"])
    assert body.taken == 0


def test_length_that_lies_reads_to_the_limit_only(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = raw(f"baskets/{new_basket()}/lines", b'{"offer": "' + b"x" * 985 + b'"}')
    assert (answer.status_code, fields(answer)) == (422, {"offer": "max_length"})
    answer = raw(f"baskets/{new_basket()}/lines", b"x" * 2000, CONTENT_LENGTH="abc")
    assert answer.status_code == 422


# --- The wrong type everywhere ------------------------------------------------------------------
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "offer", "unit", "slot", "arrival", "departure", "participants", "quantity", "options",
    "accept_overlap", "for_others", "instead_of",
    "contact", "terms_version", "package_form_version", "shown_total_cents",
    "language", "arrival_time", "needs", "age", "code", "key", "first_name", "email",
]  # fmt: skip
INNER = st.dictionaries(st.sampled_from(NAMES), ANY_JSON, max_size=4)
BODIES = st.dictionaries(
    st.sampled_from(NAMES), ANY_JSON | INNER | st.lists(INNER, max_size=3), max_size=8
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(body=BODIES, page=st.sampled_from(["lines", "checkout"]))
def test_wrong_types_are_named_and_never_a_failure(world: tuple[str, dict], body: dict, page: str):
    token, right = world

    answer = send(f"baskets/{token}/{page}", {**right, **body})

    assert answer.status_code in {201, 409, 422}, answer.content
    if answer.status_code != 201:
        assert all(one["code"] and one["message"] for one in answer.json()["problems"])


@pytest.fixture
def world(settings) -> tuple[str, dict[str, Any]]:
    """A basket, and what would be right for a line of it."""
    settings.API_RATES = {"read": "0", "write": "0", "checkout": "0", "codes": "0"}
    return new_basket(), places_line(a_workshop(capacity=10_000))


def test_words_that_were_sent_are_not_repeated():
    secret = "<script>alert(1)</script>"
    line = {"offer": secret, "options": [{"code": secret}], "arrival": secret, secret: secret}

    answer = send(f"baskets/{new_basket()}/lines", line)

    assert answer.status_code == 422
    assert "script" not in json.dumps(answer.json())
