"""The mails about invited stays and missions: to the friend, to who invited, to the office.

Who invited learns that a friend comes and, where the friend said so, a first name: neither dates
nor places (features.md N14).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from booking.letters import Content, NoLongerNeeded, Reader, order_of, order_url
from booking.models import OutboxMessage, Referral
from booking.rules import referrals as rules
from destination.spoken import in_language
from members.models import Ambassador, MissionTake
from members.rules import enrolment


def shown_friend(referral: Referral) -> str:
    """Return the first name of a friend who said that it may be told, "" for all others."""
    return referral.order.first_name if referral.tells_name else ""


def _friend_welcome(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    referral = Referral.objects.select_related("ambassador").get(order=order)
    if referral.state not in rules.COUNTS or not referral.welcome:
        raise NoLongerNeeded
    return {
        "order": order,
        "inviter": referral.ambassador.first_name,
        "welcome": in_language(referral.welcome),
        "trip_url": order_url(order),
    }


def _ambassador_news(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    rows = Referral.objects.select_related("ambassador", "order")
    referral = rows.get(pk=message.data["referral"])
    return {
        "first_name": referral.ambassador.first_name,
        "friend": shown_friend(referral),
        "move": message.data["move"],
        "thanks": in_language(referral.thanks),
        "invite_url": settings.BASE_URL + reverse("invite"),
    }


def _ambassador_read(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    ambassador = Ambassador.objects.get(pk=message.data["ambassador"])
    move = message.data["move"]
    is_over = move == "put_aside"
    return {
        "first_name": ambassador.first_name,
        "move": move,
        "note": ambassador.ended_reason if is_over else ambassador.office_note,
        "url": settings.BASE_URL + reverse("invite" if is_over else "notebook"),
    }


def _ambassador_mission(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    take = MissionTake.objects.select_related("ambassador", "mission").get(pk=message.data["take"])
    move = message.data["move"]
    if take.state != move:
        raise NoLongerNeeded
    return {
        "first_name": take.ambassador.first_name,
        "move": move,
        "title": take.mission.title,
        "note": take.office_note,
        "url": settings.BASE_URL + reverse("missions"),
    }


def _ambassador_submitted(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    ambassador = Ambassador.objects.get(pk=message.data["ambassador"])
    if ambassador.page_state != enrolment.SUBMITTED:
        raise NoLongerNeeded
    return {
        "name": ambassador.draft.get("name", ""),
        "ambassador": ambassador,
        "desk_url": settings.BASE_URL + reverse("desk_ambassadors:review", args=[ambassador.pk]),
    }


REFERRAL_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "friend_welcome": _friend_welcome,
    "ambassador_news": _ambassador_news,
    "ambassador_read": _ambassador_read,
    "ambassador_mission": _ambassador_mission,
    "ambassador_submitted": _ambassador_submitted,
}
