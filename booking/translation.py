"""Columns per language of everything that is sold."""

from modeltranslation.translator import TranslationOptions, register

from booking.models import (
    AgeBand,
    CancellationPolicy,
    GiftCampaign,
    Offer,
    OfferPhoto,
    OfferStep,
    ReadyStay,
    ReadyStep,
    ReferralGift,
    Supplement,
    Tariff,
    Unit,
)


@register(CancellationPolicy)
class CancellationPolicyTranslation(TranslationOptions):
    fields = ("name", "summary")


@register(Offer)
class OfferTranslation(TranslationOptions):
    fields = ("title", "summary", "description", "place", "access_info", "without_car")


@register(OfferPhoto)
class OfferPhotoTranslation(TranslationOptions):
    fields = ("alt",)


@register(Tariff)
class TariffTranslation(TranslationOptions):
    fields = ("name",)


@register(Unit)
class UnitTranslation(TranslationOptions):
    fields = ("name",)


@register(Supplement)
class SupplementTranslation(TranslationOptions):
    fields = ("name",)


@register(AgeBand)
class AgeBandTranslation(TranslationOptions):
    fields = ("name",)


@register(OfferStep)
class OfferStepTranslation(TranslationOptions):
    fields = ("title", "place", "plan_b")


@register(ReadyStay)
class ReadyStayTranslation(TranslationOptions):
    fields = ("title", "summary", "description", "included", "excluded")


@register(ReadyStep)
class ReadyStepTranslation(TranslationOptions):
    fields = ("note",)


@register(ReferralGift)
class ReferralGiftTranslation(TranslationOptions):
    fields = ("text",)


@register(GiftCampaign)
class GiftCampaignTranslation(TranslationOptions):
    fields = ("title", "words", "how")
