"""The body of a legal text: as safe HTML for pages, as plain text for mails."""

from __future__ import annotations

import html
import re

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

LEGAL_TAGS = {
    "a", "abbr", "b", "br", "caption", "dd", "dl", "dt", "em", "h2", "h3", "h4", "hr", "i", "li",
    "ol", "p", "small", "strong", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
BLOCK_END = re.compile(r"</(?:p|h2|h3|h4|tr|dl|ol|ul|table)>|<hr>")
LINE_END = re.compile(r"<br>|</(?:li|dt|dd)>")
ITEM = re.compile(r"<li>")


def clean_body(body: str) -> SafeString:
    """Return a legal text as safe HTML; plain text gets its paragraphs."""
    text = body if "<" in body else linebreaks(body, autoescape=True)
    return mark_safe(nh3.clean(text, tags=LEGAL_TAGS))


def plain_body(body: str) -> str:
    """Return a legal text without any tag: paragraphs apart, one item of a list a line."""
    text = " ".join(str(clean_body(body)).split())
    text = ITEM.sub("- ", LINE_END.sub("\n", BLOCK_END.sub("\n\n", text)))
    text = html.unescape(nh3.clean(text, tags=set()))
    lines = [line.strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
