"""The hosts' webhooks: which programs are told of what, what each answered, told again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.access import delivery_for_owner, webhook_for_owner
from booking.forms.doors import TopicsForm, WebhookForm
from booking.models import HookDelivery, Webhook
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.houses import house_address, houses_of, put_into, shown_house
from booking.views.shown_once import keep_secret, take_secret
from booking.webhooks import owning
from booking.webhooks.words import answer_words, topic_words
from members.access import owned_by, owned_provider_for
from members.journal import Actor
from members.models import Provider

MOST_TOLD = 50
PAGE = "extranet-webhooks"


@dataclass(frozen=True)
class Told:
    """One thing told, as its host reads it."""

    delivery: HookDelivery
    topic: str
    answer: str


@never_cache
@login_required
@require_safe
def hooks(request: HttpRequest) -> HttpResponse:
    """List the addresses that one house's programs are told at."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    return _page(request, provider, WebhookForm())


@require_POST
@never_cache
@login_required
def add(request: HttpRequest, house: str) -> HttpResponse:
    """Take an address of a house that one owns."""
    provider = owned_provider_for(request.user, house)
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, form, status=422)
    try:
        hook, secret = owning.add_webhook(
            provider,
            form.cleaned_data["address"],
            topics=form.cleaned_data["topics"],
            actor=_actor(request),
            now=_now(),
        )
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, provider, form, status=refusal.status)
    keep_secret(request, "webhook", hook.pk, secret)
    return see_other("extranet-webhook", hook.pk)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one address with what it was told, and take what it is told of from now on."""
    found = webhook_for_owner(request.user, pk)
    if request.method != "POST":
        return _hook(request, found, TopicsForm(initial={"topics": found.topics}))
    form = TopicsForm(request.POST)
    if not form.is_valid():
        return _hook(request, found, form, status=422)
    topics = form.cleaned_data["topics"]
    owning.change_topics(found, topics, actor=_actor(request), now=_now())
    messages.success(request, _("It is changed."))
    return see_other("extranet-webhook", found.pk)


@require_POST
@never_cache
@login_required
def act(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Do what one of the buttons of an address says."""
    found = webhook_for_owner(request.user, pk)
    actor, now = _actor(request), _now()
    try:
        if what == "tester":
            _test(request, found, now=now)
        elif what in {"pause", "reprise"}:
            owning.pause_webhook(found, is_paused=what == "pause", actor=actor, now=now)
            is_paused = what == "pause"
            words = _("It is told nothing for now.") if is_paused else _("It is told again.")
            messages.success(request, words)
        elif what == "secret":
            secret = owning.renew_secret(found, actor=actor, now=now)
            keep_secret(request, "webhook", found.pk, secret)
        elif what == "retirer":
            owning.remove_webhook(found, actor=actor, now=now)
            messages.success(request, _("%(name)s is removed.") % {"name": found.masked})
            return see_other(house_address(PAGE, found.provider))
        else:
            raise Http404
    except Refusal as refusal:
        tell(request, refusal.troubles)
    return see_other("extranet-webhook", found.pk)


@require_POST
@never_cache
@login_required
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell one thing again."""
    delivery = delivery_for_owner(request.user, pk)
    owning.replay(delivery, actor=_actor(request), now=_now())
    messages.success(request, _("It goes once more: look at the answer in a moment."))
    return see_other("extranet-webhook", delivery.webhook_id)


def _test(request: HttpRequest, found: Webhook, *, now: datetime) -> None:
    delivery = owning.send_test(found, actor=_actor(request), now=now)
    words = answer_words(delivery)
    if delivery.state == HookDelivery.State.DELIVERED:
        messages.success(request, _("The test was received: %(words)s.") % {"words": words})
    else:
        messages.warning(request, _("The test wasn’t received: %(words)s") % {"words": words})


def _page(
    request: HttpRequest, provider: Provider, form: WebhookForm, *, status: int = 200
) -> HttpResponse:
    is_owner = provider.pk in owned_by(request.user)
    rows = Webhook.objects.filter(provider=provider) if is_owner else Webhook.objects.none()
    context = {
        "providers": houses_of(request),
        "provider": provider,
        "is_owner": is_owner,
        "rows": [(one, [topic_words(topic) for topic in one.topics]) for one in rows],
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/webhooks.html", context, status=status)


def _hook(
    request: HttpRequest, found: Webhook, form: TopicsForm, *, status: int = 200
) -> HttpResponse:
    shown = take_secret(request, "webhook") if request.method == "GET" else None
    deliveries = found.deliveries.order_by("-pk")[:MOST_TOLD]
    context = {
        "hook": found,
        "provider": found.provider,
        "secret": shown[1] if shown and shown[0] == found.pk else "",
        "told": [Told(one, topic_words(one.topic), answer_words(one)) for one in deliveries],
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/webhook.html", context, status=status)


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(request.user)


def _now() -> datetime:
    return timezone.now()
