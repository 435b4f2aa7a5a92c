"""The desk's pages of ready-made stays: what is proposed, day by day, and what it still lacks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column

from booking.desk.forms import DRAWINGS
from booking.desk.rows import UnsortedRows, rows_of
from booking.models import Offer, ReadyStay, ReadyStep
from booking.ready_faults import check_ready_stay, faults_of
from booking.ready_stays import Recipe, recipe_of
from booking.refusals import Trouble
from destination.desk import (
    AddressField,
    DeskCreateView,
    DeskEditView,
    DeskForm,
    DeskIndexView,
    DeskViewSet,
    Rows,
    in_languages,
)
from destination.models.territory import pole_by_commune
from oti.lib.dates import today as day_of

MONTH_CHOICES = list(MONTHS.items())


class _Plain:
    """Writes a list of hundreds of offers at once: as templates, each would cost its time."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Write the list with what is chosen."""
        chosen = {str(one) for one in (value if isinstance(value, list | tuple) else [value])}
        choices = list(self.choices)  # type: ignore[attr-defined]
        if isinstance(self, OfferSelectMultiple):
            # What is chosen would be lost among hundreds.
            choices.sort(key=lambda one: str(one[0]) not in chosen)
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})  # type: ignore[attr-defined]
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (pk, mark_safe(" selected") if str(pk) in chosen else "", label)
                for pk, label in choices
            ),
        )
        written = mark_safe(
            " ".join(
                f'{key}="{conditional_escape(one)}"' if one is not True else key
                for key, one in attributes.items()
                if one is not False and one is not None
            )
        )
        many = mark_safe(" multiple") if isinstance(self, OfferSelectMultiple) else ""
        return mark_safe(f"<select {written}{many}>{options}</select>")


class OfferSelect(_Plain, forms.Select):
    """One offer."""


class OfferSelectMultiple(_Plain, forms.SelectMultiple):
    """Several offers."""


def offer_choices() -> list[tuple[int, str]]:
    """Return every offer that isn't archived by its title, with its kind and its commune."""
    offers = Offer.objects.exclude(state=Offer.State.ARCHIVED).select_related("commune")
    return [
        (one.pk, f"{one.title} ({one.get_kind_display()}, {one.commune.name})")
        for one in offers.order_by("title_fr", "pk")
    ]


class ReadyStepRow(DeskForm):
    """A step: which offers, on which day, within which hours, for whom."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Filled by the form of the stay, once for all its steps.
        self.fields["offer"].widget = OfferSelect(choices=())
        self.fields["others"].widget = OfferSelectMultiple(attrs={"size": 6}, choices=())
        self.fields["offer"].required = True

    def offer_among(self, choices: list[tuple[int, str]]) -> None:
        """Offer these, and what was chosen before though it is archived now."""
        known = {pk for pk, _label in choices}
        first = self.instance.offer if self.instance.offer_id else None
        more = [(first.pk, first.title)] if first is not None and first.pk not in known else []
        self.fields["offer"].widget.choices = [("", "—"), *choices, *more]
        self.fields["others"].widget.choices = choices


class StepRows(UnsortedRows):
    """The steps of a stay; the list of offers is read once."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Give a step the offers that it may choose."""
        super().add_fields(form, index)
        if not hasattr(self, "_choices"):
            self._choices = offer_choices()
        form.offer_among(self._choices)


