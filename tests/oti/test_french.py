"""French joins its words to the names that come into them, on pages and in letters."""

from __future__ import annotations

import pickle

import pytest
from django.template import Context, Template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_lazy, override

from oti.lib.french import Sentence, as_said

OF = "Ce qu’on dit de %(title)s"
IN = "Bientôt à %(place)s"


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        (OF, "Anne", "Ce qu’on dit d’Anne"),
        (OF, "Élodie", "Ce qu’on dit d’Élodie"),
        (OF, "Œuvres", "Ce qu’on dit d’Œuvres"),
        (OF, "Yssingeaux", "Ce qu’on dit d’Yssingeaux"),
        (OF, "Yann", "Ce qu’on dit de Yann"),
        (OF, "Hélène", "Ce qu’on dit d’Hélène"),
        (OF, "Haute-Loire", "Ce qu’on dit de Haute-Loire"),
        (OF, "onze", "Ce qu’on dit de onze"),
        (OF, "Marie", "Ce qu’on dit de Marie"),
        (OF, "8 %", "Ce qu’on dit de 8 %"),
        (OF, "« Anne »", "Ce qu’on dit de « Anne »"),
        (OF, "", "Ce qu’on dit de "),
        (OF, "Le Puy-en-Velay", "Ce qu’on dit du Puy-en-Velay"),
        (OF, "Les Estables", "Ce qu’on dit des Estables"),
        (OF, "La Chaise-Dieu", "Ce qu’on dit de La Chaise-Dieu"),
        (OF, "L’Écureuil", "Ce qu’on dit de L’Écureuil"),
        (OF, "Le 100 % laine", "Ce qu’on dit du 100 % laine"),
        (OF, "Lesley", "Ce qu’on dit de Lesley"),
        (IN, "Le Puy-en-Velay", "Bientôt au Puy-en-Velay"),
        (IN, "Les Estables", "Bientôt aux Estables"),
        (IN, "Araules", "Bientôt à Araules"),
        ("À %(place)s", "Le Puy-en-Velay", "Au Puy-en-Velay"),
        ("jusqu’à %(place)s", "Les Estables", "jusqu’aux Estables"),
        ("plus que %(name)s", "Anne", "plus qu’Anne"),
        ("De %(title)s", "Le Puy", "Du Puy"),
        ("Réservation de %(name)s", "Le Goff", "Réservation de Le Goff"),
        ("Réservation de %(name)s", "Aude Le Goff", "Réservation d’Aude Le Goff"),
        ("de <b>%(title)s</b>", "Anne", "d’<b>Anne</b>"),
        ("de <b>%(title)s</b>", "Le Puy", "du <b>Puy</b>"),
        ("%(title)s part de %(title)s", "Le Puy", "Le Puy part du Puy"),
        ("%(title)s à 50 %%", "Le Puy", "Le Puy à 50 %"),
        ("le code %(title)s", "Anne", "le code Anne"),
        ("monde %(title)s", "Anne", "monde Anne"),
    ],
)
def test_a_name_is_said_with_the_word_before_it(text: str, value: str, said: str):
    name = text.partition("%(")[2].partition(")")[0]

    assert as_said(text) % {name: value} == said


def test_a_sentence_that_needs_nothing_stays_as_it_is():
    assert type(as_said("Bonjour %(name)s")) is str
    assert type(as_said("à la fin de mai")) is str


def test_a_sentence_remembers_what_it_is_and_fails_as_texts_do():
    text = as_said(OF)

    assert str(text) % {"title": "Anne"} == "Ce qu’on dit d’Anne"
    assert pickle.loads(pickle.dumps(text)) == text
    assert Sentence("de %s") % "Anne" == "de Anne"
    with pytest.raises(KeyError):
        text % {"name": "Anne"}


def test_translations_join_their_words_in_python_and_in_templates():
    title = {"title": "Le Puy en vélo"}
    source = (
        "{% load i18n %}{% blocktranslate %}What guests say of {{ title }}{% endblocktranslate %}"
    )
    with override("fr"):
        assert gettext("What guests say of %(title)s") % title == "Ce qu’on dit du Puy en vélo"
        assert gettext_lazy("What guests say of %(title)s") % title == "Ce qu’on dit du Puy en vélo"
        assert Template(source).render(Context(title)) == "Ce qu’on dit du Puy en vélo"
        cursed = Template(source).render(Context({"title": "<i>"}))
        kept = Template(source).render(Context({"title": mark_safe("<i>Le Puy</i>")}))
    with override("en"):
        assert (
            gettext("What guests say of %(title)s") % title == "What guests say of Le Puy en vélo"
        )

    assert cursed == "Ce qu’on dit de &lt;i&gt;"
    assert kept == "Ce qu’on dit de <i>Le Puy</i>"
