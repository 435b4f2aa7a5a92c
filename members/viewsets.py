"""The desk's lists of providers and of the persons who work for them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button

from destination.desk import (
    AddressField,
    DeskCreateView,
    DeskDeleteView,
    DeskForm,
    DeskIndexView,
    DeskViewSet,
)
from members.groups import give_access, take_access
from members.journal import Actor
from members.models import PayoutAccount, Provider, ProviderRole
from members.rules.numbers import is_siret
from oti.lib.dates import today as day_of

PORTRAITS = (
    ("", gettext_lazy("none")),
    ("hotes", gettext_lazy("hosts")),
    ("greeter", gettext_lazy("a person walking")),
    ("cuisine", gettext_lazy("a kitchen")),
    ("marche", gettext_lazy("a market")),
)
LANGUAGES = (("fr", gettext_lazy("French")), ("en", gettext_lazy("English")))


# Of a phone number: no French one, nor any neighbour's, has fewer.
FEWEST_DIGITS = 6


class ProviderForm(DeskForm):
    """A provider: who they are, how they are reached, and what the law asks."""

    slug = AddressField(max_length=50, label=gettext_lazy("Short name in addresses"))
    siret = forms.CharField(max_length=20, required=False, label=gettext_lazy("SIRET"))
    portrait = forms.ChoiceField(
        choices=PORTRAITS, required=False, label=gettext_lazy("Portrait drawing")
    )
    language = forms.ChoiceField(
        choices=LANGUAGES, initial="fr", label=gettext_lazy("Language of its mails")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].error_messages["unique"] = _(
            "Another provider has this address: choose another one."
        )
        drawn = self.instance.portrait
        if drawn and drawn not in dict(PORTRAITS):
            self.fields["portrait"].choices = [*PORTRAITS, (drawn, drawn)]

    def clean_phone(self) -> str:
        """Refuse words: guests and carriers call this number."""
        phone = str(self.cleaned_data.get("phone") or "")
        if phone and sum(sign.isdecimal() for sign in phone) < FEWEST_DIGITS:
            raise forms.ValidationError(_("Write the number in digits, or leave it empty."))
        return phone

    def clean_siret(self) -> str:
        """Return the number without spaces, its key checked (Luhn; La Poste has its own)."""
        number = "".join((self.cleaned_data.get("siret") or "").split())
        # How many digits there are is said by the model.
        if number.isdecimal() and len(number) == 14 and not is_siret(number):
            raise forms.ValidationError(_("A digit of this SIRET is wrong: check it."))
        return number

    def clean_commission_percent(self) -> Any:
        """Refuse another rate than the one that was signed: it is proposed, then signed."""
        rate = self.cleaned_data.get("commission_percent")
        signed = self.instance.pk and self.instance.signatures.exists()
        if signed and rate != self.initial.get("commission_percent"):
            message = _("This rate was signed. Propose the new one below: the host signs it.")
            raise forms.ValidationError(message)
        return rate

    def clean_tax_mandate_signed_on(self) -> Any:
        """Refuse a mandate that is not signed yet."""
        day = self.cleaned_data.get("tax_mandate_signed_on")
        if day and day > day_of(timezone.now()):
            raise forms.ValidationError(_("This day is still to come."))
        return day


PROVIDER = TabbedInterface(
    [
        ObjectList(
            [
                TitleFieldPanel(
                    "name",
                    placeholder=False,
                    classname="",
                    help_text=gettext_lazy("As visitors read it."),
                ),
                FieldPanel(
                    "slug",
                    help_text=gettext_lazy("Made from the name. Don't change it later."),
                ),
                FieldPanel("host_names"),
                FieldPanel(
                    "story_fr",
                    heading=gettext_lazy("Who welcomes you"),
                    help_text=gettext_lazy("Two or three sentences about the hosts."),
                ),
                FieldPanel("portrait", help_text=gettext_lazy("Beside the sentences above.")),
                MultiFieldPanel(
                    [
                        FieldPanel("commune", help_text=gettext_lazy("Where its house is.")),
                        FieldPanel(
                            "address", help_text=gettext_lazy("Shown to those who have paid.")
                        ),
                        FieldRowPanel(
                            [
                                FieldPanel(
                                    "phone",
                                    help_text=gettext_lazy("Shown to those who have paid."),
                                ),
                                FieldPanel(
                                    "email",
                                    help_text=gettext_lazy("Receives the bookings, one by one."),
                                ),
                                FieldPanel(
                                    "language",
                                    help_text=gettext_lazy("Of the mails it receives."),
                                ),
                            ]
                        ),
                    ],
                    heading=gettext_lazy("How to reach it"),
                ),
            ],
            heading=gettext_lazy("The essentials"),
        ),
        ObjectList(
            [
                FieldPanel("legal_name", help_text=gettext_lazy("On receipts.")),
                FieldPanel("siret", help_text=gettext_lazy("14 digits; empty for a person.")),
                FieldPanel("is_professional"),
                FieldPanel("is_public_body"),
                FieldPanel(
                    "tax_mandate_signed_on",
                    help_text=gettext_lazy(
                        "With it, the platform collects the tourist tax for this professional."
                    ),
                ),
                FieldPanel(
                    "commission_percent",
                    help_text=gettext_lazy(
                        "Kept by the office from each sale; 0 for none. Once signed, it changes by "
                        "a new contract only."
                    ),
                ),
                FieldPanel(
                    "commission_proposed",
                    help_text=gettext_lazy(
                        "What the next contract says; it counts from its signature on."
                    ),
                ),
                FieldPanel("is_demo", help_text=gettext_lazy("Marks an invented provider.")),
            ],
            heading=gettext_lazy("Law and money"),
        ),
        ObjectList(
            [
                FieldPanel(
                    f"story_{language}",
                    help_text=gettext_lazy("Without it, visitors read the French one."),
                )
                for language in ("en", "de")
            ],
            heading="English, Deutsch",
        ),
    ],
    base_form_class=ProviderForm,
)


class ProviderIndexView(DeskIndexView):
    """The providers."""

    def get_base_queryset(self) -> QuerySet[Provider]:
        """Load communes, and count offers."""
        published = Count("offers", filter=Q(offers__state="published"))
        providers = Provider.objects.select_related("commune", "payout_account")
        return providers.annotate(published=published)

    def get_list_more_buttons(self, instance: Provider) -> list[Any]:
        """Add the account where the provider is paid; its page belongs to selling."""
        account = Button(
            _("Account to be paid"),
            url=reverse("desk_payouts:account", args=[instance.pk]),
            icon_name="order",
            priority=25,
        )
        # The same for its papers and for handing it over.
        review = Button(
            _("Papers and enrolment"),
            url=reverse("desk_enrolment:review", args=[instance.pk]),
            icon_name="check",
            priority=26,
        )
        invite = Button(
            _("Invite to this house"),
            url=reverse("desk_enrolment:invite", args=[instance.pk]),
            icon_name="mail",
            priority=27,
        )
        may_change = self.user_has_permission("change")
        found = list(super().get_list_more_buttons(instance))
        return [*found, account, review, invite] if may_change else found


def _account_state(provider: Provider) -> str:
    account = getattr(provider, "payout_account", None)
    return str(account.get_state_display() if account else PayoutAccount.State.MISSING.label)


class ProviderViewSet(DeskViewSet):
    """Those who sell through the platform."""

    model = Provider
    name = "desk_providers"
    url_prefix = "prestataires"
    icon = "user"
    menu_label = gettext_lazy("Providers")
    ordering = ("name",)
    index_view_class = ProviderIndexView
    edit_handler = PROVIDER
    list_filter = ("enrolment", "is_professional")
    search_fields = ("name", "legal_name", "host_names", "email", "siret", "commune__name")
    list_display = (
        "name",
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column("email", label=gettext_lazy("E-mail")),
        Column("phone", label=gettext_lazy("Phone")),
        Column("published", label=gettext_lazy("Offers published")),
        Column("account", label=gettext_lazy("Account to be paid"), accessor=_account_state),
        Column("enrolment", label=gettext_lazy("State"), accessor="get_enrolment_display"),
    )
    list_export = (
        "name",
        "legal_name",
        "siret",
        "is_professional",
        "tax_mandate_signed_on",
        "commune.name",
        "email",
        "phone",
        "commission_percent",
        "enrolment",
    )
    empty_text = gettext_lazy(
        "Hosts, guides, organisers and producers will appear here. A provider comes first: its "
        "offers are entered afterwards."
    )


class RoleForm(DeskForm):
    """A person and what they do for a provider; an address is enough."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail of the person"),
        help_text=gettext_lazy(
            "An unknown address gets an account; its owner signs in with a code sent by mail."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["email"].initial = self.instance.user.email
            self.fields["email"].disabled = True
            self.fields["provider"].disabled = True


ROLE = ObjectList(
    [
        FieldPanel(
            "provider",
            heading=gettext_lazy("Provider"),
            help_text=gettext_lazy("Whose bookings this person sees, and no other's."),
        ),
        FieldPanel("email"),
        FieldPanel("role", help_text=gettext_lazy("Both see the bookings.")),
    ],
    base_form_class=RoleForm,
)


class RoleCreateView(DeskCreateView):
    """Let a person see a provider's bookings."""

    def save_instance(self) -> ProviderRole:
        """Give the access; the account is made if need be."""
        data = self.form.cleaned_data
        return give_access(
            data["provider"],
            email=data["email"],
            role=data["role"],
            actor=Actor.person(self.request.user),
            now=timezone.now(),
        )


class RoleDeleteView(DeskDeleteView):
    """End a person's access."""

    def delete_action(self) -> None:
        """Write the journal with it."""
        take_access(self.object, actor=Actor.person(self.request.user), now=timezone.now())


class RoleIndexView(DeskIndexView):
    """The persons of providers."""

    page_title = gettext_lazy("Access of hosts")

    def get_base_queryset(self) -> QuerySet[ProviderRole]:
        """Load persons and providers."""
        return ProviderRole.objects.select_related("user", "provider")


class RoleViewSet(DeskViewSet):
    """Persons who see a provider's bookings under `/pro/`."""

    model = ProviderRole
    name = "desk_roles"
    url_prefix = "prestataires-personnes"
    icon = "group"
    menu_label = gettext_lazy("Access of hosts")
    ordering = ("provider__name", "pk")
    index_view_class = RoleIndexView
    add_view_class = RoleCreateView
    delete_view_class = RoleDeleteView
    edit_handler = ROLE
    search_fields = ("user__email", "provider__name")
    list_display = (
        Column("user", label=gettext_lazy("Person"), accessor="user.email"),
        Column("provider", label=gettext_lazy("Provider"), accessor="provider.name"),
        Column("role", label=gettext_lazy("Role"), accessor="get_role_display"),
    )
    empty_text = gettext_lazy(
        "Persons who may sign in and see the bookings of a provider will appear here."
    )


class ProviderGroup(ViewSetGroup):
    """« Prestataires »."""

    menu_label = gettext_lazy("Providers")
    menu_icon = "user"
    menu_order = 220
    items = (ProviderViewSet, RoleViewSet)
