"""The pages that the office writes: what each type is, and what it lacks before it is published.

A page is text and criteria. What is free, sold or on is found when it is read, by the tags of the
floors above (architecture.md §2). One page a language, side by side (wagtail-localize).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField

from destination.blocks import DRAWINGS, Body, communes, poles
from destination.models.pictures import Picture
from destination.models.territory import Commune, Pole, pole_by_commune
from destination.page_cards import child_cards
from destination.panels import LacksPanel
from destination.placing import CopyPageForm, misplaced
from destination.publication import blocking, structs_of
from destination.renditions import prefetch
from destination.seasons import SUMMER, WINTER, season_of
from destination.shown_poles import pole_cards, pole_context
from oti.lib.dates import today as day_of

# First segments below the language that belong to the machine (core.md 19), in every language.
RESERVED = frozenset(
    [
        *("dormir", "stay", "vivre", "experience", "agenda", "whats-on", "mon-sejour", "my-stay"),
        *("reserver", "book", "voyage", "trip", "retrouver", "find", "sejours", "ready-stays"),
        *("composer", "compose", "carte", "map", "compte", "account", "pro", "espace", "gestion"),
        *("api", "sante", "health", "recherche", "search", "sejour", "classement-des-offres"),
        *(
            "mentions-legales",
            "conditions-de-vente",
            "vie-privee",
            "privacy",
            "datenschutz",
            "accessibilite",
        ),
        *("formulaire-forfait", "schema-accessibilite", "plan-du-site", "site-map"),
        *("ranking", "classement", "uebernachten", "erleben", "aufenthalte", "zusammenstellen"),
        *("mein-aufenthalt", "karte", "reihenfolge", "buchen", "reise", "buchung-finden", "konto"),
        *("veranstaltungen", "suche", "uebersicht", "proposer", "host", "gastgeber", "widget"),
        *("demande", "request", "anfrage", "lettre", "letter", "brief", "desabonnement"),
        *("habitants", "meet", "treffen", "rencontre", "meeting", "begegnung"),
        *("avis", "reviews", "bewertungen", "chez", "friends-of", "freunde-von"),
        *("ambassadors", "botschafter"),
        *("cadeau", "gift", "geschenk"),
        *("avis", "reviews", "bewertungen", "hors-saison", "quiet-offers", "nebensaison"),
    ]
)
# Below the root and the home.
DEPTH_BELOW_HOME = 3
# Kinds of previews that every page has beside its plain one.
PREVIEWS: list[tuple[str, Promise]] = [
    (SUMMER, _("in summer")),
    (WINTER, _("in winter")),
    ("empty", _("when nothing is found")),
]


class BodyField(StreamField):  # type: ignore[misc]
    """The body of a page; its blocks are no business of the database, nor of its migrations."""

    def __init__(self, block_types: Any = None, **options: Any) -> None:
        options.pop("block_lookup", None)
        super().__init__(block_types or Body(), **options)

    def deconstruct(self) -> Any:
        """Leave the blocks out: they change often and the column never does."""
        name, path, _args, options = super().deconstruct()
        options.pop("block_lookup", None)
        return name, path, [], options


def refuse_reserved(slug: str) -> None:
    """Raise ValidationError for the address of a page right below the home that isn't free."""
    if slug in RESERVED:
        message = _("The site needs this address for itself: choose another one.")
        raise ValidationError({"slug": message})


def pole_of(commune_id: int | None) -> Pole | None:
    """Return the pole of a commune today, None beside the perimeter."""
    return pole_by_commune(day_of(timezone.now())).get(commune_id) if commune_id else None


def address_below(home: Page, page: Page, code: str) -> str:
    """Return the address of a page of a language, whose home is known; without a statement."""
    with override(code):
        return reverse("wagtail_serve", args=[page.url_path.removeprefix(home.url_path)])


class PageForm(WagtailAdminPageForm):  # type: ignore[misc]
    """The editor's form of every page."""

    def clean(self) -> dict[str, Any]:
        """Say beside the address that the site needs it."""
        cleaned: dict[str, Any] = super().clean()
        if isinstance(self.parent_page.specific, HomePage) and "slug" in cleaned:
            try:
                refuse_reserved(cleaned["slug"])
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned

    def _post_clean(self) -> None:
        """Say beside its field what the page lacks, once it is to be published or reviewed."""
        super()._post_clean()
        is_approved = self.data.get("workflow-action-name") == "approve"
        if not is_approved and not {"action-publish", "action-submit"} & set(self.data):
            return
        for lack in blocking(self.instance, today=day_of(timezone.now())):
            self.add_error(lack.field if lack.field in self.fields else None, lack.words)


