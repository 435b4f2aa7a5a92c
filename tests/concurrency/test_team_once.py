"""Two owners who remove each other, a link that two tabs accept, a house that two people approve.

Each is decided again under the provider's lock; the sentinel takes it away, and the same race
leaves a house without an owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking import enrolling, locks, papers, team
from booking.refusals import Refusal
from members.journal import Actor
from members.models import Entry, Provider, ProviderRole
from tests import factories
from tests.booking.test_enrolment import submitted
from tests.cast import NOW, TODAY
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
OFFICE = Actor("bureau@example.org")
Action = Callable[..., Any]


@pytest.fixture
def house() -> Provider:
    _owner, house = factories.a_draft()
    ProviderRole.objects.create(user=factories.a_user(), provider=house, role="owner")
    return house


def removing(house: Provider) -> list[Action]:
    roles = list(house.roles.order_by("pk"))
    return [
        lambda role=role: team.remove_member(house, role.pk, actor=OFFICE, now=NOW)
        for role in roles
    ]


def leave_provider_unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "lock_provider", lambda pk: Provider.objects.get(pk=pk))


def meet_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Make both rivals meet once each has looked and neither has written."""
    meeting = Meeting(2)
    step = getattr(module, name)

    def run(*args: Any, **kwargs: Any) -> Any:
        found = step(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(module, name, run)


def test_two_owners_who_remove_each_other_leave_one(house: Provider):
    results = run_together(removing(house))
    assert len([one for one in errors_in(results) if isinstance(one, Refusal)]) == 1
    assert house.roles.count() == 1


def test_sentinel_without_the_lock_nobody_owns_it(house: Provider, monkeypatch: pytest.MonkeyPatch):
    leave_provider_unlocked(monkeypatch)
    meet_after(monkeypatch, team, "_keep_an_owner")
    run_together(removing(house))
    assert house.roles.count() == 0


def test_link_that_two_tabs_accept_counts_once(house: Provider):
    person = factories.a_verified_address(factories.a_user("bea@example.org"))
    sent = team.invite(
        house, email=person.email, role="staff", language="fr", actor=OFFICE, now=NOW
    )

    def accept() -> Any:
        return team.accept_invitation(type(sent).objects.get(pk=sent.pk), person, now=NOW)

    results = run_together([accept, accept])
    assert len(errors_in(results)) == 1
    assert Entry.objects.filter(verb="access given").count() == 1


@pytest.fixture
def sent(settings: Any, tmp_path: Any) -> Provider:
    """Return a house whose papers are complete, sent to the office."""
    settings.PRIVATE_ROOT = tmp_path
    return submitted()[1]


def approving(house: Provider) -> Action:
    seen = papers.mark_of(house)
    return lambda: enrolling.approve_house(house, seen=seen, actor=OFFICE, now=NOW)


def test_house_is_approved_once(sent: Provider):
    results = run_together([approving(sent), approving(sent)])
    assert len(errors_in(results)) == 1
    assert Entry.objects.filter(verb="enrolment approved").count() == 1


def test_house_is_never_approved_without_a_document_that_is_deleted_meanwhile(sent: Provider):
    def delete() -> None:
        papers.drop_document(sent, "insurance", actor=OFFICE, now=NOW)

    run_together([approving(sent), delete])
    sent.refresh_from_db()
    is_whole = papers.is_complete(papers.checklist(sent, today=TODAY))
    accepted = sent.papers.filter(code="insurance", review="accepted").exists()
    # Approved before the deletion, its document was accepted then; after it, it isn't approved.
    assert not is_whole
    assert not (accepted and sent.enrolment == "approved")
    approved = Entry.objects.filter(verb="enrolment approved").order_by("pk").first()
    deleted = Entry.objects.get(verb="document deleted")
    assert approved is None or approved.pk < deleted.pk
