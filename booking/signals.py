"""The domain signals, sent inside the transaction of what they tell (core.md 17).

`events.receivers` is the only listener: a ticket and its order are born together,
a date that is called off is struck in the programme.
"""

from django.dispatch import Signal

order_confirmed = Signal()
order_cancelled = Signal()
line_cancelled = Signal()
line_rescheduled = Signal()
date_called_off = Signal()
