"""The desk's letters around a stay: which are written, what each looks like, what was decided."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.views import actor_of
from booking.emails import compose
from booking.letters import NoLongerNeeded
from booking.models import LifeCycleLetter, LifeCycleSwitch, Order, OrderLine, OutboxMessage
from booking.models.life_cycle import Letter
from booking.relations import life_cycle
from booking.rules import life_cycle as rules
from booking.rules import states
from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of

LANGUAGES = {"fr": "Français", "en": "English", "de": "Deutsch"}
COUNTED_OVER = timedelta(days=30)
# Stays that a letter is shown with: the first of these that it can be written about.
TRIED = 20
MAY_SWITCH = "booking.change_lifecycleswitch"
# A letter shows somebody's stay, and the link to its page.
MAY_LOOK = ("booking.view_order", "booking.change_order")
WHEN = {
    "prepare": gettext_lazy("14 days before the first day; no later than 7 days before"),
    "during": gettext_lazy("The day after the first night, for stays of two nights and more"),
    "after": gettext_lazy("2 days after the last day: thanks, and how it was"),
    "anniversary": gettext_lazy("One year after the first day"),
    "next_season": gettext_lazy("On 15 November after a summer, on 1 May after a winter"),
}


def preview(name: str, *, language: str, now: datetime) -> EmailMultiAlternatives | None:
    """Write a letter as the guest of the last stay would read it; None without any such stay."""
    rule = rules.BY_NAME[name]
    beds = OrderLine.objects.filter(unit__isnull=False, state__in=(states.SOLD, states.HONOURED))
    two_nights = beds.filter(departure__gt=F("arrival") + timedelta(days=1))
    found = Order.objects.filter(state=states.CONFIRMED, pk__in=two_nights.values("order"))
    for order in found.order_by("-placed_at", "-pk")[:TRIED]:
        stay = life_cycle.stay_of(order)
        due = rules.due_on(rule, stay) if stay else None
        if due is None:
            continue
        shown = OutboxMessage(
            kind=f"life_{name}", recipient=order.email, language=language, order=order
        )
        try:
            return compose(shown, now=at_paris(due, time(10)))
        except NoLongerNeeded:
            continue
    return None


class OnePage(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """A page about the letters themselves."""

    permission_policy = ModelPermissionPolicy(LifeCycleSwitch)
    any_permission_required = ("view", "change")
    header_icon = "mail"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        above = [
            {"url": reverse("desk_life_cycle:index"), "label": _("Letters around a stay")},
            *self.above,
        ]
        return [*self.breadcrumbs_items, *above, {"url": "", "label": self.get_page_title()}]

    above: list[dict[str, Any]] = []


class RulesView(OnePage):
    """Every letter: when, to whom, how many lately, on or off."""

    template_name = "booking/desk/life_cycle.html"
    page_title = gettext_lazy("Which letters are written")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what was decided lately."""
        since = day_of(timezone.now()) - COUNTED_OVER
        counted, switched = life_cycle.outcomes(since=since), life_cycle.switches()
        words = LifeCycleLetter.Outcome
        rows = []
        for rule in rules.RULES:
            decided = dict(counted.get(rule.name, {}))
            written = decided.pop(words.WRITTEN, 0)
            rows.append(
                {
                    "rule": rule,
                    "title": _title(rule.name),
                    "when": WHEN[rule.name],
                    "is_ours": rule.name in switched,
                    "is_on": switched.get(rule.name, True),
                    "written": written,
                    "others": [(words(one).label, count) for one, count in decided.items()],
                }
            )
        may_switch = self.request.user.has_perm(MAY_SWITCH)  # type: ignore[union-attr]
        return {**super().get_context_data(**kwargs), "rows": rows, "may_switch": may_switch}


def _title(name: str) -> str:
    if name == rules.AFTER.name:
        return _("After: thanks, and the survey")
    return str(Letter(name).label)


