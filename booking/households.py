"""Households of second homes: declared, joined, left, verified and ended by the office.

A document is stored before the transaction that speaks of it; it is deleted as soon as the office
has decided (features.md M01: it is seen, not kept).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q

from booking import locks
from booking.emails import HOUSEHOLD_SALT
from booking.messages import write_message
from booking.papers import Document
from booking.refusals import NotAllowed, WrongState, trouble
from booking.team import hidden
from members.addresses import has_proved
from members.journal import Actor, record
from members.models import Household, HouseholdInvitation, HouseholdMember, Presence, User
from members.rules.households import can_be_a_birthday, is_old_enough
from oti.lib.dates import today as day_of
from oti.lib.private_files import drop_file, keep_file

LINK_LIFE = timedelta(days=14)
A_DAY = timedelta(days=1)
# A family is no mailing list; before the office has read of it, it writes to few.
MOST_INVITATIONS_A_DAY = 8
MOST_BEFORE_VERIFIED = 3
STATE = Household.State


@dataclass(frozen=True)
class HouseholdFacts:
    """What somebody says of its household."""

    name: str
    commune_id: int
    children: int


@dataclass(frozen=True)
class Newcomer:
    """Who declares or joins a household; the day of birth is looked at and not kept."""

    first_name: str
    born_on: date
    # Of the mails that it gets.
    language: str = "fr"


# --- Declaring ----------------------------------------------------------------------------------
def declare_household(
    user: User,
    facts: HouseholdFacts,
    newcomer: Newcomer,
    *,
    document: Document | None = None,
    now: datetime,
) -> Household:
    """Write a household down for the office to verify, with its first member; returns it.

    Raises NotAllowed `too_young`, `birthday_odd`, `already_in_household`.
    """
    _check_age(newcomer, now)
    # Before the transaction: a file is slow. Its key is new, nothing speaks of it yet.
    key = keep_file(document.content) if document else ""
    try:
        with locks.write_transaction():
            household = Household(
                name=facts.name,
                commune_id=facts.commune_id,
                children=facts.children,
                declared_at=now,
            )
            if document:
                put_document(household, document, key)
            household.save()
            _add_member(household, user, newcomer, now)
            note_household("household declared", household, Actor.person(user), now)
    except BaseException:
        if key:
            drop_file(key)
        raise
    return household


def give_proof(member: HouseholdMember, document: Document, *, now: datetime) -> Household:
    """Keep a paper for the office, in the place of an earlier one, until it has decided.

    Of a household that is to be verified, or whose house is to be another one. Raises WrongState
    `proof_read` once it has.
    """
    key = keep_file(document.content)
    try:
        with locks.write_transaction():
            household = locks.lock_household(member.household_id)
            if household.state != STATE.DECLARED and not household.is_moving:
                raise WrongState(trouble("proof_read"))
            old = household.file_key
            put_document(household, document, key)
            household.save()
            if old:
                transaction.on_commit(lambda: drop_file(old))
            note_household("proof given", household, Actor.person(member.user), now)
    except BaseException:
        drop_file(key)
        raise
    return household


def drop_proof(member: HouseholdMember, *, now: datetime) -> None:
    """Delete the paper that waits for the office; without one nothing is done."""
    with locks.write_transaction():
        household = locks.lock_household(member.household_id)
        if household.file_key:
            forget_document(household)
            household.save()
            note_household("proof deleted", household, Actor.person(member.user), now)


# --- Joining and leaving ------------------------------------------------------------------------
def invitation_of(token: str) -> HouseholdInvitation | None:
    """Return the invitation of a link, whatever became of it; None for a forged one."""
    try:
        pk = signing.Signer(salt=HOUSEHOLD_SALT).unsign(token)
    except signing.BadSignature:
        return None
    rows = HouseholdInvitation.objects.select_related("household")
    return rows.filter(pk=int(pk)).first()


def invite_member(
    member: HouseholdMember, *, email: str, language: str, now: datetime
) -> HouseholdInvitation:
    """Ask somebody by mail to join one's household; an earlier link to the same address ends.

    Whether the address has an account isn't told. Raises NotAllowed `in_this_household`,
    `too_many_invitations` past eight a day, three before it is verified; WrongState
    `household_ended`.
    """
    address = email.strip().lower()
    with locks.write_transaction():
        household = open_household(member)
        if household.members.filter(user__email__iexact=address).exists():
            raise NotAllowed(trouble("in_this_household", field="email"))
        sent = HouseholdInvitation.objects.filter(household=household)
        _check_few(member, household, now)
        sent.filter(email=address, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
        invitation = HouseholdInvitation.objects.create(
            household=household,
            email=address,
            language=language,
            invited_by=member.first_name,
            sender=member.user,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
        note_household("person invited", household, Actor.person(member.user), now)
        write_message(
            "household_invitation",
            key=f"household-invitation:{invitation.pk}",
            recipient=address,
            language=language,
            data={"invitation": invitation.pk},
            now=now,
        )
    return invitation


def _check_few(member: HouseholdMember, household: Household, now: datetime) -> None:
    """Refuse to write to many: of this household, or of this person wherever it was before."""
    most = MOST_INVITATIONS_A_DAY if household.is_verified else MOST_BEFORE_VERIFIED
    sent = HouseholdInvitation.objects.filter(
        Q(household=household) | Q(sender=member.user), created_at__gt=now - A_DAY
    )
    if sent.count() >= most:
        raise NotAllowed(trouble("too_many_invitations", count=most))


def is_for(invitation: HouseholdInvitation, user: User) -> bool:
    """Tell whether this person has proved to read the address that was invited."""
    return has_proved(user, invitation.email)


def check_invitation(invitation: HouseholdInvitation, *, now: datetime) -> None:
    """Raise WrongState `invitation_used` or `invitation_ended` for a link that opens nothing."""
    if invitation.accepted_at is not None:
        raise WrongState(trouble("invitation_used"))
    if not invitation.is_open(now) or invitation.household.state == STATE.ENDED:
        raise WrongState(trouble("invitation_ended"))


def accept_invitation(
    invitation: HouseholdInvitation, user: User, newcomer: Newcomer, *, now: datetime
) -> HouseholdMember:
    """Let the person who was invited join the household.

    Raises WrongState `invitation_used` or `invitation_ended`, NotAllowed `invitation_elsewhere`
    for anybody but whom it was sent to, `too_young`, `birthday_odd`, `already_in_household`.
    """
    if not is_for(invitation, user):
        raise NotAllowed(trouble("invitation_elsewhere", email=hidden(invitation.email)))
    _check_age(newcomer, now)
    with locks.write_transaction():
        household = locks.lock_household(invitation.household_id)
        # Under the lock: another tab, or whoever takes it back, may have been first.
        invitation.refresh_from_db()
        invitation.household = household
        check_invitation(invitation, now=now)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        member = _add_member(household, user, newcomer, now)
        note_household("household joined", household, Actor.person(user), now, person=user.pk)
    return member


def withdraw_invitation(member: HouseholdMember, pk: int, *, now: datetime) -> bool:
    """Take a link of one's household back; returns whether it was open until now."""
    with locks.write_transaction():
        household = locks.lock_household(member.household_id)
        is_open = HouseholdInvitation.objects.filter(
            household=household, pk=pk, accepted_at=None, withdrawn_at=None
        ).update(withdrawn_at=now)
        if is_open:
            note_household("invitation withdrawn", household, Actor.person(member.user), now)
    return bool(is_open)


