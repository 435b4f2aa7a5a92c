"""What a house opens to its own programs: keys of the API, and all that it owns in one file."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models.providers import Provider


class HouseKey(models.Model):
    """A key with which a program acts for one house, within its scopes.

    The key itself is shown once and never kept: `digest` is its SHA-256, `prefix` its beginning,
    by which people know it again. It stands and falls with who made it (`booking.house_keys`).
    """

    class Scope(models.TextChoices):
        AVAILABILITY_READ = "availability:read", _("Read what is free, closed and booked")
        AVAILABILITY_WRITE = "availability:write", _("Close and open nights, change dates")
        PRICES_READ = "prices:read", _("Read prices and shortest stays")
        PRICES_WRITE = "prices:write", _("Change prices and shortest stays")
        BOOKINGS_READ = "bookings:read", _("Read your bookings, with the guests’ first names")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(_("name"), max_length=60)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("made"))
    expires_on = models.DateField(_("last day"))
    last_used_on = models.DateField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("key of a house")
        verbose_name_plural = _("keys of houses")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class KeyReply(models.Model):
    """What a change asked through a key was answered: asked again, it is answered the same."""

    key = models.ForeignKey(HouseKey, on_delete=models.CASCADE, related_name="replies")
    idempotency_key = models.CharField(max_length=64)
    # Of the method, the address and the body.
    fingerprint = models.CharField(max_length=64)
    body = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer to a program")
        verbose_name_plural = _("answers to programs")
        constraints = [
            models.UniqueConstraint(fields=["key", "idempotency_key"], name="key_replies_once")
        ]
        indexes = [models.Index(fields=["at"], name="key_replies_by_age")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.idempotency_key}"


class HouseExport(models.Model):
    """A file with everything that a house owns: asked for by an owner, made later, kept a week."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being prepared")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be made")
        GONE = "gone", _("deleted")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    asked_at = models.DateTimeField(_("asked for"))
    # Until then whoever makes it has it to itself; a worker that died is replaced after.
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    file_key = models.CharField(max_length=80, blank=True)
    file_size = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("export of a house")
        verbose_name_plural = _("exports of houses")
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ready") | (~Q(file_key="") & Q(expires_at__isnull=False)),
                name="ready_export_has_its_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.asked_at:%Y-%m-%d %H:%M}"
