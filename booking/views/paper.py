"""One paper of a house: its form, its document, read by its owner and the office alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import papers
from booking.forms.enrolment import (
    HouseFactsForm,
    PaperForm,
    SellerForm,
    SignForm,
    SiretForm,
    mail_language,
    odd_registrations,
)
from booking.paper_rows import document_answer, row_of
from booking.papers import CONTRACT, HOUSE, SELLER, SIRET, Item
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.enrolment import checklist_address, item_for
from destination.legal_body import clean_body
from members.access import owned_provider_for
from members.journal import Actor
from members.models import Paper, Provider
from oti.lib.dates import today as day_of


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def paper(request: HttpRequest, house: str, code: str) -> HttpResponse:
    """Show one paper and take what is given for it."""
    now = timezone.now()
    provider = owned_provider_for(request.user, house)
    item = item_for(provider, code, now=now)
    actor = Actor.person(request.user)
    if request.method == "POST" and "drop" in request.POST:
        papers.drop_document(provider, code, actor=actor, now=now)
        messages.success(request, _("The document is deleted."))
        return see_other("extranet-paper", provider.slug, code)
    form = form_of(request, provider, item, now=now)
    if not form.is_bound:
        return _page(request, provider, item, form, now=now)
    if not form.is_valid():
        if isinstance(form, PaperForm) and form.good_document is not None:
            papers.keep_document(provider, code, form.good_document, actor=actor, now=now)
            item = item_for(provider, code, now=now)
            messages.info(request, _("Your document is kept: it needn’t be sent again."))
        return _page(request, provider, item, form, now=now, status=422)
    try:
        _give(provider, item, form, actor=actor, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        if refusal.code == "contract_changed":
            return see_other("extranet-paper", provider.slug, code)
        return _page(request, provider, item, form, now=now, status=refusal.status)
    messages.success(request, _("It is kept."))
    if code == "registration":
        _advise(request, provider, form.cleaned_data["number"])
    return see_other(checklist_address(provider))


@never_cache
@login_required
@require_safe
def document(request: HttpRequest, house: str, code: str) -> HttpResponse:
    """Give the document of a paper to the owner of its house."""
    provider = owned_provider_for(request.user, house)
    return document_answer(Paper.objects.filter(provider=provider, code=code).first())


def form_of(request: HttpRequest, provider: Provider, item: Item, *, now: datetime) -> forms.Form:
    """Return the form of a paper, filled with what was sent or what is known."""
    data = request.POST if request.method == "POST" else None
    today = day_of(now)
    if item.code == HOUSE:
        return HouseFactsForm(data, house=provider, today=today)
    if item.code == SIRET:
        known = {"siret": provider.siret, "legal_name": provider.legal_name}
        is_fixed = not papers.may_change_siret(provider)
        return SiretForm(data, initial=known, is_fixed=is_fixed)
    if item.code == SELLER:
        sealed = papers.sealed_of(item.row)
        return SellerForm(data, house=provider, today=today, initial=sealed)
    if item.code == CONTRACT:
        text = papers.contract_of(mail_language(), today=today)
        shown = {
            "sha256": text.sha256 if text else "",
            "commission": provider.commission_to_sign,
        }
        return SignForm(data, initial=shown)
    row = item.row
    known = {"number": row.number, "valid_until": row.valid_until} if row else {}
    files = request.FILES if data is not None else None
    return PaperForm(
        data, files, paper=item.paper, has_document=bool(row and row.file_key), initial=known
    )


def _give(provider: Provider, item: Item, form: Any, *, actor: Actor, now: datetime) -> None:
    data = form.cleaned_data
    if item.code == HOUSE:
        papers.describe_house(provider, form.facts, actor=actor, now=now)
    elif item.code == SIRET:
        papers.give_siret(
            provider, siret=data["siret"], legal_name=data["legal_name"], actor=actor, now=now
        )
    elif item.code == CONTRACT:
        papers.sign_contract(
            provider,
            text=papers.contract_of(mail_language(), today=day_of(now)),
            shown_sha256=data["sha256"],
            shown_commission=data["commission"],
            signed_name=data["signed_name"],
            actor=actor,
            now=now,
        )
    else:
        papers.give_paper(provider, item.code, form.given, actor=actor, now=now)


def _advise(request: HttpRequest, provider: Provider, number: str) -> None:
    """Say that a registration number looks odd; it is kept as it is (domain.md §3.1)."""
    odd = odd_registrations(number, provider.commune)
    if odd:
        words = _(
            "%(number)s doesn’t look like a number of %(commune)s (13 signs that begin with "
            "%(insee)s): check it. It is kept as you wrote it, and the office reads it."
        )
        told = {
            "number": ", ".join(odd),
            "commune": provider.commune,
            "insee": provider.commune.insee,
        }
        messages.warning(request, words % told)


def _page(
    request: HttpRequest,
    provider: Provider,
    item: Item,
    form: forms.Form,
    *,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    today = day_of(now)
    context: dict[str, Any] = {
        "provider": provider,
        "row": row_of(item),
        "form": form,
        "paper": item.row,
        "back_url": checklist_address(provider),
        "page_errors": status != 200,
    }
    if item.code == CONTRACT:
        text = papers.contract_of(mail_language(), today=today)
        context |= {
            "text": text,
            "text_html": clean_body(text.body) if text else "",
            "signature": papers.signature_of(provider, today=today),
        }
    if item.code == "childcare":
        context["permits"] = papers.permits_of(provider)
    return render(request, "booking/extranet/paper.html", context, status=status)
