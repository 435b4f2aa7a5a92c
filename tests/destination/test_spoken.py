"""Which language stands in for the reader's."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from destination.models import Pole
from destination.spoken import in_language, language_of, language_of_texts, untranslated


@pytest.mark.parametrize(
    ("language", "texts", "shown", "told"),
    [
        ("fr", {"fr": "a", "en": "b"}, "a", ""),
        ("en", {"fr": "a", "en": "b"}, "b", ""),
        ("en", {"fr": "a", "en": ""}, "a", "fr"),
        ("de", {"fr": "a", "en": "b"}, "b", "en"),
        ("de", {"fr": "a"}, "a", "fr"),
        ("de", {"de": "c", "en": "b"}, "c", ""),
        ("en", {}, "", ""),
        ("fr", {"en": "b"}, "", ""),
    ],
)
def test_the_nearest_language_stands_in_and_is_told(language, texts, shown, told):
    with override(language):
        assert in_language(texts) == shown
        assert language_of_texts(texts) == told
        row = Pole(**{f"name_{code}": text for code, text in texts.items()})
        assert language_of(row, "name") == told


def test_one_field_that_is_not_translated_is_enough_to_say_so():
    pole = Pole(name_fr="Le Puy", name_en="Le Puy", tagline_fr="La dentelle", tagline_en="")
    with override("en"):
        assert untranslated(pole, ["name"]) == ""
        assert untranslated(pole, ["name", "tagline"]) == "fr"
        assert untranslated(pole, []) == ""
