"""Models of selling."""

from booking.models.baskets import Basket, BasketLine
from booking.models.calendar import Closure, Slot, SlotHold, Stay, UnitDay
from booking.models.messages import OutboxMessage
from booking.models.money import GatewayEvent, Payment, Refund
from booking.models.offers import (
    AgeBand,
    CancellationPolicy,
    CancellationStep,
    Offer,
    OfferPhoto,
    PriceRule,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
)
from booking.models.orders import Order, OrderItem, OrderLine, Participant, SubOrder
from booking.models.payouts import Payout, PayoutNetting, PayoutReversal
from booking.models.tourist_tax import TaxCollectivity, TouristTaxTariff

__all__ = [
    "AgeBand",
    "Basket",
    "BasketLine",
    "CancellationPolicy",
    "CancellationStep",
    "Closure",
    "GatewayEvent",
    "Offer",
    "OfferPhoto",
    "Order",
    "OrderItem",
    "OrderLine",
    "OutboxMessage",
    "Participant",
    "Payment",
    "Payout",
    "PayoutNetting",
    "PayoutReversal",
    "PriceRule",
    "Refund",
    "Slot",
    "SlotHold",
    "Stay",
    "StayRestriction",
    "SubOrder",
    "Supplement",
    "Tariff",
    "TaxCollectivity",
    "TouristTaxTariff",
    "Unit",
    "UnitDay",
]