class ReadyStayForm(DeskForm):
    """A stay as the office writes it; published, it must be possible as it is written."""

    french = ("title", "summary")

    slug = AddressField(max_length=90, label=gettext_lazy("Address of the page"))
    themes = forms.MultipleChoiceField(
        choices=ReadyStay.Theme.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Themes"),
    )
    illustration = forms.ChoiceField(
        choices=DRAWINGS, label=gettext_lazy("Drawing shown without photograph")
    )
    season_from_month = forms.TypedChoiceField(
        choices=[("", gettext_lazy("all year round")), *MONTH_CHOICES],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Proposed from month"),
    )
    season_to_month = forms.TypedChoiceField(
        choices=[("", "—"), *MONTH_CHOICES],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Proposed up to month"),
    )
    # What a draft lacks, told once it is saved.
    remarks: tuple[Trouble, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].error_messages["unique"] = _(
            "Another stay has this address: choose another one."
        )

    def clean(self) -> dict[str, Any]:
        """Check what concerns several fields; a stay to be published, its steps too."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("season_from_month"), data.get("season_to_month")
        if (first is None) != (last is None):
            self.add_error("season_to_month", _("Give both months, or none."))
        least, most = data.get("min_party"), data.get("max_party")
        if least is not None and most is not None and most < least:
            self.add_error("max_party", _("At least as many persons as the smallest party."))
        nights = data.get("nights")
        if nights is None or "nights" in self.errors:
            return data
        troubles = self._troubles(nights)
        if data.get("state") == ReadyStay.State.PUBLISHED:
            for message in dict.fromkeys(one.message for one in troubles):
                self.add_error("state", message)
        else:
            self.remarks = tuple(troubles)
        return data

    def _troubles(self, nights: int) -> list[Trouble]:
        today = day_of(timezone.now())
        recipes: list[Recipe] = []
        offers: dict[int, Offer] = {}
        for row in rows_of(self, "steps"):
            data = row.cleaned_data
            if not data.get("day"):
                continue
            first = data.get("offer")
            others = list(data.get("others") or [])
            step = ReadyStep(
                day=data["day"],
                offer=first,
                starts_from=data.get("starts_from"),
                starts_until=data.get("starts_until"),
                choose=data.get("choose") or 1,
                lasts=data.get("lasts"),
                who=data.get("who") or ReadyStep.Who.EVERYBODY,
                is_optional=bool(data.get("is_optional")),
            )
            offers |= {one.pk: one for one in [first, *others] if one is not None}
            recipes.append(recipe_of(step, [one.pk for one in others], today=today))
        return check_ready_stay(nights, recipes, offers, frozenset(pole_by_commune(today)))


class TellsWhatLacks:
    """After a draft was saved, says what keeps it from being published."""

    def form_valid(self, form: ReadyStayForm) -> HttpResponse:
        """Save, then tell."""
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        lacks = list(dict.fromkeys(one.message for one in form.remarks))
        if lacks:
            text = _("Before it can be published: %(lacks)s") % {"lacks": " ".join(lacks)}
            messages.warning(self.request, text)  # type: ignore[attr-defined]
        return response


class ReadyStayCreateView(TellsWhatLacks, DeskCreateView):
    """Write a stay."""


class ReadyStayEditView(TellsWhatLacks, DeskEditView):
    """Change a stay."""


class ReadyStayIndexView(DeskIndexView):
    """The stays, each with what it lacks now: an offer may have been paused since."""

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Look at every stay of the page at once."""
        context = super().get_context_data(*args, **kwargs)
        stays = list(context["object_list"])
        faults = faults_of(stays, now=timezone.now()) if stays else {}
        for stay in context["object_list"]:
            stay.faults = faults.get(stay.pk, [])
        return context


class FaultsColumn(Column):
    """Whether visitors see it, and what is wrong with it."""

    def get_value(self, instance: Any) -> str:
        """Return the state in words, then the first thing to mend."""
        words = capfirst(instance.get_state_display())
        faults = getattr(instance, "faults", [])
        return f"{words}. {faults[0].message}" if faults else words


def _texts(language: str, heading: str) -> ObjectList:
    fallback = gettext_lazy("Without it, visitors read the French one.")
    names = ("title", "summary", "description", "included", "excluded")
    return ObjectList(
        [FieldPanel(f"{name}_{language}", help_text=fallback) for name in names], heading=heading
    )


_STEPS = Rows(
    "steps",
    row_form=ReadyStepRow,
    formset=StepRows,
    heading=gettext_lazy("Day by day"),
    label=pgettext_lazy("ready-made stay", "step"),
    help_text=gettext_lazy(
        "Each step is an offer on a day of the stay. Hours and prices are those of the offer; "
        "what can't be had on a visitor's dates is replaced by one of the other choices."
    ),
    panels=[
        FieldRowPanel(
            [
                FieldPanel("day", help_text=gettext_lazy("1 is the day of arrival.")),
                FieldPanel(
                    "lasts",
                    help_text=gettext_lazy(
                        "For a bed: empty, until the departure. For something lent: its days."
                    ),
                ),
            ]
        ),
        FieldPanel("offer", help_text=gettext_lazy("What is proposed first.")),
        FieldPanel(
            "others",
            help_text=gettext_lazy(
                "What may take its place: full, out of its season, not for these ages. Visitors "
                "may choose it too. Equal ones are proposed in turn. Keep Ctrl pressed to choose "
                "several."
            ),
        ),
        FieldRowPanel(
            [
                FieldPanel("starts_from", help_text=gettext_lazy("Empty: at any hour.")),
                FieldPanel("starts_until", help_text=gettext_lazy("Empty: at any hour.")),
            ]
        ),
        FieldRowPanel(
            [
                FieldPanel(
                    "who",
                    help_text=gettext_lazy(
                        "« One for the whole stay » is for what is bought by the piece."
                    ),
                ),
                FieldPanel(
                    "choose", help_text=gettext_lazy("2 for « two of these »: both on that day.")
                ),
            ]
        ),
        FieldPanel(
            "is_optional",
            help_text=gettext_lazy("Ticked, visitors add it themselves; it isn't in the price."),
        ),
        in_languages("note", gettext_lazy("Why it is there, in one sentence.")),
    ],
)

