"""The desk counts and names things as one says them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.desk.bank_words import SORTS, kind_words, kinds_in_words
from booking.desk.message_words import KINDS_OF_MESSAGE
from booking.emails import CONTENTS
from booking.models import ChannelIncident, GatewayEvent, OutboxMessage, Refund
from booking.models.money import NOTHING_SOLD
from booking.relations.complaints import answer_complaint, complain
from events.models import Event, Session
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import paid_stay
from tests.booking.relations.stays import past_stay
from tests.cast import NOW, FakeBank
from tests.pages import text_of

pytestmark = pytest.mark.django_db


def a_mail_given_up(number: int) -> None:
    OutboxMessage.objects.create(
        kind="find_order",
        key=str(number),
        recipient="claire@example.org",
        language="fr",
        state="failed",
        next_attempt_at=NOW,
        created_at=NOW,
    )


def test_one_thing_is_not_said_like_several(desk: Client):
    factories.a_lodging(state="draft")
    a_mail_given_up(1)
    one = text_of(desk.get(reverse("wagtailadmin_home")))
    factories.a_lodging(state="draft")
    a_mail_given_up(2)
    two = text_of(desk.get(reverse("wagtailadmin_home")))

    assert "1 lodging not published yet" in one
    assert "1 mail given up: check the address and send it again" in one
    assert "2 lodgings not published yet" in two
    assert "2 mails given up: check the address and send them again" in two


def test_messages_of_the_bank_have_a_number(desk: Client):
    GatewayEvent.objects.create(event_id="evt_1", kind="ping", payload={}, received_at=NOW)

    page = text_of(desk.get(reverse("desk_bank:index")))

    assert "Number at the bank" in page
    assert "Event id" not in page


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("ignored", "nothing to do"),
        ("payment paid", "payment: paid"),
        ("refund done", "refund: given back"),
        ("payout paid", "share of a provider: paid"),
        ("account active", "account of a provider: may be paid"),
        ("unknown refund", "not a refund of this site"),
        ("something new", "something new"),
    ],
)
def test_what_came_of_a_message_of_the_bank_is_said_in_words(
    desk: Client, outcome: str, words: str
):
    event = GatewayEvent.objects.create(
        event_id="evt_1",
        kind="ping",
        payload={},
        received_at=NOW,
        processed_at=NOW,
        outcome=outcome,
    )

    listed = text_of(desk.get(reverse("desk_bank:index")))
    shown = text_of(desk.get(reverse("desk_bank:inspect", args=[event.pk])))

    for page in (listed, shown):
        assert words in page
        assert outcome == words or outcome not in page


BANK_KINDS = (
    *("charge.failed", "payment_intent.payment_failed", "charge.dispute.funds_withdrawn"),
    *("charge.expired", "account.updated", "v2.core.account.updated", "account.closed"),
    *("payment_intent.partially_funded", "payout.paid", "ping"),
)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_messages_of_the_bank_are_narrowed_by_the_words_of_the_list(desk: Client, language: str):
    for kind in BANK_KINDS:
        GatewayEvent.objects.create(event_id=kind, kind=kind, payload={}, received_at=NOW)
    index, spoken = reverse("desk_bank:index"), {"accept-language": language}

    with override(language):
        choices = kinds_in_words()
        meant = {
            words: {one for one in BANK_KINDS if words in {kind_words(one), sort_words(one)}}
            for _code, words in choices
        }
    found = {
        words: {
            one.kind
            for one in desk.get(index, {"kind": code}, headers=spoken).context["object_list"]
        }
        for code, words in choices
    }

    assert found == meant
    # Nothing is behind no choice, and each choice says something else.
    assert set().union(*found.values()) == set(BANK_KINDS)
    assert len({words for _code, words in choices}) == len(choices)


def sort_words(kind: str) -> str:
    """Return what sort of message the bank's name says: all refunds are « refund »."""
    return next((str(words) for start, words in SORTS if kind.startswith(start)), "")


def test_a_kind_that_is_no_choice_narrows_nothing_and_breaks_nothing(desk: Client):
    GatewayEvent.objects.create(event_id="evt_1", kind="ping", payload={}, received_at=NOW)

    page = desk.get(reverse("desk_bank:index"), {"kind": "evt.nobody"})

    assert page.status_code == 200
    assert "evt_1" in text_of(page)


def test_tabs_bear_the_name_of_the_site(desk: Client):
    a_mail_given_up(1)
    page = desk.get(reverse("desk_outbox:inspect", args=[OutboxMessage.objects.get().pk]))

    title = re.search(r"<title>(.*?)</title>", page.content.decode(), re.DOTALL)

    assert title is not None
    assert "Wagtail" not in title[1]
    assert " ".join(title[1].split()) == (
        "Message, Code to find a booking, claire@example.org - Velay, terre de liens"
    )


