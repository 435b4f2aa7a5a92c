"""Columns per language of what is pointed to by things that are sold."""

from modeltranslation.translator import TranslationOptions, register

from destination.models import Perimeter, Picture, Pole, Site


@register(Perimeter)
class PerimeterTranslation(TranslationOptions):
    fields = ("name",)


@register(Pole)
class PoleTranslation(TranslationOptions):
    fields = ("name", "tagline")


@register(Site)
class SiteTranslation(TranslationOptions):
    fields = ("name", "note")


@register(Picture)
class PictureTranslation(TranslationOptions):
    fields = ("description",)
