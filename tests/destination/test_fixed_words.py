"""`{% translate %}` and `{% url %}` written once for each language, and never for another one."""

import pytest
from django.template import Context, engines
from django.urls import reverse
from django.utils import translation

from destination.templatetags.fixed_words import FixedWords


def written(text: str, **values: object) -> dict[str, str]:
    template = engines["django"].from_string("{% load i18n %}" + text).template
    found = {}
    for language in ("fr", "en", "de", "fr"):
        with translation.override(language):
            found[language] = template.render(Context(values))
    return found


def looked_up(word: str) -> dict[str, str]:
    found = {}
    for language in ("fr", "en", "de"):
        with translation.override(language):
            found[language] = translation.gettext(word)
    return found


@pytest.mark.parametrize(
    "text", ['{% translate "Search" %}', '{% translate "Search" as it %}{{ it }}']
)
def test_a_fixed_text_is_that_of_each_language(text: str):
    assert written(text) == looked_up("Search")
    assert len(set(looked_up("Search").values())) > 1


def test_a_text_with_a_meaning_keeps_it():
    with translation.override("fr"):
        meant = translation.pgettext("menu", "Stay")

    assert written('{% translate "Stay" context "menu" %}')["fr"] == meant


def test_what_a_variable_says_is_looked_up_each_time():
    template = engines["django"].from_string("{% load i18n %}{% translate word %}").template

    with translation.override("fr"):
        found = [template.render(Context({"word": word})) for word in ("Search", "Menu")]
        assert found == [translation.gettext("Search"), translation.gettext("Menu")]
    assert not template.nodelist.get_nodes_by_type(FixedWords)


def test_signs_of_html_and_percents_stay_as_they_were_written():
    assert written('{% translate "5 % & <b>" %}')["en"] == "5 % & <b>"


def test_an_address_is_that_of_each_language():
    found = written('{% url "booking:my-stay" %}')

    for language, address in found.items():
        with translation.override(language):
            assert address == reverse("booking:my-stay")
    assert len(set(found.values())) > 1


def test_an_address_with_something_to_fill_in_is_made_each_time():
    found = [written('{% url "booking:stay-offer" slug %}', slug=one)["fr"] for one in ("a", "b")]

    assert found == ["/fr/dormir/a/", "/fr/dormir/b/"]
