"""What a message of the bank is about and what came of it, in the office's words.

The row keeps the codes.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Payment, Payout, Refund
from members.models import PayoutAccount

OUTCOMES: dict[str, Promise] = {
    "ignored": gettext_lazy("nothing to do"),
    "card declined": gettext_lazy("card declined"),
    "unknown session": gettext_lazy("not a payment of this site"),
    "unknown payment": gettext_lazy("not a payment of this site"),
    "unknown refund": gettext_lazy("not a refund of this site"),
    "unknown transfer": gettext_lazy("not a share of this site"),
    "unknown account": gettext_lazy("not an account of this site"),
    "payment contested": gettext_lazy("payment contested by the card’s owner"),
    "contest won": gettext_lazy("contest over: the payment stays"),
    "kept for later": gettext_lazy("failed, it is tried again"),
}

KINDS: dict[str, Promise] = {
    "checkout.session.completed": gettext_lazy("payment page finished"),
    "checkout.session.expired": gettext_lazy("payment page left without paying"),
    "checkout.session.async_payment_succeeded": gettext_lazy("payment that took time: received"),
    "checkout.session.async_payment_failed": gettext_lazy("payment that took time: failed"),
    "payment_intent.created": gettext_lazy("payment begun"),
    "payment_intent.processing": gettext_lazy("payment under way"),
    "payment_intent.requires_action": gettext_lazy("card’s owner asked to confirm"),
    "payment_intent.amount_capturable_updated": gettext_lazy("amount reserved on the card"),
    "payment_intent.succeeded": gettext_lazy("payment received"),
    "payment_intent.payment_failed": gettext_lazy("card declined"),
    "payment_intent.canceled": gettext_lazy("payment given up"),
    "charge.succeeded": gettext_lazy("card accepted"),
    "charge.captured": gettext_lazy("card charged"),
    "charge.failed": gettext_lazy("card declined"),
    "charge.refunded": gettext_lazy("card credited"),
    "charge.refund.updated": gettext_lazy("refund followed"),
    "charge.dispute.created": gettext_lazy("payment contested by the card’s owner"),
    "charge.dispute.closed": gettext_lazy("contested payment: decided"),
    "refund.created": gettext_lazy("refund begun"),
    "refund.updated": gettext_lazy("refund followed"),
    "refund.failed": gettext_lazy("refund failed"),
    "transfer.created": gettext_lazy("share sent to a provider"),
    "transfer.updated": gettext_lazy("share of a provider followed"),
    "transfer.reversed": gettext_lazy("share of a provider taken back"),
    "account.updated": gettext_lazy("account of a provider changed"),
}
# By the beginning of their name: the bank has more of each than are named above.
SORTS: tuple[tuple[str, Promise], ...] = (
    ("checkout.session.", gettext_lazy("payment page")),
    ("payment_intent.", gettext_lazy("payment")),
    ("charge.dispute.", gettext_lazy("contested payment")),
    ("charge.", gettext_lazy("card payment")),
    ("refund.", gettext_lazy("refund")),
    ("transfer.", gettext_lazy("share of a provider")),
    ("v2.core.account", gettext_lazy("account of a provider changed")),
    ("account.", gettext_lazy("account of a provider")),
)
# The choice of all that nobody knows.
OTHER = "other"


def kind_words(kind: str) -> str:
    """Return what a message is about in words; a kind that nobody knows is « another message »."""
    known = KINDS.get(kind)
    if known is None:
        known = dict(SORTS).get(_sort_of(kind))
    return str(known) if known is not None else _("another message")


def kinds_in_words() -> list[tuple[str, str]]:
    """Return what messages may be about as choices, each once: a code, and the words of the list.

    A sort comes before the kinds that are of it, and means all of them.
    """
    codes: dict[str, str] = {}
    for start, sort in SORTS:
        codes.setdefault(str(sort), start)
        for code, words in KINDS.items():
            if _sort_of(code) == start:
                codes.setdefault(str(words), code)
    codes[_("another message")] = OTHER
    return [(code, words) for words, code in codes.items()]


def about(code: str) -> Q:
    """Return which messages are meant by a choice of `kinds_in_words`; raises KeyError."""
    words = dict(kinds_in_words())[code]
    told = Q(kind__in=[one for one, said in KINDS.items() if str(said) == words])
    left = Q()
    for start, said in SORTS:
        if str(said) == words:
            told |= left & Q(kind__startswith=start)
        left &= ~Q(kind__startswith=start)
    return told | left if code == OTHER else told


def _sort_of(kind: str) -> str:
    """Return the first beginning that a kind has, "" for one that nobody knows."""
    return next((start for start, _words in SORTS if kind.startswith(start)), "")


def outcome_words(outcome: str) -> str:
    """Return an outcome in words; one that nobody knows stays as it is."""
    if outcome in OUTCOMES:
        return str(OUTCOMES[outcome])
    about, _space, state = outcome.partition(" ")
    for name, choices, words in (
        ("payment", Payment.State.choices, _("payment: %(state)s")),
        ("refund", Refund.State.choices, _("refund: %(state)s")),
        ("payout", Payout.State.choices, _("share of a provider: %(state)s")),
        ("account", PayoutAccount.State.choices, _("account of a provider: %(state)s")),
    ):
        known = {str(value): label for value, label in choices}
        if about == name and state in known:
            return words % {"state": known[state]}
    return outcome
