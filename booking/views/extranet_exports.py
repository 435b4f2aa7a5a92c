"""The hosts' data: everything that a house owns in one file, for its owners alone."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import house_exports
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.houses import house_address, houses_of, shown_house
from members.access import owned_by, owned_provider_for
from members.journal import Actor
from members.models import HouseExport
from oti.lib.dates import today as day_of

PAGE = "extranet-exports"
MOST_SHOWN = 10
ZIP = "application/zip"


@never_cache
@login_required
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """Show what the file holds, the last ones, and the button that asks for another."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    is_owner = provider.pk in owned_by(request.user)
    rows = HouseExport.objects.filter(provider=provider) if is_owner else ()
    context = {
        "providers": providers,
        "provider": provider,
        "is_owner": is_owner,
        "rows": rows[:MOST_SHOWN],
        "now": timezone.now(),
    }
    return render(request, "booking/extranet/exports.html", context)


@require_POST
@never_cache
@login_required
def ask(request: HttpRequest, house: str) -> HttpResponse:
    """Ask for everything of a house that one owns."""
    provider = owned_provider_for(request.user, house)
    try:
        house_exports.ask_export(provider, user=request.user, now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("It is being prepared: we write to you when it is ready."))
    return see_other(house_address(PAGE, provider))


@never_cache
@login_required
@require_safe
def fetch(request: HttpRequest, house: str, pk: int) -> HttpResponseBase:
    """Give the file to an owner of its house, from disk; who asks about it alone opens nothing."""
    provider = owned_provider_for(request.user, house)
    export = get_object_or_404(HouseExport, provider=provider, pk=pk)
    now = timezone.now()
    name = f"velay-{provider.slug}-{day_of(export.asked_at).isoformat()}.zip"
    answer: HttpResponseBase
    try:
        if request.method == "HEAD":
            house_exports.check_there(export, now=now)
            answer = HttpResponse(content_type=ZIP)
            answer["Content-Length"] = str(export.file_size)
            answer["Content-Disposition"] = f'attachment; filename="{name}"'
        else:
            file = house_exports.open_export(export, actor=Actor.person(request.user), now=now)
            answer = FileResponse(file, as_attachment=True, filename=name, content_type=ZIP)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(house_address(PAGE, provider))
    # Packed already: once more it would take time and lose its length.
    answer["Content-Encoding"] = "identity"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
