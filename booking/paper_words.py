"""The words of a host's enrolment: what it offers, what is asked of it and why, where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from destination.office import lazy_with_phone
from members.rules import enrolment, papers

ACTIVITY_WORDS: dict[str, Promise] = {
    papers.FURNISHED: _("A gîte or furnished lodging"),
    papers.ROOMS: _("Guest rooms with breakfast (chambres d’hôtes)"),
    papers.HOTEL: _("A hotel"),
    papers.CAMPING: _("A campsite"),
    papers.ACTIVITY: _("Workshops and activities"),
    papers.GUIDE: _("Guided visits of monuments and museums"),
    papers.SPORT: _("Sports with a guide: walking, climbing, bicycle, snow"),
    papers.MEAL: _("Meals"),
    papers.PRODUCE: _("Farm produce"),
    papers.CHILDCARE: _("Childcare"),
    papers.RENTAL: _("Bicycles and equipment for hire"),
    papers.TRANSPORT: _("Transport of persons"),
    papers.EVENT: _("Shows and events"),
}


@dataclass(frozen=True)
class PaperWords:
    """A paper's name, and why it is asked."""

    title: Promise
    why: Promise


PAPER_WORDS: dict[str, PaperWords] = {
    "house": PaperWords(
        _("Your house and how to reach you"),
        _("Visitors must know whom they buy from before they pay."),
    ),
    "siret": PaperWords(
        _("SIRET and legal name"),
        _("It shows that your business is registered; it stands on receipts."),
    ),
    "registration": PaperWords(
        _("Registration number of the furnished lodging"),
        _(
            "Each furnished lodging is declared before it is let, and its number shown on the "
            "page. While you wait for it, give the receipt of the declaration."
        ),
    ),
    "rooms": PaperWords(
        _("Declaration of the guest rooms at the town hall"),
        _("Guest rooms are declared to the mayor: five rooms and fifteen persons at most."),
    ),
    "classification": PaperWords(
        _("Classification (stars)"),
        _(
            "The tourist tax of your guests depends on it. Past its end the lodging counts as "
            "unclassified; without one, leave this empty."
        ),
    ),
    "insurance": PaperWords(
        _("Liability insurance"),
        _("It covers what happens to your visitors; our contract asks for it."),
    ),
    "childcare": PaperWords(
        _("Authorisation to look after children"),
        _("Nothing is sold without it, nor for a day after its end."),
    ),
    "guide": PaperWords(
        _("Guide card"),
        _("Visits of museums and historic monuments are led by holders of this card."),
    ),
    "sport": PaperWords(
        _("Sports instructor’s card"),
        _("Who teaches or leads a sport for pay holds it; it is given for five years."),
    ),
    "transport": PaperWords(
        _("Licence to carry persons"),
        _("Carrying persons for pay asks for an entry in the register of carriers."),
    ),
    "organic": PaperWords(
        _("Organic certificate"),
        _("« Organic » is shown only while the certificate is valid; without one, leave it empty."),
    ),
    "labels": PaperWords(
        _("Labels"),
        _("A label is shown up to its last day, never after; without one, leave this empty."),
    ),
    "seller": PaperWords(
        _("What the tax office is told"),
        _(
            "Each January we must tell it what each seller earned here, and send you the same. "
            "Kept sealed; your IBAN stays with the bank."
        ),
    ),
    "contract": PaperWords(
        _("Our contract"),
        _("What we do for you, what you promise, what it costs."),
    ),
}

# Label and hint of a paper's number.
NUMBER_WORDS: dict[str, tuple[Promise, Promise]] = {
    "siret": (_("SIRET"), _("14 digits")),
    "registration": (
        _("Registration number"),
        _("13 signs, as 43157000123AB; several lodgings: put a comma between"),
    ),
    "rooms": (_("Number or day of the declaration"), _("On the receipt of the town hall")),
    "classification": (
        _("Class and number of the decision"),
        _("For instance: 3 stars, 43-2026-0123"),
    ),
    "insurance": (_("Insurer and policy number"), _("On your certificate of insurance")),
    "childcare": (
        _("Number and who gave it"),
        _("The department (PMI), the prefecture or the SAP"),
    ),
    "guide": (_("Number of the card"), _("On the front of the card")),
    "sport": (_("Number of the card"), _("On the front of the card")),
    "transport": (_("Number of the licence"), _("On your licence")),
    "organic": (_("Certifier and number"), _("On your certificate")),
    "labels": (_("Which labels"), _("For instance: Accueil Vélo, Gîtes de France 3 épis")),
}

STANDING_WORDS: dict[str, Promise] = {
    papers.MISSING: pgettext_lazy("paper", "to do"),
    papers.INCOMPLETE: pgettext_lazy("paper", "incomplete"),
    papers.TO_FIX: pgettext_lazy("paper", "to put right"),
    papers.ENDED: pgettext_lazy("paper", "ended"),
    papers.ENDING: pgettext_lazy("paper", "ends soon"),
    papers.GIVEN: pgettext_lazy("paper", "given"),
    papers.ACCEPTED: pgettext_lazy("paper", "accepted"),
    papers.OPTIONAL: pgettext_lazy("paper", "if you have one"),
}
STANDING_KINDS = {
    papers.MISSING: "warn",
    papers.INCOMPLETE: "warn",
    papers.TO_FIX: "danger",
    papers.ENDED: "danger",
    papers.ENDING: "warn",
    papers.GIVEN: "ok",
    papers.ACCEPTED: "ok",
    papers.OPTIONAL: "plain",
}

# What a host reads of where its enrolment stands.
ENROLMENT_WORDS: dict[str, Promise] = {
    enrolment.DRAFT: _(
        "Nobody sees your house yet. Do what is marked below, in any order, then send it to the "
        "office: everything you give is kept."
    ),
    enrolment.SUBMITTED: _(
        "The office reads your papers and writes to you. You may still correct something meanwhile."
    ),
    enrolment.TO_FIX: _(
        "The office has read it and asks for something more: it stands beside each line below. "
        "Put it right, then send it again."
    ),
    enrolment.APPROVED: _("Your house is approved: what is published of it can be booked."),
    enrolment.SUSPENDED: lazy_with_phone(
        _(
            "Your house is suspended: nothing of it is shown or sold. What was booked before is "
            "honoured. Call the office on %(phone)s."
        )
    ),
}
