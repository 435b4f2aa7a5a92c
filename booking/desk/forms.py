"""Forms of offers, their prices and their rules of stay: each message beside its field.

What may be sold is decided by `booking.offers` and the rules; nothing is written here but the
rows of the form itself.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.desk.rows import deleted_rows_of, rows_of, say_on_rows
from booking.features import FEATURES, SPIRIT
from booking.forms.offer_rules import tell_defaults
from booking.models import (
    Offer,
    OfferLabel,
    OrderLine,
    PriceRule,
    Supplement,
    Tariff,
    Unit,
    kind_choices,
)
from booking.models.offers import Weekday
from booking.offers import check_price_bands
from booking.rules.kinds import kind_of
from booking.rules.pricing import BandTerms
from booking.rules.registration import clean_registration, registration_commune
from destination.desk import AddressField, DeskForm, TwoDaysField

VAT_RATES = (
    (Decimal("0.0000"), "0 %"),
    (Decimal("0.0210"), "2,1 %"),
    (Decimal("0.0550"), "5,5 %"),
    (Decimal("0.1000"), "10 %"),
    (Decimal("0.2000"), "20 %"),
)
DRAWINGS = (
    ("gite", gettext_lazy("a gîte")),
    ("chambre", gettext_lazy("a bedroom")),
    ("camping", gettext_lazy("a campsite")),
    ("yourte", gettext_lazy("a yurt")),
    ("hotes", gettext_lazy("hosts")),
    ("cuisine", gettext_lazy("a kitchen, a meal")),
    ("lentilles", gettext_lazy("lentils, produce")),
    ("marche", gettext_lazy("a market")),
    ("dentelle", gettext_lazy("lace")),
    ("cathedrale", gettext_lazy("the cathedral, a visit")),
    ("concert", gettext_lazy("a concert, a show")),
    ("enfants", gettext_lazy("children")),
    ("greeter", gettext_lazy("a walk with a resident")),
    ("rando", gettext_lazy("a walk, a trail")),
    ("raquettes", gettext_lazy("snowshoes")),
    ("baignade", gettext_lazy("swimming in the Loire")),
    ("train", gettext_lazy("a train")),
)
# Places in metropolitan France; anything else is a slip of the keyboard.
LATITUDES = (41.0, 51.5)
LONGITUDES = (-5.5, 10.0)
OLDEST_PERSON = 120


def vat_field(**kwargs: Any) -> forms.TypedChoiceField:
    """Return a choice of the VAT rates in force."""
    return forms.TypedChoiceField(
        choices=VAT_RATES, coerce=Decimal, label=gettext_lazy("VAT rate"), **kwargs
    )


def _show_rate(form: forms.BaseModelForm) -> None:
    """Choose the row's rate in the list; one that is not in it stays as it is."""
    field = form.fields.get("vat_rate")
    if not isinstance(field, forms.TypedChoiceField):
        return
    rate = Decimal(form.instance.vat_rate).quantize(Decimal("0.0001"))
    form.initial["vat_rate"] = rate
    if rate not in dict(VAT_RATES):
        shown = f"{(rate * 100).normalize():f} %".replace(".", ",")
        field.choices = [*VAT_RATES, (rate, shown)]


