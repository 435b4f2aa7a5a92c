"""The residents' card and what providers grant: a yes, a no and a first name, nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from booking import advantages, households, resident_cards
from booking.advantages import AdvantageInput
from booking.refusals import BadInput, NotAllowed
from members.journal import SYSTEM
from members.models import Advantage, HouseholdMember, Provider, User
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
CARD = reverse("resident-card")
LATER = TODAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def token_of(member: HouseholdMember) -> str:
    return resident_cards.card_url(member).partition("?carte=")[2]


def test_host_who_checks_a_card_learns_a_first_name_alone():
    member = factories.a_household()
    host = browser_of(factories.a_host(factories.a_provider()))
    page = body(host.get(resident_cards.card_url(member)))
    assert "The card counts. It is Camille’s." in page
    for private in (member.household.name, member.user.email, member.household.commune.name):
        assert private not in page


def test_card_says_yes_or_no_to_hosts_alone():
    url = resident_cards.card_url(factories.a_household())
    assert Client().get(url).status_code == 302
    page = body(browser_of(factories.a_user()).get(url))
    assert "Camille" not in page
    assert "counts" not in page


@pytest.mark.parametrize("token", ["x", "1.1:x", "é", signing.Signer(salt="x").sign("1.1")])
def test_forged_card_does_not_count(token: str):
    factories.a_household()
    host = browser_of(factories.a_host(factories.a_provider()))
    assert "doesn’t count" in body(host.get(reverse("extranet-card"), {"carte": token}))


@pytest.mark.parametrize("why", ["replaced", "left", "ended"])
def test_card_that_counted_counts_no_more(why: str):
    member = factories.a_household()
    token = token_of(member)
    assert resident_cards.check_card(token).is_valid
    if why == "replaced":
        browser_of(member.user).post(reverse("resident-card-renew"))
        member.refresh_from_db()
        assert resident_cards.check_card(token_of(member)).is_valid
    elif why == "left":
        households.leave_household(member, now=NOW)
    else:
        households.end_household(member.household, note="x", actor=SYSTEM, now=NOW)
    assert resident_cards.check_card(token) == resident_cards.CheckedCard(is_valid=False)


def test_no_card_before_the_office_has_verified():
    member = factories.a_household(state="declared")
    with pytest.raises(NotAllowed, match="card_not_yet"):
        resident_cards.card_url(member)
    client = browser_of(member.user)
    page = body(client.get(CARD))
    assert "as soon as the office has verified" in page
    assert 'class="qr"' not in page
    assert "as soon as the office" in body(client.post(reverse("resident-card-renew"), follow=True))


def test_card_is_drawn_in_the_page():
    page = browser_of(factories.a_household().user).get(CARD).content.decode()
    assert "<svg" in page
    assert (
        "style="
        not in page[page.index('class="qr"') : page.index("</svg>", page.index('class="qr"'))]
    )


# --- Advantages ---------------------------------------------------------------------------------
def granted(house: Provider | None = None, **fields: object) -> Advantage:
    given = {"text_fr": "Le café offert", "text_en": "", "first_day": TODAY, "last_day": LATER}
    return advantages.grant_advantage(
        house or factories.a_provider(),
        AdvantageInput(**{**given, **fields}),
        actor=SYSTEM,
        now=NOW,
    )


def test_host_grants_something_residents_read_it_and_it_ends():
    house = factories.a_provider(name="La Table de Solange")
    host = browser_of(factories.a_host(house))
    sent = {
        "text_fr": "Le café offert après le repas",
        "text_en": "Coffee after the meal",
        "first_day": TODAY.isoformat(),
        "last_day": LATER.isoformat(),
    }
    add = reverse("extranet-advantage-add", args=[house.slug])
    assert "Le café offert" in body(host.post(add, sent, follow=True))
    resident = browser_of(factories.a_household().user)
    page = body(resident.get(CARD))
    assert "La Table de Solange" in page
    assert "Coffee after the meal" in page
    one = Advantage.objects.get()
    end = reverse("extranet-advantage-end", args=[house.slug, one.pk])
    assert host.post(end).status_code == 303
    assert "Solange" not in body(resident.get(CARD))
    assert host.post(end).status_code == 404


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text_fr": ""}, "Say what you grant"),
        ({"first_day": ""}, "Give this day"),
        ({"last_day": "2027-01-01"}, "comes before"),
        ({"first_day": "2026-01-01", "last_day": "2027-01-01"}, "past already"),
        ({"last_day": "9999-12-31"}, "too far away"),
    ],
)
def test_bad_advantage_is_said_beside_its_field(changed, words):
    house = factories.a_provider()
    sent = {"text_fr": "Café", "first_day": TODAY.isoformat(), "last_day": LATER.isoformat()}
    answer = browser_of(factories.a_host(house)).post(
        reverse("extranet-advantage-add", args=[house.slug]), {**sent, **changed}
    )
    assert answer.status_code == 422
    assert words in body(answer)


def test_only_what_runs_of_active_houses_is_shown():
    granted(first_day=TODAY + timedelta(days=1))
    suspended = granted().provider
    Provider.objects.filter(pk=suspended.pk).update(state="suspended")
    shown = granted()
    assert list(advantages.advantages_on(TODAY)) == [shown]
    assert list(advantages.advantages_on(LATER + timedelta(days=1))) == []


def test_house_grants_five_things_at_most():
    house = factories.a_provider()
    for _ in range(advantages.MOST_RUNNING):
        granted(house)
    with pytest.raises(NotAllowed, match="too_many_advantages"):
        granted(house)
    with pytest.raises(BadInput, match="advantage_backwards"):
        granted(first_day=LATER, last_day=TODAY)


def test_nobody_ends_what_another_house_grants():
    one = granted()
    other = factories.a_provider()
    host = browser_of(factories.a_host(other))
    for slug in (one.provider.slug, other.slug):
        assert host.post(reverse("extranet-advantage-end", args=[slug, one.pk])).status_code == 404
    one.refresh_from_db()
    assert one.ended_at is None
