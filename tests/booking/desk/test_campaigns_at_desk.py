"""The desk's campaigns and seasons: written, counted, shown, tried, sent, halted (L03, N06)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse
from django.utils import translation

from booking.desk.campaign_forms import CampaignForm
from booking.messages import drain_outbox
from booking.models import Campaign, OutboxMessage, PoleSeason
from booking.relations import seasons
from booking.relations.campaign_runs import run_campaigns
from destination.models import Pole
from oti.lib.html import format_day_long
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.knowing import a_guest, says
from tests.booking.relations.test_quiet_campaigns import a_need
from tests.cast import NOW

pytestmark = pytest.mark.django_db
NEW = "desk_campaigns:new"


def form(**fields) -> dict:
    return {
        "title": "Mars",
        "kind": "letter",
        "purpose": "offers",
        "rate": 300,
        "subject_fr": "Le Velay en mars",
        "heading_fr": "En mars",
        "text_fr": "Venez voir.\r\n\r\nC'est <calme>.",
        "second_homes": "",
        **fields,
    }


def written(desk: Client, **fields) -> Campaign:
    answer = desk.post(reverse(NEW), form(**fields))
    assert answer.status_code == 302, body(answer)
    return Campaign.objects.latest("pk")


def page(campaign: Campaign) -> str:
    return reverse("desk_campaigns:campaign", args=[campaign.pk])


def press(desk: Client, campaign: Campaign, action: str, **fields):
    return desk.post(page(campaign), {"action": action, **fields})


def test_from_an_empty_form_to_a_mail(desk: Client, mailoutbox):
    a_guest("anna@example.org")
    a_guest("bob@example.org", language="de")
    says("bob@example.org", ("offers", False, NOW))
    assert desk.get(reverse(NEW)).status_code == 200
    campaign = written(desk)
    seen = body(desk.get(page(campaign)))
    assert "<b>1</b> of the 2 addresses" in seen
    assert "said no" in seen

    press(desk, campaign, "test", language="fr")
    drain_outbox(now=NOW)
    assert mailoutbox[0].to == ["office@example.org"]
    press(desk, campaign, "ready")
    press(desk, campaign, "now")
    campaign.refresh_from_db()
    assert campaign.state == "scheduled"
    run_campaigns(now=NOW)
    drain_outbox(now=NOW)
    assert mailoutbox[1].to == ["anna@example.org"]
    seen = body(desk.get(page(campaign)))
    assert "What became of it" in seen
    assert "Nobody is followed" in seen
    index = body(desk.get(reverse("desk_campaigns:index")))
    assert "Mars" in index


def test_its_page_counts_nobody_until_it_is_asked(desk: Client, django_assert_max_num_queries):
    a_guest("anna@example.org")
    campaign = written(desk)
    a_guest("bob@example.org")
    with django_assert_max_num_queries(30) as asked:
        seen = body(desk.get(page(campaign)))
    assert not any("members_customeridentity" in one["sql"] for one in asked.captured_queries)
    assert "<b>1</b> of the 1 addresses" in seen
    press(desk, campaign, "count")
    assert "<b>2</b> of the 2 addresses" in body(desk.get(page(campaign)))
    # Of what was never counted the page says so.
    Campaign.objects.update(counted=None, counted_at=None)
    assert "Not counted yet" in body(desk.get(page(campaign)))


def test_each_language_is_shown_as_it_goes_out(desk: Client):
    campaign = written(desk, subject_de="Im März", heading_de="März", text_de="Kommen Sie.")
    shown = {
        code: body(desk.get(reverse("desk_campaigns:preview", args=[campaign.pk, code])))
        for code in ("fr", "en", "de")
    }
    assert "En mars" in shown["fr"]
    assert (
        "<calme>"
        not in desk.get(
            reverse("desk_campaigns:preview", args=[campaign.pk, "fr"])
        ).content.decode()
    )
    assert "CLEDULECTEUR" not in shown["fr"]
    assert "Kommen Sie." in shown["de"]
    # Nobody wrote English: French.
    assert "En mars" in shown["en"]
    text = desk.get(reverse("desk_campaigns:preview", args=[campaign.pk, "fr"]), {"texte": 1})
    assert text["Content-Type"].startswith("text/plain")
    assert desk.get(reverse("desk_campaigns:preview", args=[campaign.pk, "xx"])).status_code == 404


def test_what_was_booked_is_named_in_the_language_of_who_reads():
    with translation.override("fr"):
        names = dict(CampaignForm().fields["kinds"].choices)
    assert (names["lodging"], names["shuttle"]) == ("hébergement", "navette")


def test_what_was_chosen_is_there_again(desk: Client):
    pole = factories.a_perimeter().poles.first()
    need = a_need()
    campaign = written(
        desk,
        kind="quiet",
        seasons=["hiver", "ete"],
        parties=["family"],
        poles=[pole.slug],
        kinds=["lodging"],
        places=["near"],
        languages=["fr"],
        second_homes="without",
        last_since="2026-01-01",
        stays_least="1",
        needs=[need.pk],
        percent_off="15",
    )
    assert campaign.percent_off == 15
    assert "15 % off" in body(desk.get(page(campaign)))
    edit = reverse("desk_campaigns:write", args=[campaign.pk])
    data = desk.get(edit).context["form"].initial
    assert data["seasons"] == ["hiver", "ete"]
    assert (data["needs"], data["stays_least"], data["percent_off"]) == ([need.pk], 1, 15)
    desk.post(edit, form(title="Avril"))
    campaign.refresh_from_db()
    assert (campaign.title, campaign.segment, campaign.kind) == ("Avril", {}, "letter")


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "x" * 81},
        {"rate": "0"},
        {"rate": "many"},
        {"kind": "spam"},
        {"purpose": "survey"},
        {"seasons": ["monsoon"]},
        {"poles": ["paris"]},
        {"needs": ["1"]},
        {"needs": ["x"]},
        {"offers": ["9999"]},
        {"picture": "9999"},
        {"button_path": "javascript:alert(1)"},
        {"last_since": "soon"},
        {"stays_least": "-1"},
        {"kind": "quiet", "purpose": "news"},
        {"percent_off": "5"},
        {"kind": "quiet", "percent_off": "51"},
        {"kind": "quiet", "percent_off": "-1"},
        {"kind": "quiet", "percent_off": "ten"},
    ],
)
def test_bad_input_is_shown_again_and_loses_nothing(desk: Client, fields):
    answer = desk.post(reverse(NEW), form(**fields))
    assert answer.status_code == 200
    assert "Venez voir." in body(answer)
    assert not Campaign.objects.exists()


def test_what_is_missing_is_said_before_anything_leaves(desk: Client):
    campaign = written(desk, subject_fr="")
    seen = body(desk.get(page(campaign)))
    assert "Write the subject, the heading and the text in French" in seen
    assert "Nobody would get this campaign" in seen
    assert "Nobody is meant" in seen
    assert press(desk, campaign, "ready").status_code == 200
    assert press(desk, campaign, "test").status_code == 200
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert not OutboxMessage.objects.exists()


def test_moments_and_presses_out_of_turn(desk: Client):
    a_guest("anna@example.org")
    campaign = written(desk)
    press(desk, campaign, "ready")
    for fields in ({}, {"at": ""}, {"at": "soon"}, {"at": "2020-01-01T10:00"}):
        assert press(desk, campaign, "plan", **fields).status_code == 200
    for action in ("pause", "resume", "ready", "nonsense", ""):
        assert press(desk, campaign, action).status_code == 200
    tomorrow = NOW + timedelta(days=1)
    press(desk, campaign, "plan", at=f"{tomorrow:%Y-%m-%dT%H:%M}")
    campaign.refresh_from_db()
    assert (campaign.state, campaign.scheduled_at) == ("scheduled", tomorrow)
    press(desk, campaign, "stop")
    campaign.refresh_from_db()
    assert campaign.state == "stopped"


def test_who_may_not_sees_nothing():
    a_guest("anna@example.org")
    campaign = factories.a_campaign(now=NOW)
    stranger = Client()
    stranger.force_login(factories.a_user())
    for address in (
        reverse("desk_campaigns:index"),
        reverse(NEW),
        page(campaign),
        reverse("desk_campaigns:write", args=[campaign.pk]),
        reverse("desk_campaigns:preview", args=[campaign.pk, "fr"]),
        reverse("desk_seasons:index"),
    ):
        assert stranger.get(address).status_code in {302, 403}, address
        assert stranger.post(address, form()).status_code in {302, 403, 405}


# --- Seasons ----------------------------------------------------------------------------------
@pytest.fixture
def pole() -> Pole:
    return factories.a_perimeter().poles.first()


def test_seasons_are_dated_by_pole_and_never_twice(desk: Client, pole: Pole):
    add = reverse("desk_seasons:add")
    fields = {
        "pole": pole.pk,
        "level": "high",
        "dates_first": "2027-07-10",
        "dates_last": "2027-08-22",
    }
    assert desk.post(add, fields).status_code == 302
    season = PoleSeason.objects.get()
    assert (season.dates.lower, season.dates.upper) == (date(2027, 7, 10), date(2027, 8, 23))
    again = desk.post(
        add, {**fields, "level": "wing", "dates_first": "2027-08-22", "dates_last": "2027-09-20"}
    )
    assert again.status_code == 200
    assert PoleSeason.objects.count() == 1
    seen = body(desk.get(reverse("desk_seasons:index")))
    assert "high 10–31" in seen
    assert "low 1–9" in seen
    assert seasons.level_on(pole.pk, date(2027, 8, 22)) == "high"
    assert seasons.level_on(pole.pk, date(2027, 8, 23)) == "low"


def test_twelve_months_hold_every_day_once(pole: Pole):
    for level, first, after in (
        ("wing", date(2027, 4, 1), date(2027, 7, 3)),
        ("high", date(2027, 7, 3), date(2027, 8, 29)),
        ("high", date(2027, 12, 18), date(2028, 3, 10)),
    ):
        PoleSeason.objects.create(pole=pole, level=level, dates=DateRange(first, after))
    [strip] = [one for one in seasons.strips(date(2027, 4, 6)) if one.pole == pole]
    assert strip.months[0][0] == date(2027, 4, 1)
    days = [
        one.first + timedelta(days=step)
        for _month, spans in strip.months
        for one in spans
        for step in range((one.last - one.first).days + 1)
    ]
    assert days == [date(2027, 4, 1) + timedelta(days=step) for step in range(366)]
    july = dict(strip.months)[date(2027, 7, 1)]
    assert [(one.level, one.first.day, one.last.day) for one in july] == [
        ("wing", 1, 2),
        ("high", 3, 31),
    ]


def test_bounds_that_nobody_meets_are_told_beside_their_fields(desk: Client):
    days = {"last_since": "2027-05-02", "last_until": "2027-05-01"}
    answer = desk.post(reverse(NEW), form(**days, stays_least=5, stays_most=2))
    assert set(answer.context["form"].errors) == {"last_until", "stays_most"}
    assert not Campaign.objects.exists()
    assert "2027-05-02" in body(answer)
    written(desk, last_since="2027-05-01", last_until="2027-05-01", stays_least=2, stays_most=2)


@pytest.mark.parametrize(
    ("address", "is_there"),
    [
        ("/fr/dormir/?arrival=2027-07-10#liste", True),
        ("/fr/dormir", True),
        ("/fr/", True),
        ("/en/stay/", True),
        ("/fr/nulle-part/", False),
        ("/nulle-part", False),
    ],
)
def test_a_button_leads_to_what_is_there(desk: Client, address: str, is_there: bool):
    a_guest("anna@example.org")
    campaign = written(desk, button_path=address, button_fr="Voir")
    press(desk, campaign, "ready")
    campaign.refresh_from_db()
    assert campaign.state == ("ready" if is_there else "draft")
    assert ("leads nowhere" in body(desk.get(page(campaign)))) != is_there


def test_it_is_planned_within_a_year_and_says_when(desk: Client):
    a_guest("anna@example.org")
    campaign = written(desk)
    press(desk, campaign, "ready")
    far = press(desk, campaign, "plan", at=f"{NOW + timedelta(days=400):%Y-%m-%dT%H:%M}")
    assert "within a year" in body(far)
    soon = NOW + timedelta(days=20)
    press(desk, campaign, "plan", at=f"{soon:%Y-%m-%dT%H:%M}")
    campaign.refresh_from_db()
    assert campaign.state == "scheduled"
    # The message names the moment, and the page keeps it.
    day = format_day_long(soon.date(), "en").replace("\xa0", " ")
    assert body(desk.get(page(campaign))).count(day) == 2
