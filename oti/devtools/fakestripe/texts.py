"""The payment page's words in French, English and German, and its way to write amounts."""

from datetime import datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("fr", "en", "de")
_TEXTS: dict[str, tuple[str, str, str]] = {
    "demo": (
        "Environnement de démonstration : aucune vraie carte n’est acceptée ni débitée.",
        "Demonstration environment: no real card is accepted or charged.",
        "Demo-Umgebung: Echte Karten werden weder akzeptiert noch belastet.",
    ),
    "title": ("Paiement", "Payment", "Zahlung"),
    "error_prefix": ("Erreur", "Error", "Fehler"),
    "pay_to": ("Payer {shop}", "Pay {shop}", "Zahlung an {shop}"),
    "back": ("Retour à {shop}", "Back to {shop}", "Zurück zu {shop}"),
    "your_order": ("Votre commande", "Your order", "Ihre Bestellung"),
    "reference": ("Commande {ref}", "Order {ref}", "Bestellung {ref}"),
    "quantity": ("{n} × {unit}", "{n} × {unit}", "{n} × {unit}"),
    "total": ("Total", "Total", "Gesamt"),
    "by_card": ("Payer par carte", "Pay by card", "Mit Karte zahlen"),
    "email": ("Adresse e-mail", "E-mail address", "E-Mail-Adresse"),
    "number": ("Numéro de carte", "Card number", "Kartennummer"),
    "number_hint": (
        "13 à 19 chiffres, avec ou sans espaces",
        "13 to 19 digits, with or without spaces",
        "13 bis 19 Ziffern, mit oder ohne Leerzeichen",
    ),
    "expiry": ("Expiration", "Expiry date", "Gültig bis"),
    "expiry_hint": ("MM\u00a0/\u00a0AA", "MM\u00a0/\u00a0YY", "MM\u00a0/\u00a0JJ"),
    "cvc": ("Code de sécurité", "Security code", "Prüfnummer"),
    "cvc_hint": (
        "3 ou 4 chiffres, au dos",
        "3 or 4 digits, on the back",
        "3 oder 4 Ziffern, auf der Rückseite",
    ),
    "name": ("Nom du titulaire", "Name on card", "Name auf der Karte"),
    "pay": ("Payer {amount}", "Pay {amount}", "{amount} zahlen"),
    "confirm_free": ("Confirmer", "Confirm", "Bestätigen"),
    "open_until": (
        "Cette page reste ouverte jusqu’à {time}.",
        "This page stays open until {time}.",
        "Diese Seite bleibt bis {time} geöffnet.",
    ),
    "problems": (
        "Le paiement n’est pas fait",
        "The payment was not made",
        "Die Zahlung wurde nicht ausgeführt",
    ),
    "e_number": (
        "Saisissez un numéro de carte valable.",
        "Enter a valid card number.",
        "Geben Sie eine gültige Kartennummer ein.",
    ),
    "e_expiry": (
        "Saisissez la date d’expiration, par exemple 08\u00a0/\u00a029.",
        "Enter the expiry date, for example 08\u00a0/\u00a029.",
        "Geben Sie das Gültigkeitsdatum ein, zum Beispiel 08\u00a0/\u00a029.",
    ),
    "e_expired": (
        "La date d’expiration de la carte est passée.",
        "The card’s expiry date is in the past.",
        "Das Gültigkeitsdatum der Karte ist abgelaufen.",
    ),
    "e_cvc": (
        "Saisissez le code de sécurité de la carte.",
        "Enter the card’s security code.",
        "Geben Sie die Prüfnummer der Karte ein.",
    ),
    "e_name": (
        "Saisissez le nom du titulaire de la carte.",
        "Enter the name on the card.",
        "Geben Sie den Namen des Karteninhabers ein.",
    ),
    "e_email": (
        "Saisissez une adresse e-mail valable.",
        "Enter a valid e-mail address.",
        "Geben Sie eine gültige E-Mail-Adresse ein.",
    ),
    "generic_decline": (
        "Votre carte a été refusée. Essayez une autre carte.",
        "Your card was declined. Try another card.",
        "Ihre Karte wurde abgelehnt. Versuchen Sie eine andere Karte.",
    ),
    "insufficient_funds": (
        "Le solde de la carte ne suffit pas. Essayez une autre carte.",
        "Your card has insufficient funds. Try another card.",
        "Die Deckung der Karte reicht nicht aus. Versuchen Sie eine andere Karte.",
    ),
    "expired_card": (
        "Votre carte a expiré. Essayez une autre carte.",
        "Your card has expired. Try another card.",
        "Ihre Karte ist abgelaufen. Versuchen Sie eine andere Karte.",
    ),
    "incorrect_cvc": (
        "Le code de sécurité de la carte est faux.",
        "The card’s security code is wrong.",
        "Die Prüfnummer der Karte ist falsch.",
    ),
    "processing_error": (
        "La banque n’a pas pu répondre. Réessayez dans un instant.",
        "The bank could not answer. Try again in a moment.",
        "Die Bank konnte nicht antworten. Versuchen Sie es gleich noch einmal.",
    ),
    "test_mode_live_card": (
        "Cette page n’accepte que les cartes de démonstration. N’y saisissez pas de vraie carte.",
        "This page takes demonstration cards only. Don’t enter a real card here.",
        "Diese Seite akzeptiert nur Demo-Karten. Geben Sie hier keine echte Karte ein.",
    ),
    "payment_intent_authentication_failure": (
        "L’authentification auprès de votre banque n’a pas abouti. Réessayez ou changez de carte.",
        "Your bank could not authenticate you. Try again or use another card.",
        "Die Freigabe bei Ihrer Bank ist fehlgeschlagen. Versuchen Sie es noch einmal oder mit "
        "einer anderen Karte.",
    ),
    "cards": ("Cartes de démonstration", "Demonstration cards", "Demo-Karten"),
    "cards_how": (
        "Date future et code au choix.",
        "Any future date and any code.",
        "Beliebiges künftiges Datum, beliebiger Code.",
    ),
    "c_paid": ("payée", "paid", "bezahlt"),
    "c_challenge": ("confirmation par la banque", "confirmation by the bank", "Bankfreigabe"),
    "c_declined": ("refusée", "declined", "abgelehnt"),
    "c_funds": ("solde insuffisant", "insufficient funds", "nicht gedeckt"),
    "c_expired": ("expirée", "expired", "abgelaufen"),
    "challenge": (
        "Confirmez votre paiement",
        "Confirm your payment",
        "Bestätigen Sie Ihre Zahlung",
    ),
    "challenge_text": (
        "Votre banque vous demande de confirmer ce paiement de {amount} à {shop}, avec la carte "
        "qui se termine par {last4}.",
        "Your bank asks you to confirm this payment of {amount} to {shop} with the card ending "
        "in {last4}.",
        "Ihre Bank bittet Sie, diese Zahlung von {amount} an {shop} mit der Karte auf {last4} zu "
        "bestätigen.",
    ),
    "accept": ("Autoriser", "Authorise", "Freigeben"),
    "refuse": ("Refuser", "Refuse", "Ablehnen"),
    "abandon": (
        "Abandonner et revenir à {shop}",
        "Give up and go back to {shop}",
        "Abbrechen und zurück zu {shop}",
    ),
    "expired": (
        "Cette page de paiement a expiré",
        "This payment page has expired",
        "Diese Zahlungsseite ist abgelaufen",
    ),
    "expired_text": (
        "Rien n’a été débité. Revenez à {shop} pour recommencer.",
        "Nothing was charged. Go back to {shop} to start again.",
        "Es wurde nichts abgebucht. Kehren Sie zu {shop} zurück, um neu zu beginnen.",
    ),
    "paid": (
        "Ce paiement est déjà fait",
        "This payment has already been made",
        "Diese Zahlung ist bereits erfolgt",
    ),
    "paid_text": (
        "{amount} réglés une seule fois. Vous pouvez fermer cette page.",
        "{amount} paid, once only. You can close this page.",
        "{amount} wurden genau einmal bezahlt. Sie können diese Seite schließen.",
    ),
    "unknown": ("Page introuvable", "Page not found", "Seite nicht gefunden"),
    "unknown_text": (
        "Cette adresse de paiement n’existe pas. Revenez à la boutique pour recommencer.",
        "This payment address does not exist. Go back to the shop to start again.",
        "Diese Zahlungsadresse gibt es nicht. Kehren Sie zum Shop zurück.",
    ),
    "papers": (
        "Vos informations pour être payé",
        "Your details to be paid",
        "Ihre Angaben für Auszahlungen",
    ),
    "papers_text": (
        "{host}, {shop} vous reverse ici ce que vos visiteurs ont payé. La vraie banque demande "
        "une pièce d’identité et un IBAN ; ici, un bouton suffit.",
        "{host}, this is where {shop} pays you what your visitors paid. The real bank asks for an "
        "identity document and an IBAN; here one button is enough.",
        "{host}, hier zahlt Ihnen {shop} aus, was Ihre Gäste bezahlt haben. Die echte Bank "
        "verlangt einen Ausweis und eine IBAN; hier genügt ein Knopf.",
    ),
    "papers_given": (
        "J’ai donné mes papiers",
        "I have given my papers",
        "Ich habe meine Unterlagen gegeben",
    ),
    "papers_refused": (
        "La banque refuse mes papiers",
        "The bank refuses my papers",
        "Die Bank lehnt meine Unterlagen ab",
    ),
}
_LANGUAGE_NEUTRAL = {"lost_card": "generic_decline"}


def say(language: str, name: str, **values: object) -> str:
    """Return a text of the page, filled in."""
    texts = _TEXTS[_LANGUAGE_NEUTRAL.get(name, name)]
    return texts[LANGUAGES.index(language)].format(**values)


def choose_language(locale: str | None, accepted: str) -> str:
    """Return the session's language; where it is `auto`, the browser's first that we speak."""
    wishes = [locale or "", *(part.split(";")[0].strip() for part in accepted.split(","))]
    return next((wish[:2].lower() for wish in wishes if wish[:2].lower() in LANGUAGES), "en")


def money(language: str, cents: int) -> str:
    """Return an amount as people of that language write it: 1 234,50 €, €1,234.50, 1.234,50 €."""
    text = f"{cents / 100:,.2f}"
    if language == "en":
        return f"€{text}"
    thousands = "\u202f" if language == "fr" else "."
    return text.replace(",", "t").replace(".", ",").replace("t", thousands) + "\u00a0€"


def clock(moment: int) -> str:
    """Return the hour in France of a Unix moment."""
    return datetime.fromtimestamp(moment, ZoneInfo("Europe/Paris")).strftime("%H:%M")
