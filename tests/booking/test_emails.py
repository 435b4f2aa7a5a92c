"""Mails: who is told what, in which language, and what nobody else may learn."""

import re
from datetime import time, timedelta
from html import unescape

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from icalendar import Calendar

from booking import checkout, incidents, settlement
from booking.cancellation import cancel_lines
from booking.emails import CONTENTS, compose
from booking.finding import send_order_link
from booking.messages import drain_outbox
from booking.models import (
    CalledOff,
    CampaignMail,
    ChannelIncident,
    Complaint,
    FollowUp,
    OfferReview,
    Order,
    OutboxMessage,
    Review,
    Talk,
)
from booking.monday_letter import letter_of
from booking.payout_accounts import invite_to_account
from booking.relations import consent
from members.journal import SYSTEM
from members.models import HouseExport, HouseholdInvitation, Invitation, Paper
from tests import factories
from tests.booking.pages import a_week, dupont_stay, hold_place, hold_week
from tests.booking.relations import giving
from tests.booking.relations.greeting import every_kind
from tests.booking.relations.inviting import every_mail
from tests.booking.relations.knowing import says
from tests.booking.requesting import a_request
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Give the Duponts' paid order, in English."""
    basket = dupont_stay(Client())
    order = order_from(basket, language="en")
    order.arrival_time, order.needs = time(17, 30), "A nut allergy"
    order.save()
    pay(order, bank)
    return order


def pay(order: Order, bank: FakeBank) -> None:
    checkout.begin_payment(
        order, success_url="https://site/a", cancel_url="https://site/b", now=NOW
    )
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)
    order.refresh_from_db()


def mail_of(kind: str, **fields) -> EmailMultiAlternatives:
    return compose(OutboxMessage.objects.get(kind=kind, **fields))


def parts(mail: EmailMultiAlternatives) -> tuple[str, str]:
    """Return text and HTML with plain spaces."""
    html = next(one.content for one in mail.alternatives if one.mimetype == "text/html")
    return tuple(text.replace("\u00a0", " ").replace("\u202f", " ") for text in (mail.body, html))


# --- The visitor ------------------------------------------------------------------------------
def test_confirmation_says_everything_in_text_and_in_html(order: Order):
    mail = mail_of("order_confirmed")

    assert mail.to == [order.email]
    assert order.reference in mail.subject
    assert "\n" not in mail.subject
    link = f"http://testserver/en/trip/{order.reference}/?cle={order.access_token}"
    receipt = f"http://testserver/en/trip/{order.reference}/receipt/?cle={order.access_token}"
    for text in parts(mail):
        assert "You’re all set, Claire." in text
        assert order.reference in text
        assert link in text
        assert receipt in text
        assert "The Narces Cottage" in text
        assert "Choir and great organ" in text
        assert "€1,063.40" in text
        assert "of which €15.40 of tourist tax" in text
        assert "Free cancellation until Saturday 26 June, 3 pm." in text
        assert "4 hosts are told of your coming." in text
        assert "4 00 00 00 00" in text
        for line in order.lines.all():
            for ticket in line.tickets.all():
                assert ticket.code in text


def test_confirmation_carries_the_calendar(order: Order):
    [attachment] = mail_of("order_confirmed").attachments

    assert attachment[0] == f"velay-{order.reference}.ics"
    assert attachment[2] == "text/calendar"
    assert len(Calendar.from_ical(attachment[1]).walk("VEVENT")) == 4


def test_mail_is_in_the_language_of_the_order(bank: FakeBank):
    basket = factories.a_basket(language="fr")
    hold_week(basket, a_week())
    order = paid_order(basket, bank)

    text, html = parts(mail_of("order_confirmed"))

    assert order.language == "fr"
    assert "Le Gîte des Narces" in text
    assert "The Narces Cottage" not in text
    assert "775,40 €" in text
    assert 'lang="fr"' in html


def test_tax_on_site_stands_beside_the_total(bank: FakeBank):
    basket = factories.a_basket()
    hold_week(basket, a_week(provider=factories.a_provider(is_professional=True)))
    pay(order_from(basket, language="en"), bank)

    for text in parts(mail_of("order_confirmed")):
        assert "Tourist tax, paid on site: €15.40" in text
        assert "€760.00" in text


