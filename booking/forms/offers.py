"""What a host types of an offer, page by page; each question says why it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.features import FEATURES, SPIRIT, SPIRIT_MEANS
from booking.forms.nights import DayField, PriceField
from booking.models import CancellationPolicy, Offer, OfferPermit
from booking.offer_content import PRIVATE_TEXTS, PUBLIC_TEXTS
from booking.offer_terms import MOST_PRICE, MOST_UNITS
from booking.refusals import Refusal
from booking.rules.registration import clean_registration, registration_commune
from destination.models import Commune
from destination.models.territory import memberships_on
from members.models import Provider
from members.rules import papers
from oti.lib.dates import is_of_our_time

# Places in metropolitan France; anything else is a slip of the keyboard.
LATITUDES, LONGITUDES = (41.0, 51.5), (-5.5, 10.0)
POSITION = re.compile(r"\s*(-?\d{1,2}(?:[.,]\d+)?)\s*[;, ]\s*(-?\d{1,2}(?:[.,]\d+)?)\s*")
OLDEST = 120
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
    commune = forms.ModelChoiceField(
        label=gettext_lazy("Commune"),
        queryset=Commune.objects.none(),
        empty_label=gettext_lazy("Choose"),
        error_messages={
            "required": gettext_lazy("Choose the commune where it takes place."),
            "invalid_choice": gettext_lazy("Choose one of the communes of the list."),
        },
    )
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
        inside = memberships_on(today).values("commune_id")
        known = Commune.objects.filter(pk=provider.commune_id)
        found = Commune.objects.filter(pk__in=inside) | known
        self.fields["commune"].queryset = found.order_by("name")  # type: ignore[attr-defined]

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
    """The same texts in English and German, beside the French."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
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
        for name, (label, longest, rows) in names.items():
            for code, language in (("en", "English"), ("de", "Deutsch")):
                widget = forms.Textarea(attrs={"rows": rows, "lang": code})
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=f"{label} ({language})",
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
        help_text=gettext_lazy("Tick what is true"),
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


# --- Places and prices -------------------------------------------------------------------------
def count_field(label: Any, low: int, high: int, **kwargs: Any) -> forms.IntegerField:
    """Return a whole number typed in figures."""
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Write a number in figures."),
            "invalid": gettext_lazy("Write a number in figures: 4 for instance."),
        },
        **kwargs,
    )


def money_field(label: Any, low: str, **kwargs: Any) -> PriceField:
    """Return a sum in euros, from `low` on."""
    return PriceField(
        label=label,
        min_value=Decimal(low),
        max_value=MOST_PRICE,
        max_digits=9,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Write a sum in figures: 90 for instance."),
            "invalid": gettext_lazy("Write a sum in figures: 90 for instance."),
            "min_value": gettext_lazy("A price is above 0, in euros and cents.")
            if low != "0"
            else gettext_lazy("A sum is 0 or more."),
        },
        **kwargs,
    )


