"""One paper at a time: what is typed, the document looked at by its content, who may read it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from booking.papers import sealed_of
from booking.refusals import Busy, trouble
from members.models import ContractSignature, Paper, Provider, User
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\nsecret of Anne\n%%EOF\n"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture(autouse=True)
def private(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_ROOT = tmp_path / "private"
    return settings.PRIVATE_ROOT


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def picture(kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, kind)
    return file.getvalue()


def sent(content: bytes, name: str = "rc.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def page_of(house: Provider, code: str = "insurance") -> str:
    return reverse("extranet-paper", args=[house.slug, code])


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()] if folder.exists() else []


@pytest.mark.parametrize(
    ("content", "name", "kind", "kept_as"),
    [
        (PDF, "rc.pdf", "application/pdf", "rc.pdf"),
        (PDF, "C:\\papiers\\RC 2027.exe", "application/pdf", "RC 2027.pdf"),
        (picture("JPEG"), "été.JPG", "image/jpeg", "été.jpg"),
        (picture("PNG"), '../../x"\r\n.php', "image/png", "x.png"),
    ],
)
def test_document_is_known_by_its_content_and_comes_back_as_a_file(
    private, content, name, kind, kept_as
):
    owner, house = factories.a_draft()
    client = browser_of(owner)
    data = {"number": "Maif 1", "valid_until": "2028-12-31", "document": sent(content, name)}
    assert client.post(page_of(house), data).status_code == 303

    paper = Paper.objects.get()
    assert (paper.file_type, paper.file_name, paper.file_size) == (kind, kept_as, len(content))
    answer = client.get(reverse("extranet-document", args=[house.slug, "insurance"]))
    assert answer.content == content
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    # What lies on the disk is sealed.
    [file] = files_in(private)
    assert content not in file.read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>", "none of them"),
        (b"GIF89a....", "none of them"),
        (b"MZ\x90\x00", "none of them"),
        (b"%PDF-1.4 cut short", "not whole"),
        (picture("JPEG")[:-400], "not whole"),
        (picture("PNG")[:60], "not whole"),
        (b"\xff\xd8\xff" + b"x" * 100, "not whole"),
        (b"%PDF-" + b"0" * (8 * 1024 * 1024) + b"%%EOF", "too heavy"),
    ],
    ids=["empty", "html", "gif", "exe", "pdf-cut", "jpeg-cut", "png-cut", "no-jpeg", "heavy"],
)
def test_bad_file_is_refused_with_what_to_do_and_the_rest_is_kept(private, content, words):
    owner, house = factories.a_draft()
    data = {"number": "Maif 1", "valid_until": "2028-12-31", "document": sent(content, "rc.pdf")}
    answer = browser_of(owner).post(page_of(house), data)
    page = body(answer)
    assert answer.status_code == 422
    assert words in page
    assert "Maif 1" in page
    assert "2028-12-31" in page
    assert files_in(private) == []


def test_good_document_beside_a_wrong_date_needn_t_be_sent_again(private):
    owner, house = factories.a_draft()
    client = browser_of(owner)
    data = {"number": "Maif 1", "valid_until": "31/31/2028", "document": sent(PDF)}
    answer = client.post(page_of(house), data)
    assert answer.status_code == 422
    assert "Your document is kept" in body(answer)
    client.post(page_of(house), {"number": "Maif 1", "valid_until": "2028-12-31"})
    paper = Paper.objects.get()
    assert (paper.file_name, str(paper.valid_until)) == ("rc.pdf", "2028-12-31")


def test_photograph_of_a_phone_with_a_second_picture_behind_is_taken():
    first, second = Image.new("RGB", (40, 30), "red"), Image.new("RGB", (20, 15), "red")
    file = BytesIO()
    first.save(file, "MPO", save_all=True, append_images=[second])
    owner, house = factories.a_draft()
    data = {"number": "1", "valid_until": "2028-12-31", "document": sent(file.getvalue(), "p.jpg")}
    assert browser_of(owner).post(page_of(house), data).status_code == 303
    assert Paper.objects.get().file_type == "image/jpeg"


def test_another_document_takes_the_place_of_the_first(private, django_capture_on_commit_callbacks):
    owner, house = factories.a_draft()
    client = browser_of(owner)
    data = {"number": "Maif 1", "valid_until": "2028-12-31"}
    client.post(page_of(house), {**data, "document": sent(PDF)})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page_of(house), {**data, "document": sent(picture("PNG"), "b.png")})
    assert len(files_in(private)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page_of(house), {"drop": "1"})
    assert files_in(private) == []
    document = reverse("extranet-document", args=[house.slug, "insurance"])
    assert client.get(document).status_code == 404


def test_file_that_is_gone_is_not_found_and_its_page_stands(private):
    owner, house = factories.a_draft()
    client = browser_of(owner)
    data = {"number": "Maif 1", "valid_until": "2028-12-31", "document": sent(PDF)}
    client.post(page_of(house), data)
    for file in files_in(private):
        file.write_bytes(b"altered")
    document = reverse("extranet-document", args=[house.slug, "insurance"])
    assert client.get(document).status_code == 404
    assert client.get(page_of(house)).status_code == 200


def test_document_of_another_house_is_not_found():
    owner, house = factories.a_draft()
    data = {"number": "Maif 1", "valid_until": "2028-12-31", "document": sent(PDF)}
    browser_of(owner).post(page_of(house), data)
    paper = Paper.objects.get()
    other, _their_house = factories.a_draft()
    for client in (browser_of(other), browser_of(factories.a_user())):
        for address in (
            reverse("extranet-document", args=[house.slug, "insurance"]),
            page_of(house),
        ):
            assert client.get(address).status_code == 404
        assert client.get(reverse("desk_enrolment:document", args=[paper.pk])).status_code == 302
        assert client.post(page_of(house), {"drop": "1"}).status_code == 404
    assert Client().get(page_of(house)).status_code == 302


@pytest.mark.parametrize("code", ["siret", "guide", "casino", "transport"])
def test_what_is_not_asked_of_this_house_is_not_found(code: str):
    owner, house = factories.a_draft()
    assert browser_of(owner).get(page_of(house, code)).status_code == 404


def test_odd_registration_number_is_kept_and_said(private):
    owner, house = factories.a_draft()
    client = browser_of(owner)
    answer = client.post(page_of(house, "registration"), {"number": "4300 0000123ab"}, follow=True)
    assert "doesn’t look like a number of Les Estables" in body(answer)
    assert Paper.objects.get().number == "43000000123AB"
    right = client.post(page_of(house, "registration"), {"number": "43091000123ab"}, follow=True)
    assert "doesn’t look like" not in body(right)


def test_professional_gives_a_siret_whose_key_is_right():
    owner, house = factories.a_draft(is_professional=True)
    client = browser_of(owner)
    for number, words in (("732 829 320 00075", "is wrong"), ("1234", "14 digits")):
        answer = client.post(page_of(house, "siret"), {"siret": number, "legal_name": "EARL"})
        assert answer.status_code == 422
        assert words in body(answer)
    client.post(page_of(house, "siret"), {"siret": "732 829 320 00074", "legal_name": "EARL"})
    house.refresh_from_db()
    assert (house.siret, house.legal_name) == ("73282932000074", "EARL")


def test_house_that_sells_doesn_t_become_somebody_else_by_itself():
    owner, house = factories.a_draft(
        is_professional=True,
        enrolment="approved",
        state="active",
        siret="73282932000074",
        legal_name="EARL",
    )
    client, other = browser_of(owner), {"siret": "356 000 000 00048", "legal_name": "SARL"}
    assert "the office changes it" in body(client.get(page_of(house, "siret")))
    client.post(page_of(house, "siret"), other)
    house.refresh_from_db()
    assert (house.siret, house.legal_name) == ("73282932000074", "EARL")
    # Asked to put it right, it may.
    Paper.objects.create(provider=house, code="siret", review="to_fix", updated_at=NOW)
    client.post(page_of(house, "siret"), other)
    house.refresh_from_db()
    assert (house.siret, house.legal_name) == ("35600000000048", "SARL")


def test_registration_numbers_longer_than_their_column_are_refused_beside_the_field():
    owner, house = factories.a_draft()
    numbers = ",".join(["43091000123AB"] * 14)
    answer = browser_of(owner).post(page_of(house, "registration"), {"number": numbers})
    assert answer.status_code == 422
    assert "Too many numbers" in body(answer)


def test_somebody_else_writing_the_same_house_is_a_page_to_try_again_from(monkeypatch):
    owner, house = factories.a_draft()

    def busy(*_args: Any, **_names: Any) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr("booking.papers.locks.lock_provider", busy)
    for data in ({"drop": "1"}, {"valid_until": "x", "document": sent(picture("PNG"))}):
        answer = browser_of(owner).post(page_of(house), data)
        assert answer.status_code == 503
        assert answer["Retry-After"]
        assert "Try again" in body(answer)


def test_what_the_tax_office_is_told_is_sealed():
    owner, house = factories.a_draft()
    client = browser_of(owner)
    data = {
        "home_address": "3 route du Lac",
        "born_on": "1980-02-29",
        "legal_name": "Anne Martin",
        "tax_number": "1 23 45 67 890 123",
    }
    for wrong in ({"tax_number": "9234567890123"}, {"born_on": "2026-01-01"}, {"born_on": "x"}):
        assert client.post(page_of(house, "seller"), {**data, **wrong}).status_code == 422
    assert client.post(page_of(house, "seller"), data).status_code == 303
    paper = Paper.objects.get()
    assert sealed_of(paper)["tax_number"] == "1234567890123"
    assert b"1234567890123" not in bytes(paper.sealed)
    assert "1234567890123" in body(client.get(page_of(house, "seller")))


# --- The contract -------------------------------------------------------------------------------
def sign(client: Client, house: Provider, **changes: str):
    text = factories.ContractText.objects.first()
    data = {
        "signed_name": "Anne Martin",
        "agreed": "on",
        "sha256": text.sha256 if text else "",
        "commission": str(house.commission_percent),
    }
    return client.post(page_of(house, "contract"), {**data, **changes}, follow=True)


def test_contract_is_signed_once_word_for_word():
    owner, house = factories.a_draft(commission_percent=4)
    text = factories.a_contract()
    client = browser_of(owner)
    page = body(client.get(page_of(house, "contract")))
    assert "Nous vendons pour vous." in page
    assert "Version 2027-1" in page
    assert "Commission: 4.00 %" in page
    for _press in range(2):
        sign(client, house)
    signed = ContractSignature.objects.get()
    assert (signed.version, signed.sha256, signed.signed_name) == (
        "2027-1",
        text.sha256,
        "Anne Martin",
    )
    assert (signed.user, signed.commission_percent, signed.signed_at) == (owner, 4, NOW)
    assert "Signed by Anne Martin" in body(client.get(page_of(house, "contract")))


def test_other_commission_or_version_is_signed_anew():
    owner, house = factories.a_draft()
    factories.a_contract()
    client = browser_of(owner)
    assert "changed meanwhile" in body(sign(client, house, sha256="0" * 64))
    assert "changed meanwhile" in body(sign(client, house, commission="9"))
    assert not ContractSignature.objects.exists()
    sign(client, house)
    Provider.objects.filter(pk=house.pk).update(commission_proposed=5)
    page = body(client.get(page_of(house, "contract")))
    assert "Signed by" not in page
    assert "Commission: 5.00 %" in page
    house.refresh_from_db()
    # What was proposed counts once it is signed, not before.
    assert house.commission_percent == 0
    sign(client, house, commission="5.00")
    house.refresh_from_db()
    assert (house.commission_percent, house.commission_proposed) == (5, None)
    assert ContractSignature.objects.count() == 2


@pytest.mark.parametrize("wrong", [{"signed_name": ""}, {"agreed": ""}, {"commission": "x"}])
def test_nothing_is_signed_by_halves(wrong: dict[str, str]):
    owner, house = factories.a_draft()
    factories.a_contract()
    assert sign(browser_of(owner), house, **wrong).status_code == 422
    assert not ContractSignature.objects.exists()


def test_demonstration_contract_binds_nobody_in_production(settings: Any):
    owner, house = factories.a_draft()
    factories.a_contract(is_demo=True)
    settings.SELLS_ON_DEMO_TEXTS = False
    assert "isn’t ready yet" in body(browser_of(owner).get(page_of(house, "contract")))
    sign(browser_of(owner), house)
    assert not ContractSignature.objects.exists()


# --- Who the house is ---------------------------------------------------------------------------
def facts(house: Provider, **changes: Any) -> dict[str, Any]:
    data = {
        "name": "Autre nom",
        "commune": house.commune_id,
        "activities": ["rooms"],
        "status": "professional",
        "phone": "06 99 99 99 99",
        "address": "1 rue Neuve",
        "email": house.email,
    }
    return data | changes


def test_draft_is_described_anew():
    owner, house = factories.a_draft()
    browser_of(owner).post(page_of(house, "house"), facts(house))
    house.refresh_from_db()
    assert (house.name, house.activities, house.is_professional) == ("Autre nom", ["rooms"], True)


def test_house_that_sells_changes_its_address_and_phone_only():
    owner, house = factories.a_draft(enrolment="approved", state="active")
    name = house.name
    answer = browser_of(owner).post(page_of(house, "house"), facts(house))
    assert answer.status_code == 303
    house.refresh_from_db()
    assert (house.name, house.activities) == (name, ["furnished"])
    assert (house.phone, house.address) == ("06 99 99 99 99", "1 rue Neuve")
    assert "Your house sells already" in body(browser_of(owner).get(page_of(house, "house")))


def test_mails_of_a_house_go_to_an_address_that_its_team_has_proved():
    owner, house = factories.a_draft(enrolment="approved", state="active")
    factories.a_verified_address(owner)
    client = browser_of(owner)
    foreign = client.post(page_of(house, "house"), facts(house, email="else@example.org"))
    assert foreign.status_code == 422
    assert "Choose one of the addresses" in body(foreign)
    assert client.post(page_of(house, "house"), facts(house, email=owner.email)).status_code == 303
    house.refresh_from_db()
    assert house.email == owner.email
