"""Greeters of the demonstration: invented people in real communes, shown and with their charter."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from destination.models import Commune
from members.models import CharterSignature, Greeter, GreeterCharter, User
from oti.demo.accounts import PASSWORD
from oti.demo.legal import FOLDER, VALID_FROM, VERSION

DATA = Path(__file__).with_suffix(".toml")
LANGUAGES = ("fr", "en", "de")


def add_greeters(*, now: datetime) -> int:
    """Add the greeters that are missing, with their accounts and signatures; returns how many."""
    charter = _charter()
    known = set(Greeter.objects.values_list("slug", flat=True))
    listed = tomllib.loads(DATA.read_text(encoding="utf-8"))["greeters"]
    fresh = [one for one in listed if one["slug"] not in known]
    password = make_password(PASSWORD) if fresh else ""
    communes = {
        one.insee: one for one in Commune.objects.filter(insee__in=[x["commune"] for x in fresh])
    }
    for one in fresh:
        _add(one, charter, communes[one["commune"]], password, now=now)
    return len(fresh)


def _charter() -> GreeterCharter:
    known = GreeterCharter.objects.filter(version=VERSION).first()
    return known or GreeterCharter.objects.create(
        version=VERSION,
        valid_from=VALID_FROM,
        title="Charte des greeters",
        body=(FOLDER / "fr" / "charte-greeters.html").read_text(encoding="utf-8"),
        is_demo=True,
    )


def _add(
    data: dict[str, Any],
    charter: GreeterCharter,
    commune: Commune,
    password: str,
    *,
    now: datetime,
) -> None:
    user, is_new = User.objects.get_or_create(
        email=data["email"], defaults={"password": password, "first_name": data["first_name"]}
    )
    if is_new:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    words = {
        f"{name}_{code}": data[name].get(code, "")
        for name in ("about", "places")
        for code in LANGUAGES
    }
    made = Greeter.objects.create(
        user=user,
        slug=data["slug"],
        first_name=data["first_name"],
        commune=commune,
        **words,
        languages=data["languages"],
        interests=data["interests"],
        weekdays=data["weekdays"],
        most_people=data["most_people"],
        monthly_most=data["monthly_most"],
        is_step_free=data.get("is_step_free", False),
        portrait=data["portrait"],
        phone="04 71 00 00 00",
        state=Greeter.State.APPROVED,
        identity=Greeter.Identity.KNOWN,
        identity_at=now,
        of_age_at=now,
        submitted_at=now,
        approved_at=now,
        created_at=now,
        is_demo=True,
    )
    CharterSignature.objects.create(
        greeter=made,
        text=charter,
        version=charter.version,
        sha256=charter.sha256,
        signed_name=data["first_name"],
        signed_at=now,
    )
