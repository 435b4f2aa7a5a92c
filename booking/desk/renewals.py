"""The desk's decision that something is new again: one form for offers, events and itineraries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from booking import renewing
from booking.desk.views import UseCaseView, actor_of, offer_url
from booking.models import Offer
from destination.models import ItineraryPage, ItineraryRenewal
from destination.templatetags.velay import jour_long

BACK = "back"


class RenewalForm(forms.Form):
    """Why it is new, or that it isn't."""

    reason = forms.CharField(
        label=gettext_lazy("What is new about it"),
        max_length=renewing.MOST_SIGNS,
        required=False,
        help_text=gettext_lazy(
            "Another theme, another route, another menu: residents read it. A text that was "
            "edited is nothing new."
        ),
    )
    back = forms.BooleanField(
        label=gettext_lazy("Take the last decision back: it was a mistake"), required=False
    )


class RenewalView(UseCaseView):
    """Say that something is new again, or take that back; a floor above adds its own kind."""

    form_class = RenewalForm
    page_title = pgettext_lazy("desk", "New again")
    header_icon = "history"
    button = gettext_lazy("It is new again")
    intro = gettext_lazy(
        "Residents see it among what is new since they last came. Visitors see no difference."
    )

    def last(self) -> tuple[Any, str]:
        """Return when it was renewed last, None for never, and why."""
        return self.target.renewed_at, self.target.renewal_reason

    def decide(self, reason: str, **who: Any) -> None:
        """Renew it."""
        renewing.renew_offer(self.target, reason=reason, **who)

    def take_back(self, **who: Any) -> None:
        """Take the decision back."""
        renewing.take_offer_renewal_back(self.target, **who)

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say when it was renewed last."""
        at, why = self.last()
        return ((_("Renewed last"), f"{jour_long(at)}: {why}" if at else _("never")),)

    def run(self, form: RenewalForm) -> str:
        """Do what was decided."""
        who = {"actor": actor_of(self.request), "now": self.now}
        if form.cleaned_data["back"]:
            self.take_back(**who)
            return _("« %(name)s » is no longer called new.") % {"name": self.target}
        self.decide(form.cleaned_data["reason"], **who)
        return _("« %(name)s » is new again for residents.") % {"name": self.target}

    def get_page_subtitle(self) -> str:
        """Name what it is about."""
        return str(self.target)


class OfferRenewalView(RenewalView):
    """An offer."""

    model = Offer

    def get_success_url(self) -> str:
        """Return to the offer."""
        return offer_url(self.target)


class ItineraryRenewalView(RenewalView):
    """An itinerary, in every language: the office's alone, whoever writes its page."""

    model = ItineraryPage
    permission_policy: Any = None
    permission_required: Any = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Let in who may change offers: who decides of these decides of walks."""
        if not request.user.has_perm("booking.change_offer"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def last(self) -> tuple[Any, str]:
        """Read the decision where it stands, beside the pages."""
        known = ItineraryRenewal.objects.filter(itinerary=self.target.translation_key).first()
        return (known.renewed_at, known.reason) if known else (None, "")

    def decide(self, reason: str, **who: Any) -> None:
        """Renew it."""
        renewing.renew_itinerary(self.target, reason=reason, **who)

    def take_back(self, **who: Any) -> None:
        """Take the decision back."""
        renewing.take_itinerary_renewal_back(self.target, **who)

    def get_success_url(self) -> str:
        """Return to the page."""
        return reverse("wagtailadmin_pages:edit", args=[self.target.pk])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the page."""
        return [
            *self.breadcrumbs_items,
            {"url": self.get_success_url(), "label": str(self.target)},
            {"url": "", "label": self.get_page_title()},
        ]