# --- Offers ------------------------------------------------------------------------------------
class PhotoRow(DeskForm):
    """A photograph of an offer; without a number it comes last."""

    french = ("alt",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        if not self.instance.pk:
            self.initial["position"] = None

    def clean_position(self) -> int:
        """Return 0 for « at the end »."""
        return self.cleaned_data.get("position") or 0


class LabelRow(DeskForm):
    """A label of an offer, with its last day."""

    families = forms.MultipleChoiceField(
        choices=OfferLabel.Family.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Families of Tourisme & Handicap"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].validators += [MinValueValidator(1), MaxValueValidator(5)]


class SupplementRow(DeskForm):
    """A supplement; its code is made from its name."""

    french = ("name",)
    vat_rate = vat_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _show_rate(self)


class BandRow(DeskForm):
    """A price by age; its code is made from its name."""

    french = ("name",)


class UnitRow(DeskForm):
    """A unit of a lodging."""

    french = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tariff" in self.fields:
            tariffs = Tariff.objects.none()
            if self.instance.pk:
                tariffs = Tariff.objects.filter(offer_id=self.instance.offer_id)
            if not tariffs.exists():
                # Prices are entered after the lodging: there is nothing to choose yet.
                del self.fields["tariff"]
            else:
                self.fields["tariff"].queryset = tariffs
                self.fields["tariff"].label_from_instance = lambda tariff: tariff.name

    def clean(self) -> dict[str, Any]:
        """Refuse a unit in which those it takes don't fit."""
        data = super().clean() or self.cleaned_data
        if "preparation_nights" in self.fields and data.get("preparation_nights") is None:
            data["preparation_nights"] = 0
        adults, children = data.get("max_adults"), data.get("max_children")
        guests = data.get("max_guests")
        if adults is not None and adults < 1:
            self.add_error("max_adults", _("At least one adult sleeps here."))
            return data
        if guests is not None and adults is not None:
            if guests < adults:
                self.add_error("max_guests", _("At least as many persons as adults."))
            elif children is not None and guests > adults + children:
                self.add_error(
                    "max_guests",
                    _("More persons than adults and children together: raise one of those."),
                )
        return data


class OfferForm(DeskForm):
    """What lodgings and experiences have in common."""

    french = ("title", "summary")

    slug = AddressField(max_length=90, label=gettext_lazy("Address of the page"))
    features = forms.MultipleChoiceField(
        choices=lambda: list(FEATURES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("What it offers"),
    )
    spirit = forms.MultipleChoiceField(
        choices=lambda: list(SPIRIT.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Words of the destination"),
    )
    illustration = forms.ChoiceField(
        choices=DRAWINGS, label=gettext_lazy("Drawing shown without photograph")
    )
    vat_rate = vat_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _show_rate(self)
        if "slug" in self.fields:
            self.fields["slug"].error_messages["unique"] = _(
                "Another offer has this address: choose another one."
            )
        if "provider" in self.fields and not self.instance.pk:
            providers = self.fields["provider"].queryset
            self.fields["provider"].queryset = providers.filter(state="active")

    def clean(self) -> dict[str, Any]:
        """Check what concerns several fields of any offer."""
        data = super().clean() or self.cleaned_data
        self._clean_ages(data)
        self._clean_position(data)
        self._clean_advance(data)
        return data

    def _clean_ages(self, data: dict[str, Any]) -> None:
        low, high = data.get("min_age"), data.get("max_age")
        for name, age in (("min_age", low), ("max_age", high)):
            if age is not None and age > OLDEST_PERSON:
                self.add_error(name, _("An age is a whole number from 0 to 120."))
        if low is not None and high is not None and low > high:
            self.add_error("max_age", _("The highest age must not be below the lowest one."))

    def _clean_position(self, data: dict[str, Any]) -> None:
        given = {name: data.get(name) for name in ("latitude", "longitude")}
        if given["latitude"] is None and given["longitude"] is None:
            return
        for name, (low, high) in (("latitude", LATITUDES), ("longitude", LONGITUDES)):
            value = given[name]
            if name in self.errors or name not in self.fields:
                continue
            if value is None:
                self.add_error(name, _("Give both coordinates, or none."))
            elif not low <= value <= high:
                self.add_error(
                    name,
                    _("Between %(low)s and %(high)s: this place is not in France.")
                    % {"low": low, "high": high},
                )

    def _clean_advance(self, data: dict[str, Any]) -> None:
        least, most = data.get("min_advance_days"), data.get("max_advance_days")
        if least is not None and most is not None and most < least:
            self.add_error("max_advance_days", _("It can't be less than « at least days ahead »."))
        if data.get("notice_hours") is None and "notice_hours" in self.fields:
            data["notice_hours"] = 0

    def _name_codes(self, relation: str, longest: int = 24) -> None:
        """Give each new row a code made from its French name, once per offer."""
        rows = rows_of(self, relation)
        used = {row.instance.code for row in rows if row.instance.code}
        for row in rows:
            if row.instance.code:
                continue
            kind = getattr(row.instance, "kind", "")
            base = kind if kind not in ("", Supplement.Kind.OTHER) else ""
            base = base or slugify(row.instance.name_fr or "")[: longest - 3] or "prix"
            code, number = base, 1
            while code in used:
                number += 1
                code = f"{base}-{number}"
            row.instance.code = code
            used.add(code)

    def save(self, commit: bool = True) -> Offer:
        """Save with codes for new rows."""
        for relation in ("supplements", "bands"):
            if relation in self.formsets:
                self._name_codes(relation)
        return super().save(commit=commit)


class LodgingForm(OfferForm):
    """A lodging and its units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("lodging_type", "tax_category"):
            if name in self.fields:
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Check hours, the registration number and the units that are taken away."""
        data = super().clean()
        start, end = data.get("check_in_from"), data.get("check_in_until")
        if start and end and end < start:
            self.add_error("check_in_until", _("It can't be before « arrival from »."))
        number = clean_registration(data.get("registration_number") or "")
        if number and registration_commune(number) is None:
            self.add_error(
                "registration_number",
                _("Thirteen signs: five for the commune, six digits, two for the key."),
            )
        elif number:
            data["registration_number"] = number
        for row in deleted_rows_of(self, "units"):
            unit = row.instance
            if unit.stays.exists() or OrderLine.objects.filter(unit=unit).exists():
                message = _("« %(unit)s » has stays: untick « sold » instead of deleting it.")
                say_on_rows(self, "units", message % {"unit": unit.name})
        return data

    def save(self, commit: bool = True) -> Offer:
        """Save; units without prices take the offer's only ones."""
        offer = super().save(commit=commit)
        if commit:
            tariffs = list(Tariff.objects.filter(offer=offer)[:2])
            if len(tariffs) == 1:
                Unit.objects.filter(offer=offer, tariff=None).update(tariff=tariffs[0])
        return offer


class ExperienceForm(OfferForm):
    """An activity, a workshop, a ticket, a meal or a basket, and its prices by age."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [
                ("", "---------"),
                *((kind, label) for kind, label in kind_choices() if kind != "lodging"),
            ]
        if "duration_minutes" in self.fields:
            self.fields["duration_minutes"].required = True

    def clean(self) -> dict[str, Any]:
        """Refuse a hole or an overlap in the prices by age, beside the row to correct."""
        data = super().clean()
        if data.get("duration_minutes") == 0:
            self.add_error("duration_minutes", _("At least one minute."))
        if data.get("notice_hours") and data.get("kind") and not kind_of(data["kind"]).begins:
            message = _("What is open long doesn’t begin at an hour: leave 0, or count in days.")
            self.add_error("notice_hours", message)
        first, last = data.get("season_from_month"), data.get("season_to_month")
        if (first is None) != (last is None):
            name = "season_to_month" if last is None else "season_from_month"
            self.add_error(name, _("Give both months of the season, or neither."))
        rows = rows_of(self, "bands")
        bands = [_band_of(row, str(number)) for number, row in enumerate(rows)]
        if (
            not bands
            or any(row.errors for row in rows)
            or {"min_age", "max_age"} & set(self.errors)
        ):
            return data
        troubles = check_price_bands(
            bands,
            data.get("min_age"),
            data.get("max_age"),
            is_sold_by_item=bool(data.get("kind")) and kind_of(data["kind"]).is_by_item,
        )
        for one in troubles:
            for code in one.params.get("codes", ()):
                name = "max_age" if one.code == "band_reversed" else "min_age"
                rows[int(code)].add_error(name, one.message)
        return data


class PermitRow(DeskForm):
    """The authorisation of a childcare offer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tell_defaults(self.fields)


class OfferStepRow(DeskForm):
    """A step of a workshop in steps."""

    french = ("title",)


def _band_of(row: DeskForm, code: str) -> BandTerms:
    data = row.cleaned_data
    return BandTerms(
        code=code,
        label="",
        min_age=data.get("min_age"),
        max_age=data.get("max_age"),
        amount=data.get("amount") or Decimal(0),
    )


# --- Prices and rules of stay ------------------------------------------------------------------
FIRST_NIGHT = gettext_lazy("First night")
DEPARTURE = gettext_lazy("Day of departure")


class PriceRow(DeskForm):
    """A season, a weekday within dates, or a dated exception."""

    dates = TwoDaysField(
        first=FIRST_NIGHT,
        last=DEPARTURE,
        label=gettext_lazy("Nights"),
    )

    def clean(self) -> dict[str, Any]:
        """A weekday belongs to its level, and to no other."""
        data = super().clean() or self.cleaned_data
        level, weekday = data.get("level"), data.get("weekday")
        if level == PriceRule.Level.WEEKDAY and weekday == Weekday.EVERY:
            self.add_error("weekday", _("Choose the day of the week."))
        elif level and level != PriceRule.Level.WEEKDAY and weekday != Weekday.EVERY:
            self.add_error(
                "weekday",
                _("For one day of the week, choose the level « days of the week »."),
            )
        return data


class RestrictionRow(DeskForm):
    """A dated rule of stay; both days are included."""

    dates = TwoDaysField(
        first=gettext_lazy("From"),
        last=gettext_lazy("To, included"),
        last_is_included=True,
        label=gettext_lazy("Dates"),
    )

    def clean(self) -> dict[str, Any]:
        """A number of nights for the rules that have one."""
        data = super().clean() or self.cleaned_data
        kind, value = data.get("kind"), data.get("value")
        if kind and not kind.startswith("closed_") and not value:
            self.add_error("value", _("Give a number of nights."))
        return data


class TariffForm(DeskForm):
    """Prices and rules of stay of the equal units of a lodging."""

    french = ("name",)

    priced_units = forms.ModelMultipleChoiceField(
        queryset=Unit.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Units sold at these prices"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_id = self.instance.offer_id
        if offer_id is None:
            del self.fields["priced_units"]
            if "offer" in self.fields:
                self.fields["offer"].queryset = Offer.objects.filter(kind=Offer.Kind.LODGING)
            return
        # The offer of given prices never changes: units of two offers would get mixed.
        self.fields.pop("offer", None)
        units = Unit.objects.filter(offer_id=offer_id)
        self.fields["priced_units"].queryset = units
        mine = units.filter(tariff=self.instance) if self.instance.pk else units.filter(tariff=None)
        self.initial["priced_units"] = [unit.pk for unit in mine]

    def clean(self) -> dict[str, Any]:
        """Refuse overlapping prices beside their row, and lengths that exclude each other."""
        data = super().clean() or self.cleaned_data
        least, most = data.get("min_stay"), data.get("max_stay")
        if least and most and most < least:
            self.add_error("max_stay", _("It can't be less than « nights at least »."))
        self._refuse_overlaps()
        self._refuse_no_price()
        return data

    def _refuse_no_price(self) -> None:
        """Refuse prices by which no night is ever sold."""
        is_given = self.cleaned_data.get("base_amount") is not None
        if is_given or "base_amount" in self.errors or rows_of(self, "price_rules"):
            return
        self.add_error(
            "base_amount",
            _("Give the price of a night, or at least one season below: nothing is sold yet."),
        )

    def _refuse_overlaps(self) -> None:
        seen: list[DeskForm] = []
        for row in rows_of(self, "price_rules"):
            data = row.cleaned_data
            if row.errors or not data.get("dates"):
                continue
            for other in seen:
                theirs = other.cleaned_data
                if (
                    theirs["level"] == data["level"]
                    and theirs["weekday"] == data["weekday"]
                    and theirs["dates"].lower < data["dates"].upper
                    and data["dates"].lower < theirs["dates"].upper
                ):
                    message = _(
                        "Overlaps another price of the same level, from %(first)s to %(last)s."
                    )
                    shown = {
                        "first": f"{theirs['dates'].lower:%d/%m/%Y}",
                        "last": f"{theirs['dates'].upper:%d/%m/%Y}",
                    }
                    row.add_error("dates", message % shown)
                    break
            else:
                seen.append(row)

    def save(self, commit: bool = True) -> Tariff:
        """Save, and sell the chosen units at these prices."""
        if commit:
            self._make_room()
        tariff = super().save(commit=commit)
        if commit:
            units = Unit.objects.filter(offer_id=tariff.offer_id)
            if "priced_units" in self.fields:
                chosen = self.cleaned_data["priced_units"]
                units.filter(tariff=tariff).exclude(pk__in=chosen).update(tariff=None)
                units.filter(pk__in=chosen).update(tariff=tariff)
            else:
                units.filter(tariff=None).update(tariff=tariff)
        return tariff

    def _make_room(self) -> None:
        """Take changed prices out first: two that exchange their dates would meet on the way."""
        changed = [
            row.instance.pk
            for row in self.formsets["price_rules"].initial_forms
            if row.instance.pk and row.has_changed()
        ]
        PriceRule.objects.filter(pk__in=changed).delete()
