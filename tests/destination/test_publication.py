"""What a page lacks before it is published: said beside its field, and only then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override
from wagtail.images.tests.utils import get_test_image_file
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from destination.models import ArticlePage, Picture, PlacePage, SectionPage, ThemePage
from destination.publication import Lack, blocking, lacks_of
from tests import factories
from tests.cast import NOW, TODAY
from tests.destination.cms import a_home, a_page, a_pole_page, translated

pytestmark = pytest.mark.django_db
TEXTS = {"introduction": "Au calme.", "search_description": "Au calme, à mille mètres."}
PASSAGE = ("passage", {"heading": "H", "text": "<p>T</p>"})


@pytest.fixture(autouse=True)
def _spring(at, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def office(client):
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client.force_login(user)
    return client


def a_ready_page(kind: Any = ThemePage, parent: Any = None, **fields: Any) -> Any:
    return a_page(kind, parent, **{**TEXTS, "body": [PASSAGE], **fields})


def a_picture(**fields: Any) -> Picture:
    file = get_test_image_file(size=(8, 6))
    return Picture.objects.create(
        **{"title": "Mézenc", "file": file, "description": "Le Mézenc", **fields}
    )


def words(page: Any) -> list[str]:
    return [one.words for one in blocking(page, today=TODAY)]


def fields(page: Any) -> set[str]:
    return {one.field for one in blocking(page, today=TODAY)}


def advice(page: Any) -> list[Lack]:
    return [one for one in lacks_of(page, today=TODAY) if not one.is_blocking]


def sent(page: Any, *, action: str = "", body: Any = None, **changes: Any) -> dict[str, Any]:
    """Return what the editor's form sends."""
    data = {
        "title": page.title,
        "slug": page.slug,
        "seo_title": "",
        "drawing": page.drawing,
        "image": "",
        "introduction": page.introduction,
        "search_description": page.search_description,
        "show_in_menus": "",
        "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 0},
        "body": streamfield(
            body if body is not None else [("passage", {"heading": "", "text": rich_text("T")})]
        ),
        **changes,
    }
    return nested_form_data(data) | ({action: "1"} if action else {})


# --- What blocks ----------------------------------------------------------------------------------
def test_a_page_with_its_texts_lacks_nothing():
    assert lacks_of(a_ready_page(), today=TODAY) == []


def test_texts_are_asked_for():
    assert fields(a_page(ThemePage)) == {"introduction", "search_description", "body"}
    # A home, a section and a pole say enough by what stands below them.
    assert fields(a_page(SectionPage, **TEXTS)) == set()


def test_a_photograph_says_what_is_seen_and_is_in_its_rights():
    ended = a_picture(rights_until=TODAY - timedelta(days=1))
    mute = a_picture(description="")
    page = a_ready_page(
        image=ended,
        body=[
            ("picture", {"image": mute, "drawing": "", "alt": ""}),
            ("picture", {"image": mute, "drawing": "", "alt": "Le sommet"}),
            ("picture", {"image": None, "drawing": "", "alt": ""}),
            ("picture", {"image": None, "drawing": "rando", "alt": ""}),
        ],
    )

    assert len(words(page)) == 3
    assert fields(page) == {"image", "body"}


def test_rights_that_end_soon_are_told_and_block_nothing():
    page = a_ready_page(image=a_picture(rights_until=TODAY + timedelta(days=10)))

    assert words(page) == []
    assert "10" in advice(page)[0].words


def test_links_lead_to_pages_that_can_be_read():
    gone, draft, there = a_ready_page(), a_ready_page(title="Brouillon"), a_ready_page()
    text = "".join(
        f'<p><a linktype="page" id="{one.pk}">ici</a></p>' for one in (gone, draft, there)
    )
    page = a_ready_page(
        body=[
            ("passage", {"heading": "", "text": text}),
            ("call_to_action", {"text": "T", "button": "B", "page": draft, "address": ""}),
        ]
    )
    number = gone.pk
    gone.delete()
    draft.unpublish()

    (said,) = words(page)
    assert "Brouillon" in said
    assert str(number) in said


def test_a_live_block_whose_pole_is_gone_is_told():
    value = {"heading": "H", "pole": "ailleurs", "commune": "00000", "count": 3, "empty_text": ""}
    page = a_ready_page(body=[("agenda", value)])

    assert len(words(page)) == 2


