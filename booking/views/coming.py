"""Guests change how they come: the hour, the needs, the names."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.access import order_for
from booking.comings import Open, change_coming, is_sheet_of_another, open_of
from booking.forms.coming import ComingForm
from booking.models import Order
from booking.needs import reading_words
from booking.refusals import Refusal, Trouble, WrongState
from booking.views.answers import by_link, see_other, tell
from destination.templatetags.velay import names
from members.journal import VISITOR, Actor


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link("booking:trip-coming")
def coming(request: HttpRequest, reference: str) -> HttpResponse:
    """Show how somebody comes, and write it anew. The office looks, and writes nothing."""
    now = timezone.now()
    is_post = request.method == "POST"
    order = order_for(request, reference, to_change=is_post)
    found = open_of(order, now=now)
    if not found.is_any:
        return see_other("booking:trip", reference)
    form = ComingForm(request.POST if is_post else None, order=order, found=found)
    if not form.is_valid():
        return _page(request, order, found, form, status=422 if is_post else 200)
    actor = Actor.person(request.user) if request.user.is_authenticated else VISITOR
    try:
        told = change_coming(order, form.coming, actor=actor, now=now)
    except WrongState as refusal:
        tell(request, refusal.troubles)
        return see_other("booking:trip", reference)
    except Refusal as refusal:
        return _page(request, order, found, form, refusal.troubles, status=refusal.status)
    if told is None:
        messages.info(request, _("Nothing was changed."))
        return see_other("booking:trip", reference)
    words = _("It is written. We are telling %(names)s.") % {"names": names(", ".join(told))}
    messages.success(request, words if told else _("It is written."))
    if is_sheet_of_another(found, form.coming):
        text = _(
            "The care sheet was written for a child of another name: read it again, on the page of "
            "your stay, so that the carer knows what is right for this one."
        )
        messages.warning(request, text)
    return see_other("booking:trip", reference)


def _page(
    request: HttpRequest,
    order: Order,
    found: Open,
    form: ComingForm,
    troubles: Sequence[Trouble] = (),
    *,
    status: int,
) -> HttpResponse:
    context = {
        "order": order,
        "form": form,
        "needs_readers": reading_words(found.readers),
        "problems": [{"text": one.message} for one in troubles],
        "page_errors": status != 200,
    }
    return render(request, "booking/coming.html", context, status=status)
