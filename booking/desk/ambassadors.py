"""The desk's reading of ambassadors, what their friends brought, and what both are given."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.viewsets.base import ViewSetGroup

from booking.desk.missions import MissionViewSet, TakeViewSet
from booking.desk.order_views import WHO
from booking.desk.signed_texts import HOLDS_FROM, SIGNED, SignedTextViewSet
from booking.desk.views import UseCaseView, actor_of, word_field
from booking.models import Referral, ReferralGift
from booking.relations import ambassador_reviews
from booking.relations.ambassadors import content_of
from booking.relations.referral_rounds import hand_over
from booking.rules import referrals as rules
from destination.desk import (
    DecidedViewSet,
    DeskForm,
    DeskViewSet,
    MomentColumn,
    ReadOnlyIndexView,
    in_languages,
)
from destination.models.territory import poles_on
from members.access import household_member
from members.models import Ambassador, AmbassadorCharter, Entry
from members.rules import enrolment
from oti.lib.dates import today as day_of

APPROVE, FIX, ASIDE, TAKE_UP = "approve", "fix", "aside", "take_up"
DECISION_WORDS = {
    APPROVE: gettext_lazy("Show to friends"),
    FIX: gettext_lazy("Ask to put right"),
    ASIDE: gettext_lazy("End this role"),
    TAKE_UP: gettext_lazy("Take up again"),
}
VERBS = {
    "ambassador joined": gettext_lazy("Charter signed"),
    "ambassador left": gettext_lazy("Stopped"),
    "ambassador's page written": gettext_lazy("Page written"),
    "ambassador's page sent": gettext_lazy("Page sent to the office"),
    "ambassador's page shown": gettext_lazy("Page shown to friends"),
    "ambassador's page sent back": gettext_lazy("Page given back"),
    "ambassador's places put in order": gettext_lazy("Places put in order"),
    "mission taken": gettext_lazy("Mission taken"),
    "mission given back": gettext_lazy("Mission given back"),
    "mission done": gettext_lazy("Mission done"),
    "mission confirmed": gettext_lazy("Mission confirmed"),
    "mission sent back": gettext_lazy("Mission: something was missing"),
    "mission freed": gettext_lazy("Mission given to somebody else"),
    "ambassador put aside": gettext_lazy("Role ended by the office"),
    "ambassador taken up again": gettext_lazy("Taken up again"),
}


# --- Ambassadors --------------------------------------------------------------------------------
class AmbassadorIndexView(ReadOnlyIndexView):
    """Whose page waits first; then everybody, with what they brought."""

    def get_base_queryset(self) -> QuerySet[Ambassador]:
        """Count the friends who are coming and who came."""
        first = Case(
            When(pk__in=Ambassador.objects.to_read().values("pk"), then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        came = Q(referrals__state__in=[rules.EARNED, rules.HANDED])
        rows = Ambassador.objects.select_related("user").annotate(
            first=first,
            coming=Count("referrals", filter=Q(referrals__state=rules.PENDING)),
            came=Count("referrals", filter=came),
        )
        return rows.order_by("first", "-joined_at", "-pk")


class AmbassadorForm(forms.Form):
    """A decision on the edition that was read, with a word to its author."""

    decision = forms.ChoiceField(
        choices=[(code, code) for code in DECISION_WORDS], widget=forms.HiddenInput
    )
    seen = forms.IntegerField(min_value=0, max_value=2_000_000_000, widget=forms.HiddenInput)
    note = word_field(
        gettext_lazy("Word to the ambassador"),
        gettext_lazy("They read it by mail. To end a role, say why."),
    )


class AmbassadorView(UseCaseView):
    """One ambassador: the page that waits beside the one that is shown, and who came."""

    model = Ambassador
    form_class = AmbassadorForm
    template_name = "booking/desk/ambassador.html"
    index_url_name = "desk_ambassadors:index"
    page_title = gettext_lazy("Ambassador")
    list_title = gettext_lazy("Ambassadors")
    header_icon = "user"

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say who it is and since when."""
        one = self.target
        return (
            (_("E-mail"), one.user.email),
            (_("Code"), one.code),
            (_("Charter signed"), f"{one.signed_name}, {one.charter.version}"),
            (_("Page"), one.get_page_state_display()),
            (_("Stands"), _("invites") if one.is_active else _("has ended")),
        )

    def run(self, form: AmbassadorForm) -> str:
        """Do what was decided."""
        data, one = form.cleaned_data, self.target
        decision, note, seen = data["decision"], data["note"], data["seen"]
        who = {"actor": actor_of(self.request), "now": self.now}
        if decision == APPROVE:
            ambassador_reviews.approve_page(one, seen=seen, note=note, **who)
            return _("The page is shown to friends.")
        if decision == FIX:
            ambassador_reviews.send_page_back(one, seen=seen, note=note, **who)
            return _("The ambassador is told by mail.")
        if decision == ASIDE:
            ambassador_reviews.put_aside(one, reason=note, **who)
            return _("The role has ended: the code counts no more.")
        if ambassador_reviews.take_up(one, **who):
            return _("The code counts again.")
        return _("They had stopped by themselves: they may sign the charter again.")

    def get_page_subtitle(self) -> str:
        """Name the ambassador."""
        return str(self.target.first_name)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather both pages, the friends, the history."""
        one = self.target
        waits = one.page_state == enrolment.SUBMITTED and one.is_active
        decisions = [APPROVE, FIX] if waits else []
        decisions.append(TAKE_UP if one.is_put_aside else ASIDE)
        entries = Entry.objects.filter(subject=f"ambassador:{one.pk}").order_by("-at", "-pk")
        return {
            **super().get_context_data(**kwargs),
            "ambassador": one,
            "sent": content_of(one),
            "live": one.page,
            "caution": _names_home(one),
            "has_draft": bool(one.draft),
            "decisions": [(code, DECISION_WORDS[code]) for code in decisions],
            "referrals": one.referrals.select_related("order").order_by("-claimed_at", "-pk")[:50],
            "history": [
                {
                    "at": row.at,
                    "what": VERBS.get(row.verb, row.verb),
                    "who": WHO.get(row.actor_label, row.actor_label),
                    "reason": row.data.get("reason", ""),
                }
                for row in entries[:30]
            ],
        }


def _names_home(one: Ambassador) -> str:
    """Return a caution where a page's words name the commune of the author's second home."""
    member = household_member(one.user)
    if member is None:
        return ""
    page, commune = content_of(one), member.household.commune.name
    words = [page["name"], page["words"], *(place["words"] for place in page["places"])]
    if commune.lower() not in " ".join(words).lower():
        return ""
    return _("The words name the commune of their house: %(commune)s.") % {"commune": commune}


def _ambassador_url(one: Ambassador) -> str:
    return reverse("desk_ambassadors:review", args=[one.pk])


def _stands(one: Ambassador) -> str:
    return _("invites") if one.is_active else _("has ended")


class AmbassadorViewSet(DecidedViewSet):
    """Those who invite."""

    model = Ambassador
    name = "desk_ambassadors"
    url_prefix = "ambassadeurs"
    icon = "user"
    menu_label = gettext_lazy("Ambassadors")
    index_view_class = AmbassadorIndexView
    inspect_view_enabled = False
    list_filter = ("page_state", "is_put_aside")
    search_fields = ("first_name", "code", "user__email")
    list_display = (
        TitleColumn("first_name", label=gettext_lazy("Ambassador"), get_url=_ambassador_url),
        Column("code", label=gettext_lazy("Code")),
        Column("page_state", label=gettext_lazy("Page"), accessor="get_page_state_display"),
        Column("coming", label=gettext_lazy("Friends to come")),
        Column("came", label=gettext_lazy("Friends who came")),
        Column("stands", label=gettext_lazy("Stands"), accessor=_stands),
        MomentColumn("joined_at", label=gettext_lazy("Since"), sort_key="joined_at"),
    )
    empty_text = gettext_lazy("Who signs the charter of ambassadors will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one ambassador."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", AmbassadorView.as_view(), name="review"),
        ]


# --- Invited stays --------------------------------------------------------------------------------
class ReferralIndexView(ReadOnlyIndexView):
    """What is to be handed over first, the longest waiting before."""

    export_headings: ClassVar[dict[str, Any]] = {
        "order.reference": gettext_lazy("Order"),
        "ambassador.code": gettext_lazy("Ambassador"),
        "get_state_display": gettext_lazy("State"),
        "get_reason_display": gettext_lazy("Why"),
    }

    def get_base_queryset(self) -> QuerySet[Referral]:
        """Load orders and ambassadors."""
        first = Case(
            When(state=rules.EARNED, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        rows = Referral.objects.select_related("order", "ambassador").annotate(first=first)
        return rows.order_by("first", "earned_at", "-claimed_at", "-pk")


class HandOverForm(forms.Form):
    """What the office notes of a thanks that it gives."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Who came for it, where; for the office alone."),
        max_length=300,
        required=False,
    )


