"""A copy of everything about a person: JSON and one CSV table a part, in one file (RGPD 15, 20).

Built where it is asked for, outside any transaction, and kept nowhere.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower

from booking.models import (
    Complaint,
    Gift,
    GuestImportRow,
    LineAnswer,
    MeetingMessage,
    OrderEvidence,
    OrderLine,
    OutboxMessage,
    Participant,
    PastStay,
    Payment,
    Referral,
    Refund,
    Review,
    ReviewReport,
    Survey,
    TalkMessage,
)
from booking.relations.merging import records_of
from booking.relations.personal_data import Subject
from members.models import CustomerNote, Entry, LetterChoice, MissionTake, Presence
from oti.lib.dates import paris
from oti.lib.sheets import inert, with_comma

Rows = list[dict[str, Any]]


def copy_of(subject: Subject, *, now: datetime) -> dict[str, Rows]:
    """Return everything about a person, part by part; no key, token or password is in it."""
    found = {**_bought(subject), **_said(subject), **_known(subject)}
    return {"copy": [{"made_at": now, "addresses": sorted(subject.emails)}], **found}


def zip_of(parts: Mapping[str, Rows]) -> bytes:
    """Return the parts as a file: `mes-donnees.json`, and `<part>.csv` where it has rows."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        text = json.dumps(parts, ensure_ascii=False, indent=1, default=_plain)
        file.writestr("mes-donnees.json", text)
        for name, rows in parts.items():
            if rows:
                file.writestr(f"{name}.csv", _table(rows))
    return packed.getvalue()


def _bought(subject: Subject) -> dict[str, Rows]:
    orders = subject.orders()
    lines = OrderLine.objects.filter(order__in=orders)
    line_names = (
        *("order__reference", "state", "kind", "titles", "unit_name", "commune_name"),
        *("sub_order__provider__name", "starts_at", "ends_at", "quantity", "options"),
        *("gross_amount", "tourist_tax_amount", "tourist_tax_on_site_amount"),
    )
    order_names = (
        *("reference", "state", "placed_at", "confirmed_at", "language", "first_name"),
        *("last_name", "email", "phone", "arrival_time", "needs", "letters"),
        *("gross_amount", "tourist_tax_amount", "fee_amount", "total_amount"),
    )
    evidence = ("order__reference", "accepted_at", "ip", "user_agent", "basket", "price")
    refunds = Refund.objects.filter(payment__order__in=orders)
    # By their numbers: each of the two has its index, and the table is of everybody's stays.
    theirs = Q(order__in=[one.pk for one in orders]) | Q(
        identity__in=list(subject.identities().values_list("pk", flat=True))
    )
    return {
        "orders": _rows(orders, *order_names),
        "lines": _rows(lines, *line_names),
        "people": _rows(
            Participant.objects.filter(order__in=orders),
            *("order__reference", "first_name", "last_name", "age"),
        ),
        "payments": _rows(
            Payment.objects.filter(order__in=orders),
            *("order__reference", "state", "amount", "captured_amount", "paid_at"),
        ),
        "refunds": _rows(
            refunds, *("payment__order__reference", "state", "amount", "reason", "created_at")
        ),
        # Also why something was cancelled for which nothing came back.
        "cancelled": _rows(
            Entry.objects.filter(
                subject__in=[f"order:{one.reference}" for one in orders], verb="line cancelled"
            ),
            *("subject", "at", "data"),
        ),
        "contracts": _rows(OrderEvidence.objects.filter(order__in=orders), *evidence),
        "stays": _rows(
            PastStay.objects.filter(theirs),
            *("source", "first_day", "last_day", "nights", "adults", "children", "amount"),
        ),
        "requests": _rows(
            subject.requests(),
            *("code", "state", "titles", "people", "starts_at", "ends_at", "total_amount"),
            *("first_name", "last_name", "email", "phone", "needs", "placed_at", "words"),
            *("ip", "user_agent"),
        ),
    }


