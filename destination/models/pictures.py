"""Photographs, with whose they are and until when they may be shown."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition


class Picture(AbstractImage):
    """A photograph of the library; its description is read aloud in its place, in each language."""

    class Rights(models.TextChoices):
        OURS = "ours", _("the office’s own")
        LENT = "lent", _("lent by its author")
        BOUGHT = "bought", _("bought")
        FREE = "free", _("under a free licence")

    credit = models.CharField(
        _("credit"),
        max_length=160,
        blank=True,
        help_text=_("As it is written beside the photograph: « Luc Olivier »."),
    )
    rights = models.CharField(
        _("rights"), max_length=10, choices=Rights.choices, default=Rights.OURS
    )
    rights_until = models.DateField(
        _("may be shown until"),
        null=True,
        blank=True,
        help_text=_("The last day. Empty: without limit."),
    )

    admin_form_fields: ClassVar[tuple[str, ...]] = (
        "title",
        *(f"description_{code}" for code in settings.MODELTRANSLATION_LANGUAGES),
        "file",
        "collection",
        "tags",
        "credit",
        "rights",
        "rights_until",
        "focal_point_x",
        "focal_point_y",
        "focal_point_width",
        "focal_point_height",
    )

    class Meta(AbstractImage.Meta):
        verbose_name = _("photograph")
        verbose_name_plural = _("photographs")

    def description_in(self, code: str) -> str:
        """Return what is seen, as it is said in one language; "" where nobody wrote it."""
        return (getattr(self, f"description_{code}", None) or "").strip()

    @property
    def lacks_author(self) -> bool:
        """Tell whether nobody says whose photograph it is, which isn't the office's own."""
        return self.rights != self.Rights.OURS and not self.credit.strip()

    def may_be_shown_on(self, day: date) -> bool:
        """Tell whether the rights still hold on `day`."""
        return self.rights_until is None or day <= self.rights_until


class Rendition(AbstractRendition):
    """A photograph in one size and format."""

    image = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="rendition_once"
            )
        ]
