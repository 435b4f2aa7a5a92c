"""Who may come to the desk: the office's staff, within its rights, and nobody else."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from booking.models import Order
from members.groups import OFFICE, ensure_office_group
from members.models import Entry, ProviderRole, User
from tests import factories

LISTS = (
    "desk_lodgings",
    "desk_experiences",
    "desk_ready_stays",
    "desk_tariffs",
    "desk_slots",
    "desk_seasons",
    "desk_closures",
    "desk_orders",
    "desk_requests",
    "desk_incidents",
    "desk_payouts",
    "desk_sellers",
    "desk_outbox",
    "desk_letters",
    "desk_life_cycle",
    "desk_bank",
    "desk_policies",
    "desk_tax_tariffs",
    "desk_tax_councils",
    "desk_providers",
    "desk_roles",
    "desk_contracts",
    "desk_communes",
    "desk_poles",
    "desk_sites",
    "desk_perimeters",
    "desk_activations",
    "desk_legal",
    "desk_events",
    "desk_sessions",
)
READ_ONLY = (
    "desk_orders",
    "desk_requests",
    "desk_incidents",
    "desk_payouts",
    "desk_sellers",
    "desk_outbox",
    "desk_letters",
    "desk_life_cycle",
    "desk_bank",
    "desk_communes",
    "desk_perimeters",
)


def test_the_office_opens_every_list_and_an_empty_one_says_what_will_appear(desk: Client) -> None:
    for name in LISTS:
        page = desk.get(reverse(f"{name}:index"))
        assert page.status_code == 200, name
        assert str(page.context["empty_text"]), name
        if not page.context["object_list"]:
            assert str(page.context["empty_text"])[:20] in page.content.decode(), name
        assert desk.get(reverse(f"{name}:index"), {"q": "a"}).status_code == 200, name


def test_the_office_opens_every_form(desk: Client) -> None:
    for name in set(LISTS) - {*READ_ONLY, "desk_poles"}:
        assert desk.get(reverse(f"{name}:add")).status_code == 200, name


def test_what_use_cases_write_has_no_form(desk: Client) -> None:
    for name in READ_ONLY:
        root = reverse(f"{name}:index")
        assert desk.get(f"{root}new/").status_code == 404, name
        assert desk.get(f"{root}edit/1/").status_code == 404, name
        assert desk.post(f"{root}delete/1/").status_code == 404, name


def test_a_visitor_and_a_host_are_sent_to_the_door(db: None, client: Client) -> None:
    door = reverse("wagtailadmin_login")
    host = Client()
    host.force_login(factories.a_host(factories.a_provider()))
    for name in LISTS:
        address = reverse(f"{name}:index")
        assert client.get(address)["Location"].startswith(door), name
        assert host.get(address)["Location"].startswith(door), name


def test_staff_without_the_right_to_an_order_do_not_see_it(db: None, client: Client) -> None:
    group = Group.objects.create(name="Texts")
    group.permissions.set(
        factories.the_office().permissions.filter(codename__in=["access_admin", "view_site"])
    )
    user = factories.a_user("texts@example.org")
    user.groups.add(group)
    client.force_login(user)
    order = Order.objects.create(
        first_name="A",
        last_name="B",
        email="a@b.fr",
        gross_amount=0,
        total_amount=0,
        deadline="2027-04-06T12:00Z",
        placed_at="2027-04-06T11:00Z",
    )
    assert client.get(reverse("wagtailadmin_home")).status_code == 200
    for address in (
        reverse("desk_orders:index"),
        reverse("desk_orders:inspect", args=[order.pk]),
        reverse("desk_orders:cancel", args=[order.pk]),
        reverse("desk_lodgings:add"),
    ):
        refused = client.get(address)
        assert refused.status_code == 302
        assert refused["Location"] == reverse("wagtailadmin_home")


def test_the_office_group_is_made_once_and_has_no_right_over_accounts(db: None) -> None:
    factories.the_office().delete()
    first = ensure_office_group()
    count = first.permissions.count()
    assert ensure_office_group() == first
    assert Group.objects.filter(name=OFFICE).count() == 1
    assert first.permissions.count() == count
    names = set(first.permissions.values_list("codename", flat=True))
    assert {"access_admin", "change_offer", "view_order", "change_order"} <= names
    assert not names & {"delete_order", "add_order", "change_user", "change_group", "delete_entry"}
    assert first.collection_permissions.filter(permission__codename="add_image").exists()


def test_the_menu_has_one_group_per_job(desk: Client) -> None:
    page = desk.get(reverse("wagtailadmin_home")).content.decode()
    for word in ("Contents", "Offers", "Bookings", "Providers", "Events", "Territory"):
        assert word in page


def test_a_host_is_given_access_by_an_address(desk: Client) -> None:
    provider = factories.a_provider()
    data = {"provider": provider.pk, "email": "Anne@Example.org", "role": "owner"}
    assert desk.post(reverse("desk_roles:add"), data).status_code == 302
    user = User.objects.get(email="anne@example.org")
    assert not user.has_usable_password()
    assert ProviderRole.objects.get() == ProviderRole.objects.get(user=user, provider=provider)
    assert Entry.objects.filter(verb="access given").count() == 1
    desk.post(reverse("desk_roles:add"), {**data, "role": "staff"})
    assert ProviderRole.objects.get().role == "staff"
