"""How sums, days, hours and French spacing are written, and the tags that write them."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polib
import pytest
from django import forms
from django.conf import settings
from django.template import Context, engines
from django.utils import translation
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from destination.templatetags import field_tags, velay
from oti.lib import html

NB, NN = html.NBSP, html.NNBSP


@pytest.mark.parametrize(
    ("amount", "language", "is_exact", "text"),
    [
        ("1074", "fr", False, f"1{NN}074{NB}€"),
        ("1074.00", "fr", False, f"1{NN}074{NB}€"),
        ("1074.5", "fr", False, f"1{NN}074,50{NB}€"),
        ("1074", "fr", True, f"1{NN}074,00{NB}€"),
        ("1234567.89", "fr", False, f"1{NN}234{NN}567,89{NB}€"),
        ("0", "fr", True, f"0,00{NB}€"),
        ("-12.5", "fr", False, f"−12,50{NB}€"),
        ("1074.5", "en", False, "€1,074.50"),
        ("-12", "en", False, "−€12"),
        ("1074.5", "de", False, f"1.074,50{NB}€"),
        ("0.005", "fr", False, f"0,01{NB}€"),
    ],
)
def test_a_sum_is_written_in_the_language(
    amount: str, language: str, is_exact: bool, text: str
) -> None:
    assert html.format_euros(Decimal(amount), language, is_exact=is_exact) == text


@given(st.decimals(min_value=0, max_value=10**7, places=2), st.sampled_from(["fr", "en", "de"]))
def test_a_sum_written_to_the_cent_can_be_read_back(amount: Decimal, language: str) -> None:
    written = html.format_euros(amount, language, is_exact=True)
    digits = "".join(sign for sign in written if sign.isdigit())
    assert Decimal(digits) / 100 == amount


@pytest.mark.parametrize(
    ("moment", "language", "text"),
    [
        (time(14, 32), "fr", f"14{NB}h{NB}32"),
        (time(9), "fr", f"9{NB}h"),
        (time(0, 5), "fr", f"0{NB}h{NB}05"),
        (time(14, 32), "en", f"2:32{NB}pm"),
        (time(0, 5), "en", f"12:05{NB}am"),
        (time(12), "en", f"12{NB}pm"),
        (time(9), "de", f"9:00{NB}Uhr"),
    ],
)
def test_an_hour_is_written_in_the_language(moment: time, language: str, text: str) -> None:
    assert html.format_hour(moment, language) == text


@pytest.mark.parametrize(
    ("minutes", "language", "text"),
    [
        (45, "fr", f"45{NB}min"),
        (120, "fr", f"2{NB}h"),
        (150, "fr", f"2{NB}h{NB}30"),
        (125, "en", f"2{NB}h{NB}05{NB}min"),
    ],
)
def test_a_length_of_time_is_written(minutes: int, language: str, text: str) -> None:
    assert html.format_duration(minutes, language) == text


def test_a_day_is_written_short_and_long() -> None:
    day = date(2026, 7, 11)
    assert html.format_day(day, "fr") == f"sam.{NB}11{NB}juil."
    assert html.format_day(date(2026, 8, 1), "fr") == f"sam.{NB}1er{NB}août"
    assert html.format_day_long(day, "fr") == f"samedi 11{NB}juillet 2026"
    assert html.format_day_long(day, "en", has_year=False) == f"Saturday 11{NB}July"
    assert html.format_day_long(day, "de") == f"Samstag, 11.{NB}Juli 2026"


@pytest.mark.parametrize(
    ("first", "last", "is_short", "text"),
    [
        (date(2026, 7, 11), date(2026, 7, 18), False, f"11 au 18{NB}juillet{NB}2026"),
        (date(2026, 7, 11), date(2026, 7, 18), True, f"11 au 18{NB}juil."),
        (date(2026, 6, 29), date(2026, 7, 5), False, f"29{NB}juin au 5{NB}juillet{NB}2026"),
        (
            date(2026, 12, 29),
            date(2027, 1, 2),
            True,
            f"29{NB}déc.{NB}2026 au 2{NB}janv.{NB}2027",
        ),
    ],
)
def test_what_two_days_share_is_written_once(
    first: date, last: date, is_short: bool, text: str
) -> None:
    assert html.format_range(first, last, "fr", is_short=is_short) == text


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Bonjour !", f"Bonjour{NN}!"),
        ("Bonjour!", f"Bonjour{NN}!"),
        ("Ça va ?! Oui ; non", f"Ça va{NN}?! Oui{NN}; non"),
        ("Le Puy – Les Estables", f"Le Puy{NB}– Les Estables"),
        ("« Oui »", f"«{NN}Oui{NN}»"),
        ("«Oui!»", f"«{NN}Oui{NN}!{NN}»"),
        ("Prix : 12 €", f"Prix{NB}: 12{NB}€"),
        ("1 074 € et 12 500 pas", f"1{NN}074{NB}€ et 12{NN}500 pas"),
        ("à 900 m, 4 h, 12 ans", f"à 900{NB}m, 4{NB}h, 12{NB}ans"),
        ("l'abbaye d'ici", "l’abbaye d’ici"),
        ("à 14:32 sur http://a.example/?b=1", "à 14:32 sur http://a.example/?b=1"),
        ("04 71 00 00 00", "04 71 00 00 00"),
    ],
)
def test_french_text_gets_its_spaces(typed: str, written: str) -> None:
    assert html.french_spacing(typed) == written


@pytest.mark.parametrize(
    ("number", "language", "written"),
    [
        ("04 71 00 00 00", "fr", "04 71 00 00 00"),
        ("04 71 00 00 00", "en", f"+33{NB}4 71 00 00 00"),
        ("0471000000", "de", f"+33{NB}471000000"),
        ("+44 20 7946 0000", "en", "+44 20 7946 0000"),
        ("3939", "en", "3939"),
        ("", "en", ""),
    ],
)
def test_a_phone_is_written_as_it_is_dialled(number: str, language: str, written: str) -> None:
    assert html.format_phone(number, language) == written


@given(st.text(alphabet="ab é1 2:;!?«»'’€%.,hm\u00a0\u202f", max_size=30))
def test_spacing_twice_changes_nothing_more(text: str) -> None:
    once = html.french_spacing(text)
    assert html.french_spacing(once) == once


@given(st.text(max_size=40))
def test_spacing_changes_only_spaces_and_apostrophes(text: str) -> None:
    def bare(value: str) -> str:
        return value.replace("’", "'").translate({ord(sign): None for sign in f" {NB}{NN}"})

    assert bare(html.french_spacing(text)) == bare(text)


def test_spacing_leaves_tags_and_entities_alone() -> None:
    typed = '<a href="/x?a=1; b" title="Oui !">Oui !</a> &amp; non&nbsp;; fin !'
    written = f'<a href="/x?a=1; b" title="Oui !">Oui{NN}!</a> &amp; non&nbsp;; fin{NN}!'
    assert html.french_spacing_html(typed) == written


def render(source: str, **values: object) -> str:
    engine = engines["django"].engine
    return engine.from_string(source).render(Context(values))


def test_the_typo_filter_escapes_what_visitors_typed() -> None:
    with translation.override("fr"):
        assert render("{{ text|typo }}", text="<b> Oui !") == f"&lt;b&gt; Oui{NN}!"
        assert render("{{ text|typo }}", text=mark_safe("<b>Oui !</b>")) == f"<b>Oui{NN}!</b>"
    with translation.override("en"):
        assert render("{{ text|typo }}", text="Yes !") == "Yes !"


def test_the_filters_follow_the_language_and_the_clock_of_paris() -> None:
    held_until = datetime(2026, 7, 1, 12, 32, tzinfo=UTC)
    with translation.override("fr"):
        assert render("{{ at|heure }}", at=held_until) == f"14{NB}h{NB}32"
        assert render('{{ sum|euros:"exact" }}', sum=Decimal(5)) == f"5,00{NB}€"
        assert render("{{ sum|euros }}|{{ none|euros }}", sum=Decimal(5), none=None) == f"5{NB}€|"
        assert render("{{ day|jour }}", day=datetime(2026, 7, 10, 22, 30, tzinfo=UTC)) == (
            f"sam.{NB}11{NB}juil."
        )


def test_a_range_has_an_arrow_for_the_eye_and_a_word_for_readers() -> None:
    with translation.override("en"):
        shown = velay.date_range(date(2026, 7, 11), date(2026, 7, 18))
        assert 'aria-hidden="true"' in shown
        assert '<span class="vh"> to </span>' in shown
        assert velay.date_range(date(2026, 7, 11), date(2026, 7, 18), "short text") == (
            f"11 to 18{NB}Jul"
        )


@pytest.mark.parametrize(
    ("adults", "ages", "text"),
    [
        (1, [], "1 adult"),
        (2, [10, 5], "2 adults, 2 children (5 and 10 years old)"),
        (2, [1], "2 adults, 1 child (1 year old)"),
        (2, [5, None], "2 adults, 2 children"),
        ("x", [], "0 adults"),
        (None, [], "0 adults"),
    ],
)
def test_who_comes_is_written(adults: object, ages: list[int | None], text: str) -> None:
    with translation.override("en"):
        written = velay.party(adults, ages)  # type: ignore[arg-type]
    assert written.replace(NB, " ") == text
    # No number ends a line before what it counts.
    assert not re.search(r"\d [^\W\d]", written)


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_numbers_stay_with_what_they_count(language: str) -> None:
    with translation.override(language):
        for words in (velay.nights(7), velay.party(2, [5, 10])):
            assert re.search(rf"\d{NB}", words)
            assert not re.search(r"\d [^\W\d]", words)


class Sample(forms.Form):
    email = forms.EmailField(
        help_text="Why we ask", widget=forms.EmailInput(attrs={"placeholder": "you@example"})
    )
    way = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_field_is_tied_to_its_hint_and_its_error() -> None:
    form = Sample({"email": "claire@"})
    shown = render('{% field form.email autocomplete="email" %}', form=form)
    assert 'aria-describedby="id_email_hint id_email_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'autocomplete="email"' in shown
    assert "placeholder" not in shown
    assert '=""' not in shown
    assert 'id="id_email_hint"' in shown
    assert 'id="id_email_error"' in shown


def test_the_error_summary_leads_to_each_field_and_says_the_same_words() -> None:
    form = Sample({"email": "claire@"})
    with translation.override("en"):
        shown = render("{% error_summary form %}", form=form)
        beside = str(form["email"].errors[0])
    assert '<a href="#id_email">' in shown
    assert beside in shown
    assert '<a href="#id_way_0">Way: ' in shown
    assert "2 things to put right" in shown
    assert render("{% error_summary form %}", form=Sample()).strip() == ""


class Days(forms.Form):
    first = forms.IntegerField(label="First day")
    last = forms.IntegerField(label="Last day")


def test_the_error_summary_tells_two_fields_with_the_same_words_apart() -> None:
    with translation.override("en"):
        shown = render("{% error_summary form %}", form=Days({"first": "x", "last": "y"}))
        one = render("{% error_summary form %}", form=Days({"first": "x", "last": "3"}))
    assert '<a href="#id_first">First day: ' in shown
    assert '<a href="#id_last">Last day: ' in shown
    assert '<a href="#id_first">First day' not in one


def test_the_error_summary_says_in_which_row_something_is_wrong() -> None:
    rows = forms.formset_factory(Days, extra=0)
    typed = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2"}
    fields = {"form-0-first": "1", "form-0-last": "2", "form-1-first": "x", "form-1-last": "y"}
    filled = rows(typed | fields, initial=[{}, {}])
    with translation.override("en"):
        shown = render("{% error_summary rows %}", rows=filled)
    assert '<a href="#id_form-1-first">Line 2, First day: ' in shown
    assert '<a href="#id_form-1-last">Line 2, Last day: ' in shown
    assert "2 things to put right" in shown
    assert render("{% error_summary rows %}", rows=rows(initial=[{}])).strip() == ""


def test_no_french_text_can_break_before_its_mark() -> None:
    """Mails, buttons and programs read a catalogue as it is: its spaces are the right ones."""
    catalogue = polib.pofile(str(settings.BASE_DIR / "oti/locale/fr/LC_MESSAGES/django.po"))
    texts = {
        text
        for entry in catalogue
        if not entry.obsolete
        for text in (entry.msgstr, *entry.msgstr_plural.values())
    }
    assert len(texts) > 1000
    loose = re.compile(r"\S [;!?»]|\S :(\s|$)|« \S")
    assert [one for one in texts if loose.search(one)] == []


@given(st.text(st.sampled_from("ab 12;!?:«»–—'€%.,()kgmh’”…<" + NB + NN), max_size=12))
def test_a_text_without_signs_is_left_as_every_rule_leaves_it(text: str) -> None:
    expected = text
    for pattern, replacement in html._RULES:
        expected = pattern.sub(replacement, expected)
    expected = html._NUMBER.sub(lambda one: re.sub(html._SPACE, NN, one.group()), expected)

    assert html.french_spacing(text) == expected


class Everything(forms.Form):
    """A field for each sort of input, some with what widgets write in their own way."""

    text = forms.CharField(max_length=40, help_text="x")
    mail = forms.EmailField(required=False)
    count = forms.IntegerField(min_value=1, max_value=9)
    sum = forms.DecimalField(localize=True)
    box = forms.BooleanField(required=False)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date", "data-x": True}))
    hour = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time", "data-y": False}))
    word = forms.CharField(widget=forms.PasswordInput)
    key = forms.CharField(widget=forms.HiddenInput)
    site = forms.CharField(widget=forms.URLInput(attrs={"class": "q", "title": 'a"<b', "id": "z"}))
    area = forms.CharField(widget=forms.Textarea)
    choice = forms.ChoiceField(choices=[("a", "b")])


@pytest.mark.parametrize("typed", ["<\"&'é", "", "12"])
@pytest.mark.parametrize("is_bound", [True, False])
def test_a_control_is_what_its_widget_writes(
    typed: str, is_bound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = dict.fromkeys(Everything.base_fields, typed)
    first = {"day": date(2027, 1, 2), "hour": time(9), "sum": Decimal("1234.5"), "box": True}
    form = Everything(shown if is_bound else None, initial={**first, "text": mark_safe("&amp;")})

    def controls() -> list[str]:
        return [
            field_tags.control(form[name], described_by="d", autocomplete="x", rows="").strip()
            for name in form.fields
        ]

    ours = controls()
    monkeypatch.setattr(field_tags, "_input", lambda *_args: None)

    assert ours == controls()


def test_a_field_that_cannot_be_changed_is_not_called_optional() -> None:
    form = Everything()
    with translation.override("en"):
        assert "(optional)" in field_tags.field(form["mail"])
        form.fields["mail"].disabled = True
        assert "(optional)" not in field_tags.field(form["mail"])
