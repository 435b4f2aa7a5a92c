"""What a guest and one of its hosts write to each other, through the platform alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.orders import Order
from members.models import Provider


class Talk(models.Model):
    """The thread of one order with one provider; each side knows whether something is new."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="talks")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="talks")
    last_at = models.DateTimeField(_("last message"))
    is_new_to_host = models.BooleanField(default=False)
    is_new_to_guest = models.BooleanField(default=False)

    class Meta:
        verbose_name = pgettext_lazy("messages", "thread")
        verbose_name_plural = pgettext_lazy("messages", "threads")
        ordering = ("-last_at", "-pk")
        indexes = [
            models.Index(
                fields=["provider", "-is_new_to_host", "-last_at"], name="talks_of_provider"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "provider"], name="one_talk_per_provider")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.provider_id}"


class TalkMessage(models.Model):
    """One message of a thread, plain text, never changed."""

    class Author(models.TextChoices):
        HOST = "host", _("host")
        GUEST = "guest", _("guest")

    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(_("written by"), max_length=8, choices=Author.choices)
    # The person of the house; a guest has no account to name.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField(_("text"), max_length=2000)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = pgettext_lazy("messages", "message of a thread")
        verbose_name_plural = pgettext_lazy("messages", "messages of threads")
        ordering = ("at", "pk")
        indexes = [models.Index(fields=["talk", "at"], name="messages_of_talk")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="talk_message_says_something")
        ]

    def __str__(self) -> str:
        return f"{self.talk_id} {self.at:%Y-%m-%d %H:%M}"
