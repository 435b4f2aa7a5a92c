"""The survey's page: its own link, one answer, read back, and what is said after its time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.models import Order, OrderLine, Survey
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.stays import ASKED, LATER, asked, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 15


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(ASKED)
    return past_stay(bank)


@pytest.fixture
def survey(order: Order, at) -> Survey:
    survey = asked(order)
    at(LATER)
    return survey


@pytest.fixture
def guest(survey: Survey) -> Client:
    """Return the browser of the guest, who followed the link of the mail."""
    client = Client(headers={"Accept-Language": "en"})
    answer = client.get(page(survey), {"cle": survey.access_token})
    assert (answer.status_code, answer.url) == (303, page(survey))
    return client


def page(survey: Survey) -> str:
    return address("booking:survey", survey.order.reference)


def typed(order: Order, **fields) -> dict[str, str]:
    bed = order.lines.get(kind="lodging")
    return {
        "recommend": "9",
        f"score_{bed.pk}": "5",
        f"words_{bed.pk}": "The <b>stove</b>",
    } | fields


def test_guest_answers_and_reads_it_back(guest: Client, survey: Survey, order: Order):
    shown = body(guest.get(page(survey)))
    assert "checked" not in shown
    for title in ("The Narces Cottage", "First stitches of lace", "Choir and great organ"):
        assert title in shown

    answer = guest.post(page(survey), typed(order), follow=True)

    assert answer.redirect_chain[0][1] == 303
    text = body(answer)
    assert "Thank you, Claire" in text
    assert "Nothing of it is published." in text
    assert "<b>stove" not in answer.content.decode()
    survey.refresh_from_db()
    assert (survey.recommend, survey.may_publish) == (9, False)
    # From the order's page it is found again.
    trip = guest.get(
        address("booking:trip", order.reference), {"cle": order.access_token}, follow=True
    )
    assert page(survey) in body(trip)


def test_second_answer_changes_nothing_and_says_so(guest: Client, survey: Survey, order: Order):
    guest.post(page(survey), typed(order))
    again = guest.post(page(survey), typed(order, recommend="0"), follow=True)
    assert "You answered already" in body(again)
    survey.refresh_from_db()
    assert survey.recommend == 9


def test_nobody_elses_link_opens_it(survey: Survey, order: Order):
    stranger = Client()
    for cle in ("", "x" * 32, "é", order.access_token):
        assert stranger.get(page(survey), {"cle": cle}).status_code == 404
    assert stranger.get(page(survey)).status_code == 404
    assert stranger.post(page(survey), typed(order)).status_code == 404
    # Its key opens the survey, and not the order.
    known = Client()
    known.get(page(survey), {"cle": survey.access_token})
    assert known.get(address("booking:trip", order.reference)).status_code == 404


def test_office_looks_and_answers_for_nobody(survey: Survey, order: Order):
    user = factories.a_user()
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = Client()
    client.force_login(user)
    assert client.get(page(survey)).status_code == 200
    assert client.post(page(survey), typed(order)).status_code == 404


def test_after_its_time_it_says_whom_to_call(guest: Client, survey: Survey, order: Order, at):
    at(survey.expires_at + timedelta(days=1))
    over = guest.get(page(survey), {"cle": survey.access_token}, follow=True)
    assert over.status_code == 410
    assert "The time to answer is over" in body(over)
    late = guest.post(page(survey), typed(order), follow=True)
    assert "The time to answer is over" in body(late)
    at(survey.asked_at + timedelta(days=366))
    assert Client().get(page(survey), {"cle": survey.access_token}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recommend", ""),
        ("recommend", "11"),
        ("recommend", "many"),
        ("score", "6"),
        ("score", "é"),
        ("words", "x" * 2001),
        ("words", "a\x00b"),
    ],
)
def test_bad_input_is_shown_beside_its_field_and_loses_nothing(
    guest: Client, survey: Survey, order: Order, field: str, value: str
):
    bed = order.lines.get(kind="lodging")
    name = field if field in {"recommend", "words"} else f"{field}_{bed.pk}"
    answer = guest.post(page(survey), typed(order, words="Kept words") | {name: value})
    assert answer.status_code == 422
    text = body(answer)
    assert "The <b>stove</b>" in text
    if field != "words":
        assert "Kept words" in text
    survey.refresh_from_db()
    assert survey.answered_at is None


def test_page_asks_few_statements_however_many_lines(guest: Client, survey: Survey, order: Order):
    guest.get(page(survey))
    with CaptureQueriesContext(connection) as asked_for:
        guest.get(page(survey))
    assert len(asked_for) <= MOST_STATEMENTS
    few = len(asked_for)
    OrderLine.objects.filter(order=order, kind="meal").update(state="cancelled")
    with CaptureQueriesContext(connection) as asked_for:
        guest.get(page(survey))
    assert len(asked_for) == few
    with CaptureQueriesContext(connection) as asked_for:
        guest.post(page(survey), typed(order))
    assert len(asked_for) <= MOST_STATEMENTS + 5
    with CaptureQueriesContext(connection) as asked_for:
        guest.get(page(survey))
    assert len(asked_for) <= MOST_STATEMENTS
