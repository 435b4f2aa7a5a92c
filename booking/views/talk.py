"""A guest's messages with one of its hosts, by the signed link of the order."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import talks as talking
from booking.access import host_of_order
from booking.forms.talks import MessageForm
from booking.models import Order
from booking.refusals import Refusal
from booking.views.answers import by_link, see_other
from members.models import Provider


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link("booking:talk")
def talk(request: HttpRequest, reference: str, house: str) -> HttpResponse:
    """Show what was written with one host, and answer it. The office reads, and writes nothing."""
    is_post = request.method == "POST"
    order, provider = host_of_order(request, reference, house, to_change=is_post)
    if not is_post:
        if not request.user.has_perm("booking.view_order"):
            talking.read_by_guest(order, provider)
        return _page(request, order, provider, MessageForm())
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, order, provider, form, status=422)
    try:
        talking.write_to_host(order, provider, form.cleaned_data["text"], now=timezone.now())
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, order, provider, form, status=refusal.status)
    host = provider.host_names or provider.name
    messages.success(request, _("It is on its way to %(name)s.") % {"name": host})
    return see_other("booking:talk", reference, house)


def _page(
    request: HttpRequest, order: Order, provider: Provider, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "order": order,
        "host": provider.host_names or provider.name,
        "house": provider,
        "written": talking.messages_of(order, provider),
        "may_write": talking.may_write(order, now=timezone.now()),
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/talk.html", context, status=status)
