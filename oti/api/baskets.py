"""A stay in the making, by its token: lines, deadline, checkout. The pages' own use cases."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from booking import basket as baskets
from booking import checkout as buying
from booking import requests
from booking.access import basket_of_key
from booking.evidence import EvidenceInput
from booking.forms.checkout import CheckoutForm
from booking.letters import order_url
from booking.models import Basket, Offer
from booking.needs import readers_of_stay
from booking.packages import Standing, standing_of, terms_in_force
from booking.people import people_from
from booking.referral_claims import keep_invitation
from booking.refusals import Unavailable, trouble
from booking.rules.kinds import SLEPT, kind_of
from booking.rules.pricing import OptionChoice
from booking.stay_view import BasketView, view_basket
from booking.wishes import LineRequest
from destination.models import LegalText
from oti.api import stay_answers
from oti.api.answers import moment
from oti.api.base import ApiView, body_of, fault_of
from oti.api.schema import described
from oti.api.serializers import CheckoutGiven, FriendGiven, NewLine, Nothing
from oti.api.stay_answers import (
    asked_answer,
    asked_with,
    basket_answer,
    friend_answer,
    line_answer,
)
from oti.lib.clients import client_address
from oti.lib.money import from_cents

OFFER_OF = "SELECT id, kind FROM booking_offer WHERE slug = %s AND state <> %s"
# Troubles of who takes part, whatever the pages call the input.
PARTY = dict.fromkeys(["people", "adults", "children", "ages"], "participants")


class BasketsView(ApiView):
    """Where a stay begins."""

    @described("create_basket", {201: stay_answers.BasketKey}, refusals=(415,), request=None)
    def post(self, request: Request) -> Response:
        """Make an empty basket; its token is the only key to it."""
        body_of(request, Nothing)
        basket = baskets.new_basket(language=get_language() or "fr", now=timezone.now())
        return Response({"token": basket.token, "expires_at": None}, status=201)


class OneBasketView(ApiView):
    """One stay in the making."""

    @described("show_basket", {200: stay_answers.Basket}, refusals=(404,))
    def get(self, request: Request, token: str) -> Response:
        """Answer lines, troubles, totals, days, and what is to be accepted at checkout."""
        now = timezone.now()
        language = get_language() or "fr"
        view = view_basket(basket_of_key(token), now=now)
        standing = standing_of(view, language=language, now=now)
        return Response(basket_answer(view, standing, terms_in_force(language, now)))


class LinesView(ApiView):
    """The lines of a basket."""

    fields_renamed = PARTY

    @described(
        "add_line", {201: stay_answers.BasketLine}, refusals=(404, 409, 415, 503), request=NewLine
    )
    def post(self, request: Request, token: str) -> Response:
        """Add a line and hold what it takes; a refused one says every reason."""
        now = timezone.now()
        basket = basket_of_key(token)
        line = baskets.add_to_basket(basket, _wish(body_of(request, NewLine)), now=now)
        view = view_basket(basket, now=now)
        shown = next(one for one in view.lines if one.line.pk == line.pk)
        return Response(line_answer(shown, view), status=201)


class LineView(ApiView):
    """One line."""

    @described("remove_line", {204: None}, refusals=(404, 409, 503))
    def delete(self, request: Request, token: str, pk: int) -> Response:
        """Take a line out and free what it held; a second time does nothing more."""
        baskets.remove_line(basket_of_key(token), pk, now=timezone.now())
        return Response(status=204)


class ExtendView(ApiView):
    """The deadline of a basket."""

    @described(
        "extend_hold", {200: stay_answers.Deadline}, refusals=(404, 409, 415, 503), request=None
    )
    def post(self, request: Request, token: str) -> Response:
        """Keep everything a quarter of an hour more, never past the cap."""
        basket = basket_of_key(token)
        body_of(request, Nothing)
        until = baskets.extend_hold(basket, now=timezone.now())
        return Response({"expires_at": moment(until)})


class FriendView(ApiView):
    """Who invited the people of a basket."""

    throttle_scope = "codes"

    @described(
        "name_friend",
        {200: stay_answers.FriendCode},
        refusals=(404, 409, 415, 503),
        request=FriendGiven,
    )
    def post(self, request: Request, token: str) -> Response:
        """Keep an ambassador's code in the basket, or that nobody invited; the last one counts.

        A code that never was and one that ended are one answer, and few may be tried.
        """
        basket = basket_of_key(token)
        given = body_of(request, FriendGiven)
        keep_invitation(
            basket, given["friend_code"], tells_name=given["tells_name"], now=timezone.now()
        )
        return Response(friend_answer(basket))


class CheckoutView(ApiView):
    """Where a stay becomes an order."""

    throttle_scope = "checkout"
    fields_renamed = {"names": "participants", "terms": "terms_version"}

    @described(
        "check_out",
        {200: stay_answers.PlacedOrder, 201: stay_answers.PlacedOrder},
        refusals=(404, 409, 415, 503),
        request=CheckoutGiven,
    )
    def post(self, request: Request, token: str) -> Response:
        """Place the order and answer the bank's page.

        A second call answers the order that was placed, with 200: what it sends changes nothing.
        Lines on request become `requests`; where there are no others nothing is to be paid.
        """
        now = timezone.now()
        basket = basket_of_key(token, is_ordered_too=True)
        status = 201 if basket.state == Basket.State.OPEN else 200
        given = body_of(request, CheckoutGiven)
        evidence = EvidenceInput(
            ip=client_address(request._request), user_agent=request.headers.get("User-Agent", "")
        )
        try:
            placed = _place(basket, given, evidence, now=now)
        except buying.NothingAtOnce:
            return _only_asked(basket, given, evidence, now=now)
        order = placed.order
        with override(order.language):
            success_url = order_url(order, "booking:payment-return")
            cancel_url = order_url(order, "booking:payment-back")
        url = buying.begin_payment(
            order, success_url=success_url, cancel_url=cancel_url, placed=placed, now=now
        )
        payment = placed.payment or order.payments.order_by("-attempt").first()
        return Response(
            {
                "order": order.reference,
                "access_token": order.access_token,
                "payment_url": url,
                "expires_at": moment(payment.expires_at if payment else order.deadline),
                "requests": asked_with(order, now=now),
            },
            status=status,
        )


def _only_asked(
    basket: Basket, given: dict[str, Any], evidence: EvidenceInput, *, now: datetime
) -> Response:
    """Ask the hosts of a stay of which nothing is bought at once; a second call asks nobody."""
    is_new = basket.lines.exists()
    with override(given["language"]):
        rows = requests.ask_hosts(
            basket,
            _reading(given, now=now),
            language=given["language"],
            evidence=evidence,
            now=now,
        )
        asked = [asked_answer(one, now=now) for one in rows]
    nothing = dict.fromkeys(("order", "access_token", "payment_url", "expires_at"))
    return Response({**nothing, "requests": asked}, status=201 if is_new else 200)


def _wish(given: dict[str, Any]) -> LineRequest:
    """Return what is asked for; an offer that was never published isn't known to exist."""
    with connection.cursor() as cursor:
        cursor.execute(OFFER_OF, [given["offer"], Offer.State.DRAFT])
        found = cursor.fetchone()
    if found is None:
        raise Unavailable(trouble("offer_unknown", field="offer"))
    _check_apt(found[1], given)
    # One code named twice is one choice: each option has its own limit.
    taken: Counter[str] = Counter()
    for one in given["options"]:
        taken[one["code"]] += one["quantity"]
    return LineRequest(
        offer_id=found[0],
        unit_id=given.get("unit"),
        slot_id=given.get("slot"),
        arrival=given.get("arrival"),
        departure=given.get("departure"),
        ages=tuple(one["age"] for one in given["participants"]),
        quantity=given["quantity"],
        options=tuple(OptionChoice(code, quantity) for code, quantity in taken.items()),
        is_overlap_accepted=given["accept_overlap"],
        is_for_others=given["for_others"],
        instead_of=tuple(given["instead_of"]),
        proposal=given["proposal"],
    )


