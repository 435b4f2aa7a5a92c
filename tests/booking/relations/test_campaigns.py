"""Campaigns: written, planned, handed over once, halted, and what becomes of them (L03)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives

from booking.emails import compose
from booking.messages import drain_outbox
from booking.models import Campaign, CampaignMail, Order, OutboxMessage
from booking.refusals import BadInput, WrongState
from booking.relations import campaigns, consent
from booking.relations.campaign_results import results_of
from booking.relations.campaign_runs import run_campaigns
from booking.relations.campaigns import CampaignInput, save_campaign
from booking.rules.campaigns import Words
from booking.rules.segments import Segment
from members.journal import SYSTEM
from members.models import Entry, LetterAddress, LetterChoice
from tests import factories
from tests.booking.relations.knowing import a_guest, an_order, had_a_letter, says
from tests.cast import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
FRENCH = Words("Le Velay en mars", "En mars", "Venez voir.\n\nC'est calme.", "Voir")
GERMAN = Words("Das Velay im März", "Im März", "Kommen Sie.", "Sehen")
PROOF = consent.Proof("one_click", "x")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def given(**fields) -> CampaignInput:
    values = {
        "title": "Mars",
        "kind": "letter",
        "purpose": "offers",
        "segment": Segment(),
        "texts": {"fr": FRENCH},
        "button_path": "/fr/dormir/",
        **fields,
    }
    return CampaignInput(**values)


def written(**fields) -> Campaign:
    return save_campaign(None, given(**fields), actor=SYSTEM, now=NOW)


def planned(**fields) -> Campaign:
    campaign = written(**fields)
    campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=NOW)
    return campaigns.plan(campaign.pk, NOW, actor=SYSTEM, now=NOW)


def guests(*names: str, **fields) -> None:
    for name in names:
        a_guest(f"{name}@example.org", **fields)


def mailed() -> set[str]:
    rows = OutboxMessage.objects.filter(kind="campaign")
    return {one.split("@")[0] for one in rows.values_list("recipient", flat=True)}


def dropped() -> dict[str, str]:
    rows = CampaignMail.objects.filter(state="dropped").select_related("address")
    return {one.address.email.split("@")[0] if one.address else "": one.reason for one in rows}


# --- Writing ----------------------------------------------------------------------------------
def test_a_campaign_goes_to_everybody_once(mailoutbox):
    guests("anna", "bob")
    guests("gerd", language="de")
    campaign = planned(texts={"fr": FRENCH, "de": GERMAN})
    assert run_campaigns(now=NOW) == 3
    assert run_campaigns(now=NOW + MINUTE) == 0
    campaign.refresh_from_db()
    assert campaign.state == "sent"
    assert campaign.ended_at is not None

    drain_outbox(now=NOW + MINUTE)
    drain_outbox(now=NOW + 10 * MINUTE)
    assert sorted(one.to[0] for one in mailoutbox) == [
        "anna@example.org",
        "bob@example.org",
        "gerd@example.org",
    ]
    by_reader = {one.to[0]: one for one in mailoutbox}
    assert by_reader["gerd@example.org"].subject == "Das Velay im März"
    anna = by_reader["anna@example.org"]
    assert anna.subject == "Le Velay en mars"
    token = LetterAddress.objects.get(email="anna@example.org").token
    assert anna.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"/desabonnement/{token}/offers/" in anna.extra_headers["List-Unsubscribe"]
    page = anna.alternatives[0][0]
    for part in (anna.body, page):
        assert f"/desabonnement/{token}/offers/" in part
        assert "CLEDULECTEUR" not in part
        assert "/fr/dormir/" in part
        assert "est calme." in part
    # No picture that tells who opened it, no link that tells who followed it.
    assert "<img" not in page


def test_who_reads_no_language_of_it_gets_english_else_french():
    guests("gerd", language="de")
    guests("piet", language="nl")
    guests("anna")
    half = Words("Nur Betreff", "", "", "")
    plain = Words("En mars", "En mars", "Venez.")
    campaign = planned(
        texts={"fr": plain, "en": Words("In March", "March", "Come.")}, button_path=""
    )
    # Written by hand, half of a language is nobody's.
    campaign.texts["de"] = {"subject": half.subject}
    campaign.save()
    run_campaigns(now=NOW)
    rows = OutboxMessage.objects.values_list("recipient", "language")
    assert dict(rows) == {
        "gerd@example.org": "en",
        "piet@example.org": "en",
        "anna@example.org": "fr",
    }
    mail = compose(OutboxMessage.objects.get(language="en", recipient="gerd@example.org"))
    assert mail.subject == "In March"


def test_what_a_draft_lacks_is_said_at_once():
    closed = factories.a_lodging(state="archived")
    campaign = written(
        texts={"en": Words("Only a subject")}, button_path="/fr/", offers=(closed.pk,)
    )
    with pytest.raises(BadInput) as refused:
        campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=NOW)
    assert [one.code for one in refused.value.troubles] == [
        "campaign_no_french",
        "campaign_half",
        "campaign_button_apart",
        "campaign_offer_closed",
        "campaign_nobody",
    ]
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"purpose": "survey"}, "campaign_purpose"),
        ({"purpose": "news", "kind": "quiet"}, "campaign_purpose"),
        ({"button_path": "https://else.example"}, "campaign_button"),
        ({"button_path": "//else.example"}, "campaign_button"),
        ({"button_path": '/a"b'}, "campaign_button"),
        ({"rate": 0}, "campaign_rate"),
        ({"rate": 10**6}, "campaign_rate"),
        ({"offers": (1, 2, 3, 4, 5)}, "campaign_too_many"),
    ],
)
def test_bad_input_writes_nothing(fields, code):
    with pytest.raises(BadInput) as refused:
        written(**fields)
    assert refused.value.code == code
    assert not Campaign.objects.exists()


def test_what_has_begun_is_written_no_more():
    guests("anna")
    campaign = planned()
    run_campaigns(now=NOW)
    with pytest.raises(WrongState):
        save_campaign(campaign.pk, given(title="Other"), actor=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        campaigns.move(campaign.pk, "rewrite", actor=SYSTEM, now=NOW)


def test_a_planned_one_waits_for_its_moment_and_may_be_written_again():
    guests("anna")
    campaign = written()
    campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=NOW)
    with pytest.raises(BadInput) as refused:
        campaigns.plan(campaign.pk, NOW - MINUTE, actor=SYSTEM, now=NOW)
    assert refused.value.code == "in_the_past"
    campaigns.plan(campaign.pk, NOW + timedelta(days=1), actor=SYSTEM, now=NOW)
    assert run_campaigns(now=NOW + timedelta(hours=23)) == 0
    save_campaign(campaign.pk, given(title="Avril"), actor=SYSTEM, now=NOW)
    assert run_campaigns(now=NOW + timedelta(days=1)) == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.title, campaign.scheduled_at) == ("draft", "Avril", None)
    verbs = list(Entry.objects.order_by("pk").values_list("verb", flat=True))
    assert "campaign planned" in verbs


def test_a_segment_that_became_empty_ends_quietly():
    guests("anna")
    campaign = planned()
    says("anna@example.org", ("offers", False, NOW))
    assert run_campaigns(now=NOW) == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.mails.count()) == ("sent", 0)


# --- Sending ----------------------------------------------------------------------------------
def test_the_rate_holds_whoever_runs_it_how_often():
    guests(*(f"g{number}" for number in range(7)))
    planned(rate=3)
    assert run_campaigns(now=NOW) == 3
    assert run_campaigns(now=NOW) == 0
    assert run_campaigns(now=NOW + MINUTE / 2) == 1
    assert run_campaigns(now=NOW + MINUTE) == 2
    # What wasn't sent while nothing ran isn't made up for.
    assert run_campaigns(now=NOW + 60 * MINUTE) == 1
    assert len(mailed()) == 7


def test_consent_and_cap_are_looked_at_again_at_the_last_moment(settings):
    settings.COMMERCIAL_LETTERS_IN_30_DAYS = 1
    guests("anna", "bob", "carl", "dora", "emil")
    campaign = planned(rate=1)
    assert run_campaigns(now=NOW) == 1
    [first] = mailed()
    left = [one for one in ("anna", "bob", "carl", "dora", "emil") if one != first]
    addresses = {one: LetterAddress.objects.get(email=f"{one}@example.org") for one in left}
    consent.stop(addresses[left[0]], "offers", proof=PROOF, now=NOW)
    addresses[left[1]].bounced_at = NOW
    addresses[left[1]].save()
    had_a_letter(addresses[left[2]].email, at=NOW)
    LetterAddress.objects.filter(pk=addresses[left[3]].pk).delete()
    for minute in range(1, 8):
        run_campaigns(now=NOW + minute * MINUTE)
    assert mailed() == {first}
    assert dropped() == {left[0]: "said_no", left[1]: "bounced", left[2]: "capped", "": "forgotten"}
    campaign.refresh_from_db()
    assert campaign.state == "sent"


def test_a_no_between_the_outbox_and_the_mail_counts(mailoutbox):
    guests("anna", "bob")
    campaign = planned()
    run_campaigns(now=NOW)
    anna = LetterAddress.objects.get(email="anna@example.org")
    consent.stop(anna, "offers", proof=PROOF, now=NOW)
    drain_outbox(now=NOW + MINUTE)
    assert [one.to for one in mailoutbox] == [["bob@example.org"]]
    found = results_of(campaign)
    assert (found.sent, found.dropped, found.stopped) == (1, {"said_no": 1}, 1)


def test_no_address_gets_more_than_the_cap_in_thirty_days(settings):
    settings.COMMERCIAL_LETTERS_IN_30_DAYS = 2
    guests("anna")
    for day in (0, 10):
        campaign = written()
        now = NOW + timedelta(days=day)
        campaigns.finish_draft(campaign.pk, actor=SYSTEM, now=now)
        campaigns.plan(campaign.pk, now, actor=SYSTEM, now=now)
        assert run_campaigns(now=now) == 1
    third = written()
    for day, count in ((29, 0), (31, 1)):
        assert campaigns.count_of(third, now=NOW + timedelta(days=day)).recipients == count


def test_pause_takes_back_what_nobody_sent_yet_and_goes_on(mailoutbox):
    guests("anna", "bob", "carl")
    campaign = planned(rate=2)
    run_campaigns(now=NOW)
    campaigns.move(campaign.pk, "pause", actor=SYSTEM, now=NOW)
    drain_outbox(now=NOW + MINUTE)
    assert mailoutbox == []
    assert run_campaigns(now=NOW + MINUTE) == 0
    campaigns.move(campaign.pk, "resume", actor=SYSTEM, now=NOW + MINUTE)
    for minute in (2, 3, 4):
        run_campaigns(now=NOW + minute * MINUTE)
        drain_outbox(now=NOW + minute * MINUTE)
    assert sorted(one.to[0][0] for one in mailoutbox) == ["a", "b", "c"]


def test_stop_is_for_good(mailoutbox):
    guests("anna", "bob", "carl")
    campaign = planned(rate=2)
    run_campaigns(now=NOW)
    campaigns.move(campaign.pk, "stop", actor=SYSTEM, now=NOW)
    drain_outbox(now=NOW + MINUTE)
    assert mailoutbox == []
    assert set(dropped().values()) == {"halted"}
    for wish in ("resume", "stop", "pause", "nonsense"):
        with pytest.raises((WrongState, BadInput)):
            campaigns.move(campaign.pk, wish, actor=SYSTEM, now=NOW)
    found = results_of(campaign)
    assert (found.frozen, found.sent, found.dropped) == (3, 0, {"halted": 3})


def test_nobody_s_confirmation_waits_behind_a_campaign(mailoutbox):
    guests("anna", "bob", "carl")
    planned()
    run_campaigns(now=NOW)
    consent.ask_for_letter("dora@example.org", rhythm="month", language="fr", now=NOW + MINUTE)
    drain_outbox(now=NOW + 2 * MINUTE, limit=1)
    assert [one.to for one in mailoutbox] == [["dora@example.org"]]


def test_a_mail_goes_to_who_came_after_the_freeze_never():
    guests("anna")
    planned(rate=1)
    run_campaigns(now=NOW)
    guests("late")
    for minute in range(1, 4):
        run_campaigns(now=NOW + minute * MINUTE)
    assert mailed() == {"anna"}


def test_test_sends_are_inert_and_reach_nobody_else(mailoutbox):
    guests("anna")
    campaign = written(texts={"fr": FRENCH, "de": GERMAN})
    for _twice in range(2):
        campaigns.send_test(campaign, "de", "moi@example.org", actor=SYSTEM, now=NOW)
    drain_outbox(now=NOW)
    [mail] = mailoutbox
    assert isinstance(mail, EmailMultiAlternatives)
    assert (mail.to, mail.subject) == (["moi@example.org"], "[test] Das Velay im März")
    assert "List-Unsubscribe" not in mail.extra_headers
    for part in (mail.body, mail.alternatives[0][0]):
        assert "desabonnement" not in part
        assert "CLEDULECTEUR" not in part
    empty = written(texts={})
    with pytest.raises(BadInput):
        campaigns.send_test(empty, "fr", "moi@example.org", actor=SYSTEM, now=NOW)


def test_offers_are_shown_while_they_are_on_sale():
    guests("anna")
    shown, closed = factories.a_lodging(), factories.a_lodging()
    planned(offers=(shown.pk, closed.pk))
    run_campaigns(now=NOW)
    closed.state = "archived"
    closed.save()
    mail = compose(OutboxMessage.objects.get(kind="campaign"))
    assert shown.slug in mail.body
    assert closed.slug not in mail.body


# --- What became of it ------------------------------------------------------------------------
def test_results_count_orders_and_nos_of_thirty_days():
    guests("anna", "bob", "carl")
    campaign = planned()
    run_campaigns(now=NOW)
    drain_outbox(now=NOW)
    an_order("Anna@example.org", placed_at=NOW + timedelta(days=3))
    an_order("bob@example.org", placed_at=NOW + timedelta(days=31))
    an_order("bob@example.org", placed_at=NOW + timedelta(days=3), is_paid=False)
    an_order("else@example.org", placed_at=NOW + timedelta(days=3))
    carl = LetterAddress.objects.get(email="carl@example.org")
    consent.stop(carl, "offers", proof=PROOF, now=NOW + timedelta(days=1))
    found = results_of(campaign)
    assert (found.frozen, found.sent, found.orders, found.stopped) == (3, 3, 1, 1)
    assert found.amount == 10
    # Forgotten addresses, emptied messages: the figures stay.
    LetterAddress.objects.all().delete()
    OutboxMessage.objects.all().delete()
    assert results_of(campaign).sent == 3


def test_a_new_address_of_a_campaign_gives_no_sign_of_life():
    guests("anna", placed_at=NOW - timedelta(days=900))
    planned()
    run_campaigns(now=NOW)
    anna = LetterAddress.objects.get()
    assert anna.active_at == NOW - timedelta(days=900)
    assert len(anna.token) >= 32
    assert not LetterChoice.objects.exists()
    assert Order.objects.get().letters == "told"
