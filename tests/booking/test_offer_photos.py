"""Photographs of a host's offer: looked at, with their author, in order, described, cropped."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.urls import reverse

from booking import offer_photos, pictures
from booking.models import HousePhoto, Offer, OfferPhoto
from booking.offer_content import photos_of, review_of, write_photos
from booking.offer_photos import MOST_PHOTOS
from destination.models import Picture
from members.journal import Actor
from members.models import User
from tests import factories
from tests.booking.offers import begin, browser_of, move, photo
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
GIVEN = {"do": "add", "author": "Luc Olivier", "rights": "lent"}


@pytest.fixture(autouse=True)
def _in_spring(at, settings, tmp_path):
    at(NOW)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def house():
    factories.a_policy()
    return factories.a_provider()


@pytest.fixture
def host(house):
    return browser_of(factories.a_host(house))


@pytest.fixture
def offer(host, house) -> Offer:
    return begin(host, house)


def send(client, offer, *files, **given):
    address = reverse("extranet-offer-photos", args=[offer.pk])
    return client.post(address, {**GIVEN, "files": list(files), **given})


def press(client, offer, do, **texts):
    return client.post(reverse("extranet-offer-photos", args=[offer.pk]), {"do": do, **texts})


def order_of(offer) -> list[str]:
    rows = OfferPhoto.objects.filter(offer=offer).order_by("position")
    return [Path(row.image.file.name).stem.split("_")[0] for row in rows]


def test_several_are_sent_at_once_with_their_author(host, offer):
    assert send(host, offer, photo("a.jpg"), photo("b.png", kind="PNG")).status_code == 303
    sent = Picture.objects.order_by("pk")
    assert [one.credit for one in sent] == ["Luc Olivier"] * 2
    assert {one.rights for one in sent} == {Picture.Rights.LENT}
    assert order_of(offer) == ["a", "b"]


def test_order_descriptions_and_focus_are_kept_and_nothing_typed_is_lost(host, offer):
    send(host, offer, photo("a.jpg"), photo("b.jpg"))
    first, second = OfferPhoto.objects.order_by("position").values_list("image", flat=True)

    press(host, offer, f"up:{second}", **{f"alt_{first}_fr": "La cour", f"alt_{first}_en": "Yard"})
    assert order_of(offer) == ["b", "a"]
    row = OfferPhoto.objects.get(image=first)
    assert (row.alt_fr, row.alt_en, row.alt_de) == ("La cour", "Yard", "")
    press(host, offer, f"up:{second}")
    press(host, offer, f"down:{first}")
    assert order_of(offer) == ["b", "a"]

    press(host, offer, f"focus:{first}:2")
    picture = Picture.objects.get(pk=first)
    assert offer_photos.cell_of(picture) == 2
    assert (picture.focal_point_x, picture.focal_point_y) == (1000, 150)
    assert OfferPhoto.objects.get(image=first).alt_fr == "La cour"


@pytest.mark.parametrize(
    "sent",
    [
        SimpleUploadedFile("a.jpg", b"", "image/jpeg"),
        SimpleUploadedFile("a.jpg", b"GIF89a not a picture", "image/jpeg"),
        SimpleUploadedFile("a.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
        SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF", "application/pdf"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_kept(host, offer, sent):
    answer = send(host, offer, photo("good.jpg"), sent)
    assert answer.status_code == 422
    assert "a." in body(answer)
    assert 'id="id_files_error"' in body(answer)
    assert not Picture.objects.exists()


def test_a_photograph_cut_short_is_refused(host, offer):
    whole = photo("a.jpg").read()
    cut = SimpleUploadedFile("a.jpg", whole[: len(whole) // 2], "image/jpeg")
    assert send(host, offer, cut).status_code == 422


@pytest.mark.parametrize("left_out", ["files", "author", "rights"])
def test_author_and_rights_are_asked_for(host, offer, left_out):
    data = {**GIVEN, "files": [photo()]}
    data.pop(left_out)
    address = reverse("extranet-offer-photos", args=[offer.pk])
    answer = host.post(address, data)
    assert answer.status_code == 422
    assert not Picture.objects.exists()


def test_too_many_are_refused_and_leave_the_library(host, offer, monkeypatch):
    monkeypatch.setattr(offer_photos, "MOST_PHOTOS", 1)
    send(host, offer, photo("a.jpg"))
    answer = send(host, offer, photo("b.jpg"))
    assert answer.status_code == 422
    assert Picture.objects.count() == 1
    assert MOST_PHOTOS == 20


def test_one_that_is_taken_away_leaves_the_library_unless_it_is_shown_elsewhere(host, offer):
    send(host, offer, photo("a.jpg"), photo("b.jpg"))
    first, second = OfferPhoto.objects.order_by("position").values_list("image", flat=True)
    copy = Offer.objects.get(pk=offer.pk)
    move(host, copy, "copy", title="Autre")
    other = Offer.objects.latest("pk")

    press(host, offer, f"remove:{first}")
    press(host, other, f"remove:{second}")
    assert set(Picture.objects.values_list("pk", flat=True)) == {first, second}
    press(host, offer, f"remove:{second}")
    assert set(Picture.objects.values_list("pk", flat=True)) == {first}


def test_the_offices_photograph_is_neither_cropped_nor_deleted(host, offer):
    send(host, offer, photo("a.jpg"))
    image = OfferPhoto.objects.get().image_id
    HousePhoto.objects.all().delete()
    press(host, offer, f"focus:{image}:4")
    assert Picture.objects.get().focal_point_x is None
    press(host, offer, f"remove:{image}")
    assert Picture.objects.exists()
    assert not OfferPhoto.objects.exists()


def test_photographs_of_an_online_offer_wait_for_the_office(host, offer):
    send(host, offer, photo("a.jpg"))
    Offer.objects.update(state=Offer.State.PUBLISHED)
    old = OfferPhoto.objects.get().image_id

    send(host, offer, photo("b.jpg"))
    press(host, offer, f"remove:{old}")

    assert list(OfferPhoto.objects.values_list("image", flat=True)) == [old]
    offer.refresh_from_db()
    [waiting] = photos_of(offer, review_of(offer))
    assert waiting.image != old
    assert Picture.objects.filter(pk=old).exists()
    move(host, offer, "drop")
    assert not Picture.objects.filter(pk=waiting.image).exists()
    assert review_of(offer).pending == {}


@pytest.mark.parametrize("do", ["up:x", "focus:1", "explode", "remove:1:2", "up:" + "9" * 30])
def test_nonsense_buttons_are_not_found(host, offer, do):
    assert press(host, offer, do).status_code == 404


def test_a_photograph_of_another_offer_is_not_touched(host, offer, house):
    send(host, offer, photo("a.jpg"))
    image = OfferPhoto.objects.get().image_id
    other = begin(host, house, title="Autre")
    press(host, other, f"remove:{image}")
    press(host, other, f"focus:{image}:1")
    assert OfferPhoto.objects.get().offer_id == offer.pk
    assert Picture.objects.get().focal_point_x is None


def test_the_name_of_a_file_is_written_as_text(host, offer):
    odd = SimpleUploadedFile("<img src=x>.jpg", b"nothing", "image/jpeg")
    shown = send(host, offer, odd).content.decode()
    assert "<img src=x>" not in shown
    assert "&lt;img src=x&gt;.jpg" in shown


def test_a_photograph_whose_rights_end_leaves_the_page(host, offer, at):
    send(host, offer, photo("a.jpg"), rights="bought", until="2027-04-07")
    assert len(pictures.gallery(offer.pk)) == 1
    at("2027-04-08 10:00")
    assert pictures.gallery(offer.pk) == ()
    assert pictures.covers([offer]) == {}


def test_one_that_the_office_deleted_meanwhile_is_left_out(host, offer):
    send(host, offer, photo("a.jpg"))
    Offer.objects.update(state=Offer.State.PUBLISHED)
    send(host, offer, photo("b.jpg"))
    review = review_of(offer)
    Picture.objects.filter(pk=review.pending["photos"][1]["image"]).delete()
    write_photos(offer, photos_of(offer, review))
    assert order_of(offer) == ["a"]


# --- Whose they are -------------------------------------------------------------------------------
def test_a_photograph_is_the_houses_not_of_who_sent_it(house, host, offer):
    send(host, offer, photo("a.jpg"))
    image = OfferPhoto.objects.get().image_id
    User.objects.filter(roles__provider=house).delete()
    assert Picture.objects.get().uploaded_by_user is None
    other = browser_of(factories.a_host(house))

    press(other, offer, f"focus:{image}:2")
    assert Picture.objects.get().focal_point_x is not None
    press(other, offer, f"remove:{image}")
    assert not Picture.objects.exists()


def test_who_left_takes_no_rights_along_and_other_houses_have_none(house, host, offer):
    send(host, offer, photo("a.jpg"))
    image = OfferPhoto.objects.get().image_id
    role = house.roles.get()
    stranger = factories.a_provider()
    # The one who sent it works for another house now.
    role.provider = stranger
    role.save()
    assert press(host, offer, f"remove:{image}").status_code == 404
    theirs = begin(host, stranger, title="Ailleurs")
    OfferPhoto.objects.create(offer=theirs, image_id=image, alt="", position=1)
    press(host, theirs, f"focus:{image}:2")
    assert Picture.objects.get().focal_point_x is None
    OfferPhoto.objects.filter(offer=offer).delete()
    press(host, theirs, f"remove:{image}")
    # Off their offer, but it stays in the library of the house that sent it.
    assert not OfferPhoto.objects.exists()
    assert Picture.objects.filter(pk=image).exists()


def files_below(folder: Path) -> list[str]:
    return sorted(one.name for one in (folder / "original_images").glob("*"))


@pytest.mark.parametrize("broken", ["_write", "HousePhoto.objects.create"])
def test_an_upload_that_fails_leaves_neither_rows_nor_files(
    offer, house, host, monkeypatch, settings, tmp_path, django_capture_on_commit_callbacks, broken
):
    def fails(*_args, **_fields):
        raise DatabaseError

    # The library hands its files to a task.
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    monkeypatch.setattr(f"booking.offer_photos.{broken}", fails)
    user = house.roles.get().user
    rights = offer_photos.Rights("Luc Olivier", "lent")
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(DatabaseError):
        offer_photos.add_photos(
            offer, [photo("a.jpg")], rights, user=user, actor=Actor.person(user), now=NOW
        )
    assert not Picture.objects.exists()
    assert not HousePhoto.objects.exists()
    assert files_below(tmp_path) == []


def test_what_nothing_shows_goes_at_night_and_nothing_else(host, offer, house):
    send(host, offer, photo("kept.jpg"), photo("left.jpg"), photo("office.jpg"))
    kept, left, office = Picture.objects.order_by("pk")
    OfferPhoto.objects.exclude(image=kept).delete()
    HousePhoto.objects.filter(image=office).delete()

    assert offer_photos.forget_left(now=NOW + timedelta(days=2)) == 0
    assert offer_photos.forget_left(now=NOW + timedelta(days=2, seconds=1)) == 1
    assert set(Picture.objects.all()) == {kept, office}
    assert not Picture.objects.filter(pk=left.pk).exists()


def test_photographs_of_a_deleted_house_go_with_it(host, offer, house):
    send(host, offer, photo("a.jpg"))
    Offer.objects.all().delete()
    house.delete()
    assert HousePhoto.objects.get().provider is None
    assert offer_photos.forget_left(now=NOW + timedelta(days=3)) == 1


def test_one_that_waits_for_the_office_is_awaited(host, offer):
    send(host, offer, photo("a.jpg"))
    Offer.objects.update(state=Offer.State.PUBLISHED)
    send(host, offer, photo("b.jpg"))
    assert OfferPhoto.objects.count() == 1
    assert offer_photos.forget_left(now=NOW + timedelta(days=3)) == 0
    assert Picture.objects.count() == 2


def test_photographs_of_before_are_given_to_the_house_that_shows_them(host, offer, house):
    send(host, offer, photo("shown.jpg"), photo("lent.jpg"))
    Offer.objects.update(state=Offer.State.PUBLISHED)
    send(host, offer, photo("waits.jpg"))
    shown, lent, waits = Picture.objects.order_by("pk")
    Picture.objects.filter(pk=lent.pk).update(uploaded_by_user=factories.a_user())
    HousePhoto.objects.all().delete()
    migration = import_module("booking.migrations.0024_whose_photos_and_requests")
    with connection.cursor() as cursor:
        cursor.execute(migration.WHOSE)
    rows = set(HousePhoto.objects.values_list("image", "provider"))
    assert rows == {(shown.pk, house.pk), (waits.pk, house.pk)}
