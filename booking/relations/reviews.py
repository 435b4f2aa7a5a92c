"""Reviews of people who were there: read before they are shown, replied to, reported, ended.

A review begins with the answer of a guest who allowed it. Nothing is given for one, and a bad one
is published like a good one (code de la consommation L111-7-2, D111-16 to D111-19).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from booking import locks
from booking.messages import write_message
from booking.models import LineAnswer, Order, Review, ReviewReport, Survey
from booking.refusals import BadInput, WrongState, trouble
from booking.rules import reviews as rules
from booking.rules.talks import LONGEST, plain_text
from members.journal import Actor, record
from members.models import User
from oti.lib.dates import paris

A_YEAR = timedelta(days=365)
MAY_REPLY = {Review.ReplyState.NONE, Review.ReplyState.TO_READ, Review.ReplyState.REFUSED}


def open_reviews(
    survey: Survey, order: Order, answers: Iterable[LineAnswer], *, now: datetime
) -> None:
    """Make reviews of the answers that have a score, in the present transaction.

    A score without words is published at once: there is nothing in it to be read.
    """
    rows = []
    for one in answers:
        if one.score is None:
            continue
        state = rules.first_state(one.words)
        rows.append(
            Review(
                answer=one,
                offer_id=one.offer_id,
                provider_id=one.provider_id,
                state=state,
                first_name=order.first_name,
                language=order.language,
                score=one.score,
                words=one.words,
                experience_on=paris(one.line.ends_at).date(),
                submitted_at=now,
                published_at=now if state == rules.PUBLISHED else None,
            )
        )
    Review.objects.bulk_create(rows)


def to_decide() -> QuerySet[Review]:
    """Return what waits for the office: reviews, replies, reports."""
    open_reports = ReviewReport.objects.filter(review=OuterRef("pk"), settled_at__isnull=True)
    return Review.objects.filter(
        Q(state=rules.TO_READ) | Q(reply_state=rules.TO_READ) | Exists(open_reports)
    )


def decide_review(head: Review, to: str, *, reason: str = "", actor: Actor, now: datetime) -> None:
    """Publish a review, refuse it or take it away; its guest is told of a refusal and why.

    Settles what was reported of it. Raises BadInput `review_reason_missing` without one of the
    reasons that there are; WrongState `wrong_state`; Busy. Locks the review.
    """
    is_against = to != rules.PUBLISHED
    if is_against and reason not in rules.REASONS:
        raise BadInput(trouble("review_reason_missing", field="reason"))
    with locks.write_transaction():
        review = locks.lock_review(head.pk)
        if not rules.can_move(review.state, to):
            raise WrongState(trouble("wrong_state"))
        review.state, review.reason = to, reason if is_against else ""
        review.published_at = None if is_against else (review.published_at or now)
        review.save(update_fields=["state", "reason", "published_at"])
        review.reports.filter(settled_at__isnull=True).update(settled_at=now)
        record(f"review {to}", f"review:{review.pk}", actor=actor, at=now, reason=reason)
        if is_against:
            _tell_guest(review, now=now)


def keep_review(head: Review, *, actor: Actor, now: datetime) -> None:
    """Leave a reported review as it is, and settle the reports. Locks the review; raises Busy."""
    with locks.write_transaction():
        review = locks.lock_review(head.pk)
        review.reports.filter(settled_at__isnull=True).update(settled_at=now)
        record("review kept", f"review:{review.pk}", actor=actor, at=now)


def reply_to_review(head: Review, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep the reply of a house to a published review: the office reads it before visitors do.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `reply_over` for a review that
    isn't published or has its reply; Busy. Locks the review.
    """
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field="text"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="text", most=LONGEST))
    with locks.write_transaction():
        review = locks.lock_review(head.pk)
        if not may_reply(review):
            raise WrongState(trouble("reply_over"))
        review.reply, review.reply_at = words, now
        review.reply_state = Review.ReplyState.TO_READ
        review.save(update_fields=["reply", "reply_at", "reply_state"])
        record("review replied to", f"review:{review.pk}", actor=actor, at=now)


def may_reply(review: Review) -> bool:
    """Tell whether a house may write, or write again, its reply to a review."""
    return review.state == rules.PUBLISHED and review.reply_state in MAY_REPLY


def decide_reply(head: Review, to: str, *, actor: Actor, now: datetime) -> None:
    """Publish or refuse the reply of a house, which may then write another one.

    Raises WrongState `wrong_state`; Busy. Locks the review.
    """
    with locks.write_transaction():
        review = locks.lock_review(head.pk)
        if review.reply_state != rules.TO_READ or to not in {rules.PUBLISHED, rules.REFUSED}:
            raise WrongState(trouble("wrong_state"))
        review.reply_state = to
        review.save(update_fields=["reply_state"])
        record(f"reply {to}", f"review:{review.pk}", actor=actor, at=now)


def report_review(head: Review, text: str, *, user: User, now: datetime) -> None:
    """Keep a doubt about a published review; the office is told. Once a person, until settled.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `reported_already`,
    `wrong_state`; Busy. Locks the review.
    """
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field="text"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="text", most=LONGEST))
    with locks.write_transaction():
        review = locks.lock_review(head.pk)
        if review.state != rules.PUBLISHED:
            raise WrongState(trouble("wrong_state"))
        same = review.reports.filter(user=user, settled_at__isnull=True)
        if same.exists():
            raise WrongState(trouble("reported_already"))
        report = review.reports.create(user=user, words=words, at=now)
        actor = Actor.person(user)
        record("review reported", f"review:{review.pk}", actor=actor, at=now)
        write_message(
            "review_reported",
            key=f"review:report:{report.pk}",
            recipient=settings.OFFICE["email"],
            language="fr",
            data={"report": report.pk},
            now=now,
        )


def forget_reviews(*, now: datetime) -> int:
    """Delete the reviews of stays so long ago that they say nothing any more; returns how many."""
    last = paris(now).date() - settings.REVIEW_YEARS * A_YEAR
    return Review.objects.filter(experience_on__lt=last).delete()[0]


def _tell_guest(review: Review, *, now: datetime) -> None:
    order = Order.objects.get(survey__answers__review=review)
    write_message(
        "review_refused",
        key=f"review:{review.pk}:{review.state}:{now:%y%m%d%H%M%S}",
        recipient=order.email,
        language=order.language,
        order=order,
        data={"review": review.pk},
        now=now,
    )
