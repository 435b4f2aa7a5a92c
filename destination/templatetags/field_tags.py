"""Fields of a form, and the list of what is to be put right in it.

Builtin of the template engine beside `velay`. A page of forms has a dozen fields: as templates
within a template each cost a quarter of a millisecond (oti/decisions/0010-speed.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import template
from django.core.exceptions import ValidationError
from django.forms import BaseForm, BaseFormSet, BoundField, Field
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from destination.templatetags.velay import icon, typo

register = template.Library()
GROUPS = frozenset({"radioselect", "checkboxselectmultiple"})


@register.simple_tag
def control(field: BoundField, described_by: str = "", **attrs: Any) -> str:
    """Render the widget of a field with our class, its hint and its error tied to it.

    Attribute names take `_` for `-`; None and "" leave one out. A placeholder is never shown: the
    label stands above.
    """
    css = attrs.pop("class", "in")
    # A variable that the component was not given is an empty text in a template.
    given = {
        name.replace("_", "-"): value for name, value in attrs.items() if value not in {None, ""}
    }
    own = field.field.widget.attrs
    given["class"] = " ".join(filter(None, [own.get("class", ""), css]))
    given["placeholder"] = False
    if described_by:
        given["aria-describedby"] = described_by
    if field.errors:
        given["aria-invalid"] = "true"
    if field.field.widget.template_name in PASTED:
        # A browser would cut what is pasted without a word: the form says that it is too long.
        given["maxlength"] = False
    return _input(field, given) or field.as_widget(attrs=given)


# Inputs of one tag, which Django draws with four templates each.
TEXT_AREA = "django/forms/widgets/textarea.html"
# What is pasted rather than typed.
PASTED = {TEXT_AREA, "django/forms/widgets/url.html"}
PLAIN_INPUTS = {TEXT_AREA}.union(
    f"django/forms/widgets/{name}.html"
    for name in (
        *("text", "number", "email", "tel", "url", "search", "password"),
        *("hidden", "checkbox", "date", "time"),
    )
)


def _input(field: BoundField, attrs: dict[str, Any]) -> SafeString | None:
    """Return an input as its widget writes it, None for a widget that is more than one."""
    widget = field.field.widget
    if widget.template_name not in PLAIN_INPUTS or field.field.localize:
        return None
    # What `BoundField.as_widget` does before it draws.
    attrs = field.build_widget_attrs(attrs, widget)
    if field.auto_id and "id" not in widget.attrs:
        attrs.setdefault("id", field.auto_id)
    shown = widget.get_context(field.html_name, field.value(), attrs)["widget"]
    value = shown["value"]
    if widget.template_name == TEXT_AREA:
        named = _attributes([("name", shown["name"]), *shown["attrs"].items()])
        return mark_safe(f"<textarea{named}>\n{conditional_escape(value or '')}</textarea>")
    parts = [("type", shown["type"]), ("name", shown["name"])]
    if value is not None:
        parts.append(("value", value))
    return mark_safe(f"<input{_attributes([*parts, *shown['attrs'].items()])}>")


def _attributes(given: Iterable[tuple[str, Any]]) -> str:
    """Write attributes as Django's templates: none for False, a bare one for True."""
    return "".join(
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in given
        if value is not False
    )