def leave_household(member: HouseholdMember, *, now: datetime) -> None:
    """Leave one's household; with the last of its people it ends, and its days are deleted."""
    with locks.write_transaction():
        household = locks.lock_household(member.household_id)
        actor, person = Actor.person(member.user), member.user_id
        HouseholdMember.objects.filter(pk=member.pk).delete()
        note_household("household left", household, actor, now, person=person)
        if household.state != STATE.ENDED and not household.members.exists():
            _end(household, now)
            household.save()
            note_household("household ended", household, actor, now)


# --- The office ---------------------------------------------------------------------------------
def verify_household(
    household: Household, *, seen: int, note: str = "", actor: Actor, now: datetime
) -> Household:
    """Say that the office knows this household: its members have their card; its paper is deleted.

    `seen` is the key of the commune that was read: a house that is said to be elsewhere meanwhile
    is read first. Raises WrongState `household_moved` for that, or where nothing waits.
    """
    return _decide(
        household, STATE.VERIFIED, (STATE.DECLARED,), note, seen=seen, actor=actor, now=now
    )


def end_household(household: Household, *, note: str, actor: Actor, now: datetime) -> Household:
    """End a household, verified or not: cards count no more, days and paper are deleted.

    Raises WrongState `household_moved` for one that ended already.
    """
    alive = (STATE.DECLARED, STATE.VERIFIED)
    return _decide(household, STATE.ENDED, alive, note, actor=actor, now=now)


