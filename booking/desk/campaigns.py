"""The desk's campaigns: written, looked at in each language, tried, planned, halted, counted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button, HeaderButton

from booking.campaign_mails import preview
from booking.desk.campaign_forms import LANGUAGE_WORDS, CampaignForm, initial_of, need_words
from booking.desk.seasons import SeasonViewSet
from booking.desk.views import UseCaseView, actor_of
from booking.models import Campaign
from booking.refusals import BadInput, trouble
from booking.relations import campaigns
from booking.relations.campaign_results import results_of
from booking.rules import campaigns as rules
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from oti.lib.dates import paris
from oti.lib.html import format_day_long, format_hour

READY, TEST, PLAN, NOW, COUNT = "ready", "test", "plan", "now", "count"
REASON_WORDS = {
    rules.SAID_NO: gettext_lazy("said no"),
    rules.NEVER_SAID: gettext_lazy("never said yes, nor were told of such letters"),
    rules.TOO_LONG_AGO: gettext_lazy("no sign of life for three years"),
    rules.BOUNCED: gettext_lazy("mails come back"),
    rules.UNPLACED: gettext_lazy("we don’t know where they live"),
    rules.HERE: gettext_lazy("stay here on these days already"),
    rules.CAPPED: gettext_lazy("had all the letters of thirty days"),
    rules.HAD_IT: gettext_lazy("were told of these dates already"),
    rules.SAME_FAMILY: gettext_lazy("somebody of their family gets it"),
    rules.NOTHING_LEFT: gettext_lazy("nothing was left to propose to them"),
    rules.FORGOTTEN: gettext_lazy("forgotten meanwhile"),
    rules.HALTED: gettext_lazy("the campaign was stopped"),
}
# What may be done in each state, the main one first.
ACTIONS = {
    rules.DRAFT: (READY, TEST, COUNT),
    rules.READY: (NOW, PLAN, TEST, COUNT, campaigns.REWRITE),
    rules.SCHEDULED: (COUNT, campaigns.REWRITE, campaigns.STOP),
    rules.SENDING: (campaigns.PAUSE, campaigns.STOP),
    rules.PAUSED: (campaigns.RESUME, campaigns.STOP),
    rules.SENT: (),
    rules.STOPPED: (),
}
ACTION_WORDS = {
    READY: gettext_lazy("It is ready"),
    TEST: gettext_lazy("Send me a test"),
    NOW: gettext_lazy("Send it now"),
    PLAN: gettext_lazy("Send it at that moment"),
    COUNT: gettext_lazy("Count again"),
    campaigns.REWRITE: gettext_lazy("Back to a draft"),
    campaigns.PAUSE: gettext_lazy("Pause"),
    campaigns.RESUME: gettext_lazy("Go on"),
    campaigns.STOP: gettext_lazy("Stop for good"),
}


class CampaignIndexView(ReadOnlyIndexView):
    """The campaigns, the newest first."""

    page_title = gettext_lazy("Campaigns")

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to a new one."""
        buttons = super().header_buttons
        if self.request.user.has_perm("booking.change_campaign"):
            url = reverse("desk_campaigns:new")
            buttons = [*buttons, HeaderButton(_("New campaign"), url=url, icon_name="plus")]
        return list(buttons)


class CampaignEditView(UseCaseView):
    """What a campaign says and to whom."""

    model = Campaign
    form_class = CampaignForm
    template_name = "booking/desk/campaign_form.html"
    index_url_name = "desk_campaigns:index"
    page_title = gettext_lazy("New campaign")
    list_title = gettext_lazy("Campaigns")
    header_icon = "mail"
    saved: Campaign | None = None

    def get_initial(self) -> dict[str, Any]:
        """Show what is written."""
        return initial_of(self.target) if self.target else {}

    def run(self, form: CampaignForm) -> str:
        """Write it."""
        known = self.target.pk if self.target else None
        who = {"actor": actor_of(self.request), "now": self.now}
        self.saved = campaigns.save_campaign(known, form.given(), **who)
        campaigns.keep_count(self.saved.pk, now=self.now)
        return _("« %(title)s » is kept as a draft: see below who would get it.") % {
            "title": self.saved.title
        }

    def get_success_url(self) -> str:
        """Go to its page; before it is kept, back to where one came from."""
        campaign = self.saved or self.target
        if campaign is None:
            return super().get_success_url()
        return reverse("desk_campaigns:campaign", args=[campaign.pk])

    def get_page_title(self) -> str:
        """Name it."""
        return str(self.target or self.page_title)


