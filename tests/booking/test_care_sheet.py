"""The sheet of a childcare (N05): written by its buyer, read by its carer, by nobody else."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from booking import care
from booking.basket import add_to_basket
from booking.models import CareSheet
from booking.refusals import Refusal
from booking.rules import states
from booking.wishes import LineRequest
from members.models import Entry
from oti.lib.sealing import Unreadable, seal, unseal
from tests import factories
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
TOLD = {
    "emergency_phone": "06 12 34 56 78",
    "fetcher_1": "Mamie Odette",
    "fetcher_1_phone": "04 71 00 00 01",
    "consent": "1",
}


@pytest.fixture
def line(bank: FakeBank, at):
    at(NOW)
    factories.terms()
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(5, 10)), now=NOW)
    return paid_order(basket, bank).lines.get()


@pytest.fixture
def buyer(line) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    trip = trip_of(line)
    client.get(trip, {"cle": line.order.access_token})
    return client


def trip_of(line) -> str:
    with translation.override("en"):
        return reverse("booking:trip", args=[line.order.reference])


def address_of(line) -> str:
    with translation.override("en"):
        return reverse("booking:care-sheet", args=[line.order.reference, line.pk])


def told(line, **more: str) -> dict[str, str]:
    first = line.participants.order_by("pk").first()
    return {**TOLD, f"health_{first.key}": "Arachides, stylo dans le sac", **more}


def carer_page(line) -> str:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(factories.a_host(line.sub_order.provider))
    return client.get(reverse("extranet-line", args=[line.pk])).content.decode()


def test_what_the_parents_write_reaches_the_carer_and_the_trip_says_so(line, buyer):
    trip = trip_of(line)
    assert address_of(line) in buyer.get(trip).content.decode()
    assert "have not filled it in yet" in carer_page(line)

    answer = buyer.post(address_of(line), told(line))

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{trip}#ligne-{line.pk}"
    page = carer_page(line)
    assert "Arachides, stylo dans le sac" in page
    assert "Mamie Odette" in page
    assert "tel:+33612345678" in page or "0612345678" in page
    assert "Given to the carer" in buyer.get(trip).content.decode()
    assert "Arachides" in buyer.get(address_of(line)).content.decode()


def test_nothing_readable_is_stored_nor_journaled(line, buyer):
    buyer.post(address_of(line), told(line))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM booking_caresheet")
        stored = bytes(cursor.fetchone()[0])
    assert b"Arachides" not in stored
    entries = " ".join(f"{one.verb} {one.data}" for one in Entry.objects.all())
    assert "care sheet filled in" in entries
    assert "Arachides" not in entries


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"consent": ""}, "Without your agreement"),
        ({"emergency_phone": ""}, "Give a number at which you can be reached"),
        ({"emergency_phone": "papa"}, "Give a number at which you can be reached"),
        ({"fetcher_1_phone": ""}, "Give this person’s phone"),
        ({"fetcher_2_phone": "0612345678"}, "Give this person’s name"),
        ({"fetcher_3": "x" * 200, "fetcher_3_phone": "0612345678"}, "Shorten it to 80 letters"),
        ({"emergency_phone": "1" * 60}, "Shorten it to 40 signs"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_what_was_typed_stays(line, buyer, change, words):
    answer = buyer.post(address_of(line), {**told(line), **change})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Arachides, stylo dans le sac" in page
    assert not CareSheet.objects.exists()


def test_without_health_information_no_agreement_to_it_is_asked_for(line, buyer):
    answer = buyer.post(address_of(line), {**TOLD, "consent": ""})

    assert answer.status_code == 303
    assert care.read_care_sheet(line).health == {}


def test_too_long_a_text_is_refused(line, buyer):
    key = line.participants.first().key
    answer = buyer.post(address_of(line), told(line, **{f"health_{key}": "é" * 601}))
    assert answer.status_code == 422
    assert "Shorten it to 600 signs" in answer.content.decode()


@pytest.mark.parametrize("who", ["anonymous", "visitor", "office", "other_carer", "other_buyer"])
def test_nobody_else_finds_it(line, buyer, who):
    buyer.post(address_of(line), told(line))
    client = Client()
    user = {
        "anonymous": lambda: None,
        "visitor": factories.a_user,
        "office": lambda: factories.a_user(is_staff=True, is_superuser=True),
        "other_carer": lambda: factories.a_host(factories.a_provider()),
        "other_buyer": lambda: None,
    }[who]()
    if user:
        client.force_login(user)
    assert client.get(address_of(line)).status_code == 404
    assert client.post(address_of(line), told(line)).status_code == 404
    extranet = client.get(reverse("extranet-line", args=[line.pk]))
    assert "Arachides" not in extranet.content.decode()
    desk = client.get(trip_of(line))
    assert "Arachides" not in desk.content.decode()


def test_the_parents_change_it_and_take_it_back(line, buyer):
    buyer.post(address_of(line), told(line))
    buyer.post(address_of(line), told(line, fetcher_1="Papi Louis"))
    assert CareSheet.objects.count() == 1
    assert "Papi Louis" in carer_page(line)

    buyer.post(address_of(line), {"withdraw": "1"})
    assert not CareSheet.objects.exists()
    buyer.post(address_of(line), {"withdraw": "1"})
    assert Entry.objects.filter(verb="care sheet withdrawn").count() == 1


def test_after_the_childcare_it_is_closed_and_says_so(line, buyer, at):
    late = line.ends_at
    at(late)
    # The session of the day it was bought is over: the link of the mail opens it again.
    buyer.get(trip_of(line), {"cle": line.order.access_token})
    answer = buyer.post(address_of(line), told(line), follow=True)
    assert "its sheet is closed" in answer.content.decode()
    with pytest.raises(Refusal) as refused:
        care.fill_care_sheet(line, care.Sheet("0612345678"), now=late)
    assert refused.value.code == "care_sheet_closed"


def test_it_is_deleted_thirty_days_after_not_before(line, settings):
    care.fill_care_sheet(line, care.Sheet("0612345678"), now=NOW)
    end = line.ends_at + timedelta(days=settings.CARE_SHEET_DAYS)
    assert care.purge_care_sheets(now=end - timedelta(seconds=1)) == 0
    assert care.purge_care_sheets(now=end) == 1
    assert care.read_care_sheet(line) is None


def test_a_cancelled_childcare_shows_no_sheet_and_keeps_none(line, buyer):
    buyer.post(address_of(line), told(line))
    line.state = states.CANCELLED
    line.save(update_fields=["state"])
    assert "Arachides" not in carer_page(line)
    assert care.purge_care_sheets(now=NOW) == 1


def test_a_new_key_in_front_still_opens_what_was_sealed(line, buyer, settings):
    settings.SEALING_KEYS = ["the old one"]
    buyer.post(address_of(line), told(line))
    settings.SEALING_KEYS = ["the new one", "the old one"]
    assert "Arachides" in carer_page(line)


def test_a_lost_key_is_said_and_the_sheet_can_be_written_again(line, buyer, settings):
    settings.SEALING_KEYS = ["the old one"]
    buyer.post(address_of(line), told(line))
    settings.SEALING_KEYS = ["another one"]
    assert "can no longer be read" in carer_page(line)
    assert "can no longer be read" in buyer.get(address_of(line)).content.decode()
    assert buyer.post(address_of(line), told(line)).status_code == 303
    assert "Arachides" in carer_page(line)


def test_altered_bytes_are_not_read():
    sealed = bytearray(seal("mots"))
    sealed[-1] ^= 1
    with pytest.raises(Unreadable):
        unseal(bytes(sealed))
    assert unseal(seal("mots é €")) == "mots é €"


def test_no_sheet_goes_with_anything_else(bank: FakeBank, at):
    at(NOW)
    gite = factories.a_lodging(now=NOW)
    basket = factories.a_basket()
    add_to_basket(
        basket,
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=date(2027, 7, 10),
            departure=date(2027, 7, 17),
            ages=(None, 5),
        ),
        now=NOW,
    )
    lodging = paid_order(basket, bank).lines.get()
    client = Client()
    trip = trip_of(lodging)
    client.get(trip, {"cle": lodging.order.access_token})
    assert client.get(address_of(lodging)).status_code == 404
    assert address_of(lodging) not in client.get(trip).content.decode()
