"""Errors speak our two languages, and a form's address opened as a page says what it is."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture(autouse=True)
def _land():
    factories.a_perimeter()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["booking:line-add", "booking:hold-extend", "booking:hold-renew"])
def test_address_of_a_form_opened_as_a_page_is_told(client: Client, name: str, language: str):
    answer = client.get(address(name, language=language), headers=BROWSER)

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert f'<html lang="{language}"' in answer.content.decode()
    assert address("booking:my-stay", language=language) in answer.content.decode()


def test_words_of_a_form_s_address(client: Client):
    answer = client.get(address("booking:line-add"), headers=BROWSER)

    assert "There is no page at this address" in text_of(answer)


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {"accept": "application/json"}])
def test_programs_get_the_bare_status(client: Client, headers: dict[str, str]):
    answer = client.get(address("booking:line-add"), headers=headers)

    assert (answer.status_code, answer.content) == (405, b"")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_cannot_be_read_is_told(client: Client, settings, language: str):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    fields = {f"field{number}": "x" for number in range(6)}

    answer = client.post(address("booking:line-add", language=language), fields)

    assert answer.status_code == 400
    assert f'<html lang="{language}"' in answer.content.decode()
    assert "4 71 00 00 00" in answer.content.decode()


def test_words_of_what_cannot_be_read(client: Client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    answer = client.post(
        address("booking:find-order"),
        "x" * 20,
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 400
    assert "We could not read what was sent" in text_of(answer)


def test_forged_host_gets_no_page(client: Client, settings):
    settings.ALLOWED_HOSTS = ["velay.example.org"]

    answer = client.get("/fr/", headers={"host": "elsewhere.example.org"})

    assert (answer.status_code, answer.content) == (400, b"400")
