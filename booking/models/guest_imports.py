"""Files of guests of years before: on which legal basis, given by whom, and what came of each row.

A long file waits, sealed (`UNREAD`, `file_key`), until a worker has read it; what is found wrong
with it then is kept with it (`BROKEN`). Read (`READ`), it is written once somebody has seen what
would come of it, some hundred rows at a time. The rows themselves go some weeks after.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import Provider


class GuestImport(models.Model):
    """One file, read once: its fingerprint makes a second reading of it impossible."""

    class Basis(models.TextChoices):
        CONSENT = "consent", _("they said yes, and there is a proof")
        OWN_GUEST = "own_guest", _("they stayed, were told that we may write, and may be stopped")

    class State(models.TextChoices):
        UNREAD = "unread", pgettext_lazy("import", "being read")
        BROKEN = "broken", pgettext_lazy("import", "can’t be read")
        READ = "read", pgettext_lazy("import", "to be confirmed")
        WRITING = "writing", pgettext_lazy("import", "being written")
        DONE = "done", pgettext_lazy("import", "written")

    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        related_name="guest_imports",
        verbose_name=_("given by"),
    )
    basis = models.CharField(_("legal basis"), max_length=12, choices=Basis.choices)
    # What guests read when they said yes, or were told: the proof.
    words = models.TextField(_("what they read"), max_length=2000)
    file_name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.READ)
    # How many rows of each kind, kept when the rows are gone.
    counts = models.JSONField(default=dict)
    # Given, until it is read.
    read_at = models.DateTimeField(_("read"))
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    done_at = models.DateTimeField(_("written"), null=True, blank=True)
    # Where a long file waits to be read (`oti.lib.private_files`); empty once it was.
    file_key = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Why it can't be read: codes of `booking.refusals`, each with what its sentence is filled with.
    problems = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("import of guests")
        verbose_name_plural = _("imports of guests")
        ordering = ("-read_at", "-pk")

    def __str__(self) -> str:
        return self.file_name


class GuestImportRow(models.Model):
    """One row of a file, what it is worth and why; `done_at` once it was written."""

    class Verdict(models.TextChoices):
        NEW = "new", pgettext_lazy("row of an import", "new")
        KNOWN = "known", pgettext_lazy("row of an import", "known already")
        TWICE = "twice", pgettext_lazy("row of an import", "twice in the file")
        REFUSED = "refused", pgettext_lazy("row of an import", "refused")

    guest_import = models.ForeignKey(GuestImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    verdict = models.CharField(_("what becomes of it"), max_length=8, choices=Verdict.choices)
    reason = models.CharField(max_length=24, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    postal_code = models.CharField(_("postcode"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    consented_on = models.DateField(_("said yes on"), null=True)
    first_day = models.DateField(_("first day"), null=True)
    last_day = models.DateField(_("last day"), null=True)
    adults = models.PositiveSmallIntegerField(_("adults"), default=0)
    children = models.PositiveSmallIntegerField(_("children"), default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["guest_import", "number"], name="import_row_once")
        ]
        indexes = [
            models.Index(
                fields=["guest_import", "number"],
                name="import_rows_to_write",
                condition=models.Q(done_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.guest_import_id} · {self.number}"
