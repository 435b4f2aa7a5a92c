"""Letters: the addresses that have said something about them, and every word that they said."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.rules import consent as rules
from oti.lib.codes import secret_token


class LetterAddress(models.Model):
    """An address and the key of its page of choices; what it may be sent is `rules.consent`."""

    class Rhythm(models.TextChoices):
        MONTH = "month", _("once a month")
        SEASON = "season", _("four times a year, with the seasons")

    # In lower case.
    email = models.EmailField(_("e-mail"), unique=True)
    token = models.CharField(max_length=64, unique=True, default=secret_token)
    language = models.CharField(_("language"), max_length=5, default="fr")
    rhythm = models.CharField(
        _("how often"), max_length=6, choices=Rhythm.choices, default=Rhythm.SEASON
    )
    created_at = models.DateTimeField(_("known since"))
    # Something that the person did: an opened mail is nothing (CNIL).
    active_at = models.DateTimeField(_("last sign of life"))
    # Its carrier says that nobody is there: no letter goes there any more, until it is confirmed.
    bounced_at = models.DateTimeField(_("comes back since"), null=True, blank=True)
    bounced_why = models.CharField(_("what its carrier said"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("address for letters")
        verbose_name_plural = _("addresses for letters")
        ordering = ("-active_at", "-pk")
        indexes = [models.Index(fields=["active_at"], name="letter_addresses_silent")]

    def __str__(self) -> str:
        return self.email


class LetterChoice(models.Model):
    """One explicit word about one purpose, with its proof; rows are added, never changed."""

    class Purpose(models.TextChoices):
        NEWS = rules.NEWS, _("The letter of the Velay")
        OFFERS = rules.OFFERS, _("Ideas and offers for a next stay")
        SURVEY = rules.SURVEY, _("Questions after a stay")

    class Source(models.TextChoices):
        FORM = "form", _("the page of the letter, confirmed by mail")
        CHOICES = "choices", _("the page of choices")
        ONE_CLICK = "one_click", _("one click in a mail")
        IMPORT = "import", _("a file that a provider gave, with its proof")
        OFFICE = "office", pgettext_lazy("who wrote it down", "the office")
        COMPLAINT = "complaint", _("called spam in a mailbox")

    address = models.ForeignKey(LetterAddress, on_delete=models.CASCADE, related_name="choices")
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    is_yes = models.BooleanField(_("yes"))
    source = models.CharField(_("by"), max_length=10, choices=Source.choices)
    # The proof: what was read, when, from where.
    words = models.TextField(_("what was read"))
    network = models.CharField(_("from"), max_length=45, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("word about letters")
        verbose_name_plural = _("words about letters")
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["address", "purpose", "-at"], name="last_word_of_purpose")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {'+' if self.is_yes else '−'}"
