"""A person asks to be forgotten: what is about them goes, what the law keeps has no name any more.

Domain.md §8.1, RGPD art. 17. Invoices and their ledger stay ten years (C. com. L123-22), contracts
of 120 € and more ten years (C. conso. L213-1), others five: under a pseudonym. A keyed fingerprint
of the address remembers that nobody writes to it. What becomes of each table is in
`personal_data.TABLES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower

from booking import households, locks
from booking.models import (
    Basket,
    BookingRequest,
    CareSheet,
    Complaint,
    FollowUp,
    GatewayEvent,
    GuestImport,
    GuestImportRow,
    LineAnswer,
    Meeting,
    Order,
    OrderLine,
    OutboxMessage,
    Participant,
    Payment,
    Refund,
    Review,
    ReviewReport,
    Survey,
    Talk,
)
from booking.refusals import Trouble, WrongState, trouble
from booking.relations.consent import mark_of
from booking.relations.gift_claims import forget_gifts
from booking.relations.merging import records_of
from booking.relations.missions import give_back_all
from booking.relations.personal_data import Subject
from booking.rules import meetings as meeting_rules
from booking.rules import states
from members.journal import VISITOR, Actor, record
from members.models import (
    AccountWarning,
    Customer,
    CustomerAddress,
    CustomerIdentity,
    CustomerMerge,
    CustomerNote,
    Entry,
    ErasedAddress,
    FormerMember,
    Greeter,
    HouseholdInvitation,
    Invitation,
    LetterAddress,
    ProviderRole,
    User,
)
from members.rules import enrolment
from members.rules.customers import NOBODY

# For as long as a bank may still come back to a contested payment.
DISPUTED_FOR = timedelta(days=180)
WAITING = (OutboxMessage.State.WAITING, OutboxMessage.State.SENDING)


def hindrances(subject: Subject, *, now: datetime) -> list[Trouble]:
    """Return why a person can't be erased yet, each with what to do; none where they can."""
    return list(_hindrances(subject, list(subject.orders()), now=now))


def erase(subject: Subject, *, actor: Actor = VISITOR, now: datetime) -> None:
    """Erase a person; again is the same. Leaves the household first, in a transaction of its own.

    An account is closed with it and its sessions end: there is no other way to close one. `actor`
    is a part of the system: a person's address would stay in the journal. Locks their orders,
    families, records and addresses. Raises WrongState `erase_sign_in`, `erase_works_here`,
    `erase_owns_house`, `erase_in_house`, `erase_stay_to_come`, `erase_request_open`,
    `erase_refund_open`, `erase_dispute`, `erase_complaint_open`, `erase_meeting_to_come`, all that
    apply; Busy.
    """
    found = hindrances(subject, now=now)
    if found:
        raise WrongState(*found)
    member = subject.household_member()
    if member is not None:
        households.leave_household(member, now=now)
    with locks.write_transaction():
        # One by one, in their order: a booking under way is waited for.
        orders = [locks.lock_order(pk) for pk in subject.orders().values_list("pk", flat=True)]
        found = list(_hindrances(subject, orders, now=now))
        if found:
            raise WrongState(*found)
        _erase_orders(orders)
        _erase_asked(subject, now=now)
        _erase_words(orders, subject)
        _erase_records(subject, now=now)
        _erase_mails(subject, orders)
        if subject.user is not None:
            _close_account(subject.user)
            account = f"user:{subject.user.pk}"
            record("account closed", account, actor=actor, at=now)
        record("person erased", "person:erased", actor=actor, at=now, orders=len(orders))


def _hindrances(subject: Subject, orders: Sequence[Order], *, now: datetime) -> Iterator[Trouble]:
    user = subject.user
    if subject.has_account:
        yield trouble("erase_sign_in")
    if user is not None:
        yield from _work_of(user)
    waiting = [one for one in orders if one.state == states.AWAITING_PAYMENT]
    to_come = OrderLine.objects.filter(order__in=orders, state=states.SOLD, ends_at__gt=now)
    line = to_come.select_related("order").order_by("starts_at").first()
    if line is not None or waiting:
        order = line.order if line is not None else waiting[0]
        yield trouble("erase_stay_to_come", reference=order.reference)
    open_states = [states.REQUESTED, states.ACCEPTED]
    asked = subject.requests().filter(state__in=open_states, order=None)
    if asked.exists():
        yield trouble("erase_request_open")
    refund = Refund.objects.filter(payment__order__in=orders).exclude(state=states.DONE).first()
    if refund is not None:
        yield trouble("erase_refund_open")
    since = now - DISPUTED_FOR
    if Payment.objects.filter(order__in=orders, disputed_at__gt=since).exists():
        yield trouble("erase_dispute")
    if Complaint.objects.filter(order__in=orders, answered_at=None).exists():
        yield trouble("erase_complaint_open")
    greeter = subject.greeter()
    mine = subject.meetings()
    if greeter is not None:
        mine = mine | Meeting.objects.filter(greeter=greeter)
    over = (meeting_rules.DONE, meeting_rules.NOBODY, meeting_rules.CANCELLED)
    if mine.exclude(state__in=over).exists():
        yield trouble("erase_meeting_to_come")


