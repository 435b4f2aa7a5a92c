"""The only way to somebody's basket, order or sub-order: it is given, or it isn't known to exist.

A basket belongs to whoever carries its token in a signed cookie. An order belongs to its buyer's
account, to whoever came by its link in this session or carries its basket, and to the office.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from booking.basket import basket_of
from booking.care import asks_sheet
from booking.models import (
    Basket,
    ChannelIncident,
    Feed,
    Offer,
    Order,
    OrderLine,
    Payout,
    Slot,
    Unit,
)
from booking.rules import states
from members.access import owned_by, providers_of
from members.models import User
from oti.lib.joins import columns_of, read_rows

BASKET_COOKIE = "sejour"
BASKET_COOKIE_AGE = 60 * 60 * 24 * 30
ORDERS_OF_SESSION = "orders"
LINK_LIFE = timedelta(days=365)
MAX_ORDERS_OF_SESSION = 20
# Written out: each step of an order through the API begins with one of these.
BASKET_OF_KEY = "SELECT {columns} FROM booking_basket it WHERE token = %s"
ORDER_OF = """
SELECT {columns},
    (SELECT max(ends_at) FROM booking_orderline WHERE order_id = booking_order.id) AS last_end
FROM booking_order WHERE reference = %s
"""


def basket_for(request: HttpRequest) -> Basket | None:
    """Return the visitor's basket; a forged or foreign cookie finds none. Asked once a request."""
    if not hasattr(request, "_basket"):
        token = request.get_signed_cookie(BASKET_COOKIE, default=None)
        request._basket = basket_of(token)  # type: ignore[attr-defined]
    return request._basket  # type: ignore[attr-defined,no-any-return]


