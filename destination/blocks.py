"""What an editor composes a page from.

A live block stores criteria (pole, kind, when, how many), never what it finds: its template asks
the tags of the floor that knows.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

from destination.page_cards import cards_of

RICH = ["h3", "h4", "bold", "italic", "ol", "ul", "link", "document-link"]
MOST_CARDS = 8

# The drawings of the brand, by the name of their file in static/img/cards.
DRAWINGS: list[tuple[str, Promise]] = [
    ("baignade", _("Swimming")),
    ("camping", _("Camping")),
    ("cathedrale", _("Cathedral")),
    ("chambre", _("Bedroom")),
    ("concert", _("Concert")),
    ("cuisine", _("Cooking")),
    ("dentelle", _("Lace")),
    ("enfants", _("Children")),
    ("gite", _("Gîte")),
    ("greeter", _("Greeter")),
    ("hotes", _("Hosts")),
    ("lentilles", _("Lentils")),
    ("marche", _("Market")),
    ("rando", _("Walk")),
    ("raquettes", _("Snowshoes")),
    ("train", _("Train")),
    ("yourte", _("Yurt")),
]
ICONS: list[tuple[str, Promise]] = [
    ("map-pin", _("Place")),
    ("mountain", _("Mountain")),
    ("trees", _("Forest")),
    ("waves", _("Water")),
    ("sun", _("Sun")),
    ("snowflake", _("Snow")),
    ("moon", _("Night")),
    ("landmark", _("Monument")),
    ("music", _("Music")),
    ("utensils", _("Table")),
    ("leaf", _("Nature")),
    ("users", _("Family")),
    ("heart", _("Well-being")),
    ("footprints", _("On foot")),
    ("train-front", _("Train")),
    ("sparkles", _("Know-how")),
]


def poles() -> list[tuple[str, str]]:
    """Return the poles of every perimeter, each once, for a choice."""
    from destination.models.territory import Pole

    found: dict[str, str] = {}
    for one in Pole.objects.order_by("perimeter", "position"):
        found.setdefault(one.slug, one.name)
    return list(found.items())


def communes() -> list[tuple[str, str]]:
    """Return the communes by their name, for a choice."""
    from destination.models.territory import Commune

    return list(Commune.objects.order_by("slug").values_list("insee", "name"))


class NeverNone:
    """A text that is "" where a page says nothing of it: it may be older than the field.

    What is handed to be translated must be a text.
    """

    def to_python(self, value: Any) -> str:
        """Return the text of a page that was written with null."""
        return super().to_python(value) or ""  # type: ignore[misc]


class Line(NeverNone, blocks.CharBlock):  # type: ignore[misc]
    """One line of text."""

    class Meta:
        default = ""


class Lines(NeverNone, blocks.TextBlock):  # type: ignore[misc]
    """A few lines of text."""

    class Meta:
        default = ""


class Passage(blocks.StructBlock):
    """A heading and its text."""

    heading = Line(label=_("heading"), max_length=120, required=False)
    text = blocks.RichTextBlock(label=_("text"), features=RICH)

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        template = "destination/blocks/passage.html"


class PictureChoice(blocks.StructBlock):
    """A photograph, or a drawing of the brand where there is none."""

    image = ImageChooserBlock(label=_("photograph"), required=False)
    drawing = blocks.ChoiceBlock(
        choices=DRAWINGS,
        label=_("or a drawing"),
        required=False,
        search_index=False,
        help_text=_("Shown when there is no photograph, or when its rights have ended."),
    )
    alt = Line(
        label=_("what is seen"),
        max_length=250,
        required=False,
        help_text=_("Read aloud in its place. Empty: the description of the photograph."),
    )

    class Meta:
        icon = "image"
        label = _("Photograph or drawing")
        template = "destination/blocks/picture.html"


class Illustrated(blocks.StructBlock):
    """A text beside a picture."""

    heading = Line(label=_("heading"), max_length=120)
    text = blocks.RichTextBlock(label=_("text"), features=RICH)
    picture = PictureChoice(label=_("photograph or drawing"))

    class Meta:
        icon = "doc-full"
        label = _("Text beside a picture")
        template = "destination/blocks/illustrated.html"


class Quotation(blocks.StructBlock):
    """Words of somebody who lives here."""

    words = Lines(label=_("their words"), max_length=400, rows=3)
    who = Line(label=_("who"), max_length=80)
    about = Line(
        label=_("about them"),
        max_length=200,
        required=False,
        help_text=_("« Retired lace-maker, she walks with you for a morning. »"),
    )
    picture = PictureChoice(label=_("photograph or drawing"))
    page = blocks.PageChooserBlock(label=_("page that says more"), required=False)

    class Meta:
        icon = "openquote"
        label = _("Words of an inhabitant")
        template = "destination/blocks/quotation.html"


class Reason(blocks.StructBlock):
    """One good reason."""

    icon = blocks.ChoiceBlock(choices=ICONS, label=_("sign"), default="map-pin", search_index=False)
    title = Line(label=_("title"), max_length=80)
    text = Lines(label=_("text"), max_length=300, rows=2)
    page = blocks.PageChooserBlock(label=_("page that says more"), required=False)


class Reasons(blocks.StructBlock):
    """Good reasons to come, of a season or of the whole year (N20)."""

    heading = Line(label=_("heading"), max_length=120)
    season = blocks.ChoiceBlock(
        choices=[("", _("The whole year")), ("summer", _("Summer")), ("winter", _("Winter"))],
        label=_("shown in"),
        required=False,
    )
    reasons = blocks.ListBlock(Reason(label=_("reason")), label=_("reasons"), min_num=1, max_num=9)

    class Meta:
        icon = "list-ul"
        label = _("Good reasons")
        template = "destination/blocks/reasons.html"


class Fact(blocks.StructBlock):
    """One fact."""

    name = Line(label=_("name"), max_length=60)
    value = Line(label=_("value"), max_length=200)


class Facts(blocks.StructBlock):
    """Hours, prices, distances: what one looks up."""

    heading = Line(label=_("heading"), max_length=120)
    facts = blocks.ListBlock(Fact(label=_("fact")), label=_("facts"), min_num=1, max_num=30)

    class Meta:
        icon = "table"
        label = _("Practical facts")
        template = "destination/blocks/facts.html"


class Question(blocks.StructBlock):
    """One question and its answer."""

    question = Line(label=_("question"), max_length=160)
    answer = blocks.RichTextBlock(label=_("answer"), features=RICH)


class Questions(blocks.StructBlock):
    """Questions that visitors ask."""

    heading = Line(label=_("heading"), max_length=120)
    questions = blocks.ListBlock(
        Question(label=_("question")), label=_("questions"), min_num=1, max_num=30
    )

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "destination/blocks/questions.html"


class Comparison(blocks.StructBlock):
    """What is found here and what elsewhere, without running anybody down (N29)."""

    heading = Line(label=_("heading"), max_length=120)
    intro = Lines(label=_("introduction"), max_length=400, required=False, rows=2)
    here = blocks.ListBlock(Line(max_length=200, label=_("here")), label=_("here"), min_num=1)
    elsewhere_name = Line(label=_("the other place"), max_length=60)
    elsewhere = blocks.ListBlock(
        Line(max_length=200, label=_("what the other place does well")),
        label=_("what the other place does well"),
        min_num=1,
        help_text=_("Say what is good there: who compares is free to choose."),
    )

    class Meta:
        icon = "order"
        label = _("Comparison")
        template = "destination/blocks/comparison.html"


class Day(blocks.StructBlock):
    """One day of an itinerary."""

    title = Line(label=_("title"), max_length=120)
    text = blocks.RichTextBlock(label=_("text"), features=RICH)
    kilometres = blocks.DecimalBlock(
        label=_("kilometres on foot"), required=False, min_value=0, max_value=200, decimal_places=1
    )
    page = blocks.PageChooserBlock(label=_("place"), required=False)


class Days(blocks.StructBlock):
    """The days of an itinerary, one after the other on the thread."""

    days = blocks.ListBlock(Day(label=_("day")), label=_("days"), min_num=1, max_num=15)

    class Meta:
        icon = "calendar-alt"
        label = _("Days of an itinerary")
        template = "destination/blocks/days.html"


class Learning(blocks.StructBlock):
    """What one learns here, and what one takes home (N22)."""

    skill = Line(label=_("what one learns"), max_length=80)
    level = blocks.ChoiceBlock(
        choices=[
            ("beginner", _("beginners")),
            ("some", _("with some practice")),
            ("all", _("every level")),
        ],
        label=_("level"),
        default="beginner",
    )
    takes_home = Line(label=_("what one takes home"), max_length=160)
    tutor = Line(label=_("with whom"), max_length=120, required=False)
    text = Lines(label=_("text"), max_length=400, required=False, rows=2)


class Learnings(blocks.StructBlock):
    """Know-how that is passed on here."""

    heading = Line(label=_("heading"), max_length=120)
    learnings = blocks.ListBlock(
        Learning(label=_("know-how")), label=_("know-how"), min_num=1, max_num=12
    )

    class Meta:
        icon = "edit"
        label = _("What one learns")
        template = "destination/blocks/learnings.html"


class PageCards(blocks.StructBlock):
    """Chosen pages, as cards; without a choice, the pages below this one."""

    heading = Line(label=_("heading"), max_length=120)
    intro = Line(label=_("introduction"), max_length=250, required=False)
    pages = blocks.ListBlock(
        blocks.PageChooserBlock(label=_("page")),
        label=_("pages"),
        max_num=12,
        default=[],
        help_text=_("None: the pages below this one. A page that is taken down is left out."),
    )

    class Meta:
        icon = "doc-empty-inverse"
        label = _("Pages")
        template = "destination/blocks/page_cards.html"

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        """Add the published pages; a draft or a deleted page is left out."""
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        page = (parent_context or {}).get("page")
        context["cards"] = cards_of(value["pages"], page)
        return context


class CallToAction(blocks.StructBlock):
    """One thing to do next."""

    text = Line(label=_("text"), max_length=200)
    button = Line(label=_("words of the button"), max_length=50)
    page = blocks.PageChooserBlock(label=_("page"), required=False)
    address = Line(
        label=_("or an address of this site"),
        required=False,
        max_length=200,
        help_text=_("Begins with / : « /fr/dormir/?pole=la-chaise-dieu »."),
    )

    class Meta:
        icon = "link"
        label = _("Button")
        template = "destination/blocks/call_to_action.html"

    def clean(self, value: Any) -> Any:
        """Refuse a button that leads nowhere or to another site."""
        cleaned = super().clean(value)
        address = cleaned["address"]
        if not cleaned["page"] and not address:
            raise blocks.StructBlockValidationError(
                {"page": ValidationError(_("Choose a page, or give an address of this site."))}
            )
        if address and (not address.startswith("/") or address.startswith(("//", "/\\"))):
            raise blocks.StructBlockValidationError(
                {"address": ValidationError(_("An address of this site begins with one slash."))}
            )
        return cleaned


class Downloads(blocks.StructBlock):
    """Documents to take away."""

    heading = Line(label=_("heading"), max_length=120)
    documents = blocks.ListBlock(
        DocumentChooserBlock(label=_("document")), label=_("documents"), min_num=1
    )

    class Meta:
        icon = "download"
        label = _("Documents")
        template = "destination/blocks/downloads.html"


class PlaceChoiceBlock(blocks.ChoiceBlock):
    """A pole or a commune; the list of them is read for the form, not each time a page is."""

    def normalize_choice(self, value: Any) -> Any:
        """Leave what was chosen as it is: a text, which may be of a place that is gone."""
        return value


class LiveBlock(blocks.StructBlock):
    """Criteria from which what is true today is found each time the page is read."""

    heading = Line(label=_("heading"), max_length=120)
    pole = PlaceChoiceBlock(
        choices=poles,
        label=_("pole"),
        required=False,
        search_index=False,
        help_text=_("None: the whole destination."),
    )
    commune = PlaceChoiceBlock(
        choices=communes,
        label=_("around this commune"),
        required=False,
        search_index=False,
        help_text=_("Within twenty kilometres of it."),
    )
    count = blocks.IntegerBlock(label=_("how many"), default=4, min_value=1, max_value=MOST_CARDS)
    empty_text = Line(
        label=_("when nothing is found"),
        max_length=200,
        required=False,
        help_text=_("Empty: the block isn’t shown that day."),
    )


class LiveLodgings(LiveBlock):
    """Places to stay, free at a time that is always to come."""

    when = blocks.ChoiceBlock(
        choices=[
            ("", _("whenever")),
            ("weekend", _("free this week-end")),
            ("next-weekend", _("free next week-end")),
            ("week", _("free for a week from Saturday on")),
        ],
        label=_("when"),
        required=False,
    )
    adults = blocks.IntegerBlock(
        label=_("adults"),
        default=2,
        min_value=1,
        max_value=12,
        help_text=_("Counts with a time: what is free for so many, at their price."),
    )

    class Meta:
        icon = "home"
        label = _("Live: places to stay")
        template = "destination/blocks/live_lodgings.html"


class LiveExperiences(LiveBlock):
    """Things to do in the days to come."""

    kind = blocks.ChoiceBlock(
        choices=[
            ("", _("everything")),
            ("workshop", _("workshops")),
            ("activity", _("activities")),
            ("meal", _("meals")),
            ("visit", _("visits")),
            ("produce", _("produce")),
        ],
        label=_("kind"),
        required=False,
    )
    days = blocks.ChoiceBlock(
        choices=[("7", _("this week")), ("35", _("these weeks")), ("120", _("this season"))],
        label=_("when"),
        default="35",
    )
    for_children = blocks.BooleanBlock(
        label=_("only with children of eight"), required=False, default=False
    )

    class Meta:
        icon = "pick"
        label = _("Live: things to do")
        template = "destination/blocks/live_experiences.html"


class LiveAgenda(LiveBlock):
    """What takes place in the days to come."""

    when = blocks.ChoiceBlock(
        choices=[("", _("the days to come")), ("month", _("this month"))],
        label=_("when"),
        required=False,
    )

    class Meta:
        icon = "date"
        label = _("Live: agenda")
        template = "destination/blocks/live_agenda.html"


class Body(blocks.StreamBlock):
    """A page, from top to bottom."""

    passage = Passage(group=_("Texts"))
    illustrated = Illustrated(group=_("Texts"))
    picture = PictureChoice(group=_("Texts"))
    quotation = Quotation(group=_("Texts"))
    reasons = Reasons(group=_("Texts"))
    comparison = Comparison(group=_("Texts"))
    learnings = Learnings(group=_("Texts"))
    days = Days(group=_("Texts"))
    facts = Facts(group=_("Practical"))
    questions = Questions(group=_("Practical"))
    downloads = Downloads(group=_("Practical"))
    call_to_action = CallToAction(group=_("Practical"))
    page_cards = PageCards(group=_("Practical"))
    lodgings = LiveLodgings(group=_("Live"))
    experiences = LiveExperiences(group=_("Live"))
    agenda = LiveAgenda(group=_("Live"))
