"""The pages that make an offer, one by one: each saves by itself and leads to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import offer_terms
from booking.forms.offer_rules import LodgingPapersForm, PermitForm, RulesForm, StepFormSet
from booking.forms.offers import AccessForm, DescriptionForm, LanguagesForm, OfferForm
from booking.models import Offer
from booking.offer_content import LANGUAGES, keep_content, texts_asked
from booking.offer_tasks import (
    ACCESS,
    DATES,
    DESCRIPTION,
    LANGUAGES_TASK,
    PAPERS,
    PHOTOS,
    PRICES,
    RULES,
    STEPS,
    UNITS,
    is_settled,
    tasks_of,
)
from booking.offer_terms import PermitInput, StepInput
from booking.offer_words import REMARK_WORDS
from booking.refusals import Refusal
from booking.views import offer_prices, offer_units
from booking.views.answers import see_other
from booking.views.offer_pages import OwnOffer, own_offer, saved, task_page, task_url
from booking.views.offer_prices import as_typed
from members.journal import Actor
from members.models import Paper


@dataclass(frozen=True)
class Page:
    """A page with one form: how it is filled, and the use case that keeps it."""

    form: Callable[[OwnOffer, Any], OfferForm]
    keep: Callable[..., Any]
    template: str = "booking/extranet/offer_task.html"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def task(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Show one page of an offer and keep what is typed there."""
    now = timezone.now()
    own = own_offer(request, pk, now=now, to_change=True)
    if code not in tasks_of(own.offer):
        raise Http404
    if code in {PHOTOS, DATES}:
        return see_other(task_url(own.offer, code))
    if not own.may_edit:
        return see_other("extranet-offer", own.offer.pk)
    if code == UNITS:
        return offer_units.units(request, own, now=now)
    if code == PRICES:
        return offer_prices.prices(request, own, now=now)
    if code == STEPS:
        return _steps(request, own, now=now)
    return _plain(request, own, code, now=now)


def _plain(request: HttpRequest, own: OwnOffer, code: str, *, now: datetime) -> HttpResponse:
    if code == PAPERS and is_settled(own.offer):
        return task_page(request, own, code, None)
    page = _page_of(own.offer, code)
    form = page.form(own, request.POST if request.method == "POST" else None)
    more = {"template": page.template, "groups": _side_by_side(own, form)}
    if not form.is_bound:
        return task_page(request, own, code, form, **more)
    if not form.is_valid():
        return task_page(request, own, code, form, status=422, **more)
    try:
        page.keep(own.offer, form, actor=Actor.person(request.user), now=now)
    except Refusal as refusal:
        form.tell(refusal)
        return task_page(request, own, code, form, status=refusal.status, **more)
    return saved(request, own, code, now=now)


def _side_by_side(own: OwnOffer, form: OfferForm) -> list[dict[str, Any]]:
    """Return each text in French beside its fields in the other languages."""
    if not isinstance(form, LanguagesForm):
        return []
    return [
        {
            "label": REMARK_WORDS[f"{name}_fr"],
            "french": own.progress.content[f"{name}_fr"],
            "fields": [form[f"{name}_{code}"] for code in LANGUAGES[1:]],
        }
        for name in texts_asked(own.offer, own.progress.content)
    ]


# --- Pages with one form -----------------------------------------------------------------------
def _page_of(offer: Offer, code: str) -> Page:
    if code == PAPERS and not offer.is_lodging:
        return Page(_permit_form, _keep_permit)
    return PAGES[code]


def _content(own: OwnOffer, names: Any) -> dict[str, Any]:
    return {name: own.progress.content.get(name) for name in names}


def _description_form(own: OwnOffer, data: Any) -> OfferForm:
    return DescriptionForm(data, initial=_content(own, DescriptionForm.base_fields))


def _languages_form(own: OwnOffer, data: Any) -> OfferForm:
    content = own.progress.content
    return LanguagesForm(data, asked=texts_asked(own.offer, content), initial=content)


def _keep_texts(offer: Offer, form: OfferForm, *, actor: Actor, now: datetime) -> None:
    keep_content(offer, form.cleaned_data, actor=actor, now=now)


