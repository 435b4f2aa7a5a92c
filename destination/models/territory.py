"""Communes, their groupings, and the perimeters between which the destination may choose.

Which commune belongs to which pole is dated configuration, never code (features.md N18): a
perimeter is activated from a day on, and history keeps the one that was in force.
"""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from oti.lib.joins import Joined
from oti.lib.memo import Reading, remembered_reading


class Epci(models.Model):
    """A grouping of communes with its own tax council (EPCI)."""

    siren = models.CharField(_("SIREN"), max_length=9, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=8)
    population = models.PositiveIntegerField(_("population"), default=0)

    class Meta:
        verbose_name = _("EPCI")
        verbose_name_plural = _("EPCI")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Commune(models.Model):
    """A commune; its position is a point inside its outline, not the village."""

    insee = models.CharField(_("INSEE code"), max_length=5, unique=True)
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=90)
    department = models.CharField(_("department"), max_length=3)
    postal_codes = ArrayField(models.CharField(max_length=5), verbose_name=_("postal codes"))
    epci = models.ForeignKey(
        Epci, on_delete=models.PROTECT, related_name="communes", null=True, blank=True
    )
    population = models.PositiveIntegerField(_("population"), default=0)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class PerimeterQuerySet(models.QuerySet["Perimeter"]):
    """Which perimeter is in force."""

    def active_on(self, day: date) -> PerimeterQuerySet:
        """Return the perimeter whose activation is the last one on or before `day`."""
        return self.filter(pk=_perimeter_on(day))


class Perimeter(models.Model):
    """One way to cut the destination into poles."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    rule = models.TextField(_("how it was drawn"), blank=True)

    objects = PerimeterQuerySet.as_manager()

    class Meta:
        verbose_name = _("perimeter")
        verbose_name_plural = _("perimeters")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class PerimeterActivation(models.Model):
    """From this day on, this perimeter is the destination's."""

    perimeter = models.ForeignKey(
        Perimeter,
        on_delete=models.PROTECT,
        related_name="activations",
        verbose_name=_("perimeter"),
    )
    active_from = models.DateField(_("active from"), unique=True)

    class Meta:
        verbose_name = _("active perimeter")
        verbose_name_plural = _("active perimeters")
        ordering = ("-active_from",)

    def __str__(self) -> str:
        return f"{self.perimeter} · {self.active_from:%Y-%m-%d}"


def _perimeter_on(day: date) -> Subquery:
    """Return a subquery giving the id of the perimeter in force on `day`."""
    return Subquery(
        PerimeterActivation.objects.filter(active_from__lte=day)
        .order_by("-active_from")
        .values("perimeter_id")[:1]
    )


class PoleQuerySet(models.QuerySet["Pole"]):
    """Poles of a day."""

    def active_on(self, day: date) -> PoleQuerySet:
        """Return the poles of the perimeter in force on `day`, in their order."""
        return self.filter(perimeter=_perimeter_on(day)).order_by("position")


class Pole(models.Model):
    """A part of the destination with a name that visitors know."""

    class Colour(models.TextChoices):
        PUY = "puy", _("Le Puy red")
        MEZENC = "mezenc", _("Mézenc blue")
        CHAISE_DIEU = "chaise-dieu", _("La Chaise-Dieu green")

    perimeter = models.ForeignKey(Perimeter, on_delete=models.CASCADE, related_name="poles")
    slug = models.SlugField()
    name = models.CharField(_("name"), max_length=80)
    tagline = models.CharField(_("in one line"), max_length=160, blank=True)
    colour = models.CharField(_("colour"), max_length=16, choices=Colour.choices)
    hero = models.CharField(_("landscape"), max_length=40, default="le-puy")
    town = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+", null=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = PoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("pole")
        verbose_name_plural = _("poles")
        ordering = ("perimeter", "position", "pk")
        constraints = [
            models.UniqueConstraint(fields=["perimeter", "slug"], name="pole_slug_in_perimeter")
        ]

    def __str__(self) -> str:
        return self.name


