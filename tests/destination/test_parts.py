"""Parts of pages written as tags: what they say, and that nothing typed becomes markup."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template import engines
from django.utils import translation
from django.utils.html import strip_tags

BAD = "<b>\"'&x"
SAFE = "&lt;b&gt;&quot;&#x27;&amp;x"


def shown(text: str, language: str = "en", **values: object) -> str:
    """Render a text with our tags, its spaces plain."""
    with translation.override(language):
        template = engines["django"].from_string("{% load thread_tags %}" + text)
        return template.render(values).replace("\u00a0", " ").replace("\u202f", " ")


def a_card(**more: object) -> dict[str, object]:
    return {"title": BAD, "url": f"/{BAD}/", "place": BAD, "facts": [("users", BAD)], **more}


@pytest.mark.parametrize("tag", ["card_lodging", "card_experience"])
def test_a_card_shows_what_was_typed_as_it_was_typed(tag: str):
    card = a_card(
        pole={"name": BAD, "slug": "le-puy-en-velay"},
        badges=[{"text": BAD, "kind": BAD}],
        price={"amount": Decimal(84), "note": BAD},
        lang=BAD,
        id=BAD,
        see=BAD,
    )
    text = shown("{% " + tag + " card %}", card=card)
    assert BAD not in text
    assert text.count(SAFE) == 11


@pytest.mark.parametrize("tag", ["card_lodging", "card_experience"])
def test_a_card_always_says_what_comes_next(tag: str):
    adding = {"url": "/add/", "fields": [("offer", "3")]}
    assert ">See</span>" in shown("{% " + tag + " card %}", card=a_card())
    assert ">See</span>" in shown("{% " + tag + " card %}", card=a_card(price={"amount": 84}))
    assert ">Dates</span>" in shown("{% " + tag + " card %}", card=a_card(see="Dates"))
    added = shown("{% " + tag + ' card csrf_token="t" %}', card=a_card(add=adding))
    assert "Add" in added
    assert ">See</span>" not in added


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"amount": Decimal("84.5")}, "84,50 €"),
        ({"amount": Decimal(0)}, "Gratuit"),
        ({"amount": None}, ""),
        ({"amount": 84, "least": True}, "dès 84 €"),
        ({"amount": 84, "before": 100}, "avant : 100 € 84 €"),
        ({"amount": 84, "note": "2 nuits"}, "84 € 2 nuits"),
        ({"amount": 84, "tax": Decimal("4.49")}, "84 € taxe de séjour sur place : 4,49 €"),
    ],
)
def test_a_sum_says_what_it_is(values: dict[str, object], text: str):
    tag = "{% price amount note=note before=before from_price=least tax_on_site=tax %}"
    said = shown(tag, "fr", **values)
    words = strip_tags(said.replace("<", " <"))
    assert " ".join(words.split()) == text


def test_a_breakdown_has_its_total_where_one_is_given():
    rows = [{"label": BAD, "note": BAD, "amount": Decimal(5)}]
    text = shown("{% breakdown rows total=total %}", rows=rows, total=Decimal(0))
    assert text.count(SAFE) == 2
    assert "<dt>Total</dt><dd>€0.00</dd>" in text
    assert "Total" not in shown("{% breakdown rows %}", rows=rows)


@pytest.mark.parametrize("kind", ["", "info", "success", "warning", "danger", "error", BAD])
def test_a_notice_and_a_state_escape_what_they_say(kind: str):
    notice = shown("{% alert text=bad title=bad kind=kind css=bad %}", bad=BAD, kind=kind)
    assert BAD not in notice
    state = shown("{% status_badge label=bad kind=kind %}", bad=BAD, kind=kind)
    assert BAD not in state
    assert SAFE in state


def test_a_line_shows_what_was_typed_as_it_was_typed():
    row = {
        "id": BAD,
        "kind": BAD,
        "when": BAD,
        "title": BAD,
        "lang": BAD,
        "url": BAD,
        "note": BAD,
        "options": [BAD],
        "badge": {"label": BAD, "icon": "x"},
        "problem": BAD,
        "edit_url": BAD,
        "remove_url": BAD,
        "price_label": BAD,
        "price": {"note": BAD},
        "actions": [{"label": BAD, "url": BAD}],
    }
    text = shown("{% line_row row csrf_token=bad %}", row=row, bad=BAD)
    assert BAD not in text
    assert text.count("<form") == 2
    assert "<form" not in shown("{% line_row row readonly=True %}", row=row)


def test_the_languages_of_a_page_leave_out_the_one_shown_where_asked():
    links = [("fr", "Français", "/fr/"), ("en", BAD, f"/{BAD}/")]
    every = shown('{% language_items links "fr" %}', links=links)
    assert every.count("<li>") == 2
    assert every.count("aria-current") == 1
    assert BAD not in every
    assert shown('{% language_items links "fr" others=True %}', links=links).count("<li>") == 1