class PolePageForm(PageForm):
    """A pole is chosen among those of the perimeters."""

    pole_slug = forms.ChoiceField(label=_("pole"), choices=poles)


class CommunePageForm(PageForm):
    """A commune is chosen by its name."""

    insee = forms.ChoiceField(label=_("commune"), choices=communes)


class VelayPage(Page):
    """What every page of the destination has: an introduction, a picture and its body."""

    introduction = models.CharField(
        _("introduction"),
        max_length=300,
        blank=True,
        help_text=_("One or two sentences: below the title, and on the cards that lead here."),
    )
    image = models.ForeignKey(
        Picture,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("photograph"),
        help_text=_("Landscape format, at least 1600 pixels wide."),
    )
    drawing = models.CharField(
        _("drawing"),
        max_length=20,
        choices=DRAWINGS,
        default="rando",
        help_text=_("Shown where there is no photograph, or when its rights have ended."),
    )
    body = BodyField(blank=True, verbose_name=_("page"))

    base_form_class = PageForm
    copy_form_class = CopyPageForm
    template = "destination/page.html"
    # What is shown with a page wherever it stands alone: read in the same statement.
    read_with: ClassVar[tuple[str, ...]] = ("image",)
    subpage_types: ClassVar[list[str]] = []
    # A public site: what isn't to be read yet is a draft.
    private_page_options: ClassVar[list[str]] = []
    search_fields: ClassVar[list[Any]] = [
        *Page.search_fields,
        index.SearchField("introduction", boost=2),
        index.SearchField("body"),
    ]
    content_panels: ClassVar[list[Any]] = [
        LacksPanel(),
        *Page.content_panels,
        FieldPanel("introduction"),
        FieldRowPanel([FieldPanel("image"), FieldPanel("drawing")]),
        FieldPanel("body"),
    ]
    override_translatable_fields: ClassVar[list[Any]] = [SynchronizedField("drawing")]

    class Meta:
        abstract = True

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """Add the seasons and an empty destination to what an editor may look at."""
        return [*super().preview_modes, *PREVIEWS]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show the page as it would be in a season, or on a day when nothing is found."""
        request.preview_mode = mode_name  # type: ignore[attr-defined]
        return super().serve_preview(request, "")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, and tell the frame which page it is: it names the other languages."""
        request.cms_page = self  # type: ignore[attr-defined]
        answer: HttpResponse = super().serve(request, *args, **kwargs)
        return answer

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the season, where the page stands, and what its live blocks are about."""
        mode = getattr(request, "preview_mode", "")
        prefetch([self.shown_image, *(one["image"] for one in structs_of(self.body, "image"))])
        season = mode if mode in {SUMMER, WINTER} else season_of(day_of(timezone.now()))
        return {
            **super().get_context(request, *args, **kwargs),
            "season": season,
            "finds_nothing": mode == "empty",
            "crumbs": self.crumbs,
            "share": {"title": self.title, "text": self.introduction, "drawing": self.drawing},
        }

    @cached_property
    def lineage(self) -> tuple[Page, ...]:
        """Return the published pages above this one, the highest first, and itself; among them
        may be translations, where whoever found the page read them with it.
        """
        return tuple(self.get_ancestors(inclusive=True).live().filter(depth__gt=1))

    @cached_property
    def crumbs(self) -> list[tuple[str, str | None]]:
        """Return the way from the home to this page, which has no address of its own there."""
        above = [
            one for one in self.lineage if one.pk != self.pk and self.path.startswith(one.path)
        ]
        # Of a page that is looked at before it is published, the home may be a draft.
        home = next((one for one in above if one.depth == DEPTH_BELOW_HOME - 1), None)
        if home is None:
            return [(self.title, None)]
        code = self.locale.language_code
        return [
            *((one.title, address_below(home, one, code)) for one in above),
            (self.title, None),
        ]

    @cached_property
    def shown_image(self) -> Picture | None:
        """Return the photograph as long as its rights hold."""
        image = self.image
        if image is None or not image.may_be_shown_on(day_of(timezone.now())):
            return None
        return image

    def clean(self) -> None:
        """Refuse an address that the site needs for itself, and a place in another language; a page
        not yet placed asks its form.
        """
        super().clean()
        if self.depth == DEPTH_BELOW_HOME:
            refuse_reserved(self.slug)
        if self.depth and self.depth >= DEPTH_BELOW_HOME:
            words = misplaced(self, self.get_parent())
            if words:
                raise ValidationError(words, code="other_language")


class HomePage(VelayPage):
    """The home of a language."""

    summer_title = models.CharField(
        _("title in summer"),
        max_length=80,
        blank=True,
        help_text=_("Two short sentences. Empty: those of the brand."),
    )
    winter_title = models.CharField(_("title in winter"), max_length=80, blank=True)

    template = "destination/home.html"
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    subpage_types: ClassVar[list[str]] = [
        "destination.SectionPage",
        "destination.ThemePage",
        "destination.PersonaPage",
        "destination.PracticalPage",
    ]
    content_panels: ClassVar[list[Any]] = [
        LacksPanel(),
        *Page.content_panels,
        FieldPanel("introduction"),
        FieldRowPanel([FieldPanel("summer_title"), FieldPanel("winter_title")]),
        FieldPanel("body"),
    ]

    class Meta:
        verbose_name = _("home")
        verbose_name_plural = _("homes")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the poles."""
        context = super().get_context(request, *args, **kwargs)
        return {**context, "poles": pole_cards(day_of(timezone.now()), context["season"])}


