"""Fields of a campaign: whom it is for, what it says in each language, when it goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.images.widgets import AdminImageChooser

from booking.capacity_needs import needs_open
from booking.desk.ready_stays import OfferSelectMultiple
from booking.models import Campaign, CapacityNeed, Offer
from booking.relations.campaigns import CampaignInput
from booking.rules import campaigns as rules
from booking.rules import segments
from booking.rules.campaigns import Words
from booking.rules.kinds import BY_CODE
from booking.rules.periods import AUTUMN, SPRING, SUMMER, WINTER
from booking.rules.segments import Segment
from destination.desk import DayInput
from destination.models import Picture, Pole
from members.models import LetterChoice
from oti.lib.dates import today as day_of

SEASON_WORDS = (
    (WINTER, gettext_lazy("winter (December to March)")),
    (SPRING, gettext_lazy("spring (April to June)")),
    (SUMMER, gettext_lazy("summer (July, August)")),
    (AUTUMN, gettext_lazy("autumn (September to November)")),
)
PARTY_WORDS = (
    (segments.SOLO, pgettext_lazy("party", "alone")),
    (segments.COUPLE, pgettext_lazy("party", "as two")),
    (segments.FRIENDS, pgettext_lazy("party", "three adults or more")),
    (segments.FAMILY, pgettext_lazy("party", "with children")),
    (segments.GROUP, pgettext_lazy("party", "as a group")),
)
PLACE_WORDS = (
    (segments.NEAR, gettext_lazy("less than 120 km away")),
    (segments.REGION, gettext_lazy("120 to 250 km away")),
    (segments.FAR, gettext_lazy("250 to 450 km away")),
    (segments.FARTHER, gettext_lazy("farther in France")),
    (segments.ABROAD, gettext_lazy("abroad")),
)
LANGUAGE_WORDS = (
    ("fr", gettext_lazy("French")),
    ("en", gettext_lazy("English")),
    ("de", gettext_lazy("German")),
)
HOME_WORDS = (
    ("", gettext_lazy("whoever")),
    (segments.WITH, gettext_lazy("only families with a second home here")),
    (segments.WITHOUT, gettext_lazy("without families with a second home here")),
)
PURPOSES = [
    (one.value, one.label) for one in (LetterChoice.Purpose.OFFERS, LetterChoice.Purpose.NEWS)
]
PARTS_OF_SEGMENT = ("seasons", "parties", "poles", "kinds", "places", "languages")
TEXT_FIELDS = ("subject", "heading", "text", "button")


def _many(label: Any, choices: Any = (), help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
    )


class CampaignForm(forms.Form):
    """Everything that the office writes of a campaign."""

    title = forms.CharField(label=gettext_lazy("Name at the office"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Campaign.Kind.choices)
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=PURPOSES,
        help_text=gettext_lazy(
            "It decides who may get it: people say yes or no to each by itself."
        ),
    )
    rate = forms.IntegerField(
        label=gettext_lazy("Mails a minute at most"),
        min_value=1,
        max_value=rules.MOST_A_MINUTE,
        initial=300,
    )
    needs = _many(
        gettext_lazy("Dates that hosts want to fill"),
        help_text=gettext_lazy(
            "Only what a host asked for is proposed: four to each reader, each one once."
        ),
    )
    percent_off = forms.IntegerField(
        label=gettext_lazy("Per cent off their price"),
        min_value=0,
        max_value=rules.MOST_OFF,
        initial=0,
        required=False,
        help_text=gettext_lazy(
            "For whoever books by the link of the mail, as often as the host said and never below "
            "the price that it said; 0 for the usual price."
        ),
    )
    offers = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Offers shown"),
        queryset=Offer.objects.none(),
        required=False,
        widget=OfferSelectMultiple(attrs={"size": 8}),
        help_text=gettext_lazy("Four at most; those of a letter."),
    )
    picture = forms.ModelChoiceField(
        label=gettext_lazy("Photograph"),
        queryset=Picture.objects.all(),
        required=False,
        widget=AdminImageChooser,
    )
    button_path = forms.CharField(
        label=gettext_lazy("Where the button leads"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("A page of this site: « /fr/dormir/ »."),
    )
    seasons = _many(pgettext_lazy("who is meant", "Came in"), SEASON_WORDS)
    parties = _many(pgettext_lazy("who is meant", "Came"), PARTY_WORDS)
    poles = _many(gettext_lazy("Stayed in"))
    kinds = _many(pgettext_lazy("who is meant", "Booked"))
    places = _many(
        pgettext_lazy("who is meant", "Live"),
        PLACE_WORDS,
        gettext_lazy("Of those of whom we don’t know it, nobody is written to then."),
    )
    languages = _many(pgettext_lazy("who is meant", "Read"), LANGUAGE_WORDS)
    second_homes = forms.ChoiceField(
        label=gettext_lazy("Second homes"), choices=HOME_WORDS, required=False
    )
    last_since = forms.DateField(
        label=gettext_lazy("Last came since"), required=False, widget=DayInput
    )
    last_until = forms.DateField(
        label=gettext_lazy("Last came until"), required=False, widget=DayInput
    )
    stays_least = forms.IntegerField(
        label=gettext_lazy("Stays at least"),
        required=False,
        min_value=0,
        max_value=segments.MOST_STAYS,
    )
    stays_most = forms.IntegerField(
        label=gettext_lazy("Stays at most"),
        required=False,
        min_value=0,
        max_value=segments.MOST_STAYS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, _name in LANGUAGE_WORDS:
            self._add_words(language)
        poles = Pole.objects.active_on(day_of(timezone.now())).order_by("position")
        self.fields["poles"].choices = [(one.slug, one.name) for one in poles]
        self.fields["kinds"].choices = [(code, _(one.label)) for code, one in BY_CODE.items()]
        self.fields["offers"].queryset = Offer.objects.filter(
            state=Offer.State.PUBLISHED
        ).select_related("commune")
        self.fields["needs"].choices = _need_choices(self.initial.get("needs") or ())

    def _add_words(self, language: str) -> None:
        labels = {
            "subject": (gettext_lazy("Subject"), 120, forms.TextInput),
            "heading": (gettext_lazy("Heading"), 120, forms.TextInput),
            "text": (gettext_lazy("Text"), 4000, forms.Textarea),
            "button": (gettext_lazy("Words of the button"), 60, forms.TextInput),
        }
        for name, (label, longest, widget) in labels.items():
            self.fields[f"{name}_{language}"] = forms.CharField(
                label=label, max_length=longest, required=False, widget=widget(attrs={"rows": 6})
            )

    @property
    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields under their headings, in the order of the page."""
        found = [
            (
                gettext_lazy("The campaign"),
                (
                    "title",
                    "kind",
                    "purpose",
                    "rate",
                    "needs",
                    "percent_off",
                    "offers",
                    "picture",
                    "button_path",
                ),
            ),
            *(
                (name, tuple(f"{one}_{language}" for one in TEXT_FIELDS))
                for language, name in LANGUAGE_WORDS
            ),
            (
                gettext_lazy("To whom"),
                (
                    *PARTS_OF_SEGMENT,
                    *("second_homes", "last_since", "last_until", "stays_least", "stays_most"),
                ),
            ),
        ]
        return [(title, [self[name] for name in names]) for title, names in found]

    def given(self) -> CampaignInput:
        """Return what was written."""
        data = self.cleaned_data
        picture = data["picture"]
        return CampaignInput(
            title=data["title"],
            kind=data["kind"],
            purpose=data["purpose"],
            segment=Segment(
                **{name: tuple(data[name]) for name in PARTS_OF_SEGMENT},
                last_since=data["last_since"],
                last_until=data["last_until"],
                stays_least=data["stays_least"],
                stays_most=data["stays_most"],
                second_homes=data["second_homes"],
            ),
            texts={
                language: Words(
                    **{one: data[f"{one}_{language}"].replace("\r\n", "\n") for one in TEXT_FIELDS}
                )
                for language, _name in LANGUAGE_WORDS
            },
            button_path=data["button_path"],
            picture=picture.pk if picture else None,
            offers=tuple(one.pk for one in data["offers"]),
            needs=tuple(int(one) for one in data["needs"]),
            rate=data["rate"],
            percent_off=data["percent_off"] or 0,
        )


