"""What came of a message of the bank, in the office's words; the row keeps the code."""

from __future__ import annotations

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