@pytest.mark.parametrize(
    ("scope", "languages", "is_refused"),
    [
        ("regional", (), False),
        ("national", (), False),
        ("international", (), True),
        ("international", ("en",), True),
        ("international", ("en", "de"), False),
        ("international", ("de",), True),
    ],
)
def test_an_international_locomotive_needs_english_and_one_more(
    settings, scope: str, languages: tuple[str, ...], is_refused: bool
):
    more = [("fr", "Français"), ("en", "English"), ("de", "Deutsch")]
    settings.LANGUAGES = settings.WAGTAIL_CONTENT_LANGUAGES = more
    place = a_ready_page(PlacePage, a_pole_page(), is_locomotive=True, scope=scope)
    for code in languages:
        section = a_page(SectionPage, a_home(code))
        translated(place, section, scope=scope, is_locomotive=True)

    assert (fields(place) == {"scope"}) is is_refused
    if scope == "national":
        assert len(advice(place)) == 1


@pytest.mark.parametrize(
    ("title", "count"),
    [("Un lieu incontournable", 1), ("VENEZ TOUS", 1), ("Venez !", 1), ("Une heure de marche", 0)],
)
def test_the_voice_of_the_brand_is_advice(title: str, count: int):
    page = a_ready_page(title=title)

    assert len(advice(page)) == count
    assert words(page) == []


# --- In the editor --------------------------------------------------------------------------------
def test_a_draft_may_lack_everything_and_publishing_says_what(office):
    page = a_page(ThemePage, live=False)
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])

    saved = office.post(url, sent(page, introduction="", search_description="", body=[]))
    assert saved.status_code == 302

    refused = office.post(
        url,
        sent(page, action="action-publish", introduction="", search_description="", body=[]),
    )
    assert refused.status_code == 200
    assert {"introduction", "search_description", "body"} <= set(refused.context["form"].errors)
    page.refresh_from_db()
    assert not page.live

    accepted = office.post(url, sent(page, action="action-publish", **TEXTS))
    assert accepted.status_code == 302
    page.refresh_from_db()
    assert page.live


def test_what_is_missing_stands_on_top_of_the_form(office):
    page = a_page(ThemePage)

    shown = office.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    for said in words(page):
        assert said.replace("’", "’") in shown or said in shown


def test_a_slug_of_the_machine_or_of_a_neighbour_is_refused_beside_its_field(office):
    home = a_home()
    other = a_ready_page(slug="silence")
    url = reverse("wagtailadmin_pages:add", args=["destination", "themepage", home.pk])
    blank = ThemePage(title="Nuit", drawing="rando", **TEXTS)

    for slug in ("dormir", other.slug):
        blank.slug = slug
        answer = office.post(url, sent(blank))
        assert answer.status_code == 200
        assert "slug" in answer.context["form"].errors


def test_the_same_slug_in_another_language_is_no_trouble(office):
    a_ready_page(slug="nature")
    english = a_home("en")
    url = reverse("wagtailadmin_pages:add", args=["destination", "themepage", english.pk])
    blank = ThemePage(title="Nature", slug="nature", drawing="rando", **TEXTS)

    assert office.post(url, sent(blank, action="action-publish")).status_code == 302
    assert office.get("/en/nature/").status_code == 200


def test_an_address_that_changed_leads_to_the_new_one(office, django_capture_on_commit_callbacks):
    page = a_ready_page(slug="avant")
    child = a_ready_page(ArticlePage, page, slug="recit")
    page.slug = "apres"

    with django_capture_on_commit_callbacks(execute=True):
        answer = office.post(
            reverse("wagtailadmin_pages:edit", args=[page.pk]),
            sent(page, action="action-publish", slug="apres"),
        )

    assert answer.status_code == 302
    moved = office.get("/fr/avant/")
    assert (moved.status_code, moved["Location"]) == (301, "/fr/apres/")
    assert office.get("/fr/avant/recit/")["Location"] == "/fr/apres/recit/"
    assert office.get("/fr/apres/recit/").status_code == 200
    assert child.slug == "recit"


