"""What the log never says: keys of baskets, orders, shared calendars, cards and letters that
addresses carry.
"""

from __future__ import annotations

import logging
import re

# The page of choices has its name in each language (`booking.urls`).
LETTERS = r"/desabonnement/+|/letter/choices/+|/lettre/choix/+|/brief/auswahl/+"
KEYS = re.compile(rf"(/baskets/+|/ical/+|{LETTERS}|[?&](?:cle|carte)=)[^/?&#\s]+", re.IGNORECASE)


class WithoutKeys(logging.Filter):
    """Write `***` in place of each key, in the words of a record and in what fills them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without its keys."""
        record.msg = _masked(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(one) for one in record.args)
        return True


def _masked(said: object) -> object:
    return KEYS.sub(r"\1***", said) if isinstance(said, str) else said
