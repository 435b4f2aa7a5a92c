"""The description of the API: what it says is what is answered, whatever is sent."""

from contextlib import closing
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings

from booking.models import Unit
from oti.api.urls import endpoints
from oti.wsgi import application
from tests.booking.pages import a_week, paid_stay
from tests.booking.relations.inviting import an_ambassador
from tests.cast import FakeBank
from tests.oti.api.client import (
    CONTACT,
    a_workshop,
    ask,
    checkout_body,
    dupont_basket,
    places_line,
    send,
    week_line,
)
from tests.oti.api.house import key_for

pytestmark = pytest.mark.django_db

EXAMPLES = 6
OPERATIONS = [
    "GET /api/v1/stays",
    "GET /api/v1/offers",
    "GET /api/v1/offers/{slug}",
    "GET /api/v1/offers/{slug}/availability",
    "POST /api/v1/baskets",
    "GET /api/v1/baskets/{token}",
    "POST /api/v1/baskets/{token}/lines",
    "DELETE /api/v1/baskets/{token}/lines/{id}",
    "GET /api/v1/baskets/{token}/lines/{id}/pairs",
    "POST /api/v1/baskets/{token}/friend",
    "POST /api/v1/baskets/{token}/extend",
    "POST /api/v1/baskets/{token}/checkout",
    "GET /api/v1/orders/{reference}",
    "GET /api/v1/pro/units",
    "GET /api/v1/pro/units/{id}/days",
    "PUT /api/v1/pro/units/{id}/days",
    "GET /api/v1/pro/slots",
    "PATCH /api/v1/pro/slots/{id}",
    "GET /api/v1/pro/bookings",
    "GET /api/v1/pro/bookings/{reference}",
]


def on_one_connection(environ: Any, start_response: Any) -> list[bytes]:
    """Answer like the server, keeping the test's connection and its transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        answer = application(environ, start_response)
        with closing(answer):
            return [b"".join(answer)]
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


# Loading schemathesis takes seconds: only the process that runs these tests pays them.
def load() -> Any:
    """Load the description from the application itself."""
    import schemathesis

    return schemathesis.openapi.from_wsgi("/api/v1/schema", on_one_connection)


def checks() -> tuple[Any, ...]:
    """Return what each answer must pass."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks as described

    return (
        not_a_server_error,
        described.status_code_conformance,
        described.content_type_conformance,
        described.response_schema_conformance,
    )


def test_description_names_every_address():
    answer = Client().get("/api/v1/schema")

    assert answer.status_code == 200
    assert answer["ETag"]
    told = answer.json()
    assert told["openapi"].startswith("3.")
    assert len(told["paths"]) == len(endpoints)
    described = {
        f"{method.upper()} {path}" for path, methods in told["paths"].items() for method in methods
    }
    assert described == set(OPERATIONS)


def test_each_method_says_how_it_refuses():
    for path, methods in ask("schema").json()["paths"].items():
        for name, method in methods.items():
            statuses = set(method["responses"])
            assert {"413", "422", "429"} <= statuses, (name, path)
            assert "{" not in path or "404" in statuses, (name, path)
            assert name == "get" or "baskets" in path or "pro/" in path
            assert ("/pro/" in path) == ({"401", "403"} <= statuses), (name, path)


def test_shapes_that_are_read_have_no_other_name():
    shapes = ask("schema").json()["components"]["schemas"]
    for name in (
        "NewLine",
        "Participant",
        "OptionTaken",
        "FriendGiven",
        "CheckoutGiven",
        "ContactGiven",
    ):
        assert shapes[name]["additionalProperties"] is False, name


class World:
    """One basket with a stay, one order and their keys."""

    def __init__(self) -> None:
        self.offer = a_week(units=3)
        self.slot = a_workshop(capacity=1000)
        self.token = dupont_basket()
        token = dupont_basket()
        placed = send(f"baskets/{token}/checkout", checkout_body(token)).json()
        self.reference, self.key = placed["order"], placed["access_token"]
        self.unit, self.house_key = self.offer.units.first().pk, key_for(self.offer.provider)
        self.own_slot = a_workshop(provider=self.offer.provider).pk

    def fit(self, case: Any, mode: Any) -> None:
        """Give a request real keys, and a right one real things, so that it comes to the end."""
        keys = {"token": self.token, "reference": self.reference, "slug": self.offer.slug}
        if "/pro/" in case.path:
            keys["id"] = self.own_slot if "slots" in case.path else self.unit
        _replace(case.path_parameters, keys)
        if not mode.is_positive:
            return
        _replace(case.query, {**DATES, "pole": "massif-du-mezenc", "page": 1})
        line = places_line(self.slot, accept_overlap=True, options=[], unit=None)
        order = {"contact": CONTACT, "terms_version": "test-1", "language": "fr"}
        _replace(case.body, {**line, **order})