def _check_apt(kind: str, given: dict[str, Any]) -> None:
    """Raise ValidationError for an input that this kind of offer isn't sold by.

    Passed over, it would sell something else than what was asked for.
    """
    rules = kind_of(kind)
    strange = {"slot"} if kind in SLEPT else {"unit"}
    if kind not in SLEPT and rules.sold_by != "item_day":
        strange |= {"arrival", "departure"}
    for name in sorted(strange):
        if given.get(name) is not None:
            text = _("This offer isn't sold by that: leave it out.")
            raise fault_of(field=name, text=text, code="not_for_this_offer")
    if given["quantity"] != 1 and not rules.is_by_item:
        text = _("Persons are counted by `participants` here: leave it out.")
        raise fault_of(field="quantity", text=text, code="not_for_this_offer")


def _place(
    basket: Basket, given: dict[str, Any], evidence: EvidenceInput, *, now: datetime
) -> buying.Placed:
    """Read what was given by the form of the page, then place the order.

    An order that awaits its payment is the answer, whatever is sent with a second call.
    """
    with override(given["language"]):
        return buying.place_order(
            basket,
            _reading(given, now=now),
            language=given["language"],
            evidence=evidence,
            now=now,
        )


def _reading(given: dict[str, Any], *, now: datetime) -> buying.Reading:
    """Return what reads the given by the form of the page, once the stay is known."""

    def read(view: BasketView, standing: Standing) -> buying.Given:
        form = _checked(given, view, now=now)
        return buying.Given(
            contact=form.contact,
            names=form.names,
            arrival_time=given.get("arrival_time"),
            needs=form.special_needs,
            terms=form.terms_in_force,
            shown_total=from_cents(given["shown_total_cents"]),
            package_form=_form_received(given, standing),
        )

    return read


