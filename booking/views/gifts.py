"""A household's gift by its signed link: what it is, where it goes, its voucher."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking.forms.gifts import AddressForm
from booking.gift_mails import counter_url, voucher_pdf
from booking.models import Gift
from booking.refusals import Refusal
from booking.relations.gift_access import gift_for, open_gift_link
from booking.relations.gift_claims import check_open, check_redeemable, give_address
from booking.resident_cards import drawing_of
from booking.rules import gifts as rules
from booking.views.answers import see_other, tell
from booking.views.houses import put_into

PAGE = "booking:gift"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def gift(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a gift; take the address of one that goes by post."""
    now = timezone.now()
    if "cle" in request.GET:
        open_gift_link(request, pk, request.GET["cle"], now=now)
        return see_other(PAGE, pk)
    found = gift_for(request, pk)
    if request.method != "POST":
        return _page(request, found, _form_of(found), now=now)
    form = AddressForm(request.POST)
    try:
        # One that is over says so, whatever was typed.
        check_open(found, now=now)
        if not form.is_valid():
            return _page(request, found, form, now=now, status=422)
        give_address(found, form.address, now=now)
    except Refusal as refusal:
        found.refresh_from_db()
        if not _is_open(found, now=now):
            tell(request, refusal.troubles)
            return see_other(PAGE, pk)
        put_into(form, refusal)
        return _page(request, found, form, now=now, status=refusal.status)
    # The page says that it has it.
    return see_other(PAGE, pk)


@never_cache
@require_safe
def voucher(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the voucher as a PDF, as long as it is good."""
    found = gift_for(request, pk)
    if found.campaign.is_posted or not _is_good(found, now=timezone.now()):
        raise Http404
    answer = HttpResponse(voucher_pdf(found), content_type="application/pdf")
    name = _("voucher")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{found.code}.pdf"'
    return answer


def _page(
    request: HttpRequest, found: Gift, form: AddressForm, *, now: datetime, status: int = 200
) -> HttpResponse:
    is_good = _is_good(found, now=now)
    has_code = is_good and not found.campaign.is_posted
    context = {
        "gift": found,
        "campaign": found.campaign,
        "paragraphs": [one for one in found.campaign.words.splitlines() if one.strip()],
        "form": form if _is_open(found, now=now) else None,
        "is_good": is_good,
        "drawing": drawing_of(counter_url(found)) if has_code else "",
        "is_sent": found.state == rules.SENT,
        "is_redeemed": found.state == rules.REDEEMED,
        "is_given": found.state == rules.ADDRESSED,
        "page_errors": status != 200,
    }
    return render(request, "booking/gift.html", context, status=status)


def _form_of(found: Gift) -> AddressForm:
    """Return the form with what was given, or empty."""
    names = AddressForm.base_fields
    known = {name: getattr(found, name) for name in names} if found.street else {}
    return AddressForm(initial=known or {"country": "FR"})


def _is_open(found: Gift, *, now: datetime) -> bool:
    try:
        check_open(found, now=now)
    except Refusal:
        return False
    return True


def _is_good(found: Gift, *, now: datetime) -> bool:
    try:
        check_redeemable(found, is_host=False, now=now)
    except Refusal:
        return False
    return True
