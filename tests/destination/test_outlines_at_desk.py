"""The desk's page of outlines and traces: a file is taken whole, or refused with its reason."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from destination.importers import outlines
from destination.importers.outlines import STEP_METRES, climb_of
from destination.models import CommuneOutline, ItineraryPage, SectionPage, Trail
from members.groups import ensure_pole_editors
from members.models import User
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, a_pole_page, translated
from tests.destination.test_load_outlines import GPX, collection, feature

pytestmark = pytest.mark.django_db
HIGH = GPX.replace(
    '<trkpt lat="45.0" lon="4.0"/>', '<trkpt lat="45.0" lon="4.0"><ele>700</ele></trkpt>'
).replace("/>", "><ele>812.4</ele></trkpt>")


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()


def signed_in(*groups: Any) -> Client:
    user = User.objects.filter(email="someone@example.org").first()
    user = user or factories.a_user("someone@example.org")
    user.groups.set(groups)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def office() -> Client:
    return signed_in(factories.the_office())


@pytest.fixture
def tour() -> ItineraryPage:
    section = a_page(SectionPage, a_home(), title="Itinéraires", slug="itineraires")
    return a_page(ItineraryPage, section, title="Vers Goudet", slug="vers-goudet", start="Le Puy")


def sent(client: Client, what: str, content: bytes | str, name: str = "f.txt", **other: Any) -> Any:
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    data = {"what": what, f"{what}-file": file, **other}
    return client.post(reverse("desk_outlines"), data, follow=True)


def text_of(response: Any) -> str:
    return str(response.content.decode())


# --- Outlines -------------------------------------------------------------------------------------
def test_the_office_loads_outlines_and_is_told_which_were_left_out(office: Client):
    commune = factories.a_commune()
    shown = sent(office, "outlines", collection(feature(), feature("99999")))
    assert "The outline of 1 commune is loaded." in text_of(shown)
    assert "99999" in text_of(shown)
    assert CommuneOutline.objects.get().commune == commune
    # Again: replaced, not doubled.
    sent(office, "outlines", collection(feature()))
    assert CommuneOutline.objects.count() == 1


TURNED = [[lat, lon] for lon, lat in [(4.1, 44.9), (4.2, 44.9), (4.2, 45.0), (4.1, 44.9)]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "The file is empty."),
        ("not json", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not JSON"),
        (GPX, "a trace is sent below"),
        ('{"type": "Feature"}', "no GeoJSON collection"),
        ("[1]", "no GeoJSON collection"),
        ("null", "no GeoJSON collection"),
        (collection(feature(ring=[[10**400, 44.9]] * 5)), "longitude and a latitude"),
        ("[" * 100_000, "not JSON"),
        (collection(feature("99999")), "INSEE code"),
        (collection(feature(ring=TURNED)), "longitude comes first"),
        (collection(feature(ring=[[4.1, 44.9]])), "fewer than four points"),
        (collection(feature(ring=[["4.1", 44.9]] * 5)), "longitude and a latitude"),
    ],
)
def test_outlines_that_are_refused_change_nothing(office: Client, content: Any, why: str):
    kept = CommuneOutline.objects.create(commune=factories.a_commune(), rings=[[[4.1, 44.9]]])
    shown = sent(office, "outlines", content)
    assert shown.status_code == 422
    assert why in text_of(shown)
    kept.refresh_from_db()
    assert kept.rings == [[[4.1, 44.9]]]


def test_a_file_that_is_too_large_is_not_read(office: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outlines, "MOST_BYTES", 1 << 20)
    shown = sent(office, "outlines", b"{" + b" " * (1 << 20))
    assert "larger than 1 MB" in text_of(shown)


# --- Traces ---------------------------------------------------------------------------------------
def test_a_trace_is_drawn_on_its_itinerary_in_every_language(
    office: Client, client: Client, tour: ItineraryPage
):
    english = translated(tour, a_page(SectionPage, a_home("en")), title="To Goudet")
    assert "map-way" not in text_of(client.get(tour.url))

    shown = sent(office, "way", HIGH, **{"way-itinerary": tour.pk})

    assert "“Vers Goudet” has its trace: 1.1 km." in text_of(shown)
    trail = Trail.objects.get()
    assert (trail.length_metres, trail.climb_metres) == (1112, 112)
    for page in (tour, english):
        html = text_of(client.get(page.url))
        assert '<path class="map-way" d="M' in html
        assert "data-line=" in html
        assert "112" in html
    # The map of all has it too, once.
    assert text_of(client.get(reverse("destination:map-ground"), {"with": "walks"})).count(
        '"Vers Goudet"'
    )


def test_the_way_of_a_draft_is_on_no_map(office: Client, client: Client, tour: ItineraryPage):
    sent(office, "way", HIGH, **{"way-itinerary": tour.pk})
    tour.unpublish()
    assert Trail.objects.count() == 1
    for address in ("destination:map-ground", "booking:map"):
        assert "Goudet" not in text_of(client.get(reverse(address), {"with": "walks"}))


@pytest.mark.parametrize("encoding", ["foo", "big5"])
def test_an_encoding_that_is_not_read_is_told(office: Client, tour: ItineraryPage, encoding: str):
    content = f'<?xml version="1.0" encoding="{encoding}"?>{GPX[GPX.index("<gpx") :]}'
    shown = sent(office, "way", content, **{"way-itinerary": tour.pk})
    assert shown.status_code == 422
    assert "not XML that can be read" in text_of(shown)


def test_a_trace_of_more_points_than_a_page_carries_is_refused(
    office: Client, tour: ItineraryPage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outlines, "MOST_POINTS_DRAWN", 50)
    zigzag = "".join(
        f'<trkpt lat="{45 + number % 2 / 100}" lon="{4 + number / 1000}"/>' for number in range(99)
    )
    content = f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{zigzag}'
    shown = sent(office, "way", f"{content}</trkseg></trk></gpx>", **{"way-itinerary": tour.pk})
    assert "more than 50 points" in text_of(shown)
    assert not Trail.objects.exists()


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=700))
def test_fewer_points_keep_the_ends_and_the_line(places: list[tuple[int, int]]):
    line = [(4 + east / 1000, 45 + north / 1000) for east, north in places]
    fewer = outlines._fewer(line, metres=20)
    assert (fewer[0], fewer[-1]) == (line[0], line[-1])
    assert set(fewer) <= set(line)
    assert len(fewer) <= len(line)


def test_a_new_trace_takes_the_place_of_the_old_one(office: Client, tour: ItineraryPage):
    # A marked walk of the same name is another thing.
    walk = Trail.objects.create(slug="vers-goudet", name="Vers Goudet", length_metres=1, lines=[])
    sent(office, "way", HIGH, **{"way-itinerary": tour.pk})
    sent(office, "way", GPX, **{"way-itinerary": tour.pk})

    way = Trail.objects.exclude(pk=walk.pk).get()
    assert way.itinerary == tour.translation_key
    # This one doesn't say how high it goes.
    assert way.climb_metres is None

    gone = office.post(reverse("desk_outlines"), {"take-away": way.slug}, follow=True)
    assert "is gone" in text_of(gone)
    assert list(Trail.objects.all()) == [walk]
    for odd in (walk.slug, way.slug, "x" * 500, "\x00"):
        assert office.post(reverse("desk_outlines"), {"take-away": odd}).status_code == 302
    assert list(Trail.objects.all()) == [walk]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    "<gpx><trk><name>&b;</name></trk></gpx>"
)
SECRET = (
    '<?xml version="1.0"?><!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/hostname">]><gpx>&x;</gpx>'
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "The file is empty."),
        ("GPX", "The file is no GPX."),
        ("<gpx>", "not XML that can be read"),
        ("<html></html>", "but no GPX"),
        ("<gpx><trk/></gpx>", "neither a track nor a route"),
        (collection(feature()), "outlines of communes are sent above"),
        (GPX.replace("45.0", "48.8").replace("4.0", "2.3"), "The trace is elsewhere"),
        (GPX.replace('lat="45.0"', 'lat="north"'), "longitude and a latitude"),
        (BOMB, "document type"),
        (SECRET, "document type"),
    ],
)
def test_a_trace_that_is_refused_changes_nothing(
    office: Client, tour: ItineraryPage, content: str, why: str
):
    sent(office, "way", HIGH, **{"way-itinerary": tour.pk})
    before = list(Trail.objects.values())
    shown = sent(office, "way", content, **{"way-itinerary": tour.pk})
    assert shown.status_code == 422
    assert why in text_of(shown)
    assert list(Trail.objects.values()) == before


@pytest.mark.parametrize("itinerary", ["", "0", "x", "99999999999999999999"])
def test_a_trace_belongs_to_an_itinerary(office: Client, itinerary: str):
    shown = sent(office, "way", HIGH, **{"way-itinerary": itinerary})
    assert shown.status_code == 422
    assert Trail.objects.count() == 0


def test_nonsense_is_answered_kindly(office: Client):
    address = reverse("desk_outlines")
    for data in ({}, {"what": "x"}, {"what": "way"}, {"outlines-file": "text"}):
        assert office.post(address, data).status_code == 422
    opened = office.get(address)
    assert "Traces will appear here" in text_of(opened)
    assert opened.context["breadcrumbs_items"][-1]["label"] == "Outlines and traces"
    # It is in the menu of those who may open it.
    assert address in text_of(office.get(reverse("wagtailadmin_home")))


def test_only_the_office_loads_files(tour: ItineraryPage):
    a_pole_page()
    address = reverse("desk_outlines")
    for client in (Client(), signed_in(), signed_in(ensure_pole_editors()[0])):
        file = SimpleUploadedFile("f.gpx", HIGH.encode())
        data = {"what": "way", "way-itinerary": tour.pk, "way-file": file}
        assert client.get(address).status_code in {302, 403}
        assert client.post(address, data).status_code in {302, 403}
        assert client.post(address, {"take-away": "x"}).status_code in {302, 403}
    assert Trail.objects.count() == 0


def test_the_walk_of_the_shared_data_climbs_as_it_is_known(
    office: Client, tour: ItineraryPage, shared_data: Path
):
    content = (shared_data / "traces" / "gr65_haute_loire.gpx").read_bytes()
    sent(office, "way", content, **{"way-itinerary": tour.pk})
    trail = Trail.objects.get()
    told = json.loads((shared_data / "traces" / "gr65_haute_loire.geojson").read_text())
    known = told["features"][0]["properties"]["longueur_km"] * 1000
    assert trail.length_metres == pytest.approx(known, rel=0.02)
    assert 2500 < (trail.climb_metres or 0) < 3000
    # Far fewer points than the file has.
    assert sum(map(len, trail.lines)) < 800


# --- How much a line climbs -----------------------------------------------------------------------
HEIGHTS = st.lists(st.integers(0, 2000), min_size=2, max_size=60)


@given(HEIGHTS)
def test_a_climb_lies_between_what_is_gained_and_every_step_up(heights: list[int]):
    up = sum(max(0, after - before) for before, after in pairwise(heights))
    climbed = climb_of([float(one) for one in heights])
    assert max(0, heights[-1] - heights[0]) - STEP_METRES <= climbed <= up


@given(st.lists(st.integers(0, STEP_METRES - 1), min_size=2, max_size=60))
def test_the_noise_of_a_measure_is_no_climb(noise: list[int]):
    assert climb_of([500.0 + one for one in noise]) < STEP_METRES