def test_the_hour_of_publication_is_kept(at):
    from destination.tasks import publish_scheduled

    page = a_ready_page(live=False)
    page.go_live_at = NOW + timedelta(hours=1)
    page.expire_at = NOW + timedelta(days=1)
    page.save_revision(approved_go_live_at=page.go_live_at)

    publish_scheduled()
    page.refresh_from_db()
    assert not page.live
    at(NOW + timedelta(hours=2))
    publish_scheduled()
    page.refresh_from_db()
    assert page.live
    at(NOW + timedelta(days=2))
    publish_scheduled()
    page.refresh_from_db()
    assert not page.live


# --- Reports --------------------------------------------------------------------------------------
def test_the_report_says_what_each_page_lacks(office):
    a_page(ThemePage, title="Vide")
    a_ready_page(title="Prête")

    shown = office.get(reverse("pages_to_mend")).content.decode()

    assert "Vide" in shown
    assert "introduction" in shown
    assert "anglais" in shown.lower() or "English" in shown
    table = office.get(reverse("pages_to_mend"), {"export": "csv"})
    assert "Prête" in b"".join(table.streaming_content).decode()


def test_the_report_of_rights_names_those_that_end(office):
    empty = office.get(reverse("rights_that_end")).content.decode()
    assert "soixante jours" in empty or "sixty days" in empty
    a_picture(title="Finie", rights_until=TODAY - timedelta(days=1))
    a_picture(title="Bientôt", rights_until=TODAY + timedelta(days=30))
    a_picture(title="Longue", rights_until=TODAY + timedelta(days=300))

    shown = office.get(reverse("rights_that_end")).content.decode()

    assert shown.index("Finie") < shown.index("Bientôt")
    assert "Longue" not in shown
    a_picture(title="Muette", description="")
    a_picture(title="Anonyme", rights="lent", credit="")
    shown = office.get(reverse("rights_that_end")).content.decode()
    assert shown.index("Bientôt") < shown.index("Muette") < shown.index("Anonyme")
    assert office.get(reverse("rights_that_end"), {"export": "csv"}).status_code == 200


def test_a_photograph_is_described_in_the_language_of_its_page():
    picture = a_picture(description_fr="Le Mézenc", description_en="")
    home = a_home("en")
    french, english = a_ready_page(image=picture), a_ready_page(parent=home, image=picture)
    assert fields(french) == set()
    assert fields(english) == {"image"}
    picture.description_en = "Mount Mézenc"
    picture.save()
    english.refresh_from_db()
    assert fields(english) == set()
    lent = a_picture(rights="lent", credit="")
    assert fields(a_ready_page(image=lent)) == {"image"}
    with override("en"):
        assert picture.default_alt_text == "Mount Mézenc"


# --- Nonsense in a block --------------------------------------------------------------------------
LIVE = {"heading": "Ces jours-ci", "pole": "", "commune": "", "count": "4", "empty_text": ""}
LODGINGS = {**LIVE, "when": "", "adults": "2"}
EXPERIENCES = {**LIVE, "kind": "", "days": "35", "for_children": ""}
NONSENSE = [
    ("lodgings", LODGINGS, {"count": "abc"}),
    ("lodgings", LODGINGS, {"count": "-1"}),
    ("lodgings", LODGINGS, {"count": "9" * 40}),
    ("lodgings", LODGINGS, {"adults": "0"}),
    ("lodgings", LODGINGS, {"when": "hier"}),
    ("lodgings", LODGINGS, {"pole": "atlantide"}),
    ("experiences", EXPERIENCES, {"commune": "99999"}),
    ("experiences", EXPERIENCES, {"days": "-1"}),
    ("experiences", EXPERIENCES, {"kind": "\u202e"}),
    ("agenda", {**LIVE, "when": ""}, {"heading": "x" * 500}),
]


@pytest.mark.parametrize(("kind", "good", "odd"), NONSENSE)
def test_nonsense_in_a_live_block_is_told_beside_it(office, kind, good, odd):
    page = a_ready_page()
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])

    for values, is_kept in ((good, True), ({**good, **odd}, False)):
        answer = office.post(url, sent(page, body=[(kind, values)], **TEXTS))
        assert answer.status_code == (302 if is_kept else 200)
        if not is_kept:
            assert set(answer.context["form"].errors) == {"body"}
            # What was typed elsewhere is still there.
            assert TEXTS["search_description"] in answer.content.decode()
