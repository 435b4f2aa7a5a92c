"""A guest's complaints about its stay: what was said, what was answered, and a new one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.access import order_after_stay
from booking.forms.complaints import ComplaintForm
from booking.models import Complaint, Order
from booking.refusals import Refusal
from booking.relations.complaints import BOUGHT, complain, complaints_of
from booking.views.answers import by_link, see_other
from members.journal import VISITOR


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link("booking:complaint")
def complaint(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what was complained of, and take a complaint. The office reads, and writes nothing."""
    is_post = request.method == "POST"
    order = order_after_stay(request, reference, to_change=is_post)
    if order.state not in BOUGHT:
        return see_other("booking:trip", reference)
    if not is_post:
        return _page(request, order, ComplaintForm())
    form = ComplaintForm(request.POST)
    if not form.is_valid():
        return _page(request, order, form, status=422)
    text = form.cleaned_data["text"]
    try:
        opened = complain(
            order, text, channel=Complaint.Channel.SITE, actor=VISITOR, now=timezone.now()
        )
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, order, form, status=refusal.status)
    messages.success(request, _("We have it, under the number %(number)s.") % {"number": opened})
    return see_other("booking:complaint", reference)


def _page(
    request: HttpRequest, order: Order, form: ComplaintForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "order": order,
        "complaints": complaints_of(order),
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/complaint.html", context, status=status)
