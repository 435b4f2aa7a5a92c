"""The way to one's own data without an account: a link by mail, good for three days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, trouble
from booking.relations.personal_data import Subject
from members.rules.customers import address_key

SALT = "own-data"
LINK_FOR = timedelta(days=3)
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


def subject_of(key: str) -> Subject:
    """Return whose data the link of a mail opens; raises BadInput `own_data_link_old` for none."""
    try:
        told = signing.loads(key, salt=SALT, max_age=LINK_FOR)
    except signing.BadSignature as error:
        raise BadInput(trouble("own_data_link_old")) from error
    return Subject.of_address(told["email"])