def _access_form(own: OwnOffer, data: Any) -> OfferForm:
    content = own.progress.content
    place = ""
    if content["latitude"] is not None and content["longitude"] is not None:
        place = f"{content['latitude']}, {content['longitude']}"
    asked = texts_asked(own.offer, content)
    return AccessForm(data, asked=asked, initial={**content, "position": place})


def _keep_access(offer: Offer, form: AccessForm, *, actor: Actor, now: datetime) -> None:
    keep_content(offer, form.values, actor=actor, now=now)


def _rules_form(own: OwnOffer, data: Any) -> OfferForm:
    offer = own.offer
    initial = {
        "cancellation_policy": offer.cancellation_policy_id,
        "check_in_from": offer.check_in_from or "15:00",
        "check_in_until": offer.check_in_until,
        "check_out_until": offer.check_out_until or "10:00",
        "min_advance_days": offer.min_advance_days or None,
        "deposit_amount": as_typed(offer.deposit_amount),
        "season_from_month": offer.season_from_month,
        "season_to_month": offer.season_to_month,
    }
    return RulesForm(data, offer=offer, initial=initial)


def _keep_rules(offer: Offer, form: RulesForm, *, actor: Actor, now: datetime) -> None:
    offer_terms.keep_terms(offer, form.values, actor=actor, now=now)


def _lodging_papers_form(own: OwnOffer, data: Any) -> OfferForm:
    offer = own.offer
    number = offer.registration_number
    if not number:
        # The house gave it already; a house with several lodgings gave several.
        papers = Paper.objects.filter(provider=offer.provider, code="registration")
        given = papers.values_list("number", flat=True).first() or ""
        number = "" if "," in given else given
    initial = {"tax_category": offer.tax_category, "registration_number": number}
    return LodgingPapersForm(data, offer=offer, initial=initial)


def _keep_lodging_papers(offer: Offer, form: OfferForm, *, actor: Actor, now: datetime) -> None:
    offer_terms.keep_terms(offer, form.cleaned_data, actor=actor, now=now)


def _permit_form(own: OwnOffer, data: Any) -> OfferForm:
    known = own.offer.permits.first()
    names = PermitForm.base_fields
    return PermitForm(data, initial={one: getattr(known, one) for one in names} if known else {})


def _keep_permit(offer: Offer, form: OfferForm, *, actor: Actor, now: datetime) -> None:
    offer_terms.keep_permit(offer, PermitInput(**form.cleaned_data), actor=actor, now=now)


PAGES: dict[str, Page] = {
    DESCRIPTION: Page(_description_form, _keep_texts),
    ACCESS: Page(_access_form, _keep_access),
    LANGUAGES_TASK: Page(_languages_form, _keep_texts, "booking/extranet/offer_languages.html"),
    RULES: Page(_rules_form, _keep_rules),
    PAPERS: Page(_lodging_papers_form, _keep_lodging_papers),
}


# --- Steps of a workshop -----------------------------------------------------------------------
def _steps(request: HttpRequest, own: OwnOffer, *, now: datetime) -> HttpResponse:
    known = [
        {"title": one.title_fr or one.title, "minutes": one.minutes, "plan_b": one.plan_b_fr}
        for one in own.offer.steps.all()
    ]
    data = request.POST if request.method == "POST" else None
    lines = StepFormSet(data, initial=known)
    page = "booking/extranet/offer_steps.html"
    if data is None:
        return task_page(request, own, STEPS, None, template=page, lines=lines)
    if not lines.is_valid():
        return task_page(request, own, STEPS, None, template=page, lines=lines, status=422)
    steps = [StepInput(**one.cleaned_data) for one in lines if not one.is_empty]
    try:
        offer_terms.keep_steps(own.offer, steps, actor=Actor.person(request.user), now=now)
    except Refusal as refusal:
        problems = [{"text": one.message} for one in refusal.troubles]
        return task_page(
            request,
            own,
            STEPS,
            None,
            template=page,
            lines=lines,
            problems=problems,
            status=refusal.status,
        )
    return saved(request, own, STEPS, now=now)
