"""Parts of pages that are kept: by language and by what they show, and nothing of a visitor."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client
from django.utils.translation import override

from booking.models import Offer
from members.models import Provider
from tests import factories
from tests.booking.pages import a_week, hold_week
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, text_of, with_basket

WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}


@pytest.fixture(autouse=True)
def _remembering(at, settings, cloned_database: str) -> None:
    at(NOW)
    settings.SEARCH_HORIZON_DAYS = 150
    settings.REMEMBER_SECONDS = 30


def part(name: str, **values: object) -> str:
    template = Template(
        f'{{% load keeping i18n %}}{{% kept "{name}" key %}}'
        '{% translate "Sign in" %} {{ key }} {{ other }}{% endkept %}'
    )
    return template.render(Context(values))


def test_a_part_is_written_once_for_a_value_and_a_language():
    with override("en"):
        assert part("one", key=1, other="a") == "Sign in 1 a"
        assert part("one", key=1, other="b") == "Sign in 1 a"
        assert part("one", key=2, other="b") == "Sign in 2 b"
        assert part("one", key=[1, 2], other="c") == "Sign in [1, 2] c"
    with override("fr"):
        assert part("one", key=1, other="d") == "Se connecter 1 d"


def test_nothing_is_kept_inside_a_transaction_or_when_nothing_is_remembered(settings):
    part("two", key=1, other="a")
    with transaction.atomic():
        assert part("two", key=1, other="b").endswith("b")
    settings.REMEMBER_SECONDS = 0
    assert part("two", key=1, other="c").endswith("c")


def test_a_part_has_a_name():
    with pytest.raises(TemplateSyntaxError):
        Template("{% load keeping %}{% kept %}{% endkept %}")


def show(client: Client, offer: Offer, language: str = "en"):
    return client.get(address("booking:stay-offer", offer.slug, language=language, **WEEK))


def test_two_visitors_never_see_each_other_s_stay_name_or_token():
    offer = a_week()
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, a_week(title_en="Taken Cottage"))
    somebody = with_basket(Client(), basket)
    member = Client()
    member.force_login(factories.a_user("claire@example.org"))

    pages = [show(one, offer) for one in (somebody, Client(), member, Client())]

    texts = [text_of(page) for page in pages]
    assert ["(empty)" in text for text in texts] == [False, True, True, True]
    assert ["My account" in text for text in texts] == [False, False, True, False]
    tokens = [
        set(re.findall(rb'csrfmiddlewaretoken" value="(\w+)"', page.content)) for page in pages
    ]
    assert all(tokens)
    assert len(set.union(*tokens)) == sum(map(len, tokens))


def test_a_page_says_at_once_what_was_changed_on_its_offer_and_its_host():
    offer = a_week()
    show(Client(), offer)

    Offer.objects.update(summary_en="By the lake.")
    Provider.objects.update(host_names="Zoé et Max")

    text = text_of(show(Client(), offer))
    assert "By the lake." in text
    assert "Zoé and Max" in text


def test_header_and_footer_are_of_the_language_and_of_the_place_where_one_is():
    offer = a_week()
    pages = {language: show(Client(), offer, language) for language in ("en", "fr", "en")}
    assert "Se connecter" in text_of(pages["fr"])
    assert "Se connecter" not in text_of(pages["en"])
    marked = re.compile(r'<a href="([^"]+)" aria-current="page"')
    lived = Client().get(address("booking:experiences")).content.decode()
    assert set(marked.findall(pages["en"].content.decode())) == {address("booking:stays")}
    assert set(marked.findall(lived)) == {address("booking:experiences")}
