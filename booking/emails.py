"""The mails of the outbox: each kind read from the rows as they are when it is sent.

A mail is written in the language of its order, or of its provider. Addresses in it are absolute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from booking import package_words
from booking.account_mails import ACCOUNT_CONTENTS
from booking.booked_lines import booked_line, first_arrival
from booking.campaign_mails import CAMPAIGN_CONTENTS
from booking.date_mails import DATE_CONTENTS, who_called_off
from booking.gift_mails import GIFT_CONTENTS
from booking.ics import calendar_of
from booking.letters import Content, NoLongerNeeded, Reader, order_of, order_url, own_lines, write
from booking.life_cycle_mails import LIFE_CYCLE_CONTENTS
from booking.meeting_mails import MEETING_CONTENTS
from booking.minding import left_over
from booking.models import (
    ChannelIncident,
    Offer,
    OfferReview,
    Order,
    OrderLine,
    OutboxMessage,
    SubOrder,
    Unit,
)
from booking.models.money import reason_words
from booking.offer_words import REMARK_WORDS
from booking.office_mails import OFFICE_CONTENTS
from booking.paper_words import PAPER_WORDS
from booking.referral_mails import REFERRAL_CONTENTS
from booking.request_mails import REQUEST_CONTENTS
from booking.rules import states
from booking.seller_mails import SELLER_CONTENTS
from booking.sold_lines import SoldLine, order_dates
from booking.stay_letters import STAY_CONTENTS
from booking.survey_mails import SURVEY_CONTENTS
from destination.legal_body import clean_body, plain_body
from destination.spoken import in_language
from members.models import HouseExport, Household, HouseholdInvitation, Invitation, Paper, Provider
from oti.lib.mails import Mail

INVITATION_SALT = "invitation"
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
HOUSEHOLD_SALT = "household-invitation"


def compose(
    message: OutboxMessage, reader: Reader | None = None, *, now: datetime | None = None
) -> EmailMultiAlternatives:
    """Return a message of the outbox as a mail: subject, text, HTML, and the calendar if any.

    `reader` is shared by letters that leave together; `now` is another moment than the present one,
    for who looks at a letter before its day. Raises KeyError for an unknown kind.
    """
    read = CONTENTS[message.kind]
    reader = reader or Reader()
    with override(message.language):
        content = {**read(message, reader, now or timezone.now()), "language": message.language}
        # Some kinds have one shape, and share its files; a campaign's is written once for many.
        written = content.get("written") or write(content.get("template", message.kind), content)
        mail = Mail(
            subject=written.subject,
            body=written.body,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[message.recipient],
            reply_to=[settings.OFFICE["email"]],
            headers={**HEADERS, **_stopping(content.get("stop_url", ""))},
        )
        mail.attach_alternative(written.page, "text/html")
        if "calendar" in content:
            name = content.get("calendar_name") or f"velay-{content['order'].reference}.ics"
            mail.attach(name, content["calendar"], "text/calendar")
        if "pdf" in content:
            mail.attach(content["pdf_name"], content["pdf"], "application/pdf")
    return mail


def _stopping(url: str) -> dict[str, str]:
    """Return what makes a button « unsubscribe » of a link that stops a letter (RFC 8058)."""
    if not url:
        return {}
    told = {"List-Unsubscribe": f"<{url}>"}
    return {**told, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _order_confirmed(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    alive = [one for one in lines if one.is_alive]
    lost_ids = set(message.data.get("lost", []))
    lost = [one for one in lines if one.line.pk in lost_ids]
    return {
        "order": order,
        "dates": order_dates(lines),
        "lines": alive,
        "lost": lost,
        "lost_amount": sum((one.amount for one in lost), Decimal(0)),
        "first": min(alive, key=lambda one: one.starts_at, default=None),
        "providers": len({one.provider.pk for one in alive}),
        "trip_url": order_url(order),
        "receipt_url": order_url(order, "booking:receipt"),
        "calendar": calendar_of(order, alive),
        "contract": _contract(order),
    }


def _contract(order: Order) -> Content | None:
    """Return what a bought package's mail must hold, with the form as it was accepted."""
    contract = package_words.contract_of(order)
    if contract is None:
        return None
    form = contract["evidence"].form
    return {
        **contract,
        "form_url": settings.BASE_URL + contract["form"]["url"] if form else "",
        "form_html": clean_body(form.body) if form else "",
        "form_text": plain_body(form.body) if form else "",
    }


