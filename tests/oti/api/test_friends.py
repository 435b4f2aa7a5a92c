"""Who invited, said through the API: kept like on the pages, few codes tried."""

import pytest

from booking.models import Basket
from booking.relations import ambassadors
from tests.booking.relations.inviting import an_ambassador
from tests.cast import NOW
from tests.oti.api.client import ask, codes, fields, new_basket, send

pytestmark = pytest.mark.django_db


def name(token: str, **given):
    return send(f"baskets/{token}/friend", given)


def test_code_is_kept_however_it_is_written_and_shown_with_the_basket():
    code, token = an_ambassador(code="VELAY43").code, new_basket()
    assert ask(f"baskets/{token}").json()["friend_code"] == ""

    answer = name(token, friend_code=" velay-43 ", tells_name=True)

    kept = {"friend_code": code, "tells_name": True}
    assert (answer.status_code, answer.json()) == (200, kept)
    assert kept.items() <= ask(f"baskets/{token}").json().items()
    assert Basket.objects.get().friend_at == NOW
    # Taken back: nobody invited.
    assert name(token, friend_code="").json() == {"friend_code": "", "tells_name": False}
    assert Basket.objects.get().friend_at is None


def test_code_that_never_was_and_one_that_ended_are_one_answer():
    ended, token = an_ambassador(code="VELAY43"), new_basket()
    ambassadors.leave(ended, now=NOW)

    told = [name(token, friend_code=one) for one in ("VELAY43", "NOBODY", "x" * 40, "\u200b")]

    assert {one.status_code for one in told} == {422}
    assert len({one.content for one in told}) == 1
    assert fields(told[0]) == {"friend_code": "friend_code_unknown"}
    assert Basket.objects.get().friend_code == ""


def test_stay_that_is_being_paid_stays_as_it_is():
    code, token = an_ambassador().code, new_basket()
    Basket.objects.update(state=Basket.State.FROZEN)

    answer = name(token, friend_code=code)

    assert (answer.status_code, codes(answer)) == (409, ["frozen"])
    assert Basket.objects.get().friend_code == ""


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, {"friend_code": "required"}),
        ({"friend_code": None}, {"friend_code": "null"}),
        ({"friend_code": 43}, {"friend_code": "invalid"}),
        ({"friend_code": "x" * 41}, {"friend_code": "max_length"}),
        ({"friend_code": "", "tells_name": "yes"}, {"tells_name": "invalid"}),
        ({"friend_code": "", "code": "x"}, {"code": "unknown_field"}),
    ],
)
def test_wrong_shapes_are_named(given, fault):
    answer = name(new_basket(), **given)
    assert (answer.status_code, fields(answer)) == (422, fault)


def test_whoever_hasnt_the_token_names_nobody():
    assert name("nobodys", friend_code="").status_code == 404


def test_few_codes_are_tried(settings):
    settings.API_RATES = {**settings.API_RATES, "write": "0", "codes": "2/hour"}
    token = new_basket()

    told = [name(token, friend_code="NOBODY").status_code for _time in range(3)]

    assert told == [422, 422, 429]
    assert new_basket()
