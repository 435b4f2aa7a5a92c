"""The parts of `make bench` that need no copy: meters, the visitor's forms, the letterbox."""

import json
import os
import smtplib

import pytest
from django.test import Client

from oti.devtools.bench.browser import Answer
from oti.devtools.bench.figures import Line, median, share
from oti.devtools.bench.letterbox import Letterbox
from oti.devtools.bench.meters import children_of, cpu_ms, pss_mib
from oti.measuring import HEADER, MeasureSql

PAGE = """
<form action="/fr/mon-sejour/ajouter/" method="post">
<input type="hidden" name="people" value="p1"><input type="hidden" name="people" value="p2">
<input type="checkbox" name="terms" value="1"><input type="checkbox" name="comes" checked>
<select name="ages"><option value="">?</option><option value="5" selected>5</option></select>
<input name="arrival_time" type="time"><textarea name="needs"></textarea>
<button name="update" value="1">+</button></form>
<form action="/autre/"><input name="q"></form>
"""


def test_a_form_is_sent_as_a_visitor_would() -> None:
    answer = Answer(200, PAGE, "", 0.0, 0, 0.0)
    (form,) = answer.forms("/ajouter/")
    assert form.fields == (
        ("people", "p1"),
        ("people", "p2"),
        ("comes", "on"),
        ("ages", "5"),
        ("arrival_time", ""),
        ("needs", ""),
    )
    assert answer.forms("/rien/") == []


def test_a_line_has_every_field_even_without_a_figure() -> None:
    told = json.loads(Line("start", wall_s=1.23456, more={"starts": 3}).text())
    assert told == {
        "scenario": "start",
        "cpu_ms": None,
        "sql": None,
        "sql_ms": None,
        "p50_ms": None,
        "p95_ms": None,
        "wall_s": 1.23,
        "errors": 0,
        "starts": 3,
    }


def test_medians_and_shares() -> None:
    assert median([3, 1, 2]) == 2
    assert share(list(range(1, 101)), 0.95) == 95
    assert share([], 0.5) == 0


def test_this_process_costs_something() -> None:
    before = cpu_ms([os.getpid()])
    sum(number * number for number in range(3_000_000))
    assert cpu_ms([os.getpid()]) > before
    assert pss_mib(os.getpid()) > 1
    assert isinstance(children_of(os.getpid()), list)


def test_the_letterbox_takes_a_mail_and_counts_it() -> None:
    box = Letterbox()
    try:
        with smtplib.SMTP("127.0.0.1", box.port, timeout=5) as line:
            line.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\nBonjour\r\n")
        assert box.letters == 1
    finally:
        box.shutdown()
        box.server_close()


@pytest.mark.django_db
def test_an_answer_says_what_it_asked_only_when_measured(settings, client: Client) -> None:
    assert HEADER not in client.get("/fr/").headers
    settings.MIDDLEWARE = [f"{MeasureSql.__module__}.MeasureSql", *settings.MIDDLEWARE]
    statements, milliseconds = Client().get("/fr/").headers[HEADER].split()
    assert int(statements) > 0
    assert float(milliseconds) > 0
