"""The desk's letters around a stay: read, looked at in three languages, switched off and on."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import LifeCycleSwitch, Order, OutboxMessage
from booking.relations.life_cycle import switches, write_life_cycle
from members.models import User
from tests.booking.pages import body
from tests.booking.relations.test_life_cycle import DAYS, a_told_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
RULES = reverse("desk_life_cycle:rules")


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return a_told_stay(bank)


def test_office_reads_what_was_decided_and_why(desk: Client, staff: User, order: Order, at):
    Order.objects.update(letters="refused")
    write_life_cycle(now=DAYS["prepare"])
    write_life_cycle(now=DAYS["anniversary"])
    index = reverse("desk_life_cycle:index")
    page = body(desk.get(index))
    assert order.reference in page
    assert "did not say yes to such letters" in page
    assert order.reference not in body(desk.get(index, {"rule": "during"}))
    at(DAYS["prepare"])
    desk.force_login(staff)
    assert "1 written in 30 days." in body(desk.get(RULES))


@pytest.mark.parametrize("rule", DAYS)
def test_office_looks_at_a_letter_and_nobody_gets_it(desk: Client, order: Order, rule: str):
    for language, words in (("fr", "Claire"), ("en", "Claire"), ("de", "Claire"), ("xx", "Claire")):
        page = desk.get(reverse("desk_life_cycle:preview", args=[rule]), {"langue": language})
        assert words in body(page)
        letter = desk.get(reverse("desk_life_cycle:page", args=[rule]), {"langue": language})
        assert letter.status_code == 200
        assert letter["X-Frame-Options"] == "SAMEORIGIN"
        shown = language if language != "xx" else "fr"
        assert f'<html lang="{shown}">' in letter.content.decode()
    assert not OutboxMessage.objects.exists()


def test_without_any_stay_there_is_nothing_to_see(desk: Client):
    page = desk.get(reverse("desk_life_cycle:preview", args=["prepare"]))
    assert "There is no stay yet" in body(page)
    assert desk.get(reverse("desk_life_cycle:page", args=["prepare"])).status_code == 404


def test_office_switches_a_letter_off_and_on(desk: Client, order: Order):
    url = reverse("desk_life_cycle:switch", args=["prepare"])
    for sent, is_on in (("0", False), ("0", False), ("1", True)):
        assert desk.post(url, {"on": sent}).status_code == 302
        assert switches()["prepare"] is is_on
    assert LifeCycleSwitch.objects.count() == 1
    assert desk.get(url).status_code == 405


@pytest.mark.parametrize("rule", ["after", "nonsense"])
def test_a_letter_that_is_none_is_not_found(desk: Client, rule: str):
    for name in ("preview", "page"):
        assert desk.get(reverse(f"desk_life_cycle:{name}", args=[rule])).status_code == 404
    assert desk.post(reverse("desk_life_cycle:switch", args=[rule])).status_code == 404


def test_who_has_no_right_sees_and_switches_nothing(desk: Client, staff: User, order: Order):
    rights = staff.groups.get().permissions
    rights.filter(codename__contains="lifecycle").delete()
    rights.filter(codename__in=["view_order", "change_order"]).delete()
    preview = reverse("desk_life_cycle:preview", args=["prepare"])
    assert desk.get(preview).status_code == 302
    assert desk.get(RULES).status_code == 302
    assert desk.get(reverse("desk_life_cycle:page", args=["prepare"])).status_code in {302, 403}
    desk.post(reverse("desk_life_cycle:switch", args=["prepare"]), {"on": "0"})
    assert switches()["prepare"] is True
