"""The desk's « They come back »: the page, the board's paper, the file, the target."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from booking.models import RelationSettings
from booking.relations.retention import keep_returns
from members.models import Entry
from tests import factories
from tests.booking.relations.returning import somebody, stayed
from tests.cast import NOW, TODAY
from tests.pages import text_of

pytestmark = pytest.mark.django_db
PAGES = ("desk_returns:index", "desk_returns:print", "desk_returns:file")


def returning(count: int, back: int, *, pole: str = "massif-du-mezenc") -> None:
    """Let families come in the year before last, and some of them again in the last one."""
    for number in range(count):
        who = somebody(number)
        stayed(who, date(TODAY.year - 2, 7, 1), poles=[pole], children=1)
        if number < back:
            stayed(who, date(TODAY.year - 1, 7, 1), poles=[pole])


def test_before_two_years_the_page_says_so(desk: Client):
    stayed(somebody(1), date(TODAY.year, 2, 1))
    for name in PAGES[:2]:
        page = text_of(desk.get(reverse(name)))
        assert "No rate can be told yet" in page
        assert f"those who came in {TODAY.year} and come again in {TODAY.year + 1}" in page
    rows = desk.get(reverse("desk_returns:file")).content.decode().splitlines()
    assert len(rows) == 1


def test_the_rate_with_all_that_belongs_to_it(desk: Client):
    factories.a_perimeter()
    returning(20, 15)
    stayed(None, date(TODAY.year - 1, 8, 1))
    for name in PAGES[:2]:
        page = text_of(desk.get(reverse(name)))
        assert "75 % [53 ; 89]" in page
        assert f"Of the 20 households that came in {TODAY.year - 2}, 15 came again" in page
        assert "The household is known of 97 % of the stays of both years (35 of 36)." in page
        assert "Target: 75 %. Too close to the target to tell" in page
        assert f"{TODAY.year} so far: 0 %, 0 households of the 15" in page
        assert "Mézenc massif" in page
        assert "Families with children" in page
        assert "Who booked on another platform is unknown" in page


def test_a_drawing_for_the_whole_and_one_a_pole(desk: Client):
    factories.a_perimeter()
    returning(20, 15)
    page = desk.get(reverse("desk_returns:index")).content.decode()
    assert page.count('<svg class="returns r-all') == 1
    assert page.count('<svg class="returns r-mezenc') == 1
    assert 'aria-label="Mézenc massif: the rate of each year, as in the table."' in page


def test_few_households_are_told_as_such(desk: Client):
    returning(4, 3)
    for name in PAGES[:2]:
        page = text_of(desk.get(reverse(name)))
        assert "too few" in page.lower()
        assert "75 % [" not in page
        assert "3 / 4" not in page
    table = desk.get(reverse("desk_returns:file")).content.decode()
    row = next(one for one in table.splitlines() if one.startswith(f"{TODAY.year - 1};0;familles"))
    assert "moins de 5;;;;" in row


def test_the_file_has_every_figure_and_nobody_s_name(desk: Client):
    factories.a_perimeter()
    returning(20, 15)
    answer = desk.get(reverse("desk_returns:file"))
    assert "no-store" in answer["Cache-Control"]
    rows = answer.content.decode("utf-8-sig").splitlines()
    year = TODAY.year - 1
    assert f"{year};0;familles;ensemble;;20;15;75;53;89;35;35;100;0" in rows
    assert f"{year};0;familles;pole;massif-du-mezenc;20;15;75;53;89;35;35;100;0" in rows
    assert f"{year};0;familles;composition;with_children;20;15;75;53;89;20;20;100;0" in rows
    assert "Martin" not in answer.content.decode()


def test_a_pole_of_another_time_keeps_its_name_or_its_code(desk: Client):
    factories.a_perimeter()
    returning(6, 3, pole="vallee-d-antan")
    assert "vallee-d-antan" in text_of(desk.get(reverse("desk_returns:index")))


def test_what_was_counted_is_shown_until_one_counts_again(desk: Client):
    keep_returns(now=NOW)
    returning(20, 15)
    index = reverse("desk_returns:index")
    assert "No rate can be told yet" in text_of(desk.get(index))
    assert "75 % [53 ; 89]" in text_of(desk.get(index, {"compter": ""}))
    keep_returns(now=NOW)
    assert "Counted at" in text_of(desk.get(index))


def test_the_page_costs_a_few_statements(desk: Client, django_assert_max_num_queries):
    factories.a_perimeter()
    returning(20, 15)
    desk.get(reverse("desk_returns:index"))
    with django_assert_max_num_queries(15):
        desk.get(reverse("desk_returns:index"))


# --- The target and the letter ------------------------------------------------------------------
def settings_of(**changes: str) -> dict[str, str]:
    return {"target_percent": "60", "letter_is_on": "on", "recipients": "", **changes}


def test_the_target_is_set_and_noted(desk: Client):
    returning(20, 15)
    address = reverse("desk_returns:settings")
    assert 'value="75"' in desk.get(address).content.decode()
    given = settings_of(recipients="Anne@example.org\n\nanne@example.org\n luc@example.org ")
    assert desk.post(address, given).status_code == 302
    known = RelationSettings.objects.get()
    assert (known.target_percent, known.letter_is_on) == (60, True)
    assert known.recipients == ["anne@example.org", "luc@example.org"]
    assert Entry.objects.get(verb="relation set").data["readers"] == 2
    assert "Target: 60 %." in text_of(desk.get(reverse("desk_returns:index")))
    assert desk.post(address, settings_of(letter_is_on="")).status_code == 302
    known.refresh_from_db()
    assert (known.letter_is_on, known.recipients) == (False, [])


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"target_percent": "0"}, "target_percent", "1"),
        ({"target_percent": "101"}, "target_percent", "100"),
        ({"target_percent": "many"}, "target_percent", "whole number"),
        ({"target_percent": ""}, "target_percent", "required"),
        ({"recipients": "anne@"}, "recipients", "anne@"),
        (
            {"recipients": "\n".join(f"a{one}@example.org" for one in range(11))},
            "recipients",
            "10 addresses at most",
        ),
    ],
)
def test_what_cannot_be_set_is_told_beside_its_field(
    desk: Client, changes: dict[str, str], field: str, words: str
):
    answer = desk.post(reverse("desk_returns:settings"), settings_of(**changes))
    assert answer.status_code == 200
    assert words in " ".join(answer.context["form"].errors[field])
    assert changes[field] in answer.content.decode()
    assert not RelationSettings.objects.exists()


# --- Who may ------------------------------------------------------------------------------------
def test_who_may_not_reads_and_sets_nothing(db: None):
    stranger, reader = Client(), Client()
    stranger.force_login(factories.a_user())
    user = factories.a_user("board@example.org")
    codes = ("access_admin", "view_paststay")
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    reader.force_login(user)
    for name in (*PAGES, "desk_returns:settings"):
        assert stranger.get(reverse(name)).status_code in {302, 403}
        assert Client().get(reverse(name)).status_code == 302
    for name in PAGES:
        assert reader.get(reverse(name)).status_code == 200
    assert reader.get(reverse("desk_returns:settings")).status_code in {302, 403}
    assert reader.post(reverse("desk_returns:settings"), settings_of()).status_code in {302, 403}
    assert not RelationSettings.objects.exists()


def test_nothing_is_posted_to_what_is_only_read(desk: Client):
    for name in PAGES[1:]:
        assert desk.post(reverse(name)).status_code == 405
