"""The care sheet of a paid childcare: written by its buyer, never seen by the office."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import care, showing
from booking.access import care_line_for
from booking.forms.care import CareSheetForm
from booking.refusals import Refusal, trouble
from booking.views.answers import by_link, see_other, tell
from destination.spoken import in_language
from oti.lib.dates import paris
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link("booking:care-sheet")
def care_sheet(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Show and store what the carer must know; `withdraw` deletes it."""
    now = timezone.now()
    line = care_line_for(request, reference, pk)
    trip = ("booking:trip", reference)
    if request.method == "POST" and "withdraw" in request.POST:
        if care.withdraw_care_sheet(line, now=now):
            messages.success(request, _("Your care sheet is deleted."))
        return see_other(*trip, fragment=f"#ligne-{line.pk}")
    if not care.is_open(line, now=now):
        tell(request, [trouble("care_sheet_closed")])
        return see_other(*trip, fragment=f"#ligne-{line.pk}")
    children = list(line.participants.all())
    try:
        sheet, is_lost = care.read_care_sheet(line), False
    except Unreadable:
        logger.exception("care sheet of line %s can't be read", line.pk)
        sheet, is_lost = None, True
    data = request.POST if request.method == "POST" else None
    form = CareSheetForm(data, children=children, sheet=sheet, phone=line.order.phone)
    status = 200
    if data is not None:
        if form.is_valid():
            try:
                care.fill_care_sheet(line, form.sheet, now=now)
            except Refusal as refusal:
                tell(request, refusal.troubles)
            else:
                messages.success(request, _("Thank you: the carer reads it before you come."))
            return see_other(*trip, fragment=f"#ligne-{line.pk}")
        status = 422
    context = {
        "form": form,
        "line": line,
        "title": in_language(line.titles),
        "when": showing.line_when(line, line.kind, paris(line.starts_at), paris(line.ends_at)),
        "carer": line.sub_order.provider.name,
        "gone_on": paris(line.ends_at + timedelta(days=settings.CARE_SHEET_DAYS)),
        "is_filled": sheet is not None or is_lost,
        "is_lost": is_lost,
        "page_errors": status == 422,
    }
    return render(request, "booking/care_sheet.html", context, status=status)
