"""Ambassadors: residents, guests, hosts or inhabitants who invite their friends to the Velay.

A role beside others, never another sort of account (features.md N14). Their code is public, what
they recommend too once the office has read it; their account and their house are not.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models.charters import Charter, Charters
from members.rules import enrolment
from oti.lib.codes import reference_code


class AmbassadorCharter(Charter):
    """One version of what ambassadors promise, in the languages of the site."""

    objects: ClassVar[Charters[AmbassadorCharter]] = Charters()

    class Meta(Charter.Meta):
        verbose_name = _("charter of ambassadors")
        verbose_name_plural = _("charters of ambassadors")

    @property
    def signed_text(self) -> str:
        """Return the text of every language."""
        return "\n".join(getattr(self, f"body_{code}", "") or "" for code in ("fr", "en", "de"))


class AmbassadorQuerySet(models.QuerySet["Ambassador"]):
    """Whose code counts, whose page waits."""

    def active(self) -> AmbassadorQuerySet:
        """Return those whose code counts now."""
        return self.filter(ended_at=None)

    def to_read(self) -> AmbassadorQuerySet:
        """Return those whose page waits for the office."""
        return self.filter(page_state=enrolment.SUBMITTED, ended_at=None)


def new_code() -> str:
    """Return a code that can be read aloud."""
    return reference_code(7)


class Ambassador(models.Model):
    """One person who invites; the page that friends read waits in `draft` until it was read.

    `page` and `draft` are {"name", "words", "language", "places": [{"url_name", "slug", "title",
    "words"}]}; {} is none.
    """

    class PageState(models.TextChoices):
        DRAFT = enrolment.DRAFT, pgettext_lazy("ambassador’s page", "being written")
        SUBMITTED = enrolment.SUBMITTED, pgettext_lazy("ambassador’s page", "to be read")
        TO_FIX = enrolment.TO_FIX, pgettext_lazy("ambassador’s page", "to be put right")
        APPROVED = enrolment.APPROVED, pgettext_lazy("ambassador’s page", "shown")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ambassador"
    )
    code = models.CharField(_("code"), max_length=12, unique=True, default=new_code)
    first_name = models.CharField(_("first name"), max_length=40)
    language = models.CharField(_("language of their mails"), max_length=5, default="fr")
    page = models.JSONField(default=dict, blank=True)
    draft = models.JSONField(default=dict, blank=True)
    page_state = models.CharField(
        _("page"), max_length=10, choices=PageState.choices, default=PageState.DRAFT
    )
    office_note = models.TextField(_("word of the office"), blank=True)
    # Grows with each change of the page: the office decides on what it read.
    edition = models.PositiveIntegerField(default=0)
    charter = models.ForeignKey(
        AmbassadorCharter, on_delete=models.PROTECT, related_name="signatures"
    )
    charter_sha256 = models.CharField(max_length=64)
    signed_name = models.CharField(_("signed by"), max_length=120)
    signed_at = models.DateTimeField(_("signed"))
    submitted_at = models.DateTimeField(_("sent"), null=True, blank=True)
    joined_at = models.DateTimeField(_("since"))
    # By themselves, or by the office: the code counts no more.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_reason = models.CharField(_("why it ended"), max_length=300, blank=True)
    is_put_aside = models.BooleanField(_("ended by the office"), default=False)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    objects = AmbassadorQuerySet.as_manager()

    class Meta:
        verbose_name = _("ambassador")
        verbose_name_plural = _("ambassadors")
        ordering = ("-joined_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_put_aside=False) | Q(ended_at__isnull=False),
                name="ambassador_put_aside_is_ended",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_name} · {self.code}"

    @property
    def is_active(self) -> bool:
        """Whether their code counts now."""
        return self.ended_at is None
