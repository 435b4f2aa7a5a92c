"""Django's `i18n` tags, with `translate` writing a fixed text once for each language.

Loaded by its usual name (TEMPLATES in the settings). A page has forty such texts, and looking one
up costs as much as writing ten variables; what depends on a variable is looked up each time.
"""

from __future__ import annotations

from django.template.base import Parser, Token, Variable
from django.template.context import Context
from django.templatetags import i18n
from django.utils.translation import get_language

register = i18n.register.__class__()
register.filters.update(i18n.register.filters)
register.tags.update(i18n.register.tags)


def translate(parser: Parser, token: Token) -> i18n.TranslateNode:
    """Do as Django's tag."""
    node = i18n.do_translate(parser, token)
    return FixedWords(node) if _is_fixed(node) else node


register.tags.update({"translate": translate, "trans": translate})


def _is_fixed(node: i18n.TranslateNode) -> bool:
    said = node.filter_expression
    is_text = isinstance(said.var, Variable) and isinstance(said.var.literal, str)
    meant = node.message_context
    return is_text and not said.filters and (meant is None or isinstance(meant.var, str))


class FixedWords(i18n.TranslateNode):
    """A text that says the same on every page of a language."""

    def __init__(self, node: i18n.TranslateNode) -> None:
        super().__init__(node.filter_expression, node.noop, None, node.message_context)
        self.name = node.asvar
        self.known: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        """Return it, or keep it under its name."""
        language = get_language()
        words = self.known.get(language)
        if words is None:
            words = self.known[language] = super().render(context)
        if not self.name:
            return words
        context[self.name] = words
        return ""
