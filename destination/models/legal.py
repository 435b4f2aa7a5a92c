"""Legal texts as versioned data: what a buyer accepted can be shown again, word for word."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _
from modeltranslation.utils import resolution_order

from destination.spoken import languages_to_try
from oti.lib.memo import Reading, remembered_reading
from oti.lib.together import Written

# Written out: each order reads two of them in its transaction.
IN_FORCE = """
SELECT * FROM destination_legaltext
WHERE kind = %(kind)s AND valid_from <= %(day)s AND language = ANY(%(languages)s::text[])
AND (%(is_demo_good)s OR NOT is_demo)
ORDER BY array_position(%(languages)s::text[], language::text), valid_from DESC, id DESC LIMIT 1
"""


class LegalTexts(models.Manager["LegalText"]):
    """Which text holds on a day."""

    def in_force(
        self, kind: str, language: str, day: date, *, is_demo_good: bool = True
    ) -> LegalText | None:
        """Return the text of `kind` in `language` in force on `day`, where it is missing in
        the nearest language that has one.

        `is_demo_good` says whether a demonstration's text counts.
        """
        values = {"kind": kind, "day": day, "is_demo_good": is_demo_good}
        values["languages"] = list(resolution_order(language))
        return next(iter(self.raw(IN_FORCE, values)), None)


class LegalText(models.Model):
    """One version of one text in one language; a published version is never edited."""

    class Kind(models.TextChoices):
        NOTICE = "mentions-legales", _("Legal notice")
        TERMS = "conditions-de-vente", _("Conditions of sale")
        PRIVACY = "vie-privee", _("Privacy")
        ACCESSIBILITY = "accessibilite", _("Accessibility")
        ACCESSIBILITY_PLAN = "schema-accessibilite", _("Accessibility: the plan of three years")
        RANKING = "classement-des-offres", _("How offers are ranked")
        PACKAGE_FORM = "formulaire-forfait", _("Information form of packages")

    kind = models.CharField(_("text"), max_length=40, choices=Kind.choices)
    language = models.CharField(_("language"), max_length=5, default="fr")
    version = models.CharField(_("version"), max_length=20)
    valid_from = models.DateField(_("in force from"))
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64, editable=False)
    is_demo = models.BooleanField(_("demonstration text"), default=False)

    objects = LegalTexts()

    class Meta:
        verbose_name = _("legal text")
        verbose_name_plural = _("legal texts")
        ordering = ("kind", "language", "-valid_from")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language", "version"], name="legal_text_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the fingerprint that orders store beside the version."""
        self.sha256 = hashlib.sha256(self.body.encode()).hexdigest()
        super().save(*args, **kwargs)


class TextInForce(NamedTuple):
    """A text as pages name it, without its body."""

    kind: str
    language: str
    title: str


# Of each kind the text of the nearest language, and of that language the newest.
NAMES_IN_FORCE = """
SELECT DISTINCT ON (kind) kind, language, title FROM destination_legaltext
WHERE language = ANY(%(languages)s::text[]) AND valid_from <= %(day)s
ORDER BY kind, array_position(%(languages)s::text[], language::text), valid_from DESC, id DESC"""


@remembered_reading(most=16)
def texts_in_force(day: date) -> Reading[dict[str, TextInForce]]:
    """Return the texts in force by kind in the active language or the nearest that has one."""
    values = {"languages": list(languages_to_try()), "day": day}
    return Reading(
        Written(NAMES_IN_FORCE, width=3, values=values),
        lambda rows: {row[0]: TextInForce(*row) for row in rows},
    )
