"""The only way to somebody's basket, order or sub-order: it is given, or it isn't known to exist.

A basket belongs to whoever carries its token in a signed cookie. An order belongs to its buyer's
account, to whoever came by its link in this session or carries its basket, and to the office.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
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
    BookingRequest,
    CapacityNeed,
    ChannelIncident,
    Feed,
    HookDelivery,
    LineAnswer,
    Offer,
    Order,
    OrderLine,
    Payout,
    Resource,
    Review,
    Slot,
    Survey,
    Talk,
    Unit,
    Webhook,
    WidgetSite,
)
from booking.rules import states
from members.access import owned_by, providers_of
from members.models import Provider, User
from oti.lib.joins import columns_of, read_rows

BASKET_COOKIE = "sejour"
BASKET_COOKIE_AGE = 60 * 60 * 24 * 30
ORDERS_OF_SESSION = "orders"
REQUESTS_OF_SESSION = "requests"
SURVEYS_OF_SESSION = "surveys"
LINK_LIFE = timedelta(days=365)
MAX_ORDERS_OF_SESSION = 20
# Written out: each step of an order through the API begins with one of these.
BASKET_OF_KEY = "SELECT {columns} FROM booking_basket it WHERE token = %s"
ORDER_OF_REFERENCE = "SELECT {columns} FROM booking_order it WHERE reference = %s"
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
    order = next(iter(read_rows(ORDER_OF_REFERENCE, Order, [reference])), None)
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


def open_survey_link(request: HttpRequest, reference: str, token: str, *, now: datetime) -> None:
    """Let this session see a survey by its link; raises Http404 for a wrong or too old one."""
    found = Survey.objects.filter(order__reference=reference).first()
    if found is None or not hmac.compare_digest(found.access_token.encode(), token.encode()):
        raise Http404
    if now > found.asked_at + LINK_LIFE:
        raise Http404
    known = request.session.get(SURVEYS_OF_SESSION, [])
    if reference not in known:
        request.session[SURVEYS_OF_SESSION] = [*known, reference][-MAX_ORDERS_OF_SESSION:]


def survey_for(request: HttpRequest, reference: str, *, to_change: bool = False) -> Survey:
    """Return the survey of a stay: who followed its link or may see its order; raises Http404.

    The office only looks.
    """
    found = Survey.objects.filter(order__reference=reference).select_related("order").first()
    if found is None:
        raise Http404
    if reference not in request.session.get(SURVEYS_OF_SESSION, []):
        order_for(request, reference, to_change=to_change)
    return found


def order_after_stay(request: HttpRequest, reference: str, *, to_change: bool = False) -> Order:
    """Return an order that may be complained of: by who may see it, or came by its survey.

    Raises Http404 otherwise; the office only looks.
    """
    if reference in request.session.get(SURVEYS_OF_SESSION, []):
        return get_object_or_404(Order, reference=reference)
    return order_for(request, reference, to_change=to_change)


def request_of_key(code: str, token: str, *, now: datetime) -> BookingRequest:
    """Return the request of a code and its key; raises Http404 for a wrong or too old one."""
    found = _request_rows().filter(code=code).first()
    if found is None or not hmac.compare_digest(found.access_token.encode(), token.encode()):
        raise Http404
    if now > found.ends_at + LINK_LIFE:
        raise Http404
    return found


def remember_requests(request: HttpRequest, asked: Iterable[BookingRequest]) -> None:
    """Let this session see requests: its own, or one whose link was followed.

    Not the office's, which sees them anyway: to change one it would have to be the guest.
    """
    known = request.session.get(REQUESTS_OF_SESSION, [])
    new = [one.code for one in asked if one.code not in known]
    if new and not request.user.has_perm("booking.view_order"):
        request.session[REQUESTS_OF_SESSION] = [*known, *new][-MAX_ORDERS_OF_SESSION:]


def request_for(request: HttpRequest, code: str, *, to_change: bool = False) -> BookingRequest:
    """Return a request that this visitor made; raises Http404 otherwise. The office only looks."""
    found = _request_rows().filter(code=code).first()
    if found is None:
        raise Http404
    user = request.user
    is_known = code in request.session.get(REQUESTS_OF_SESSION, [])
    is_owner = user.is_authenticated and found.user_id == user.pk
    is_office = not to_change and user.has_perm("booking.view_order")
    if not (is_known or is_owner or is_office):
        raise Http404
    return found


def requests_of_providers(user: User | AnonymousUser) -> QuerySet[BookingRequest]:
    """Return what this person's providers are asked for, and nobody else's."""
    return BookingRequest.objects.filter(provider__in=providers_of(user))


def request_for_provider(user: User | AnonymousUser, code: str) -> BookingRequest:
    """Return one request of this person's providers; raises Http404 for another's."""
    own = requests_of_providers(user).select_related("offer__commune", "provider", "order", "unit")
    return get_object_or_404(own, code=code)


def _request_rows() -> QuerySet[BookingRequest]:
    return BookingRequest.objects.select_related("offer__commune", "provider", "order")


def lines_of_providers(user: User | AnonymousUser) -> QuerySet[OrderLine]:
    """Return the sold lines of this person's providers, and of nobody else's.

    Each knows when the stay begins with a bed (`first_arrival`), be it somebody else's.
    """
    return _lines_of(providers_of(user))


def lines_of_house(provider: Provider) -> QuerySet[OrderLine]:
    """Return the sold lines of one house, as `lines_of_providers`, for a program with its key."""
    return _lines_of(Provider.objects.filter(pk=provider.pk))


def _lines_of(providers: QuerySet[Provider]) -> QuerySet[OrderLine]:
    beds = OrderLine.objects.filter(
        order=OuterRef("order"),
        unit__isnull=False,
        state__in=[states.SOLD, states.HONOURED, states.NO_SHOW],
    )
    return OrderLine.objects.filter(
        sub_order__provider__in=providers,
        state__in=[states.SOLD, states.HONOURED, states.NO_SHOW, states.CANCELLED],
    ).annotate(first_arrival=Subquery(beds.order_by("arrival").values("arrival")[:1]))


def payouts_of_providers(user: User | AnonymousUser) -> QuerySet[Payout]:
    """Return what the providers that this person owns are owed or were paid, and nobody else's.

    Money is an owner's: who only works for a house reads its bookings.
    """
    return Payout.objects.filter(sub_order__provider__in=owned_by(user))


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


def line_for_owner(user: User | AnonymousUser, pk: int) -> OrderLine:
    """Return one line of a house that this person owns; raises Http404 for any other."""
    line = line_for_provider(user, pk)
    if line.sub_order.provider_id not in owned_by(user):
        raise Http404
    return line


def own_part_for(user: User | AnonymousUser, reference: str, house: str) -> tuple[Order, Provider]:
    """Return an order and the house of this person that has a part in it; raises Http404."""
    lines = lines_of_providers(user).select_related("order", "sub_order__provider")
    line = lines.filter(order__reference=reference, sub_order__provider__slug=house).first()
    if line is None:
        raise Http404
    return line.order, line.sub_order.provider


def talks_of_providers(user: User | AnonymousUser) -> QuerySet[Talk]:
    """Return the threads of this person's providers with their guests, and of nobody else's."""
    return Talk.objects.filter(provider__in=providers_of(user))


def answers_of_providers(user: User | AnonymousUser) -> QuerySet[LineAnswer]:
    """Return what guests said of this person's providers, and of nobody else's."""
    return LineAnswer.objects.filter(provider__in=providers_of(user))


def review_for_provider(user: User | AnonymousUser, pk: int) -> Review:
    """Return a review of this person's providers; raises Http404 for another's."""
    own = Review.objects.filter(provider__in=providers_of(user))
    return get_object_or_404(own.select_related("offer", "provider", "answer__line"), pk=pk)


def host_of_order(
    request: HttpRequest, reference: str, house: str, *, to_change: bool = False
) -> tuple[Order, Provider]:
    """Return an order that this visitor may see and one of its hosts; raises Http404 otherwise.

    Only who bought something has hosts.
    """
    order = order_for(request, reference, to_change=to_change)
    parts = order.sub_orders.filter(provider__slug=house).select_related("provider")
    part = parts.first() if order.state in {states.CONFIRMED, states.CANCELLED} else None
    if part is None:
        raise Http404
    return order, part.provider


def slot_for_provider(user: User | AnonymousUser, pk: int) -> Slot:
    """Return a date of this person's providers; raises Http404 for another's."""
    slots = Slot.objects.filter(offer__provider__in=providers_of(user))
    slot: Slot | None = slots.select_related("offer__provider").filter(pk=pk).first()
    if slot is None:
        raise Http404
    return slot


def slot_for_owner(user: User | AnonymousUser, pk: int) -> Slot:
    """Return a date of a house that this person owns; raises Http404 for any other."""
    slot = slot_for_provider(user, pk)
    if slot.offer.provider_id not in owned_by(user):
        raise Http404
    return slot


def resource_for_provider(user: User | AnonymousUser, pk: int) -> Resource:
    """Return what this person's offers share; raises Http404 for another's."""
    own = Resource.objects.filter(provider__in=providers_of(user))
    return get_object_or_404(own.select_related("provider"), pk=pk)


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


def webhook_for_owner(user: User | AnonymousUser, pk: int) -> Webhook:
    """Return one address that a house of this person is told at; Http404 unless they own it."""
    own = Webhook.objects.filter(provider__in=owned_by(user))
    return get_object_or_404(own.select_related("provider"), pk=pk)


def delivery_for_owner(user: User | AnonymousUser, pk: int) -> HookDelivery:
    """Return one thing told to an address of a house that this person owns; raises Http404."""
    own = HookDelivery.objects.filter(webhook__provider__in=owned_by(user))
    return get_object_or_404(own.select_related("webhook__provider"), pk=pk)


def incidents_of_providers(user: User | AnonymousUser) -> QuerySet[ChannelIncident]:
    """Return the double bookings of this person's lodgings, and of nobody else's."""
    return ChannelIncident.objects.filter(unit__offer__provider__in=providers_of(user))


def incident_for_provider(user: User | AnonymousUser, pk: int) -> ChannelIncident:
    """Return one double booking of this person's lodgings; raises Http404 for another's."""
    own = incidents_of_providers(user).select_related("unit__offer", "order_line__order")
    return get_object_or_404(own, pk=pk)


def needs_of_providers(user: User | AnonymousUser) -> QuerySet[CapacityNeed]:
    """Return what this person's providers want to fill, and nobody else's."""
    return CapacityNeed.objects.filter(provider__in=providers_of(user))


def need_for_provider(user: User | AnonymousUser, pk: int) -> CapacityNeed:
    """Return one need of this person's providers; raises Http404 for another's."""
    return get_object_or_404(needs_of_providers(user), pk=pk)


def widget_site_for_provider(user: User | AnonymousUser, pk: int) -> WidgetSite:
    """Return one site that frames a widget of this person's providers; Http404 for another's."""
    own = WidgetSite.objects.filter(provider__in=providers_of(user))
    return get_object_or_404(own.select_related("provider"), pk=pk)
