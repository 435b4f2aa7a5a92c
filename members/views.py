"""A person's own account: its spaces, how it signs in; the one door to the desk."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import fresh_proof, google, second_factor
from members.forms import ProofForm
from members.journal import Actor, record
from members.models import ProviderRole, User
from members.spaces import spaces_of

# Where a person was going when the second proof was asked for.
ONWARD = "second_factor_onward"


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show one's account: addresses, password, second proof, devices, what we write, its spaces."""
    user: User = request.user  # type: ignore[assignment]
    addresses = list(EmailAddress.objects.filter(user_id=user.pk).order_by("-primary", "pk"))
    codes = Authenticator.objects.filter(
        user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES
    ).first()
    context = {
        "spaces": spaces_of(user),
        "addresses": addresses,
        "has_unproved": any(not one.verified for one in addresses),
        "has_password": user.has_usable_password(),
        "factors": second_factor.factors_of(user),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "is_asked": second_factor.is_asked_of(user),
        "google_account": google.account_of(user) if google.is_offered() else None,
    }
    return render(request, "members/account.html", context)


@never_cache
@login_required
@require_safe
def protect(request: HttpRequest) -> HttpResponse:
    """Lead to a second proof of whoever needs one, or wants one; then back to where they went."""
    user: User = request.user  # type: ignore[assignment]
    address = request.GET.get("next", "")
    if address and _is_own(request, address):
        request.session[ONWARD] = address
    if second_factor.factors_of(user):
        # Nothing is left to be set up; what this session lacks is asked for where it is needed.
        return redirect(request.session.pop(ONWARD, "") or reverse("members:home"))
    context = {
        "is_asked": second_factor.is_asked_of(user),
        "is_host": ProviderRole.objects.filter(user_id=user.pk).exists(),
        "may_wait": second_factor.may_wait(user, now=timezone.now()),
        "onward": request.session.get(ONWARD, ""),
        "unproved": EmailAddress.objects.filter(user_id=user.pk, verified=False).first(),
    }
    return render(request, "members/protect.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Ask who is signed in for a code sent by mail, then lead them where they were going.

    Whoever has a second factor is asked for that one instead.
    """
    user: User = request.user  # type: ignore[assignment]
    asked = request.POST.get("next") or request.GET.get("next", "")
    onward = asked if asked and _is_own(request, asked) else reverse("members:home")
    if second_factor.factors_of(user):
        return redirect(fresh_proof.way_to(request, user, onward=onward) or onward)
    if not fresh_proof.address_of(user):
        messages.info(request, _("Confirm your address first: a code is sent to it."))
        return redirect("account_email")
    form = ProofForm(request.POST if "code" in request.POST else None)
    if form.is_bound and form.is_valid():
        if fresh_proof.give_code(request, user, form.cleaned_data["code"]):
            return redirect(onward)
        form.add_error("code", _("It isn’t this one, or its time is over."))
    is_sent = fresh_proof.is_waited_for(request, user)
    wants_one = "again" in request.POST or (request.method == "GET" and not is_sent)
    if wants_one:
        is_sent = fresh_proof.send_code(request, user)
    context = {
        "form": form,
        "address": fresh_proof.address_of(user),
        "onward": onward,
        "is_sent": is_sent,
        "is_refused": wants_one and not is_sent and not getattr(request, "is_mail_away", False),
        "page_errors": bool(form.errors),
    }
    status = 429 if context["is_refused"] else 422 if form.errors else 200
    return render(request, "members/prove.html", context, status=status)


@never_cache
@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign this person out on every other device. Writes the journal."""
    user: User = request.user  # type: ignore[assignment]
    second_factor.end_other_sessions(request, user)
    record("sessions ended", f"user:{user.pk}", actor=Actor.person(user), at=timezone.now())
    messages.success(request, _("You are signed out everywhere else."))
    response = redirect("members:home")
    response.status_code = 303
    return response


@never_cache
@require_safe
def desk_door(request: HttpRequest) -> HttpResponse:
    """Lead to the one door of accounts; tell whoever is in that the desk isn't theirs."""
    address = request.GET.get("next", "")
    onward = address if _is_own(request, address) else settings.DESK_PREFIX
    if request.user.is_authenticated:
        if request.user.has_perm("wagtailadmin.access_admin"):
            return redirect(onward)
        if not request.user.is_held_back or not request.user.opens_desk():
            return render(request, "members/no_desk.html", status=403)
        return redirect(f"{reverse('members:protect')}?{urlencode({'next': onward})}")
    return redirect(f"{reverse('account_login')}?{urlencode({'next': onward})}")


def _is_own(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
