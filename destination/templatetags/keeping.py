"""A part of a page that many visitors see alike, kept rendered by each process for some seconds."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString

from oti.lib.memo import remembered

register = template.Library()


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """Keep what stands between `{% kept "name" value … %}` and `{% endkept %}` (oti.lib.memo).

    It is rendered again for another language and for other values: name every variable that the
    part reads, a hashable one or a list of such. Nothing of the visitor may stand in it, no token
    and no text that they typed.
    """
    _tag, *arguments = token.split_contents()
    if not arguments:
        msg = "kept needs a name"
        raise template.TemplateSyntaxError(msg)
    content = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode([parser.compile_filter(one) for one in arguments], content)


class KeptNode(Node):
    """The part, and what tells two of its renderings apart."""

    def __init__(self, key: list[FilterExpression], nodelist: NodeList) -> None:
        self.key = key
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the part as it was rendered for these values, or render it."""
        values = (one.resolve(context, ignore_failures=True) for one in self.key)
        key = tuple(tuple(one) if isinstance(one, list) else one for one in values)
        return _rendered(key, write=lambda: self.nodelist.render(context))


@remembered(most=256, ignoring=("write",))
def _rendered(key: tuple[Hashable, ...], *, write: Callable[[], SafeString]) -> SafeString:
    return write()
