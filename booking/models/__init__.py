"""Models of selling."""

from booking.models.baskets import Basket, BasketLine, Channel, ComesBy
from booking.models.calendar import Closure, Slot, SlotHold, Stay, UnitDay
from booking.models.called_off import CalledOff
from booking.models.campaigns import (
    Campaign,
    CampaignMail,
    CampaignNeed,
    MailEvent,
    NeedBooking,
    PoleSeason,
    ProposedNeed,
)
from booking.models.capacity_needs import CapacityNeed, NeedPeriod
from booking.models.care import CareSheet
from booking.models.channels import ChannelIncident, ExportLink, Feed, FeedEvent
from booking.models.complaints import Complaint
from booking.models.evidence import EvidenceIsFinal, OrderEvidence
from booking.models.gifts import Gift, GiftCampaign
from booking.models.guest_imports import GuestImport, GuestImportRow
from booking.models.house_months import HouseMonth
from booking.models.house_photos import HousePhoto
from booking.models.labels import OfferLabel
from booking.models.life_cycle import LifeCycleLetter, LifeCycleSwitch
from booking.models.meetings import Meeting, MeetingAsk, MeetingMessage
from booking.models.messages import OutboxMessage
from booking.models.money import GatewayEvent, Payment, Refund
from booking.models.night_edits import NightEdit
from booking.models.notices import NoticeChoice
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
from booking.models.past_stays import PastStay
from booking.models.payouts import Payout, PayoutNetting, PayoutReversal
from booking.models.ready_stays import ReadyStay, ReadyStep
from booking.models.referrals import Referral, ReferralGift, ReferralMark
from booking.models.relation_settings import KeptReturns, RelationSettings
from booking.models.requests import BookingRequest
from booking.models.resources import OfferResource, Resource
from booking.models.reviews import Review, ReviewReport
from booking.models.seller_asks import SellerAsk
from booking.models.surveys import FollowUp, LineAnswer, Survey
from booking.models.talks import Talk, TalkMessage
from booking.models.tourist_tax import TaxCollectivity, TouristTaxTariff
from booking.models.webhooks import HookDelivery, Webhook
from booking.models.widget import WidgetSite

__all__ = [
    "AgeBand",
    "Basket",
    "BasketLine",
    "BookingRequest",
    "CalledOff",
    "Campaign",
    "CampaignMail",
    "CampaignNeed",
    "CancellationPolicy",
    "CancellationStep",
    "CapacityNeed",
    "CareSheet",
    "Channel",
    "ChannelIncident",
    "Closure",
    "ComesBy",
    "Complaint",
    "EvidenceIsFinal",
    "ExportLink",
    "Feed",
    "FeedEvent",
    "FollowUp",
    "GatewayEvent",
    "Gift",
    "GiftCampaign",
    "GuestImport",
    "GuestImportRow",
    "HookDelivery",
    "HouseMonth",
    "HousePhoto",
    "KeptReturns",
    "LifeCycleLetter",
    "LifeCycleSwitch",
    "LineAnswer",
    "MailEvent",
    "Meeting",
    "MeetingAsk",
    "MeetingMessage",
    "NeedBooking",
    "NeedPeriod",
    "NightEdit",
    "NoticeChoice",
    "Offer",
    "OfferLabel",
    "OfferPermit",
    "OfferPhoto",
    "OfferResource",
    "OfferReview",
    "OfferStep",
    "Order",
    "OrderEvidence",
    "OrderItem",
    "OrderLine",
    "Organiser",
    "OutboxMessage",
    "Participant",
    "PastStay",
    "Payment",
    "Payout",
    "PayoutNetting",
    "PayoutReversal",
    "PoleSeason",
    "PriceRule",
    "ProposedNeed",
    "ReadyStay",
    "ReadyStep",
    "Referral",
    "ReferralGift",
    "ReferralMark",
    "Refund",
    "RelationSettings",
    "Resource",
    "Review",
    "ReviewReport",
    "SellerAsk",
    "Slot",
    "SlotHold",
    "SlotTake",
    "Stay",
    "StayRestriction",
    "SubOrder",
    "Supplement",
    "Survey",
    "Talk",
    "TalkMessage",
    "Tariff",
    "TaxCollectivity",
    "TouristTaxTariff",
    "Unit",
    "UnitDay",
    "Webhook",
    "WidgetSite",
    "kind_choices",
]