def _work_of(user: User) -> Iterator[Trouble]:
    """Say what a person hands over first: the desk, and each house, by its name."""
    if user.is_staff or user.is_superuser or user.groups.exists():
        yield trouble("erase_works_here")
    owner = ProviderRole.Role.OWNER
    others = ProviderRole.objects.filter(provider=OuterRef("provider"), role=owner)
    roles = ProviderRole.objects.filter(user=user).select_related("provider")
    alone = ~Exists(others.exclude(user=user))
    for role in roles.annotate(is_alone=alone).order_by("provider__name", "pk"):
        is_last = role.role == owner and role.is_alone
        code = "erase_owns_house" if is_last else "erase_in_house"
        yield trouble(code, house=role.provider.name)


def _erase_orders(orders: Sequence[Order]) -> None:
    """Leave the skeleton of what was bought: sums, days, ages at arrival."""
    for order in orders:
        order.first_name, order.last_name = "", f"#{order.pk}"
        order.email = order.phone = order.needs = order.letters = ""
        order.user = order.arrival_time = None
        order.save()
    CareSheet.objects.filter(line__order__in=orders).delete()
    Participant.objects.filter(order__in=orders).update(first_name="", last_name="")
    Talk.objects.filter(order__in=orders).delete()
    _erase_reasons(orders)
    _erase_bank_messages(orders)


def _erase_reasons(orders: Sequence[Order]) -> None:
    """Forget why something was cancelled: a guest may have written it, of its health too."""
    Refund.objects.filter(payment__order__in=orders).exclude(reason="").update(reason="—")
    told = Entry.objects.filter(subject__in=[f"order:{one.reference}" for one in orders])
    entries = list(told.filter(data__has_key="reason"))
    for one in entries:
        one.data = {**one.data, "reason": ""}
    Entry.objects.bulk_update(entries, ["data"])


def _erase_bank_messages(orders: Sequence[Order]) -> None:
    """Empty what the bank told of them and is understood: it repeats names and addresses."""
    payments = Payment.objects.filter(order__in=orders)
    refunds = Refund.objects.filter(payment__in=payments)
    numbers = {
        number
        for row in payments.values_list("session_id", "payment_intent_id", "charge_id")
        for number in row
    }
    numbers |= set(refunds.values_list("gateway_id", flat=True))
    told = GatewayEvent.objects.filter(object_id__in=numbers - {""})
    told.exclude(processed_at=None).update(payload={})
    payments.update(url="", card_key="")


def _erase_asked(subject: Subject, *, now: datetime) -> None:
    nothing = dict.fromkeys(
        ("first_name", "last_name", "email", "phone", "needs", "user_agent"), ""
    )
    for asked in subject.requests():
        people = [{**one, **_nameless(one)} for one in asked.people]
        BookingRequest.objects.filter(pk=asked.pk).update(
            **nothing, user=None, ip=None, people=people
        )
    for meeting in subject.meetings():
        meeting.messages.all().delete()
        meeting.first_name = meeting.email = meeting.phone = meeting.words = ""
        meeting.visitor_words = meeting.greeter_words = ""
        meeting.user, meeting.ages = None, []
        meeting.forgotten_at = meeting.forgotten_at or now
        meeting.save()
        OutboxMessage.objects.filter(key__startswith=f"meeting:{meeting.code}:").delete()
    _erase_inviting(subject, now=now)
    greeter = subject.greeter()
    if greeter is not None:
        Greeter.objects.filter(pk=greeter.pk).update(
            first_name=f"#{greeter.pk}",
            slug=f"erased-{greeter.pk}",
            about="",
            places="",
            phone="",
            photo=None,
            portrait="",
            pending={},
            remarks={},
            office_note="",
            state=enrolment.SUSPENDED,
            is_paused=True,
        )
        greeter.signatures.update(signed_name=f"#{greeter.pk}")


def _erase_inviting(subject: Subject, *, now: datetime) -> None:
    """End what an ambassador was; thanks that were earned are nobody's any more."""
    ambassador = subject.ambassador()
    if ambassador is None:
        return
    row = locks.lock_ambassador(ambassador.pk)
    row.ended_at = row.ended_at or now
    row.first_name, row.signed_name = f"#{row.pk}", f"#{row.pk}"
    row.page, row.draft, row.office_note, row.ended_reason = {}, {}, "", ""
    row.save()
    give_back_all(row, now=now)
    row.missions.update(words="", office_note="")
    row.referrals.update(note="")


