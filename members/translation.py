"""Columns per language of what visitors read about providers."""

from modeltranslation.translator import TranslationOptions, register

from members.models import Greeter, Provider


@register(Provider)
class ProviderTranslation(TranslationOptions):
    fields = ("story",)


@register(Greeter)
class GreeterTranslation(TranslationOptions):
    fields = ("about", "places")
