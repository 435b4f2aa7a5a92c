"""What a host types of an offer, page by page; each question says why it is asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.features import FEATURES, SPIRIT, SPIRIT_MEANS
from booking.forms.communes import CommuneField
from booking.models import Offer
from booking.offer_content import PRIVATE_TEXTS, PUBLIC_TEXTS, WITHOUT_CAR
from booking.refusals import Refusal
from members.models import Provider
from members.rules import papers

# Places in metropolitan France; anything else is a slip of the keyboard.
LATITUDES, LONGITUDES = (41.0, 51.5), (-5.5, 10.0)
POSITION = re.compile(r"\s*(-?\d{1,2}(?:[.,]\d+)?)\s*[;, ]\s*(-?\d{1,2}(?:[.,]\d+)?)\s*")
LODGING_LABELS: dict[str, Promise] = {
    Offer.LodgingType.GITE: gettext_lazy("A gîte or furnished lodging"),
    Offer.LodgingType.GUEST_ROOM: gettext_lazy("Guest rooms with breakfast (chambres d’hôtes)"),
    Offer.LodgingType.HOTEL: gettext_lazy("A hotel"),
    Offer.LodgingType.CAMPING: gettext_lazy("A campsite"),
    Offer.LodgingType.UNUSUAL: gettext_lazy("An unusual lodging: yurt, cabin, caravan"),
    Offer.LodgingType.HOSTEL: gettext_lazy("A hostel or group lodging"),
}
KIND_LABELS: dict[str, Promise] = {
    "activity": gettext_lazy("An activity or a guided outing"),
    "workshop": gettext_lazy("A workshop"),
    "composite": gettext_lazy("A workshop in several steps, with a plan B"),
    "visit": gettext_lazy("A visit at one’s own hour"),
    "meal": gettext_lazy("A meal"),
    "produce": gettext_lazy("A basket of produce"),
    "childcare": gettext_lazy("Childcare"),
    "rental": gettext_lazy("Something to hire: bicycles, snowshoes"),
    "shuttle": gettext_lazy("A shuttle"),
    "registration": gettext_lazy("A free activity"),
}
# What a house may offer, by what it said it does; tickets of events are entered with the event.
KINDS_OF: dict[str, tuple[str, ...]] = {
    papers.FURNISHED: ("lodging:gite", "lodging:insolite"),
    papers.ROOMS: ("lodging:chambre_hotes", "lodging:insolite"),
    papers.HOTEL: ("lodging:hotel", "lodging:auberge"),
    papers.CAMPING: ("lodging:camping", "lodging:insolite"),
    papers.ACTIVITY: ("activity", "workshop", "composite", "registration"),
    papers.GUIDE: ("activity", "visit", "registration"),
    papers.SPORT: ("activity",),
    papers.MEAL: ("meal", "workshop"),
    papers.PRODUCE: ("produce", "visit"),
    papers.CHILDCARE: ("childcare",),
    papers.RENTAL: ("rental",),
    papers.TRANSPORT: ("shuttle",),
    papers.EVENT: ("registration",),
}


def kinds_for(provider: Provider) -> list[tuple[str, Promise]]:
    """Return what a house may begin, by code; everything for one that never said what it does."""
    labels: dict[str, Promise] = {
        **{f"lodging:{code}": label for code, label in LODGING_LABELS.items()},
        **KIND_LABELS,
    }
    if not provider.activities:
        return list(labels.items())
    may = {code for one in provider.activities for code in KINDS_OF.get(one, ())}
    return [(code, label) for code, label in labels.items() if code in may]


class OfferForm(forms.Form):
    """A page of an offer: `why` says of each field why it is asked."""

    why: ClassVar[Mapping[str, Promise]] = {}

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble of a refusal beside its field, or above them all."""
        for one in refusal.troubles:
            self.add_error(one.field if one.field in self.fields else None, one.message)


class LineForm(OfferForm):
    """One line of a list: `asked` says what a line that was begun lacks; an empty one is none."""

    asked: ClassVar[Mapping[str, Promise]] = {}

    def clean(self) -> dict[str, Any]:
        """Ask for the rest of a line that was begun."""
        data: dict[str, Any] = super().clean() or {}
        if not self.is_empty:
            for name, words in self.asked.items():
                if data.get(name) in {None, ""} and name not in self.errors:
                    self.add_error(name, words)  # type: ignore[arg-type]
        return data

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was filled in, or could be read."""
        data = getattr(self, "cleaned_data", {})
        return not self.errors and all(one in {None, ""} for one in data.values())


class NewOfferForm(OfferForm):
    """What an offer is, what it is called, where: the rest can wait."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do you offer?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what it is.")},
    )
    title = forms.CharField(
        label=gettext_lazy("Title, in French"),
        help_text=gettext_lazy("Short, with the place if it helps: « Le gîte du Lac bleu »"),
        max_length=120,
        error_messages={"required": gettext_lazy("Give it a name: it can be changed later.")},
    )
    commune = CommuneField(required_words=gettext_lazy("Choose the commune where it takes place."))
    why = {
        "kind": gettext_lazy("What is asked next, and the law that applies, depend on it."),
        "title": gettext_lazy("Visitors read it first, in lists and on the map."),
        "commune": gettext_lazy(
            "It decides in which pole visitors find you and, for a lodging, the tourist tax."
        ),
    }

    def __init__(self, *args: Any, provider: Provider, today: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"commune": provider.commune_id}, **kwargs)
        self.fields["kind"].choices = kinds_for(provider)  # type: ignore[attr-defined]
        self.fields["commune"].propose(today, known=provider.commune_id)  # type: ignore[attr-defined]

    @property
    def kind_and_type(self) -> tuple[str, str]:
        """Return the kind and, for a lodging, its type, from a valid form."""
        kind, _colon, lodging_type = self.cleaned_data["kind"].partition(":")
        return kind, lodging_type


