"""Answers are kept once, each for its host; a detractor is the office's affair within a day."""

from datetime import timedelta
from random import Random

import pytest

from booking.emails import compose
from booking.models import FollowUp, LineAnswer, Order, OrderLine, OutboxMessage, Survey
from booking.refusals import BadInput, WrongState
from booking.relations.surveys import Answers, LineSays, answer_survey, answers_of
from booking.relations.surveys_counted import count_surveys
from booking.relations.surveys_followed import finish_follow_up
from booking.rules.satisfaction import recommendation
from booking.rules.talks import LONGEST
from destination.models import PoleMembership
from members.journal import Actor
from members.models import Entry
from tests import factories
from tests.booking.relations.stays import ASKED, LAST_DAY, LATER, answered, asked, past_stay, saying
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
OFFICE = Actor("bureau@example.org")


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return past_stay(bank)


def test_each_answer_is_kept_with_its_host(order: Order):
    survey = answered(
        order, 10, "We slept well.", lodging=(5, "The stove!"), meal=(4, ""), workshop=(None, " ")
    )

    said = [(one.offer.kind, one.score, one.words) for one in answers_of(survey)]
    assert said == [("lodging", 5, "The stove!"), ("meal", 4, "")]
    for one in answers_of(survey):
        assert one.provider == one.line.sub_order.provider
    survey.refresh_from_db()
    assert (survey.recommend, survey.words, survey.answered_at) == (10, "We slept well.", LATER)
    assert not FollowUp.objects.exists()
    entry = Entry.objects.get(verb="survey answered")
    assert "stove" not in str(entry.data)


def test_it_is_answered_once(order: Order):
    survey = answered(order, 10)
    with pytest.raises(WrongState) as refused:
        answer_survey(survey, saying(order, 0), now=LATER)
    assert refused.value.code == "survey_answered"
    survey.refresh_from_db()
    assert survey.recommend == 10


def test_it_ends_after_its_time(order: Order):
    survey = asked(order)
    with pytest.raises(WrongState) as refused:
        answer_survey(survey, saying(order), now=survey.expires_at)
    assert refused.value.code == "survey_over"
    assert not LineAnswer.objects.exists()


def test_what_is_said_of_another_ones_line_is_left_out(order: Order):
    survey = asked(order)
    OrderLine.objects.filter(order=order, kind="meal").update(state="no_show", no_show_at=ASKED)
    said = saying(order, meal=(1, "Never seen"), lodging=(5, ""))
    answer_survey(survey, said, now=LATER)
    assert [one.offer.kind for one in answers_of(survey)] == ["lodging"]


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        (Answers(11, "", False, {}), "recommend_missing", "recommend"),
        (Answers(-1, "", False, {}), "recommend_missing", "recommend"),
        (Answers(9, "x" * (LONGEST + 1), False, {}), "message_too_long", "words"),
        (Answers(9, "", False, {7: LineSays(6, "")}), "score_unreadable", "score_7"),
        (Answers(9, "", False, {7: LineSays(0, "")}), "score_unreadable", "score_7"),
    ],
)
def test_what_cannot_be_is_refused_and_can_be_sent_again(
    order: Order, said: Answers, code: str, field: str
):
    survey = asked(order)
    with pytest.raises(BadInput) as refused:
        answer_survey(survey, said, now=LATER)
    assert [(one.code, one.field) for one in refused.value.troubles] == [(code, field)]
    assert answer_survey(survey, saying(order), now=LATER).answered_at == LATER


# --- A detractor ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("recommend", "is_lost"), [(0, True), (6, True), (7, False)])
def test_a_detractor_is_to_be_called_within_a_day(order: Order, at, recommend: int, is_lost: bool):
    answered(order, recommend, "Cold rooms.", lodging=(1, "No heating"))
    assert FollowUp.objects.exists() == is_lost
    if not is_lost:
        assert not OutboxMessage.objects.filter(kind="survey_detractor").exists()
        return
    assert FollowUp.objects.get().due_at == LATER + timedelta(hours=24)
    at(LATER)
    message = OutboxMessage.objects.get(kind="survey_detractor")
    assert message.recipient == "bonjour@example.org"
    body = compose(message).body
    for words in ("Cold rooms.", "No heating", order.phone):
        assert words in body


def test_it_is_done_once_with_words(order: Order):
    answered(order, 2)
    todo = FollowUp.objects.get()
    with pytest.raises(BadInput):
        finish_follow_up(todo, "  ", actor=OFFICE, now=LATER)
    finish_follow_up(todo, "A night given.", actor=OFFICE, now=LATER)
    with pytest.raises(WrongState):
        finish_follow_up(todo, "Again", actor=OFFICE, now=LATER)
    todo.refresh_from_db()
    assert (todo.done_at, todo.comment) == (LATER, "A night given.")
    assert Entry.objects.filter(verb="guest called back").count() == 1


# --- Figures -------------------------------------------------------------------------------------
def test_stays_count_on_their_last_day_for_the_pole_where_they_slept(order: Order):
    answered(order, 10)
    factories.a_perimeter()
    total, rows = count_surveys(LAST_DAY, LAST_DAY, today=LAST_DAY)
    assert (total.asked, total.answered, total.promoters) == (1, 1, 1)
    assert total.score is None
    assert [one.figures for one in rows] == [total]
    other, none = count_surveys(
        LAST_DAY + timedelta(days=1), LAST_DAY + timedelta(days=9), today=LAST_DAY
    )
    assert (other.asked, none) == (0, [])


def test_the_database_counts_answers_as_the_rule_does():
    factories.a_perimeter()
    inside, beside = factories.a_commune(), factories.a_commune("Ailleurs", insee="43999")
    PoleMembership.objects.filter(commune=beside).delete()
    chance = Random(43)
    given: dict[bool, list[int | None]] = {True: [], False: []}
    for number in range(40):
        where, recommend = chance.choice([inside, beside]), chance.choice([None, *range(11)])
        given[where == inside].append(recommend)
        order = Order.objects.create(
            reference=f"S{number:07}",
            gross_amount=0,
            total_amount=0,
            deadline=NOW,
            placed_at=NOW,
        )
        Survey.objects.create(
            order=order,
            commune=where,
            last_day=LAST_DAY,
            asked_at=NOW,
            expires_at=NOW,
            answered_at=None if recommend is None else NOW,
            recommend=recommend,
        )
    total, rows = count_surveys(LAST_DAY, LAST_DAY, today=LAST_DAY)
    assert total == recommendation([*given[True], *given[False]])
    assert {one.pole is not None: one.figures for one in rows} == {
        is_inside: recommendation(values) for is_inside, values in given.items()
    }
