"""The house of a household is another one now: asked of the office, with a light proof of its own.

A household that is still to be verified says it by itself: the office reads it all anyway. Where a
house is and was stands in no journal (features.md M01).
"""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.households import (
    STATE,
    forget_document,
    note_household,
    open_household,
    put_document,
    tell_members,
)
from booking.papers import Document
from booking.refusals import NotAllowed, WrongState, trouble
from members.journal import Actor
from members.models import Household, HouseholdMember
from oti.lib.private_files import drop_file, keep_file

MOVED, KEPT = "moved", "kept"


def ask_move(
    member: HouseholdMember, commune_id: int, document: Document | None = None, *, now: datetime
) -> Household:
    """Say that the house is in another commune; a later word replaces an earlier one.

    What is verified stays so, with its card, until the office has decided. Raises NotAllowed
    `same_commune`, WrongState `household_ended`.
    """
    # Before the transaction: a file is slow. Its key is new, nothing speaks of it yet.
    key = keep_file(document.content) if document else ""
    try:
        with locks.write_transaction():
            household = open_household(member)
            if household.commune_id == commune_id:
                raise NotAllowed(trouble("same_commune", field="commune"))
            if household.state == STATE.DECLARED:
                household.commune_id = commune_id
            else:
                household.moving_to_id, household.moving_asked_at = commune_id, now
            if document:
                forget_document(household)
                put_document(household, document, key)
            household.save()
            note_household("household move asked", household, Actor.person(member.user), now)
    except BaseException:
        if key:
            drop_file(key)
        raise
    return household


def withdraw_move(member: HouseholdMember, *, now: datetime) -> bool:
    """Take it back before the office has decided; returns whether something was asked."""
    with locks.write_transaction():
        household = open_household(member)
        if not household.is_moving:
            return False
        _settle(household)
        household.save()
        note_household("household move taken back", household, Actor.person(member.user), now)
    return True


def decide_move(
    household: Household, *, seen: int, is_yes: bool, note: str, actor: Actor, now: datetime
) -> Household:
    """Note the other commune, or leave the house where it was; its people are told.

    `seen` is the key of the commune that was read: another one asked meanwhile is read first.
    Raises WrongState `household_moved` where nothing is asked, or something else.
    """
    with locks.write_transaction():
        fresh = locks.lock_household(household.pk)
        if not fresh.is_moving or fresh.moving_to_id != seen:
            raise WrongState(trouble("household_moved"))
        asked_at = fresh.moving_asked_at
        if is_yes:
            fresh.commune_id = seen
        _settle(fresh)
        fresh.office_note = note
        fresh.save()
        move = MOVED if is_yes else KEPT
        note_household(f"household {move}", fresh, actor, now)
        key = f"household:{fresh.pk}:{move}:{asked_at:%Y%m%d%H%M%S%f}"
        tell_members(fresh, move, key=key, now=now)
    return fresh


def _settle(household: Household) -> None:
    """Leave nothing open of a move in a household that is saved afterwards."""
    household.moving_to = household.moving_asked_at = None
    forget_document(household)
