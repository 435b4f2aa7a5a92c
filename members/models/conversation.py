"""What the office and a guest said to each other beside the site: on the phone, at the counter."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models.customers import Customer

WORDS = 2000


class CustomerNote(models.Model):
    """One exchange, written down by the office; with `due_on` something remains to be done."""

    class Channel(models.TextChoices):
        PHONE = "phone", pgettext_lazy("conversation", "on the phone")
        COUNTER = "counter", pgettext_lazy("conversation", "at the counter")
        MAIL = "mail", pgettext_lazy("conversation", "by mail")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    channel = models.CharField(_("how"), max_length=8, choices=Channel.choices)
    text = models.TextField(_("what was said"), max_length=WORDS)
    happened_on = models.DateField(_("day"))
    # The guest waits for an answer: its due time is counted, not chosen.
    is_question = models.BooleanField(_("the guest waits for an answer"), default=False)
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    due_on = models.DateField(_("to be done by"), null=True, blank=True)
    outcome = models.TextField(_("what was done"), max_length=WORDS, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    written_at = models.DateTimeField(_("written"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("note of a conversation")
        verbose_name_plural = _("notes of conversations")
        ordering = ("-happened_on", "-pk")
        indexes = [
            models.Index(
                fields=["due_on"],
                name="notes_to_do",
                condition=Q(due_on__isnull=False, done_at__isnull=True),
            ),
            models.Index(fields=["written_at"], name="notes_by_age"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="note_says_something"),
            models.CheckConstraint(
                condition=Q(due_on__isnull=False) | Q(is_question=False, done_at__isnull=True),
                name="note_to_do_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.happened_on} {self.get_channel_display()}"