class ReferralView(UseCaseView):
    """One invited stay: why it counts or not, and its thanks."""

    model = Referral
    form_class = HandOverForm
    template_name = "booking/desk/referral.html"
    index_url_name = "desk_referrals:index"
    page_title = gettext_lazy("Invited stay")
    list_title = gettext_lazy("Invited stays")
    header_icon = "user"
    button = gettext_lazy("The thanks is handed over")

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say of whom, in which state and why."""
        one = self.target
        return (
            (_("State"), one.get_state_display()),
            (_("Why"), one.get_reason_display() or "—"),
            (_("Friend’s booking"), one.order.reference),
            (_("Ambassador"), f"{one.ambassador.first_name} ({one.ambassador.user.email})"),
            (_("Welcome"), one.welcome.get("fr", "") or "—"),
            (_("Thanks"), one.thanks.get("fr", "") or "—"),
            (_("Note"), one.note or "—"),
        )

    def run(self, form: HandOverForm) -> str:
        """Write down that it was handed over."""
        hand_over(
            self.target,
            note=form.cleaned_data["note"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("It is written down.")

    def get_page_subtitle(self) -> str:
        """Name the booking."""
        return str(self.target.order.reference)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether something is to be handed over."""
        return {
            **super().get_context_data(**kwargs),
            "may_hand_over": self.target.state == rules.EARNED,
            "order_url": reverse("desk_orders:inspect", args=[self.target.order_id]),
        }


