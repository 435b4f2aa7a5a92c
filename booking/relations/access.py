"""The only way to somebody's meeting or profile of greeter: it is given, or isn't known to exist.

A meeting belongs to whoever came by its link in this session, to the account that asked, and to the
office; a greeter sees those that they are asked for, or that they agreed to.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from booking.models import Basket, Meeting, MeetingAsk
from booking.rules import meetings as rules
from members.models import Greeter, User
from oti.lib.joins import read_joined

MEETINGS_OF_SESSION = "meetings"
MOST_REMEMBERED = 20
LINK_LIFE = timedelta(days=120)
SHOWN_BESIDE = ("greeter__commune", "greeter__user")
# Written out: each look at a stay asks for them.
MEETINGS_OF_STAY = """
SELECT {columns} FROM booking_meeting meeting
LEFT JOIN members_greeter greeter ON greeter.id = meeting.greeter_id
WHERE (
    meeting.basket_id = %(basket)s
    OR meeting.basket_id IS NULL AND meeting.code = ANY(%(known)s::text[])
) AND meeting.state <> %(cancelled)s AND meeting.forgotten_at IS NULL
ORDER BY meeting.first_day, meeting.id
"""
SEES_ALL, SEES_ORDERS = "booking.view_meeting", "booking.view_order"


def meeting_of_key(code: str, token: str, *, now: datetime) -> Meeting:
    """Return the meeting of a signed link; raises Http404 for a wrong or too old one."""
    meeting = Meeting.objects.select_related(*SHOWN_BESIDE).filter(code=code).first()
    if meeting is None or not hmac.compare_digest(meeting.access_token.encode(), token.encode()):
        raise Http404
    if now.date() > meeting.last_day + LINK_LIFE:
        raise Http404
    return meeting


def remember_meeting(request: HttpRequest, meeting: Meeting) -> None:
    """Let this session see a meeting."""
    known = request.session.get(MEETINGS_OF_SESSION, [])
    others = [one for one in known if one != meeting.code]
    now_known = [*others, meeting.code][-MOST_REMEMBERED:]
    # A session that knows it already isn't written again.
    if now_known != known:
        request.session[MEETINGS_OF_SESSION] = now_known


def meeting_for(request: HttpRequest, code: str, *, to_change: bool = False) -> Meeting:
    """Return a meeting that this visitor may see; raises Http404 for any other.

    The office reads and changes nothing here.
    """
    meeting = Meeting.objects.select_related(*SHOWN_BESIDE).filter(code=code).first()
    if meeting is None:
        raise Http404
    if code in request.session.get(MEETINGS_OF_SESSION, []):
        return meeting
    user = request.user
    if user.is_authenticated and meeting.user_id == user.pk:
        return meeting
    if not to_change and user.has_perm(SEES_ALL):
        return meeting
    raise Http404


def meetings_of_stay(
    request: HttpRequest, basket: Basket | int | None, *, has_own: bool
) -> list[Meeting]:
    """Return the meetings of a stay, the first day first; who sees the stay may open them.

    Call it with a basket that this visitor carries, or with that of an order that they may see.
    With `has_own`, those that this session asked for without any stay are among them.
    """
    known = request.session.get(MEETINGS_OF_SESSION, []) if has_own else []
    if basket is None and not known:
        return []
    number = basket.pk if isinstance(basket, Basket) else basket
    found: list[Meeting] = []
    for meeting, meeting.greeter in read_joined(
        MEETINGS_OF_STAY,
        {"meeting": Meeting, "greeter": Greeter},
        {"basket": number, "known": known, "cancelled": rules.CANCELLED},
    ):
        found.append(meeting)
    # The office reads them by its right, and carries no key: to change one it would be the visitor.
    if not any(request.user.has_perm(one) for one in (SEES_ALL, SEES_ORDERS)):
        for one in found:
            remember_meeting(request, one)
    return found


def greeter_of(user: User | AnonymousUser) -> Greeter | None:
    """Return the profile of a signed-in person, None if there is none."""
    if not user.is_authenticated:
        return None
    return Greeter.objects.select_related("commune").filter(user_id=user.pk).first()


def own_greeter(user: User | AnonymousUser) -> Greeter:
    """Return the profile of a signed-in person; raises Http404 where there is none."""
    greeter = greeter_of(user)
    if greeter is None:
        raise Http404
    return greeter


def asks_of(greeter: Greeter) -> QuerySet[MeetingAsk]:
    """Return what one greeter is or was asked for, with the meetings."""
    return MeetingAsk.objects.filter(greeter=greeter).select_related("meeting")


def ask_for(user: User | AnonymousUser, code: str) -> MeetingAsk:
    """Return what this greeter is asked for; raises Http404 for another's."""
    ask = asks_of(own_greeter(user)).filter(meeting__code=code).first()
    if ask is None:
        raise Http404
    return ask


def is_agreed_with(ask: MeetingAsk) -> bool:
    """Tell whether the greeter of an ask is the one who meets the visitor."""
    meeting = ask.meeting
    return meeting.greeter_id == ask.greeter_id and meeting.state in {rules.ACCEPTED, rules.DONE}


def hours_given(greeter: Greeter) -> tuple[int, int]:
    """Return how many meetings a greeter had, and how many minutes they gave."""
    rows = Meeting.objects.filter(Q(state=rules.DONE), greeter=greeter, minutes__gt=0)
    given = list(rows.values_list("minutes", flat=True))
    return len(given), sum(given)
