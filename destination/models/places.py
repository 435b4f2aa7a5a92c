"""Sites and stations: where things are."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from destination.models.territory import Commune
from oti.lib.memo import Reading, remembered_reading


class Site(models.Model):
    """A grand site, a village or another place worth a walk."""

    class Kind(models.TextChoices):
        GRAND_SITE = "grand_site", _("Grand site")
        MUSEE = "musee", _("Museum")
        VILLAGE = "village", _("Village")
        NATURE = "nature", _("Nature")
        OTHER = "other", _("Place")

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="sites")
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    precision = models.CharField(_("precision"), max_length=20, blank=True)
    note = models.CharField(_("note"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def known_kind(self) -> Kind:
        """Return what kind of place it is; one that nobody knows is a place."""
        return self.Kind(self.kind) if self.kind in self.Kind.values else self.Kind.OTHER


@remembered_reading(most=16)
def sites_known() -> Reading[tuple[Site, ...]]:
    """Return every site with its commune, by name, for showing."""
    return Reading(Site.objects.select_related("commune"), tuple)


class Station(models.Model):
    """A railway station served by regional trains."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="stations")
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))

    class Meta:
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
