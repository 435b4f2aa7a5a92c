"""« Mes données »: by the link of a mail, or signed in; the same answer for every address."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from booking.messages import send_message
from booking.models import Order, OutboxMessage
from booking.relations import own_data
from members.models import Entry, HouseholdMember, ProviderRole, User
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.inviting import an_ambassador
from tests.booking.relations.stays import LATER, past_stay
from tests.cast import NOW, FakeBank
from tests.members import factors

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    order = past_stay(bank)
    at(LATER)
    return order


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"Accept-Language": "en"})


def page() -> str:
    return address("booking:own-data")


def link(client: Client, email: str, mailoutbox) -> dict[str, str]:
    """Ask for the link and return what it carries."""
    told = body(client.post(page(), {"email": email}))
    assert "Look at your mail." in told
    [message] = OutboxMessage.objects.filter(kind="own_data")
    send_message(message.pk, now=LATER)
    [url] = [one for one in mailoutbox[-1].body.split() if "?cle=" in one]
    return {"cle": url.split("?cle=")[1]}


def opened(client: Client, email: str, mailoutbox) -> None:
    """Ask for the link and follow it."""
    answer = client.get(page(), link(client, email, mailoutbox))
    assert (answer.status_code, answer.url) == (303, page())


def test_copy_and_erasing_by_the_link_of_a_mail(visitor: Client, order: Order, mailoutbox):
    opened(visitor, order.email.upper(), mailoutbox)
    assert order.email in body(visitor.get(page()))
    file = visitor.post(page(), {"copy": "1"})
    assert file["Content-Type"] == "application/zip"
    assert "no-store" in file["Cache-Control"]
    packed = zipfile.ZipFile(io.BytesIO(file.content))
    assert order.reference in packed.read("orders.csv").decode()

    answer = visitor.post(page(), {"erase": "1"})
    assert answer.status_code == 422
    assert "Tick the box" in body(answer)
    assert Order.objects.get().email == order.email
    gone = visitor.post(page(), {"is_sure": "on"})
    assert "Your data are erased" in body(gone)
    assert Order.objects.get().email == ""
    # What it opened is closed with it.
    assert order.email not in body(visitor.get(page()))


def test_key_leaves_the_address_bar_and_the_link_serves_again(
    visitor: Client, order: Order, mailoutbox, at
):
    key = link(visitor, order.email, mailoutbox)
    for one in (visitor, visitor, Client(headers={"Accept-Language": "en"})):
        answer = one.get(page(), key)
        assert (answer.status_code, answer.url) == (303, page())
        shown = one.get(page())
        for told in (answer, shown):
            # The page's own forms say where they come from, never the address with the key.
            assert told["Referrer-Policy"] == "strict-origin"
        assert key["cle"] not in shown.content.decode()
        assert order.email in body(shown)
    # What was erased once has nothing left, and nothing breaks.
    visitor.post(page(), {"is_sure": "on"})
    visitor.get(page(), key)
    assert visitor.post(page(), {"copy": "1"}).status_code == 200
    assert visitor.post(page(), {"is_sure": "on"}).status_code == 200


def test_session_keeps_no_address_in_the_clear(visitor: Client, order: Order, mailoutbox):
    opened(visitor, order.email, mailoutbox)
    assert order.email not in str(dict(visitor.session))


def test_what_the_link_opened_ends_after_half_an_hour(
    visitor: Client, order: Order, mailoutbox, at
):
    opened(visitor, order.email, mailoutbox)
    at(LATER + own_data.OPEN_FOR - timedelta(seconds=1))
    assert order.email in body(visitor.get(page()))
    at(LATER + own_data.OPEN_FOR)
    answer = visitor.post(page(), {"is_sure": "on"})
    assert answer.status_code == 410
    assert "follow the link of our mail again" in body(answer)
    assert order.email not in body(visitor.get(page()))
    assert Order.objects.get().email == order.email


def test_it_is_closed_on_this_device_by_a_press(visitor: Client, order: Order, mailoutbox):
    opened(visitor, order.email, mailoutbox)
    assert visitor.post(page(), {"leave": "1"}).status_code == 303
    seen = body(visitor.get(page()))
    assert "closed on this device" in seen
    assert order.email not in seen
    assert visitor.post(page(), {"copy": "1"}).status_code == 410


def test_every_address_has_the_same_answer(visitor: Client, order: Order, mailoutbox):
    known = visitor.post(page(), {"email": order.email})
    unknown = visitor.post(page(), {"email": "nobody@example.org"})
    assert body(known) == body(unknown)
    assert OutboxMessage.objects.filter(kind="own_data").count() == 2
    # Pressed again at once: one mail.
    visitor.post(page(), {"email": order.email})
    assert OutboxMessage.objects.filter(kind="own_data").count() == 2


def test_before_the_stay_is_over_it_says_what_to_do(
    bank: FakeBank, visitor: Client, at, mailoutbox
):
    order = past_stay(bank)
    at(NOW)
    opened(visitor, order.email, mailoutbox)
    seen = body(visitor.get(page()))
    assert order.reference in seen
    assert 'name="is_sure"' not in seen
    answer = visitor.post(page(), {"is_sure": "on"})
    assert answer.status_code == 409
    assert order.reference in body(answer)
    assert Order.objects.get().email == order.email


@pytest.mark.parametrize("key", ["x", "eyJh.bad.sign", "\x00", "é" * 300])
def test_link_that_is_old_or_no_link_asks_again(visitor: Client, key: str):
    answer = visitor.get(page(), {"cle": key})
    # A sign that no address may hold is refused before.
    assert answer.status_code == (404 if key == "\x00" else 410)
    assert answer.status_code == 404 or "Send me the link" in body(answer)


def test_link_of_three_days_ago_opens_nothing(visitor: Client, order: Order, mailoutbox, at):
    key = link(visitor, order.email, mailoutbox)
    at(LATER + timedelta(days=3, minutes=1))
    answer = visitor.get(page(), key)
    assert answer.status_code == 410
    assert order.email not in body(answer)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", f"{'a' * 300}@example.org"])
def test_what_is_no_address_is_told(visitor: Client, email: str):
    assert visitor.post(page(), {"email": email}).status_code == 422
    assert not OutboxMessage.objects.exists()


def test_asking_ever_again_is_slowed_down(visitor: Client):
    answers = [
        visitor.post(page(), {"email": f"g{one}@example.org"}).status_code for one in range(12)
    ]
    assert answers[:10] == [200] * 10
    assert answers[-1] == 429


# --- With an account -----------------------------------------------------------------------------
SURE = {"is_sure": "on"}


@pytest.fixture
def guest(order: Order) -> User:
    return factors.able_to_sign_in(factories.a_user(order.email))


@pytest.fixture
def client(guest: User) -> Client:
    """Give a client that signed in long ago: no proof of its session is fresh."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(guest)
    return client