class ActionForm(forms.Form):
    """What is to be done with a campaign, and when or in which language."""

    action = forms.ChoiceField(choices=[(one, one) for one in ACTION_WORDS])
    at = forms.DateTimeField(
        label=gettext_lazy("Moment"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=LANGUAGE_WORDS, required=False
    )


class CampaignView(UseCaseView):
    """One campaign: who gets it and why others don't, what it says, what became of it."""

    model = Campaign
    form_class = ActionForm
    template_name = "booking/desk/campaign.html"
    index_url_name = "desk_campaigns:index"
    page_title = gettext_lazy("Campaign")
    list_title = gettext_lazy("Campaigns")
    header_icon = "mail"

    def run(self, form: ActionForm) -> str:
        """Do what was pressed."""
        action, pk = form.cleaned_data["action"], self.target.pk
        who: dict[str, Any] = {"actor": actor_of(self.request), "now": self.now}
        if action == READY:
            campaigns.finish_draft(pk, **who)
            return _("It is ready: send it now, or at a moment.")
        if action == TEST:
            language = form.cleaned_data["language"] or "fr"
            email = self.request.user.email
            campaigns.send_test(self.target, language, email, **who)
            return _("A test is on its way to %(email)s.") % {"email": email}
        if action == COUNT:
            campaigns.keep_count(pk, now=self.now)
            return _("It is counted again.")
        if action in {PLAN, NOW}:
            at = self.now if action == NOW else form.cleaned_data["at"]
            if at is None:
                raise BadInput(trouble("campaign_moment", field="at"))
            campaigns.plan(pk, at, **who)
            if action == NOW:
                return _("The first mails leave within a minute.")
            words = _("It is planned for %(day)s, %(hour)s.")
            when, language = paris(at), get_language() or "fr"
            return words % {
                "day": format_day_long(when.date(), language),
                "hour": format_hour(when.time(), language),
            }
        campaigns.move(pk, action, **who)
        return _("Done: « %(title)s ».") % {"title": self.target.title}

    def get_success_url(self) -> str:
        """Stay on its page."""
        return reverse("desk_campaigns:campaign", args=[self.target.pk])

    def get_page_title(self) -> str:
        """Name it."""
        return str(self.target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whom it meant when it was counted, and what may be done."""
        campaign = Campaign.objects.get(pk=self.target.pk)
        is_open = campaign.state in rules.OPEN
        count = _shown_count(campaign) if is_open else None
        proposals = campaign.proposals.select_related("need__offer", "need__provider")
        return {
            **super().get_context_data(**kwargs),
            "campaign": campaign,
            "is_open": is_open,
            "count": count,
            "lacks": campaigns.lacks(campaign, recipients=count["count"].recipients, now=self.now)
            if count and campaign.state == rules.DRAFT
            else (),
            "results": None if is_open else _shown_results(campaign),
            "languages": [
                (code, name, rules.words_of(campaign.texts, code).is_whole)
                for code, name in LANGUAGE_WORDS
            ],
            "needs": [need_words(one.need) for one in proposals.prefetch_related("need__periods")],
            "actions": [(one, ACTION_WORDS[one]) for one in ACTIONS[campaign.state]],
        }


def _shown_count(campaign: Campaign) -> dict[str, Any] | None:
    count = campaigns.kept_count(campaign)
    if count is None:
        return None
    return {
        "count": count,
        "at": campaign.counted_at,
        "reasons": [(REASON_WORDS[one], number) for one, number in count.reasons.items()],
        "languages": [
            (dict(LANGUAGE_WORDS).get(one, one), number)
            for one, number in count.by_language.items()
        ],
    }


def _shown_results(campaign: Campaign) -> dict[str, Any]:
    found = results_of(campaign)
    return {
        "figures": (
            (_("People, when it began"), found.frozen),
            (_("Waiting"), found.waiting),
            (pgettext_lazy("mails", "Sent"), found.sent),
            (_("Given up by the carrier"), found.failed),
            (_("Came back"), found.bounced),
            (_("Called spam"), found.complained),
            (_("Said no in thirty days"), found.stopped),
            (_("Orders of theirs in thirty days"), found.orders),
        ),
        "amount": found.amount,
        "dropped": [(REASON_WORDS[one], number) for one, number in found.dropped.items()],
        "filled": found.filled,
    }


def show_mail(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """Show what a reader of one language gets, as a page of its own; its stop link is inert."""
    if not request.user.has_perm("booking.view_campaign"):  # type: ignore[union-attr]
        raise PermissionDenied
    if language not in rules.LANGUAGES:
        raise Http404
    campaign = get_object_or_404(Campaign, pk=pk)
    chosen = rules.language_for(language, campaign.texts)
    with translation.override(chosen):
        written = preview(campaign, chosen, now=timezone.now())
    if "texte" in request.GET:
        return HttpResponse(
            f"{written.subject}\n\n{written.body}", content_type="text/plain; charset=utf-8"
        )
    return HttpResponse(written.page)


def _campaign_url(campaign: Campaign) -> str:
    return reverse("desk_campaigns:campaign", args=[campaign.pk])


class CampaignViewSet(DecidedViewSet):
    """Letters to many."""

    model = Campaign
    name = "desk_campaigns"
    url_prefix = "campagnes"
    icon = "mail"
    menu_label = gettext_lazy("Campaigns")
    index_view_class = CampaignIndexView
    inspect_view_enabled = False
    list_filter = ("state", "kind", "purpose")
    search_fields = ("title",)
    list_display = (
        TitleColumn("title", label=gettext_lazy("Campaign"), get_url=_campaign_url),
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        MomentColumn("scheduled_at", label=gettext_lazy("Planned for"), sort_key="scheduled_at"),
        MomentColumn("ended_at", label=gettext_lazy("Ended"), sort_key="ended_at"),
    )
    empty_text = gettext_lazy(
        "Letters to many will appear here: who would get one and why others don’t is counted "
        "before anything leaves."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, a new one, one of them, and its mail in each language."""
        return [
            *super().get_urlpatterns(),
            path("nouvelle/", CampaignEditView.as_view(), name="new"),
            path("<int:pk>/", CampaignView.as_view(), name="campaign"),
            path("<int:pk>/ecrire/", CampaignEditView.as_view(), name="write"),
            path("<int:pk>/apercu/<str:language>/", show_mail, name="preview"),
        ]


class CampaignGroup(ViewSetGroup):
    """« Relation client »: letters to many, and when the seasons are."""

    menu_label = gettext_lazy("Letters to many")
    menu_icon = "mail"
    menu_order = 224
    items = (CampaignViewSet, SeasonViewSet)
