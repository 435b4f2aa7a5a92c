"""Short legal texts of our own, so that the demo can be read and sold; the office loads real ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from destination.models import LegalText
from members.models import ContractText

FOLDER = Path(__file__).resolve().parent
VERSION = "demo-1"
# Texts that were changed since they were first loaded: a version once loaded stays as it is.
VERSIONS = {LegalText.Kind.NOTICE: "demo-2"}
VALID_FROM = date(2026, 1, 1)
TITLES = {
    "fr": {
        LegalText.Kind.NOTICE: "Mentions légales",
        LegalText.Kind.TERMS: "Conditions de vente",
        LegalText.Kind.PRIVACY: "Vie privée",
        LegalText.Kind.ACCESSIBILITY: "Accessibilité : non auditée",
        LegalText.Kind.ACCESSIBILITY_PLAN: "Accessibilité : notre plan sur trois ans",
        LegalText.Kind.RANKING: "Comment les offres sont classées",
        LegalText.Kind.PACKAGE_FORM: "Formulaire d’information des forfaits (démonstration)",
    },
    "en": {
        LegalText.Kind.NOTICE: "Legal notice",
        LegalText.Kind.TERMS: "Conditions of sale",
        LegalText.Kind.PRIVACY: "Privacy",
        LegalText.Kind.ACCESSIBILITY: "Accessibility: not audited",
        LegalText.Kind.ACCESSIBILITY_PLAN: "Accessibility: our plan over three years",
        LegalText.Kind.RANKING: "How offers are ranked",
        LegalText.Kind.PACKAGE_FORM: "Information form of packages (demonstration)",
    },
    "de": {
        LegalText.Kind.NOTICE: "Impressum",
        LegalText.Kind.TERMS: "Verkaufs\N{SOFT HYPHEN}bedingungen",
        LegalText.Kind.PRIVACY: "Datenschutz",
        LegalText.Kind.ACCESSIBILITY: "Barriere\N{SOFT HYPHEN}freiheit: nicht geprüft",
        LegalText.Kind.ACCESSIBILITY_PLAN: "Barriere\N{SOFT HYPHEN}freiheit: unser Plan für drei Jahre",
        LegalText.Kind.RANKING: "Wie die Angebote geordnet sind",
        LegalText.Kind.PACKAGE_FORM: "Formblatt für Pauschalreisen (Demonstration)",
    },
}


def legal_texts() -> Iterator[LegalText]:
    """Yield every text in every language, unsaved; the body is HTML without its title."""
    for language, titles in TITLES.items():
        for kind, title in titles.items():
            body = (FOLDER / language / f"{kind.value}.html").read_text(encoding="utf-8")
            yield LegalText(
                kind=kind,
                language=language,
                version=VERSIONS.get(kind, VERSION),
                valid_from=VALID_FROM,
                title=title,
                body=body,
                is_demo=True,
            )


CONTRACTS = {
    "fr": "Contrat des prestataires (démonstration)",
    "en": "Contract of hosts (demonstration)",
}


def contract_texts() -> Iterator[ContractText]:
    """Yield what hosts of the demonstration sign, in both its languages, unsaved."""
    for language, title in CONTRACTS.items():
        yield ContractText(
            language=language,
            version=VERSION,
            valid_from=VALID_FROM,
            title=title,
            body=(FOLDER / language / "contrat-prestataire.html").read_text(encoding="utf-8"),
            is_demo=True,
        )