class UnitForm(OfferForm):
    """One unit: a whole gîte, or one of the equal rooms of a house."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As visitors read it: « The gîte », « The blue room »"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    max_guests = count_field(gettext_lazy("Persons at most"), 1, 200)
    max_adults = count_field(
        gettext_lazy("Adults at most"),
        1,
        200,
        required=False,
        help_text=gettext_lazy("Empty: as many as persons"),
    )
    max_infants = count_field(gettext_lazy("Cots for babies"), 0, 20, required=False)
    bedrooms = count_field(gettext_lazy("Bedrooms in all"), 0, 200)
    count = count_field(gettext_lazy("How many equal ones?"), 1, MOST_UNITS, required=False)
    why = {
        "name": gettext_lazy("Who books several rooms must tell them apart."),
        "max_guests": gettext_lazy("Nobody books a place too small for the party."),
        "max_adults": gettext_lazy("Where a bed is a child’s, it isn’t sold to a grown-up."),
        "max_infants": gettext_lazy("Families with a baby look for it."),
        "bedrooms": gettext_lazy("Visitors compare places by it."),
        "count": gettext_lazy("Ten equal rooms are ten units: each is booked by itself."),
    }

    def clean(self) -> dict[str, Any]:
        """Refuse more adults than persons."""
        data: dict[str, Any] = super().clean() or {}
        guests, adults = data.get("max_guests"), data.get("max_adults")
        if guests and adults and adults > guests:
            self.add_error("max_adults", _("Not more adults than persons."))
        return data


class PricesForm(OfferForm):
    """The usual price of a night, and what is asked beside it."""

    base_amount = money_field(gettext_lazy("Price of a night, in euros"), "0.01")
    base_occupancy = count_field(
        gettext_lazy("This price is for up to (persons)"),
        1,
        200,
        required=False,
        help_text=gettext_lazy("Empty: for everybody the place takes"),
    )
    extra_person_amount = money_field(
        gettext_lazy("Each further person and night, in euros"), "0", required=False
    )
    min_stay = count_field(
        gettext_lazy("Nights at least"),
        1,
        60,
        required=False,
        help_text=gettext_lazy("Empty: one night"),
    )
    cleaning = money_field(
        gettext_lazy("Cleaning, once a stay, in euros"),
        "0",
        required=False,
        help_text=gettext_lazy("Always part of the price that visitors see"),
    )
    linen = money_field(
        gettext_lazy("Linen, each person who asks for it, in euros"), "0", required=False
    )
    pet = money_field(gettext_lazy("A pet, once a stay, in euros"), "0", required=False)
    why = {
        "base_amount": gettext_lazy("It holds wherever no season says otherwise."),
        "base_occupancy": gettext_lazy("A couple needn’t pay the price of six."),
        "extra_person_amount": gettext_lazy("It is added for those beyond that number."),
        "min_stay": gettext_lazy("Shorter stays aren’t proposed."),
        "cleaning": gettext_lazy("The law wants every mandatory fee in the first price shown."),
        "linen": gettext_lazy("Who comes by train brings none."),
        "pet": gettext_lazy("Said before the booking, it is no quarrel afterwards."),
    }


class SeasonForm(OfferForm):
    """Nights at a price of their own."""

    first_night = DayField(label=gettext_lazy("First night"))
    departure = DayField(label=gettext_lazy("Day of departure"))
    amount = money_field(gettext_lazy("Price of a night, in euros"), "0.01")
    why = {
        "first_night": gettext_lazy("From this evening on."),
        "departure": gettext_lazy("The night before it is the last one at this price."),
        "amount": gettext_lazy("It takes the place of the usual price on these nights."),
    }


class BandForm(OfferForm):
    """A price for an age, of a list; an empty one is none."""

    name = forms.CharField(
        label=gettext_lazy("Who"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("« Adult », « Child »"),
    )
    min_age = count_field(gettext_lazy("from age"), 0, OLDEST, required=False)
    max_age = count_field(
        gettext_lazy("up to age, included"),
        0,
        OLDEST,
        required=False,
        help_text=gettext_lazy("Empty: no limit"),
    )
    amount = money_field(gettext_lazy("Price, in euros"), "0", required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the rest of a line that was begun."""
        data: dict[str, Any] = super().clean() or {}
        if self.is_empty:
            return data
        if not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Say who pays this price."))
        if data.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Write a sum in figures: 90 for instance."))
        return data

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was filled in, or could be read."""
        data = getattr(self, "cleaned_data", {})
        return not self.errors and all(one in {None, ""} for one in data.values())


BandFormSet = forms.formset_factory(BandForm, extra=0, min_num=4, max_num=8, absolute_max=8)


class DurationForm(OfferForm):
    """How long it lasts and for whom it is, and a professional's VAT."""

    duration_minutes = count_field(
        gettext_lazy("Duration, in minutes"),
        1,
        1440,
        help_text=gettext_lazy("150 for 2 h 30"),
    )
    min_age = count_field(gettext_lazy("From age"), 0, OLDEST, required=False)
    max_age = count_field(gettext_lazy("Up to age"), 0, OLDEST, required=False)
    why = {
        "duration_minutes": gettext_lazy("Visitors plan their day by it; nothing overlaps."),
        "min_age": gettext_lazy("Nobody comes with a child too young for it."),
        "max_age": gettext_lazy("For children’s activities; leave it empty otherwise."),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offer.is_sold_by_item:
            del self.fields["min_age"], self.fields["max_age"]
            self.fields["duration_minutes"].help_text = _(
                "How long it can be fetched, or is open, on a day: 480 for 8 hours"
            )
        if offer.kind_rules.needs_permit:
            for name in ("min_age", "max_age"):
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Refuse ages the wrong way round."""
        data: dict[str, Any] = super().clean() or {}
        low, high = data.get("min_age"), data.get("max_age")
        if low is not None and high is not None and low > high:
            self.add_error("max_age", _("The highest age must not be below the lowest one."))
        return data


# --- Rules and papers --------------------------------------------------------------------------
class HourField(forms.TimeField):
    """An hour by the browser's own field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            error_messages={
                "required": gettext_lazy("Give this hour."),
                "invalid": gettext_lazy("Write an hour as 15:00."),
            },
            **kwargs,
        )


