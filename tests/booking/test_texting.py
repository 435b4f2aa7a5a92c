"""SMS to hosts: chosen, worded in one text, carried by a service, given up with a word."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from booking.gateways import sms as carrying
from booking.gateways.sms import HttpSms, SmsRefused, SmsUnavailable
from booking.messages import drain_outbox
from booking.models import NoticeChoice, Order, OutboxMessage
from booking.rules.texting import GSM, LONGEST, gsm, international, shortened
from booking.talks import write_to_host
from booking.texting import text_of
from members.models import Entry, User
from oti.lib.http import Fetched, FetchFailed, Reason
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
PAGE = reverse("extranet-notices")


class FakeSms:
    """A service in memory; what it is told to raise, it raises."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.errors: list[Exception] = []

    def send(self, phone: str, text: str, *, key: str) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((phone, text))
        return f"sms-{len(self.sent)}"


@pytest.fixture
def service(monkeypatch) -> FakeSms:
    fake = FakeSms()
    for module in ("booking.texting", "booking.messages"):
        monkeypatch.setattr(f"{module}.get_sms_gateway", lambda: fake)
    return fake


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(NOW)
    order = paid_stay(bank)
    host = order.lines.get(kind="lodging").sub_order.provider
    NoticeChoice.objects.create(provider=host, way="both", phone="+33612345678", updated_at=NOW)
    return order


# --- What is texted ------------------------------------------------------------------------------
def test_booking_is_texted_once_beside_its_mail(order: Order, service: FakeSms):
    drain_outbox(now=NOW + timedelta(minutes=1))
    drain_outbox(now=NOW + timedelta(minutes=2))
    drain_outbox(now=NOW + timedelta(minutes=3))

    [(phone, text)] = service.sent
    assert phone == "+33612345678"
    assert "Claire" in text
    assert order.reference in text
    assert site.BASE_URL in text
    assert len(text) <= LONGEST
    assert set(text) <= GSM
    for private in ("Dupont", order.email, order.phone):
        assert private not in text
    row = OutboxMessage.objects.get(channel="sms")
    assert (row.state, row.message_id) == ("sent", "sms-1")


def test_words_of_a_guest_are_announced_not_carried(order: Order, service: FakeSms):
    OutboxMessage.objects.all().delete()
    house = order.lines.get(kind="lodging").sub_order.provider
    write_to_host(order, house, "Mon numéro est le 06", now=NOW)
    drain_outbox(now=NOW)
    drain_outbox(now=NOW)
    [(_phone, text)] = service.sent
    assert "06" not in text.replace(order.reference, "").split("http")[0]


def test_long_foreign_name_still_makes_one_sms(order: Order, service: FakeSms):
    Order.objects.filter(pk=order.pk).update(first_name="Ağlaé-Śędzimir" * 5)
    message = OutboxMessage.objects.filter(kind="provider_booking").first()
    for language in ("fr", "en"):
        message.language = language
        message.order.refresh_from_db()
        assert len(text_of(message)) <= LONGEST


def test_nobody_is_texted_without_a_service(order: Order, settings):
    settings.SMS_URL, settings.SMS_CONSOLE = "", False
    drain_outbox(now=NOW + timedelta(minutes=1))
    assert not OutboxMessage.objects.filter(channel="sms").exists()


# --- What goes wrong -----------------------------------------------------------------------------
def test_silent_service_is_asked_again_and_given_up_with_a_line_on_the_desk(
    order: Order, service: FakeSms
):
    service.errors = [SmsUnavailable("timeout")] * 20
    moment = NOW + timedelta(minutes=1)
    for _turn in range(12):
        drain_outbox(now=moment)
        moment += timedelta(hours=3)

    row = OutboxMessage.objects.get(channel="sms")
    assert (row.state, row.attempts) == ("failed", 8)
    office = Client()
    office.force_login(User.objects.create_superuser("bureau@example.org", "secret"))
    page = body(office.get(reverse("wagtailadmin_home")))
    assert "SMS" in page
    assert row.recipient in body(office.get(reverse("desk_outbox:index"), {"state": "failed"}))


