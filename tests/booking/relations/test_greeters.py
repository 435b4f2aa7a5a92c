"""An inhabitant becomes a greeter: profile, charter, the office's reading, changes afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from wagtail.images.tests.utils import get_test_image_file

from booking.models import OutboxMessage
from booking.refusals import BadInput, NotAllowed, Refusal, WrongState
from booking.relations import greeter_reviews, greeters
from destination.models import Picture
from members.journal import Actor
from members.models import CharterSignature, Entry, Greeter
from tests import factories
from tests.booking.relations.greeting import OFFICE, a_charter, a_greeter, a_member, a_profile
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
ME = Actor("ida@example.org")


def begun(**changes: Any) -> Greeter:
    return greeters.open_profile(a_member(), a_profile(**changes), now=NOW)


def sign(greeter: Greeter, *, sha256: str = "") -> CharterSignature:
    text = a_charter()
    return greeters.sign_charter(
        greeter,
        text=text,
        shown_sha256=sha256 or text.sha256,
        signed_name=" Ida Faure ",
        actor=ME,
        now=NOW,
    )


def sent() -> Greeter:
    greeter = begun()
    sign(greeter)
    greeters.submit_profile(greeter, actor=ME, now=NOW)
    return greeter


def approve(greeter: Greeter, **more: Any) -> None:
    values = {"seen": greeter.edition, "identity": "met", "note": "", **more}
    greeter_reviews.approve_greeter(greeter, actor=OFFICE, now=NOW, **values)


def kinds() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))


# --- Writing ------------------------------------------------------------
def test_a_profile_begins_as_a_draft_that_nobody_sees() -> None:
    greeter = begun()
    assert (greeter.slug, greeter.state, greeter.is_shown) == ("marie-the", "draft", False)
    assert greeters.lacks(greeter, today=TODAY) == ["charter"]
    again = greeters.open_profile(greeter.user, a_profile(first_name="Ida"), now=NOW)
    assert again == greeter
    assert not any("1958" in str(one.data) for one in Entry.objects.all())


@pytest.mark.parametrize(
    ("born", "code"),
    [
        (None, "born_missing"),
        (date(2013, 1, 1), "greeter_too_young"),
        # Eighteen tomorrow.
        (date(2009, 4, 7), "greeter_too_young"),
        (date(1, 1, 1), "birthday_odd"),
        (date(2099, 1, 1), "birthday_odd"),
    ],
)
def test_who_is_not_of_age_signs_no_charter(born: date | None, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        begun(born_on=born)
    assert refused.value.code == code
    assert not Greeter.objects.exists()


def test_eighteen_today_is_of_age() -> None:
    assert begun(born_on=date(2009, 4, 6)).of_age_at == NOW


def test_two_of_one_name_have_two_addresses() -> None:
    other = factories.a_user()
    first = begun()
    second = greeters.open_profile(other, a_profile(), now=NOW)
    machine = greeters.open_profile(factories.a_user(), a_profile(first_name="Ask"), now=NOW)
    assert len({first.slug, second.slug, machine.slug, "ask"}) == 4


def test_the_charter_is_signed_word_for_word_once() -> None:
    greeter = begun()
    first, second = sign(greeter), sign(greeter)
    assert first == second
    assert (first.signed_name, first.version, first.sha256) == (
        "Ida Faure",
        "1",
        a_charter().sha256,
    )
    assert Entry.objects.filter(verb="charter signed").count() == 1


def test_another_charter_than_the_one_shown_is_not_signed() -> None:
    greeter = begun()
    with pytest.raises(WrongState) as refused:
        sign(greeter, sha256="0" * 64)
    assert refused.value.code == "charter_changed"
    with pytest.raises(NotAllowed):
        greeters.sign_charter(
            greeter, text=None, shown_sha256="", signed_name="x", actor=ME, now=NOW
        )


def test_a_new_charter_is_to_be_signed_again() -> None:
    greeter = begun()
    sign(greeter)
    a_charter("2")
    assert greeters.lacks(greeter, today=TODAY) == ["charter"]


def test_nothing_incomplete_is_sent() -> None:
    greeter = begun(texts={}, languages=(), weekdays=())
    with pytest.raises(BadInput) as refused:
        greeters.submit_profile(greeter, actor=ME, now=NOW)
    assert refused.value.code == "greeter_incomplete"
    assert greeters.lacks(greeter, today=TODAY) == [
        *("about", "places", "languages", "weekdays", "charter")
    ]


def test_absence_in_the_wrong_order_is_refused() -> None:
    greeter = begun()
    with pytest.raises(BadInput) as refused:
        greeters.keep_absence(
            greeter,
            is_paused=False,
            away_from=date(2027, 8, 2),
            away_until=date(2027, 8, 1),
            actor=ME,
            now=NOW,
        )
    assert refused.value.code == "away_reversed"


# --- The office ------------------------------------------------------------
def test_the_office_shows_whom_it_knows() -> None:
    greeter = sent()
    assert kinds() == ["greeter_submitted"]
    with pytest.raises(BadInput) as refused:
        approve(greeter, identity="")
    assert refused.value.code == "identity_missing"
    approve(greeter)
    assert (greeter.state, greeter.identity, greeter.is_shown) == ("approved", "met", True)
    assert kinds() == ["greeter_submitted", "greeter_read"]
    with pytest.raises(WrongState):
        approve(greeter)


def test_the_office_is_written_once_however_often_something_changes() -> None:
    greeter = a_greeter()
    for number in range(5):
        profile = a_profile(first_name=f"Ida {number}")
        greeters.write_profile(greeter, profile, actor=ME, now=NOW + timedelta(minutes=number))
    assert kinds() == ["greeter_submitted"]
    later = NOW + greeters.TOLD_ONCE_IN
    greeters.write_profile(greeter, a_profile(first_name="Zoé"), actor=ME, now=later)
    assert kinds() == ["greeter_submitted"] * 2


def test_what_changed_since_it_was_read_is_read_again() -> None:
    greeter = sent()
    seen = greeter.edition
    greeters.write_profile(greeter, a_profile(first_name="Ida"), actor=ME, now=NOW)
    for decide in (
        lambda: approve(greeter, seen=seen),
        lambda: greeter_reviews.send_back(
            greeter, seen=seen, remarks={"about": "x"}, note="", actor=OFFICE, now=NOW
        ),
    ):
        with pytest.raises(WrongState) as refused:
            decide()
        assert refused.value.code == "greeter_changed"


def test_a_profile_is_given_back_with_remarks_and_sent_again() -> None:
    greeter = sent()
    with pytest.raises(BadInput):
        greeter_reviews.send_back(
            greeter, seen=greeter.edition, remarks={"about": " "}, note="", actor=OFFICE, now=NOW
        )
    greeter_reviews.send_back(
        greeter,
        seen=greeter.edition,
        remarks={"about": "Dites-en plus."},
        note="",
        actor=OFFICE,
        now=NOW,
    )
    assert (greeter.state, greeter.remarks) == ("to_fix", {"about": "Dites-en plus."})
    greeters.submit_profile(greeter, actor=ME, now=NOW)
    assert (greeter.state, greeter.remarks) == ("submitted", {})


def test_new_words_of_somebody_shown_wait_and_the_rest_counts_at_once() -> None:
    greeter = sent()
    approve(greeter)
    changed = a_profile(
        languages=("de",),
        texts={"about_fr": "Jardinier.", "places_fr": "La ville haute."},
        commune_id=factories.a_commune("Le Puy-en-Velay", insee="43157").pk,
    )
    greeters.write_profile(greeter, changed, actor=ME, now=NOW)

    assert greeter.about_fr == "Dentellière à la retraite."
    assert greeter.pending == {"about_fr": "Jardinier."}
    assert greeter.languages == ["de"]
    assert greeter.commune.name == "Les Estables"
    assert list(Greeter.objects.to_read()) == [greeter]
    approve(greeter, identity="")
    assert (greeter.about_fr, greeter.pending) == ("Jardinier.", {})
    assert not Greeter.objects.to_read().exists()


def test_changes_that_are_sent_back_leave_what_visitors_see() -> None:
    greeter = sent()
    approve(greeter)
    greeters.write_profile(greeter, a_profile(first_name="Ida"), actor=ME, now=NOW)
    greeter_reviews.send_back(
        greeter, seen=greeter.edition, remarks={}, note="Gardez-le.", actor=OFFICE, now=NOW
    )
    assert (greeter.state, greeter.first_name) == ("approved", "Marie-Thé")
    assert not Greeter.objects.to_read().exists()
    greeters.write_profile(greeter, a_profile(), actor=ME, now=NOW)
    assert (greeter.pending, greeter.remarks) == ({}, {})


def test_suspended_and_taken_up_again_with_a_reason() -> None:
    greeter = sent()
    approve(greeter)
    with pytest.raises(BadInput):
        greeter_reviews.suspend_greeter(greeter, reason=" ", actor=OFFICE, now=NOW)
    greeter_reviews.suspend_greeter(greeter, reason="Un doute", actor=OFFICE, now=NOW)
    assert not greeter.is_shown
    with pytest.raises(WrongState) as refused:
        greeters.write_profile(greeter, a_profile(), actor=ME, now=NOW)
    assert refused.value.code == "greeter_suspended"
    greeter_reviews.reopen_greeter(greeter, reason="Vu ensemble", actor=OFFICE, now=NOW)
    assert greeter.is_shown


def test_nobody_is_shown_by_a_reason_alone() -> None:
    greeter = sent()
    for move in (greeter_reviews.reopen_greeter, greeter_reviews.suspend_greeter):
        with pytest.raises(WrongState):
            move(greeter, reason="Vite", actor=OFFICE, now=NOW)


@pytest.mark.parametrize("values", [{"identity": ""}, {"of_age_at": None}, {"most_people": 7}])
def test_the_database_shows_nobody_unknown_and_no_party_of_seven(values: dict[str, Any]) -> None:
    greeter = a_greeter()
    with pytest.raises(IntegrityError), transaction.atomic():
        Greeter.objects.filter(pk=greeter.pk).update(**values)


# --- Portraits ------------------------------------------------------------
@pytest.fixture
def portrait(settings: Any, tmp_path: Any) -> SimpleUploadedFile:
    settings.MEDIA_ROOT = tmp_path
    return SimpleUploadedFile("moi.png", get_test_image_file().file.getvalue(), "image/png")


def test_a_new_portrait_waits_and_the_old_one_goes(portrait: SimpleUploadedFile) -> None:
    greeter = sent()
    greeters.keep_photo(greeter, portrait, user=greeter.user, actor=ME, now=NOW)
    first = greeter.photo_id
    assert first is not None
    approve(greeter)
    portrait.seek(0)
    greeters.keep_photo(greeter, portrait, user=greeter.user, actor=ME, now=NOW)
    assert greeter.photo_id == first
    approve(greeter)
    assert greeter.photo_id not in {None, first}
    assert not Picture.objects.filter(pk=first).exists()
    greeters.drop_photo(greeter, actor=ME, now=NOW)
    assert not Picture.objects.exists()


def test_a_refused_portrait_leaves_no_file(portrait: SimpleUploadedFile) -> None:
    greeter = a_greeter(state="suspended")
    with pytest.raises(Refusal):
        greeters.keep_photo(greeter, portrait, user=greeter.user, actor=ME, now=NOW)
    assert not Picture.objects.exists()
