"""Outlines and walks come from the office's files: what they hold decides, not their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from destination.importers import outlines
from destination.importers.outlines import OutlinesRefused, load_outlines
from destination.models import CommuneOutline, Trail
from tests import factories

pytestmark = pytest.mark.django_db
SQUARE = [[4.1, 44.9], [4.15, 44.9], [4.2, 44.9], [4.2, 45.0], [4.1, 45.0], [4.1, 44.9]]
GPX = """<?xml version="1.0"?>
<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1"><trk><name>Vers Goudet</name>
<trkseg><trkpt lat="45.0" lon="4.0"/><trkpt lat="45.005" lon="4.0000001"/>
<trkpt lat="45.01" lon="4.0"/></trkseg></trk></gpx>"""


def feature(code: Any = "43091", ring: Any = SQUARE, **more: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": code, "geometry": geometry, **more}


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.fixture
def load(tmp_path: Path):
    def write_and_load(content: str | bytes, name: str = "file.txt", **options: Any):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_outlines(path, **options)

    return write_and_load


def test_outlines_are_kept_by_insee_code_with_fewer_points(load):
    commune = factories.a_commune()

    report = load(collection(feature(), feature("99999")))

    assert (report.communes, report.unknown) == (1, ["99999"])
    [ring] = commune.outline.rings
    # The point in the middle of a side says nothing.
    assert ring == [[4.1, 44.9], [4.2, 44.9], [4.2, 45.0], [4.1, 45.0], [4.1, 44.9]]


def test_the_code_may_stand_among_the_properties_and_several_polygons_are_one_commune(load):
    commune = factories.a_commune()
    several = feature(None, properties={"INSEE_COM": "43091"})
    several["geometry"] = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}

    load("\ufeff" + collection(several))

    assert len(commune.outline.rings) == 2


def test_the_same_file_again_changes_nothing_and_another_one_replaces(load):
    factories.a_commune()
    for _time in range(2):
        load(collection(feature()))
    load(collection(feature(ring=[[4.0, 44.9], *SQUARE[1:-1], [4.0, 44.9]])))

    [one] = CommuneOutline.objects.all()
    assert one.rings[0][0] == [4.0, 44.9]


def test_a_trace_becomes_a_walk_with_its_length(load):
    report = load(GPX)

    trail = Trail.objects.get()
    assert report.trail == trail
    assert (trail.name, trail.slug) == ("Vers Goudet", "vers-goudet")
    assert trail.length_metres == pytest.approx(1112, abs=2)
    assert trail.lines == [[[4.0, 45.0], [4.0, 45.01]]]


def test_a_trace_without_a_name_takes_the_one_given_else_that_of_its_file(load):
    bare = GPX.replace("<name>Vers Goudet</name>", "")

    assert load(bare, "autour-du-lac.gpx").trail.name == "autour-du-lac"
    assert load(bare, name="Autour du lac").trail.name == "Autour du lac"


BAD = {
    "nothing": "",
    "text": "Le Puy",
    "a picture": b"\x89PNG\r\n\x1a\n",
    "half a JSON": '{"type": "FeatureCollection", "features": [',
    "another JSON": '{"type": "Topology"}',
    "features that are none": '{"type": "FeatureCollection", "features": [1]}',
    "deep JSON": '{"a":' * 100_000,
    "no commune of ours": collection(feature("99999")),
    "a point": collection({**feature(), "geometry": {"type": "Point", "coordinates": [4, 45]}}),
    "no geometry": collection({**feature(), "geometry": None}),
    "three points": collection(feature(ring=SQUARE[:3])),
    "metres": collection(feature(ring=[[770_000.0, 6_440_000.0]] * 4)),
    "words": collection(feature(ring=[["a", "b"]] * 4)),
    "truths": collection(feature(ring=[[True, False]] * 4)),
    "not a number": collection(feature(ring=[[float("nan"), 45.0]] * 4)),
    "rings that are none": collection(feature(ring={"a": 1})),
    "a page": "<html><body>no</body></html>",
    "half a GPX": GPX[:-20],
    "an empty GPX": "<gpx></gpx>",
    "a GPX of one point": '<gpx><trk><trkseg><trkpt lat="45" lon="4"/></trkseg></trk></gpx>',
    "a GPX off the earth": GPX.replace('lat="45.0"', 'lat="95"'),
    "a GPX of words": GPX.replace('lat="45.0"', 'lat="north"'),
    "entities": '<!DOCTYPE gpx [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + "<gpx>&b;</gpx>",
    "a file of the machine": '<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx></gpx>',
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_outline_is_refused_with_a_reason_and_leaves_nothing(load, content):
    factories.a_commune()

    with pytest.raises(OutlinesRefused) as refused:
        load(content)

    assert str(refused.value).endswith(".")
    assert not CommuneOutline.objects.exists()
    assert not Trail.objects.exists()


def test_one_bad_commune_refuses_the_whole_file(load):
    factories.a_commune()

    with pytest.raises(OutlinesRefused):
        load(collection(feature(), feature("43157", ring=SQUARE[:2])))

    assert not CommuneOutline.objects.exists()


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_FEATURES", "MOST_POINTS"])
def test_a_file_that_is_too_large_is_refused(load, monkeypatch, limit: str):
    factories.a_commune()
    monkeypatch.setattr(outlines, limit, 1)

    with pytest.raises(OutlinesRefused):
        load(collection(feature(), feature()))


def test_the_command_says_what_it_kept_and_why_it_refuses(tmp_path: Path, capsys):
    factories.a_commune()
    good, bad = tmp_path / "communes.json", tmp_path / "photo.gpx"
    good.write_text(collection(feature(), feature("99999")))
    bad.write_bytes(b"\x89PNG")

    call_command("load_outlines", good)
    assert "1 outlines" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"photo\.gpx: "):
        call_command("load_outlines", bad)
    with pytest.raises(CommandError, match=r"nowhere\.gpx: "):
        call_command("load_outlines", tmp_path / "nowhere.gpx")
