"""The desk's page of the organiser of packages: registration, guarantee, insurance, by date."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column

from booking.models import Organiser
from destination.desk import DeskForm, DeskViewSet, MomentColumn
from oti.lib.dates import today as day_of

# Two letters, the department or territory on three figures, six of the register (domain.md §2.3).
REGISTRATION = re.compile(r"IM\d{9}")


class OrganiserForm(DeskForm):
    """Who answers for packages from a day on; what is missing is told on the list."""

    def clean_registration_number(self) -> str:
        """Accept any spacing; refuse what can't be a number of the register."""
        typed = str(self.cleaned_data["registration_number"]).strip()
        number = "".join(typed.upper().split())
        if REGISTRATION.fullmatch(number):
            return number
        if typed and not self.data.get("is_demo"):
            raise ValidationError(_("Two letters and nine figures, as in IM043123456."))
        return typed

    def clean(self) -> dict[str, Any]:
        """Refuse a validity that ends before it begins."""
        data = super().clean() or self.cleaned_data
        start, end = data.get("valid_from"), data.get("valid_until")
        if start and end and end < start:
            self.add_error("valid_until", _("The last day must not come before the first one."))
        return data


def state_of(organiser: Organiser) -> str:
    """Say whether packages can be sold under this identity today."""
    if not organiser.is_complete:
        return _("Incomplete: packages are refused")
    if organiser.is_expired_on(day_of(timezone.now())):
        return _("Registration expired: packages are refused")
    return _("Complete")


class StateColumn(Column):
    """Whether packages can be sold."""

    def get_value(self, instance: Organiser) -> str:
        """Return the state in words."""
        return state_of(instance)


class OrganiserViewSet(DeskViewSet):
    """Who organises packages; a renewal is entered beforehand, from its first day on."""

    model = Organiser
    name = "desk_organisers"
    url_prefix = "organisateur"
    icon = "clipboard-list"
    menu_label = gettext_lazy("Organiser of packages")
    add_to_settings_menu = True
    menu_order = 25
    ordering = ("-valid_from",)
    copy_view_enabled = True
    edit_handler = ObjectList(
        [
            FieldRowPanel(
                [
                    FieldPanel("legal_name", help_text=gettext_lazy("As on the contract.")),
                    FieldPanel(
                        "legal_form", help_text=gettext_lazy("Association, EPIC, SPL, with SIREN.")
                    ),
                ]
            ),
            FieldPanel("address", help_text=gettext_lazy("Of the registered office.")),
            FieldRowPanel(
                [
                    FieldPanel("phone", help_text=gettext_lazy("For questions before the stay.")),
                    FieldPanel("email", help_text=gettext_lazy("Complaints are sent there.")),
                    FieldPanel(
                        "emergency_phone",
                        help_text=gettext_lazy("For travellers in difficulty, at any hour."),
                    ),
                ]
            ),
            MultiFieldPanel(
                [
                    FieldPanel(
                        "registration_number",
                        help_text=gettext_lazy(
                            "IM and nine figures. While it is empty packages are refused."
                        ),
                    ),
                    FieldRowPanel(
                        [
                            FieldPanel(
                                "valid_from",
                                help_text=gettext_lazy("This identity holds from that day on."),
                            ),
                            FieldPanel(
                                "valid_until",
                                help_text=gettext_lazy("After that day packages are refused."),
                            ),
                        ]
                    ),
                ],
                heading=gettext_lazy("Register of travel operators (Atout France)"),
            ),
            FieldRowPanel(
                [
                    FieldPanel(
                        "guarantor_name",
                        help_text=gettext_lazy("While it is empty packages are refused."),
                    ),
                    FieldPanel(
                        "guarantor_contact",
                        help_text=gettext_lazy("Address, phone and mail, on one line."),
                    ),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel(
                        "insurer_name",
                        help_text=gettext_lazy("While it is empty packages are refused."),
                    ),
                    FieldPanel(
                        "insurance_policy", help_text=gettext_lazy("As on the certificate.")
                    ),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel(
                        "mediator_name", help_text=gettext_lazy("The one that the office joined.")
                    ),
                    FieldPanel(
                        "mediator_contact",
                        help_text=gettext_lazy("Address and site, on one line."),
                    ),
                ]
            ),
            FieldPanel(
                "is_demo",
                help_text=gettext_lazy("Invented values: production sells no package on them."),
            ),
        ],
        base_form_class=OrganiserForm,
    )
    list_display = (
        "legal_name",
        Column("registration_number", label=gettext_lazy("Registration")),
        MomentColumn("valid_from", label=gettext_lazy("In force from"), sort_key="valid_from"),
        MomentColumn("valid_until", label=gettext_lazy("Valid until")),
        StateColumn("state", label=gettext_lazy("State")),
    )
    empty_text = gettext_lazy(
        "Who organises packages will appear here: registration, guarantor, insurer. Until then "
        "a stay that is a package is refused, everything else is sold."
    )
