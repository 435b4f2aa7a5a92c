"""What tests of the time after a stay share: the Duponts are back home, and say how it was."""

from __future__ import annotations

from datetime import time, timedelta

from booking.models import Order, OutboxMessage, Survey
from booking.relations.surveys import Answers, LineSays, answer_survey
from booking.relations.surveys_sent import ask_guests
from oti.lib.dates import at_paris
from tests.booking.pages import paid_stay
from tests.cast import NEXT_SATURDAY, FakeBank

LAST_DAY = NEXT_SATURDAY
# Two days after the last of it, in the morning.
ASKED = at_paris(LAST_DAY + timedelta(days=2), time(10))
LATER = ASKED + timedelta(hours=3)


def past_stay(bank: FakeBank, *, language: str = "en") -> Order:
    """Give the whole stay of the Duponts, paid, with nothing in the outbox."""
    order = paid_stay(bank)
    Order.objects.filter(pk=order.pk).update(language=language)
    OutboxMessage.objects.all().delete()
    order.refresh_from_db()
    return order


def asked(order: Order) -> Survey:
    """Ask the guest of an order how it was."""
    assert ask_guests(now=ASKED) == 1
    return Survey.objects.get(order=order)


def saying(
    order: Order,
    recommend: int = 9,
    words: str = "",
    *,
    may_publish: bool = False,
    **by_kind: tuple[int | None, str],
) -> Answers:
    """Return answers: what is said of each line is named by its kind."""
    lines = {
        order.lines.get(kind=kind).pk: LineSays(score, said)
        for kind, (score, said) in by_kind.items()
    }
    return Answers(recommend, words, may_publish, lines)


def answered(order: Order, recommend: int = 9, words: str = "", **said) -> Survey:
    """Ask the guest of an order, who answers three hours later."""
    return answer_survey(asked(order), saying(order, recommend, words, **said), now=LATER)
