"""A host's calendar of twenty places: three months shown, a year changed at once."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from booking import search_table
from booking.forms.nights import month_after
from booking.models import NightEdit, Offer, Unit, UnitDay
from members.models import Provider, ProviderRole, User
from oti.devtools.bench.browser import Answer, Form, Visitor
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.lib.dates import today as day_of

UNITS = 20
DAYS = 365
PAGES = 40
EDITS = 12
PASSWORD = "Banc-d-essai-43"


def calendar_page(copy: Copy) -> list[Line]:
    """Look at three months of twenty places, another month each time."""
    who, provider = a_host(copy)
    first = day_of(timezone.now()).replace(day=1)
    address = reverse("extranet-calendar")
    pages = [
        f"{address}?maison={provider.slug}&vue=3&mois={month_after(first, number % 9):%Y-%m}"
        for number in range(PAGES + 10)
    ]
    shown: list[int] = []

    def ask(page: str) -> list[Answer]:
        answer = expect(who.get(page), 200)
        shown.append(answer.body.count('<th scope="row">'))
        return [answer]

    line = in_turn(copy, "calendar_page", ask, pages)
    line.more["units"] = min(shown)
    return [line]


def bulk_edit(copy: Copy) -> list[Line]:
    """Set the price and the least nights of a year for twenty places: seen, then done."""
    who, provider = a_host(copy)
    units = list(Unit.objects.filter(offer__provider=provider).values_list("pk", flat=True))
    first = day_of(timezone.now()) + timedelta(days=1)
    last = first + timedelta(days=DAYS - 1)
    page = expect(who.get(f"{reverse('extranet-nights')}?provider={provider.slug}"), 200)
    (form,) = page.forms(reverse("extranet-nights"))
    applied: list[float] = []

    def edit(price: int) -> list[Answer]:
        filled = {
            "every_unit": "on",
            "first_night": str(first),
            "last_night": str(last),
            "price": str(price),
            "price_as": "all",
            "min_stay": str(2 + price % 2),
        }
        seen = expect(who.post(form, filled), 200)
        (confirm,) = seen.forms(reverse("extranet-nights"))
        done = expect(who.post(Form(confirm.action, confirm.fields), {"step": "apply"}), 303)
        applied.append(done.seconds * 1000)
        return [seen, done]

    line = in_turn(copy, "bulk_edit", edit, range(100, 100 + EDITS + 2), warm=2)
    line.more |= {
        "apply_max_ms": round(max(applied), 1),
        "units": len(units),
        "days": DAYS,
        "inexact": inexact_nights(units, Decimal(100 + EDITS + 1)),
        "drift": len(set(search_table.find_drift(today=day_of(timezone.now()))) & set(units)),
        "edits": NightEdit.objects.filter(provider=provider).count(),
    }
    line.errors += line.more["inexact"] + line.more["drift"]
    return [line]


def a_host(copy: Copy) -> tuple[Visitor, Provider]:
    """Give twenty units of the destination to one provider, and sign its host in."""
    provider = Provider.objects.filter(slug="banc-d-essai").first()
    if provider is None:
        model = Provider.objects.order_by("pk").first()
        if model is None:
            msg = "the copy has no provider"
            raise BenchError(msg)
        provider = Provider.objects.create(
            slug="banc-d-essai", name="Banc d’essai", commune=model.commune, email="b@example.org"
        )
        chosen = Unit.objects.filter(tariff__isnull=False).order_by("pk")
        single: list[Offer] = []
        count = 0
        for unit in chosen.select_related("offer").iterator():
            size = unit.offer.units.count()
            if unit.offer not in single and count + size <= UNITS:
                single.append(unit.offer)
                count += size
            if count == UNITS:
                break
        Offer.objects.filter(pk__in=[one.pk for one in single]).update(provider=provider)
    user = User.objects.filter(email="hote-banc@example.org").first()
    if user is None:
        user = User.objects.create_user("hote-banc@example.org", PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        ProviderRole.objects.create(user=user, provider=provider)
    return signed_in(copy, user.email, code=recovery_code(user)), provider


def signed_in(copy: Copy, email: str, *, code: str = "") -> Visitor:
    """Return a visitor who has given this address, the password, and a code where one is asked."""
    who = visitor(copy)
    page = expect(who.get(reverse("account_login")), 200)
    form = next(one for one in page.forms(reverse("account_login")) if "login" in dict(one.fields))
    expect(who.post(form, {"login": email, "password": PASSWORD}), 302, 303)
    if code:
        second = reverse("mfa_authenticate")
        page = expect(who.get(second), 200)
        form = next(one for one in page.forms(second) if "code" in dict(one.fields))
        expect(who.post(form, {"code": code}), 302, 303)
    if not re.search(r"\w", who.cookies.get(settings.SESSION_COOKIE_NAME, "")):
        msg = "the host could not sign in"
        raise BenchError(msg)
    return who


def recovery_code(user: User) -> str:
    """Return a code that lets this person in once, beside an application that nobody has.

    Written as they are: what seals them is the copy's own, and isn't known here.
    """
    Authenticator.objects.get_or_create(
        user=user,
        type=Authenticator.Type.TOTP,
        defaults={"data": {"secret": generate_totp_secret()}},
    )
    codes, _is_new = Authenticator.objects.get_or_create(
        user=user,
        type=Authenticator.Type.RECOVERY_CODES,
        defaults={"data": {"seed": RecoveryCodes.generate_seed(), "used_mask": 0}},
    )
    return str(codes.wrap().get_unused_codes()[0])


def inexact_nights(units: list[int], price: Decimal) -> int:
    """Return how many nights of the year don't have the last price in the search table."""
    first = day_of(timezone.now()) + timedelta(days=1)
    horizon = min(DAYS, settings.SEARCH_HORIZON_DAYS)
    days = UnitDay.objects.filter(
        unit_id__in=units, day__gte=first, day__lt=first + timedelta(days=horizon)
    )
    right = days.filter(price_cents=int(price * 100)).count()
    return len(units) * horizon - right
