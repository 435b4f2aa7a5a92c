"""What an offer may have: the codes kept on offers, their words and their icons."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FEATURES: dict[str, Promise] = {
    "pets": _("Pets welcome"),
    "cot": _("Cot for a baby"),
    "linen_included": _("Linen included"),
    "accessible": _("Step-free access"),
    "wifi": _("Wi-Fi"),
    "parking": _("Parking"),
    "garden": _("Garden"),
    "fireplace": _("Fireplace or stove"),
    "breakfast": _("Breakfast included"),
    "table_hotes": _("Dinner at the hosts’ table"),
    "bike_shed": _("Locked room for bicycles"),
    "ev_charging": _("Charging for electric cars"),
    "animals_to_see": _("Animals to see"),
    "indoor": _("Indoors"),
    "outdoor": _("Outdoors"),
    "speaks_en": _("English spoken"),
    "speaks_de": _("German spoken"),
    "speaks_es": _("Spanish spoken"),
    "speaks_it": _("Italian spoken"),
    "speaks_nl": _("Dutch spoken"),
}
# Beside French: what a child is spoken to in, or a guest (features.md N05).
SPOKEN = tuple(code for code in FEATURES if code.startswith("speaks_"))

# Symbols of static/img/icons.svg.
FEATURE_ICONS: dict[str, str] = {
    "pets": "dog",
    "cot": "baby",
    "linen_included": "bed-double",
    "accessible": "accessibility",
    "wifi": "wifi",
    "parking": "car",
    "garden": "flower-2",
    "fireplace": "flame",
    "breakfast": "cooking-pot",
    "table_hotes": "utensils",
    "bike_shed": "bike",
    "ev_charging": "lightbulb",
    "animals_to_see": "heart",
    "indoor": "house",
    "outdoor": "sun",
    **dict.fromkeys(SPOKEN, "languages"),
}

# The four words under one banner (features.md N26, S-52): every offer keeps one at least.
SPIRIT: dict[str, Promise] = {
    "zen": _("Zen"),
    "slow": _("Slow tourism"),
    "links": _("Links between people"),
    "wellbeing": _("Well-being"),
}
SPIRIT_MEANS: dict[str, Promise] = {
    "zen": _("Quiet, a view, nothing that hurries."),
    "slow": _("On foot, by bicycle, by train; one place rather than ten."),
    "links": _("A host who takes part, a craft shown, a table shared."),
    "wellbeing": _("Water, woods, good food, a night that rests."),
}
