"""The page of a gift: its own link, its address, its voucher; and the counter of hosts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Gift, GiftCampaign
from booking.relations.gift_claims import give_address, mark_sent
from booking.relations.gifts import close_campaign
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.giving import HOME, MORNING, a_guest, gift_of, stayed, told

pytestmark = pytest.mark.django_db
TYPED = {
    "recipient": "Claire  Dupont",
    "street": "3 rue des Tables",
    "extra": "",
    "postal_code": "43000",
    "city": "Le Puy-en-Velay",
    "country": "FR",
}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(MORNING)


def a_gift(email: str = "a@example.org", **fields) -> Gift:
    who = a_guest(email)
    stayed(who, language="en")
    told(**fields)
    return gift_of(who)


def page(gift: Gift) -> str:
    return address("booking:gift", gift.pk)


def reader(gift: Gift) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    answer = client.get(page(gift), {"cle": gift.access_token})
    assert (answer.status_code, answer.url) == (303, page(gift))
    return client


def test_family_says_where_to_send_it_and_changes_it():
    gift = a_gift()
    client = reader(gift)
    shown = body(client.get(page(gift)))
    assert "A bag of lentils" in shown
    assert "Here are Solange’s lentils." in shown
    assert client.post(page(gift), TYPED).status_code == 303
    assert "Thank you: we have your address." in body(client.get(page(gift)))
    assert client.post(page(gift), TYPED | {"extra": "2nd floor"}).status_code == 303
    gift.refresh_from_db()
    assert (gift.recipient, gift.extra, gift.state) == ("Claire Dupont", "2nd floor", "addressed")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"street": ""}, "Write the number and the street."),
        ({"recipient": " "}, "Write whose name is on the box."),
        ({"city": ""}, "Write the town."),
        ({"postal_code": ""}, "Write the postcode."),
        ({"postal_code": "4300"}, "A postcode of France has five figures."),
        ({"postal_code": "٤٣٠٠٠"}, "A postcode of France has five figures."),
        ({"country": "US"}, "Choose a country of the list, or call us on +33"),
        ({"street": "x" * 200}, "Shorten it to 160 signs."),
    ],
)
def test_an_address_that_is_incomplete_is_shown_again_with_what_was_typed(data, words: str):
    gift = a_gift()
    answer = reader(gift).post(page(gift), TYPED | data)
    assert answer.status_code == 422
    assert words in body(answer)
    assert "Claire" in body(answer) or "recipient" in data
    gift.refresh_from_db()
    assert (gift.state, gift.street) == ("told", "")


def test_nobody_else_opens_it_and_no_other_key_does():
    gift, other = a_gift(), Gift()
    stranger = Client(headers={"Accept-Language": "en"})
    for key in ("", "x", other.access_token, "é"):
        assert stranger.get(page(gift), {"cle": key}).status_code == 404
    assert stranger.get(page(gift)).status_code == 404
    assert stranger.post(page(gift), TYPED).status_code == 404
    # Who reads one gift reads no other one.
    Gift.objects.create(
        campaign=gift.campaign, rank=9, first_day=gift.first_day, state="told", told_at=MORNING
    )
    last = Gift.objects.latest("pk")
    assert reader(gift).get(page(last)).status_code == 404


def test_a_gift_that_was_not_told_has_no_page():
    gift = a_gift()
    Gift.objects.update(told_at=None, state="waiting")
    client = Client()
    assert client.get(page(gift), {"cle": gift.access_token}).status_code == 404


def test_after_the_end_the_page_says_so_and_takes_nothing(at):
    gift = a_gift()
    client = reader(gift)
    close_campaign(gift.campaign, actor=SYSTEM, now=MORNING)
    assert "The time for this gift is over." in body(client.get(page(gift)))
    answer = client.post(page(gift), TYPED, follow=True)
    assert "The time for this gift is over." in body(answer)
    gift.refresh_from_db()
    assert gift.street == ""
    at(MORNING + timedelta(days=300))
    assert Client().get(page(gift), {"cle": gift.access_token}).status_code == 404


def test_who_sends_an_address_after_the_parcel_left_is_told():
    gift = a_gift()
    client = reader(gift)
    give_address(gift, HOME, now=MORNING)
    mark_sent(gift.campaign, until=MORNING, actor=SYSTEM, now=MORNING)
    answer = client.post(page(gift), TYPED | {"street": "5 rue Raphaël"}, follow=True)
    assert "Your parcel has left" in body(answer)
    assert "Your parcel left on" in body(client.get(page(gift)))


def test_an_address_that_has_a_gift_is_refused_beside_the_field():
    gift, who = a_gift(budget_amount="100"), a_guest("b@example.org", "Paul")
    other = Gift.objects.create(
        campaign=gift.campaign,
        rank=2,
        identity=who,
        household_key="family:0",
        first_day=gift.first_day,
        state="told",
        told_at=MORNING,
    )
    give_address(other, HOME, now=MORNING)
    answer = reader(gift).post(page(gift), TYPED)
    assert answer.status_code == 409
    assert "add the floor or the flat" in body(answer)
    assert "Claire" in body(answer)


# --- Voucher ----------------------------------------------------------------------------------
def test_voucher_is_a_page_and_a_pdf_until_it_is_redeemed():
    gift = a_gift(kind="voucher", how_en="At any counter of the office – ask for Solange")
    client = reader(gift)
    shown = body(client.get(page(gift)))
    assert gift.code in shown
    assert "<svg" in shown
    answer = client.get(address("booking:gift-voucher", gift.pk))
    assert answer["Content-Type"] == "application/pdf"
    assert gift.code in answer["Content-Disposition"]
    assert_reads(answer.content, gift.code)
    assert Client().get(address("booking:gift-voucher", gift.pk)).status_code == 404
    Gift.objects.update(state="redeemed", redeemed_at=MORNING, redeemed_where="Chez Anne")
    assert client.get(address("booking:gift-voucher", gift.pk)).status_code == 404
    assert "Chez Anne" in body(client.get(page(gift)))


def assert_reads(document: bytes, words: str) -> None:
    """Assert that a PDF is whole, and that a line of it says something."""
    assert document.startswith(b"%PDF-1.4")
    assert document.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)", document)[1])
    assert document[start:].startswith(b"xref\n0 8\n")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", document), start=1):
        assert document[int(place) :].startswith(b"%d 0 obj" % number)
    assert words.encode("cp1252").hex().encode() in document


def test_a_parcel_has_no_voucher():
    gift = a_gift()
    assert reader(gift).get(address("booking:gift-voucher", gift.pk)).status_code == 404


# --- The counter of hosts ---------------------------------------------------------------------
COUNTER = reverse("extranet-gift")


@pytest.fixture
def host() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    provider = factories.a_provider(name="Chez Anne")
    client.force_login(factories.a_host(provider))
    return client


def test_host_reads_a_code_then_redeems_it_once(host: Client):
    gift = a_gift(kind="voucher", is_for_hosts=True)
    # From the drawing on the voucher.
    assert "This voucher is good." in body(host.get(COUNTER, {"cle": gift.code}))
    assert "This voucher is good." in body(host.post(COUNTER, {"code": gift.code.lower()}))
    gift.refresh_from_db()
    assert gift.state == "told"
    answer = host.post(COUNTER, {"code": gift.code, "redeem": "1"}, follow=True)
    assert "Redeemed." in body(answer)
    gift.refresh_from_db()
    assert (gift.state, gift.redeemed_where) == ("redeemed", "Chez Anne")
    again = host.post(COUNTER, {"code": gift.code, "redeem": "1"})
    assert again.status_code == 409
    assert "redeemed already" in body(again)


def test_a_code_that_is_none_is_said_beside_it(host: Client):
    assert host.get(COUNTER).status_code == 200
    for data, status in (({"code": ""}, 422), ({"code": "x" * 40}, 422), ({"code": "NOT"}, 422)):
        assert host.post(COUNTER, data).status_code == status


def test_a_gift_of_the_office_alone_is_not_redeemed_there(host: Client):
    gift = a_gift(kind="voucher")
    answer = host.post(COUNTER, {"code": gift.code, "redeem": "1"})
    assert "redeemed at the office" in body(answer)
    assert GiftCampaign.objects.get().gifts.get().state == "told"


def test_who_guesses_codes_is_stopped(host: Client):
    for _time in range(30):
        host.post(COUNTER, {"code": "ABCDEFGHJK"})
    assert host.post(COUNTER, {"code": "ABCDEFGHJK"}).status_code == 429
