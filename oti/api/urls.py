"""The addresses of the API, version 1: no trailing slash, and nothing else below `/api/`."""

from typing import Any

from django.http import Http404
from django.urls import include, path, re_path, register_converter
from django.urls.converters import IntConverter, StringConverter
from rest_framework.request import Request
from rest_framework.response import Response

from oti.api import (
    availability,
    baskets,
    catalogue,
    house_bookings,
    house_nights,
    house_slots,
    orders,
    pairs,
)
from oti.api.base import ApiView
from oti.api.schema import SchemaView

app_name = "api"


class Key(StringConverter):
    """A basket's token."""

    regex = "[A-Za-z0-9_-]{1,64}"


class Row(IntConverter):
    """A number that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(Key, "key")
register_converter(Row, "row")


class Nowhere(ApiView):
    """Every address that isn't one."""

    schema: Any = None

    def get(self, request: Request, rest: str = "") -> Response:
        """Answer « not found » in the form of every other problem."""
        raise Http404

    post = delete = get


endpoints = [
    path("stays", catalogue.StaysView.as_view(), name="stays"),
    path("offers", catalogue.OffersView.as_view(), name="offers"),
    path("offers/<slug:slug>", catalogue.OfferView.as_view(), name="offer"),
    path(
        "offers/<slug:slug>/availability",
        availability.AvailabilityView.as_view(),
        name="availability",
    ),
    path("baskets", baskets.BasketsView.as_view(), name="baskets"),
    path("baskets/<key:token>", baskets.OneBasketView.as_view(), name="basket"),
    path("baskets/<key:token>/lines", baskets.LinesView.as_view(), name="lines"),
    path("baskets/<key:token>/lines/<row:pk>", baskets.LineView.as_view(), name="line"),
    path("baskets/<key:token>/lines/<row:pk>/pairs", pairs.PairsView.as_view(), name="pairs"),
    path("baskets/<key:token>/friend", baskets.FriendView.as_view(), name="friend"),
    path("baskets/<key:token>/extend", baskets.ExtendView.as_view(), name="extend"),
    path("baskets/<key:token>/checkout", baskets.CheckoutView.as_view(), name="checkout"),
    path("orders/<slug:reference>", orders.OrderView.as_view(), name="order"),
    # A host's own program, with the key of its house.
    path("pro/units", house_nights.UnitsView.as_view(), name="own-units"),
    path("pro/units/<row:pk>/days", house_nights.NightsView.as_view(), name="own-nights"),
    path("pro/slots", house_slots.SlotsView.as_view(), name="own-slots"),
    path("pro/slots/<row:pk>", house_slots.SlotView.as_view(), name="own-slot"),
    path("pro/bookings", house_bookings.BookingsView.as_view(), name="own-bookings"),
    path(
        "pro/bookings/<slug:reference>",
        house_bookings.BookingView.as_view(),
        name="own-booking",
    ),
]

urlpatterns = [
    path("v1/", include(endpoints)),
    path("v1/schema", SchemaView.as_view(endpoints=tuple(endpoints)), name="schema"),
    re_path(r"^(?P<rest>[\s\S]*)\Z", Nowhere.as_view(), name="nowhere"),
]
