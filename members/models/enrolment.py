"""How a house comes in: its papers, what its owner signed, who was invited to work for it."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models.providers import Provider, ProviderRole


class Paper(models.Model):
    """What a host gave for one item of its checklist (`members.rules.papers`).

    `sealed` holds what the law protects most (tax number, day of birth); a document is a sealed
    file outside the public media, known by `file_key`.
    """

    class Review(models.TextChoices):
        GIVEN = "given", _("given")
        ACCEPTED = "accepted", _("accepted")
        TO_FIX = "to_fix", _("to put right")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="papers")
    code = models.CharField(_("paper"), max_length=20)
    number = models.CharField(_("number"), max_length=200, blank=True)
    valid_until = models.DateField(_("valid until (last day)"), null=True, blank=True)
    sealed = models.BinaryField(null=True, blank=True)
    file_key = models.CharField(max_length=80, blank=True)
    file_name = models.CharField(_("document"), max_length=120, blank=True)
    file_type = models.CharField(max_length=40, blank=True)
    file_size = models.PositiveIntegerField(default=0)
    review = models.CharField(
        _("review"), max_length=10, choices=Review.choices, default=Review.GIVEN
    )
    remark = models.TextField(_("remark of the office"), blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("paper of a provider")
        verbose_name_plural = _("papers of providers")
        ordering = ("provider", "pk")
        constraints = [models.UniqueConstraint(fields=["provider", "code"], name="one_paper_each")]
        indexes = [
            models.Index(
                fields=["valid_until"],
                name="papers_that_end",
                condition=Q(valid_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.code}"


class ContractTexts(models.Manager["ContractText"]):
    """Which contract holds on a day."""

    def in_force(self, language: str, day: date) -> ContractText | None:
        """Return the newest text of a language, of French where it has none; None without any."""
        held = self.filter(valid_from__lte=day).order_by("-valid_from", "-pk")
        return held.filter(language=language).first() or held.filter(language="fr").first()


class ContractText(models.Model):
    """One version of what hosts sign; a version in force is never edited."""

    language = models.CharField(
        _("language"), max_length=5, default="fr", choices=[("fr", "fr"), ("en", "en")]
    )
    version = models.CharField(_("version"), max_length=20)
    valid_from = models.DateField(_("in force from"))
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64, editable=False)
    is_demo = models.BooleanField(_("demonstration text"), default=False)

    objects = ContractTexts()

    class Meta:
        verbose_name = _("contract of hosts")
        verbose_name_plural = _("contracts of hosts")
        ordering = ("language", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=["language", "version"], name="contract_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the fingerprint that signatures store beside the version."""
        self.sha256 = hashlib.sha256(self.body.encode()).hexdigest()
        super().save(*args, **kwargs)


class ContractSignature(models.Model):
    """A typed signature: who, what text word for word, at which commission, when. Never changed."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="signatures")
    text = models.ForeignKey(ContractText, on_delete=models.PROTECT, related_name="signatures")
    version = models.CharField(_("version"), max_length=20)
    sha256 = models.CharField(max_length=64)
    commission_percent = models.DecimalField(
        _("commission in percent"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    signed_name = models.CharField(_("signed by"), max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    signed_at = models.DateTimeField(_("signed"))

    class Meta:
        verbose_name = _("signed contract")
        verbose_name_plural = _("signed contracts")
        ordering = ("-signed_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "sha256", "commission_percent"], name="signed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.signed_name} · {self.version}"


class Invitation(models.Model):
    """Somebody is asked by mail to work for a house; the link counts once and ends on a day."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=12, choices=ProviderRole.Role.choices)
    language = models.CharField(max_length=5, default="fr")
    invited_by = models.CharField(_("invited by"), max_length=80)
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("ends"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "email"],
                name="one_open_invitation",
                condition=Q(accepted_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.provider}"

    def is_open(self, now: datetime) -> bool:
        """Whether its link still opens something."""
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at


class FormerMember(models.Model):
    """Somebody whose access to a house was ended: told at once, not by a page that isn't found."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_roles"
    )
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    ended_at = models.DateTimeField(_("ended"))

    class Meta:
        verbose_name = _("former member")
        verbose_name_plural = _("former members")
        constraints = [
            models.UniqueConstraint(fields=["user", "provider"], name="left_once_per_house")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.provider}"