def remember_basket(request: HttpRequest, response: HttpResponseBase, basket: Basket) -> None:
    """Give the visitor the key of the basket for thirty days."""
    request._basket = basket  # type: ignore[attr-defined]
    response.set_signed_cookie(
        BASKET_COOKIE,
        basket.token,
        max_age=BASKET_COOKIE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def open_order_link(request: HttpRequest, reference: str, token: str, *, now: datetime) -> Order:
    """Let this session see the order of a link; raises Http404 for a wrong or too old one."""
    order = order_of_key(reference, token, now=now)
    remember_order(request, order)
    return order


def order_of_key(reference: str, token: str, *, now: datetime) -> Order:
    """Return the order of a reference and its key; raises Http404 for a wrong or too old one.

    A key lives until twelve months after the last day of the stay.
    """
    order = next(
        iter(
            Order.objects.raw(
                ORDER_OF.replace("{columns}", columns_of(Order, "booking_order")), [reference]
            )
        ),
        None,
    )
    if order is None or not hmac.compare_digest(order.access_token.encode(), token.encode()):
        raise Http404
    last_end: datetime | None = order.last_end  # type: ignore[attr-defined]
    if now > (last_end or order.placed_at) + LINK_LIFE:
        raise Http404
    return order


def basket_of_key(token: str, *, is_ordered_too: bool = False) -> Basket:
    """Return the basket whose key was given; raises Http404 for any other, also for an ordered one.

    The key is 192 bits of chance: the index finds it, the comparison tells nothing by its time.
    """
    basket = next(iter(read_rows(BASKET_OF_KEY, Basket, [token])), None)
    if basket is None or not hmac.compare_digest(basket.token.encode(), token.encode()):
        raise Http404
    if basket.state == Basket.State.ORDERED and not is_ordered_too:
        raise Http404
    return basket


def remember_order(request: HttpRequest, order: Order) -> None:
    """Let this session see an order: its own, or one whose link was followed."""
    known = request.session.get(ORDERS_OF_SESSION, [])
    others = [one for one in known if one != order.reference]
    now_known = [*others, order.reference][-MAX_ORDERS_OF_SESSION:]
    # A session that knows it already isn't written again.
    if now_known != known:
        request.session[ORDERS_OF_SESSION] = now_known


def last_order_of(request: HttpRequest) -> Order | None:
    """Return the order that this session saw last, None if it saw none."""
    known = request.session.get(ORDERS_OF_SESSION, [])
    return Order.objects.filter(reference=known[-1]).first() if known else None


def order_for(request: HttpRequest, reference: str, *, to_change: bool = False) -> Order:
    """Return an order that this visitor may see; raises Http404 otherwise.

    To pay it or to take it back one has to be its buyer: the office only looks.
    """
    order = Order.objects.filter(reference=reference).first()
    if order is None:
        raise Http404
    user = request.user
    is_known = reference in request.session.get(ORDERS_OF_SESSION, [])
    is_owner = user.is_authenticated and order.user_id == user.pk
    # Who carries the basket that awaits this payment placed the order, whatever its session.
    basket = basket_for(request)
    is_carrier = basket is not None and order.basket_id == basket.pk
    is_office = not to_change and user.has_perm("booking.view_order")
    if not (is_known or is_owner or is_carrier or is_office):
        raise Http404
    return order


def care_line_for(request: HttpRequest, reference: str, pk: int) -> OrderLine:
    """Return a line of one's own order that a care sheet goes with; raises Http404 otherwise.

    The office is nobody's carer: it finds none.
    """
    order = order_for(request, reference, to_change=True)
    lines = order.lines.select_related("order", "sub_order__provider", "slot")
    line = lines.filter(pk=pk).first()
    if line is None or not asks_sheet(line):
        raise Http404
    return line


def orders_of(user: User | AnonymousUser, *, now: datetime) -> QuerySet[Order]:
    """Return what this account bought or may still pay, and nobody else's."""
    if not user.is_authenticated:
        return Order.objects.none()
    return Order.objects.filter(
        Q(state__in=[states.CONFIRMED, states.CANCELLED])
        | Q(state=states.AWAITING_PAYMENT, deadline__gt=now),
        user=user,
    )


def lines_of_providers(user: User | AnonymousUser) -> QuerySet[OrderLine]:
    """Return the sold lines of this person's providers, and of nobody else's.

    Each knows when the stay begins with a bed (`first_arrival`), be it somebody else's.
    """
    beds = OrderLine.objects.filter(
        order=OuterRef("order"),
        unit__isnull=False,
        state__in=[states.SOLD, states.HONOURED, states.NO_SHOW],
    )
    return OrderLine.objects.filter(
        sub_order__provider__in=providers_of(user),
        state__in=[states.SOLD, states.HONOURED, states.NO_SHOW, states.CANCELLED],
    ).annotate(first_arrival=Subquery(beds.order_by("arrival").values("arrival")[:1]))


def payouts_of_providers(user: User | AnonymousUser) -> QuerySet[Payout]:
    """Return what this person's providers are owed or were paid, and nobody else's."""
    return Payout.objects.filter(sub_order__provider__in=providers_of(user))


def line_for_provider(user: User | AnonymousUser, pk: int) -> OrderLine:
    """Return one line of this person's providers; raises Http404 for another's."""
    line = (
        lines_of_providers(user)
        .select_related("order", "unit", "slot", "offer", "sub_order__provider")
        .filter(pk=pk)
        .first()
    )
    if line is None:
        raise Http404
    return line


def slot_for_provider(user: User | AnonymousUser, pk: int) -> Slot:
    """Return a date of this person's providers; raises Http404 for another's."""
    slots = Slot.objects.filter(offer__provider__in=providers_of(user))
    slot: Slot | None = slots.select_related("offer__provider").filter(pk=pk).first()
    if slot is None:
        raise Http404
    return slot


def offers_of_providers(user: User | AnonymousUser) -> QuerySet[Offer]:
    """Return the offers of this person's providers, and nobody else's."""
    return Offer.objects.filter(provider__in=providers_of(user))


def offer_for_provider(user: User | AnonymousUser, pk: int, *, to_change: bool = False) -> Offer:
    """Return one offer of this person's providers; raises Http404 for another's.

    To change it one owns its house: staff reads it (« bookings and calendar »).
    """
    own = offers_of_providers(user).select_related("provider", "commune")
    offer = get_object_or_404(own, pk=pk)
    if to_change and offer.provider_id not in owned_by(user):
        raise Http404
    return offer


def offer_to_preview(user: User | AnonymousUser, pk: int) -> Offer:
    """Return an offer whose page may be seen before visitors see it: one's own, any to the office.

    Raises Http404 otherwise.
    """
    if user.has_perm("booking.change_offer"):
        return get_object_or_404(Offer, pk=pk)
    return offer_for_provider(user, pk)


def units_of_providers(user: User | AnonymousUser) -> QuerySet[Unit]:
    """Return the lodgings of this person's providers, and nobody else's."""
    return Unit.objects.filter(offer__provider__in=providers_of(user)).order_by(
        "offer__provider__name", "offer__title", "pk"
    )


def unit_for_provider(user: User | AnonymousUser, pk: int) -> Unit:
    """Return one lodging of this person's providers; raises Http404 for another's."""
    return get_object_or_404(units_of_providers(user).select_related("offer"), pk=pk)


def feed_for_provider(user: User | AnonymousUser, pk: int) -> Feed:
    """Return one calendar of this person's lodgings; raises Http404 for another's."""
    own = Feed.objects.filter(unit__offer__provider__in=providers_of(user))
    return get_object_or_404(own.select_related("unit__offer"), pk=pk)


def incidents_of_providers(user: User | AnonymousUser) -> QuerySet[ChannelIncident]:
    """Return the double bookings of this person's lodgings, and of nobody else's."""
    return ChannelIncident.objects.filter(unit__offer__provider__in=providers_of(user))


def incident_for_provider(user: User | AnonymousUser, pk: int) -> ChannelIncident:
    """Return one double booking of this person's lodgings; raises Http404 for another's."""
    own = incidents_of_providers(user).select_related("unit__offer", "order_line__order")
    return get_object_or_404(own, pk=pk)
