"""What pages and mails say of a package: why it is one, who answers for it, its form.

Plain values for `package_banner.html` and for the mail of confirmation; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from booking.models import Order, OrderEvidence
from booking.packages import Standing
from booking.rules.package_law import LODGING, OTHER, TRANSPORT, VEHICLE
from destination.models import LegalText
from destination.templatetags.velay import jour_long, phone
from oti.lib.html import format_number
from oti.lib.joins import read_joined

EVIDENCE_OF = """
SELECT {columns} FROM booking_orderevidence evidence
LEFT JOIN destination_legaltext form ON form.id = evidence.form_id
WHERE evidence.order_id = %s
"""
TYPE_WORDS: dict[str, Promise] = {
    TRANSPORT: gettext_lazy("transport"),
    LODGING: gettext_lazy("lodging"),
    VEHICLE: gettext_lazy("car rental"),
    OTHER: gettext_lazy("other tourist services"),
}
# Names of the identity's fields, in the order in which they are read.
IDENTITY_WORDS: dict[str, Promise] = {
    "legal_name": gettext_lazy("Organiser"),
    "legal_form": gettext_lazy("Legal form"),
    "address": gettext_lazy("Address"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "registration_number": gettext_lazy("Registration with Atout France"),
    "valid_until": gettext_lazy("Registration valid until"),
    "guarantor_name": gettext_lazy("Guarantor if the organiser fails"),
    "guarantor_contact": gettext_lazy("Reach the guarantor"),
    "insurer_name": gettext_lazy("Liability insurer"),
    "insurance_policy": gettext_lazy("Insurance policy"),
    "emergency_phone": gettext_lazy("In difficulty, day and night"),
    "mediator_name": gettext_lazy("Mediator"),
    "mediator_contact": gettext_lazy("Reach the mediator"),
}
# Dialled from where the language is spoken: with +33 for who doesn't read French.
PHONES = {"phone", "emergency_phone"}


def banner_of(standing: Standing) -> dict[str, Any] | None:
    """Return what `package_banner.html` shows of a basket, None where it is no package."""
    if not standing.is_package:
        return None
    organiser = standing.organiser.to_json() if standing.organiser else {}
    return {
        "name": organiser.get("legal_name", ""),
        "why": why_words(
            standing.verdict.reason,
            [one.to_json() for one in standing.lines],
            standing.verdict.d_share,
        ),
        "obstacles": [one.message for one in standing.obstacles],
        "form": form_link(standing.form),
        "identity": identity_rows(organiser),
        "is_demo": bool(organiser.get("is_demo")),
    }


def contract_of(order: Order) -> dict[str, Any] | None:
    """Return what the pages and the mail of a bought package say, from its evidence alone."""
    evidence = _evidence_with_form(order)
    if evidence is None or not evidence.is_package:
        return None
    organiser = evidence.organiser
    return {
        "evidence": evidence,
        "name": organiser.get("legal_name", ""),
        "guarantor": _joined(organiser, "guarantor_name", "guarantor_contact"),
        "emergency_phone": phone(organiser.get("emergency_phone", "")),
        "phone": phone(organiser.get("phone", "")),
        "email": organiser.get("email", ""),
        "mediator": _joined(organiser, "mediator_name", "mediator_contact"),
        "form": form_link(evidence.form),
        "identity": identity_rows(organiser),
        "is_demo": bool(organiser.get("is_demo")),
    }


def _evidence_with_form(order: Order) -> OrderEvidence | None:
    tables = {"evidence": OrderEvidence, "form": LegalText}
    for evidence, form in read_joined(EVIDENCE_OF, tables, [order.pk]):
        kept: OrderEvidence = evidence
        kept.form = form
        return kept
    return None


def evidence_of(order: Order) -> OrderEvidence | None:
    """Return an order's evidence; None for one that was placed before evidence was kept."""
    return OrderEvidence.objects.filter(order=order).select_related("form", "terms").first()


def why_words(reason: str, rows: Sequence[Mapping[str, Any]], share: Decimal | None) -> str:
    """Say why it is a package; `rows` are those kept as evidence, `share` goes from 0 to 1."""
    counted = [row for row in rows if not row["intrinsic"]]
    if reason == "two_types":
        main = {row["type"] for row in counted} - {OTHER, ""}
        words = [str(TYPE_WORDS[one]) for one in sorted(main)]
        return _("This stay brings together %(types)s, paid once.") % {"types": _listed(words)}
    if reason == "share" and share is not None:
        text = _(
            "Other tourist services make up %(percent)s %% of its value: from 25 %% on it is a "
            "package."
        )
        return text % {"percent": percent_words(share)}
    if reason == "essential":
        titles = [row["title"] for row in counted if row["essential"]]
        return _("« %(title)s » is an essential part of it.") % {"title": ", ".join(titles)}
    return _("It is sold as one stay.")


def percent_words(share: Decimal) -> str:
    """Write a share from 0 to 1 in percent, cut to one decimal: "24,9"."""
    percent = (share * 100).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    decimals = 0 if percent == percent.to_integral_value() else 1
    return format_number(percent, get_language() or "fr", decimals=decimals)


def form_link(form: LegalText | None) -> dict[str, str] | None:
    """Return {title, version, url} of a form in its very version."""
    if form is None:
        return None
    path = reverse("destination:legal", args=[form.kind])
    return {
        "title": form.title,
        "version": form.version,
        "url": f"{path}?{urlencode({'version': form.version})}",
    }


def identity_rows(organiser: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the organiser's identity as (label, text), without what isn't known."""
    rows = []
    for name, label in IDENTITY_WORDS.items():
        value = organiser.get(name)
        if value:
            rows.append((str(label), _identity_text(name, value)))
    return rows


def _identity_text(name: str, value: str) -> str:
    if name == "valid_until":
        return jour_long(date.fromisoformat(value))
    return phone(value) if name in PHONES else value


def _joined(organiser: Mapping[str, Any], *names: str) -> str:
    return ", ".join(organiser[name] for name in names if organiser.get(name))


def _listed(words: Sequence[str]) -> str:
    """Write words as a list: "transport, lodging and car rental"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}