DATES = {
    "arrival": "2027-07-10",
    "departure": "2027-07-17",
    "from": "2027-04-20",
    "to": "2027-05-01",
}


def _replace(given: Any, real: dict[str, Any]) -> None:
    """Put real values where some were generated."""
    if isinstance(given, dict):
        given.update({name: value for name, value in real.items() if name in given})


def test_nothing_that_is_sent_breaks_it(bank: FakeBank, settings: Any):
    settings.API_RATES = {"read": "0", "write": "0", "checkout": "0", "codes": "0"}
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    from schemathesis import GenerationMode

    world = World()
    met: set[str] = set()
    for found in load().get_all_operations():
        operation = found.ok()
        met.add(f"{operation.method.upper()} {operation.path}")
        for mode in GenerationMode:
            check(operation, mode, world)
    assert met == set(OPERATIONS)


# Its client asks for packed answers and doesn't unpack them.
PLAIN = {"Accept-Encoding": "identity"}


def check(operation: Any, mode: Any, world: World) -> None:
    """Send what is right, or wrong, by the description; each answer must be described."""

    @seed(43000)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def play(case: Any) -> None:
        world.fit(case, mode)
        headers = {**PLAIN}
        if "orders" in operation.path:
            headers["Authorization"] = f"Bearer {world.key}"
        if "/pro/" in operation.path:
            headers["Authorization"] = f"Bearer {world.house_key}"
        case.call_and_validate(checks=checks(), headers=headers)

    play()


def test_right_answers_are_as_described(bank: FakeBank):
    """The whole way of a stay, each answer held against its shape."""
    world = World()
    schema = load()
    basket = {"token": world.token}
    dates = {"arrival": "2027-07-10", "departure": "2027-07-17", "adults": 2}
    key = {"Authorization": f"Bearer {world.key}"}
    again = places_line(world.slot, accept_overlap=True)
    nobodys = Unit.objects.latest("pk").pk + 1

    def play(name: str, status: int, **parts: Any) -> None:
        media = {"media_type": "application/json"} if "body" in parts else {}
        case = schema.find_operation_by_id(name).Case(**parts, **media)
        answer = case.call(headers=PLAIN)
        assert answer.status_code == status, (name, answer.content)
        case.validate_response(answer, checks=checks())

    play("list_stays", 200, query=dates)
    play("list_offers", 200)
    play("show_offer", 200, path_parameters={"slug": world.offer.slug})
    play("show_availability", 200, path_parameters={"slug": world.offer.slug})
    play("show_availability", 200, path_parameters={"slug": world.slot.offer.slug})
    play("create_basket", 201)
    play("add_line", 409, path_parameters=basket, body=week_line(world.offer, unit=nobodys))
    play("add_line", 201, path_parameters=basket, body=again)
    line = ask(f"baskets/{world.token}").json()["lines"][0]["id"]
    play("show_pairs", 200, path_parameters={**basket, "id": line})
    code = an_ambassador().code
    play("name_friend", 200, path_parameters=basket, body={"friend_code": code})
    play("name_friend", 422, path_parameters=basket, body={"friend_code": "NOBODY"})
    play("name_friend", 200, path_parameters=basket, body={"friend_code": ""})
    play("extend_hold", 200, path_parameters=basket)
    play("show_basket", 200, path_parameters=basket)
    play("check_out", 201, path_parameters=basket, body=checkout_body(world.token))
    play("show_order", 200, path_parameters={"reference": world.reference}, headers=key)


def test_right_answers_to_a_house_are_as_described(bank: FakeBank):
    order = paid_stay(bank)
    line = order.lines.get(kind="lodging")
    house = line.sub_order.provider
    schema, headers = load(), {"Authorization": f"Bearer {key_for(house)}"}
    own = {"id": line.unit_id}
    slot = a_workshop(provider=house)
    months = {"from": "2027-07-01", "to": "2027-07-31"}
    nights = {"first": "2027-07-01", "last": "2027-07-31", "status": "closed", "price_cents": 9900}

    def play(name: str, status: int, **parts: Any) -> None:
        media = {"media_type": "application/json"} if "body" in parts else {}
        case = schema.find_operation_by_id(name).Case(**parts, **media)
        answer = case.call(headers={**PLAIN, **headers})
        assert answer.status_code == status, (name, answer.content)
        case.validate_response(answer, checks=checks(), headers={**PLAIN, **headers})

    play("list_own_units", 200)
    play("show_own_nights", 200, path_parameters=own, query=months)
    play("change_own_nights", 200, path_parameters=own, body={"spans": [nights]})
    play("list_own_slots", 200, query={**months, "offer": slot.offer.slug})
    play("change_own_slot", 200, path_parameters={"id": slot.pk}, body={"capacity": 12})
    play("list_own_bookings", 200, query={"since": "2027-04-01T00:00:00+02:00"})
    play("show_own_booking", 200, path_parameters={"reference": order.reference})
