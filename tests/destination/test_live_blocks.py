"""Live blocks: they find exactly what they say, and say why when they find nothing."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from booking import search_table
from booking.rules.soon import NEXT_WEEKEND, TIMES, WEEK_FROM_SATURDAY, WEEKEND, time_to_come
from destination.models import Commune, Pole, PoleMembership, ThemePage
from destination.nearby import NEAR_KM, communes_near, distance_km
from events.models import Event, Session
from members.models import User
from oti.lib.dates import ONE_DAY, PARIS
from tests import factories
from tests.cast import NOW, TODAY
from tests.destination.cms import a_home, a_page
from tests.pages import text_of

pytestmark = pytest.mark.django_db
FRIDAY = date(2027, 4, 9)
# Where the communes of these tests are: a degree of latitude is 111 km.
FAR = 0.5


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


def page_with(block_type: str, /, **value: Any) -> Any:
    """Make an English page with one live block."""
    usual: dict[str, Any] = {"heading": "Live", "count": 8, "empty_text": "Nothing then."}
    return a_page(ThemePage, english(), body=[(block_type, {**usual, **value})])


def english() -> Any:
    a_home("fr")
    return a_home("en")


def read(client: Client, page: Any) -> str:
    response = client.get(page.url)
    assert response.status_code == 200
    return text_of(response)


def link_to_all(client: Client, page: Any) -> str:
    """Return the address of the list that the block leads to."""
    html = client.get(page.url).content.decode()
    (found,) = re.findall(r'<a class="btn btn--ghost" href="([^"]+)"', html)
    return unescape(found)


def another_pole() -> Commune:
    """Make a second pole, with a commune far from the first one."""
    perimeter = factories.a_perimeter()
    pole = Pole.objects.create(
        perimeter=perimeter, slug="le-puy-en-velay", name="Le Puy", name_en="Le Puy", colour="puy"
    )
    commune = factories.a_commune("Saint-Paulien", insee="43216", inside=False)
    Commune.objects.filter(pk=commune.pk).update(latitude=commune.latitude + FAR)
    PoleMembership.objects.create(
        perimeter=perimeter, pole=pole, commune=commune, valid_from=factories.LONG_AGO
    )
    return commune


def a_lodging(title: str, **fields: Any) -> Any:
    offer = factories.a_lodging(title=title, title_en=title, **fields)
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    return offer


def an_event(title: str, moment: datetime, commune: Commune | None = None) -> None:
    event = Event.objects.create(
        slug=title.lower(),
        title=title,
        title_en=title,
        summary="On danse.",
        organiser=factories.a_provider(name="Le comité"),
        commune=commune or factories.a_commune(),
        state=Event.State.PUBLISHED,
        is_free=True,
        place="la halle",
    )
    Session.objects.create(event=event, starts_at=moment, ends_at=moment + timedelta(hours=2))


# --- Places to stay -------------------------------------------------------------------------------
def test_without_a_time_lodgings_show_their_lowest_night(client: Client):
    a_lodging("Les Narces")
    page = page_with("lodgings", pole="massif-du-mezenc", commune="", when="", adults=2)

    text = read(client, page)

    assert "Les Narces" in text
    assert "Choose dates" in text
    assert link_to_all(client, page) == "/en/stay/?pole=massif-du-mezenc"


def test_lodgings_of_a_week_end_are_those_of_the_list_at_their_price(client: Client):
    free, taken = a_lodging("Libre"), a_lodging("Prise")
    factories.a_restriction(taken, "closed_to_arrival", FRIDAY, FRIDAY + ONE_DAY)
    a_lodging("Petite", sleeps=2)
    search_table.rebuild_units([taken.units.get().pk], today=TODAY)
    page = page_with("lodgings", pole="", commune="", when="weekend", adults=3)

    response = client.get(page.url)
    text = text_of(response)
    url = link_to_all(client, page)
    whole = text_of(client.get(url))

    assert "Libre" in text
    assert "Prise" not in text
    assert "Petite" not in text
    assert url == "/en/stay/?arrival=2027-04-09&departure=2027-04-11&adults=3"
    assert "See the 1 place to stay" in text
    assert "1 place to stay" in whole
    # The card keeps dates and party, and shows what the list shows.
    link = f"/en/stay/{free.slug}/?arrival=2027-04-09&amp;departure=2027-04-11&amp;adults=3"
    assert link in response.content.decode()
    price = text.partition("Libre")[2].partition("€")[0].split()[-1]
    assert price in whole.partition("Libre")[2].partition("€")[0]


def test_a_page_of_cards_carries_no_form_of_them(client: Client):
    a_lodging("Libre")
    page = page_with("lodgings", pole="", commune="", when="weekend", adults=2)

    response = client.get(page.url)
    html = response.content.decode()

    assert not response.cookies
    assert "Libre" in html
    assert 'method="post"' not in html
    assert "csrfmiddlewaretoken" not in html


def test_lodgings_of_a_pole_and_around_a_commune(client: Client):
    there = another_pole()
    a_lodging("Ici")
    a_lodging("Là-bas", commune=there)

    for when in ("", "week"):
        of_pole = page_with("lodgings", pole="le-puy-en-velay", commune="", when=when, adults=2)
        around = page_with("lodgings", pole="", commune="43091", when=when, adults=2)
        assert "Là-bas" in read(client, of_pole)
        assert "Ici" not in read(client, of_pole)
        assert "Ici" in read(client, around)
        assert "Là-bas" not in read(client, around)
        whole = client.get(link_to_all(client, around))
        assert "near=les-estables" in whole.request["QUERY_STRING"]
        assert "Là-bas" not in text_of(whole)
        assert "Ici" in text_of(whole)


# --- Things to do ---------------------------------------------------------------------------------
def things_to_do(**value: Any) -> Any:
    usual = {"pole": "", "commune": "", "kind": "", "days": "35", "for_children": False}
    return page_with("experiences", **{**usual, **value})


def test_things_to_do_of_a_kind_a_pole_and_a_place(client: Client):
    there = another_pole()
    for title, fields in (
        ("Nager", {}),
        ("Broder", {"kind": "workshop"}),
        ("Goûter", {"kind": "workshop", "commune": there}),
    ):
        offer = factories.an_activity(title_en=title, **fields)
        factories.a_slot(offer, TODAY + timedelta(days=3))

    def shown(page: Any) -> set[str]:
        block = read(client, page)
        whole = text_of(client.get(link_to_all(client, page)))
        names = {"Nager", "Broder", "Goûter"}
        found = {one for one in names if one in block}
        assert found == {one for one in names if one in whole}
        return found

    assert shown(things_to_do()) == {"Nager", "Broder", "Goûter"}
    assert shown(things_to_do(kind="workshop")) == {"Broder", "Goûter"}
    assert shown(things_to_do(pole="le-puy-en-velay")) == {"Goûter"}
    assert shown(things_to_do(commune="43091")) == {"Nager", "Broder"}
    assert shown(things_to_do(commune="43216", kind="workshop")) == {"Goûter"}


def test_things_to_do_within_some_days(client: Client):
    for title, days in (("Demain", 1), ("Bientôt", 20), ("Plus-tard", 100)):
        factories.a_slot(factories.an_activity(title_en=title), TODAY + timedelta(days=days))

    for days, found in (("7", 1), ("35", 2), ("120", 3)):
        page = things_to_do(days=days)
        whole = client.get(link_to_all(client, page))
        for text in (read(client, page), text_of(whole)):
            assert sum(one in text for one in ("Demain", "Bientôt", "Plus-tard")) == found


def test_things_for_children_of_eight_respect_the_ages(client: Client):
    for title, fields in (
        ("Grands", {"min_age": 12}),
        ("Petits", {"max_age": 6}),
        ("Huit", {"min_age": 8}),
        ("Tous", {}),
    ):
        offer = factories.an_activity(title_en=title, **fields)
        factories.a_slot(offer, TODAY + timedelta(days=3))
    page = things_to_do(for_children=True)

    whole = client.get(link_to_all(client, page))
    for text in (read(client, page), text_of(whole)):
        assert "Huit" in text
        assert "Tous" in text
        assert "Grands" not in text
        assert "Petits" not in text


# --- Agenda ---------------------------------------------------------------------------------------
def test_the_agenda_of_a_pole_a_place_and_this_month(client: Client):
    there = another_pole()
    an_event("Bal", datetime(2027, 4, 20, 20, tzinfo=PARIS))
    an_event("Foire", datetime(2027, 4, 21, 9, tzinfo=PARIS), there)
    an_event("Concert", datetime(2027, 5, 2, 20, tzinfo=PARIS))

    def shown(**value: Any) -> set[str]:
        page = page_with("agenda", **{"pole": "", "commune": "", "when": "", **value})
        text = read(client, page)
        return {one for one in ("Bal", "Foire", "Concert") if one in text}

    assert shown() == {"Bal", "Foire", "Concert"}
    assert shown(pole="le-puy-en-velay") == {"Foire"}
    assert shown(commune="43091") == {"Bal", "Concert"}
    assert shown(commune="43091", when="month") == {"Bal"}
    page = page_with("agenda", pole="", commune="43216", when="month")
    url = link_to_all(client, page)
    assert url == "/en/agenda/?near=saint-paulien"
    whole = text_of(client.get(url))
    assert "Foire" in whole
    assert "Bal" not in whole


def test_an_agenda_that_begins_later_leads_to_its_month(client: Client):
    an_event("Concert", datetime(2027, 6, 2, 20, tzinfo=PARIS))
    page = page_with("agenda", pole="massif-du-mezenc", commune="", when="")

    html = client.get(page.url).content.decode()

    assert "/en/agenda/2027/6/?pole=massif-du-mezenc" in html


# --- Nothing --------------------------------------------------------------------------------------
GONE = [
    ("lodgings", {"pole": "parti"}, "Its pole"),
    ("lodgings", {"commune": "00000"}, "Its commune"),
    ("lodgings", {"when": "hier"}, "What it asks for"),
    ("lodgings", {"adults": 99, "when": "weekend"}, "No offer matches today."),
    ("experiences", {"pole": "parti"}, "Its pole"),
    ("experiences", {"commune": "00000"}, "Its commune"),
    ("experiences", {"kind": "chasse"}, "What it asks for"),
    ("experiences", {"days": "mille"}, "What it asks for"),
    ("agenda", {"pole": "parti"}, "Its pole"),
    ("agenda", {"commune": "00000"}, "Its commune"),
    ("agenda", {"when": "hier"}, "What it asks for"),
    ("lodgings", {}, "No offer matches today."),
    ("experiences", {}, "No offer matches today."),
    ("agenda", {}, "No offer matches today."),
]


@pytest.mark.parametrize(("kind", "value", "why"), GONE)
def test_a_criterion_that_is_gone_finds_nothing_and_the_preview_says_why(
    client: Client, kind: str, value: dict[str, Any], why: str
):
    if value:
        # Something is there, but not for that criterion.
        a_lodging("Ici")
        factories.a_slot(factories.an_activity(title_en="Ici"), TODAY + timedelta(days=3))
        an_event("Ici", datetime(2027, 4, 20, 20, tzinfo=PARIS))
    page = page_with(kind, **value)
    silent = page_with(kind, heading="Silent", empty_text="", **value)

    text = read(client, page)

    assert "Live Nothing then." in text
    assert "Ici" not in text
    assert why not in text
    assert "Silent" not in read(client, silent)
    for one in (page, silent):
        shown = text_of(one.make_preview_request(preview_mode="").render())
        assert why in shown


def test_the_editor_chooses_among_the_poles_and_the_communes(client: Client):
    factories.a_commune()
    client.force_login(User.objects.create_superuser("chef@example.org", "secret"))
    page = page_with("lodgings", pole="parti", commune="43091", when="weekend")

    response = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))

    assert response.status_code == 200
    for choice in ("massif-du-mezenc", "43091", "Les Estables"):
        assert choice in unescape(response.content.decode())


@pytest.mark.parametrize(
    ("mode", "title"), [("summer", "L’été"), ("winter", "L’hiver"), ("empty", "")]
)
def test_the_previews_show_a_season_or_a_day_without_anything(mode: str, title: str):
    factories.a_slot(factories.an_activity(title_en="Nager"), TODAY + timedelta(days=3))
    a_lodging("Gîte d’ici")
    an_event("Bal", datetime(2027, 4, 20, 20, tzinfo=PARIS))
    reason = {"icon": "sun", "text": "T", "page": None}
    page = a_page(
        ThemePage,
        english(),
        body=[
            *(
                (
                    "reasons",
                    {"heading": name, "season": season, "reasons": [{**reason, "title": name}]},
                )
                for season, name in (("summer", "L’été"), ("winter", "L’hiver"))
            ),
            *(
                (kind, {"heading": f"H-{kind}", "count": 4, "empty_text": ""})
                for kind in ("lodgings", "experiences", "agenda")
            ),
        ],
    )

    text = text_of(page.make_preview_request(preview_mode=mode).render())

    assert mode in dict(page.preview_modes)
    if title:
        other = {"L’été", "L’hiver"} - {title}
        assert title in text
        assert other.pop() not in text
    for found in ("Nager", "Gîte d’ici", "Bal"):
        assert (found in text) == (mode != "empty")


# --- Rules ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("today", "weekend", "following", "week"),
    [
        (date(2027, 4, 6), (9, 11), (16, 18), (10, 17)),  # Tuesday
        (date(2027, 4, 9), (9, 11), (16, 18), (10, 17)),  # Friday
        (date(2027, 4, 10), (10, 11), (16, 18), (10, 17)),  # Saturday
        (date(2027, 4, 11), (16, 18), (23, 25), (17, 24)),  # Sunday
    ],
)
def test_times_to_come_by_the_day_of_the_week(today, weekend, following, week):
    def days(name: str) -> tuple[int, int]:
        arrival, departure = time_to_come(name, today)
        return arrival.day, departure.day

    assert days(WEEKEND) == weekend
    assert days(NEXT_WEEKEND) == following
    assert days(WEEK_FROM_SATURDAY) == week


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.sampled_from(TIMES))
def test_a_time_to_come_is_never_past(today: date, name: str):
    arrival, departure = time_to_come(name, today)

    assert today <= arrival < departure
    assert departure.weekday() == (5 if name == WEEK_FROM_SATURDAY else 6)


def test_distances_are_those_of_the_sphere():
    puy, mezenc, lyon = (45.0433, 3.8850), (44.9061, 4.1878), (45.7640, 4.8357)

    assert distance_km(puy, puy) == 0
    assert distance_km(puy, mezenc) == pytest.approx(28.3, abs=0.3)
    assert distance_km(lyon, puy) == pytest.approx(109, abs=1)


def test_communes_near_one_are_within_twenty_kilometres():
    centre = factories.a_commune()
    near = factories.a_commune("Moudeyres", insee="43144")
    far = factories.a_commune("Craponne", insee="43080")
    # A kilometre within and a kilometre beyond, to the north.
    for one, distance in ((near, NEAR_KM - 1), (far, NEAR_KM + 1)):
        Commune.objects.filter(pk=one.pk).update(latitude=centre.latitude + distance / 111.19)

    assert set(communes_near(centre.slug)) == {centre.pk, near.pk}
    assert communes_near("nulle-part") == {}
