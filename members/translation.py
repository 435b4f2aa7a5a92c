"""Columns per language of what visitors read about providers, and of what these grant."""

from modeltranslation.translator import TranslationOptions, register

from members.models import Advantage, AmbassadorCharter, Greeter, Mission, Provider


@register(Provider)
class ProviderTranslation(TranslationOptions):
    fields = ("story",)


@register(Advantage)
class AdvantageTranslation(TranslationOptions):
    fields = ("text",)


@register(Greeter)
class GreeterTranslation(TranslationOptions):
    fields = ("about", "places")


@register(AmbassadorCharter)
class AmbassadorCharterTranslation(TranslationOptions):
    fields = ("title", "body")


@register(Mission)
class MissionTranslation(TranslationOptions):
    fields = ("title", "text")