class RulesForm(OfferForm):
    """What visitors accept when they book."""

    cancellation_policy = forms.ModelChoiceField(
        label=gettext_lazy("If visitors cancel"),
        queryset=CancellationPolicy.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what happens if they cancel.")},
    )
    check_in_from = HourField(label=gettext_lazy("Arrival from"))
    check_in_until = HourField(label=gettext_lazy("Arrival until"), required=False)
    check_out_until = HourField(label=gettext_lazy("Departure until"))
    min_advance_days = count_field(
        gettext_lazy("Booked at least so many days ahead"),
        0,
        365,
        required=False,
        help_text=gettext_lazy("Empty: until the last moment"),
    )
    deposit_amount = money_field(
        gettext_lazy("Deposit asked for on site, in euros"),
        "0",
        help_text=gettext_lazy("Shown, never charged online. 0 for none"),
    )
    season_from_month = count_field(
        gettext_lazy("Season from month"),
        1,
        12,
        required=False,
        help_text=gettext_lazy("9: September"),
    )
    season_to_month = count_field(
        gettext_lazy("Season up to month"),
        1,
        12,
        required=False,
        help_text=gettext_lazy("Included. Empty: all year"),
    )
    why = {
        "cancellation_policy": gettext_lazy(
            "Read before paying and kept with each booking as it was on that day."
        ),
        "check_in_from": gettext_lazy("Guests plan their journey by it."),
        "check_in_until": gettext_lazy("For those who arrive by the last bus."),
        "check_out_until": gettext_lazy("So that you can prepare the next stay."),
        "min_advance_days": gettext_lazy("The time you need to get ready."),
        "deposit_amount": gettext_lazy("Nobody is surprised on the day."),
        "season_from_month": gettext_lazy("Mushrooms aren’t picked in May."),
        "season_to_month": gettext_lazy("Dates outside it can’t be added."),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = self.fields["cancellation_policy"]
        policy.queryset = CancellationPolicy.objects.order_by("pk")  # type: ignore[attr-defined]
        policy.label_from_instance = lambda one: f"{one.name} : {one.summary}"  # type: ignore[attr-defined]
        left_out = []
        if not offer.is_lodging:
            left_out += ["check_in_from", "check_in_until", "check_out_until"]
        if not offer.kind_rules.has_deposit:
            left_out.append("deposit_amount")
        if not offer.kind_rules.has_steps:
            left_out += ["season_from_month", "season_to_month"]
        for name in left_out:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse an end before a beginning, and half a season."""
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("check_in_from"), data.get("check_in_until")
        if start and end and end < start:
            self.add_error("check_in_until", _("It can't be before « arrival from »."))
        first, last = data.get("season_from_month"), data.get("season_to_month")
        if (first is None) != (last is None):
            self.add_error(
                "season_to_month" if last is None else "season_from_month",
                _("Give both months, or none."),
            )
        return data

    @property
    def values(self) -> dict[str, Any]:
        """Return what was typed by column, from a valid form."""
        data = dict(self.cleaned_data)
        data["cancellation_policy_id"] = data.pop("cancellation_policy").pk
        data["min_advance_days"] = data["min_advance_days"] or 0
        return data


STARS = {
    Offer.LodgingType.CAMPING: ("unclassified", "camping_1_2_star", "camping_3_5_star"),
    Offer.LodgingType.GUEST_ROOM: ("1_star_or_chambre_dhotes",),
    Offer.LodgingType.HOSTEL: ("1_star_or_chambre_dhotes",),
    Offer.LodgingType.UNUSUAL: ("unclassified",),
}
ALL_STARS = (
    "unclassified",
    "1_star_or_chambre_dhotes",
    "2_star",
    "3_star",
    "4_star",
    "5_star",
)


class LodgingPapersForm(OfferForm):
    """What the tourist tax and the law ask of a lodging."""

    tax_category = forms.ChoiceField(
        label=gettext_lazy("Classification"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the classification.")},
    )
    registration_number = forms.CharField(
        label=gettext_lazy("Registration number"),
        help_text=gettext_lazy("Thirteen signs, on the receipt of your declaration"),
        max_length=40,
        required=False,
    )
    why = {
        "tax_category": gettext_lazy(
            "The tourist tax depends on it. Stars that have ended count no more."
        ),
        "registration_number": gettext_lazy(
            "The law wants it on the page of every furnished lodging. While you wait for it, give "
            "the receipt in « My papers »."
        ),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        kept = STARS.get(Offer.LodgingType(offer.lodging_type), ALL_STARS)
        names = dict(Offer.TaxCategory.choices)
        codes = dict.fromkeys([*kept, offer.tax_category])
        self.fields["tax_category"].choices = [(one, names[one]) for one in codes]  # type: ignore[attr-defined,index]
        if offer.lodging_type != Offer.LodgingType.GITE:
            del self.fields["registration_number"]

    def clean_registration_number(self) -> str:
        """Return thirteen signs, or nothing."""
        number = clean_registration(self.cleaned_data["registration_number"])
        if number and registration_commune(number) is None:
            raise forms.ValidationError(
                _("Thirteen signs: five for the commune, six digits, two for the key.")
            )
        return number


class PermitForm(OfferForm):
    """The authorisation without which no child is looked after."""

    regime = forms.ChoiceField(
        label=gettext_lazy("Regime"),
        choices=OfferPermit.Regime.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the regime that you declared.")},
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=60,
        error_messages={"required": gettext_lazy("Give the number that stands on the paper.")},
    )
    authority = forms.CharField(
        label=gettext_lazy("Given by"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say who gave it: department, prefecture…")},
    )
    valid_until = DayField(label=gettext_lazy("Valid until (last day)"))
    why = {
        "regime": gettext_lazy("Each regime covers other ages."),
        "number": gettext_lazy("The office checks it before the first booking."),
        "authority": gettext_lazy("Parents may ask for it."),
        "valid_until": gettext_lazy("Nothing is sold after that day: you are reminded before."),
    }

    def clean_valid_until(self) -> Any:
        """Refuse a day that nobody can mean."""
        day = self.cleaned_data["valid_until"]
        if not is_of_our_time(day):
            raise forms.ValidationError(_("Check the year of this date."))
        return day


class StepForm(OfferForm):
    """One step of a workshop, of a list; an empty one is none."""

    title = forms.CharField(label=gettext_lazy("What is done"), max_length=120, required=False)
    minutes = count_field(gettext_lazy("Minutes"), 1, 1440, required=False)
    plan_b = forms.CharField(
        label=gettext_lazy("If it can’t be done"),
        help_text=gettext_lazy("What takes its place; empty: it always can"),
        max_length=200,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the rest of a line that was begun."""
        data: dict[str, Any] = super().clean() or {}
        if not self.is_empty:
            if not data.get("title") and "title" not in self.errors:
                self.add_error("title", _("Say what is done in this step."))
            if data.get("minutes") is None and "minutes" not in self.errors:
                self.add_error("minutes", _("Say how many minutes it takes."))
        return data

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was filled in, or could be read."""
        data = getattr(self, "cleaned_data", {})
        return not self.errors and all(one in {None, ""} for one in data.values())


StepFormSet = forms.formset_factory(StepForm, extra=0, min_num=4, max_num=10, absolute_max=10)


class CopyForm(forms.Form):
    """What a copy is called."""

    title = forms.CharField(max_length=120, required=False)
