"""The lower price of a mail's link on the page of the offer that it leads to (features.md N06).

The code stands in the address and nowhere else: whoever comes otherwise sees the usual price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Basket, Offer
from booking.proposals import Proposal, proposal_of
from booking.rules.pricing import Quote, Reduction
from destination.templatetags.velay import jour_long

# The address's own name of it; `offre` is taken: it names an offer in a house's widget.
GIVEN = "proposition"


@dataclass(frozen=True)
class Followed:
    """The link that led to a page: its code, and what it promises there, None for nothing."""

    code: str = ""
    proposal: Proposal | None = None
    # The visitor's own stay has the last of it that isn't sold.
    is_own: bool = False

    @property
    def reduction(self) -> Reduction | None:
        """Return what lowers prices now."""
        return self.proposal.reduction if self.proposal and self.proposal.left else None

    def code_for(self, quote: Quote | None) -> str:
        """Return the code that goes with a price, "" where it is the usual one."""
        return self.code if quote is not None and quote.usual_total is not None else ""

    def notice(
        self, quotes: Iterable[Quote | None], *, is_on_request: bool, is_by_date: bool = False
    ) -> dict[str, Any]:
        """Return what is told above the price, {} where nothing was promised.

        `quotes` are the prices of the page: whether the chosen days are those of the proposal.
        `is_by_date`: each date shows a price of its own beside the one of the page.
        """
        if self.proposal is None:
            return {}
        if self.is_own:
            text = _(
                "The last booking at the lower price is in your stay: more cost the usual one."
            )
            return {"kind": "info", "text": text, "url": reverse("booking:my-stay"), "is_own": True}
        if self.proposal.is_all_held:
            text = _(
                "The last bookings at the lower price are being made by others: try again in a "
                "quarter of an hour."
            )
            return {"kind": "warning", "text": text}
        if not self.proposal.left:
            text = _("This proposal is over: the price is the usual one.")
            return {"kind": "info", "text": text}
        words = {
            "percent": self.proposal.reduction.percent,
            "day": jour_long(self.proposal.last_day),
        }
        if any(quote is not None and quote.usual_total is not None for quote in quotes):
            text = _("%(percent)s %% less on these days, counted already: until %(day)s.")
            if is_by_date:
                text = _("%(percent)s %% less on the dates with two prices: until %(day)s.")
            return {"kind": "ok", "text": text % words}
        if is_on_request:
            text = _("What is booked on request has its usual price.")
            return {"kind": "info", "text": text}
        text = _("%(percent)s %% less on the days of the proposal: choose them, until %(day)s.")
        url = reverse("booking:quiet-offer", args=[self.code])
        return {"kind": "info", "text": text % words, "url": url}


def followed(
    code: str, offer: Offer, *, find_basket: Callable[[], Basket | None], now: datetime
) -> Followed:
    """Return the link of a mail that led to an offer's page; without a code nothing is asked.

    The visitor's own stay is looked for only where the last bookings are in somebody's.
    """
    if not code:
        return Followed()
    proposal = proposal_of(code, offer.pk, now=now)
    if proposal is None:
        return Followed()
    is_own = proposal.is_all_held and _holds_one(find_basket(), proposal, code, now=now)
    return Followed(code, proposal, is_own)


def _holds_one(basket: Basket | None, proposal: Proposal, code: str, *, now: datetime) -> bool:
    own = (
        list(basket.lines.filter(proposal=proposal.pk).values_list("pk", flat=True))
        if basket
        else []
    )
    if not own:
        return False
    without = proposal_of(code, proposal.offer_id, now=now, except_lines=own)
    return without is not None and without.left > 0
