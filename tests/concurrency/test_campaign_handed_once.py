"""Two workers on one campaign hand each mail over once; a no at that instant is heard.

Both wait for each other where the batch is chosen; the sentinel takes the campaign's lock away, and
the same race finds the same mails twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from booking import locks
from booking.models import Campaign, CampaignMail, OutboxMessage
from booking.relations import campaign_runs, consent
from members.models import LetterAddress
from tests import factories
from tests.booking.relations.knowing import a_guest
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
NAMES = ("anna", "bob", "carl", "dora", "emil", "fred")


@pytest.fixture
def campaign() -> Campaign:
    for name in NAMES:
        a_guest(f"{name}@example.org")
    campaign = factories.a_campaign(now=NOW, state="scheduled", scheduled_at=NOW)
    campaign_runs.begin(campaign.pk, now=NOW)
    return campaign


def hand_over(campaign: Campaign) -> Any:
    return lambda: campaign_runs.hand_over(campaign.pk, now=NOW)


def test_two_workers_hand_each_mail_over_once(campaign: Campaign):
    results = run_together([hand_over(campaign)] * 4)
    assert errors_in(results) == []
    assert sum(results) == len(NAMES)
    recipients = OutboxMessage.objects.values_list("recipient", flat=True)
    assert sorted(recipients) == [f"{one}@example.org" for one in NAMES]


def test_two_workers_begin_it_once():
    for name in NAMES:
        a_guest(f"{name}@example.org")
    campaign = factories.a_campaign(now=NOW, state="scheduled", scheduled_at=NOW)
    results = run_together([lambda: campaign_runs.begin(campaign.pk, now=NOW)] * 3)
    assert errors_in(results) == []
    assert sorted(results) == [0, 0, len(NAMES)]
    assert CampaignMail.objects.count() == len(NAMES)


def test_sentinel_without_the_lock_the_same_mails_are_taken_twice(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_campaign", lambda pk: Campaign.objects.get(pk=pk))
    meeting = Meeting(2)
    look = campaign_runs._reasons

    def met(*args: Any, **kwargs: Any) -> dict[int, str]:
        meeting.wait()
        return look(*args, **kwargs)

    monkeypatch.setattr(campaign_runs, "_reasons", met)
    monkeypatch.setattr(
        locks,
        "lock_letter_addresses",
        lambda ids: LetterAddress.objects.in_bulk(list(ids)),
    )
    results = run_together([hand_over(campaign)] * 2)
    # Each of them believes to have handed all of them over.
    handed = [one for one in results if not isinstance(one, BaseException)]
    assert sum(handed) > len(NAMES) or errors_in(results)


def test_a_no_at_that_instant_is_heard_or_comes_after(campaign: Campaign):
    anna = LetterAddress.objects.get(email="anna@example.org")
    proof = consent.Proof("one_click", "x")
    later = NOW + timedelta(seconds=1)
    results = run_together(
        [
            hand_over(campaign),
            lambda: consent.stop(anna, "offers", proof=proof, now=later),
        ]
    )
    assert errors_in(results) == []
    mail = CampaignMail.objects.get(address=anna)
    assert (mail.state, mail.reason) in {("handed", ""), ("dropped", "said_no")}
    assert not consent.may_write(anna.email, "offers", now=later)