class SectionPage(VelayPage):
    """A part of the site: Explore, the journal, know-how, the press."""

    parent_page_types: ClassVar[list[str]] = ["destination.HomePage", "destination.SectionPage"]
    subpage_types: ClassVar[list[str]] = [
        "destination.SectionPage",
        "destination.PolePage",
        "destination.ThemePage",
        "destination.PersonaPage",
        "destination.ItineraryPage",
        "destination.ArticlePage",
        "destination.PracticalPage",
    ]
    template = "destination/section.html"

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the cards of the pages below."""
        context = super().get_context(request, *args, **kwargs)
        cards = [] if context["finds_nothing"] else child_cards(self)
        ways_on = [
            {"label": _("Things to do"), "url": reverse("booking:experiences")},
            {"label": _("Where to stay"), "url": reverse("booking:stays")},
        ]
        has_poles = any(card.hero for card in cards)
        return {**context, "cards": cards, "has_poles": has_poles, "ways_on": ways_on}


class PolePage(VelayPage):
    """A pole of the destination; its address is the pole's own."""

    pole_slug = models.CharField(_("pole"), max_length=50)

    base_form_class = PolePageForm
    template = "destination/pole.html"
    parent_page_types: ClassVar[list[str]] = ["destination.SectionPage"]
    subpage_types: ClassVar[list[str]] = [
        "destination.CommunePage",
        "destination.PlacePage",
        "destination.ItineraryPage",
        "destination.ArticlePage",
    ]
    override_translatable_fields: ClassVar[list[Any]] = [
        *VelayPage.override_translatable_fields,
        SynchronizedField("pole_slug"),
    ]

    content_panels: ClassVar[list[Any]] = [
        LacksPanel(),
        *Page.content_panels,
        FieldPanel("pole_slug", help_text=_("Its address is the pole’s own.")),
        FieldPanel("introduction"),
        FieldRowPanel([FieldPanel("image"), FieldPanel("drawing")]),
        FieldPanel("body"),
    ]

    class Meta:
        verbose_name = _("pole")
        verbose_name_plural = _("poles")

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Take the address of the pole."""
        self.slug = self.pole_slug
        super().full_clean(*args, **kwargs)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add what the pole is on this day: its name, its colour, its sites, its lists."""
        context = super().get_context(request, *args, **kwargs)
        said = {block.block_type for block in self.body}
        shown = pole_context(self.pole_slug, today=day_of(timezone.now()))
        return {**context, **shown, "said": said}