def test_rows_of_a_form_are_added_without_their_gender(desk: Client):
    page = desk.get(reverse("desk_policies:add"), headers={"accept-language": "fr"})

    assert "un(e)" not in text_of(page)


def test_sums_of_a_list_have_thousands_and_their_sign(desk: Client):
    factories.a_lodging(night="1391.40")

    assert "€1,391.40" in text_of(desk.get(reverse("desk_tariffs:index")))


def test_dates_of_events_say_which_are_cancelled_in_words(desk: Client):
    event = Event.objects.create(
        slug="bal",
        state="published",
        title="Bal",
        summary="On danse.",
        organiser=factories.a_provider(),
        commune=factories.a_commune(),
    )
    for day in (1, 2):
        starts_at = NOW + timedelta(days=day)
        Session.objects.create(
            event=event,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
            is_cancelled=day == 2,
        )

    page = text_of(desk.get(reverse("desk_sessions:index")))

    assert "Bal" in page
    assert " yes " in page
    assert "False" not in page


def test_desk_asks_for_a_password_in_french():
    door = Client().get(
        reverse("wagtailadmin_login"), follow=True, headers={"accept-language": "fr"}
    )
    page = text_of(door)

    assert "Mot de passe" in page
    assert "Password" not in page


def test_a_message_is_titled_by_what_it_is(desk: Client):
    a_mail_given_up(1)
    message = OutboxMessage.objects.get()

    page = desk.get(reverse("desk_outbox:inspect", args=[message.pk])).content.decode()

    assert "Code to find a booking, claire@example.org" in page
    assert "find_order →" not in page


def test_the_person_of_a_provider_is_asked_for_in_our_words(desk: Client):
    """A field's own name would stay English for everybody."""
    page = desk.get(reverse("desk_roles:add"), headers={"accept-language": "fr"})
    labels = re.findall(r"<label[^>]*>(.*?)</label>", page.content.decode(), re.DOTALL)
    names = {re.sub(r"<[^>]+>|[*\s]", "", one) for one in labels}
    assert "Prestataire" in names
    assert "Provider" not in names


def test_places_to_see_have_another_name_than_the_sites_of_the_web(desk: Client):
    page = text_of(desk.get(reverse("desk_sites:index")))
    assert "Sites and places" in page


def test_nights_are_written_as_elsewhere_and_a_double_booking_says_its_own(
    desk: Client, bank: FakeBank
):
    bed = paid_stay(bank).lines.get(kind="lodging")
    incident = ChannelIncident.objects.create(
        unit=bed.unit,
        feed_name="Airbnb",
        order_line=bed,
        dates=(bed.arrival, bed.arrival + timedelta(days=2)),
        opened_at=NOW,
    )

    page = text_of(desk.get(reverse("desk_incidents:inspect", args=[incident.pk])))

    assert "10 to 12 July 2027, 2 nights" in page
    assert "Airbnb, new" in page
    assert "DateRange" not in page


def test_every_kind_of_message_has_words():
    assert set(CONTENTS) == set(KINDS_OF_MESSAGE)


def test_a_complaint_is_read_in_words_on_the_page_of_its_order(desk: Client, bank: FakeBank):
    order = past_stay(bank)
    opened = complain(order, "Cold.", channel="site", actor=SYSTEM, now=NOW)
    answer_complaint(opened, "Sorry.", actor=SYSTEM, now=NOW)

    page = text_of(desk.get(reverse("desk_orders:inspect", args=[order.pk])))

    assert "Answer to a complaint, to the visitor" in page
    assert "Complaint answered" in page
    assert "complaint_" not in page
    assert "complaint opened" not in page


def test_why_the_platform_gave_money_back_is_said_in_french(desk: Client, bank: FakeBank):
    order = paid_stay(bank)
    payment = order.payments.get()
    for reason in (NOTHING_SOLD, "Deuil dans la famille"):
        Refund.objects.create(payment=payment, amount=1, reason=reason, created_at=NOW)

    with override("fr"):
        page = text_of(
            desk.get(reverse("desk_orders:inspect", args=[order.pk]), HTTP_ACCEPT_LANGUAGE="fr")
        )
        said = [one.reason_words for one in payment.refunds.order_by("pk")]

    assert "Deuil dans la famille" in page
    assert said == ["rien n’a pu être vendu pour ce paiement", "Deuil dans la famille"]
