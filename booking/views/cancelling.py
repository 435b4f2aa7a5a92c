"""Guests cancel what they bought: choose, see what comes back, prove who one is, confirm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import order_proof
from booking.access import order_for
from booking.forms.cancelling import LONGEST_REASON, OwnCancelForm
from booking.models import Order
from booking.own_cancelling import Ending, Plan, cancel_own, endings, plan_of, why_not_of
from booking.package_words import contract_of
from booking.refusals import BadInput, PriceChanged, Refusal, Trouble, trouble
from booking.rules import states
from booking.sold_lines import sold_lines
from booking.views.answers import by_link, see_other, tell
from destination.templatetags.velay import euros
from members.journal import VISITOR, Actor

BOUGHT = {states.CONFIRMED, states.CANCELLED}
LONGEST_NUMBER = 18
# Why somebody cancels, while another code is on its way: of one order, for one session.
WORD_KEPT = "cancel_word"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@by_link("booking:trip-cancel")
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Cancel lines of an order by its link. The office looks; it cancels at its desk."""
    now = timezone.now()
    order = order_for(request, reference, to_change=request.method == "POST")
    if order.state not in BOUGHT:
        return see_other("booking:trip", reference)
    fields = request.POST if request.method == "POST" else request.GET
    ids = _numbers(fields.getlist("line"))
    who = _people(fields.getlist("who"), but=ids)
    shown = endings(sold_lines(order, has_pictures=True, now=now), now=now)
    if "all" in request.POST:
        ids = [one.pk for one in shown if one.why_not is None]
    stop = why_not_of(order)
    if request.method != "POST" and "see" not in request.GET:
        return _choose(request, order, shown, ids, who, stop=stop)
    try:
        if stop is not None:
            raise Refusal(stop)
        plan = plan_of(shown, ids, who, now=now)
    except Refusal as refusal:
        return _not_so(request, order, shown, ids, who, refusal, stop=stop)
    if request.method != "POST":
        return _confirm(request, order, plan)
    if "confirm" in request.POST:
        return _cancel(request, order, plan, now=now)
    return _ask_for_code(request, order, plan, is_again="again" in request.POST)


def _numbers(written: Sequence[str]) -> list[int]:
    """Read the numbers of lines; what is none is the number of no line."""
    return [
        int(one) if one.isascii() and one.isdigit() and len(one) <= LONGEST_NUMBER else 0
        for one in written
    ]


def _people(written: Sequence[str], *, but: Collection[int]) -> dict[int, set[int]]:
    """Read who leaves alone, by the line: `12-34`; of lines that go whole nobody is asked."""
    found: dict[int, set[int]] = {}
    for one in written:
        line, _dash, person = one.partition("-")
        [line_pk, person_pk] = _numbers([line, person])
        if line_pk not in but:
            found.setdefault(line_pk, set()).add(person_pk)
    return found


def _not_so(
    request: HttpRequest,
    order: Order,
    shown: Sequence[Ending],
    ids: Collection[int],
    who: Mapping[int, Collection[int]],
    refusal: Refusal,
    *,
    stop: Trouble | None,
) -> HttpResponse:
    """Show the choice again, with what is wrong with it; a second press finds it done."""
    if isinstance(refusal, BadInput):
        return _choose(request, order, shown, ids, who, stop=stop, refusal=refusal)
    tell(request, refusal.troubles)
    return see_other("booking:trip", order.reference)


