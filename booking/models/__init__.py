"""Models of selling."""

from booking.models.baskets import Basket, BasketLine
from booking.models.calendar import Closure, Slot, SlotHold, Stay, UnitDay
from booking.models.care import CareSheet
from booking.models.channels import ChannelIncident, ExportLink, Feed, FeedEvent
from booking.models.evidence import EvidenceIsFinal, OrderEvidence
from booking.models.labels import OfferLabel
from booking.models.messages import OutboxMessage
from booking.models.money import GatewayEvent, Payment, Refund
from booking.models.night_edits import NightEdit
from booking.models.offer_reviews import OfferReview
from booking.models.offers import (
    AgeBand,
    CancellationPolicy,
    CancellationStep,
    Offer,
    OfferPermit,
    OfferPhoto,
    OfferStep,
    PriceRule,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
    kind_choices,
)
from booking.models.orders import Order, OrderItem, OrderLine, Participant, SlotTake, SubOrder
from booking.models.organiser import Organiser
from booking.models.payouts import Payout, PayoutNetting, PayoutReversal
from booking.models.ready_stays import ReadyStay, ReadyStep
from booking.models.tourist_tax import TaxCollectivity, TouristTaxTariff

__all__ = [
    "AgeBand",
    "Basket",
    "BasketLine",
    "CancellationPolicy",
    "CancellationStep",
    "CareSheet",
    "ChannelIncident",
    "Closure",
    "EvidenceIsFinal",
    "ExportLink",
    "Feed",
    "FeedEvent",
    "GatewayEvent",
    "NightEdit",
    "Offer",
    "OfferLabel",
    "OfferPermit",
    "OfferPhoto",
    "OfferReview",
    "OfferStep",
    "Order",
    "OrderEvidence",
    "OrderItem",
    "OrderLine",
    "Organiser",
    "OutboxMessage",
    "Participant",
    "Payment",
    "Payout",
    "PayoutNetting",
    "PayoutReversal",
    "PriceRule",
    "ReadyStay",
    "ReadyStep",
    "Refund",
    "Slot",
    "SlotHold",
    "SlotTake",
    "Stay",
    "StayRestriction",
    "SubOrder",
    "Supplement",
    "Tariff",
    "TaxCollectivity",
    "TouristTaxTariff",
    "Unit",
    "UnitDay",
    "kind_choices",
]
