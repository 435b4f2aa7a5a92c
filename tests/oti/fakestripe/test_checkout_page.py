"""The payment page, through HTTP as a browser without JavaScript sends it."""

import threading
from html import unescape

import pytest
import requests  # noqa: TID251 (plays the browser and the control)

from tests.oti.fakestripe.standin import Probe, Receiver, line

GOOD = {
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Camille Dupont",
}


def press_pay(probe: Probe, url: str, **changes: str) -> requests.Response:
    return probe.http.post(url, data=GOOD | changes, allow_redirects=False, timeout=5)


def test_a_visitor_sees_shop_lines_total_and_way_back(stand_in: Probe) -> None:
    page = stand_in.http.get(stand_in.open_session().url, timeout=5)
    text = unescape(page.text)
    assert page.status_code == 200
    for wanted in (
        '<html lang="fr">',
        "Payer Velay, terre de liens",
        "845,00\u00a0€",
        "Gîte des Estables, 7 nuits",
        "2 × 27,50\u00a0€",
        "camille@example.org",
        "Commande VLY-7K4M",
        'href="http://127.0.0.1:9/retour"',
        'autocomplete="cc-number"',
        'inputmode="numeric"',
        "aucune vraie carte",
    ):
        assert wanted in text, wanted
    assert "<script" not in text
    assert "style=" not in text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("locale", "accepted", "wanted"),
    [
        ("de", "fr", ("Mit Karte zahlen", "845,00\u00a0€")),
        ("en", "fr", ("Pay by card", "€845.00")),
        ("auto", "de-AT,de;q=0.9", ("Mit Karte zahlen", "Gültig bis")),
        ("auto", "pt", ("Pay by card",)),
    ],
)
def test_the_page_speaks_the_language_of_the_session(
    stand_in: Probe, locale: str, accepted: str, wanted: tuple[str, ...]
) -> None:
    url = stand_in.open_session(locale=locale).url
    page = stand_in.http.get(url, headers={"Accept-Language": accepted}, timeout=5)
    for text in wanted:
        assert text in unescape(page.text)


def test_paying_goes_back_to_the_shop_and_completes(stand_in: Probe, receiver: Receiver) -> None:
    session = stand_in.open_session()
    answer = press_pay(stand_in, session.url)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:9/merci?s={session.id}"
    truth = stand_in.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert (truth.status, truth.payment_status, truth.url) == ("complete", "paid", None)
    assert truth.customer_details.name == "Camille Dupont"
    intent = truth.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 84_500)
    assert intent.metadata.order == "VLY-7K4M"
    assert intent.transfer_group == "VLY-7K4M"
    assert intent.latest_charge.balance_transaction.fee == 1_293
    receiver.wait_for(
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    )