def _referral_url(one: Referral) -> str:
    return reverse("desk_referrals:referral", args=[one.pk])


def _thanks_of(one: Referral) -> str:
    return str(one.thanks.get("fr", ""))


class ReferralViewSet(DecidedViewSet):
    """Stays that came with a code, those whose thanks waits first."""

    model = Referral
    name = "desk_referrals"
    url_prefix = "sejours-invites"
    icon = "user"
    menu_label = gettext_lazy("Invited stays")
    index_view_class = ReferralIndexView
    inspect_view_enabled = False
    list_filter = ("state", "reason")
    search_fields = ("order__reference", "ambassador__first_name", "ambassador__code")
    list_display = (
        TitleColumn(
            "order",
            label=gettext_lazy("Order"),
            accessor="order.reference",
            get_url=_referral_url,
        ),
        Column("ambassador", label=gettext_lazy("Ambassador"), accessor="ambassador.first_name"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("reason", label=gettext_lazy("Why"), accessor="get_reason_display"),
        Column("thanks", label=gettext_lazy("Thanks"), accessor=_thanks_of),
        MomentColumn("claimed_at", label=gettext_lazy("Booked"), sort_key="claimed_at"),
        MomentColumn("earned_at", label=gettext_lazy("Earned"), sort_key="earned_at"),
        MomentColumn("handed_at", label=gettext_lazy("Handed over"), sort_key="handed_at"),
    )
    list_export = (
        *("order.reference", "ambassador.code", "get_state_display", "get_reason_display"),
        *("claimed_at", "earned_at", "handed_at", "note"),
    )
    empty_text = gettext_lazy("Bookings that come with an ambassador’s code will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one stay."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", ReferralView.as_view(), name="referral"),
        ]


# --- What is given --------------------------------------------------------------------------------
class ReferralGiftForm(DeskForm):
    """A welcome or a thanks: the pole by its name, the last day not before the first."""

    pole = forms.ChoiceField(label=gettext_lazy("Pole"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        poles = [(one.slug, one.name) for one in poles_on(day_of(timezone.now()))]
        self.fields["pole"].choices = [("", _("all of them")), *poles]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Say beside the field which day is wrong."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day comes before the first one."))
        return data


class ReferralGiftViewSet(DeskViewSet):
    """What the office gives to friends and to who invites, by its days."""

    model = ReferralGift
    name = "desk_referral_gifts"
    url_prefix = "accueils-et-mercis"
    icon = "pick"
    menu_label = gettext_lazy("Welcomes and thanks")
    ordering = ("whom", "-first_day", "pk")
    edit_handler = ObjectList(
        [
            FieldRowPanel(
                [
                    FieldPanel(
                        "whom",
                        help_text=gettext_lazy(
                            "A welcome is read by friends on their booking, a thanks by who "
                            "invited: never money."
                        ),
                    ),
                    FieldPanel(
                        "pole",
                        help_text=gettext_lazy("Where the friend sleeps; all of them if empty."),
                    ),
                ]
            ),
            in_languages("text", gettext_lazy("What, and where one gets it, in one sentence.")),
            FieldRowPanel([FieldPanel("first_day"), FieldPanel("last_day")]),
        ],
        base_form_class=ReferralGiftForm,
    )
    list_display = (
        "text",
        Column("whom", label=pgettext_lazy("desk", "For"), accessor="get_whom_display"),
        Column("pole", label=gettext_lazy("Pole")),
        MomentColumn("first_day", label=gettext_lazy("From"), sort_key="first_day"),
        MomentColumn("last_day", label=gettext_lazy("Until"), sort_key="last_day"),
    )
    empty_text = gettext_lazy(
        "What friends and ambassadors are given will appear here. Until then a stay that counts "
        "is told of, without a gift."
    )


class AmbassadorGroup(ViewSetGroup):
    """« Ambassadors »: who invites, whom they brought, what is given, what they do."""

    menu_label = gettext_lazy("Ambassadors")
    menu_icon = "user"
    menu_order = 224
    items = (
        *(AmbassadorViewSet, ReferralViewSet, ReferralGiftViewSet),
        *(MissionViewSet, TakeViewSet),
    )


CHARTER = ObjectList(
    [
        in_languages("title", gettext_lazy("As it stands above the text.")),
        FieldRowPanel([FieldPanel("version"), FieldPanel("valid_from")]),
        in_languages("body", gettext_lazy("What ambassadors promise, short.")),
        FieldPanel("is_demo"),
    ],
    base_form_class=DeskForm,
)


class AmbassadorCharterViewSet(SignedTextViewSet):
    """The charter that ambassadors sign, by version."""

    model = AmbassadorCharter
    name = "desk_ambassador_charters"
    url_prefix = "chartes-ambassadeurs"
    menu_label = gettext_lazy("Charter of ambassadors")
    menu_order = 33
    ordering = ("-valid_from", "-pk")
    edit_handler = CHARTER
    list_display = ("title", "version", HOLDS_FROM, SIGNED)
    empty_text = gettext_lazy(
        "What ambassadors sign will appear here: enter a version first, nobody can join without."
    )