def test_line_lost_meanwhile_is_told_with_its_sum(bank: FakeBank):
    basket = factories.a_basket()
    hold_week(basket, a_week())
    hold_place(basket, "First stitches of lace")
    order = order_from(basket, language="en")
    lace = order.lines.get(kind="workshop")
    lace.slot.is_closed = True
    lace.slot.save()
    pay(order, bank)

    for text in parts(mail_of("order_confirmed")):
        assert "Not everything could be had" in text
        assert "First stitches of lace, €96.00" in text
    [attachment] = mail_of("order_confirmed").attachments
    assert len(Calendar.from_ical(attachment[1]).walk("VEVENT")) == 1


def test_what_a_visitor_types_is_never_markup(bank: FakeBank):
    order = order_from(dupont_stay(Client()), language="en")
    order.first_name, order.needs = "<b>Claire</b>", "<script>alert(1)</script>"
    order.save()
    pay(order, bank)

    for message in OutboxMessage.objects.all():
        _text, html = parts(compose(message))
        assert "<b>Claire" not in html
        assert "<script>" not in html


# --- The providers ----------------------------------------------------------------------------
def test_each_provider_learns_its_own_part_and_nothing_else(order: Order):
    titles = {line.pk: line.titles["en"] for line in order.lines.all()}
    messages = OutboxMessage.objects.filter(kind="provider_booking")
    assert messages.count() == 4

    for message in messages:
        message.language = "en"
        own = set(
            order.lines.filter(sub_order=message.data["sub_order"]).values_list("pk", flat=True)
        )
        kinds = set(order.lines.filter(pk__in=own).values_list("kind", flat=True))
        for text in parts(compose(message)):
            for pk, title in titles.items():
                assert (title in text) is (pk in own)
            assert "Claire" in text
            assert "06 00 00 00 00" in text
            # The hour is for the bed, needs for who prepares for them: not for the evening.
            assert ("5:30 pm" in text) is ("lodging" in kinds)
            assert ("A nut allergy" in text) is (kinds != {"event_ticket"})
            assert "5 years old" in text
            # The rest of the stay and of the person is nobody's business.
            assert "Dupont" not in text
            assert order.email not in text
            assert "1,063.40" not in text
            assert order.access_token not in text


def test_provider_is_written_to_in_its_own_language(bank: FakeBank):
    basket = factories.a_basket(language="fr")
    hold_week(basket, a_week(provider=factories.a_provider(language="en")))
    paid_order(basket, bank)

    assert mail_of("provider_booking").subject.startswith("New booking: The Narces Cottage")


def test_a_subject_says_how_many_things_of_a_house_it_is_about(bank: FakeBank):
    house = factories.a_provider(language="en")
    basket = factories.a_basket(language="fr")
    hold_week(basket, a_week(provider=house))
    hold_place(basket, "First stitches of lace", day=12, provider=house)
    hold_place(basket, "Solange’s table", kind="meal", day=14, hour=19, provider=house)
    order = paid_order(basket, bank)
    assert " and 2 other things (" in mail_of("provider_booking").subject

    lines = list(order.lines.order_by("starts_at"))
    for cancelled, told in ((lines[:2], " and 1 other thing ("), (lines[2:], "")):
        ids = [one.pk for one in cancelled]
        OutboxMessage.objects.filter(kind="provider_cancelled").delete()
        cancel_lines(order, ids, basis="policy", reason="Illness", actor=SYSTEM, now=NOW)
        subject = mail_of("provider_cancelled").subject
        assert told in subject
        assert ("other thing" in subject) is bool(told)


def test_options_of_the_price_are_told_to_the_host(order: Order):
    gite = order.lines.get(kind="lodging")
    message = OutboxMessage.objects.get(kind="provider_booking", data__sub_order=gite.sub_order_id)

    assert "+ Ménage" in compose(message).body


# --- Cancelling -------------------------------------------------------------------------------
def test_cancellation_tells_the_visitor_the_refund_and_only_the_provider_concerned(order: Order):
    lace = order.lines.get(kind="workshop")
    cancel_lines(order, [lace.pk], basis="policy", reason="Illness", actor=SYSTEM, now=NOW)

    mail = mail_of("lines_cancelled")
    assert "A part of your stay is cancelled" in mail.subject
    for text in parts(mail):
        gone, left = text.split("What stays booked, as planned:")
        assert "First stitches of lace" in gone
        assert "The Narces Cottage" not in gone
        assert "€96.00" in gone
        assert "The Narces Cottage" in left
        assert "First stitches of lace" not in left
        assert order.access_token in text
    told = mail_of("provider_cancelled")
    assert told.to == [lace.sub_order.provider.email]
    for text in parts(told):
        assert "First stitches of lace" in text or "lace" in text
        assert "Illness" not in text
        assert "Dupont" not in text
    message = OutboxMessage.objects.get(kind="provider_cancelled")
    message.language = "en"
    words = "gets €96.00 of €96.00 back, by your cancellation rule"
    for text in parts(compose(message)):
        assert words in text


