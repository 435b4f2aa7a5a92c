"""Who works for a house: invited by mail, made an owner, removed; a house keeps one owner.

A link is signed and names its row, which says once and until when it counts: nothing that opens
anything is kept in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core import signing
from django.db.models import Q

from booking import locks
from booking.emails import INVITATION_SALT
from booking.messages import write_message
from booking.models import NoticeChoice
from booking.refusals import NotAllowed, WrongState, trouble
from members.addresses import has_proved, verified_addresses
from members.journal import Actor, record
from members.models import FormerMember, Invitation, Provider, ProviderRole, User
from members.rules.enrolment import APPROVED

LINK_LIFE = timedelta(days=14)
A_DAY = timedelta(days=1)
MOST_A_DAY = 20
# Anybody may open a house: until the office has read it, it writes to few.
MOST_BEFORE_APPROVAL = 3
OWNER = ProviderRole.Role.OWNER


# --- Invitations --------------------------------------------------------------------------------
def invitation_of(token: str) -> Invitation | None:
    """Return the invitation of a link, whatever became of it; None for a forged or foreign one."""
    try:
        pk = signing.Signer(salt=INVITATION_SALT).unsign(token)
    except signing.BadSignature:
        return None
    return Invitation.objects.select_related("provider").filter(pk=int(pk)).first()


def invite(
    provider: Provider, *, email: str, role: str, language: str, actor: Actor, now: datetime
) -> Invitation:
    """Ask somebody by mail to work for a house; an earlier link to the same address ends.

    Raises NotAllowed `already_in_team`, `too_many_invitations` past twenty a day, three before the
    house is approved.
    """
    address = email.strip().lower()
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        known = User.objects.filter(
            Q(email__iexact=address)
            | Q(emailaddress__email__iexact=address, emailaddress__verified=True)
        )
        if house.roles.filter(user__in=known).exists():
            raise NotAllowed(trouble("already_in_team", field="email"))
        sent = Invitation.objects.filter(provider=house)
        most = MOST_A_DAY if house.enrolment == APPROVED else MOST_BEFORE_APPROVAL
        if sent.filter(created_at__gt=now - A_DAY).count() >= most:
            raise NotAllowed(trouble("too_many_invitations", count=most))
        sent.filter(email=address, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
        invitation = Invitation.objects.create(
            provider=house,
            email=address,
            role=role,
            language=language,
            invited_by=actor.label,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
        # Whose address it is stands in the invitation, and goes with it.
        _note("person invited", house, actor, now, invitation=invitation.pk, role=role)
        write_message(
            "team_invitation",
            key=f"invitation:{invitation.pk}",
            recipient=address,
            language=language,
            data={"invitation": invitation.pk},
            now=now,
        )
    return invitation


def check_invitation(invitation: Invitation, *, now: datetime) -> None:
    """Raise WrongState `invitation_used` or `invitation_ended` for a link that opens nothing."""
    if invitation.accepted_at is not None:
        raise WrongState(trouble("invitation_used"))
    if not invitation.is_open(now):
        raise WrongState(trouble("invitation_ended"))


def is_for(invitation: Invitation, user: User) -> bool:
    """Tell whether this person has proved to read the address that was invited."""
    return has_proved(user, invitation.email)


def accept_invitation(invitation: Invitation, user: User, *, now: datetime) -> ProviderRole:
    """Let the person who was invited work for the house; returns what it may do there.

    Raises WrongState `invitation_used` or `invitation_ended`, NotAllowed `invitation_elsewhere`
    for anybody but whom it was sent to.
    """
    if not is_for(invitation, user):
        raise NotAllowed(trouble("invitation_elsewhere", email=hidden(invitation.email)))
    with locks.write_transaction():
        house = locks.lock_provider(invitation.provider_id)
        # Under the lock: another tab, or whoever takes it back, may have been first.
        invitation.refresh_from_db()
        check_invitation(invitation, now=now)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        role, is_new = ProviderRole.objects.get_or_create(
            user=user, provider=house, defaults={"role": invitation.role}
        )
        if not is_new and invitation.role == OWNER and role.role != OWNER:
            role.role = OWNER
            role.save(update_fields=["role"])
        FormerMember.objects.filter(user=user, provider=house).delete()
        _note("access given", house, Actor.person(user), now, person=user.pk, role=role.role)
    return role


def withdraw_invitation(invitation: Invitation, *, actor: Actor, now: datetime) -> None:
    """Take a link back; one that was accepted or has ended stays as it is."""
    with locks.write_transaction():
        house = locks.lock_provider(invitation.provider_id)
        is_open = Invitation.objects.filter(
            pk=invitation.pk, accepted_at=None, withdrawn_at=None
        ).update(withdrawn_at=now)
        if is_open:
            _note("invitation withdrawn", house, actor, now, invitation=invitation.pk)


def hidden(email: str) -> str:
    """Return an address that only who knows it recognises: « a•••@example.org »."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}•••@{host}"


