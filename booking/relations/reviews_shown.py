"""What visitors read of an offer's reviews: the newest experiences first, one statement.

An average is said from three reviews on (`rules.satisfaction`), of all that are published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Avg, Count, F, QuerySet, Window

from booking.models import Review
from booking.rules.reviews import PUBLISHED
from booking.rules.satisfaction import FEWEST_REVIEWS

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


def published_reviews(offer_id: int) -> QuerySet[Review]:
    """Return the reviews of an offer that visitors may read, the newest experiences first."""
    rows = Review.objects.filter(offer=offer_id, state=PUBLISHED)
    return rows.order_by("-experience_on", "-published_at", "-pk")


def reviews_of_offer(offer_id: int) -> ShownReviews:
    """Return what an offer's page shows of its reviews. One statement, whatever their number."""
    rows = published_reviews(offer_id).annotate(
        all_count=Window(Count("pk")), all_average=Window(Avg(F("score")))
    )
    newest = list(rows[:ON_A_PAGE])
    count = newest[0].all_count if newest else 0
    return ShownReviews(newest, count, rating(count, newest[0].all_average if newest else None))


def rating(count: int, average: object) -> Rating | None:
    """Return an average as it may be said, None for too few scores."""
    if count < FEWEST_REVIEWS or average is None:
        return None
    exact = Decimal(str(average)).quantize(ONE_DIGIT, rounding=ROUND_HALF_UP)
    return Rating(exact, count)
