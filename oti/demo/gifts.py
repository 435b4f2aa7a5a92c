"""The annual gift of the demonstration: a draft, so that the office sees what it would cost."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from booking.models import GiftCampaign
from oti.lib.dates import today as day_of

WORDS_FR = (
    "Vous êtes venus chez nous, et nous pensons à vous.\n\n"
    "Voici un sachet de lentilles de Solange, récoltées en août. Une demi-heure de cuisson, une "
    "feuille de laurier, et c’est l’odeur de sa cuisine."
)
WORDS_EN = (
    "You stayed with us, and we think of you.\n\n"
    "Here is a bag of Solange’s lentils, brought in in August. Half an hour on the stove, a bay "
    "leaf, and that is how her kitchen smells."
)
WORDS_DE = (
    "Sie waren bei uns, und wir denken an Sie.\n\n"
    "Hier ist ein Säckchen Linsen von Solange, im August geerntet. Eine halbe Stunde auf dem Herd, "
    "ein Lorbeerblatt, und so riecht es in ihrer Küche."
)


def add_gift(*, now: datetime) -> None:
    """Prepare the gift of this year, where the office has prepared none ever."""
    if GiftCampaign.objects.exists():
        return
    year = day_of(now).year
    GiftCampaign.objects.create(
        year=year,
        kind="product",
        title_fr="Un sachet de lentilles vertes du Puy",
        title_en="A bag of green lentils from Le Puy",
        title_de="Ein Säckchen grüner Linsen aus Le Puy",
        words_fr=WORDS_FR,
        words_en=WORDS_EN,
        words_de=WORDS_DE,
        unit_amount=Decimal("8.50"),
        budget_amount=Decimal(600),
        valid_until=date(year + 1, 2, 28),
    )
