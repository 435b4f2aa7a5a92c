"""Reviews: only what a guest allowed, read first, refused with a reason, replied to, reported."""

from datetime import timedelta

import pytest

from booking.emails import compose
from booking.models import Order, OutboxMessage, Review
from booking.refusals import BadInput, WrongState
from booking.relations import reviews
from booking.relations.reviews_shown import rating, reviews_of_offer
from booking.rules.reviews import PUBLISHED, REFUSED, REMOVED, TO_READ
from members.journal import SYSTEM
from members.models import Entry
from tests import factories
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


@pytest.fixture
def review(order: Order) -> Review:
    """Return what the Duponts say of the gîte, to be read."""
    answered(order, lodging=(4, "The stove is lovely."), may_publish=True)
    return Review.objects.get()


def publish(review: Review) -> None:
    reviews.decide_review(review, PUBLISHED, actor=SYSTEM, now=LATER)
    review.refresh_from_db()


def test_without_a_tick_nothing_is_a_review(order: Order):
    answered(order, lodging=(5, "The stove"), meal=(3, ""))
    assert not Review.objects.exists()


def test_words_are_read_first_and_a_score_alone_is_published(order: Order):
    answered(
        order,
        lodging=(5, "The stove"),
        meal=(3, ""),
        workshop=(None, "No score, no review"),
        may_publish=True,
    )
    found = {one.offer.kind: one.state for one in Review.objects.all()}
    assert found == {"lodging": TO_READ, "meal": PUBLISHED}
    gite = order.lines.get(kind="lodging")
    assert reviews_of_offer(gite.offer_id).count == 0
    assert list(reviews.to_decide()) == [Review.objects.get(offer=gite.offer)]
    publish(Review.objects.get(offer=gite.offer))
    [shown] = reviews_of_offer(gite.offer_id).newest
    assert (shown.first_name, shown.words) == ("Claire", "The stove")
    assert not reviews.to_decide().exists()


def test_refused_needs_a_reason_and_the_guest_reads_it(review: Review, order: Order):
    for reason in ("", "bad", "severe"):
        with pytest.raises(BadInput):
            reviews.decide_review(review, REFUSED, reason=reason, actor=SYSTEM, now=LATER)
    reviews.decide_review(review, REFUSED, reason="personal", actor=SYSTEM, now=LATER)
    mail = compose(OutboxMessage.objects.get(kind="review_refused"))
    assert mail.to == [order.email]
    assert "names a person" in mail.body
    assert reviews_of_offer(review.offer_id).count == 0
    # Read again, it may be right after all.
    publish(review)
    assert (review.state, review.reason) == (PUBLISHED, "")


def test_moves_that_there_are_not_are_refused(review: Review):
    with pytest.raises(WrongState):
        reviews.decide_review(review, REMOVED, reason="insult", actor=SYSTEM, now=LATER)
    publish(review)
    with pytest.raises(WrongState):
        reviews.decide_review(review, PUBLISHED, actor=SYSTEM, now=LATER)
    assert Entry.objects.filter(subject=f"review:{review.pk}").count() == 1


# --- Replies -------------------------------------------------------------------------------------
def test_reply_is_read_before_visitors_read_it_and_is_then_the_last_word(review: Review):
    with pytest.raises(WrongState):
        reviews.reply_to_review(review, "Thank you", actor=SYSTEM, now=LATER)
    publish(review)
    with pytest.raises(BadInput):
        reviews.reply_to_review(review, " \n", actor=SYSTEM, now=LATER)
    reviews.reply_to_review(review, "Thank you", actor=SYSTEM, now=LATER)
    reviews.reply_to_review(review, "Thank you both", actor=SYSTEM, now=LATER)
    review.refresh_from_db()
    assert (review.reply, review.reply_state) == ("Thank you both", TO_READ)
    reviews.decide_reply(review, REFUSED, actor=SYSTEM, now=LATER)
    reviews.reply_to_review(review, "Thank you", actor=SYSTEM, now=LATER)
    reviews.decide_reply(review, PUBLISHED, actor=SYSTEM, now=LATER)
    for act in (
        lambda: reviews.reply_to_review(review, "More", actor=SYSTEM, now=LATER),
        lambda: reviews.decide_reply(review, REFUSED, actor=SYSTEM, now=LATER),
    ):
        with pytest.raises(WrongState):
            act()


# --- Reports -------------------------------------------------------------------------------------
def test_doubt_is_told_once_and_settled(review: Review):
    doubter = factories.a_user()
    with pytest.raises(WrongState):
        reviews.report_review(review, "Never here", user=doubter, now=LATER)
    publish(review)
    reviews.report_review(review, "Never here", user=doubter, now=LATER)
    with pytest.raises(WrongState) as refused:
        reviews.report_review(review, "Never here", user=doubter, now=LATER)
    assert refused.value.code == "reported_already"
    assert "Never here" in compose(OutboxMessage.objects.get(kind="review_reported")).body
    assert reviews.to_decide().exists()
    reviews.keep_review(review, actor=SYSTEM, now=LATER)
    assert not reviews.to_decide().exists()
    reviews.report_review(review, "Still", user=doubter, now=LATER)
    reviews.decide_review(review, REMOVED, reason="not_genuine", actor=SYSTEM, now=LATER)
    assert not reviews.to_decide().exists()
    assert reviews_of_offer(review.offer_id).count == 0


# --- What is shown -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "average", "said"),
    [(0, None, None), (2, 5.0, None), (3, 4.25, "4.3"), (3, 4.0, "4.0"), (9, 4.9499, "4.9")],
)
def test_average_is_said_from_three_on(count: int, average: float | None, said: str | None):
    found = rating(count, average)
    assert (str(found.average) if found else None) == said


def test_old_reviews_are_forgotten(review: Review, settings):
    publish(review)
    years = timedelta(days=365 * settings.REVIEW_YEARS)
    assert reviews.forget_reviews(now=LATER + years - timedelta(days=5)) == 0
    assert reviews.forget_reviews(now=LATER + years + timedelta(days=5)) == 1
    assert review.answer.survey.answered_at is not None
