"""Who gave no sign of life for years is forgotten: warned first, nobody who is still here."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from booking.models import Order, OutboxMessage, PastStay, Referral
from booking.refusals import trouble
from booking.relations import forgetting
from booking.relations.conversation import NoteInput, finish_note, write_note
from booking.relations.customers import identity_of
from booking.relations.forgetting import (
    empty_accounts,
    forget_guests,
    forget_imported,
    forget_notes,
    warn_accounts,
)
from booking.relations.guest_imports import confirm_import, write_imports
from booking.relations.merging import merge_customers
from booking.tasks import forget_guests as task
from members.journal import SYSTEM
from members.models import AccountWarning, Customer, CustomerAddress, CustomerNote, Entry, User
from tests import factories
from tests.booking.relations.inviting import a_friends_stay, an_ambassador
from tests.booking.relations.stays import past_stay
from tests.booking.relations.test_guest_imports import read
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
BY = {"actor": SYSTEM, "now": NOW}
LONG_AFTER = NOW + timedelta(days=3 * 365 + 40)


def an_account(email: str, **more: object) -> User:
    user = factories.a_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=True)
    User.objects.filter(pk=user.pk).update(
        **{"date_joined": NOW - timedelta(days=1200), "last_login": None, **more}
    )
    return user


def test_unused_account_is_warned_once_then_emptied():
    user = an_account("old@example.org")
    used = an_account("used@example.org", last_login=NOW - timedelta(days=900))
    office = an_account("office@example.org")
    office.groups.add(factories.the_office())
    assert warn_accounts(now=NOW) == 1
    assert warn_accounts(now=NOW) == 0
    message = OutboxMessage.objects.get(kind="account_unused")
    assert message.recipient == user.email
    assert empty_accounts(now=NOW + timedelta(days=29)) == 0
    assert empty_accounts(now=NOW + timedelta(days=31)) == 1
    user.refresh_from_db()
    assert not user.is_active
    assert User.objects.filter(pk__in=[used.pk, office.pk], is_active=True).count() == 2
    assert empty_accounts(now=NOW + timedelta(days=32)) == 0


def test_who_booked_lately_without_signing_in_is_not_emptied(bank: FakeBank):
    order = past_stay(bank)
    an_account(order.email.upper())
    assert order.user is None
    assert warn_accounts(now=NOW + timedelta(days=30)) == 0
    assert warn_accounts(now=LONG_AFTER) == 1


def test_who_signs_in_after_the_warning_keeps_the_account():
    user = an_account("old@example.org")
    warn_accounts(now=NOW)
    User.objects.filter(pk=user.pk).update(last_login=NOW + timedelta(days=3))
    assert empty_accounts(now=NOW + timedelta(days=40)) == 0
    assert not AccountWarning.objects.exists()
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize(("days", "warned"), [(None, 0), (900, 0), (1200, 1)])
def test_thanks_that_is_owed_keeps_an_account_as_long_as_any(bank, at, days, warned: int):
    at(NOW)
    user = an_account("old@example.org", last_login=None)
    a_friends_stay(bank, an_ambassador(user))
    earned = days and NOW - timedelta(days=days)
    Referral.objects.update(state="earned" if days else "pending", earned_at=earned)
    assert warn_accounts(now=NOW) == warned


def test_what_hinders_waits_and_hides_nobody(monkeypatch: pytest.MonkeyPatch):
    first, second = an_account("a@example.org"), an_account("b@example.org")
    warn_accounts(now=NOW)
    monkeypatch.setattr(
        "booking.relations.erasing._hindrances",
        lambda subject, orders, now: iter(
            [trouble("erase_refund_open")] if subject.user.pk == first.pk else []
        ),
    )
    assert empty_accounts(now=NOW + timedelta(days=31)) == 1
    assert User.objects.get(pk=first.pk).is_active
    assert not User.objects.get(pk=second.pk).is_active


def test_guest_of_a_file_who_never_came_back_is_deleted(monkeypatch: pytest.MonkeyPatch):
    head = read(
        "gone@example.org;Paul;Blanc;01/08/2026;;\n"
        "merged@example.org;Paul;Blanc;01/08/2026;;\n"
        "buyer@example.org;Rose;Blanc;01/08/2026;;\n"
    )
    confirm_import(head, **BY)
    write_imports(now=NOW)
    people = {one.identities.get().address.email: one for one in Customer.objects.order_by("pk")}
    merge_customers(people["gone@example.org"], people["merged@example.org"], "x", **BY)
    known = identity_of("known@example.org", first_name="Zoé", last_name="Noir", now=NOW)
    assert forget_imported(now=NOW + timedelta(days=300)) == 0
    PastStay.objects.create(
        source="imported",
        guest_import=head,
        identity=people["buyer@example.org"].identities.get(),
        first_day=LONG_AFTER.date() - timedelta(days=9),
        last_day=LONG_AFTER.date() - timedelta(days=9),
        kept_at=LONG_AFTER,
    )
    other = people["merged@example.org"]
    note = CustomerNote.objects.create(
        customer=other, channel="phone", text="x", happened_on=LONG_AFTER, written_at=LONG_AFTER
    )
    assert forget_imported(now=LONG_AFTER) == 0
    note.delete()
    # Told of again by a file while the round reads.
    person, silent = people["gone@example.org"], forgetting._silent
    monkeypatch.setattr(forgetting, "_silent", lambda now: silent(now).none())
    assert forgetting._delete(person, now=LONG_AFTER) == 0
    monkeypatch.undo()
    assert forget_imported(now=LONG_AFTER) == 1
    assert not Entry.objects.filter(data__reason="x").exists()
    assert set(Customer.objects.values_list("pk", flat=True)) == {
        people["buyer@example.org"].pk,
        known.customer_id,
    }
    assert not CustomerAddress.objects.filter(email__in=["gone@example.org", "merged@example.org"])
    assert not Order.objects.exists()


def test_old_notes_go_but_those_that_wait():
    person = identity_of("a@example.org", first_name="Anne", last_name="Noir", now=NOW).customer
    day = NOW.date()
    write_note(person, NoteInput("phone", "Likes lace", day), **BY)
    asked = write_note(person, NoteInput("phone", "A train?", day, is_question=True), **BY)
    done = write_note(person, NoteInput("phone", "A bus?", day, is_question=True), **BY)
    finish_note(done, "Yes", **BY)
    assert forget_notes(now=NOW + timedelta(days=1000)) == 0
    assert forget_notes(now=LONG_AFTER) == 2
    assert CustomerNote.objects.get() == asked


def test_each_night_all_of_it():
    assert set(forget_guests(now=NOW).values()) == {0}
    task()
