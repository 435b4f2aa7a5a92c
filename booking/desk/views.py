"""Views of the desk: access → form → one use case → message and redirect."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django import forms
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from booking import offers
from booking.desk.rows import put_troubles
from booking.models import Offer, Tariff
from booking.refusals import Refusal
from destination.desk import DeskDeleteView, ReadOnlyInspectView, SaysAdd, SpeaksPlainly
from members.journal import Actor
from oti.lib.dates import today as day_of


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts: the signed-in person of the office."""
    return Actor.person(request.user)  # type: ignore[arg-type]


def tell_troubles(request: HttpRequest, refusal: Refusal) -> None:
    """Show every reason of a refusal at the top of the next page."""
    messages.error(request, " ".join(one.message for one in refusal.troubles))


def word_field(label: Any, help_text: Any, *, most: int = 300) -> forms.CharField:
    """Return the field of what somebody reads of a decision; it may be left empty."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class UseCaseView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView):
    """A form that hands what was typed to one use case."""

    model: Any = None
    template_name = "booking/desk/form.html"
    permission_required = "change"
    index_url_name = ""
    edit_url_name = ""
    page_title: Any = ""
    header_icon = ""
    # Name of the list, where the office has another word than the model.
    list_title: Any = ""
    intro: Any = ""
    button: Any = ""
    # What stands above the form: (label, value).
    facts: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def now(self) -> datetime:
        """Return the moment of the request."""
        return timezone.now()

    @cached_property
    def target(self) -> Any:
        """Return the row of the address, if there is one; a missing one is not found."""
        if "pk" not in self.kwargs:
            return None
        return get_object_or_404(self.model, pk=self.kwargs["pk"])

    def run(self, form: Any) -> str:
        """Call the use case; returns what to tell."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        """Tell what was done, or put each reason of a refusal beside its field."""
        try:
            told = self.run(form)
        except Refusal as refusal:
            put_troubles(form, refusal.troubles)
            return self.form_invalid(form)
        messages.success(self.request, told)
        return redirect(self.get_success_url())

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again with everything that was typed."""
        messages.validation_error(self.request, _("Nothing was saved: see below."), form)
        return super().form_invalid(form)

    def get_success_url(self) -> str:
        """Return to the list."""
        return reverse(self.index_url_name)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        title = self.list_title or capfirst(self.model._meta.verbose_name_plural)
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": title},
            {"url": "", "label": self.get_page_title(), "sublabel": self.get_page_subtitle()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the template shows around the form."""
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "intro": self.intro,
            "button": self.button or _("Save"),
            "facts": self.facts,
            "back_url": self.get_success_url(),
            "media": context["form"].media,
        }


# --- Offers and prices -------------------------------------------------------------------------
class SavesOffer(SpeaksPlainly):
    """Saves the form and the search table together; a published offer stays sellable."""

    def changing(self, form: Any) -> AbstractContextManager[set[int]]:
        """Return the use case around the saving."""
        return offers.changing_offer(
            self.offer_of(form),
            actor=actor_of(self.request),  # type: ignore[attr-defined]
            now=timezone.now(),
        )

    def offer_of(self, form: Any) -> Offer:
        """Return the offer that is changed."""
        return form.instance

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, or show the form again with each reason beside its field."""
        self.form = form
        try:
            with self.changing(form):
                self.object = self.save_instance()  # type: ignore[attr-defined]
        except Refusal as refusal:
            put_troubles(form, refusal.troubles)
            return self.show_again(form)
        except IntegrityError:
            form.add_error(
                None,
                _("Somebody changed this at the same moment: check it and save again."),
            )
            return self.show_again(form)
        return self.save_action()  # type: ignore[attr-defined]

    def show_again(self, form: Any) -> HttpResponse:
        """Show the form with its errors; nothing was written."""
        self.produced_error_code = "validation_error"
        self.produced_error_message = _("Nothing was saved: see below.")
        return self.form_invalid(form)  # type: ignore[attr-defined]

    def get_success_url(self) -> str:
        """Return to the page of the offer, which says what remains to be done."""
        return offer_url(self.offer_of(self.form))

    def get_success_buttons(self) -> list[Any]:
        """The page that follows has its own."""
        return []


def offer_url(offer: Offer) -> str:
    """Return the desk's page of an offer."""
    return reverse(f"{_list_of(offer)}:inspect", args=[offer.pk])


def _list_of(offer: Offer) -> str:
    return "desk_lodgings" if offer.is_lodging else "desk_experiences"


class OfferCreateView(SaysAdd, SavesOffer, generic.CreateView):
    """Enter an offer."""

    kind = ""
    page_subtitle = gettext_lazy("Activity, ticket, meal or basket")

    def get_initial_form_instance(self) -> Offer:
        """Begin with what the list decides: a lodging, or something else."""
        return Offer(kind=self.kind)


class LodgingCreateView(OfferCreateView):
    """Enter a lodging."""

    kind = Offer.Kind.LODGING
    page_subtitle = gettext_lazy("Lodging")


class OfferEditView(SavesOffer, generic.EditView):
    """Change an offer; a lodging never with the form of the others, nor they with its own."""

    def get_object(self, queryset: Any = None) -> Offer:
        """Find it in the list that the address belongs to."""
        offer: Offer = super().get_object(queryset)
        if not self.edit_url_name.startswith(f"{_list_of(offer)}:"):
            raise Http404
        return offer


class TariffCreateView(SaysAdd, SavesOffer, generic.CreateView):
    """Enter the prices of a lodging; `?offer=` names it."""

    def get_initial_form_instance(self) -> Tariff | None:
        """Begin with the lodging that the address names."""
        asked = self.request.GET.get("offer", "")
        if not asked.isdecimal():
            return None
        offer = get_object_or_404(Offer, pk=asked, kind=Offer.Kind.LODGING)
        return Tariff(offer=offer, name_fr=_("Prices"))

    def get_add_url(self) -> str:
        """Keep the lodging when the form is sent."""
        asked = self.request.GET.get("offer", "")
        return super().get_add_url() + (f"?offer={asked}" if asked.isdecimal() else "")

    def offer_of(self, form: Any) -> Offer:
        """Return the lodging whose prices these are."""
        return form.instance.offer


class TariffEditView(SavesOffer, generic.EditView):
    """Change the prices of a lodging."""

    def offer_of(self, form: Any) -> Offer:
        """Return the lodging whose prices these are."""
        return form.instance.offer


class TariffDeleteView(DeskDeleteView):
    """Delete prices that no unit has."""

    protected_text = gettext_lazy("Units are sold at these prices: give them others first.")


class OfferInspectView(ReadOnlyInspectView):
    """Everything about an offer on one page: what it lacks, and where each part is entered."""

    template_name = "booking/desk/offer.html"
    any_permission_required = ("add", "change", "delete", "view")

    def get_page_title(self) -> str:
        """Name what kind of thing it is."""
        return capfirst(str(self.object.get_kind_display()))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the offer, its parts and its troubles."""
        offer = self.object
        now = timezone.now()
        troubles = offers.check_offer(offer, today=day_of(now))
        may_change = self.user_has_permission("change")
        return {
            **super().get_context_data(**kwargs),
            "offer": offer,
            "edit_url": reverse(f"{self.viewset_name}:edit", args=[offer.pk]),
            "renew_url": reverse(f"{self.viewset_name}:renew", args=[offer.pk]),
            "actions": self._actions() if may_change else [],
            "blocking": [one for one in troubles if offers.blocks_publication(one)],
            "remarks": [one for one in troubles if not offers.blocks_publication(one)],
            "units": offer.units.select_related("tariff"),
            "tariffs": offer.tariffs.prefetch_related("price_rules", "restrictions"),
            "slots": offer.slots.with_free(now).filter(starts_at__gt=now)[:8],
            "slots_count": offer.slots.filter(starts_at__gt=now).count(),
            "bands": offer.bands.all(),
            "steps": offer.steps.select_related("led_by"),
            "supplements": offer.supplements.all(),
            "photos": offer.photos.select_related("image"),
            "public_url": public_url(offer),
            "may_change": may_change,
        }

    @property
    def viewset_name(self) -> str:
        """Return the name of the list that the offer belongs to."""
        return "desk_lodgings" if self.object.is_lodging else "desk_experiences"

    def _actions(self) -> list[tuple[str, str, str]]:
        """Return what can be done with the offer's state: (address, words, style)."""
        state = self.object.state
        words = {
            "publish": _("Publish"),
            "pause": _("Pause the sale"),
            "archive": _("Archive"),
        }
        possible = {
            Offer.State.DRAFT: ("publish", "archive"),
            Offer.State.PAUSED: ("publish", "archive"),
            Offer.State.PUBLISHED: ("pause", "archive"),
            Offer.State.ARCHIVED: ("publish",),
        }
        return [
            (
                reverse(f"{self.viewset_name}:{name}", args=[self.object.pk]),
                words[name],
                "" if name == "publish" else "button-secondary",
            )
            for name in possible[Offer.State(state)]
        ]


def public_url(offer: Offer) -> str:
    """Return the visitors' page of an offer."""
    name = "booking:stay-offer" if offer.is_lodging else "booking:experience-offer"
    return reverse(name, args=[offer.slug])


class OfferMoveView(PermissionCheckedMixin, generic.WagtailAdminTemplateMixin, FormView):
    """Publish, pause or archive an offer; only ever asked for by a button."""

    model = Offer
    permission_required = "change"
    http_method_names = ("post",)
    form_class = forms.Form
    move = ""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Do it and go back to the offer's page, which shows every trouble."""
        offer = get_object_or_404(Offer, pk=self.kwargs["pk"])
        cases = {
            "publish": (offers.publish_offer, _("« %(offer)s » is published.")),
            "pause": (offers.pause_offer, _("« %(offer)s » is paused: nobody can book it.")),
            "archive": (offers.archive_offer, _("« %(offer)s » is archived.")),
        }
        use_case, told = cases[self.move]
        try:
            use_case(offer, actor=actor_of(self.request), now=timezone.now())
        except Refusal as refusal:
            tell_troubles(self.request, refusal)
        else:
            messages.success(self.request, told % {"offer": offer.title})
        return redirect(offer_url(offer))