def _said(subject: Subject) -> dict[str, Rows]:
    orders = subject.orders()
    meetings = subject.meetings()
    surveys = Survey.objects.filter(order__in=orders)
    answers = LineAnswer.objects.filter(survey__in=surveys)
    reports = ReviewReport.objects.filter(user=subject.user) if subject.user else None
    return {
        "surveys": _rows(
            surveys,
            *("order__reference", "asked_at", "answered_at", "recommend", "words", "may_publish"),
        ),
        "answers": _rows(
            answers, *("survey__order__reference", "provider__name", "score", "words")
        ),
        "reviews": _rows(
            Review.objects.filter(answer__in=answers),
            *("state", "first_name", "score", "words", "submitted_at", "published_at", "reply"),
        ),
        "reports": _rows(reports, "words", "at") if reports is not None else [],
        "complaints": _rows(
            Complaint.objects.filter(order__in=orders),
            *("number", "order__reference", "words", "opened_at", "answer", "answered_at"),
        ),
        "messages": [
            *_rows(
                TalkMessage.objects.filter(talk__order__in=orders),
                *("talk__order__reference", "talk__provider__name", "author", "text", "at"),
            ),
            *_rows(
                MeetingMessage.objects.filter(meeting__in=meetings),
                *("meeting__code", "author", "text", "at"),
            ),
        ],
        "meetings": _rows(
            meetings,
            *("code", "state", "first_name", "email", "phone", "first_day", "last_day", "adults"),
            *("ages", "languages", "interests", "words", "day", "place", "felt", "visitor_words"),
        ),
        "letters": _rows(
            LetterChoice.objects.filter(address__email__in=subject.emails),
            *("address__email", "purpose", "is_yes", "source", "words", "network", "at"),
        ),
        "mails": _rows(
            # A list, no subquery: each side of « or » has its index.
            OutboxMessage.objects.annotate(address=Lower("recipient")).filter(
                Q(order__in=[one.pk for one in orders], recipient="")
                | Q(address__in=subject.emails)
            ),
            *("kind", "recipient", "state", "created_at", "sent_at"),
        ),
    }


def _known(subject: Subject) -> dict[str, Rows]:
    people = list(subject.customers())
    ids = [pk for one in people for pk in records_of(one)]
    greeter, ambassador = subject.greeter(), subject.ambassador()
    inviting = ("first_name", "code", "page", "draft", "signed_name", "signed_at", "ended_at")
    member = subject.household_member()
    profile = (
        *("first_name", "commune__name", "about", "places", "languages", "interests", "phone"),
        *("weekdays", "is_paused", "away_from", "away_until", "state", "identity", "created_at"),
    )
    return {
        "guest": [
            *_rows(
                subject.customers(),
                *("first_name", "last_name", "phone", "language", "postal_code", "country"),
                "created_at",
            ),
            *_rows(subject.identities(), "name_key", "address__email"),
        ],
        "notes": _rows(
            CustomerNote.objects.filter(customer__in=ids),
            *("channel", "happened_on", "text", "next_step", "outcome", "written_at"),
        ),
        "imports": _rows(
            GuestImportRow.objects.filter(email__in=subject.emails),
            *("guest_import__provider__name", "guest_import__basis", "guest_import__words"),
            *("email", "first_name", "last_name", "phone", "postal_code", "country"),
            *("consented_on", "first_day", "last_day", "verdict"),
        ),
        "account": _account(subject),
        "google": _rows(
            SocialAccount.objects.filter(user=subject.user),
            *("uid", "extra_data", "date_joined", "last_login"),
        )
        if subject.user
        else [],
        "household": _rows([member], "household__name", "household__commune__name", "first_name")
        if member
        else [],
        "presences": _rows(
            Presence.objects.filter(household=member.household_id), "arrival", "departure"
        )
        if member
        else [],
        "greeter": _rows([greeter], *profile) if greeter else [],
        "ambassador": _rows([ambassador], *inviting) if ambassador else [],
        "missions": _rows(
            MissionTake.objects.filter(ambassador=ambassador),
            *("mission__title", "state", "words", "minutes", "taken_at", "done_at"),
            "office_note",
        )
        if ambassador
        else [],
        "invitations": _rows(
            Referral.objects.filter(Q(order__in=subject.orders()) | Q(ambassador=ambassador)),
            *("state", "asked_at", "claimed_at", "earned_at", "handed_at", "welcome", "thanks"),
        ),
        "gifts": _rows(
            Gift.objects.filter(
                Q(identity__customer__in=ids) | Q(email__in=subject.emails)
            ).distinct(),
            *("campaign__year", "state", "code", "first_name", "email", "recipient", "street"),
            *("extra", "postal_code", "city", "country", "told_at", "sent_at", "redeemed_at"),
        ),
    }


def _account(subject: Subject) -> Rows:
    user = subject.user
    if user is None:
        return []
    names = ("email", "first_name", "last_name", "date_joined", "last_login")
    return [{name: getattr(user, name) for name in names}]


def _rows(found: QuerySet[Any] | Iterable[Model], *names: str) -> Rows:
    if isinstance(found, QuerySet):
        return [dict(row) for row in found.values(*names)]
    return [{name: _reached(one, name) for name in names} for one in found]


def _reached(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> str:
    return paris(value).isoformat() if isinstance(value, datetime) else str(value)


def _table(rows: Rows) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    written.write("\ufeff")
    writer = csv.writer(written, delimiter=";")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, Decimal):
        return with_comma(value)
    return inert(_plain(value))
