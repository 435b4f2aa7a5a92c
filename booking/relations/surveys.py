"""The survey of a stay: what it asks, answered once, read back afterwards.

A guest says what it likes of each thing it came for; its host reads that, the office reads all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from booking import locks
from booking.messages import write_message
from booking.models import FollowUp, LineAnswer, OrderLine, Survey
from booking.refusals import BadInput, Trouble, WrongState, trouble
from booking.relations.reviews import open_reviews
from booking.relations.surveys_sent import came_lines
from booking.rules.satisfaction import BEST_SCORE, MOST_RECOMMEND, is_detractor
from booking.rules.talks import LONGEST, plain_text
from members.journal import VISITOR, record

# With the two questions about the whole stay, twelve at most (features.md N32).
MOST_LINES = 10
CALL_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class LineSays:
    """What a guest says of one line: a score from 1 to 5, words, or both."""

    score: int | None
    words: str


@dataclass(frozen=True)
class Answers:
    """What was typed: `recommend` 0 to 10, `lines` by the line's id."""

    recommend: int
    words: str
    may_publish: bool
    lines: Mapping[int, LineSays]


def lines_asked(survey: Survey, *, now: datetime) -> list[OrderLine]:
    """Return the lines that a survey asks of, ten at most, the first of the stay first."""
    return came_lines(survey.order, now=now)[:MOST_LINES]


def answers_of(survey: Survey) -> list[LineAnswer]:
    """Return what was said of each line, in the order of the stay."""
    rows = survey.answers.select_related("line", "offer", "provider")
    return list(rows.order_by("line__starts_at", "line__position", "line_id"))


def is_open(survey: Survey, *, now: datetime) -> bool:
    """Tell whether a survey may still be answered at `now`."""
    return survey.answered_at is None and now < survey.expires_at


def answer_survey(head: Survey, said: Answers, *, now: datetime) -> Survey:
    """Keep the answers of a guest, once; hosts find theirs, the office is told of a detractor.

    What is said of a line that is no part of the survey is left out; a line of which nothing is
    said has no answer. Raises WrongState `survey_answered`, `survey_over`; BadInput
    `recommend_missing`, `score_unreadable`, `message_too_long`; Busy. Locks the order.
    """
    _check(said)
    with locks.write_transaction():
        order = locks.lock_order(head.order_id)
        survey = Survey.objects.get(pk=head.pk)
        survey.order = order
        check_open(survey, now=now)
        survey.answered_at, survey.recommend = now, said.recommend
        survey.words, survey.may_publish = plain_text(said.words), said.may_publish
        survey.save(update_fields=["answered_at", "recommend", "words", "may_publish"])
        answers = LineAnswer.objects.bulk_create(_answers(survey, said, now=now))
        if survey.may_publish:
            open_reviews(survey, order, answers, now=now)
        # The words stand in their rows: the journal says that there were some.
        record(
            "survey answered",
            f"order:{order.reference}",
            actor=VISITOR,
            at=now,
            recommend=said.recommend,
            lines=[one.line_id for one in answers],
        )
        if is_detractor(said.recommend):
            _follow_up(survey, now=now)
    return survey


def _check(said: Answers) -> None:
    troubles: list[Trouble] = []
    if not 0 <= said.recommend <= MOST_RECOMMEND:
        troubles.append(trouble("recommend_missing", field="recommend"))
    if len(said.words) > LONGEST:
        troubles.append(trouble("message_too_long", field="words", most=LONGEST))
    for pk, one in said.lines.items():
        if one.score is not None and not 1 <= one.score <= BEST_SCORE:
            troubles.append(trouble("score_unreadable", field=f"score_{pk}"))
        if len(one.words) > LONGEST:
            troubles.append(trouble("message_too_long", field=f"words_{pk}", most=LONGEST))
    if troubles:
        raise BadInput(*troubles)


def check_open(survey: Survey, *, now: datetime) -> None:
    """Raise WrongState `survey_answered` or `survey_over` for one that can't be answered."""
    if survey.answered_at is not None:
        raise WrongState(trouble("survey_answered"))
    if not is_open(survey, now=now):
        raise WrongState(trouble("survey_over"))


def _answers(survey: Survey, said: Answers, *, now: datetime) -> Sequence[LineAnswer]:
    rows = []
    for line in lines_asked(survey, now=now):
        one = said.lines.get(line.pk)
        words = plain_text(one.words) if one else ""
        if one is None or (one.score is None and not words):
            continue
        rows.append(
            LineAnswer(
                survey=survey,
                line=line,
                offer=line.offer,
                provider=line.sub_order.provider,
                score=one.score,
                words=words,
                answered_at=now,
            )
        )
    return rows


def _follow_up(survey: Survey, *, now: datetime) -> None:
    """Give the office a day to call a guest who wouldn't come back."""
    FollowUp.objects.create(survey=survey, opened_at=now, due_at=now + CALL_WITHIN)
    write_message(
        "survey_detractor",
        key=f"order:{survey.order.reference}:detractor",
        recipient=settings.OFFICE["email"],
        language="fr",
        order=survey.order,
        now=now,
    )
