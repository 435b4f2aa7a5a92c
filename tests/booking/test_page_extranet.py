"""The hosts' space: one's own bookings, and nothing of anybody else."""

from datetime import datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.models import Order
from members.journal import SYSTEM
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import (
    a_week,
    address,
    body,
    carry,
    dupont_stay,
    hold_place,
    hold_week,
    paid_stay,
)
from tests.booking.relations.greeting import a_greeter
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def host_of(order: Order, kind: str) -> Client:
    """Return the browser of the host of one line."""
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(order.lines.get(kind=kind).sub_order.provider))
    return person


def line_url(order: Order, kind: str) -> str:
    return reverse("extranet-line", args=[order.lines.get(kind=kind).pk])


def test_stranger_is_asked_who_it_is(client: Client, order: Order):
    for url in (reverse("extranet-home"), line_url(order, "lodging"), reverse("after-login")):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.url == f"{reverse('account_login')}?next={url}"


def test_host_sees_what_comes_and_only_its_own(order: Order, django_assert_max_num_queries):
    host = host_of(order, "lodging")

    with django_assert_max_num_queries(13):
        answer = host.get(reverse("extranet-home"))

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    assert 'content="noindex"' in page
    assert "The Narces Cottage" in page
    assert "Claire arrives at 3 pm" in page
    assert "2 adults, 2 children (5 and 10 years old)" in page
    assert "First stitches of lace" not in page
    assert "Dupont" not in page


def test_days_of_another_year_say_it(order: Order, at):
    host = factories.a_host(order.lines.get(kind="lodging").sub_order.provider)
    past = f"{reverse('extranet-bookings')}?quand="
    pages = (line_url(order, "lodging"), reverse("extranet-payouts"))
    for year in (2027, 2028):
        at(datetime(year, 4, 6, 10, tzinfo=PARIS))
        browser = Client(headers={"Accept-Language": "en"})
        browser.force_login(host)
        when = "a-venir" if year == 2027 else "passees"
        for page in (*pages, past + when):
            assert ("17 Jul 2027, 7 nights" in body(browser.get(page))) == (year == 2028)
        for message in order.messages.filter(kind="provider_booking"):
            mail = compose(message)
            assert ("2027" in mail.body, "2027" in mail.subject) == (year == 2028,) * 2


def test_booking_shows_what_it_takes_to_welcome_and_no_more(order: Order):
    Order.objects.filter(pk=order.pk).update(needs="A nut allergy")
    host = host_of(order, "lodging")

    page = body(host.get(line_url(order, "lodging")))

    assert "06 00 00 00 00" in page
    assert "A nut allergy" in page
    assert "Prénomp3, 5 years old" in page
    assert "€760.00" in page
    for secret in ("Dupont", order.email, "First stitches of lace", "1,063.40", order.access_token):
        assert secret not in page


def test_booking_of_another_host_is_not_found(order: Order):
    host = host_of(order, "lodging")

    assert host.get(line_url(order, "workshop")).status_code == 404
    assert host.get(reverse("extranet-line", args=[999999])).status_code == 404


def test_what_is_not_paid_is_not_announced(client: Client):
    order = order_from(dupont_stay(client))
    host = host_of(order, "lodging")

    assert "Nobody is announced for now." in body(host.get(reverse("extranet-home")))
    assert host.get(line_url(order, "lodging")).status_code == 404


def test_cancelled_booking_says_so(order: Order):
    line = order.lines.get(kind="lodging")
    cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=NOW)
    host = host_of(order, "lodging")

    assert "The Narces Cottage" not in body(host.get(reverse("extranet-home")))
    assert "Cancelled" in body(host.get(line_url(order, "lodging")))


def test_quiet_day_names_the_next_arrival_and_a_full_one_its_people(order: Order, at):
    host = host_of(order, "lodging")
    person = order.lines.get(kind="lodging").sub_order.provider.roles.first().user
    assert "A quiet day: nobody comes, nobody leaves. Next: Claire" in body(
        host.get(reverse("extranet-home"))
    )

    at(order.lines.get(kind="lodging").starts_at)
    host.force_login(person)
    page = body(host.get(reverse("extranet-home")))

    assert "A quiet day" not in page
    assert 'id="arrivals"' in page
    assert "The Narces Cottage" in page


def test_many_bookings_are_shown_by_pages_with_few_questions(
    bank: FakeBank, django_assert_max_num_queries
):
    provider = factories.a_provider()
    for week in range(3):
        basket = factories.a_basket()
        hold_week(basket, a_week(provider=provider, title_en=f"Cottage {week}"))
        paid_order(basket, bank)
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(provider))

    with django_assert_max_num_queries(13):
        page = body(host.get(reverse("extranet-home"), {"page": "nonsense"}))

    assert all(f"Cottage {week}" in page for week in range(3))
    assert "bookings to come" in page


def test_somebody_without_provider_is_welcomed_kindly(client: Client):
    client.force_login(factories.a_user())

    answer = client.get(reverse("extranet-home"), headers={"Accept-Language": "en"})

    assert answer.status_code == 200
    assert "This account isn’t tied to a provider yet." in body(answer)


def test_each_person_is_led_to_its_own_space(client: Client):
    host, office, visitor = factories.a_user(), factories.a_user(), factories.a_user()
    inhabitant = a_greeter().user
    factories.a_provider().roles.create(user=host)
    office.user_permissions.add(Permission.objects.get(codename="access_admin"))

    places = []
    for user in (host, office, inhabitant, visitor):
        client.force_login(user)
        answer = client.get(reverse("after-login"), headers={"Accept-Language": "en"})
        assert answer.status_code == 303
        places.append(answer.url)

    assert places == [
        reverse("extranet-home"),
        reverse("wagtailadmin_home"),
        reverse("space-greeter"),
        address("booking:account"),
    ]


def test_basket_is_never_announced_to_a_host(client: Client):
    basket = carry(client, factories.a_basket())
    offer = hold_place(basket, "Only held")
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(offer.provider))

    assert "Only held" not in body(host.get(reverse("extranet-home")))