class CommunePage(VelayPage):
    """A commune."""

    insee = models.CharField(_("commune"), max_length=5)

    base_form_class = CommunePageForm
    template = "destination/commune.html"
    content_panels: ClassVar[list[Any]] = [
        LacksPanel(),
        *Page.content_panels,
        FieldPanel("insee"),
        FieldPanel("introduction"),
        FieldRowPanel([FieldPanel("image"), FieldPanel("drawing")]),
        FieldPanel("body"),
    ]
    parent_page_types: ClassVar[list[str]] = ["destination.PolePage"]
    override_translatable_fields: ClassVar[list[Any]] = [
        *VelayPage.override_translatable_fields,
        SynchronizedField("insee"),
    ]

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the commune, none if it left the list, and its pole."""
        context = super().get_context(request, *args, **kwargs)
        commune = Commune.objects.filter(insee=self.insee).first()
        return {**context, "commune": commune, "pole": pole_of(commune and commune.pk)}


class PlacePage(VelayPage):
    """A site worth the journey; a locomotive draws people from afar (N19)."""

    class Scope(models.TextChoices):
        LOCAL = "local", _("local")
        REGIONAL = "regional", _("regional")
        NATIONAL = "national", _("national")
        INTERNATIONAL = "international", _("international")

    class Season(models.TextChoices):
        ALL = "all", _("the whole year")
        SUMMER = "summer", _("summer")
        WINTER = "winter", _("winter")

    site = models.ForeignKey(
        "destination.Site",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("site"),
        help_text=_("Where it is; without it the page has no map."),
    )
    is_locomotive = models.BooleanField(
        _("locomotive"),
        default=False,
        help_text=_("One of those for which people come: it stands first on cards and personas."),
    )
    scope = models.CharField(
        _("known"),
        max_length=15,
        choices=Scope.choices,
        default=Scope.REGIONAL,
        help_text=_(
            "How far it is known decides its languages: an international one is published once "
            "English and one more language are ready."
        ),
    )
    season = models.CharField(
        _("highlighted in"), max_length=10, choices=Season.choices, default=Season.ALL
    )

    template = "destination/place.html"
    read_with: ClassVar[tuple[str, ...]] = ("image", "site__commune")
    parent_page_types: ClassVar[list[str]] = ["destination.PolePage"]
    content_panels: ClassVar[list[Any]] = [
        *VelayPage.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("site"),
                FieldPanel("is_locomotive"),
                FieldRowPanel([FieldPanel("scope"), FieldPanel("season")]),
            ],
            heading=_("Place"),
        ),
    ]
    override_translatable_fields: ClassVar[list[Any]] = [
        *VelayPage.override_translatable_fields,
        SynchronizedField("site"),
        SynchronizedField("is_locomotive"),
        SynchronizedField("scope"),
        SynchronizedField("season"),
    ]

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the pole in which it is, None beside the perimeter."""
        context = super().get_context(request, *args, **kwargs)
        return {**context, "pole": pole_of(self.site and self.site.commune_id)}


class ThemePage(VelayPage):
    """A way to live the Velay: well-being, know-how, wide spaces, night…"""

    template = "destination/page.html"
    parent_page_types: ClassVar[list[str]] = ["destination.HomePage", "destination.SectionPage"]
    subpage_types: ClassVar[list[str]] = ["destination.ArticlePage"]

    class Meta:
        verbose_name = _("theme")
        verbose_name_plural = _("themes")


class PersonaPage(VelayPage):
    """The way in of a clientele: what to show them first, and why (N20)."""

    template = "destination/page.html"
    parent_page_types: ClassVar[list[str]] = ["destination.HomePage", "destination.SectionPage"]

    class Meta:
        verbose_name = _("way in for a clientele")
        verbose_name_plural = _("ways in for clienteles")


class ItineraryPage(VelayPage):
    """A walk or a tour of several days."""

    kilometres = models.DecimalField(
        _("kilometres"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    start = models.CharField(_("from"), max_length=80, blank=True)
    finish = models.CharField(_("to"), max_length=80, blank=True)

    template = "destination/itinerary.html"
    parent_page_types: ClassVar[list[str]] = ["destination.SectionPage", "destination.PolePage"]
    content_panels: ClassVar[list[Any]] = [
        *VelayPage.content_panels,
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("start"), FieldPanel("finish")]),
                FieldPanel("kilometres"),
            ],
            heading=_("Itinerary"),
        ),
    ]
    override_translatable_fields: ClassVar[list[Any]] = [
        *VelayPage.override_translatable_fields,
        SynchronizedField("kilometres"),
        SynchronizedField("start"),
        SynchronizedField("finish"),
    ]

    class Meta:
        verbose_name = _("itinerary")
        verbose_name_plural = _("itineraries")

    @property
    def days_count(self) -> int:
        """Return how many days the itinerary has."""
        return sum(len(one.value["days"]) for one in self.body if one.block_type == "days")


class ArticlePage(VelayPage):
    """A story of the journal."""

    date = models.DateField(_("date"), null=True, blank=True)
    author = models.CharField(_("author"), max_length=80, blank=True)

    template = "destination/article.html"
    parent_page_types: ClassVar[list[str]] = [
        "destination.SectionPage",
        "destination.PolePage",
        "destination.ThemePage",
    ]
    content_panels: ClassVar[list[Any]] = [
        *VelayPage.content_panels,
        FieldRowPanel([FieldPanel("date"), FieldPanel("author")]),
    ]
    override_translatable_fields: ClassVar[list[Any]] = [
        *VelayPage.override_translatable_fields,
        SynchronizedField("date"),
        SynchronizedField("author"),
    ]

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")


class PracticalPage(VelayPage):
    """Hours, ways to come, the press, professionals: what one looks up."""

    template = "destination/page.html"
    parent_page_types: ClassVar[list[str]] = ["destination.HomePage", "destination.SectionPage"]

    class Meta:
        verbose_name = _("practical page")
        verbose_name_plural = _("practical pages")
