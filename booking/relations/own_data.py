"""The way to one's own data without an account: a link by mail, good for three days.

The link is exchanged for half an hour of this session: what stays in the address bar, in a history
or in a log of addresses is no key. It may be followed again until its days are over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, trouble
from booking.relations.personal_data import Subject
from members.rules.customers import address_key
from oti.lib.sealing import Unreadable, seal, unseal

SALT = "own-data"
LINK_FOR = timedelta(days=3)
# How long a session that followed it may go on with it.
OPEN_FOR = timedelta(minutes=30)
OPENED = "own-data"
# One mail to an address in this time, however often it is asked for.
SECONDS_BETWEEN = 600


def ask_for_own_data(email: str, *, language: str, now: datetime) -> None:
    """Send a mail whose link opens what is about this address.

    Every address gets one, known here or not: nobody learns from the answer who has booked.
    """
    address = address_key(email)
    mark = salted_hmac(SALT, address, algorithm="sha256").hexdigest()
    with locks.write_transaction():
        write_message(
            "own_data",
            # The key outlives the message: it is short, and tells no address.
            key=f"own_data:{mark}:{int(now.timestamp()) // SECONDS_BETWEEN}",
            recipient=address,
            language=language,
            data={"key": signing.dumps({"email": address}, salt=SALT)},
            now=now,
        )


def open_own_data(request: HttpRequest, key: str, *, now: datetime) -> None:
    """Let this session see what the link of a mail opens, for OPEN_FOR.

    Raises BadInput `own_data_link_old` for a link that is none, or of too long ago.
    """
    try:
        told = signing.loads(key, salt=SALT, max_age=LINK_FOR)
    except signing.BadSignature as error:
        raise BadInput(trouble("own_data_link_old")) from error
    # Sealed: whoever reads the table of sessions learns no address from it.
    until = int((now + OPEN_FOR).timestamp())
    request.session[OPENED] = [seal(told["email"]).decode(), until]


def opened_subject(request: HttpRequest, *, now: datetime) -> Subject | None:
    """Return whose data this session may see by a link, None where it may not (any more)."""
    kept = request.session.get(OPENED)
    if not kept:
        return None
    try:
        email = unseal(kept[0].encode())
    except Unreadable:
        email = ""
    if not email or now.timestamp() >= kept[1]:
        leave_own_data(request)
        return None
    return Subject.of_address(email)


def leave_own_data(request: HttpRequest) -> None:
    """End what a link opened in this session: the next one at this device sees nothing."""
    request.session.pop(OPENED, None)
