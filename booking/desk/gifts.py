"""The desk's annual gift: prepared, counted, fixed, told, sent by post, redeemed, closed (N07)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button, HeaderButton

from booking import locks
from booking.desk.views import UseCaseView, actor_of, tell_troubles
from booking.house_zip import csv_of
from booking.models import Gift, GiftCampaign
from booking.refusals import Refusal, trouble
from booking.relations import gift_claims, gifts
from booking.rules import gifts as rules
from destination.desk import (
    DayInput,
    DeskCreateView,
    DeskEditView,
    DeskForm,
    DeskViewSet,
    EuroColumn,
    MomentColumn,
    ReadOnlyIndexView,
    ReadOnlyInspectView,
    ReadOnlyViewSet,
    in_languages,
)
from members.journal import record
from oti.lib.dates import today as day_of
from oti.lib.html import format_euros

MAY_CHANGE = "booking.change_giftcampaign"
LOCK, SEND, CLOSE = "fixer", "annoncer", "clore"
# What stands in the file of addresses; its reader is French.
ON_A_PARCEL = {
    "rang": "rank",
    "destinataire": "recipient",
    "numero_et_rue": "street",
    "complement": "extra",
    "code_postal": "postal_code",
    "ville": "city",
    "pays": "country",
    "code_du_cadeau": "code",
}


# --- The gift of a year --------------------------------------------------------------------------
class CampaignForm(DeskForm):
    """What the gift is, in figures and words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].error_messages["unique"] = _(
            "This year has its gift already: change that one, or write another year."
        )

    def clean(self) -> dict[str, Any]:
        """It ends after today, and the budget pays for one."""
        data = super().clean() or {}
        until = data.get("valid_until")
        if until and until <= day_of(timezone.now()):
            self.add_error("valid_until", _("Choose a day to come."))
        for name in ("title_fr", "words_fr"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Write what it is and your words first."))
        unit, budget = data.get("unit_amount"), data.get("budget_amount")
        if unit and budget and budget < unit:
            self.add_error("budget_amount", _("The budget doesn’t pay for one gift: raise it."))
        return data


PANELS = ObjectList(
    [
        FieldRowPanel([FieldPanel("year"), FieldPanel("kind")]),
        MultiFieldPanel(
            [
                in_languages("title", gettext_lazy("« A bag of green lentils from the Velay »")),
                in_languages("words", gettext_lazy("The whole letter: nothing is for sale in it.")),
                in_languages(
                    "how", gettext_lazy("For a voucher or an experience; a parcel needs nothing.")
                ),
            ],
            heading=gettext_lazy("What the family reads"),
        ),
        FieldRowPanel(
            [FieldPanel("unit_amount"), FieldPanel("budget_amount")],
            heading=gettext_lazy("Cost, postage included"),
        ),
        FieldPanel("valid_until", widget=DayInput),
        FieldPanel("is_for_hosts"),
    ],
    base_form_class=CampaignForm,
)


class CampaignCreateView(DeskCreateView):
    """Prepare the gift of a year."""

    def get_success_url(self) -> str:
        """Show what it would cost."""
        return _campaign_url(self.object)

    def save_instance(self) -> GiftCampaign:
        """Save it with its trace, in the transaction of the form."""
        campaign: GiftCampaign = super().save_instance()
        _journal(self.request, campaign, "gift prepared")
        return campaign


class CampaignEditView(DeskEditView):
    """Change the gift of a year, until its households are fixed."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; what is fixed is shown as it stands, before anything is typed."""
        campaign = self.get_object()
        if campaign.state != rules.DRAFT:
            messages.error(request, trouble("gift_not_draft").message)
            return redirect(_campaign_url(campaign))
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """Show what it would cost now."""
        return _campaign_url(self.object)

    def form_valid(self, form: Any) -> HttpResponse:
        """Save under its lock: a colleague may be fixing the households."""
        try:
            with locks.write_transaction():
                gifts.changing_draft(form.instance.pk)
                self.object = form.save()
                _journal(self.request, self.object, "gift changed")
        except Refusal as refusal:
            tell_troubles(self.request, refusal)
            return redirect(self.get_success_url())
        messages.success(self.request, _("« %(object)s » is saved.") % {"object": self.object})
        return redirect(self.get_success_url())


def _journal(request: HttpRequest, campaign: GiftCampaign, verb: str) -> None:
    record(verb, f"gift:{campaign.year}", actor=actor_of(request), at=timezone.now())


class CampaignView(ReadOnlyInspectView):
    """Where the gift of a year stands, and the next step."""

    template_name = "booking/desk/gift.html"
    page_title = gettext_lazy("Annual gift")
    any_permission_required = ("add", "change", "delete", "view")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what it would cost, or what became of it."""
        campaign, now = self.object, timezone.now()
        is_draft = campaign.state == rules.DRAFT
        figures = None if is_draft else gifts.figures(campaign)
        states = [
            (label, (figures.by_state.get(state, 0) if figures else 0), _list_url(campaign, state))
            for state, label in Gift.State.choices
        ]
        return {
            **super().get_context_data(**kwargs),
            "campaign": campaign,
            "forecast": gifts.forecast(campaign, now=now) if is_draft else None,
            "since": campaign.since or gifts.stayed_since(day_of(now)),
            "figures": figures,
            "states": [one for one in states if one[1]],
            "to_post": figures.by_state.get(rules.ADDRESSED, 0) if figures else 0,
            "taken": _taken(campaign),
            "may_change": self.request.user.has_perm(MAY_CHANGE),
            "edit_url": reverse("desk_gift_campaigns:edit", args=[campaign.pk]),
            "moves": _moves(campaign),
        }


def _moves(campaign: GiftCampaign) -> list[tuple[str, str, str]]:
    """Return the steps that may follow: (address, words, what it does)."""
    words = {
        rules.LOCKED: (LOCK, _("Fix the households"), _("Nobody is told yet; it can’t be undone.")),
        rules.SENDING: (SEND, _("Tell the households"), _("A mail goes to each, by rank.")),
        rules.CLOSED: (CLOSE, _("Close it"), _("What nobody claimed lapses.")),
    }
    found = [words[one] for one in words if one in rules.CAMPAIGN[campaign.state]]
    return [
        (reverse("desk_gift_campaigns:move", args=[campaign.pk, move]), label, told)
        for move, label, told in found
    ]


def _taken(campaign: GiftCampaign) -> dict[str, Any] | None:
    """Return the last file of addresses whose parcels aren't said to be sent: its moment, count."""
    last = gift_claims.last_taken(campaign)
    if last is None:
        return None
    at, until = last
    count = gift_claims.to_post(campaign, until).count()
    return {"at": at, "until": until.isoformat(), "count": count} if count else None


def _list_url(campaign: GiftCampaign, state: str) -> str:
    return f"{reverse('desk_gifts:index')}?campaign={campaign.pk}&state={state}"


def _campaign_url(campaign: GiftCampaign) -> str:
    return reverse("desk_gift_campaigns:inspect", args=[campaign.pk])


def _may_change(request: HttpRequest, pk: int) -> GiftCampaign:
    if not request.user.has_perm(MAY_CHANGE):  # type: ignore[union-attr]
        raise PermissionDenied
    return get_object_or_404(GiftCampaign, pk=pk)


@require_POST
def move(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take the next step of a campaign; a second press says that it was taken."""
    campaign = _may_change(request, pk)
    who: dict[str, Any] = {"actor": actor_of(request), "now": timezone.now()}
    try:
        if step == LOCK:
            count = gifts.lock_campaign(campaign, **who)
            text = ngettext(
                "%(count)s household is fixed.", "%(count)s households are fixed.", count
            )
            told = text % {"count": count}
        elif step == SEND:
            gifts.start_sending(campaign, **who)
            told = _("The households are being told, between 9 and 20 o’clock.")
        elif step == CLOSE:
            gifts.close_campaign(campaign, **who)
            told = _("It is closed.")
        else:
            raise Http404
    except Refusal as refusal:
        tell_troubles(request, refusal)
    else:
        messages.success(request, told)
    return redirect(_campaign_url(campaign))


@require_POST
def addresses(request: HttpRequest, pk: int) -> HttpResponse:
    """Give what goes on the parcels as a file, and note until when addresses are in it."""
    campaign = _may_change(request, pk)
    now = timezone.now()
    found = gift_claims.take_addresses(campaign, actor=actor_of(request), now=now)
    rows = ({head: getattr(one, name) for head, name in ON_A_PARCEL.items()} for one in found)
    content = csv_of(rows, tuple(ON_A_PARCEL))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"cadeau-{campaign.year}-adresses-{timezone.localtime(now):%Y%m%d-%H%M}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer


@require_POST
def sent(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the parcels left whose addresses were in the file that was taken."""
    campaign = _may_change(request, pk)
    until = parse_until(request.POST.get("until", ""))
    if until is None:
        messages.error(request, _("Take the file of addresses first: nothing was noted."))
    else:
        now = timezone.now()
        count = gift_claims.mark_sent(campaign, until=until, actor=actor_of(request), now=now)
        text = ngettext("%(count)s parcel is sent.", "%(count)s parcels are sent.", count)
        again = _("No parcel of this file was left to note: it was done already.")
        messages.success(request, text % {"count": count} if count else again)
    return redirect(_campaign_url(campaign))


def parse_until(written: str) -> datetime | None:
    """Return the moment that a page wrote into itself, None for anything else."""
    try:
        moment = parse_datetime(written)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None


class BudgetForm(forms.Form):
    """A larger budget."""

    budget = forms.DecimalField(
        label=gettext_lazy("New budget, in euros"), max_digits=9, decimal_places=2, min_value=0
    )


class BudgetView(UseCaseView):
    """Raise the budget of a campaign whose households wait."""

    model = GiftCampaign
    form_class = BudgetForm
    index_url_name = "desk_gift_campaigns:index"
    page_title = gettext_lazy("Raise the budget")
    header_icon = "tag"
    intro = gettext_lazy("Those who wait are served in their order, the oldest relation first.")

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say what it is now."""
        waiting = self.target.gifts.filter(state=rules.WAITING).count()
        budget = format_euros(self.target.budget_amount, get_language() or "fr", is_exact=True)
        return ((_("Budget"), budget), (_("Households waiting"), waiting))

    def run(self, form: BudgetForm) -> str:
        """Raise it."""
        count = gifts.raise_budget(
            self.target, form.cleaned_data["budget"], actor=actor_of(self.request), now=self.now
        )
        text = ngettext("%(count)s more household.", "%(count)s more households.", count)
        return text % {"count": count}

    def get_success_url(self) -> str:
        """Return to the campaign."""
        return _campaign_url(self.target)


class CodeForm(forms.Form):
    """A code that a guest shows at the office."""

    code = forms.CharField(label=gettext_lazy("Code of the gift"), max_length=24)


class RedeemView(UseCaseView):
    """Redeem a code at the office's counter."""

    model = GiftCampaign
    form_class = CodeForm
    index_url_name = "desk_gift_campaigns:index"
    page_title = gettext_lazy("Redeem a gift")
    header_icon = "tag"
    button = gettext_lazy("Redeem it")
    intro = gettext_lazy("The ten signs that stand on the voucher. A code is good once.")

    def run(self, form: CodeForm) -> str:
        """Redeem it."""
        gift = gift_claims.redeem(
            form.cleaned_data["code"],
            where=str(_("the office")),
            is_host=False,
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("Redeemed: %(gift)s") % {"gift": gift.campaign.title}


class CampaignViewSet(DeskViewSet):
    """The annual gifts, one a year."""

    model = GiftCampaign
    name = "desk_gift_campaigns"
    url_prefix = "cadeaux"
    icon = "tag"
    menu_label = gettext_lazy("Gift of the year")
    ordering = ("-year",)
    add_view_class = CampaignCreateView
    edit_view_class = CampaignEditView
    inspect_view_class = CampaignView
    inspect_view_enabled = True
    edit_handler = PANELS
    list_display = (
        TitleColumn("title", label=gettext_lazy("Gift"), accessor=str, get_url=_campaign_url),
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        EuroColumn("budget_amount", label=gettext_lazy("Budget")),
        MomentColumn("valid_until", label=gettext_lazy("Good until")),
    )
    empty_text = gettext_lazy(
        "The gift of each year will appear here: prepare it, see what it costs, then fix the "
        "households that have it."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the steps, the budget and the counter."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/etape/<slug:step>/", move, name="move"),
            path("<int:pk>/adresses/", addresses, name="addresses"),
            path("<int:pk>/envoyes/", sent, name="sent"),
            path("<int:pk>/budget/", BudgetView.as_view(), name="budget"),
            path("code/", RedeemView.as_view(), name="redeem"),
        ]


# --- Its households ------------------------------------------------------------------------------
class GiftFilters(WagtailFilterSet):
    """Narrows the gifts: which year, how far."""

    campaign = django_filters.ModelChoiceFilter(
        queryset=GiftCampaign.objects.all(), label=gettext_lazy("Gift of the year")
    )
    state = django_filters.ChoiceFilter(choices=Gift.State.choices, label=gettext_lazy("State"))

    class Meta:
        model = Gift
        fields = ("campaign", "state")


class GiftIndexView(ReadOnlyIndexView):
    """Who has one, by rank."""

    page_title = gettext_lazy("Gifts of households")

    def get_base_queryset(self) -> QuerySet[Gift]:
        """Load their campaigns."""
        return Gift.objects.select_related("campaign")

    export_headings: ClassVar[dict[str, Any]] = {
        "get_state_display": gettext_lazy("State"),
    }

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to the counter."""
        url = reverse("desk_gift_campaigns:redeem")
        return [*super().header_buttons, HeaderButton(_("Redeem a gift"), url=url, icon_name="tag")]


class GiftViewSet(ReadOnlyViewSet):
    """The households of each gift; as a file, what goes on the parcels."""

    model = Gift
    name = "desk_gifts"
    url_prefix = "cadeaux-des-foyers"
    icon = "tag"
    menu_label = gettext_lazy("Gifts of households")
    ordering = ("campaign", "rank")
    index_view_class = GiftIndexView
    inspect_view_enabled = False
    filterset_class = GiftFilters
    search_fields = ("code", "email", "recipient", "city")
    list_display = (
        Column("rank", label=gettext_lazy("Rank"), sort_key="rank"),
        Column("first_name", label=gettext_lazy("First name")),
        Column("campaign", label=gettext_lazy("Gift"), accessor="campaign.title"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        MomentColumn("first_day", label=gettext_lazy("First stay"), sort_key="first_day"),
        MomentColumn("told_at", label=gettext_lazy("Told"), sort_key="told_at"),
        Column("city", label=gettext_lazy("Town")),
    )
    list_export = (
        "rank",
        "get_state_display",
        "recipient",
        "street",
        "extra",
        "postal_code",
        "city",
        "country",
        "code",
        "addressed_at",
    )
    empty_text = gettext_lazy("Households will appear here once those of a gift are fixed.")


class GiftGroup(ViewSetGroup):
    """« Annual gift »: the campaigns and their households."""

    menu_label = gettext_lazy("Annual gift")
    menu_icon = "tag"
    menu_order = 217
    items = (CampaignViewSet, GiftViewSet)