# --- The team -----------------------------------------------------------------------------------
def remove_member(provider: Provider, role_id: int, *, actor: Actor, now: datetime) -> User:
    """End somebody's access, one's own too; returns who it was. It counts at once.

    A house told by SMS is told by mail from then on: nothing says whose number it gave, and an
    owner chooses another one.
    Raises NotAllowed `last_owner`, WrongState `not_in_team` for one who is gone already.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        role = _role(house, role_id)
        _keep_an_owner(house, without=role)
        person = role.user
        role.delete()
        _end_links(house, person, now=now)
        _leave_no_mail(house, person, actor=actor, now=now)
        _leave_no_sms(house, actor=actor, now=now)
        FormerMember.objects.update_or_create(
            user=person, provider=house, defaults={"ended_at": now}
        )
        _note("access removed", house, actor, now, person=person.pk)
    return person


def change_role(
    provider: Provider, role_id: int, role: str, *, actor: Actor, now: datetime
) -> ProviderRole:
    """Make somebody an owner, or no longer one. Raises as `remove_member`."""
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        held = _role(house, role_id)
        if role != OWNER:
            _keep_an_owner(house, without=held)
            # A link that made an owner would undo it.
            _end_links(house, held.user, now=now)
        held.role = role
        held.save(update_fields=["role"])
        _note("access changed", house, actor, now, person=held.user_id, role=role)
    return held


def _addresses(person: User) -> set[str]:
    return {one.lower() for one in (person.email, *verified_addresses(person)) if one}


def _end_links(house: Provider, person: User, *, now: datetime) -> None:
    """Take back every open invitation of somebody, whichever of its addresses it went to."""
    Invitation.objects.filter(
        provider=house, email__in=_addresses(person), accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)


def _leave_no_mail(house: Provider, person: User, *, actor: Actor, now: datetime) -> None:
    """Send the house's mails to an owner where they went to somebody who works there no more."""
    if house.email.lower() not in _addresses(person):
        return
    owners = house.roles.filter(role=OWNER).exclude(user=person).select_related("user")
    heir = owners.order_by("pk").first()
    if heir is None:
        return
    house.email = heir.user.email
    house.save(update_fields=["email"])
    _note("mails go to an owner", house, actor, now, person=heir.user_id)


def _leave_no_sms(house: Provider, *, actor: Actor, now: datetime) -> None:
    """Forget the number of a house that is texted: it may be of somebody who works there no more.

    A number kept beside « by mail » goes too, so that nobody chooses it again unread.
    """
    told = NoticeChoice.objects.filter(provider=house).exclude(phone="")
    if told.update(way=NoticeChoice.Way.MAIL, phone="", updated_at=now):
        _note("notices chosen", house, actor, now, way=NoticeChoice.Way.MAIL.value)


def _role(house: Provider, role_id: int) -> ProviderRole:
    role = house.roles.select_related("user").filter(pk=role_id).first()
    if role is None:
        raise WrongState(trouble("not_in_team"))
    return role


def _keep_an_owner(house: Provider, *, without: ProviderRole) -> None:
    if without.role == OWNER and not house.roles.filter(role=OWNER).exclude(pk=without.pk).exists():
        raise NotAllowed(trouble("last_owner"))


def _note(verb: str, house: Provider, actor: Actor, now: datetime, **data: str | int) -> None:
    record(verb, f"provider:{house.pk}", actor=actor, at=now, **data)


def team_of(provider: Provider) -> Sequence[ProviderRole]:
    """Return who works for a house, owners first."""
    return list(provider.roles.select_related("user").order_by("role", "user__email"))