def _form_received(given: dict[str, Any], standing: Standing) -> LegalText | None:
    """Return the information form of packages if the version that was received is in force."""
    form = standing.form
    return form if form and form.version == given.get("package_form_version") else None


def _checked(given: dict[str, Any], view: BasketView, *, now: datetime) -> CheckoutForm:
    """Return the checkout's form, valid; raises ValidationError with each fault at its place."""
    bought = [*view.counted, *view.asked]
    keys = {key for one in bought for key in one.people}
    places = {"terms": "terms_version"}
    data = QueryDict(mutable=True)
    for name, value in given["contact"].items():
        data[name] = value
        places[name] = f"contact.{name}"
    for number, person in enumerate(given["participants"]):
        for part in ("first", "last"):
            data[f"{person['key']}_{part}"] = person[f"{part}_name"]
            places[f"{person['key']}_{part}"] = f"participants.{number}.{part}_name"
    data["terms"] = "1"
    data["terms_version"] = given["terms_version"]
    data["shown_total"] = str(from_cents(given["shown_total_cents"]))
    data["needs"] = given["needs"]
    form = CheckoutForm(
        data,
        people=[one for one in people_from(view.basket.people) if one.key in keys],
        terms=terms_in_force(given["language"], now),
        has_lodging=any(one.unit for one in bought),
        needs_readers=readers_of_stay(bought),
    )
    if not form.is_valid():
        raise ValidationError(
            {
                places.get(name, "participants"): [
                    ErrorDetail(str(one.messages[0]), code=_code(name, one.code)) for one in errors
                ]
                for name, errors in form.errors.as_data().items()
            }
        )
    return form


def _code(field: str, code: str | None) -> str:
    return "terms_changed" if field == "terms" else code or "required"
