"""Checkout: one page, then the bank's; what comes back from it; another try."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from booking import checkout as buying
from booking import package_words, requests, showing
from booking.access import (
    basket_for,
    order_for,
    remember_basket,
    remember_order,
    remember_requests,
)
from booking.arrivals import ArrivalNotice, hours_of_stay, notices_of_stay
from booking.basket import renew_holds
from booking.evidence import EvidenceInput
from booking.forms.ambassadors import FriendCodeForm
from booking.forms.checkout import CheckoutForm
from booking.models import Basket, BookingRequest, Order
from booking.needs import readers_of_stay, reading_words
from booking.packages import Standing, standing_of, terms_in_force
from booking.referral_claims import keep_invitation, tidy_code
from booking.refusals import PriceChanged, Refusal, trouble
from booking.relations.invitations_shown import invitation_shown
from booking.rules import states
from booking.stay_view import BasketView, view_basket
from booking.views.answers import by_link, see_other, tell
from booking.views.line_pages import order_under_way
from booking.views.own_stays import account_offer
from booking.views.requests import asked_beside
from oti.lib.clients import client_address
from oti.lib.memo import read_again

MY_STAY = "booking:my-stay"
DRAFT = "checkout"
SHOWN = "checkout-shown"
# Nothing is held longer than some hours: an older page is another one.
LONGEST_READING = timedelta(hours=24)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask who buys and who comes, once, then lead to the bank's page."""
    now = timezone.now()
    basket = basket_for(request)
    if basket is None:
        return see_other(MY_STAY)
    if request.method == "POST":
        return _order(request, basket, now=now)
    view = view_basket(basket, now=now)
    standing = standing_of(view, language=get_language() or "fr", now=now)
    if view.is_frozen:
        return _show_under_way(request, view)
    if not view.can_check_out or standing.obstacles:
        return _back_to_stay(request, view, standing)
    return _show(request, view, standing, _form(request, view, standing, now=now), now=now)