def test_whole_stay_cancelled_is_said_so(order: Order):
    ids = list(order.lines.values_list("pk", flat=True))
    cancel_lines(order, ids, basis="full", reason="Storm", actor=SYSTEM, now=NOW)

    mail = mail_of("lines_cancelled")
    assert mail.subject.startswith("Your stay is cancelled")
    assert "€1,063.40" in parts(mail)[0]


def test_money_given_back_is_told(bank: FakeBank):
    order = order_from(dupont_stay(Client()), language="en")
    checkout.begin_payment(
        order, success_url="https://site/a", cancel_url="https://site/b", now=NOW
    )
    payment = order.payments.get()
    for line in order.lines.filter(slot__isnull=False):
        line.slot.is_closed = True
        line.slot.save()
    gite = order.lines.get(kind="lodging")
    gite.basket_line.stay_hold.delete()
    hold_week(factories.a_basket(), gite.offer)
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)

    for text in parts(mail_of("payment_returned")):
        assert "your payment of €1,063.40" in text


def test_link_of_an_order_is_sent_to_its_buyer(order: Order):
    send_order_link(email=order.email.upper(), reference=order.reference, now=NOW)

    for text in parts(mail_of("find_order")):
        assert f"/en/trip/{order.reference}/?cle={order.access_token}" in text


def an_unhappy_guest(order: Order) -> None:
    """Let the guest of another order like it say that it wouldn't come back."""
    other = Order.objects.get(pk=order.pk)
    other.pk, other.reference, other.basket = None, "ANOTHER", None
    other.save()
    survey = factories.a_survey(order=other, lines_of=order, asked_at=NOW)
    survey.answered_at, survey.recommend, survey.words = NOW, 3, "Cold rooms"
    survey.save()
    FollowUp.objects.create(survey=survey, opened_at=NOW, due_at=NOW + timedelta(days=1))
    review = factories.a_review_of(survey, order.lines.first(), words="Nobody", at=NOW)
    Review.objects.update(state="refused", reason="off_topic")
    report = review.reports.create(user=factories.a_user(), words="Was never here", at=NOW)
    complaint = Complaint.objects.create(
        order=other, channel="site", words="No heating", opened_at=NOW, due_on=NOW.date()
    )
    told = {"complaint": complaint.pk}
    for kind, data in (
        *((f"complaint_{one}", told) for one in ("received", "office", "answered", "mediation")),
        ("survey_detractor", {}),
        ("review_refused", {"review": review.pk}),
        ("review_reported", {"report": report.pk}),
    ):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient="bonjour@example.org",
            order=other,
            data=data,
            next_attempt_at=NOW,
            created_at=NOW,
        )


def a_guest_who_is_here(order: Order) -> None:
    """Write the letters around a stay to a guest who came yesterday."""
    here = Order.objects.get(pk=order.pk)
    here.pk, here.reference, here.basket = None, "IS-HERE", None
    here.save()
    bed = order.lines.get(kind="lodging")
    bed.pk, bed.order = None, here
    bed.starts_at, bed.ends_at = NOW - timedelta(days=1), NOW + timedelta(days=4)
    bed.save()
    consent.address_of(here.email, language="en", now=NOW)
    for kind in ("life_during", "life_anniversary", "life_next_season"):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient=here.email,
            order=here,
            next_attempt_at=NOW,
            created_at=NOW,
        )


