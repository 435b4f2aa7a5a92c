"""The desk's reading of greeters, their meetings, and the charter that they sign."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn

from booking import meeting_words as words
from booking.desk.order_views import WHO
from booking.desk.remarks import RemarksForm
from booking.desk.signed_texts import HOLDS_FROM, SIGNED, SignedTextViewSet
from booking.desk.views import UseCaseView, actor_of, word_field
from booking.models import Meeting
from booking.refusals import BadInput, trouble
from booking.relations import greeter_reviews, greeters
from booking.rules import meetings as rules
from destination.desk import (
    DecidedViewSet,
    DeskForm,
    MomentColumn,
    ReadOnlyIndexView,
    ReadOnlyInspectView,
    ReadOnlyViewSet,
)
from destination.models import Picture
from destination.templatetags.velay import duree
from members.models import Entry, Greeter, GreeterCharter
from members.rules import enrolment
from oti.lib.dates import today as day_of

APPROVE, FIX, SUSPEND, REOPEN = "approve", "fix", "suspend", "reopen"
DECISION_WORDS = {
    APPROVE: gettext_lazy("Show to visitors"),
    FIX: gettext_lazy("Ask to put right"),
    SUSPEND: gettext_lazy("Suspend"),
    REOPEN: gettext_lazy("Take up again"),
}
VERBS = {
    "greeter begun": gettext_lazy("Profile begun"),
    "greeter written": gettext_lazy("Profile written"),
    "greeter's portrait sent": gettext_lazy("Portrait sent"),
    "greeter's portrait removed": gettext_lazy("Portrait taken off"),
    "greeter's absence": gettext_lazy("Absence said"),
    "charter signed": gettext_lazy("Charter signed"),
    "greeter submitted": gettext_lazy("Sent to the office"),
    "greeter approved": gettext_lazy("Shown to visitors"),
    "greeter sent back": gettext_lazy("Given back to be put right"),
    "greeter suspended": gettext_lazy("Suspended"),
}


class GreeterIndexView(ReadOnlyIndexView):
    """Who waits for the office first; then everybody, with what they gave."""

    page_title = gettext_lazy("Greeters")

    def get_base_queryset(self) -> QuerySet[Greeter]:
        """Load communes; count meetings and minutes."""
        first = Case(
            When(pk__in=Greeter.objects.to_read().values("pk"), then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        is_done = Q(meetings__state=rules.DONE, meetings__minutes__gt=0)
        rows = Greeter.objects.select_related("commune", "user").annotate(
            first=first,
            met=Count("meetings", filter=is_done),
            given=Sum("meetings__minutes", filter=is_done),
        )
        return rows.order_by("first", "first_name", "pk")


class GreeterReviewForm(RemarksForm):
    """A decision, how the office knows who it is, and a remark beside each part."""

    decision = forms.ChoiceField(choices=[(code, code) for code in DECISION_WORDS])
    seen = forms.IntegerField(min_value=0, max_value=2_000_000_000)
    identity = forms.ChoiceField(
        label=gettext_lazy("How you know who it is"),
        choices=[("", gettext_lazy("Choose")), *Greeter.Identity.choices],
        required=False,
        help_text=gettext_lazy("Asked once. Look at the document; keep no copy of it."),
    )
    note = word_field(
        gettext_lazy("Word to the greeter"),
        gettext_lazy("To suspend or take up again, say why: they read it."),
        most=2000,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, codes=greeter_reviews.PARTS, **kwargs)


class GreeterReviewView(UseCaseView):
    """One greeter as they sent it, beside what visitors see, and what the office decides."""

    model = Greeter
    form_class = GreeterReviewForm
    template_name = "booking/desk/greeter.html"
    index_url_name = "desk_greeters:index"
    page_title = gettext_lazy("Greeter")
    list_title = gettext_lazy("Greeters")
    header_icon = "user"

    def run(self, form: GreeterReviewForm) -> str:
        """Do what was decided."""
        data, one = form.cleaned_data, self.target
        who = {"actor": actor_of(self.request), "now": self.now}
        decision, note, seen = data["decision"], data["note"], data["seen"]
        if decision == FIX:
            greeter_reviews.send_back(one, seen=seen, remarks=form.remarks, note=note, **who)
            return _("The greeter is told by mail and beside each part.")
        if any(text.strip() for text in form.remarks.values()):
            # What somebody wrote for the greeter must not go nowhere.
            raise BadInput(trouble("remarks_left"))
        if decision == APPROVE:
            greeter_reviews.approve_greeter(
                one, seen=seen, identity=data["identity"], note=note, **who
            )
            return _("%(name)s is shown to visitors.") % {"name": one.first_name}
        if decision == SUSPEND:
            greeter_reviews.suspend_greeter(one, reason=note, **who)
            return _("%(name)s is shown no longer.") % {"name": one.first_name}
        greeter_reviews.reopen_greeter(one, reason=note, **who)
        return _("%(name)s is shown to visitors.") % {"name": one.first_name}

    def get_page_subtitle(self) -> str:
        """Name the greeter."""
        return str(self.target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather what was written, what visitors see, the charter, the meetings, the history."""
        context = super().get_context_data(**kwargs)
        one, form = self.target, context["form"]
        today = day_of(self.now)
        sent = greeters.content_of(one)
        photo = Picture.objects.filter(pk=sent[greeters.PHOTO]).first()
        entries = Entry.objects.filter(subject=f"greeter:{one.pk}").order_by("-at", "-pk")
        may_decide = greeter_reviews.may_decide(one)
        return {
            **context,
            "greeter": one,
            "is_approved": one.state == enrolment.APPROVED,
            "may_decide": may_decide,
            "texts": [_text(one, sent, name, form) for name in ("first_name", "about", "places")],
            "photo": photo,
            "photo_remark": form["remark_photo"],
            "charter_remark": form["remark_charter"],
            "signature": greeters.signature_of(one, today=today),
            "missing": [str(MISSING[name]) for name in greeters.lacks(one, today=today)],
            "facts": _facts(one),
            "decisions": [(code, DECISION_WORDS[code]) for code in _decisions(one, may_decide)],
            "needs_identity": may_decide and not one.identity,
            "meetings": [
                {"meeting": row, "when": words.shown(row).when, "party": words.party_words(row)}
                for row in one.meetings.select_related("greeter").order_by("-day", "-pk")[:20]
            ],
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


MISSING = {
    "about": gettext_lazy("Who they are"),
    "places": gettext_lazy("Places that they like"),
    "languages": gettext_lazy("Languages"),
    "weekdays": gettext_lazy("Days"),
    "phone": gettext_lazy("Phone"),
    "charter": gettext_lazy("The charter in force, signed"),
}


def _decisions(one: Greeter, may_decide: bool) -> list[str]:
    found = [APPROVE, FIX] if may_decide else []
    if one.state == enrolment.APPROVED:
        return [*found, SUSPEND]
    return [*found, REOPEN] if one.state == enrolment.SUSPENDED else found


def _text(one: Greeter, sent: dict[str, Any], name: str, form: Any) -> dict[str, Any]:
    columns = [name] if name == "first_name" else [f"{name}_{code}" for code in ("fr", "en", "de")]
    return {
        "label": words.PART_WORDS[name],
        "remark": form[f"remark_{name}"],
        "languages": [
            {
                "code": "" if column == name else column[-2:],
                "sent": sent[column],
                "live": getattr(one, column) or "",
                "is_changed": sent[column] != (getattr(one, column) or ""),
            }
            for column in columns
            if sent[column] or getattr(one, column)
        ],
    }


def _facts(one: Greeter) -> list[tuple[str, Any]]:
    return [
        (_("Commune"), one.commune),
        (_("E-mail"), one.user.email),
        (_("Phone"), one.phone),
        (_("Languages"), ", ".join(words.languages_of(one))),
        (_("Likes to show"), ", ".join(words.interests_of(one.interests))),
        (_("Days"), words.weekdays_of(one)),
        (_("Persons at most"), one.most_people),
        (_("Meetings a month at most"), one.monthly_most),
        (_("Without steps"), _("yes") if one.is_step_free else _("no")),
        (_("Identity"), one.get_identity_display()),
    ]


def _review_url(one: Greeter) -> str:
    return reverse("desk_greeters:review", args=[one.pk])


def _hours(one: Greeter) -> str:
    return str(duree(one.given)) if one.given else ""  # type: ignore[attr-defined]


class GreeterViewSet(DecidedViewSet):
    """Those who want to be greeters, and those who are."""

    model = Greeter
    name = "desk_greeters"
    url_prefix = "greeters"
    icon = "group"
    menu_label = gettext_lazy("Greeters")
    menu_order = 222
    add_to_admin_menu = True
    index_view_class = GreeterIndexView
    inspect_view_enabled = False
    list_filter = ("state", "is_paused")
    search_fields = ("first_name", "user__email", "commune__name")
    list_display = (
        TitleColumn("first_name", label=gettext_lazy("Greeter"), get_url=_review_url),
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("met", label=gettext_lazy("Meetings")),
        Column("given", label=gettext_lazy("Time given"), accessor=_hours),
        MomentColumn("submitted_at", label=gettext_lazy("Sent"), sort_key="submitted_at"),
    )
    empty_text = gettext_lazy("Inhabitants who send a profile will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one greeter."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", GreeterReviewView.as_view(), name="review"),
        ]


class MeetingIndexView(ReadOnlyIndexView):
    """The meetings, the newest first."""

    def get_base_queryset(self) -> QuerySet[Meeting]:
        """Load their greeters."""
        return Meeting.objects.select_related("greeter").annotate(asked=Count("asks"))


class MeetingInspectView(ReadOnlyInspectView):
    """What a visitor asked for and how it went, in words."""

    def get_interests_display_value(self) -> list[str]:
        """Name what they like."""
        return words.interests_of(self.object.interests)

    def get_languages_display_value(self) -> list[str]:
        """Name the languages they speak."""
        return words.languages_of(self.object)


class MeetingViewSet(ReadOnlyViewSet):
    """What visitors ask greeters for: read here, answered by the greeters."""

    model = Meeting
    name = "desk_meetings"
    url_prefix = "rencontres"
    icon = "group"
    menu_label = gettext_lazy("Meetings with greeters")
    ordering = ("-placed_at", "-pk")
    index_view_class = MeetingIndexView
    inspect_view_class = MeetingInspectView
    search_fields = ("code", "email", "first_name", "greeter__first_name")
    list_filter = ("state",)
    list_display = (
        Column("code", label=gettext_lazy("Code"), sort_key="code"),
        Column("first_name", label=gettext_lazy("Visitor"), sort_key="first_name"),
        Column("greeter", label=gettext_lazy("Greeter"), accessor="greeter.first_name"),
        Column("party_size", label=gettext_lazy("Persons")),
        Column("asked", label=gettext_lazy("Greeters asked")),
        MomentColumn("placed_at", label=gettext_lazy("Asked"), sort_key="placed_at"),
        MomentColumn("starts_at", label=gettext_lazy("Begins"), sort_key="starts_at"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
    )
    inspect_view_fields = [
        *("code", "state", "greeter", "first_name", "email", "phone", "first_day", "last_day"),
        *("part", "adults", "ages", "languages", "interests", "words", "starts_at", "ends_at"),
        *("place", "placed_at", "deadline", "felt", "visitor_words", "greeter_felt"),
        *("greeter_words", "minutes"),
    ]
    empty_text = gettext_lazy("What visitors ask greeters for will appear here.")


CHARTER = ObjectList(
    [
        FieldPanel("title"),
        FieldRowPanel([FieldPanel("version"), FieldPanel("valid_from")]),
        FieldPanel("body"),
        FieldPanel("is_demo"),
    ],
    base_form_class=DeskForm,
)


class CharterViewSet(SignedTextViewSet):
    """The charter that greeters sign, by version."""

    model = GreeterCharter
    name = "desk_charters"
    url_prefix = "chartes"
    menu_label = gettext_lazy("Charter of greeters")
    menu_order = 32
    ordering = ("-valid_from", "-pk")
    edit_handler = CHARTER
    list_display = ("title", "version", HOLDS_FROM, SIGNED)
    empty_text = gettext_lazy("What greeters sign will appear here: enter a version first.")
