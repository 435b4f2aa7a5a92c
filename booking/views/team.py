"""Who works for a house: its people, those who were invited, and the link that brings them in."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import team
from booking.forms.enrolment import InviteForm, RoleForm, mail_language
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.houses import houses_of, shown_house
from booking.views.invited import frame_of, keep_invited, not_for
from members.access import owned_by, owned_provider_for, provider_for
from members.journal import Actor
from members.models import Invitation, Provider

INVITATION = "extranet-invitation"
INVITED = "invitation"


@never_cache
@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List who works for one house."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    return _page(request, provider, InviteForm())


@require_POST
@never_cache
@login_required
def invite(request: HttpRequest, house: str) -> HttpResponse:
    """Ask somebody by mail to work for a house."""
    provider = owned_provider_for(request.user, house)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, form, status=422)
    try:
        sent = team.invite(
            provider,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            language=mail_language(),
            actor=Actor.person(request.user),
            now=timezone.now(),
        )
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, provider, form, status=refusal.status)
    messages.success(request, _("The invitation goes to %(mail)s.") % {"mail": sent.email})
    return see_other(_address(provider))


@require_POST
@never_cache
@login_required
def change(request: HttpRequest, house: str, pk: int) -> HttpResponse:
    """Remove somebody, or change what they may do; anybody may leave by themselves."""
    provider = provider_for(request.user, house)
    role = provider.roles.filter(pk=pk).first()
    is_own = role is not None and role.user_id == request.user.pk
    if provider.pk not in owned_by(request.user) and not (is_own and "remove" in request.POST):
        raise Http404
    actor, now = Actor.person(request.user), timezone.now()
    try:
        if "remove" in request.POST:
            gone = team.remove_member(provider, pk, actor=actor, now=now)
            messages.success(
                request, _("%(mail)s no longer has access to it.") % {"mail": gone.email}
            )
        else:
            form = RoleForm(request.POST)
            if not form.is_valid():
                raise Http404
            team.change_role(provider, pk, form.cleaned_data["role"], actor=actor, now=now)
            messages.success(request, _("It is changed."))
    except Refusal as refusal:
        tell(request, refusal.troubles)
    if is_own and "remove" in request.POST and not provider.roles.filter(pk=pk).exists():
        return see_other("extranet-home")
    return see_other(_address(provider))


@require_POST
@never_cache
@login_required
def withdraw(request: HttpRequest, house: str, pk: int) -> HttpResponse:
    """Take an invitation back."""
    provider = owned_provider_for(request.user, house)
    invitation = Invitation.objects.filter(provider=provider, pk=pk).first()
    if invitation is None:
        raise Http404
    team.withdraw_invitation(invitation, actor=Actor.person(request.user), now=timezone.now())
    messages.success(request, _("The invitation is taken back: its link opens nothing."))
    return see_other(_address(provider))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Follow the link of an invitation: say what it is, lead to the account, then accept it.

    Looking changes nothing: programs that read mails open every link.
    """
    if "cle" in request.GET:
        return keep_invited(
            request, team.invitation_of(request.GET["cle"]), key=INVITED, page=INVITATION
        )
    known = request.session.get(INVITED)
    invited = Invitation.objects.select_related("provider").filter(pk=known).first()
    if invited is None:
        raise Http404
    now = timezone.now()
    try:
        team.check_invitation(invited, now=now)
        if request.user.is_authenticated and request.method == "POST":
            team.accept_invitation(invited, request.user, now=now)
            del request.session[INVITED]
            messages.success(
                request,
                _("Welcome: you now work for « %(name)s ».") % {"name": invited.provider.name},
            )
            return see_other("extranet-home")
    except Refusal as refusal:
        return _invitation(request, invited, refusal=refusal, status=refusal.status)
    elsewhere = not_for(request, invited)
    return _invitation(request, invited, refusal=elsewhere, status=403 if elsewhere else 200)


def _invitation(
    request: HttpRequest,
    invited: Invitation,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **frame_of(invited, page=INVITATION, refusal=refusal),
        "house": invited.provider.name,
        "role": invited.get_role_display(),
    }
    return render(request, "booking/invitation.html", context, status=status)


def _page(
    request: HttpRequest,
    provider: Provider,
    form: InviteForm,
    *,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    is_owner = provider.pk in owned_by(request.user)
    waiting = Invitation.objects.filter(provider=provider, accepted_at=None, withdrawn_at=None)
    context = {
        "providers": houses_of(request),
        "provider": provider,
        "team": team.team_of(provider),
        "is_owner": is_owner,
        "invitations": waiting.filter(expires_at__gt=now) if is_owner else (),
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/team.html", context, status=status)


def _address(provider: Provider) -> str:
    return f"{reverse('extranet-team')}?{urlencode({'maison': provider.slug})}"
