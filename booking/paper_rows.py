"""A paper as its host and the office see it: its line of the checklist, its document as a file."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from booking import papers
from booking.paper_words import PAPER_WORDS, STANDING_KINDS, STANDING_WORDS
from booking.papers import Item
from members.models import Paper
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)


def row_of(item: Item) -> dict[str, Any]:
    """Return a line of the checklist in words."""
    words = PAPER_WORDS[item.code]
    return {
        "item": item,
        "code": item.code,
        "title": words.title,
        "why": words.why,
        "source": item.paper.source,
        "is_by_contract": not item.paper.source,
        "standing": STANDING_WORDS[item.standing],
        "kind": STANDING_KINDS[item.standing],
        "until": item.given.valid_until,
        "remark": item.row.remark if item.row else "",
        "file": item.row.file_name if item.row else "",
    }


def document_answer(paper: Paper | None) -> HttpResponse:
    """Return a document as a file to keep, never as a page; raises Http404 without one."""
    if paper is None or not paper.file_key:
        raise Http404
    try:
        content = papers.document_of(paper)
    except Unreadable as error:
        logger.exception("document of paper %s can't be read", paper.pk)
        raise Http404 from error
    answer = HttpResponse(content, content_type=paper.file_type)
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=paper.file_name
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer
