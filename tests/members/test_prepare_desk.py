"""`manage.py prepare_desk`: what works at the desk is there, once, whatever was there before."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from wagtail.models import Page, Workflow

from tests import factories
from tests.destination.cms import a_pole_page

pytestmark = pytest.mark.django_db


def test_the_desk_is_prepared_once():
    a_pole_page()
    factories.the_office().delete()
    for options in ({}, {"migrate": True}):
        said = StringIO()
        call_command("prepare_desk", stdout=said, verbosity=0, **options)
        assert "1 pole" in said.getvalue()

    assert Group.objects.filter(name__in=["Office", "Editors: massif-du-mezenc"]).count() == 2
    page = Page.get_first_root_node().get_first_child()
    assert page.get_workflow() == Workflow.objects.get(name="Relecture par l’office")
