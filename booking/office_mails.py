"""The mails to the office that sum up: read from what was kept with the message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking.letters import Content, Reader
from booking.models import OutboxMessage


def _monday_letter(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    told = message.data
    return {
        **told,
        "day": date.fromisoformat(told["day"]),
        "year_before": told["returns"]["year"] - 1,
        "two_years_before": told["returns"]["year"] - 2,
        "tasks": _named(told["tasks"], "due_at", datetime.fromisoformat, _task_url),
        "complaints": _named(told["complaints"], "due_on", date.fromisoformat, _complaint_url),
        "returns_url": _url("desk_returns:index"),
        "figures_url": _url("desk_surveys:figures"),
        "tasks_url": _url("desk_follow_ups:index") + "?state=open",
        "complaints_url": _url("desk_complaints:index") + "?state=open",
        "families_url": _url("desk_households:mobilisation"),
        "settings_url": _url("desk_returns:settings"),
    }


def _named(
    told: dict[str, Any],
    when: str,
    read: Callable[[str], date],
    url: Callable[[dict[str, Any]], str],
) -> dict[str, Any]:
    """Return what waits, each with its moment as one and its address at the desk."""
    rows = [{**one, when: read(one[when]), "url": url(one)} for one in told["worst"]]
    return {**told, "worst": rows}


def _task_url(row: dict[str, Any]) -> str:
    return _url("desk_follow_ups:handle", row["survey"])


def _complaint_url(row: dict[str, Any]) -> str:
    return _url("desk_complaints:answer", row["complaint"])


def _url(name: str, *args: int) -> str:
    return settings.BASE_URL + reverse(name, args=args)


OFFICE_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "monday_letter": _monday_letter,
}