def _decide(
    household: Household,
    state: str,
    before: tuple[str, ...],
    note: str,
    *,
    seen: int | None = None,
    actor: Actor,
    now: datetime,
) -> Household:
    with locks.write_transaction():
        fresh = locks.lock_household(household.pk)
        if fresh.state not in before or seen not in {None, fresh.commune_id}:
            raise WrongState(trouble("household_moved"))
        fresh.office_note = note
        if state == STATE.ENDED:
            _end(fresh, now)
        else:
            fresh.state, fresh.verified_at = state, now
            forget_document(fresh)
        fresh.save()
        note_household(f"household {state}", fresh, actor, now)
        tell_members(fresh, state, key=f"household:{fresh.pk}:{state}", now=now)
    return fresh


def tell_members(household: Household, move: str, *, key: str, now: datetime) -> None:
    """Write to each member what the office decided, in the present transaction."""
    for member in household.members.select_related("user"):
        write_message(
            "household_moved",
            key=f"{key}:{member.pk}",
            recipient=member.user.email,
            language=member.language,
            data={"household": household.pk, "move": move, "first_name": member.first_name},
            now=now,
        )


# --- Parts --------------------------------------------------------------------------------------
def _check_age(newcomer: Newcomer, now: datetime) -> None:
    today = day_of(now)
    if not can_be_a_birthday(newcomer.born_on, today):
        raise NotAllowed(trouble("birthday_odd", field="born_on"))
    if not is_old_enough(newcomer.born_on, today):
        raise NotAllowed(trouble("too_young", field="born_on"))


def _add_member(
    household: Household, user: User, newcomer: Newcomer, now: datetime
) -> HouseholdMember:
    """Add somebody who is in no other living household; the database refuses a second one."""
    HouseholdMember.objects.filter(user=user, household__state=STATE.ENDED).delete()
    try:
        with transaction.atomic():
            return HouseholdMember.objects.create(
                household=household,
                user=user,
                first_name=newcomer.first_name,
                language=newcomer.language,
                joined_at=now,
            )
    except IntegrityError as error:
        raise NotAllowed(trouble("already_in_household")) from error


def open_household(member: HouseholdMember) -> Household:
    """Return one's household, locked; raises WrongState `household_ended`."""
    household = locks.lock_household(member.household_id)
    if household.state == STATE.ENDED:
        raise WrongState(trouble("household_ended"))
    return household


def _end(household: Household, now: datetime) -> None:
    """Put an end to a household that is saved afterwards; what was private of it goes."""
    household.state, household.ended_at = STATE.ENDED, now
    household.moving_to = household.moving_asked_at = None
    forget_document(household)
    Presence.objects.filter(household=household).delete()
    HouseholdInvitation.objects.filter(
        household=household, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)


def put_document(household: Household, document: Document, key: str) -> None:
    """Speak of a stored file in a household that is saved afterwards."""
    household.file_key, household.file_name = key, document.name
    household.file_type, household.file_size = document.kind, len(document.content)


def forget_document(household: Household) -> None:
    """Leave no word of the file in a household that is saved afterwards; the file itself goes."""
    old = household.file_key
    household.file_key = household.file_name = household.file_type = ""
    household.file_size = 0
    if old:
        transaction.on_commit(lambda: drop_file(old))


def note_household(
    verb: str, household: Household, actor: Actor, now: datetime, **data: str | int | None
) -> None:
    """Write into the journal what happened to a household, without where its house is."""
    record(verb, f"household:{household.pk}", actor=actor, at=now, **data)