class PoleMembership(models.Model):
    """A commune's place in a perimeter, with its dates.

    A neighbour is shown « à côté » and never sold; it may have no pole.
    """

    perimeter = models.ForeignKey(Perimeter, on_delete=models.CASCADE, related_name="memberships")
    pole = models.ForeignKey(Pole, on_delete=models.CASCADE, related_name="memberships", null=True)
    commune = models.ForeignKey(Commune, on_delete=models.CASCADE, related_name="memberships")
    is_neighbour = models.BooleanField(_("shown as « à côté », not sold"), default=False)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("commune of a pole")
        verbose_name_plural = _("communes of poles")
        constraints = [
            models.UniqueConstraint(
                fields=["perimeter", "commune", "valid_from"], name="membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(pole__isnull=False) | models.Q(is_neighbour=True),
                name="membership_has_pole_or_is_neighbour",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commune} → {self.pole or '—'}"


def memberships_on(day: date) -> models.QuerySet[PoleMembership]:
    """Return the memberships in force on `day` in the perimeter in force on that day."""
    return PoleMembership.objects.filter(
        models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=day),
        perimeter=_perimeter_on(day),
        valid_from__lte=day,
    )


# The same for raw statements: of a membership `m`, that it is in force and no neighbour's.
_PERIMETER_SQL = """(
    SELECT a.perimeter_id FROM destination_perimeteractivation a
    WHERE a.active_from <= %(day)s ORDER BY a.active_from DESC LIMIT 1
)"""
SOLD_SQL = f"""NOT m.is_neighbour
    AND m.valid_from <= %(day)s AND (m.valid_to IS NULL OR m.valid_to > %(day)s)
    AND m.perimeter_id = {_PERIMETER_SQL}"""
# Of the commune whose id is `commune`.
IS_SOLD_SQL = f"""EXISTS (
    SELECT 1 FROM destination_polemembership m
    WHERE m.commune_id = {{commune}} AND {SOLD_SQL}
)"""  # noqa: S608
# What every page asks, written out.
_POLES = Joined(
    f"""
SELECT {{columns}} FROM destination_pole it
WHERE it.perimeter_id = {_PERIMETER_SQL} ORDER BY it.position""",  # noqa: S608
    {"it": Pole},
)
_POLES_WITH_COMMUNES = Joined(
    f"""
SELECT {{columns}}, inside.communes
FROM destination_pole it JOIN (
    SELECT m.pole_id, array_agg(m.commune_id) AS communes
    FROM destination_polemembership m WHERE {SOLD_SQL} GROUP BY m.pole_id
) inside ON inside.pole_id = it.id""",  # noqa: S608
    {"it": Pole},
)


@remembered_reading(by_language=False)
def poles_on(day: date) -> Reading[tuple[Pole, ...]]:
    """Return the poles of the perimeter in force on `day`, in their order, for showing."""
    return Reading(
        _POLES.written({"day": day}), lambda rows: tuple(pole for (pole,) in _POLES.rows(rows))
    )


@remembered_reading(by_language=False)
def pole_by_commune(day: date) -> Reading[dict[int, Pole]]:
    """Return the pole of each commune sold on `day`, by the commune's id, for showing."""
    return Reading(
        _POLES_WITH_COMMUNES.written({"day": day}, more=1),
        lambda rows: {
            commune: pole
            for pole, communes in _POLES_WITH_COMMUNES.rows(rows)
            for commune in communes
        },
    )


def pole_of_commune(commune_ref: str, day: date) -> Subquery:
    """Return a subquery giving the pole's id for the commune named by `commune_ref`."""
    return Subquery(
        memberships_on(day)
        .filter(commune_id=OuterRef(commune_ref), is_neighbour=False)
        .values("pole_id")[:1]
    )