@register.simple_tag
def field(
    bound: BoundField,
    *,
    label: str = "",
    hint: str = "",
    wide: bool = False,
    css: str = "",
    no_mark: bool = False,
    **attrs: Any,
) -> SafeString:
    """Show a field: label above, hint, error, control.

    `wide` takes both columns; `no_mark` leaves « (optional) » out. Attributes of the control:
    autocomplete, inputmode, enterkeyhint, min, max, step, rows, pattern, maxlength, spellcheck,
    autocapitalize.
    """
    parts = field_parts(bound, hint)
    css_class = f"f{' w2' if wide else ''}{f' {conditional_escape(css)}' if css else ''}"
    words = typo(label or bound.label)
    told = _hint(parts)
    wrong = _error(bound, parts)
    if parts["kind"] == "checkbox":
        tick = control(bound, described_by=parts["described_by"], **{"class": ""})
        name = conditional_escape(bound.id_for_label)
        return mark_safe(
            f'<div class="{css_class}">{wrong}<label class="chk" for="{name}">{tick}'
            f"<span>{words}</span></label>{told}</div>"
        )
    is_optional = not (bound.field.required or bound.field.disabled or no_mark)
    optional = gettext("(optional)")
    mark = f' <span class="opt">{optional}</span>' if is_optional else ""
    if parts["is_group"]:
        described = _attributes([("aria-describedby", parts["described_by"] or False)])
        choices = "".join(
            f'<label class="rad" for="{conditional_escape(one.id_for_label)}">{one.tag()}'
            f"<span><b>{typo(one.choice_label)}</b></span></label>"
            for one in bound
        )
        return mark_safe(
            f'<fieldset class="{css_class}"{described}><legend>{words}{mark}</legend>{told}{wrong}'
            f'<div class="rads">{choices}</div></fieldset>'
        )
    typed = control(bound, described_by=parts["described_by"], **attrs)
    return mark_safe(
        f'<div class="{css_class}"><label for="{conditional_escape(bound.id_for_label)}">'
        f"{words}{mark}</label>{told}{wrong}{typed}</div>"
    )


def _hint(parts: Mapping[str, Any]) -> str:
    if not parts["hint"]:
        return ""
    return (
        f'<div class="hint" id="{conditional_escape(parts["hint_id"])}">{typo(parts["hint"])}</div>'
    )


def _error(bound: BoundField, parts: Mapping[str, Any]) -> str:
    if not bound.errors:
        return ""
    texts = " ".join(map(conditional_escape, map(str, bound.errors)))
    name = conditional_escape(parts["error_id"])
    return f'<p class="err" id="{name}">{icon("circle-alert")}<span>{texts}</span></p>'


def field_parts(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """Return what the field component needs beside the bound field: kind, ids, descriptions."""
    # Help texts are written by developers and may hold a link: Django's own convention.
    shown_hint = hint or mark_safe(str(bound.help_text))
    hint_id = f"{bound.auto_id}_hint" if shown_hint else ""
    error_id = f"{bound.auto_id}_error" if bound.errors else ""
    kind = bound.widget_type
    return {
        "kind": kind,
        "is_group": kind in GROUPS,
        "hint": shown_hint,
        "hint_id": hint_id,
        "error_id": error_id,
        "described_by": f"{hint_id} {error_id}".strip(),
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(
    *forms: BaseForm | BaseFormSet[Any] | None, problems: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    """List what is to be put right in forms and rows of forms, each line leading to its field.

    `problems` adds lines of its own: dicts with `text` and, where there is one, `href`. What two
    fields are told in the same words stands with the name of each.
    """
    lines = [dict(problem) for problem in problems or ()]
    told = [fault for form in forms if form is not None and form.is_bound for fault in _told(form)]
    twice = {text for text, seen in Counter(text for text, _named, _to in told).items() if seen > 1}
    lines += [
        {"text": named if text in twice else text, "href": href} for text, named, href in told
    ]
    return {"problems": lines}


def _told(form: BaseForm | BaseFormSet[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each fault: its words, the same with the name of its field, where it leads."""
    if isinstance(form, BaseFormSet):
        for text in form.non_form_errors():
            yield str(text), str(text), ""
        for number, row in enumerate(form, start=1):
            for text, named, href in _told(row):
                words = gettext("Line %(number)s, %(text)s")
                yield text, words % {"number": number, "text": named}, href
        return
    for text in form.non_field_errors():
        yield str(text), str(text), ""
    for bound in form:
        is_group = bound.widget_type in GROUPS
        target = f"#{bound.auto_id}{'_0' if is_group else ''}"
        errors = form.errors.as_data().get(bound.name, [])
        # « Un besoin ? : … » reads badly.
        label = str(bound.label).removesuffix("?").rstrip()
        for error, said in zip(errors, bound.errors, strict=True):
            text = str(said)
            named = f"{label}: {text}"
            yield (named if _is_bare(error, text) else text), named, target


# Messages that say nothing in a list without the name of their field.
UNNAMED = {
    "max_length",
    "min_length",
    "max_value",
    "min_value",
    "null_characters_not_allowed",
}


def _is_bare(error: ValidationError, text: str) -> bool:
    """Tell whether a message doesn't say which field it is about."""
    return error.code in UNNAMED or text == str(Field.default_error_messages["required"])
