"""What is asked of hosts at checkout, as rows: one for each line on request of a stay.

Made inside the transaction of who places the order, under the basket's lock; the lines leave the
basket with it, so that nothing is asked twice. A request holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from django.conf import settings

from booking.evidence import LONGEST_USER_AGENT, EvidenceInput
from booking.messages import write_message
from booking.models import Basket, BasketLine, BookingRequest, Order
from booking.order_lines import in_each_language
from booking.people import Contact, PersonName
from booking.quoting import policy_of
from booking.rules.requests import answer_deadline
from booking.stay_view import BasketView, LineView
from destination.models import LegalText
from members.journal import VISITOR, Actor, entry, record_together
from members.models import User

# A second press within this time finds what the first one asked.
SAME_PRESS = timedelta(minutes=10)


def ask_for(
    view: BasketView,
    *,
    contact: Contact,
    names: Mapping[str, PersonName],
    arrival_time: time | None,
    needs: str,
    terms: LegalText | None,
    language: str,
    user: User | None,
    evidence: EvidenceInput | None,
    came_with: Order | None,
    now: datetime,
) -> list[BookingRequest]:
    """Write a request for each asked line of a stay, and tell hosts and guest of it.

    In the present transaction; the basket is locked, its asked lines are removed. Returns the
    requests in the order of the stay, none where nothing is on request.
    """
    asked = view.asked
    if not asked:
        return []
    given = evidence or EvidenceInput()
    rows = [
        BookingRequest(
            basket=view.basket,
            came_with=came_with,
            **_what(one),
            people=_people(one, view, names),
            user=user,
            language=language,
            first_name=contact.first_name,
            last_name=contact.last_name,
            email=contact.email,
            phone=contact.phone,
            arrival_time=arrival_time if one.unit else None,
            needs=needs,
            terms=terms,
            placed_at=now,
            shown_at=given.shown_at,
            ip=given.ip,
            user_agent=given.user_agent[:LONGEST_USER_AGENT],
            deadline=answer_deadline(now, one.starts_at, hours=settings.REQUEST_ANSWER_HOURS),
        )
        for one in asked
    ]
    BookingRequest.objects.bulk_create(rows)
    BasketLine.objects.filter(pk__in=[one.line.pk for one in asked]).delete()
    actor = Actor.person(user) if user else VISITOR
    record_together(
        [
            entry("asked", f"request:{row.code}", actor=actor, at=now, total=str(row.total_amount))
            for row in rows
        ]
    )
    _tell(rows, now=now)
    return rows


def _what(one: LineView) -> dict[str, object]:
    """Return what is asked for and its price, copied where no edit reaches it."""
    offer, line, quote = one.offer, one.line, one.quote
    if quote is None:
        msg = "an asked line has a quote"
        raise AssertionError(msg)
    return {
        "provider_id": offer.provider_id,
        "offer": offer,
        "unit": one.unit,
        "slot": one.slot,
        "arrival": line.arrival,
        "departure": line.departure,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "quantity": line.quantity,
        "options": line.options,
        "channel": line.channel,
        "kind": offer.kind,
        "titles": in_each_language(offer, "title"),
        "unit_name": one.unit.name if one.unit else "",
        "vat_scheme": offer.vat_scheme,
        "quote": quote.to_json(),
        "policy": policy_of(offer).to_json(),
        "policy_summaries": in_each_language(offer.cancellation_policy, "summary"),
        "gross_amount": quote.gross,
        "tourist_tax_amount": quote.tourist_tax,
        "tourist_tax_on_site_amount": quote.tourist_tax_on_site,
        "total_amount": quote.total,
        "is_demo": offer.is_demo,
    }


def _people(
    one: LineView, view: BasketView, names: Mapping[str, PersonName]
) -> list[dict[str, object]]:
    return [
        {
            **person.to_json(),
            "first_name": names[person.key].first_name.strip(),
            "last_name": names[person.key].last_name.strip(),
        }
        for person in view.people
        if person.key in one.people
    ]


def _tell(rows: Sequence[BookingRequest], *, now: datetime) -> None:
    """Write to each host, and once to the guest."""
    for row in rows:
        write_message(
            "request_received",
            key=f"request:{row.code}:received",
            recipient=row.provider.email,
            language=row.provider.language,
            data={"request": row.pk},
            now=now,
        )
    first = rows[0]
    write_message(
        "request_sent",
        key=f"request:{first.code}:sent",
        recipient=first.email,
        language=first.language,
        data={"requests": [row.pk for row in rows]},
        now=now,
    )


def asked_a_moment_ago(basket: Basket, *, now: datetime) -> list[BookingRequest]:
    """Return what the last press asked from a basket: a second one finds it."""
    return list(basket.requests.filter(placed_at__gte=now - SAME_PRESS).order_by("pk"))
