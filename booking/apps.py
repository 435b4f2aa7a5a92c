"""Offers, baskets, orders and money."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class BookingConfig(AppConfig):
    name = "booking"
    verbose_name = _("Booking")

    def ready(self) -> None:
        """Let the rules of childcare know what a child takes of a carer."""
        from booking.rules.kinds.childcare import weigh

        weigh(settings.CARE_UNITS_BELOW_SIX, settings.CARE_UNITS_FROM_SIX)