class PreviewView(OnePage):
    """One letter as its reader gets it, in each language."""

    template_name = "booking/desk/life_cycle_preview.html"
    permission_policy = ModelPermissionPolicy(Order)

    @cached_property
    def rule(self) -> str:
        """Return the letter of the address."""
        return _known(self.kwargs["rule"])

    @property
    def above(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Lead back to the letters."""
        return [{"url": reverse("desk_life_cycle:rules"), "label": _("Which letters are written")}]

    def get_page_title(self) -> str:
        """Name it."""
        return _title(self.rule)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Write it."""
        language = _language(self.request)
        mail = preview(self.rule, language=language, now=timezone.now())
        return {
            **super().get_context_data(**kwargs),
            "rule": self.rule,
            "mail": mail,
            "language": language,
            "languages": LANGUAGES,
            "page_url": reverse("desk_life_cycle:page", args=[self.rule]),
        }


@require_GET
@xframe_options_sameorigin
def page(request: HttpRequest, rule: str) -> HttpResponse:
    """Give the letter itself, for the frame of its preview."""
    if not any(request.user.has_perm(one) for one in MAY_LOOK):  # type: ignore[union-attr]
        raise PermissionDenied
    mail = preview(_known(rule), language=_language(request), now=timezone.now())
    if mail is None:
        raise Http404
    answer = HttpResponse(str(mail.alternatives[0].content))
    answer["Cache-Control"] = "no-store, private"
    return answer


@require_POST
def switch(request: HttpRequest, rule: str) -> HttpResponse:
    """Write a letter from now on, or no longer."""
    if not request.user.has_perm(MAY_SWITCH):  # type: ignore[union-attr]
        raise PermissionDenied
    is_on = request.POST.get("on") == "1"
    name = _known(rule)
    life_cycle.switch_letter(name, is_on=is_on, actor=actor_of(request), now=timezone.now())
    told = _("« %(letter)s » is written again.") if is_on else _("« %(letter)s » is off.")
    messages.success(request, told % {"letter": _title(name)})
    return redirect("desk_life_cycle:rules")


def _known(name: str) -> str:
    if name not in life_cycle.switches():
        raise Http404
    return name


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("langue", "fr")
    return asked if asked in LANGUAGES else "fr"


class LetterIndexView(ReadOnlyIndexView):
    """What was decided, the newest first."""

    page_title = gettext_lazy("Letters around a stay")

    def get_base_queryset(self) -> QuerySet[LifeCycleLetter]:
        """Load their orders."""
        return LifeCycleLetter.objects.select_related("order")

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to the letters themselves."""
        url = reverse("desk_life_cycle:rules")
        button = HeaderButton(_("Which letters are written"), url=url, icon_name="mail")
        return [*super().header_buttons, button]


def _order_url(letter: LifeCycleLetter) -> str:
    return reverse("desk_orders:inspect", args=[letter.order_id])


class LifeCycleViewSet(ReadOnlyViewSet):
    """Letters around a stay, each once an order."""

    model = LifeCycleLetter
    name = "desk_life_cycle"
    url_prefix = "lettres-du-sejour"
    icon = "mail"
    menu_label = gettext_lazy("Letters around a stay")
    index_view_class = LetterIndexView
    inspect_view_enabled = False
    search_fields = ("order__reference", "order__email")
    list_filter = ("rule", "outcome")
    list_display = (
        TitleColumn(
            "order", label=gettext_lazy("Order"), accessor="order.reference", get_url=_order_url
        ),
        Column("guest", label=gettext_lazy("Guest"), accessor="order.first_name"),
        Column("rule", label=gettext_lazy("Letter"), accessor="get_rule_display"),
        Column("outcome", label=gettext_lazy("Outcome"), accessor="get_outcome_display"),
        MomentColumn("decided_on", label=gettext_lazy("Day"), sort_key="decided_on"),
    )
    empty_text = gettext_lazy(
        "Letters around a stay will appear here, with the reason where one is not written."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, the letters and their previews."""
        return [
            *super().get_urlpatterns(),
            path("reglages/", RulesView.as_view(), name="rules"),
            path("reglages/<slug:rule>/", PreviewView.as_view(), name="preview"),
            path("reglages/<slug:rule>/courrier/", page, name="page"),
            path("reglages/<slug:rule>/choisir/", switch, name="switch"),
        ]
