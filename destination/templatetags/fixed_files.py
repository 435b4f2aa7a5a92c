"""Django's `static` tag, with the address of a fixed file looked up once.

Loaded by its usual name (TEMPLATES in the settings). A page names a dozen files, each of them asked
of all applications and of the manifest before.
"""

from __future__ import annotations

from django import template
from django.template.base import Parser, Token, Variable
from django.template.context import Context
from django.templatetags import static as django_static

register = template.Library()
register.tags.update(django_static.register.tags)


@register.tag("static")
def static(parser: Parser, token: Token) -> django_static.StaticNode:
    """Do as Django's tag."""
    node = django_static.StaticNode.handle_token(parser, token)
    said = node.path.var
    is_text = isinstance(said, str) or (
        isinstance(said, Variable) and isinstance(said.literal, str)
    )
    return FixedFile(node.varname, node.path) if is_text and not node.path.filters else node


class FixedFile(django_static.StaticNode):
    """A file of the site named in the template itself."""

    known: str | None = None

    def url(self, context: Context) -> str:
        """Return its address, which stays as long as this process."""
        if self.known is None:
            self.known = super().url(context)
        return self.known