def _provider_booking(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    part, lines = own_lines(message, reader)
    sold = [one for one in lines if one.state not in {states.HELD, states.RELEASED}]
    return _for_provider(order_of(message), part, sold, reader, now)


def _coming_changed(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    part, lines = own_lines(message, reader)
    coming = [one for one in lines if one.state == states.SOLD and one.ends_at > now]
    if not coming:
        raise NoLongerNeeded
    content = _for_provider(order_of(message), part, coming, reader, now)
    return {**content, "what": message.data["what"]}


def _provider_cancelled(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    part, lines = own_lines(message, reader)
    ids = set(message.data["lines"])
    ended = [one for one in lines if one.pk in ids]
    written = message.data.get("given_back")
    price = sum((one.gross_amount for one in ended), Decimal(0))
    return {
        **_for_provider(order_of(message), part, ended, reader, now),
        # A date that was called off takes nobody else.
        "is_closed": any(one.slot is not None and one.slot.is_closed for one in ended),
        "is_in_full": message.data.get("basis") == "full",
        # Others of the same booking still come.
        "is_partly": message.data.get("is_partly", False),
        "reason": message.data.get("reason", ""),
        "given_back": Decimal(written) if written is not None else None,
        "price": price,
        "is_free": not price,
    }


def _for_provider(
    order: Order, part: SubOrder, lines: list[OrderLine], reader: Reader, now: datetime
) -> Content:
    first = first_arrival(reader.lines_of(order))
    labels = reader.labels_of(order)
    booked = [booked_line(line, first=first, now=now, labels=labels) for line in lines]
    return {
        "reference": order.reference,
        "is_counter": order.is_counter,
        "guest": order.first_name,
        "phone": order.phone,
        "arrival": next((one for one in booked if one.arrival_time is not None), None),
        "outside": [one for one in booked if one.own_hours],
        "needs": next((one.needs for one in booked if one.needs), ""),
        "host": part.provider.host_names or part.provider.name,
        "lines": [
            {"booked": one, "url": settings.BASE_URL + reverse("extranet-line", args=[one.pk])}
            for one in booked
        ],
        "first": booked[0] if booked else None,
        # The subject names the first one: without their number, the rest seems not to be meant.
        "others": len(booked) - 1,
        "home_url": settings.BASE_URL + reverse("extranet-home"),
    }


def _lines_cancelled(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    ids = set(message.data["lines"])
    # What was paid on site is given back there, or not: it is no affair of ours.
    given_back = {} if order.is_counter else message.data.get("refunds", {})
    lines = reader.sold_lines(order, now)
    cancelled: list[dict[str, Any]] = [
        {"line": one, "refund": Decimal(given_back.get(str(one.line.pk), "0"))}
        for one in lines
        if one.line.pk in ids
    ]
    return {
        "order": order,
        "cancelled": cancelled,
        "called_off": who_called_off(message.data["called_off"])
        if "called_off" in message.data
        else None,
        "reason": reason_words(message.data.get("reason", "")),
        "refund": sum((one["refund"] for one in cancelled), Decimal(0)),
        "is_free": not any(one["line"].amount for one in cancelled),
        "left": [one for one in lines if one.is_alive and one.line.pk not in ids],
        "unneeded": _unneeded(lines, ids),
        "trip_url": order_url(order),
    }


def _unneeded(lines: Sequence[SoldLine], ended: Collection[int]) -> list[Content]:
    """Return the childcare that what ended leaves without a reason, each with its own rule (N05).

    It is proposed, never cancelled with the rest: it may still be wanted.
    """
    rows = {one.line.pk: one for one in lines}
    sold = [one.line for one in lines if one.line.state == states.SOLD]
    ending = [one.line for one in lines if one.line.pk in ended]
    return [
        {"line": rows[care.pk], "rule": in_language(care.policy_summaries)}
        for care in left_over(sold, ending)
    ]


def _payment_returned(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    return {
        "order": order,
        "amount": Decimal(message.data["amount"]),
        "trip_url": order_url(order),
        "search_url": settings.BASE_URL + reverse("booking:stays"),
    }


def _find_order(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    return {"order": order, "trip_url": order_url(order)}


def _plan_b(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    line = next(one for one in lines if one.line.pk == message.data["line"])
    return {
        "order": order,
        "line": line,
        "steps": list(line.offer.steps.all()),
        "reason": message.data["reason"],
        "trip_url": order_url(order),
    }


def _permit_ended(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    until = message.data["until"]
    return {
        "order": order,
        "line": next(one for one in lines if one.line.pk == message.data["line"]),
        "until": date.fromisoformat(until) if until else None,
        "desk_url": settings.BASE_URL + reverse("desk_orders:inspect", args=[order.pk]),
    }


def _payout_account(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    provider = Provider.objects.get(pk=message.data["provider"])
    return {
        "host": provider.host_names or provider.name,
        "provider": provider.name,
        "payouts_url": settings.BASE_URL + reverse("extranet-payouts"),
    }


def _double_booking(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    incident = ChannelIncident.objects.select_related("unit").get(pk=message.data["incident"])
    lines = reader.sold_lines(order, now)
    return {
        "order": order,
        "line": next(one for one in lines if one.line.pk == incident.order_line_id),
        "unit": incident.unit,
        "platform": incident.feed_name,
        "first": incident.dates.lower,
        "after": incident.dates.upper,
        "links_url": settings.BASE_URL + reverse("extranet-links"),
        "desk_url": settings.BASE_URL + reverse("desk_orders:inspect", args=[order.pk]),
    }


def _calendar_silent(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    unit = Unit.objects.select_related("offer__provider").get(pk=message.data["unit"])
    provider = unit.offer.provider
    return {
        "host": provider.host_names or provider.name,
        "platform": message.data["calendar"],
        "title": unit.offer.title,
        "unit": unit.name,
        "since": datetime.fromisoformat(message.data["since"]),
        "links_url": settings.BASE_URL + reverse("extranet-links"),
    }


def _enrolment_submitted(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    provider = Provider.objects.select_related("commune").get(pk=message.data["provider"])
    return {"provider": provider, "desk_url": _review_url(provider)}


def _enrolment_moved(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    provider = Provider.objects.get(pk=message.data["provider"])
    asked = provider.papers.filter(review=Paper.Review.TO_FIX).exclude(remark="").order_by("pk")
    is_asked = message.data["move"] == Provider.Enrolment.TO_FIX
    return {
        "host": provider.host_names or provider.name,
        "provider": provider,
        "move": message.data["move"],
        "note": message.data["note"],
        "remarks": [
            {"title": PAPER_WORDS[one.code].title, "words": one.remark}
            for one in (asked if is_asked else ())
        ],
        "papers_url": _papers_url(provider),
    }


def _offer_submitted(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    offer = Offer.objects.select_related("provider").get(pk=message.data["offer"])
    review = OfferReview.objects.get(offer=offer)
    return {
        "title": offer.title,
        "provider": offer.provider,
        "is_new": message.data["is_new"],
        "desk_url": settings.BASE_URL + reverse("desk_offer_reviews:review", args=[review.pk]),
    }


def _offer_reviewed(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    offer = Offer.objects.select_related("provider").get(pk=message.data["offer"])
    return {
        "host": offer.provider.host_names or offer.provider.name,
        "title": offer.title,
        "outcome": message.data["outcome"],
        "note": message.data["note"],
        "remarks": [
            {"title": REMARK_WORDS[name], "words": words}
            for name, words in message.data["remarks"].items()
            if name in REMARK_WORDS
        ],
        "offer_url": settings.BASE_URL + reverse("extranet-offer", args=[offer.pk]),
    }


def _team_invitation(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    invitation = Invitation.objects.select_related("provider").get(pk=message.data["invitation"])
    return {
        "house": invitation.provider.name,
        "invited_by": invitation.invited_by,
        "role": invitation.get_role_display(),
        "until": invitation.expires_at,
        "link": invitation_url(invitation),
    }


def _household_invitation(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    rows = HouseholdInvitation.objects.select_related("household")
    invitation = rows.get(pk=message.data["invitation"])
    return {
        "household": invitation.household.name,
        "invited_by": invitation.invited_by,
        "until": invitation.expires_at,
        "link": household_invitation_url(invitation),
    }


def _household_moved(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    household = Household.objects.get(pk=message.data["household"])
    return {
        "household": household.name,
        "first_name": message.data["first_name"],
        "move": message.data["move"],
        "note": household.office_note,
        "url": settings.BASE_URL + reverse("residence"),
    }


def _paper_ending(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    paper = Paper.objects.select_related("provider").get(pk=message.data["paper"])
    is_office = message.data["is_office"]
    return {
        "house": paper.provider.name,
        "paper": PAPER_WORDS[paper.code].title,
        "until": date.fromisoformat(message.data["until"]),
        "is_ended": message.data["step"] < 0,
        "is_office": is_office,
        "url": _review_url(paper.provider) if is_office else _papers_url(paper.provider),
    }


def _classification_moved(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    paper = Paper.objects.select_related("provider").get(pk=message.data["paper"])
    offers = Offer.objects.filter(pk__in=message.data["offers"]).order_by("pk")
    is_office = message.data["is_office"]
    return {
        "house": paper.provider.name,
        "is_ended": message.data["move"] == "ended",
        "is_office": is_office,
        "lodgings": [
            {"title": one.title, "category": one.get_tax_category_display()} for one in offers
        ],
        "url": _review_url(paper.provider) if is_office else _papers_url(paper.provider),
    }


def _webhook_paused(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    provider = Provider.objects.get(pk=message.data["provider"])
    page = settings.BASE_URL + reverse("extranet-webhooks")
    return {
        "host": provider.host_names or provider.name,
        "address": message.data["address"],
        "since": datetime.fromisoformat(message.data["since"]),
        "webhooks_url": f"{page}?maison={provider.slug}",
    }


def _export_ready(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    export = HouseExport.objects.select_related("provider").get(pk=message.data["export"])
    page = settings.BASE_URL + reverse("extranet-exports")
    return {
        "house": export.provider.name,
        "until": export.expires_at,
        "exports_url": f"{page}?maison={export.provider.slug}",
    }


def invitation_url(invitation: Invitation) -> str:
    """Return the signed address that an invitation's mail leads to."""
    token = signing.Signer(salt=INVITATION_SALT).sign(str(invitation.pk))
    return f"{settings.BASE_URL}{reverse('extranet-invitation')}?cle={token}"


def household_invitation_url(invitation: HouseholdInvitation) -> str:
    """Return the signed address that the mail of an invitation to a household leads to."""
    token = signing.Signer(salt=HOUSEHOLD_SALT).sign(str(invitation.pk))
    return f"{settings.BASE_URL}{reverse('residence-invitation')}?cle={token}"


def _papers_url(provider: Provider) -> str:
    return f"{settings.BASE_URL}{reverse('extranet-checklist')}?maison={provider.slug}"


def _review_url(provider: Provider) -> str:
    return settings.BASE_URL + reverse("desk_enrolment:review", args=[provider.pk])


def _letter_confirm(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    path = reverse("booking:letter-confirm")
    return {"confirm_url": f"{settings.BASE_URL}{path}?cle={message.data['key']}"}


def _own_data(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    path = reverse("booking:own-data")
    return {"data_url": f"{settings.BASE_URL}{path}?cle={message.data['key']}"}


def _account_unused(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    url = f"{settings.BASE_URL}{reverse('account_login')}"
    return {"login_url": url, "days": message.data["days"]}


CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "order_confirmed": _order_confirmed,
    "provider_booking": _provider_booking,
    "provider_cancelled": _provider_cancelled,
    "coming_changed": _coming_changed,
    "lines_cancelled": _lines_cancelled,
    "payment_returned": _payment_returned,
    "find_order": _find_order,
    "plan_b": _plan_b,
    "permit_ended": _permit_ended,
    "payout_account": _payout_account,
    "double_booking": _double_booking,
    "double_booking_office": _double_booking,
    "calendar_silent": _calendar_silent,
    "enrolment_submitted": _enrolment_submitted,
    "enrolment_moved": _enrolment_moved,
    "offer_submitted": _offer_submitted,
    "offer_reviewed": _offer_reviewed,
    "team_invitation": _team_invitation,
    "paper_ending": _paper_ending,
    "classification_moved": _classification_moved,
    "webhook_paused": _webhook_paused,
    "export_ready": _export_ready,
    "letter_confirm": _letter_confirm,
    "own_data": _own_data,
    "account_unused": _account_unused,
    "household_invitation": _household_invitation,
    "household_moved": _household_moved,
    **STAY_CONTENTS,
    **DATE_CONTENTS,
    **REQUEST_CONTENTS,
    **SELLER_CONTENTS,
    **MEETING_CONTENTS,
    **ACCOUNT_CONTENTS,
    **SURVEY_CONTENTS,
    **REFERRAL_CONTENTS,
    **OFFICE_CONTENTS,
    **LIFE_CYCLE_CONTENTS,
    **GIFT_CONTENTS,
    **CAMPAIGN_CONTENTS,
}
