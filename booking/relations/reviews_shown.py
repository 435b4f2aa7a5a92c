"""What visitors read of an offer's reviews: the newest experiences first, one statement.

An average is said from three reviews on (`rules.satisfaction`), of all that are published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import QuerySet

from booking.models import Review
from booking.rules.reviews import PUBLISHED
from booking.rules.satisfaction import FEWEST_REVIEWS
from oti.lib.joins import Joined
from oti.lib.together import read_together

ON_A_PAGE = 5
ONE_DIGIT = Decimal("0.1")


@dataclass(frozen=True)
class Rating:
    """The average of enough scores, to one digit."""

    average: Decimal
    count: int


@dataclass(frozen=True)
class ShownReviews:
    """The newest reviews of an offer, how many there are, and their average if it may be said."""

    newest: Sequence[Review]
    count: int
    rating: Rating | None

    @property
    def has_more(self) -> bool:
        """Whether there are others than these."""
        return self.count > len(self.newest)


# What `published_reviews` finds, written out: each look at an offer asks for it.
NEWEST_REVIEWS = Joined(
    """
SELECT {columns}, count(*) OVER (), avg(it.score) OVER () FROM booking_review it
WHERE it.offer_id = %(offer)s AND it.state = %(state)s
ORDER BY it.experience_on DESC, it.published_at DESC, it.id DESC LIMIT %(most)s
""",
    {"it": Review},
)


def published_reviews(offer_id: int) -> QuerySet[Review]:
    """Return the reviews of an offer that visitors may read, the newest experiences first."""
    rows = Review.objects.filter(offer=offer_id, state=PUBLISHED)
    return rows.order_by("-experience_on", "-published_at", "-pk")


def reviews_of_offer(offer_id: int) -> ShownReviews:
    """Return what an offer's page shows of its reviews. One statement, whatever their number."""
    [found] = read_together(
        NEWEST_REVIEWS.written({"offer": offer_id, "state": PUBLISHED, "most": ON_A_PAGE}, more=2)
    )
    rows = NEWEST_REVIEWS.rows(found)
    count, average = rows[0][1:] if rows else (0, None)
    return ShownReviews([one for one, *_all in rows], count, rating(count, average))


def rating(count: int, average: object) -> Rating | None:
    """Return an average as it may be said, None for too few scores."""
    if count < FEWEST_REVIEWS or average is None:
        return None
    exact = Decimal(str(average)).quantize(ONE_DIGIT, rounding=ROUND_HALF_UP)
    return Rating(exact, count)
