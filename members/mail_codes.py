"""A code sent by mail that its reader writes back on the page that was left open.

It is kept in the session, as a mark that tells nothing, serves once, for ten minutes and three
tries. What it proves is its caller's: `members.fresh_proof` of an account, `booking.order_proof`
of an order.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from oti.lib.clients import count

CODE_FOR = 10 * 60
MOST_TRIES = 3
# Codes for one purpose of one person in ten minutes.
MOST_CODES = 5


@dataclass(frozen=True)
class Purpose:
    """What a code is for: where its state stands in the session, of whom, where it goes, its mail.

    `of` is an account's number or an order's reference; `mail` begins the names of its templates.
    """

    name: str
    of: int | str
    address: str
    mail: str


def is_waited_for(request: HttpRequest, purpose: Purpose) -> bool:
    """Return whether a code of this session is on its way, or was read and not yet written."""
    kept = request.session.get(purpose.name)
    # What an earlier version kept in a session, for a month, is of nobody here.
    if not kept or kept.get("of") != purpose.of or kept["tries"] >= MOST_TRIES:
        return False
    return bool(time.time() < kept["at"] + CODE_FOR)


def send_code(request: HttpRequest, purpose: Purpose, **words: Any) -> bool:
    """Send a code; the one of before is worth nothing. `words` are for its mail.

    False where too many were sent, where there is no address, or while mail is away: the request
    has a message then.
    """
    key = f"{purpose.name}:{purpose.of}:{int(time.time() // CODE_FOR)}"
    [sent] = count([key], CODE_FOR)
    if not purpose.address or sent > MOST_CODES:
        return False
    code = get_adapter().generate_login_code()
    request.session[purpose.name] = {
        "of": purpose.of,
        "at": time.time(),
        "tries": 0,
        "address": purpose.address,
        "mark": _mark(purpose, code),
    }
    get_adapter().send_mail(purpose.mail, purpose.address, {**words, "code": code})
    if getattr(request, "is_mail_away", False):
        del request.session[purpose.name]
        return False
    return True


def give_code(request: HttpRequest, purpose: Purpose, code: str) -> str:
    """Take a code; returns the address that it was sent to, "" where it isn't the right one."""
    if not is_waited_for(request, purpose):
        return ""
    kept = request.session[purpose.name]
    if not constant_time_compare(kept["mark"], _mark(purpose, code)):
        request.session[purpose.name] = {**kept, "tries": kept["tries"] + 1}
        return ""
    del request.session[purpose.name]
    return str(kept["address"])


def _mark(purpose: Purpose, code: str) -> str:
    """Return what is kept of a code: written with or without its line, in whatever case."""
    plain = "".join(one for one in code.upper() if one.isalnum())
    return salted_hmac(purpose.name, plain, algorithm="sha256").hexdigest()
