"""A moment and its childcare, posted together: two lines whose fields carry a prefix."""

from __future__ import annotations

from dataclasses import replace

from django.http import QueryDict

from booking.forms.basket import read_line
from booking.refusals import BadInput, Refusal, Trouble
from booking.wishes import LineRequest

MOMENT, CARE = "moment_", "care_"


def read_pair(data: QueryDict) -> tuple[LineRequest, LineRequest]:
    """Return both requests of a posted pair, as `read_line` reads each.

    Raises BadInput with every trouble of both.
    """
    requests: list[LineRequest] = []
    troubles: list[Trouble] = []
    for prefix in (MOMENT, CARE):
        half = QueryDict(mutable=True)
        for name in data:
            if name.startswith(prefix):
                half.setlist(name.removeprefix(prefix), data.getlist(name))
        try:
            requests.append(replace(read_line(half), is_once=True))
        except Refusal as refusal:
            troubles += refusal.troubles
    if troubles:
        raise BadInput(*troubles)
    moment, care = requests
    return moment, care