# --- All of them ------------------------------------------------------------------------------
@pytest.mark.parametrize("move", ["verified", "ended", "moved", "kept"])
def test_family_reads_what_the_office_decided_in_text_and_in_html(move: str):
    member = factories.a_household()
    data = {"household": member.household_id, "move": move, "first_name": "Camille"}
    title = {
        "verified": "Your household is verified",
        "ended": "Your household has ended",
        "moved": "Your house is noted in its other commune",
        "kept": "Your house stays noted where it was",
    }[move]
    message = OutboxMessage(kind="household_moved", data=data, language="en")
    for part in parts(compose(message)):
        assert title in part
        assert "Good day Camille" in part
        assert "/espace/residence/" in part


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_is_written_in_both_languages(order: Order, language: str):
    lace = order.lines.get(kind="workshop")
    cancel_lines(order, [lace.pk], basis="policy", reason="Illness", actor=SYSTEM, now=NOW)
    send_order_link(email=order.email, reference=order.reference, now=NOW)
    OutboxMessage.objects.create(
        key="returned",
        kind="payment_returned",
        recipient=order.email,
        order=order,
        data={"amount": "12.00"},
        next_attempt_at=NOW,
        created_at=NOW,
    )
    bed = order.lines.get(kind="lodging")
    factories.a_survey(order, asked_at=NOW)
    an_unhappy_guest(order)
    a_guest_who_is_here(order)
    talk = Talk.objects.create(order=order, provider=lace.sub_order.provider, last_at=NOW)
    written = talk.messages.create(author="host", text="The key is there", at=NOW)
    minded = order.lines.get(kind="meal")
    order.lines.filter(pk=minded.pk).update(kind="childcare")
    for kind, data in (
        ("talk_guest", {"message": written.pk}),
        ("talk_host", {"message": written.pk}),
        ("stay_soon", {}),
        ("life_prepare", {}),
        ("letter_confirm", {"key": "x"}),
        ("factors_taken_off", {}),
        ("own_data", {"key": "x"}),
        ("account_unused", {"days": 30}),
        ("survey", {}),
        ("counter_sale", {}),
        ("day_ahead", {"provider": bed.sub_order.provider_id, "day": f"{bed.arrival}"}),
        (
            "coming_changed",
            {"sub_order": bed.sub_order_id, "what": ["arrival", "names", "needs"]},
        ),
        ("plan_b", {"line": lace.pk, "reason": "No mushrooms"}),
        ("permit_ended", {"line": lace.pk, "until": "2027-07-01"}),
        ("care_sheet_asked", {"line": minded.pk, "is_again": False}),
        ("no_show", {"line": lace.pk, "is_undone": False}),
        ("no_show_office", {"line": lace.pk, "is_undone": True}),
        ("host_refund", {"line": lace.pk, "amount": "20.00", "reason": "Cold water"}),
    ):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient=order.email,
            order=order,
            data=data,
            next_attempt_at=NOW,
            created_at=NOW,
        )
    feed = factories.a_feed(bed.unit, last_good_at=NOW - timedelta(hours=7))
    ChannelIncident.objects.create(
        unit=bed.unit,
        feed_name=feed.name,
        order_line=bed,
        dates=(bed.arrival, bed.departure),
        opened_at=NOW,
    )
    incidents.tell_incidents(now=NOW)
    incidents.tell_silent_feeds(now=NOW)
    host = lace.sub_order.provider
    paper = Paper.objects.create(provider=host, code="insurance", updated_at=NOW)
    invitation = Invitation.objects.create(
        provider=host,
        email="colleague@example.org",
        role="staff",
        invited_by="Anne",
        created_at=NOW,
        expires_at=NOW + timedelta(days=14),
    )
    campaign = factories.a_campaign(now=NOW)
    mail = CampaignMail.objects.create(
        campaign=campaign, address=says(order.email), state="handed", handed_at=NOW
    )
    member = factories.a_household()
    household_invitation = HouseholdInvitation.objects.create(
        household=member.household,
        email="cousin@example.org",
        invited_by="Camille",
        created_at=NOW,
        expires_at=NOW + timedelta(days=14),
    )
    export = HouseExport.objects.create(
        provider=host, asked_at=NOW, state="ready", file_key="x", expires_at=NOW + timedelta(days=7)
    )
    review = OfferReview.objects.create(offer=lace.offer)
    off = CalledOff.objects.create(
        slot=lace.slot, by="office", reason="A storm", at=NOW, next_try_at=NOW
    )
    for kind, data in (
        ("date_called_off", {"called_off": [off.pk]}),
        ("enrolment_submitted", {"provider": host.pk}),
        ("enrolment_moved", {"provider": host.pk, "move": "to_fix", "note": "A page is cut"}),
        ("team_invitation", {"invitation": invitation.pk}),
        ("household_invitation", {"invitation": household_invitation.pk}),
        (
            "household_moved",
            {"household": member.household_id, "move": "verified", "first_name": "Camille"},
        ),
        ("offer_submitted", {"offer": review.offer_id, "is_new": True}),
        (
            "offer_reviewed",
            {
                "offer": review.offer_id,
                "outcome": "to_fix",
                "note": "Nearly there",
                "remarks": {"title_fr": "Too long"},
            },
        ),
        (
            "paper_ending",
            {"paper": paper.pk, "until": "2027-05-06", "step": 30, "is_office": False},
        ),
        (
            "classification_moved",
            {"paper": paper.pk, "offers": [lace.offer_id], "move": "ended", "is_office": False},
        ),
        ("export_ready", {"export": export.pk}),
        ("campaign", {"mail": mail.pk, "needs": []}),
        ("campaign_test", {"campaign": campaign.pk}),
        (
            "seller_data",
            {
                "provider": host.pk,
                "step": "second",
                "missing": ["tax_number", "account"],
                "waits_from": NOW.isoformat(),
            },
        ),
        ("seller_statement", {"provider": host.pk, "year": 2026}),
        (
            "webhook_paused",
            {"provider": host.pk, "address": "hooks.example.org/…", "since": NOW.isoformat()},
        ),
    ):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient=host.email,
            data=data,
            next_attempt_at=NOW,
            created_at=NOW,
        )
    asked = a_request()
    for kind, data in (
        ("request_accepted", {"request": asked.pk}),
        ("request_refused", {"request": asked.pk, "why": "declined"}),
        ("request_closed", {"request": asked.pk, "why": "withdrawn"}),
    ):
        OutboxMessage.objects.create(
            key=kind,
            kind=kind,
            recipient=asked.email,
            data=data,
            next_attempt_at=NOW,
            created_at=NOW,
        )
    every_kind()
    every_mail(order)
    OutboxMessage.objects.create(
        key="monday",
        kind="monday_letter",
        recipient="bonjour@example.org",
        data=letter_of(now=NOW),
        next_attempt_at=NOW,
        created_at=NOW,
    )
    giving.stayed(giving.a_guest(order.email))
    giving.told(kind="voucher")
    factories.a_host(host)
    invite_to_account(host, actor=SYSTEM, now=NOW)
    OutboxMessage.objects.update(language=language)

    written = {message.kind: compose(message) for message in OutboxMessage.objects.all()}

    assert set(written) == set(CONTENTS)
    for mail in written.values():
        text, html = parts(mail)
        assert mail.subject.strip()
        assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "None" not in text
        assert f'lang="{language}"' in html
        # A mail loads nothing from elsewhere.
        assert "<img" not in html
        assert "{%" not in html
        # Whoever reads the text alone finds every way that the mail shows, and no markup.
        for link in re.findall(r'class="button" href="([^"]+)"', html):
            assert unescape(link) in text
        assert not re.search(r"&(amp|lt|gt|quot|nbsp|#x?[0-9a-f]+);|</?(p|a|b|br|td)\b", text)


