"""Every state of orders, requests, payments, refunds, pay-outs, incidents; the moves between them.

The tables of core.md 11. They say what may follow what; they never say who may do it.
"""

from collections.abc import Mapping

Table = Mapping[str, frozenset[str]]

AWAITING_PAYMENT = "awaiting_payment"
CONFIRMED = "confirmed"
EXPIRED = "expired"
CANCELLED = "cancelled"

HELD = "held"
RELEASED = "released"
SOLD = "sold"
HONOURED = "honoured"
NO_SHOW = "no_show"
REQUESTED = "requested"
ACCEPTED = "accepted"
DECLINED = "declined"
LAPSED = "lapsed"
WITHDRAWN = "withdrawn"

CREATED = "created"
PENDING = "pending"
PAID = "paid"
FAILED = "failed"
DONE = "done"

DUE = "due"
OWED = "owed"
NETTED = "netted"

MISSING = "missing"
STARTED = "started"
ACTIVE = "active"
RESTRICTED = "restricted"

OPEN = "open"
TOLD = "told"
SETTLED = "settled"

# A share in one of these states is still to be paid.
SHARE_TO_COME = (DUE, HELD, PENDING, FAILED)

NOWHERE: frozenset[str] = frozenset()
AFTER_SALE = frozenset({HONOURED, NO_SHOW, CANCELLED})
# A line in one of these states takes place, or took place: its places are taken, its price is due.
TAKES_PLACE = (SOLD, HONOURED, NO_SHOW)

# Late money confirms an expired order if its places can be had again (core.md 11).
ORDER: dict[str, frozenset[str]] = {
    AWAITING_PAYMENT: frozenset({CONFIRMED, EXPIRED, CANCELLED}),
    EXPIRED: frozenset({CONFIRMED}),
    CONFIRMED: frozenset({CANCELLED}),
    CANCELLED: NOWHERE,
}

# A released line is sold only with its expired order, when late money finds the place free.
LINE: dict[str, frozenset[str]] = {
    HELD: frozenset({SOLD, RELEASED}),
    RELEASED: frozenset({SOLD}),
    SOLD: AFTER_SALE,
    REQUESTED: frozenset({ACCEPTED, DECLINED, LAPSED}),
    ACCEPTED: AFTER_SALE,
    HONOURED: NOWHERE,
    # Noted by its host, who may take it back for a while.
    NO_SHOW: frozenset({SOLD}),
    CANCELLED: NOWHERE,
    DECLINED: NOWHERE,
    LAPSED: NOWHERE,
}

# What is accepted has an order of its own: unpaid in time, it lapses after all.
REQUEST: dict[str, frozenset[str]] = {
    REQUESTED: frozenset({ACCEPTED, DECLINED, LAPSED, WITHDRAWN}),
    ACCEPTED: frozenset({LAPSED, WITHDRAWN}),
    DECLINED: NOWHERE,
    LAPSED: NOWHERE,
    WITHDRAWN: NOWHERE,
}

# The bank may tell of money after we gave up on an attempt: what it took is always written.
PAYMENT: dict[str, frozenset[str]] = {
    CREATED: frozenset({PENDING, PAID, FAILED, EXPIRED}),
    PENDING: frozenset({PAID, FAILED, EXPIRED}),
    PAID: NOWHERE,
    FAILED: frozenset({PAID}),
    EXPIRED: frozenset({PAID}),
}

# A failed refund is asked for again, never forgotten; a bank may take a done one back.
REFUND: dict[str, frozenset[str]] = {
    CREATED: frozenset({PENDING, DONE, FAILED}),
    PENDING: frozenset({DONE, FAILED}),
    DONE: frozenset({FAILED}),
    FAILED: frozenset({PENDING, DONE}),
}

# What went is never sent again: from paid, money only comes back by a reversal of its own. A
# pending one is due again only when the bank said that nothing went; if it tells later that
# something did, that is written.
PAYOUT: dict[str, frozenset[str]] = {
    DUE: frozenset({PENDING, HELD, PAID, CANCELLED}),
    HELD: frozenset({DUE, CANCELLED}),
    PENDING: frozenset({PAID, FAILED, DUE}),
    FAILED: frozenset({DUE, PAID, CANCELLED}),
    PAID: NOWHERE,
    CANCELLED: NOWHERE,
}

# What the bank can't take back is owed, and kept from the next pay-outs until it is netted; a
# transfer that fails gives back what was to be kept from it. A debt that the office took back at
# the bank itself is none any more.
REVERSAL: dict[str, frozenset[str]] = {
    CREATED: frozenset({PENDING, CANCELLED}),
    PENDING: frozenset({DONE, OWED}),
    DONE: NOWHERE,
    OWED: frozenset({NETTED, CANCELLED}),
    NETTED: frozenset({OWED}),
    CANCELLED: NOWHERE,
}

# An account that the bank knows is never unknown again.
ACCOUNT: dict[str, frozenset[str]] = {
    MISSING: frozenset({STARTED, ACTIVE, RESTRICTED}),
    STARTED: frozenset({ACTIVE, RESTRICTED}),
    ACTIVE: frozenset({RESTRICTED}),
    RESTRICTED: frozenset({ACTIVE, STARTED}),
}


# A double booking is told to host and office by mail, and settled by one of them, once.
INCIDENT: dict[str, frozenset[str]] = {
    OPEN: frozenset({TOLD, SETTLED}),
    TOLD: frozenset({SETTLED}),
    SETTLED: NOWHERE,
}


def can_move(table: Table, from_: str, to: str) -> bool:
    """Tell whether `table` lets `from_` become `to`; an unknown state raises KeyError."""
    if to not in table:
        raise KeyError(to)
    return to in table[from_]
