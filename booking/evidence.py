"""What was shown and accepted when an order is placed (domain.md §2.6), as it will be written.

Made inside the order's transaction; it decides nothing. It is never changed: the journal keeps
its fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking.models import Order, OrderEvidence
from booking.packages import Standing
from booking.rules.package_law import RULE_VERSION
from booking.stay_view import BasketView, LineView
from destination.models import LegalText
from members.journal import Actor, entry
from members.models import Entry

LONGEST_USER_AGENT = 400


@dataclass(frozen=True)
class EvidenceInput:
    """What only the request knows: from where and with what, and when the page was shown."""

    ip: str | None = None
    user_agent: str = ""
    shown_at: datetime | None = None


def evidence_of(
    order: Order,
    view: BasketView,
    standing: Standing,
    *,
    given: EvidenceInput | None,
    actor: Actor,
    accepted_at: datetime | None = None,
    now: datetime,
) -> tuple[OrderEvidence, Entry]:
    """Return the evidence of an order, to be written in its transaction, for a package with form.

    With it goes the line of the journal that keeps its fingerprint. `view` and `standing` are
    those that the order was written from. What was asked for first was accepted at `accepted_at`.
    """
    given = given or EvidenceInput()
    form = standing.form if standing.is_package else None
    organiser = standing.organiser if standing.is_package else None
    evidence = OrderEvidence(
        order=order,
        is_package=standing.is_package,
        reason=standing.verdict.reason,
        rule_version=RULE_VERSION,
        types=[one.to_json() for one in standing.lines],
        d_share=standing.verdict.d_share,
        **_text("form", form),
        **_text("terms", order.terms),
        shown_at=given.shown_at,
        accepted_at=accepted_at or now,
        ip=given.ip,
        user_agent=given.user_agent[:LONGEST_USER_AGENT],
        basket=_basket(view),
        price=_price(order, view),
        organiser=organiser.to_json() if organiser else {},
    )
    kept = entry(
        "evidence kept",
        f"order:{order.reference}",
        actor=actor,
        at=now,
        is_package=evidence.is_package,
        sha256=evidence.sha256,
        form=evidence.form_version,
    )
    return evidence, kept


def _text(name: str, text: LegalText | None) -> dict[str, Any]:
    if text is None:
        return {}
    return {
        name: text,
        f"{name}_version": text.version,
        f"{name}_sha256": text.sha256,
        f"{name}_language": text.language,
    }


def _basket(view: BasketView) -> dict[str, Any]:
    return {
        "people": [person.to_json() for person in view.people],
        "lines": [_line(one) for one in view.counted],
    }


def _line(one: LineView) -> dict[str, Any]:
    line = one.line
    return {
        "line": line.pk,
        "offer": line.offer_id,
        "provider": one.offer.provider.name,
        "unit": line.unit_id,
        "slot": line.slot_id,
        "arrival": line.arrival.isoformat() if line.arrival else None,
        "departure": line.departure.isoformat() if line.departure else None,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
        "quantity": line.quantity,
        "people": list(one.people),
        "options": line.options,
    }


def _price(order: Order, view: BasketView) -> dict[str, Any]:
    return {
        "total": str(order.total_amount),
        "services": str(order.gross_amount),
        "tourist_tax": str(order.tourist_tax_amount),
        "tourist_tax_on_site": str(order.tourist_tax_on_site_amount),
        "fee": str(order.fee_amount),
        "lines": [
            {"line": one.line.pk, **one.quote.to_json()} for one in view.counted if one.quote
        ],
    }