def test_pressing_twice_at_once_pays_once(stand_in: Probe) -> None:
    session = stand_in.open_session()
    barrier = threading.Barrier(4)
    places: list[str] = []

    def press() -> None:
        barrier.wait()
        answer = requests.post(session.url, data=GOOD, allow_redirects=False, timeout=5)
        places.append(answer.headers["Location"])

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [f"http://127.0.0.1:9/merci?s={session.id}"] * 4
    assert len(stand_in.client.v1.charges.list().data) == 1


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("4000 0000 0000 0002", "Votre carte a été refusée"),
        ("4000 0000 0000 9995", "Le solde de la carte ne suffit pas"),
        ("4000 0000 0000 0069", "Votre carte a expiré"),
        ("4000 0000 0000 0127", "Le code de sécurité de la carte est faux"),
        ("4000 0000 0000 9987", "Votre carte a été refusée"),
        ("4532 0151 1283 0366", "n’accepte que les cartes de démonstration"),
    ],
)
def test_a_declined_card_keeps_the_page_open(
    stand_in: Probe, receiver: Receiver, number: str, message: str
) -> None:
    session = stand_in.open_session()
    answer = press_pay(stand_in, session.url, number=number)
    assert answer.status_code == 402
    assert message in unescape(answer.text)
    assert 'role="alert"' in answer.text
    assert "aria-invalid" in answer.text
    assert 'value="123"' not in answer.text
    receiver.wait_for("charge.failed", "payment_intent.payment_failed")
    assert press_pay(stand_in, session.url).status_code == 303
    truth = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert truth.payment_status == "paid"
    assert len(stand_in.client.v1.payment_intents.list().data) == 1


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"number": "4242 4242 4242 4241"}, "number", "numéro de carte valable"),
        ({"number": ""}, "number", "numéro de carte valable"),
        ({"number": "carte"}, "number", "numéro de carte valable"),
        ({"expiry": "13 / 34"}, "expiry", "date d’expiration, par exemple"),
        ({"expiry": "bientôt"}, "expiry", "date d’expiration, par exemple"),
        ({"expiry": "01/20"}, "expiry", "est passée"),
        ({"cvc": "12"}, "cvc", "code de sécurité"),
        ({"name": "  "}, "name", "nom du titulaire"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_tries_no_card(
    stand_in: Probe, changes: dict[str, str], field: str, message: str
) -> None:
    session = stand_in.open_session()
    answer = press_pay(stand_in, session.url, **changes)
    text = unescape(answer.text)
    assert answer.status_code == 422
    assert text.count(message) >= 2
    assert f'id="{field}-error"' in text
    assert f'href="#{field}"' in text
    assert "<title>Erreur : Paiement" in text
    assert stand_in.client.v1.charges.list().data == []


def test_all_wrong_fields_are_told_at_once_and_nothing_typed_is_lost(stand_in: Probe) -> None:
    answer = press_pay(
        stand_in, stand_in.open_session().url, number="1", expiry="x", cvc="", name='A "B" <i>'
    )
    assert answer.text.count("aria-invalid=true") == 3
    assert "A &quot;B&quot; &lt;i&gt;" in answer.text


def test_the_bank_asks_and_the_customer_accepts(stand_in: Probe, receiver: Receiver) -> None:
    session = stand_in.open_session()
    asked = press_pay(stand_in, session.url, number="4000 0025 0000 3155")
    assert asked.status_code == 303
    page = stand_in.http.get(asked.headers["Location"], timeout=5)
    for wanted in ("Autoriser", "Refuser", "Abandonner", "845,00\u00a0€", "3155"):
        assert wanted in unescape(page.text)
    unpaid = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert (unpaid.status, unpaid.payment_status) == ("open", "unpaid")
    answer = stand_in.http.post(
        asked.headers["Location"], data={"answer": "accept"}, allow_redirects=False, timeout=5
    )
    assert answer.headers["Location"].endswith(session.id)
    paid = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    receiver.wait_for("payment_intent.requires_action", "checkout.session.completed")
    again = stand_in.http.post(
        asked.headers["Location"], data={"answer": "refuse"}, allow_redirects=False, timeout=5
    )
    assert again.headers["Location"].endswith(session.id)


@pytest.mark.parametrize(
    ("number", "answer", "message"),
    [
        ("4000 0000 0000 3220", "refuse", "auprès de votre banque n’a pas abouti"),
        ("4000 0084 0000 1629", "accept", "Votre carte a été refusée"),
    ],
)
def test_a_challenge_that_fails_comes_back_to_the_card(
    stand_in: Probe, number: str, answer: str, message: str
) -> None:
    session = stand_in.open_session()
    asked = press_pay(stand_in, session.url, number=number)
    back = stand_in.http.post(asked.headers["Location"], data={"answer": answer}, timeout=5)
    assert back.url == session.url
    assert message in unescape(back.text)
    assert press_pay(stand_in, session.url).status_code == 303


def test_an_abandoned_challenge_leaves_the_page_open(stand_in: Probe) -> None:
    session = stand_in.open_session()
    press_pay(stand_in, session.url, number="4000 0025 0000 3155")
    assert stand_in.http.get(session.url, timeout=5).status_code == 200
    assert press_pay(stand_in, session.url).status_code == 303
    truth = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert truth.payment_status == "paid"


def test_a_paid_page_says_so(stand_in: Probe) -> None:
    session = stand_in.open_session()
    press_pay(stand_in, session.url)
    page = stand_in.http.get(session.url, timeout=5)
    assert page.status_code == 200
    assert "Ce paiement est déjà fait" in unescape(page.text)
    assert f"http://127.0.0.1:9/merci?s={session.id}" in page.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_page_takes_no_card(stand_in: Probe, method: str) -> None:
    session = stand_in.open_session()
    stand_in.client.v1.checkout.sessions.expire(session.id)
    page = stand_in.http.request(method, session.url, data=GOOD, timeout=5)
    assert page.status_code == 410
    assert "a expiré" in unescape(page.text)
    assert stand_in.client.v1.charges.list().data == []


@pytest.mark.parametrize("path", ["/c/pay/cs_test_nobody", "/c/3ds/pi_nobody", "/c", "/c/pay/"])
def test_an_unknown_page_is_404(stand_in: Probe, path: str) -> None:
    assert stand_in.http.get(stand_in.url + path, timeout=5).status_code == 404


def test_the_front_page_tells_the_cards(stand_in: Probe) -> None:
    headers = {"Accept-Language": "fr"}
    page = stand_in.http.get(f"{stand_in.url}/", headers=headers, timeout=5)
    assert page.status_code == 200
    assert "4000 0025 0000 3155" in page.text
    assert "confirmation par la banque" in page.text


def test_a_session_without_address_asks_for_one(stand_in: Probe) -> None:
    session = stand_in.open_session(customer_email="")
    refused = press_pay(stand_in, session.url)
    assert 'id="email-error"' in refused.text
    press_pay(stand_in, session.url, email="romain@example.org")
    truth = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert truth.customer_details.email == "romain@example.org"


def test_a_free_session_needs_no_card(stand_in: Probe) -> None:
    session = stand_in.open_session(line_items=[line("Visite offerte", 0)])
    assert "cc-number" not in stand_in.http.get(session.url, timeout=5).text
    answer = stand_in.http.post(session.url, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    truth = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert (truth.status, truth.payment_status) == ("complete", "no_payment_required")


def test_what_the_shop_sends_is_shown_as_text(stand_in: Probe) -> None:
    session = stand_in.open_session(line_items=[line("<b>Gîte</b>", 5_000)])
    assert "&lt;b&gt;Gîte&lt;/b&gt;" in stand_in.http.get(session.url, timeout=5).text