# --- Texts -------------------------------------------------------------------------------------
class DescriptionForm(OfferForm):
    """The French texts that visitors read first, and the destination's words."""

    title_fr = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=120,
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    summary_fr = forms.CharField(
        label=gettext_lazy("In one or two sentences"),
        help_text=gettext_lazy("Shown in lists and under the title, 280 signs at most"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say in one sentence what it is.")},
    )
    description_fr = forms.CharField(
        label=gettext_lazy("Description"),
        help_text=gettext_lazy(
            "What one does, sees and finds there. An empty line begins a paragraph."
        ),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 9}),
        error_messages={"required": gettext_lazy("Describe it: a few sentences are enough.")},
    )
    spirit = forms.MultipleChoiceField(
        label=gettext_lazy("Which of the destination’s words are yours?"),
        choices=[
            (code, format_lazy("{}: {}", word, SPIRIT_MEANS[code])) for code, word in SPIRIT.items()
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one of the four words.")},
    )
    why = {
        "title_fr": gettext_lazy("It is what visitors choose from in a list."),
        "summary_fr": gettext_lazy("Beside the photograph it makes people open your page."),
        "description_fr": gettext_lazy("Who knows what to expect comes, and comes content."),
        "spirit": gettext_lazy(
            "The whole destination stands under these four words: yours are shown on your page."
        ),
    }


class LanguagesForm(OfferForm):
    """The same texts in English and German, beside the French; of those that are asked for."""

    def __init__(self, *args: Any, asked: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {
            "title": (gettext_lazy("Title"), 120, 1),
            "summary": (gettext_lazy("In one or two sentences"), 280, 3),
            "description": (gettext_lazy("Description"), 6000, 8),
            "place": (gettext_lazy("Place"), 160, 1),
            "without_car": (gettext_lazy("Without a car"), 1500, 4),
            "access_info": (gettext_lazy("How to get there and in"), 3000, 4),
        }
        assert set(names) == {*PUBLIC_TEXTS, *PRIVATE_TEXTS}  # noqa: S101 - one language, one set
        for name in asked:
            label, longest, rows = names[name]
            for code, labelled in (
                ("en", _("%(label)s (English)")),
                ("de", _("%(label)s (German)")),
            ):
                widget = forms.Textarea(attrs={"rows": rows, "lang": code})
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=labelled % {"label": label},
                    max_length=longest,
                    required=False,
                    widget=forms.TextInput(attrs={"lang": code}) if rows == 1 else widget,
                )


class AccessForm(OfferForm):
    """Where it is, how people come, what is there."""

    place_fr = forms.CharField(
        label=gettext_lazy("Hamlet, street or meeting point"),
        max_length=160,
        error_messages={"required": gettext_lazy("Say where people find you.")},
    )
    without_car_fr = forms.CharField(
        label=gettext_lazy("How to come without a car"),
        help_text=gettext_lazy("The nearest stop or station, whether you fetch guests there"),
        max_length=1500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    access_info_fr = forms.CharField(
        label=gettext_lazy("How to get there and in"),
        help_text=gettext_lazy("Key, parking, door code: only shown to those who have paid"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Say how guests get in.")},
    )
    features = forms.MultipleChoiceField(
        label=gettext_lazy("What is there"),
        help_text=gettext_lazy("Tick what is true."),
        choices=list(FEATURES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    position = forms.CharField(
        label=gettext_lazy("Point on the map"),
        help_text=gettext_lazy("Two numbers from a map on your phone: 44.908, 4.142"),
        max_length=60,
        required=False,
    )
    why = {
        "place_fr": gettext_lazy("It stands on your page, beside the map."),
        "without_car_fr": gettext_lazy(
            "More and more visitors come by train and bus: they look for those who welcome them."
        ),
        "access_info_fr": gettext_lazy("It spares you calls on the evening of the arrival."),
        "features": gettext_lazy("Visitors filter the list by these."),
        "position": gettext_lazy("Without it the map shows the middle of the commune."),
    }

    def __init__(self, *args: Any, asked: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if WITHOUT_CAR not in asked:
            del self.fields[f"{WITHOUT_CAR}_fr"]

    def clean_position(self) -> tuple[float, float] | None:
        """Return latitude and longitude, None when nothing was typed."""
        given = self.cleaned_data["position"].strip()
        if not given:
            return None
        found = POSITION.fullmatch(given)
        place = tuple(float(one.replace(",", ".")) for one in found.groups()) if found else ()
        if len(place) != 2 or not (
            LATITUDES[0] <= place[0] <= LATITUDES[1] and LONGITUDES[0] <= place[1] <= LONGITUDES[1]
        ):
            raise forms.ValidationError(
                _("Write two numbers, first the latitude: 44.908, 4.142 for instance.")
            )
        return place[0], place[1]

    @property
    def values(self) -> dict[str, Any]:
        """Return what was typed by column, from a valid form."""
        data = dict(self.cleaned_data)
        latitude, longitude = data.pop("position") or (None, None)
        return {**data, "latitude": latitude, "longitude": longitude}


class CopyForm(forms.Form):
    """What a copy is called."""

    title = forms.CharField(max_length=120, required=False)
