"""Those who sell through the platform: hosts, guides, organisers, producers."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from destination.models import Commune
from members.rules import enrolment


class Provider(index.Indexed, models.Model):
    """An independent provider; each sees its own bookings and nobody else's."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")

    class Enrolment(models.TextChoices):
        """Where its enrolment stands; `state` follows it and is what selling asks."""

        DRAFT = enrolment.DRAFT, _("being prepared")
        SUBMITTED = enrolment.SUBMITTED, _("to be read by the office")
        TO_FIX = enrolment.TO_FIX, _("to put right")
        APPROVED = enrolment.APPROVED, _("approved")
        SUSPENDED = enrolment.SUSPENDED, _("suspended")

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name shown to visitors"), max_length=120)
    host_names = models.CharField(
        _("first names of the hosts"),
        max_length=80,
        blank=True,
        help_text=_("As visitors read them: « Anne et Joël »."),
    )
    story = models.TextField(_("who welcomes you"), blank=True)
    portrait = models.CharField(_("portrait drawing"), max_length=40, blank=True)
    legal_name = models.CharField(_("legal name"), max_length=160, blank=True)
    siret = models.CharField(
        _("SIRET"),
        max_length=14,
        blank=True,
        validators=[RegexValidator(r"^\d{14}$", _("A SIRET has 14 digits, without spaces."))],
    )
    is_professional = models.BooleanField(
        _("professional"),
        default=True,
        help_text=_(
            "For a private person the platform must collect the tourist tax; "
            "for a professional it does so only with a signed mandate."
        ),
    )
    is_public_body = models.BooleanField(
        _("public body"),
        default=False,
        db_default=False,
        help_text=_("A commune, a museum of the State: the tax office isn't told what it sells."),
    )
    tax_mandate_signed_on = models.DateField(
        _("mandate to collect the tourist tax, signed on"), null=True, blank=True
    )
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="providers", verbose_name=_("commune")
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"))
    language = models.CharField(
        _("language of its mails"), max_length=5, default="fr", choices=[("fr", "fr"), ("en", "en")]
    )
    commission_percent = models.DecimalField(
        _("commission in percent"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    # A rate counts once the contract that says it is signed (features.md H05).
    commission_proposed = models.DecimalField(
        _("new commission proposed, in percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    enrolment = models.CharField(
        _("enrolment"), max_length=12, choices=Enrolment.choices, default=Enrolment.APPROVED
    )
    submitted_at = models.DateTimeField(_("sent to the office"), null=True, blank=True)
    # What the office said at the last move, as the host reads it.
    office_note = models.TextField(_("word of the office"), blank=True)
    activities = ArrayField(
        models.CharField(max_length=12), verbose_name=_("what it offers"), default=list, blank=True
    )
    is_demo = models.BooleanField(_("demonstration"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="active") | models.Q(enrolment="approved"),
                name="provider_sells_once_approved",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def commission_to_sign(self) -> Decimal:
        """Return the rate that its next contract says: the one proposed, else the one in force."""
        if self.commission_proposed is None:
            return self.commission_percent
        return self.commission_proposed

    @property
    def collects_tax_online(self) -> bool:
        """Whether the platform collects the tourist tax for this host (domain.md §1.2)."""
        return not self.is_professional or self.tax_mandate_signed_on is not None


class ProviderRole(models.Model):
    """What a person may do for a provider; one person may serve several."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        STAFF = "staff", _("staff")

    user = models.ForeignKey("members.User", on_delete=models.CASCADE, related_name="roles")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.OWNER)

    class Meta:
        verbose_name = _("person of a provider")
        verbose_name_plural = _("persons of providers")
        constraints = [
            models.UniqueConstraint(fields=["user", "provider"], name="one_role_per_provider")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.provider}"


class PayoutAccount(models.Model):
    """A provider's account at the bank: it is paid there once its papers are accepted.

    `reason` is the bank's own word for an account that may not receive.
    """

    class State(models.TextChoices):
        MISSING = "missing", _("none yet")
        STARTED = "started", _("papers to be given")
        ACTIVE = "active", _("may be paid")
        RESTRICTED = "restricted", _("blocked by the bank")

    provider = models.OneToOneField(
        Provider, on_delete=models.PROTECT, related_name="payout_account"
    )
    state = models.CharField(
        _("account at the bank"), max_length=12, choices=State.choices, default=State.MISSING
    )
    account_id = models.CharField(_("reference at the bank"), max_length=120, blank=True)
    reason = models.CharField(_("the bank says"), max_length=80, blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("account to be paid")
        verbose_name_plural = _("accounts to be paid")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="missing", account_id="")
                | ~models.Q(state="missing") & ~models.Q(account_id=""),
                name="payout_account_is_known_or_missing",
            ),
            models.UniqueConstraint(
                fields=["account_id"],
                condition=~models.Q(account_id=""),
                name="one_provider_per_payout_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.get_state_display()}"
