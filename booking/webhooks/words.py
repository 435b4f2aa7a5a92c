"""What hosts read of an address that is told: how it stands, what went wrong the last time."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from booking.models import HookDelivery, Webhook
from booking.rules.webhooks import TEST

PROBLEMS: dict[str, Any] = {
    "scheme": gettext_lazy("Give the whole address of your program, from https:// on."),
    "port": gettext_lazy("The address must be without a port: only https’ own is asked."),
    "userinfo": gettext_lazy("An address with a name and a password isn’t accepted."),
    "bad_address": gettext_lazy("This isn’t an address."),
    "private": gettext_lazy("This address leads to a private network: it can’t be asked."),
    "unreadable": gettext_lazy(
        "We can’t open this address any more: remove it, then give it again."
    ),
    "unknown_host": gettext_lazy("This server can’t be found."),
    "unreachable": gettext_lazy("The server doesn’t answer."),
    "tls": gettext_lazy("The server’s certificate isn’t valid."),
    "timeout": gettext_lazy("The server takes more than ten seconds to answer."),
    "too_large": gettext_lazy("The answer is too long: an empty one is enough."),
    "encoding": gettext_lazy("The answer can’t be read."),
    "cut_short": gettext_lazy("The answer came incomplete."),
    "protocol": gettext_lazy("The answer can’t be read."),
}


def problem_words(code: str) -> str:
    """Return what a problem means for a host, in one sentence."""
    return str(PROBLEMS.get(code) or _("It didn’t work."))


def answer_words(delivery: HookDelivery) -> str:
    """Return what the last try of a delivery came to."""
    if delivery.last_problem:
        return problem_words(delivery.last_problem)
    status = delivery.last_status
    if status is None:
        return _("not sent yet")
    if 300 <= status < 400:
        return _("answered %(status)s: it leads elsewhere, give that address instead") % {
            "status": status
        }
    return _("answered %(status)s") % {"status": status}


def topic_words(topic: str) -> str:
    """Return what a topic means."""
    if topic == TEST:
        return str(pgettext_lazy("webhook", "Test"))
    return str(Webhook.Topic(topic).label) if topic in Webhook.Topic.values else topic
