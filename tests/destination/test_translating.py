"""A page asked for in another language: its texts wait, nothing French is shown meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import ERROR, get_messages
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from wagtail.blocks import StructBlock
from wagtail.documents.models import Document
from wagtail.models import Page
from wagtail.users.models import UserProfile
from wagtail_localize.models import StringTranslation, Translation

from destination.blocks import Body, LiveBlock
from destination.gallery_pages import bands, looked_up, texts
from destination.models import ArticlePage, SectionPage, ThemePage
from destination.models.pages import VelayPage
from members.groups import ensure_pole_editors
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, a_pole_page, locale, translated
from tests.destination.test_publication import PASSAGE, a_picture, a_ready_page, sent
from tests.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def office(client: Client) -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client.force_login(user)
    return client


@pytest.fixture
def visitor() -> Client:
    return Client()


def homes() -> Any:
    """Make the homes of both languages; return the English one."""
    a_home("fr")
    return a_home("en")


def edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def ask(office: Client, page: Page, code: str = "en") -> Any:
    """Ask for a page in another language, as the office does."""
    url = reverse("wagtail_localize:submit_page_translation", args=[page.pk])
    return office.post(url, {"locales": [locale(code).pk]})


def in_english(office: Client, page: Page) -> tuple[Any, Translation]:
    """Ask for a page in English; return the twin and its translation."""
    assert ask(office, page).status_code == 302
    twin = page.get_translation(locale("en")).specific
    return twin, Translation.objects.get(source__object_id=page.translation_key)


def translate(office: Client, translation: Translation, *, leaving: int = 0) -> int:
    """Write every text in English but the last ones; return how many there are."""
    segments = list(translation.source.stringsegment_set.order_by("order"))
    done = {one.context_id for one in StringTranslation.objects.filter(locale=locale("en"))}
    waiting = [one for one in segments if one.context_id not in done]
    for segment in waiting[: len(waiting) - leaving]:
        is_slug = segment.context.path == "slug"
        url = reverse("wagtail_localize:edit_string_translation", args=[translation.pk, segment.pk])
        value = f"twin-{translation.pk}" if is_slug else f"English {segment.pk}"
        answer = office.put(url, f"value={value}", content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {200, 201}
    return len(segments)


def publish(office: Client, twin: Page) -> list[str]:
    """Press « publish » of the translation; return what is said."""
    return said(office.post(edit(twin), {"action": "publish"}))


def said(answer: Any) -> list[str]:
    """Return what is refused, in words."""
    return [str(one) for one in get_messages(answer.wsgi_request) if one.level == ERROR]


# --- Every block ----------------------------------------------------------------------------------
def every_block(page: Page) -> list[tuple[str, dict[str, Any]]]:
    document = Document.objects.create(title="Plan", file=ContentFile(b"%PDF", name="plan.pdf"))
    picture = {"image": a_picture(), "drawing": "rando", "alt": "Ce qu’on y voit"}
    live = {
        "heading": "Ces jours-ci",
        "pole": "massif-du-mezenc",
        "count": 3,
        "empty_text": "Rien.",
    }
    commune = factories.a_commune()
    return [
        *texts(),
        *bands(),
        *looked_up(),
        ("picture", picture),
        ("page_cards", {"heading": "Lire aussi", "intro": "Encore", "pages": [page]}),
        ("downloads", {"heading": "À emporter", "documents": [document]}),
        ("lodgings", {**live, "commune": commune.insee, "when": "weekend", "adults": 2}),
        ("experiences", {**live, "kind": "workshop", "days": "7", "for_children": True}),
        ("agenda", {**live, "when": "month"}),
    ]


def test_every_block_can_be_translated_its_texts_and_nothing_else(office: Client, visitor: Client):
    homes()
    other = a_ready_page(slug="autre")
    body = every_block(other)
    assert {name for name, _value in body} == set(Body().child_blocks)
    page = ThemePage.objects.get(pk=a_ready_page(image=a_picture(), body=body).pk)

    twin, translation = in_english(office, page)

    paths = [one.context.get_field_path(page) for one in translation.source.stringsegment_set.all()]
    offered = {path.split(".")[-1] for path in paths if path.startswith("body.")}
    assert {"heading", "text", "words", "takes_home", "empty_text", "answer", "button"} <= offered
    assert not offered & {"pole", "commune", "when", "days", "kind", "count", "adults", "drawing"}
    assert not offered & {"season", "icon", "level", "image", "page", "pages", "documents"}
    names = {path.split(".")[0] for path in paths}
    assert names == {"title", "slug", "introduction", "search_description", "body"}
    # What is criterion or choice is the same in both.
    for one, same in zip(page.body, twin.body, strict=True):
        if isinstance(one.block, LiveBlock):
            texts_of_block = {"heading", "empty_text"}
            for name in set(one.block.child_blocks) - texts_of_block:
                assert one.value[name] == same.value[name]
        assert isinstance(one.block, StructBlock)
    assert (twin.drawing, twin.image) == (page.drawing, page.image)

    # The editor of the translation opens, and the whole can be published and read.
    assert office.get(edit(twin)).status_code == 200
    translate(office, translation)
    with_pages = office.post(edit(twin), {"action": "publish"})
    assert with_pages.status_code == 302
    twin.refresh_from_db()
    for name in ("passage", "lodgings", "downloads"):
        assert [b.block_type for b in twin.body].count(name) == sum(n == name for n, _v in body)


def test_each_type_of_page_can_be_asked_for(office: Client):
    section = a_page(SectionPage)
    translated(section, homes())
    pole = a_pole_page()
    above = translated(pole.get_parent().specific, homes(), slug="explore")
    english = translated(pole, above, pole_slug=pole.pole_slug)
    kinds = [one for one in VelayPage.__subclasses__() if one.__name__ != "HomePage"]
    fields: dict[str, dict[str, Any]] = {"CommunePage": {"insee": factories.a_commune().insee}}
    for kind in kinds:
        if kind.__name__ == "PolePage":
            continue
        below = kind.__name__ in {"CommunePage", "PlacePage"}
        page = a_ready_page(kind, pole if below else section, **fields.get(kind.__name__, {}))
        twin, translation = in_english(office, page)
        assert not twin.live
        translate(office, translation)
        assert office.post(edit(twin), {"action": "publish"}).status_code == 302
    assert english.live


def test_what_a_block_leads_to_is_named_in_the_language_of_the_page(visitor: Client):
    english = homes()
    french = a_ready_page(title="Rencontrer un habitant")
    quotation = {"words": "I show my street.", "who": "Marie-Thé", "about": "", "picture": {}}
    page = a_page(ThemePage, english, body=[("quotation", {**quotation, "page": french})])

    assert "Rencontrer" not in text_of(visitor.get(page.url))
    translated(french, english, title="Meet a local")
    assert "Meet a local" in text_of(visitor.get(page.url))


# --- Half of a translation ------------------------------------------------------------------------
def test_what_was_just_asked_for_is_not_there(
    office: Client, visitor: Client, django_capture_on_commit_callbacks: Any
):
    homes()
    page = a_ready_page(slug="silence", title="Le silence")

    with django_capture_on_commit_callbacks(execute=True):
        twin, _translation = in_english(office, page)

    assert not twin.live
    assert visitor.get("/en/silence/").status_code == 404
    assert 'hreflang="en"' not in alternates(visitor, page)


def test_half_a_translation_is_refused_and_says_how_much_is_left(
    office: Client, visitor: Client, django_capture_on_commit_callbacks: Any
):
    homes()
    page = a_ready_page(slug="silence", title="Le silence")
    twin, translation = in_english(office, page)
    translate(office, translation, leaving=2)

    with django_capture_on_commit_callbacks(execute=True):
        (words,) = publish(office, twin)

    assert "2" in words
    twin.refresh_from_db()
    assert not twin.live
    # What was written is still there, and the rest may follow.
    assert StringTranslation.objects.count() == translate(office, translation) - 2
    with django_capture_on_commit_callbacks(execute=True):
        publish(office, twin)
    twin.refresh_from_db()
    assert twin.live
    assert twin.slug == f"twin-{translation.pk}"
    shown = visitor.get(twin.url)
    assert shown.status_code == 200
    assert "Le silence" not in text_of(shown)
    assert "English" in text_of(shown)
    for one in (page, twin):
        found = alternates(visitor, one)
        assert f'hreflang="fr" href="http://testserver{page.url}"' in found
        assert f'hreflang="en" href="http://testserver{twin.url}"' in found


@pytest.mark.parametrize(
    ("typed", "words"), [("taken", "a déjà l’adresse"), ("Été%20%26%20x", "n’en est pas une")]
)
def test_an_address_that_a_page_can_t_have_is_refused_and_said(
    office: Client, typed: str, words: str, django_capture_on_commit_callbacks: Any
):
    home = homes()
    a_ready_page(parent=home, slug="taken")
    twin, translation = in_english(office, a_ready_page(slug="silence", title="Le silence"))
    translate(office, translation)
    slug = translation.source.stringsegment_set.get(context__path="slug")
    url = reverse("wagtail_localize:edit_string_translation", args=[translation.pk, slug.pk])
    put = "application/x-www-form-urlencoded"
    office.put(url, f"value={typed}", content_type=put)
    (refused,) = publish(office, twin)
    assert words in refused
    twin.refresh_from_db()
    assert not twin.live
    office.put(url, "value=free", content_type=put)
    with django_capture_on_commit_callbacks(execute=True):
        publish(office, twin)
    twin.refresh_from_db()
    assert (twin.live, twin.slug) == (True, "free")


def alternates(visitor: Client, page: Page) -> str:
    return visitor.get(page.url).content.decode().partition("<body")[0]


def test_a_page_that_lacks_something_is_not_published_in_english_either(office: Client):
    homes()
    page = a_ready_page()
    page.introduction = ""
    page.save()
    twin, translation = in_english(office, page)
    translate(office, translation)

    assert publish(office, twin)
    twin.refresh_from_db()
    assert not twin.live


def test_a_page_whose_parent_is_not_translated_waits_for_it(office: Client):
    homes()
    theme = a_ready_page(title="Thème")
    article = a_ready_page(ArticlePage, theme)

    refused = ask(office, article)

    assert refused.status_code == 200
    assert "Thème" in refused.context["form"].errors["locales"][0]
    assert "Thème" in office.get(refused.request["PATH_INFO"]).content.decode()
    assert not Page.objects.filter(locale=locale("en"), depth__gt=2).exists()
    twin, _translation = in_english(office, theme)
    assert ask(office, article).status_code == 302
    assert article.get_translation(locale("en")).get_parent().specific == twin


def test_only_the_office_asks_for_a_translation(visitor: Client):
    pole = a_pole_page()
    (group,) = ensure_pole_editors()
    user = factories.a_user("mezenc@example.org")
    user.groups.add(group)
    visitor.force_login(user)
    page = a_ready_page(ArticlePage, pole)
    homes()

    assert ask(visitor, page).status_code in {302, 403}
    assert not Translation.objects.exists()


# --- The first language changes -------------------------------------------------------------------
def lacks_told(office: Client, page: Page) -> str:
    """Return what the report says of a page."""
    report = office.get(reverse("pages_to_mend"))
    (found,) = [one.lacks for one in report.context["object_list"] if one.pk == page.pk]
    return str(found)


def test_a_page_that_changes_marks_its_translation(
    office: Client, visitor: Client, django_capture_on_commit_callbacks: Any
):
    homes()
    page = a_ready_page(slug="silence", body=[PASSAGE])
    twin, translation = in_english(office, page)
    translate(office, translation)
    with django_capture_on_commit_callbacks(execute=True):
        publish(office, twin)
    total, done = translation.get_progress()
    assert total == done
    twin.refresh_from_db()
    told_before = lacks_told(office, twin)

    changed = {"introduction": "Encore plus au calme.", "search_description": "Au calme."}
    with django_capture_on_commit_callbacks(execute=True):
        answer = office.post(edit(page), sent(page, action="action-publish", **changed))
    assert answer.status_code == 302

    total, done = translation.get_progress()
    assert total - done >= 1
    page.refresh_from_db()
    assert page.introduction == "Encore plus au calme."
    # Readers of English keep what they have, in English; the office is told.
    twin.refresh_from_db()
    assert twin.live
    assert "Encore plus" not in text_of(visitor.get(twin.url))
    told = lacks_told(office, twin)
    assert told != told_before
    assert str(total - done) in told
    assert publish(office, twin)


def test_handing_over_what_changed_publishes_nothing(
    office: Client, visitor: Client, django_capture_on_commit_callbacks: Any
):
    homes()
    page = a_ready_page()
    twin, translation = in_english(office, page)
    url = reverse("wagtail_localize:update_translations", args=[translation.source_id])

    assert "publish_translations" not in office.get(url).context["form"].visible_fields()
    with django_capture_on_commit_callbacks(execute=True):
        assert office.post(url, {"publish_translations": "on"}).status_code == 302

    twin.refresh_from_db()
    assert not twin.live


def test_no_page_of_one_language_is_shown_as_one_of_another(office: Client):
    homes()
    page = a_ready_page(title="Le silence")
    twin, translation = in_english(office, page)

    address = reverse("wagtail_localize:convert_to_alias", args=[twin.pk])
    for url, data in ((address, {}), (edit(twin), {"localize-convert-to-alias": "1"})):
        assert said(office.post(url, data))
    translation.enabled = False
    translation.save()
    assert b"localize-convert-to-alias" not in office.get(edit(twin)).content
    twin.refresh_from_db()
    assert (twin.live, twin.alias_of) == (False, None)


# --- Several pages at once ------------------------------------------------------------------------
def bulk(office: Client, *pages: Page, **data: Any) -> list[str]:
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    query = "&".join(f"id={one.pk}" for one in pages)
    return said(office.post(f"{url}?{query}&next=/gestion/pages/", data))


def test_several_pages_are_published_when_none_lacks_anything(
    office: Client, django_capture_on_commit_callbacks: Any
):
    homes()
    whole, lacking = a_ready_page(live=False), a_page(ThemePage, live=False, title="Vide")
    source = a_ready_page()
    twin, translation = in_english(office, source)

    for together in ([whole, lacking], [whole, twin]):
        assert bulk(office, *together)
        for one in (whole, lacking, twin):
            one.refresh_from_db()
            assert not one.live
    parent = a_ready_page(SectionPage)
    below = a_page(ThemePage, parent, live=False)
    assert below.title in bulk(office, parent, include_descendants="on")[-1]
    below.refresh_from_db()
    assert not below.live

    bulk(office, whole)
    whole.refresh_from_db()
    assert whole.live
    assert translation.pk


def test_a_body_older_than_a_field_of_its_blocks_is_handed_over(office: Client):
    homes()
    bare = {"type": "page_cards", "value": {"heading": "À lire"}}
    null = {"type": "picture", "value": {"drawing": "rando", "alt": None}}
    page = a_ready_page(slug="silence", body=[PASSAGE])
    page.body = page.body.stream_block.to_python([bare, null])
    page.save()

    assert ask(office, page).status_code == 302
    assert page.get_translations().exists()


# --- Written side by side, without being handed over ----------------------------------------------
def test_a_translation_older_than_its_french_page_is_told(office: Client):
    page = a_ready_page(last_published_at=NOW - timedelta(days=2))
    twin = translated(page, homes(), live=True, last_published_at=NOW - timedelta(days=9))

    assert "04/04/2027" in lacks_told(office, twin)


@pytest.mark.parametrize("days", [2, 1])
def test_a_translation_as_new_as_its_french_page_is_not(office: Client, days: int):
    page = a_ready_page(last_published_at=NOW - timedelta(days=2))
    twin = translated(page, homes(), last_published_at=NOW - timedelta(days=days))

    told = lacks_told(office, twin)

    assert "French version" not in told
    assert "française a changé" not in told


# --- The words of the screen ----------------------------------------------------------------------
@pytest.mark.parametrize(("chosen", "said"), [("fr", "Traduire"), ("en", "Translate")])
def test_its_words_are_those_of_who_reads_the_desk(chosen: str, said: str):
    """Whatever the browser's language is."""
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    UserProfile.objects.create(user=user, preferred_language=chosen)
    browser = Client(HTTP_ACCEPT_LANGUAGE="en")
    browser.force_login(user)

    answer = browser.get(reverse("wagtail_localize:javascript_catalog"))

    assert answer.status_code == 200
    catalogue = answer.content.decode()
    assert (f'"Translate": "{said}"' in catalogue) is (chosen == "fr")
    assert "From %(source)s to %(target)s" in catalogue or chosen == "en"


def test_the_screen_loads_them_and_writes_days_in_figures(office: Client):
    homes()
    twin, translation = in_english(office, a_ready_page(slug="silence", body=[PASSAGE]))
    translate(office, translation)

    shown = office.get(edit(twin)).content.decode()

    assert "js/translating.js" in shown
    assert "06/04/2027" in shown