@never_cache
@require_safe
@by_link("booking:payment-return")
def payment_return(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what is known of the payment; it is confirmed by the bank's message, never here."""
    now = timezone.now()
    order = order_for(request, reference)
    is_waiting = order.state == states.AWAITING_PAYMENT and order.deadline > now
    if getattr(request, "htmx", False) and not is_waiting:
        return HttpResponseClientRefresh()
    if order.state == states.CONFIRMED:
        request.session.pop(DRAFT, None)
    lines = (
        showing.sold_lines(order, has_pictures=True, now=now)
        if order.state == states.CONFIRMED
        else []
    )
    context = {
        "order": order,
        "is_waiting": is_waiting,
        "is_long": (now - order.placed_at).total_seconds() > 180,
        "is_returned": not lines and order.payments.filter(state=states.PAID).exists(),
        "offers_account": account_offer(request, order),
        "asked": asked_beside(request, order, now=now),
        "invited": invitation_shown(order) if lines else None,
        **_confirmed(order, lines, now=now),
    }
    return render(request, "booking/payment_return.html", context)


@never_cache
@require_safe
@by_link("booking:payment-back")
def payment_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that nothing was debited, and offer to try again or to change the stay."""
    now = timezone.now()
    order = order_for(request, reference)
    if order.state in {states.CONFIRMED, states.CANCELLED}:
        return see_other("booking:payment-return", reference)
    accepted = BookingRequest.objects.filter(order=order).first()
    if accepted is not None:
        # What a host accepted is paid, or taken back, on its own page.
        remember_requests(request, [accepted])
        return see_other("booking:request", accepted.code)
    is_open = order.state == states.AWAITING_PAYMENT and order.pay_until > now
    lines = showing.sold_lines(order, has_pictures=True, now=now)
    context = {
        "order": order,
        "is_open": is_open,
        "is_frozen": order.state == states.AWAITING_PAYMENT,
        "lines": lines,
        "summary": showing.order_summary(order, lines),
    }
    return render(request, "booking/payment_back.html", context)


@never_cache
@require_POST
def payment_retry(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead to the bank's page again: the same one as long as it is open."""
    order = order_for(request, reference, to_change=True)
    now = timezone.now()
    asked = BookingRequest.objects.filter(order=order).first()
    if asked is not None:
        try:
            requests.check_still_held(asked, now=now)
        except Refusal as refusal:
            tell(request, refusal.troubles)
            return see_other("booking:request", asked.code)
    return _to_the_bank(request, order, now=now)


@never_cache
@require_POST
def order_reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the stay back to be changed; the bank's page is closed first."""
    order = order_for(request, reference, to_change=True)
    try:
        basket = buying.give_basket_back(order, now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
        page = "payment-return" if refusal.code == "already_paid" else "payment-back"
        return see_other(f"booking:{page}", reference)
    messages.success(request, _("Your stay is yours to change again. Nothing was debited."))
    response = see_other(MY_STAY)
    remember_basket(request, response, basket)
    return response


# --- Ordering -----------------------------------------------------------
class _NotOrderable(Exception):
    """The form as it was sent, or the stay itself, can't become an order yet."""


class _Sent:
    """The form of checkout as it was sent, read from the stay as it stands under the locks."""

    view: BasketView
    standing: Standing
    form: CheckoutForm | None = None

    def __init__(self, request: HttpRequest, *, now: datetime) -> None:
        self.request, self.now = request, now

    def __call__(self, view: BasketView, standing: Standing) -> buying.Given:
        """Return what was given; raises _NotOrderable where the page has to be shown again."""
        self.view, self.standing = view, standing
        self.form = form = _form(self.request, view, standing, now=self.now)
        if standing.obstacles or not form.is_valid():
            raise _NotOrderable
        return buying.Given(
            contact=form.contact,
            names=form.names,
            arrival_time=form.cleaned_data.get("arrival_time"),
            needs=form.special_needs,
            terms=form.terms_in_force,
            shown_total=form.cleaned_data["shown_total"],
            package_form=form.form_in_force,
            letters=form.letters,
        )


def _order(request: HttpRequest, basket: Basket, *, now: datetime) -> HttpResponse:
    sent = _Sent(request, now=now)
    _keep_friend(request, basket, now=now)
    try:
        placed = buying.place_order(
            basket,
            sent,
            language=get_language() or "fr",
            user=request.user if request.user.is_authenticated else None,
            evidence=_evidence(request, basket),
            now=now,
        )
    except buying.NothingAtOnce:
        return _ask(request, basket, sent, now=now)
    except _NotOrderable:
        return _show_again(request, sent, now=now)
    except Refusal as refusal:
        return _refused(request, basket, refusal, now=now)
    if sent.form is not None:
        request.session[DRAFT] = sent.form.typed
    remember_order(request, placed.order)
    remember_requests(request, placed.requests)
    return _to_the_bank(request, placed.order, placed, now=now)


def _keep_friend(request: HttpRequest, basket: Basket, *, now: datetime) -> None:
    """Keep in the stay who invited, as it was typed; the form says beside it what isn't known."""
    form = FriendCodeForm(request.POST)
    if "friend_code" not in request.POST or not form.is_valid():
        return
    code, tells = form.cleaned_data["friend_code"], form.cleaned_data["tells_friend"]
    if tidy_code(code) != basket.friend_code or tells != basket.tells_friend:
        with suppress(Refusal):
            keep_invitation(basket, code, tells_name=tells, now=now)


def _ask(request: HttpRequest, basket: Basket, sent: _Sent, *, now: datetime) -> HttpResponse:
    """Send the requests of a stay of which nothing is bought at once: nothing to pay."""
    try:
        asked = requests.ask_hosts(
            basket,
            sent,
            language=get_language() or "fr",
            user=request.user if request.user.is_authenticated else None,
            evidence=_evidence(request, basket),
            now=now,
        )
    except _NotOrderable:
        return _show_again(request, sent, now=now)
    except Refusal as refusal:
        return _refused(request, basket, refusal, now=now)
    if sent.form is not None:
        request.session[DRAFT] = sent.form.typed
    remember_requests(request, asked)
    return see_other("booking:request", asked[0].code)


def _show_again(request: HttpRequest, sent: _Sent, *, now: datetime) -> HttpResponse:
    """Show the page with what is to be put right, or lead back to a stay that isn't sold so."""
    form = sent.form
    if form is None or sent.standing.obstacles:
        request.session[DRAFT] = form.typed if form else {}
        # The page of the stay says why: it must know what was just read.
        with read_again():
            standing_of(sent.view, language=get_language() or "fr", now=now)
        return _back_to_stay(request, sent.view, sent.standing)
    total = sent.view.total
    shown = form.cleaned_data.get("shown_total", total)
    problems = []
    if shown != total:
        # Another tab may have changed the stay: what the form asks for now isn't all that changed.
        changed = PriceChanged(trouble("total_changed", old=shown, new=total))
        problems = _problems(sent.view, changed, told=set(form.errors))
    return _show(request, sent.view, sent.standing, form, problems=problems, status=422, now=now)


def _to_the_bank(
    request: HttpRequest, order: Order, placed: buying.Placed | None = None, *, now: datetime
) -> HttpResponse:
    """Lead to the bank's page; when there is none the order waits, and one may try again."""
    try:
        url = buying.begin_payment(
            order,
            success_url=_address(request, "booking:payment-return", order),
            cancel_url=_address(request, "booking:payment-back", order),
            placed=placed,
            now=now,
        )
    except Refusal as refusal:
        tell(request, refusal.troubles)
        page = "payment-return" if refusal.code == "already_paid" else "payment-back"
        return see_other(f"booking:{page}", order.reference)
    return see_other(url)


def _address(request: HttpRequest, name: str, order: Order) -> str:
    """Return where the bank sends the visitor back to: the same at each try, its link signed."""
    with override(order.language):
        path = reverse(name, args=[order.reference])
    return request.build_absolute_uri(f"{path}?cle={order.access_token}")


def _evidence(request: HttpRequest, basket: Basket) -> EvidenceInput:
    """Return from where and with what one orders, and when this very page was shown.

    What another stay's page, or one of yesterday, was given proves nothing about this one.
    """
    try:
        shown_of, shown = signing.loads(
            request.POST.get("shown", ""), salt=SHOWN, max_age=LONGEST_READING
        )
    except (signing.BadSignature, TypeError, ValueError):
        shown_of, shown = None, ""
    return EvidenceInput(
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        shown_at=datetime.fromisoformat(shown) if shown_of == basket.pk else None,
    )


def _refused(
    request: HttpRequest, basket: Basket, refusal: Refusal, *, now: datetime
) -> HttpResponse:
    """Show the page with the reasons and all that was typed; what lapsed is held again.

    The form is made again: another tab may have brought persons, or made a package of the stay.
    """
    if any(one.code == "hold_expired" for one in refusal.troubles):
        renew_holds(basket, now=now)
    basket.refresh_from_db()
    # The order was priced from the rows themselves: so is the page that says why it wasn't placed.
    with read_again():
        view = view_basket(basket, now=now)
        standing = standing_of(view, language=get_language() or "fr", now=now)
    form = _form(request, view, standing, now=now)
    request.session[DRAFT] = form.typed
    if view.is_frozen:
        return _show_under_way(request, view)
    if not view.can_check_out or standing.obstacles:
        return _back_to_stay(request, view, standing)
    problems = _problems(view, refusal, told=set(form.errors))
    return _show(request, view, standing, form, problems=problems, status=refusal.status, now=now)


def _problems(view: BasketView, refusal: Refusal, *, told: set[str]) -> list[dict[str, str]]:
    """Write a refusal on the page as it is after everything was asked for again.

    What the form says beside its fields (`told`) isn't said twice.
    """
    titles = {one.line.pk: one.title for one in view.lines}
    gone = {one.line.pk for one in view.lines if not one.can_be_had}
    my_stay = reverse(MY_STAY)
    problems = []
    if any(one.code == "hold_expired" for one in refusal.troubles):
        text = _("Your places were no longer held. They are again: check, then confirm.")
        problems.append({"text": text, "href": ""})
    for one in refusal.troubles:
        if one.code == "hold_expired" or one.field in told:
            continue
        title = titles.get(one.line or 0)
        text = f"« {title} » : {one.message}" if title else one.message
        problems.append({"text": text, "href": f"{my_stay}#ligne-{one.line}" if title else ""})
    named = {one.line for one in refusal.troubles if one.code != "hold_expired"}
    for pk in sorted(gone - named):
        text = _("« %(title)s » is gone and no longer counted.") % {"title": titles[pk]}
        problems.append({"text": text, "href": f"{my_stay}#ligne-{pk}"})
    return problems


# --- Showing -----------------------------------------------------------
def _form(
    request: HttpRequest, view: BasketView, standing: Standing, *, now: datetime
) -> CheckoutForm:
    bought = [*view.counted, *view.asked]
    keys = {key for one in bought for key in one.people}
    return CheckoutForm(
        request.POST if request.method == "POST" else None,
        people=[person for person in view.people if person.key in keys],
        terms=terms_in_force(get_language() or "fr", now),
        has_lodging=any(one.unit for one in bought),
        needs_readers=readers_of_stay(bought),
        package=standing,
        initial=_initial(request, view.basket),
    )


def _initial(request: HttpRequest, basket: Basket) -> dict[str, Any]:
    """Return what was typed before, with the invitation that the stay has."""
    typed = request.session.get(DRAFT) or {}
    if not basket.friend_code:
        return {**typed, "friend_code": "", "tells_friend": False}
    return {**typed, "friend_code": basket.friend_code, "tells_friend": basket.tells_friend}


def _show(
    request: HttpRequest,
    view: BasketView,
    standing: Standing,
    form: CheckoutForm,
    *,
    problems: list[dict[str, str]] | None = None,
    status: int = 200,
    now: datetime,
) -> HttpResponse:
    context = {
        "view": view,
        "asked": showing.asked_rows_of(view),
        "form": form,
        "problems": problems or [],
        "page_errors": bool(problems) or bool(form.is_bound and form.errors),
        "summary": showing.summary_of(view, now=now),
        "arrival_hint": _arrival_hint(view, form),
        "arrival_notices": _arrival_notices(view, form),
        "needs_hint": _needs_hint(view, form),
        "rules": showing.rules_of(view, now=now),
        "providers": sorted({one.offer.provider.name for one in view.counted}),
        "package": package_words.banner_of(standing),
        "shown": signing.dumps([view.basket.pk, now.isoformat()], salt=SHOWN),
    }
    return render(request, "booking/checkout.html", context, status=status)


def _arrival_hint(view: BasketView, form: CheckoutForm) -> str:
    """Return what stands beside the hour of arrival: why it is asked, and the hosts' hours."""
    if "arrival_time" not in form.fields:
        return ""
    hours = hours_of_stay([*view.counted, *view.asked])
    outside = _("At another hour, you will have to agree with your host before you come")
    return _sentences(str(form.fields["arrival_time"].help_text), *hours, outside)


def _arrival_notices(view: BasketView, form: CheckoutForm) -> list[ArrivalNotice]:
    """Return what to tell before paying who typed an hour outside the hosts'."""
    if "arrival_time" not in form.fields:
        return []
    try:
        arrival = form.fields["arrival_time"].clean(form["arrival_time"].value())
    except ValidationError:
        return []
    return notices_of_stay(arrival, [*view.counted, *view.asked]) if arrival else []


def _needs_hint(view: BasketView, form: CheckoutForm) -> str:
    """Return what stands beside the needs: what for, and the names of those who read them."""
    if "needs" not in form.fields:
        return ""
    words = reading_words(readers_of_stay([*view.counted, *view.asked]))
    return _sentences(str(form.fields["needs"].help_text), words)


def _sentences(*parts: str) -> str:
    """Return parts as sentences, whether a translation ends with its own full stop or not."""
    return " ".join(f"{one.rstrip('.')}." for one in parts)


def _show_under_way(request: HttpRequest, view: BasketView) -> HttpResponse:
    context = {"view": view, "order": order_under_way(view.basket)}
    return render(request, "booking/checkout_under_way.html", context)


def _back_to_stay(request: HttpRequest, view: BasketView, standing: Standing) -> HttpResponse:
    """Lead back to the stay, where each thing to settle stands on its line.

    Why a package can't be sold stands there too, above the total.
    """
    if not view.lines or (view.can_check_out and standing.obstacles):
        return see_other(MY_STAY)
    if view.is_lapsed:
        text = _("Your places are no longer held: hold them again before you pay.")
    else:
        text = _("Something is to be settled in your stay before you pay.")
    messages.warning(request, text)
    return see_other(MY_STAY)


def _confirmed(order: Order, lines: list[showing.SoldLine], *, now: datetime) -> dict[str, Any]:
    if not lines:
        return {}
    alive = [one for one in lines if one.is_alive]
    first = min(alive, key=lambda one: one.starts_at, default=None)
    return {
        "lines": lines,
        "first": first,
        "lost": [one for one in lines if not one.is_alive],
        "providers": sorted({one.provider.name for one in alive}),
        "dates": showing.order_dates(lines),
        "summary": showing.order_summary(order, lines),
    }