def _nameless(person: dict[str, object]) -> dict[str, str]:
    return {name: "" for name in ("first_name", "last_name", "name") if name in person}


def _erase_words(orders: Sequence[Order], subject: Subject) -> None:
    """Take words and names off what was said; scores stay, of nobody who can be named."""
    surveys = Survey.objects.filter(order__in=orders)
    FollowUp.objects.filter(survey__in=surveys).delete()
    answers = LineAnswer.objects.filter(survey__in=surveys)
    Review.objects.filter(answer__in=answers).update(first_name="", words="")
    # An answer says something: one without a score is words alone.
    answers.filter(score=None).delete()
    answers.update(words="")
    surveys.update(words="", may_publish=False)
    complaints = Complaint.objects.filter(order__in=orders)
    complaints.update(words="—")
    complaints.exclude(answer="").update(answer="—")
    if subject.user is not None:
        ReviewReport.objects.filter(user=subject.user).delete()


def _erase_records(subject: Subject, *, now: datetime) -> None:
    """Empty the office's records, and the addresses; nobody writes to these again."""
    # Who writes rows of theirs ends first, or finds none: they would be known again. A file that
    # is still being read may name them too.
    names = Q(rows__email__in=subject.emails) | Q(state=GuestImport.State.UNREAD)
    theirs = GuestImport.objects.filter(names)
    for pk in sorted(set(theirs.values_list("pk", flat=True))):
        locks.lock_guest_import(pk)
    people = list(subject.customers())
    ids = sorted({pk for one in people for pk in records_of(one)})
    locks.lock_families({one.family_id for one in people})
    locks.lock_customers(ids)
    CustomerNote.objects.filter(customer__in=ids).delete()
    # Why records were merged or families joined may say more than it should.
    Entry.objects.filter(subject__in=[f"customer:{pk}" for pk in ids]).update(data={})
    CustomerMerge.objects.filter(Q(kept__in=ids) | Q(gone__in=ids)).update(reason="—")
    Customer.objects.filter(pk__in=ids).update(
        first_name="", last_name="", phone="", postal_code="", country="", erased_at=now
    )
    known = CustomerAddress.objects.filter(email__in=subject.emails).order_by("email")
    for email in known.values_list("email", flat=True):
        address = locks.lock_customer_address(email)
        for identity in address.identities.all():
            CustomerIdentity.objects.filter(pk=identity.pk).update(name_key=f"#{identity.pk}")
        address.email = f"{address.pk}@{NOBODY}"
        address.save(update_fields=["email"])
    forget_gifts(ids, subject.emails, now=now)
    GuestImportRow.objects.filter(email__in=subject.emails).delete()
    LetterAddress.objects.filter(email__in=subject.emails).delete()
    ErasedAddress.objects.bulk_create(
        [ErasedAddress(mark=mark_of(one), at=now) for one in sorted(subject.emails)],
        ignore_conflicts=True,
    )


def _erase_mails(subject: Subject, orders: Sequence[Order]) -> None:
    # Addresses stand there as they were typed.
    sent = OutboxMessage.objects.annotate(address=Lower("recipient"))
    found = sent.filter(Q(order__in=orders) | Q(address__in=subject.emails))
    hosts_too = OutboxMessage.objects.filter(pk__in=list(found.values_list("pk", flat=True)))
    hosts_too.filter(state__in=WAITING).update(state=OutboxMessage.State.DROPPED)
    hosts_too.update(recipient="", data={}, last_error="", message_id="")
    of_them = Q(email__in=subject.emails)
    HouseholdInvitation.objects.filter(of_them).delete()
    Invitation.objects.filter(of_them).delete()


def _close_account(user: User) -> None:
    """Close an account: nobody signs in with it, nothing names its owner."""
    Basket.objects.filter(user=user).update(user=None)
    EmailAddress.objects.filter(user_id=user.pk).delete()
    Authenticator.objects.filter(user_id=user.pk).delete()
    SocialAccount.objects.filter(user_id=user.pk).delete()
    FormerMember.objects.filter(user=user).delete()
    AccountWarning.objects.filter(user=user).delete()
    HouseholdInvitation.objects.filter(sender=user).update(invited_by="", sender=None)
    Entry.objects.filter(actor=user).update(actor_label=f"account {user.pk}")
    user.email = f"account-{user.pk}@{NOBODY}"
    user.first_name = user.last_name = ""
    user.is_active = False
    user.set_unusable_password()
    # What a session knows of the account counts no more, on any device.
    user.sessions_ended = F("sessions_ended") + 1
    user.save()
    user.refresh_from_db(fields=["sessions_ended"])