def _choose(
    request: HttpRequest,
    order: Order,
    shown: Sequence[Ending],
    ids: Collection[int],
    who: Mapping[int, Collection[int]],
    *,
    stop: Trouble | None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    free = [one.pk for one in shown if one.why_not is None] if stop is None else []
    ticked = set(ids) & set(free) or (set(free) if len(free) == 1 and not who else set())
    problems = [
        {"text": one.message, "href": "#lines"} for one in (refusal.troubles if refusal else ())
    ]
    context = {
        "order": order,
        "rows": [
            {"one": one, "is_ticked": one.pk in ticked, "who": who.get(one.pk, ())} for one in shown
        ],
        "can_cancel": bool(free),
        "has_several": len(free) > 1,
        "stop": stop,
        "problems": problems,
        "page_errors": bool(problems),
    }
    return render(request, "booking/cancel.html", context, status=422 if problems else 200)


def _ask_for_code(
    request: HttpRequest, order: Order, plan: Plan, *, is_again: bool
) -> HttpResponse:
    """Send a code where none is on its way, and go on to what is about to be cancelled."""
    if word := request.POST.get("reason", "").strip()[:LONGEST_REASON]:
        request.session[WORD_KEPT] = [order.reference, word]
    wants_one = is_again or not order_proof.is_waited_for(request, order)
    if not order_proof.has_proved(request, order) and wants_one:
        is_sent = order_proof.send_code(request, order)
        if not is_sent and not getattr(request, "is_mail_away", False):
            text = _("Several codes went there already: look among unwanted mail too.")
            messages.warning(request, text)
        elif is_sent and is_again:
            messages.success(request, _("Another code is on its way."))
    query = urlencode([*plan.fields, ("see", "1")])
    return see_other(f"{reverse('booking:trip-cancel', args=[order.reference])}?{query}")


def _confirm(
    request: HttpRequest,
    order: Order,
    plan: Plan,
    *,
    form: OwnCancelForm | None = None,
    troubles: Sequence[Trouble] = (),
    status: int = 200,
) -> HttpResponse:
    has_proved = order_proof.has_proved(request, order)
    may_write = has_proved or order_proof.is_waited_for(request, order)
    if form is None:
        word = _word_kept(request, order)
        form = OwnCancelForm(initial={"reason": word}, asks_code=not has_proved)
    elif not may_write:
        # The field of the code is gone with the last try, or with its time.
        troubles = [trouble("code_over")]
    context: dict[str, Any] = {
        "order": order,
        "plan": plan,
        "again_query": urlencode(plan.fields),
        "others_query": urlencode([*plan.fields_with_others, ("see", "1")]),
        "form": form,
        "may_write": may_write,
        "address": order_proof.shown_address(order),
        "is_package": contract_of(order) is not None,
        "problems": [{"text": one.message} for one in troubles],
        "page_errors": status != 200,
    }
    return render(request, "booking/cancel_confirm.html", context, status=status)


def _word_kept(request: HttpRequest, order: Order) -> str:
    reference, word = request.session.get(WORD_KEPT, ("", ""))
    return str(word) if reference == order.reference else ""


def _cancel(request: HttpRequest, order: Order, plan: Plan, *, now: datetime) -> HttpResponse:
    form = OwnCancelForm(request.POST, asks_code=not order_proof.has_proved(request, order))
    form.full_clean()
    code = form.cleaned_data.get("code")
    if code and order_proof.give_code(request, order, code):
        # It serves once: whatever else is wrong, it isn't asked for again.
        form = OwnCancelForm(request.POST, asks_code=False)
    elif code:
        form.add_error("code", _("It isn’t this one, or its time is over."))
    if not form.is_valid():
        return _confirm(request, order, plan, form=form, status=422)
    try:
        back = cancel_own(
            order,
            plan.ids,
            leaving=plan.leaving,
            agreed=form.cleaned_data["agreed"],
            reason=form.cleaned_data["reason"],
            actor=Actor.person(request.user) if request.user.is_authenticated else VISITOR,
            now=now,
        )
    except PriceChanged as refusal:
        return _changed(request, order, plan, form, refusal, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("booking:trip", order.reference)
    request.session.pop(WORD_KEPT, None)
    messages.success(request, _done_words(len(plan.ids), back))
    return see_other("booking:trip", order.reference)


def _changed(
    request: HttpRequest,
    order: Order,
    plan: Plan,
    form: OwnCancelForm,
    refusal: PriceChanged,
    *,
    now: datetime,
) -> HttpResponse:
    """Show the sum as it is now: it may be the host's refund of this very second that changed it.

    A line that went meanwhile leads to the trip, as a second press does.
    """
    try:
        shown = endings(sold_lines(order, now=now), now=now)
        fresh = plan_of(shown, plan.whole, plan.leaving, now=now)
    except Refusal as gone:
        tell(request, gone.troubles)
        return see_other("booking:trip", order.reference)
    return _confirm(
        request, order, fresh, form=form, troubles=refusal.troubles, status=refusal.status
    )


def _done_words(count: int, back: Decimal) -> str:
    done = ngettext(
        "It is cancelled, and your host is told.",
        "All of it is cancelled, and your hosts are told.",
        count,
    )
    if not back:
        return done
    money = _("%(sum)s goes back to the card that paid; banks take five to ten days.")
    return f"{done} {money % {'sum': euros(back, 'exact')}}"
