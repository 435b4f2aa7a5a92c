"""Complaints: a number at once, an answer once, the mediator after sixty days without one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.emails import compose
from booking.letters import NoLongerNeeded
from booking.models import Complaint, Order, OutboxMessage
from booking.refusals import BadInput, NotAllowed, WrongState
from booking.relations.complaints import (
    MOST_OPEN,
    answer_complaint,
    complain,
    tell_of_mediation,
)
from booking.rules.working_days import after_working_days
from members.journal import SYSTEM, VISITOR
from members.models import Entry
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.stays import LATER, asked, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
SIXTY_DAYS = timedelta(days=60)


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


def opened(order: Order, text: str = "No heating") -> Complaint:
    return complain(order, text, channel="site", actor=VISITOR, now=LATER)


def told(kind: str) -> str:
    return compose(OutboxMessage.objects.get(kind=kind)).body


def test_guest_gets_a_number_and_a_day_and_the_office_is_told(order: Order):
    complaint = opened(order)
    assert complaint.due_on == after_working_days(LATER.date(), 10)
    assert complaint.number in told("complaint_received")
    assert "No heating" in told("complaint_office")
    entry = Entry.objects.get(verb="complaint opened")
    assert "heating" not in str(entry.data)


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001])
def test_nothing_or_a_book_is_no_complaint(order: Order, text: str):
    with pytest.raises(BadInput):
        opened(order, text)


def test_three_at_a_time_are_enough(order: Order):
    for _one in range(MOST_OPEN):
        complaint = opened(order)
    with pytest.raises(NotAllowed):
        opened(order)
    answer_complaint(complaint, "Sorry", actor=SYSTEM, now=LATER)
    assert opened(order).number


def test_what_was_never_bought_has_none(order: Order):
    Order.objects.update(state="expired")
    with pytest.raises(WrongState):
        opened(order)


def test_it_is_answered_once_and_names_the_mediator(order: Order):
    factories.an_organiser(mediator_name="Médiation du voyage")
    complaint = opened(order)
    with pytest.raises(BadInput):
        answer_complaint(complaint, " ", actor=SYSTEM, now=LATER)
    answer_complaint(complaint, "A night given back.", actor=SYSTEM, now=LATER)
    with pytest.raises(WrongState):
        answer_complaint(complaint, "Again", actor=SYSTEM, now=LATER)
    mail = told("complaint_answered")
    assert "A night given back." in mail
    assert "Médiation du voyage" in mail


def test_after_sixty_days_without_an_answer_the_guest_hears_of_the_mediator_once(order: Order, at):
    silent, answered = opened(order), opened(order)
    answer_complaint(answered, "Sorry", actor=SYSTEM, now=LATER)
    assert tell_of_mediation(now=LATER + SIXTY_DAYS - timedelta(minutes=1)) == 0
    assert tell_of_mediation(now=LATER + SIXTY_DAYS) == 1
    assert tell_of_mediation(now=LATER + SIXTY_DAYS) == 0
    message = OutboxMessage.objects.get(kind="complaint_mediation")
    assert "mediator" in compose(message).body
    answer_complaint(silent, "At last", actor=SYSTEM, now=LATER + SIXTY_DAYS)
    with pytest.raises(NoLongerNeeded):
        compose(message)


# --- Pages ---------------------------------------------------------------------------------------
def test_guest_complains_from_the_survey_and_reads_the_answer(order: Order):
    survey = asked(order)
    guest = Client(headers={"Accept-Language": "en"})
    page = address("booking:complaint", order.reference)
    assert guest.get(page).status_code == 404
    assert guest.post(page, {"text": "No heating"}).status_code == 404
    survey_page = address("booking:survey", order.reference)
    guest.get(survey_page, {"cle": survey.access_token})
    assert guest.post(page, {"text": ""}).status_code == 422
    shown = guest.post(page, {"text": "No <b>heating</b>"}, follow=True)
    complaint = Complaint.objects.get()
    assert f"number {complaint.number}" in body(shown)
    assert "<b>heating" not in shown.content.decode()
    answer_complaint(complaint, "A night given back.", actor=SYSTEM, now=LATER)
    assert "A night given back." in body(guest.get(page))


def test_what_is_too_long_is_told_and_not_cut(order: Order):
    guest = Client(headers={"Accept-Language": "en"})
    page = address("booking:complaint", order.reference)
    guest.get(page, {"cle": order.access_token})
    # A browser cuts what is pasted at `maxlength`, and says nothing.
    assert "maxlength" not in body(guest.get(page))
    words = "The end of it is what they ask for. " * 60
    answer = guest.post(page, {"text": words})
    assert answer.status_code == 422
    assert "Shorten it to 2000 signs." in body(answer)
    assert words.strip() in body(answer)
    assert not Complaint.objects.exists()


def test_guest_comes_by_the_link_of_the_mail_too(order: Order):
    opened(order)
    link = next(one for one in told("complaint_received").split() if "/complaint/" in one)
    answer = Client().get(link.replace("http://testserver", ""), follow=True)
    assert "No heating" in body(answer)


def test_office_answers_and_writes_down_a_call(order: Order):
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    desk = Client(headers={"Accept-Language": "en"})
    desk.force_login(user)
    call = reverse("desk_complaints:call")
    for bad in ({"reference": "NOBODY", "text": "x"}, {"reference": order.reference, "text": ""}):
        assert desk.post(call, bad).status_code == 200
        assert not Complaint.objects.exists()
    desk.post(call, {"reference": order.reference.lower(), "text": "Cold water"})
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.order) == ("phone", order)
    index = reverse("desk_complaints:index")
    assert complaint.number in body(desk.get(index, {"state": "open"}))
    assert index in body(desk.get(reverse("wagtailadmin_home")))
    page = reverse("desk_complaints:answer", args=[complaint.pk])
    assert "Cold water" in body(desk.get(page))
    desk.post(page, {"text": "Sorry"})
    assert "Sorry" in body(desk.get(page))
    assert complaint.number not in body(desk.get(index, {"state": "open"}))
    stranger = Client()
    stranger.force_login(factories.a_user())
    assert stranger.get(page).status_code in {302, 403}
