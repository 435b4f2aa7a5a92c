"""Outlines of communes and traces of walks, once the office has loaded them; else none."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from destination.models.territory import Commune


class CommuneOutline(models.Model):
    """Where a commune ends: rings of (longitude, latitude), simplified for a map."""

    commune = models.OneToOneField(Commune, on_delete=models.CASCADE, related_name="outline")
    rings = models.JSONField(_("rings of positions"))

    class Meta:
        verbose_name = _("outline of a commune")
        verbose_name_plural = _("outlines of communes")

    def __str__(self) -> str:
        return str(self.commune)


class Trail(models.Model):
    """A marked walk: lines of (longitude, latitude), simplified for a map, never for guiding."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    length_metres = models.PositiveIntegerField(_("length in metres"))
    lines = models.JSONField(_("lines of positions"))
    # None where its heights aren't known.
    climb_metres = models.PositiveIntegerField(_("climb in metres"), null=True)
    # The key that an itinerary shares with its translations, of whom it is the way.
    itinerary = models.UUIDField(null=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("walk")
        verbose_name_plural = _("walks")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ItineraryRenewal(models.Model):
    """The office's decision that an itinerary is new again: another route, not another text.

    Beside the pages and not in them: a revision of a page writes all that is in it back.
    """

    # The key that an itinerary shares with its translations.
    itinerary = models.UUIDField(unique=True, editable=False)
    renewed_at = models.DateTimeField(_("renewed"))
    reason = models.CharField(max_length=160)

    class Meta:
        verbose_name = _("renewal of an itinerary")
        verbose_name_plural = _("renewals of itineraries")

    def __str__(self) -> str:
        return f"{self.itinerary} {self.renewed_at:%Y-%m-%d}"
