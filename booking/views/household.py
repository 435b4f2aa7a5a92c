"""A household's own page: who it is, its people, its paper; joining it and leaving it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import household_moves, households
from booking.forms.households import HouseholdForm, MemberForm, MoveForm, NewcomerForm, ProofForm
from booking.refusals import NotAllowed, Refusal
from booking.views.answers import see_other, told_at
from booking.views.houses import put_into
from booking.views.invited import frame_of, keep_invited, not_for
from members.access import household_member, household_member_for
from members.models import Household, HouseholdInvitation, HouseholdMember
from oti.lib.dates import today as day_of

INVITATION = "residence-invitation"
INVITED = "household_invitation"


@never_cache
@login_required
@require_safe
def residence(request: HttpRequest) -> HttpResponse:
    """Show one's household, or ask who it is."""
    return _page(request)


@require_POST
@never_cache
@login_required
def declare(request: HttpRequest) -> HttpResponse:
    """Write one's household down."""
    now = timezone.now()
    form = HouseholdForm(request.POST, request.FILES, today=day_of(now))
    if not form.is_valid():
        return _page(request, declaring=form, status=422)
    try:
        households.declare_household(
            request.user, form.facts, form.newcomer, document=form.paper, now=now
        )
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, declaring=form, status=refusal.status)
    messages.success(request, _("Welcome. The office reads what you gave and writes to you."))
    return see_other("space-home")


@require_POST
@never_cache
@login_required
@told_at("residence")
def proof(request: HttpRequest) -> HttpResponse:
    """Take the paper that proves the house, or delete it."""
    member, now = household_member_for(request.user), timezone.now()
    if "drop" in request.POST:
        households.drop_proof(member, now=now)
        messages.success(request, _("The document is deleted."))
        return see_other("residence")
    form = ProofForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, proving=form, status=422)
    households.give_proof(member, form.cleaned_data["document"], now=now)
    messages.success(request, _("It is kept until the office has read it."))
    return see_other("residence")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@told_at("residence")
def move(request: HttpRequest) -> HttpResponse:
    """Say that the house is in another commune now, or take that back."""
    member, now = household_member_for(request.user), timezone.now()
    form = MoveForm(None, today=day_of(now))
    status = 200
    if request.method == "POST" and "drop" in request.POST:
        if household_moves.withdraw_move(member, now=now):
            messages.success(request, _("It is taken back: your house is where it was."))
        return see_other("residence")
    if request.method == "POST":
        form, status = MoveForm(request.POST, request.FILES, today=day_of(now)), 422
        if form.is_valid():
            try:
                commune = form.cleaned_data["commune"]
                kept = household_moves.ask_move(member, commune.pk, form.paper, now=now)
            except NotAllowed as refusal:
                put_into(form, refusal)
                status = refusal.status
            else:
                is_asked = kept.is_moving
                messages.success(
                    request,
                    _("The office reads it and writes to you. Until then your card stays good.")
                    if is_asked
                    else _("It is noted, and read by the office with the rest."),
                )
                return see_other("residence")
    context = {
        "member": member,
        "household": member.household,
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/residence/move.html", context, status=status)


@require_POST
@never_cache
@login_required
def invite(request: HttpRequest) -> HttpResponse:
    """Ask somebody by mail to join one's household."""
    member = household_member_for(request.user)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(request, inviting=form, status=422)
    try:
        sent = households.invite_member(
            member,
            email=form.cleaned_data["email"],
            language=(get_language() or "fr")[:2],
            now=timezone.now(),
        )
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, inviting=form, status=refusal.status)
    messages.success(request, _("The invitation goes to %(mail)s.") % {"mail": sent.email})
    return see_other("residence")


@require_POST
@never_cache
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation of one's household back."""
    member = household_member_for(request.user)
    if not HouseholdInvitation.objects.filter(household=member.household, pk=pk).exists():
        raise Http404
    households.withdraw_invitation(member, pk, now=timezone.now())
    messages.success(request, _("The invitation is taken back: its link opens nothing."))
    return see_other("residence")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Say what leaving one's household means, then leave it."""
    member = household_member_for(request.user)
    if request.method == "POST":
        households.leave_household(member, now=timezone.now())
        messages.success(request, _("You have left « %(name)s ».") % {"name": member.household})
        return see_other("booking:account")
    others = member.household.members.exclude(pk=member.pk).exists()
    context = {"member": member, "household": member.household, "is_last": not others}
    return render(request, "booking/residence/leave.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Follow the link of an invitation: say what it is, lead to the account, then accept it.

    Looking changes nothing: programs that read mails open every link.
    """
    if "cle" in request.GET:
        return keep_invited(
            request, households.invitation_of(request.GET["cle"]), key=INVITED, page=INVITATION
        )
    known = request.session.get(INVITED)
    rows = HouseholdInvitation.objects.select_related("household")
    invited = rows.filter(pk=known).first()
    if invited is None:
        raise Http404
    now = timezone.now()
    is_sent = request.method == "POST" and request.user.is_authenticated
    form = NewcomerForm(request.POST if is_sent else None, today=day_of(now))
    try:
        households.check_invitation(invited, now=now)
        if is_sent and form.is_valid():
            households.accept_invitation(invited, request.user, form.newcomer, now=now)
            del request.session[INVITED]
            name = {"name": invited.household.name}
            messages.success(request, _("Welcome to « %(name)s ».") % name)
            return see_other("space-home")
    except Refusal as refusal:
        return _invitation(request, invited, form, refusal=refusal, status=refusal.status)
    elsewhere = not_for(request, invited)
    if elsewhere:
        return _invitation(request, invited, form, refusal=elsewhere, status=403)
    return _invitation(request, invited, form, status=422 if form.is_bound else 200)


def _invitation(
    request: HttpRequest,
    invited: HouseholdInvitation,
    form: Form,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **frame_of(invited, page=INVITATION, refusal=refusal),
        "household": invited.household.name,
        "form": form,
        "page_errors": form.is_bound and bool(form.errors),
    }
    return render(request, "booking/residence/invitation.html", context, status=status)


def _page(
    request: HttpRequest,
    *,
    declaring: Form | None = None,
    proving: Form | None = None,
    inviting: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    member = household_member(request.user)
    if member is None or member.household.state == Household.State.ENDED or declaring:
        context = {
            "ended": member.household if member else None,
            "form": declaring or HouseholdForm(today=day_of(now)),
            "page_errors": status != 200,
        }
        return render(request, "booking/residence/declare.html", context, status=status)
    context = {
        **_household(member, now=now),
        "proof_form": proving or ProofForm(),
        "form": inviting or MemberForm(),
        "page_errors": status != 200,
    }
    return render(request, "booking/residence/household.html", context, status=status)


def _household(member: HouseholdMember, *, now: Any) -> dict[str, Any]:
    waiting = member.household.invitations.filter(accepted_at=None, withdrawn_at=None)
    return {
        "member": member,
        "household": member.household,
        "people": list(member.household.members.select_related("user")),
        "invitations": list(waiting.filter(expires_at__gt=now)),
    }
