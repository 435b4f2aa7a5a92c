"""Guests change how they come: the hour, the needs, the names."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.access import order_for
from booking.comings import change_coming, open_of
from booking.forms.coming import ComingForm
from booking.needs import reading_words
from booking.refusals import Refusal
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
        context = {
            "order": order,
            "form": form,
            "needs_readers": reading_words(found.readers),
            "page_errors": is_post,
        }
        return render(request, "booking/coming.html", context, status=422 if is_post else 200)
    actor = Actor.person(request.user) if request.user.is_authenticated else VISITOR
    try:
        told = change_coming(order, form.coming, actor=actor, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("booking:trip", reference)
    if told:
        words = _("It is written. We are telling %(names)s.") % {"names": names(", ".join(told))}
        messages.success(request, words)
    else:
        messages.info(request, _("Nothing was changed."))
    return see_other("booking:trip", reference)