_READY_STAY = TabbedInterface(
    [
        ObjectList(
            [
                FieldPanel(
                    "state",
                    help_text=gettext_lazy(
                        "Published, it stands in the list of ready-made stays. It is refused "
                        "while a night has no bed or an offer isn't published."
                    ),
                ),
                TitleFieldPanel(
                    "title_fr",
                    heading=gettext_lazy("Title"),
                    placeholder=False,
                    classname="",
                    help_text=gettext_lazy("What one will remember of it: short."),
                ),
                FieldPanel(
                    "slug",
                    help_text=gettext_lazy(
                        "End of the page's address, made from the title. Don't change it later."
                    ),
                ),
                FieldPanel(
                    "summary_fr",
                    heading=gettext_lazy("In one or two sentences"),
                    help_text=gettext_lazy("Shown in the list and under the title."),
                ),
                FieldPanel(
                    "description_fr",
                    heading=gettext_lazy("Description"),
                    help_text=gettext_lazy(
                        "What one lives, and for a stay of learning: what one learns, at which "
                        "level, with whom. An empty line begins a paragraph."
                    ),
                ),
                FieldPanel(
                    "included_fr",
                    heading=gettext_lazy("What it includes"),
                    help_text=gettext_lazy("One thing a line."),
                ),
                FieldPanel(
                    "excluded_fr",
                    heading=gettext_lazy("What it doesn't include"),
                    help_text=gettext_lazy("One thing a line: the journey, other meals."),
                ),
                FieldPanel("themes", help_text=gettext_lazy("Visitors filter by these.")),
                MultiFieldPanel(
                    [
                        FieldPanel(
                            "nights", help_text=gettext_lazy("The departure is the day after.")
                        ),
                        FieldRowPanel(
                            [
                                FieldPanel(
                                    "season_from_month",
                                    help_text=gettext_lazy("Month of the first arrival."),
                                ),
                                FieldPanel(
                                    "season_to_month",
                                    help_text=gettext_lazy(
                                        "Month of the last one; it may go over New Year."
                                    ),
                                ),
                            ]
                        ),
                        FieldRowPanel(
                            [
                                FieldPanel(
                                    "min_party", help_text=gettext_lazy("Children included.")
                                ),
                                FieldPanel(
                                    "max_party",
                                    help_text=gettext_lazy("As many as its beds can take."),
                                ),
                            ]
                        ),
                    ],
                    heading=gettext_lazy("When and for whom"),
                ),
                FieldPanel(
                    "position", help_text=gettext_lazy("Its place in the list: 1 is the first one.")
                ),
            ],
            heading=gettext_lazy("The stay"),
        ),
        ObjectList([_STEPS], heading=gettext_lazy("Day by day")),
        ObjectList(
            [
                FieldPanel(
                    "photo",
                    help_text=gettext_lazy("Landscape format, at least 1200 pixels wide."),
                ),
                FieldPanel(
                    "illustration",
                    help_text=gettext_lazy("Used as long as there is no photograph."),
                ),
            ],
            heading=gettext_lazy("Photograph"),
        ),
        _texts("en", "English"),
        _texts("de", "Deutsch"),
    ],
    base_form_class=ReadyStayForm,
)


class ReadyStayViewSet(DeskViewSet):
    """Stays that the office writes on what is sold."""

    model = ReadyStay
    name = "desk_ready_stays"
    url_prefix = "sejours"
    icon = "clipboard-list"
    menu_label = gettext_lazy("Ready-made stays")
    ordering = ("position", "pk")
    add_to_reference_index = True
    index_view_class = ReadyStayIndexView
    add_view_class = ReadyStayCreateView
    edit_view_class = ReadyStayEditView
    edit_handler = _READY_STAY
    search_fields = ("title_fr", "title_en", "slug")
    list_display = (
        "title",
        Column("nights", label=gettext_lazy("Nights"), sort_key="nights"),
        Column("position", label=gettext_lazy("Place in the list"), sort_key="position"),
        FaultsColumn("faults", label=gettext_lazy("State")),
    )
    empty_text = gettext_lazy(
        "Ready-made stays will appear here: a bed and things to do, day by day, on the offers of "
        "the desk. Visitors adopt them with their dates. Publish some offers first."
    )
