"""The desk's reading of houses that enrol: who waits, what was given, what is decided."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn

from booking import enrolling, papers, team
from booking.desk.order_views import WHO
from booking.desk.remarks import RemarksForm, word_to_host
from booking.desk.signed_texts import HOLDS_FROM, SIGNED, SignedTextViewSet
from booking.desk.views import UseCaseView, actor_of
from booking.forms.enrolment import ROLES, SellerForm, mail_language, odd_registrations
from booking.paper_rows import document_answer, row_of
from booking.paper_words import ACTIVITY_WORDS, PAPER_WORDS
from booking.refusals import BadInput, trouble
from destination.desk import DeskForm, MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet
from members.models import ContractText, Entry, Paper, Provider, ProviderRole
from members.rules import enrolment
from oti.lib.dates import today as day_of

APPROVE, FIX, ACCEPT = "approve", "fix", "accept"
SUSPEND, REOPEN = "suspend", "reopen"
# What may be decided where a house stands.
DECISIONS: dict[str, tuple[str, ...]] = {
    enrolment.DRAFT: (),
    enrolment.SUBMITTED: (APPROVE, FIX),
    enrolment.TO_FIX: (),
    enrolment.APPROVED: (ACCEPT, FIX, SUSPEND),
    enrolment.SUSPENDED: (REOPEN,),
}
DECISION_WORDS = {
    APPROVE: gettext_lazy("Approve the house"),
    FIX: gettext_lazy("Ask to put right"),
    ACCEPT: gettext_lazy("Accept the new papers"),
    SUSPEND: gettext_lazy("Suspend the house"),
    REOPEN: gettext_lazy("Take it up again"),
}


# What the journal's verbs mean for the office; an unknown one is shown as it is.
VERBS = {
    "house opened": gettext_lazy("House opened"),
    "house described": gettext_lazy("House described anew"),
    "paper given": gettext_lazy("Paper given"),
    "document deleted": gettext_lazy("Document deleted"),
    "paper ended": gettext_lazy("Paper ended"),
    "papers asked for": gettext_lazy("Papers asked for"),
    "papers accepted": gettext_lazy("Papers accepted"),
    "contract signed": gettext_lazy("Contract signed"),
    "person invited": gettext_lazy("Person invited"),
    "invitation withdrawn": gettext_lazy("Invitation taken back"),
    "access given": gettext_lazy("Access given"),
    "access changed": gettext_lazy("Access changed"),
    "access removed": gettext_lazy("Access ended"),
    "account opened": gettext_lazy("Account at the bank opened"),
    "account link sent": gettext_lazy("Link to the bank sent"),
    "seller data asked for": gettext_lazy("Asked for what the tax office must be told"),
    "seller data asked for again": gettext_lazy("Asked again for it; then payments wait"),
    "payouts wait for seller data": gettext_lazy("Payments wait for it"),
    "seller data complete": gettext_lazy("All said that the tax office must be told"),
    "seller statement sent": gettext_lazy("Statement for the tax office sent"),
    "enrolment submitted": gettext_lazy("Sent to the office"),
    "enrolment to_fix": gettext_lazy("Given back to be put right"),
    "enrolment approved": gettext_lazy("Approved"),
    "enrolment suspended": gettext_lazy("Suspended"),
}


class EnrolmentIndexView(ReadOnlyIndexView):
    """Who waits for the office first, the longest waiting before."""

    page_title = gettext_lazy("Enrolments")

    def get_base_queryset(self) -> QuerySet[Provider]:
        """Load communes; count what was given since it was read."""
        first = Case(
            When(enrolment=enrolment.SUBMITTED, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        new = Count("papers", filter=Q(papers__review=Paper.Review.GIVEN))
        rows = Provider.objects.select_related("commune").annotate(first=first, new_papers=new)
        return rows.order_by("first", "submitted_at", "name")


class ReviewForm(RemarksForm):
    """A decision, its words, and a remark beside each paper."""

    decision = forms.ChoiceField(choices=[(code, code) for code in DECISION_WORDS])
    seen = forms.CharField(max_length=64)
    note = word_to_host(gettext_lazy("To suspend or take up again, say why: the host reads it."))


class ReviewView(UseCaseView):
    """One house: what it gave, and what the office decides."""

    model = Provider
    form_class = ReviewForm
    template_name = "booking/desk/enrolment.html"
    index_url_name = "desk_enrolment:index"
    page_title = gettext_lazy("Enrolment")
    list_title = gettext_lazy("Enrolments")
    header_icon = "user"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask for a remark beside each paper."""
        self.items = papers.checklist(self.target, today=day_of(self.now))
        return {**super().get_form_kwargs(), "codes": [one.code for one in self.items]}

    def run(self, form: ReviewForm) -> str:
        """Do what was decided."""
        data, house = form.cleaned_data, self.target
        who = {"actor": actor_of(self.request), "now": self.now}
        decision, seen, note = data["decision"], data["seen"], data["note"]
        if decision != FIX and any(one.strip() for one in form.remarks.values()):
            # What somebody wrote for the host must not go nowhere.
            raise BadInput(trouble("remarks_left"))
        if decision == APPROVE:
            enrolling.approve_house(house, note=note, seen=seen, **who)
            return _("« %(name)s » is approved: it may be published.") % {"name": house.name}
        if decision == FIX:
            enrolling.ask_to_fix(house, remarks=form.remarks, note=note, seen=seen, **who)
            return _("The host is told by mail and beside each line.")
        if decision == ACCEPT:
            enrolling.accept_papers(house, seen=seen, **who)
            return _("The new papers are accepted.")
        if decision == SUSPEND:
            enrolling.suspend_house(house, reason=note, **who)
            return _("« %(name)s » is suspended: nothing of it is sold.") % {"name": house.name}
        enrolling.reopen_house(house, reason=note, **who)
        return _("« %(name)s » sells again.") % {"name": house.name}

    def get_page_subtitle(self) -> str:
        """Name the house."""
        return str(self.target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the checklist, what was sealed, and the history."""
        house = self.target
        context = super().get_context_data(**kwargs)
        form = context["form"]
        rows = [
            {**row_of(one), "remark_field": form[f"remark_{one.code}"], "row": one.row}
            for one in self.items
        ]
        entries = Entry.objects.filter(subject=f"provider:{house.pk}")
        return {
            **context,
            "house": house,
            "rows": rows,
            "seen": papers.mark_of(house),
            "decisions": [(one, DECISION_WORDS[one]) for one in DECISIONS[house.enrolment]],
            "may_remark": FIX in DECISIONS[house.enrolment],
            "facts": _facts(house),
            "seller": _seller(self.items),
            "signature": papers.signature_of(house, today=day_of(self.now)),
            "permits": papers.permits_of(house),
            "odd": _odd(house, self.items),
            "history": [_step(one) for one in entries[:30]],
        }


def _facts(house: Provider) -> list[tuple[str, Any]]:
    return [
        (_("Commune"), house.commune),
        (_("Address"), house.address),
        (_("Phone"), house.phone),
        (_("E-mail"), house.email),
        (_("Legal name"), house.legal_name),
        (_("SIRET"), house.siret),
        (_("Professional"), _("yes") if house.is_professional else _("no")),
        (_("What it offers"), ", ".join(str(ACTIVITY_WORDS[one]) for one in house.activities)),
        (_("Commission in percent"), number_format(house.commission_percent)),
        *(
            [(_("New commission proposed, in percent"), number_format(house.commission_proposed))]
            if house.commission_proposed is not None
            else []
        ),
    ]


def _step(entry: Entry) -> dict[str, Any]:
    paper = PAPER_WORDS.get(entry.data.get("paper", ""))
    return {
        "at": entry.at,
        "what": VERBS.get(entry.verb, entry.verb),
        "who": WHO.get(entry.actor_label, entry.actor_label),
        "paper": paper.title if paper else "",
        "reason": entry.data.get("reason", ""),
    }


def _seller(items: list[papers.Item]) -> list[tuple[Any, str]]:
    row = next((one.row for one in items if one.code == papers.SELLER), None)
    return [
        (SellerForm.base_fields[name].label, value)
        for name, value in papers.sealed_of(row).items()
        if name in SellerForm.base_fields
    ]


def _odd(house: Provider, items: list[papers.Item]) -> list[str]:
    number = next((one.given.number for one in items if one.code == "registration"), "")
    return odd_registrations(number, house.commune)


def review_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a document of any house to the office."""
    if not request.user.has_perm("members.change_provider"):  # type: ignore[union-attr]
        raise PermissionDenied
    return document_answer(get_object_or_404(Paper, pk=pk))


class InviteForm(forms.Form):
    """Who is asked to take a house over."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(
        label=gettext_lazy("What this person may do"), choices=ROLES, initial="owner"
    )


class InviteView(UseCaseView):
    """Hand a house that the office keeps over to its host, with all its history (H04)."""

    model = Provider
    form_class = InviteForm
    index_url_name = "desk_enrolment:index"
    page_title = gettext_lazy("Invite to this house")
    list_title = gettext_lazy("Enrolments")
    header_icon = "mail"
    button = gettext_lazy("Send the invitation")
    intro = gettext_lazy(
        "The link counts once and for fourteen days. Whoever accepts it sees the bookings, past "
        "ones too; an owner gives the papers as well."
    )

    def get_initial(self) -> dict[str, Any]:
        """Begin with the house's own address."""
        return {"email": self.target.email, "role": ProviderRole.Role.OWNER}

    def run(self, form: InviteForm) -> str:
        """Send it."""
        data = form.cleaned_data
        sent = team.invite(
            self.target,
            email=data["email"],
            role=data["role"],
            language=self.target.language or mail_language(),
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("The invitation goes to %(mail)s.") % {"mail": sent.email}

    def get_page_subtitle(self) -> str:
        """Name the house."""
        return str(self.target)


def _review_url(house: Provider) -> str:
    return reverse("desk_enrolment:review", args=[house.pk])


class EnrolmentViewSet(ReadOnlyViewSet):
    """Houses that enrol, and those that are in."""

    model = Provider
    name = "desk_enrolment"
    url_prefix = "inscriptions"
    icon = "check"
    menu_label = gettext_lazy("Enrolments")
    menu_order = 221
    add_to_admin_menu = True
    index_view_class = EnrolmentIndexView
    inspect_view_enabled = False
    list_filter = ("enrolment",)
    search_fields = ("name", "legal_name", "email", "siret", "commune__name")
    list_display = (
        TitleColumn("name", label=gettext_lazy("House"), get_url=_review_url),
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column("enrolment", label=gettext_lazy("State"), accessor="get_enrolment_display"),
        Column("new_papers", label=gettext_lazy("Papers to read")),
        MomentColumn("submitted_at", label=gettext_lazy("Sent"), sort_key="submitted_at"),
    )
    empty_text = gettext_lazy("Houses that ask to come in will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, one house, its documents and the invitation."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", ReviewView.as_view(), name="review"),
            path("<int:pk>/inviter/", InviteView.as_view(), name="invite"),
            path("document/<int:pk>/", review_document, name="document"),
        ]


CONTRACT = ObjectList(
    [
        FieldPanel("title"),
        FieldRowPanel(
            [
                FieldPanel(
                    "language", help_text=gettext_lazy("French stands in for a missing one.")
                ),
                FieldPanel("version"),
                FieldPanel("valid_from"),
            ]
        ),
        FieldPanel("body"),
        FieldPanel("is_demo"),
    ],
    base_form_class=DeskForm,
)


class ContractViewSet(SignedTextViewSet):
    """The contract that hosts sign, by version."""

    model = ContractText
    name = "desk_contracts"
    url_prefix = "contrats"
    menu_label = gettext_lazy("Contracts of hosts")
    menu_order = 31
    ordering = ("language", "-valid_from", "-pk")
    edit_handler = CONTRACT
    list_display = ("title", "version", "language", HOLDS_FROM, SIGNED)
    empty_text = gettext_lazy("What hosts sign will appear here: enter a version first.")