def initial_of(campaign: Campaign) -> dict[str, Any]:
    """Return what the form of a campaign shows at first."""
    segment = segments.segment_from(campaign.segment)
    found: dict[str, Any] = {
        name: getattr(campaign, name)
        for name in ("title", "kind", "purpose", "rate", "percent_off", "button_path")
    }
    found |= {name: list(getattr(segment, name)) for name in PARTS_OF_SEGMENT}
    for name in ("second_homes", "last_since", "last_until", "stays_least", "stays_most"):
        found[name] = getattr(segment, name)
    for language, _name in LANGUAGE_WORDS:
        words = rules.words_of(campaign.texts, language)
        found |= {f"{one}_{language}": getattr(words, one) for one in TEXT_FIELDS}
    return {
        **found,
        "picture": campaign.picture_id,
        "offers": list(campaign.offers.values_list("pk", flat=True)),
        "needs": list(campaign.proposals.values_list("need_id", flat=True)),
    }


def _need_choices(chosen: Any) -> list[tuple[int, str]]:
    """Return what may be proposed, and what is chosen already, also where it is over."""
    today = day_of(timezone.now())
    rows = {one.pk: one for one in needs_open(today)}
    gone = CapacityNeed.objects.filter(pk__in=set(chosen) - set(rows))
    rows |= {one.pk: one for one in gone.select_related("offer", "provider")}
    return [(pk, need_words(one)) for pk, one in rows.items()]


def need_words(need: CapacityNeed) -> str:
    """Say what a host wants to fill in one line."""
    left = need.max_redemptions - need.redeemed
    room = _("left: %(left)s of %(most)s") % {"left": max(left, 0), "most": need.max_redemptions}
    return (
        f"{need.offer.title} ({need.provider.name}) · {need.periods_text} · "
        f"{need.get_audience_display()} · {room}"
    )