def test_wrong_number_is_given_up_at_once(order: Order, service: FakeSms):
    service.errors = [SmsRefused("status 400")]
    drain_outbox(now=NOW + timedelta(minutes=1))
    drain_outbox(now=NOW + timedelta(minutes=1))
    row = OutboxMessage.objects.get(channel="sms")
    assert (row.state, row.attempts) == ("failed", 1)
    # The mail beside it went.
    assert OutboxMessage.objects.get(key=row.key.removeprefix("sms:")).state == "sent"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None),
        (202, None),
        (302, SmsRefused),
        (400, SmsRefused),
        (401, SmsRefused),
        (429, SmsUnavailable),
        (500, SmsUnavailable),
        (503, SmsUnavailable),
    ],
)
def test_service_is_asked_as_json_under_its_key(monkeypatch, status, error):
    asked = []

    def fetch(url, **options):
        asked.append((url, options))
        return Fetched(status, {}, b'{"id": "abc"}', url)

    monkeypatch.setattr(carrying, "fetch", fetch)
    gateway = HttpSms("https://sms.example.org/send", "secret")
    if error:
        with pytest.raises(error):
            gateway.send("+33612345678", "Bonjour", key="outbox-1")
    else:
        assert gateway.send("+33612345678", "Bonjour", key="outbox-1") == "abc"
    [(url, options)] = asked
    assert url == "https://sms.example.org/send"
    told = json.loads(options["body"])
    assert told == {"to": "+33612345678", "text": "Bonjour", "id": "outbox-1"}
    assert options["headers"]["authorization"] == "Bearer secret"
    assert options["hosts"]("sms.example.org")
    assert not options["hosts"]("elsewhere.example.org")


def test_service_out_of_reach_is_asked_again(monkeypatch):
    def fetch(url, **options):
        raise FetchFailed(Reason.TIMEOUT)

    monkeypatch.setattr(carrying, "fetch", fetch)
    with pytest.raises(SmsUnavailable):
        HttpSms("https://sms.example.org/", "k").send("+33612345678", "x", key="k")


@pytest.mark.parametrize("url", ["http://sms.example.org/", "https://127.0.0.1/"])
def test_address_that_may_not_be_asked_is_given_up(url: str):
    with pytest.raises(SmsRefused):
        HttpSms(url, "k").send("+33612345678", "x", key="k")


# --- The rules -----------------------------------------------------------------------------------
@given(st.text(max_size=400))
def test_text_always_fits_one_sms(text: str):
    assert set(gsm(text)) <= GSM
    assert len(shortened(text, LONGEST)) <= LONGEST


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("07.12.34.56.78", "+33712345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+49 151 23456789", "+4915123456789"),
        ("0049 151 23456789", "+4915123456789"),
        # A line at home takes no SMS.
        ("04 71 00 00 00", None),
        ("06 12 34", None),
        ("12", None),
        ("+0612345678", None),
        ("six", None),
        ("+336123456789012345", None),
        ("<script>", None),
        ("٠٦١٢٣٤٥٦٧٨", None),
    ],
)
def test_numbers_are_written_as_networks_take_them(typed: str, number: str | None):
    assert international(typed) == number


# --- The page ------------------------------------------------------------------------------------
@pytest.fixture
def host() -> tuple[Client, object]:
    house = factories.a_provider()
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(factories.a_host(house))
    return client, house


def test_way_is_chosen_and_journalled_without_the_number(host, service: FakeSms):
    client, house = host
    assert PAGE in body(client.get(reverse("extranet-team")))

    answer = client.post(PAGE, {"way": "both", "phone": "06 12 34 56 78"}, follow=True)

    assert "this is how we tell you from now on" in body(answer)
    assert 'value="+33612345678"' in body(answer)
    choice = NoticeChoice.objects.get(provider=house)
    assert (choice.way, choice.phone) == ("both", "+33612345678")
    assert "6123" not in str(Entry.objects.get(verb="notices chosen").data)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "Choose how we tell you."),
        ({"way": "pigeon"}, "Choose how we tell you."),
        ({"way": "sms", "phone": ""}, "Write a mobile number"),
        ({"way": "both", "phone": "04 71 00 00 00"}, "Write a mobile number"),
        ({"way": "mail", "phone": "abc"}, "Write a mobile number"),
    ],
)
def test_wrong_choices_are_said(host, service: FakeSms, asked, words):
    client, _house = host
    answer = client.post(PAGE, asked)
    assert answer.status_code == 422
    assert words in body(answer)
    assert not NoticeChoice.objects.exists()


def test_without_a_service_nothing_is_offered(host, settings):
    settings.SMS_URL, settings.SMS_CONSOLE = "", False
    client, _house = host
    assert "everything comes by mail" in body(client.get(PAGE))
    assert client.post(PAGE, {"way": "sms", "phone": "06 12 34 56 78"}).status_code == 409


def test_house_of_somebody_else_is_unknown(host, service: FakeSms):
    client, _house = host
    other = factories.a_provider()
    asked = {"way": "mail", "phone": ""}
    assert client.post(f"{PAGE}?maison={other.slug}", asked).status_code == 404


def test_staff_chooses_nothing(host, service: FakeSms):
    client, house = host
    house.roles.update(role="staff")
    asked = {"way": "sms", "phone": "06 12 34 56 78"}
    assert PAGE not in body(client.get(reverse("extranet-team")))
    assert client.get(PAGE).status_code == 404
    for address in (PAGE, f"{PAGE}?maison={house.slug}"):
        assert client.post(address, asked).status_code == 404
    assert not NoticeChoice.objects.exists()