def test_french_mail_has_french_spaces_and_keeps_its_style_and_links(order: Order):
    bed = order.lines.get(kind="lodging")
    data = {"provider": bed.sub_order.provider_id, "day": f"{bed.arrival}"}
    message = OutboxMessage.objects.create(
        key="fr",
        kind="day_ahead",
        recipient=order.email,
        language="fr",
        data=data,
        next_attempt_at=NOW,
        created_at=NOW,
    )
    mail = compose(message)
    html = next(str(one.content) for one in mail.alternatives)

    assert "Claire\u00a0: " in mail.body
    assert f"/pro/journee/?jour={bed.arrival}" in mail.body
    style = html[html.index("<style>") : html.index("</style>")]
    assert not {"\u00a0", "\u202f"} & set(style)


def test_outbox_sends_each_mail_once(order: Order, mailoutbox):
    waiting = OutboxMessage.objects.count()

    assert drain_outbox(now=NOW) == waiting == 5
    assert drain_outbox(now=NOW) == 0
    assert len(mailoutbox) == 5


def test_letters_that_leave_together_tell_each_host_its_own_part(
    order: Order, mailoutbox, django_assert_max_num_queries
):
    titles = {line.pk: line.titles["fr"] for line in order.lines.all()}
    with django_assert_max_num_queries(19):
        assert drain_outbox(now=NOW) == 5

    for part in order.sub_orders.select_related("provider"):
        own = {titles[line.pk] for line in part.lines.all()}
        [mail] = [one for one in mailoutbox if one.to == [part.provider.email]]
        for text in parts(mail):
            assert all(title in text for title in own)
            assert not any(title in text for title in set(titles.values()) - own)