def closing() -> str:
    return reverse("space-close")


def test_copy_is_taken_over_proved_addresses(client: Client, guest: User, order: Order):
    mine = reverse("space-data")
    assert order.email in body(client.get(mine))
    assert client.post(mine, {"copy": "1"})["Content-Type"] == "application/zip"
    assert client.post(mine, SURE).url == closing()
    EmailAddress.objects.update(verified=False)
    assert client.get(mine).status_code == client.get(closing()).status_code == 303
    assert Order.objects.get().email == order.email


def test_who_has_just_signed_in_closes_their_account_at_once(guest: User, order: Order):
    client, elsewhere = Client(headers={"Accept-Language": "en"}), Client()
    factors.sign_in(client, guest)
    factors.sign_in(elsewhere, guest)
    seen = body(client.get(closing()))
    assert "code de commerce" in seen
    assert client.post(closing(), {}).status_code == 422
    assert "Your account is closed" in body(client.post(closing(), SURE))
    account = User.objects.get(pk=guest.pk)
    assert not account.is_active
    assert account.sessions_ended == guest.sessions_ended + 1
    assert Order.objects.get().email == ""
    assert Entry.objects.filter(verb="account closed", subject=f"user:{guest.pk}").count() == 1
    for one in (client, elsewhere):
        assert one.get(closing()).url.startswith(reverse("account_login"))


def test_who_signed_in_long_ago_proves_it_and_then_it_is_done(
    client: Client, guest: User, mailoutbox
):
    led = client.post(closing(), SURE)
    assert led.url.startswith(reverse("members:prove"))
    assert User.objects.get(pk=guest.pk).is_active
    assert "Is it you?" in body(client.get(led.url))
    back = factors.write_mailed_code(client, led.url, mailoutbox)
    assert back.url.startswith(closing())
    assert "Your account is closed" in body(client.get(back.url))
    assert not User.objects.get(pk=guest.pk).is_active


def test_who_thinks_better_of_it_meanwhile_is_asked_anew(client: Client, guest: User, mailoutbox):
    led = client.post(closing(), SURE)
    client.get(led.url)
    # They go back to the page by themselves, and prove who they are for something else.
    assert "Keep it" in body(client.get(closing()))
    back = factors.write_mailed_code(client, led.url, mailoutbox)
    assert "Keep it" in body(client.get(back.url))
    assert "Keep it" in body(client.get(closing(), {"suite": ""}))
    assert User.objects.get(pk=guest.pk).is_active


def test_who_comes_back_without_the_proof_has_closed_nothing(client: Client, guest: User):
    led = client.post(closing(), SURE)
    mark = client.session["asked-to-close"][0]
    assert led.status_code == 303
    answer = client.get(closing(), {"suite": mark})
    assert (answer.status_code, answer.url) == (303, closing())
    assert User.objects.get(pk=guest.pk).is_active


def test_second_factor_is_what_is_asked_where_there_is_one(client: Client, guest: User):
    factors.with_app(guest)
    led = client.post(closing(), SURE)
    assert led.url.startswith(reverse("mfa_reauthenticate"))
    back = client.post(led.url, {"code": factors.code()})
    assert "Your account is closed" in body(client.get(back.url))


def test_before_the_stay_is_over_nobody_is_asked_for_a_proof(client: Client, at, order: Order):
    at(NOW)
    seen = body(client.get(closing()))
    assert order.reference in seen
    assert 'name="is_sure"' not in seen
    assert client.post(closing(), SURE).status_code == 409


def test_host_is_told_what_to_hand_over_by_house(client: Client, guest: User):
    alone, shared = factories.a_provider(name="Les Narces"), factories.a_provider(name="Le Four")
    factories.a_host(shared)
    for house in (alone, shared):
        ProviderRole.objects.create(provider=house, user=guest, role=ProviderRole.Role.OWNER)
    seen = body(client.get(closing()))
    assert "You alone own “Les Narces”" in seen
    assert "You work for “Le Four”: leave it first" in seen
    assert reverse("extranet-team") in seen
    assert client.post(closing(), SURE).status_code == 409


def test_what_goes_with_the_account_is_told_first(client: Client, guest: User):
    member = factories.a_household(guest)
    an_ambassador(user=guest)
    seen = body(client.get(closing()))
    assert "You are the only one of your household: it ends" in seen
    assert "Your page and your code for friends end." in seen
    other = factories.a_user("other@example.org")
    HouseholdMember.objects.create(
        household=member.household, user=other, first_name="Rose", joined_at=NOW
    )
    assert "it stays with the others" in body(client.get(closing()))
