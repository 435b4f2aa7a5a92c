"""An organiser of packages for the demo: every value is invented and says so."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from booking.models import Organiser

MARK = "(démonstration)"


def demo_organiser() -> Organiser:
    """Return the identity under which the demo sells packages, unsaved."""
    office = settings.OFFICE
    return Organiser(
        legal_name=f"{office['name']} {MARK}",
        legal_form=f"Établissement public {MARK}",
        address=office["address"],
        phone=office["phone"],
        email=office["email"],
        registration_number=f"IM043000000 {MARK}",
        valid_from=date(2026, 1, 1),
        valid_until=date(2035, 12, 31),
        guarantor_name=f"Garantie des voyages du Velay {MARK}",
        guarantor_contact="1 rue de l’Exemple, 75000 Paris, 01 00 00 00 00, garant@example.org",
        insurer_name=f"Assurances de l’Exemple {MARK}",
        insurance_policy=f"RC-0000000 {MARK}",
        emergency_phone="04 71 00 00 01",
        mediator_name=f"Médiation du voyage {MARK}",
        mediator_contact="mediateur@example.org",
        is_demo=True,
    )
