"""The widget as browsers get it: who may frame it, what it never sets nor reads, the way to pay."""

import re
from datetime import date, time
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Basket, BasketLine, Offer, WidgetSite
from booking.widget import basket_of_token
from members.models import Provider
from tests import factories
from tests.booking.pages import a_week, address, body, carry, dupont_stay, hold_place
from tests.cast import NOW
from tests.oti.test_security_headers import policy_of

pytestmark = pytest.mark.django_db
SITE = "https://www.gite-des-narces.fr"
DATES = {"arrival": "2027-07-10", "departure": "2027-07-17", "adults": "2", "ages": "5,10"}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def gite() -> Offer:
    offer = a_week()
    WidgetSite.objects.create(provider=offer.provider, origin=SITE, created_at=NOW)
    return offer


@pytest.fixture
def frame() -> Client:
    """A frame in somebody else's site: it checks forms as a browser would be checked."""
    return Client(enforce_csrf_checks=True)


def page_of(offer: Offer) -> str:
    return address("booking:widget", offer.provider.slug)


def form_of(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the first form of a page that leads to `action`."""
    form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    assert form, action
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]))


def add(frame: Client, offer: Offer, **fields: str):
    basket = address("booking:widget-basket", offer.provider.slug)
    page = body(frame.get(page_of(offer), {"offre": offer.slug, **DATES}))
    return frame.post(basket, {**form_of(page, basket), **fields})


def token_in(answer) -> str:
    return unquote(re.search(r"cle=([^&#]+)", answer.url)[1])


# --- Headers -------------------------------------------------------------------------------------
def test_only_the_sites_of_the_house_may_frame_it(client: Client, gite: Offer):
    other = a_week()
    policy = policy_of(client.get(page_of(gite)))
    assert policy["frame-ancestors"] == ["'self'", SITE]
    assert policy["script-src"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert "X-Frame-Options" not in client.get(page_of(gite))
    assert policy_of(client.get(page_of(other)))["frame-ancestors"] == ["'self'"]


@pytest.mark.parametrize("name", ["booking:my-stay", "booking:stays", "booking:checkout"])
def test_no_other_page_opens_itself(client: Client, gite: Offer, name: str):
    answer = client.get(address(name))
    assert policy_of(answer)["frame-ancestors"] == ["'self'"]
    assert answer["X-Frame-Options"] == "DENY"


def test_the_way_to_the_site_is_never_framed(client: Client, frame: Client, gite: Offer):
    onward = address("booking:widget-onward", gite.provider.slug)
    for found in (client.get(onward), client.get(onward, {"cle": token_in(add(frame, gite))})):
        assert policy_of(found)["frame-ancestors"] == ["'self'"]
        assert found["X-Frame-Options"] == "DENY"
    assert policy_of(client.get("/pro/widget/"))["frame-ancestors"] == ["'self'"]


def test_it_holds_no_script_sets_no_cookie_and_is_not_indexed(client: Client, gite: Offer):
    for query in ({}, {"offre": gite.slug, **DATES}):
        answer = client.get(page_of(gite), query)
        page = answer.content.decode()
        assert "<script" not in page
        assert not answer.cookies
        assert answer["X-Robots-Tag"] == "noindex"
        assert "no-store" in answer["Cache-Control"]
        assert 'name="robots" content="noindex"' in page


def test_the_offer_that_it_shows_is_no_code_of_a_lower_price(
    client: Client, gite: Offer, django_assert_max_num_queries
):
    query = {"offre": gite.slug, **DATES}
    client.get(page_of(gite), query)
    with django_assert_max_num_queries(40) as asked:
        page = body(client.get(page_of(gite), query))
    assert not any("campaignneed" in one["sql"] for one in asked.captured_queries)
    form = re.search(r'<form method="get".*?</form>', page, re.DOTALL)
    assert form
    assert form[0].count('name="offre"') == 1


def test_it_never_tells_who_is_signed_in_nor_what_they_have_on_the_site(gite: Offer):
    host = Client(headers={"Accept-Language": "en"})
    user = factories.a_host(gite.provider)
    host.force_login(user)
    dupont_stay(host)

    answer = host.get(page_of(gite), {"offre": gite.slug, **DATES})

    page = body(answer)
    assert user.email not in page
    assert "First stitches of lace" not in page
    assert "What you chose" not in page
    assert "sessionid" not in answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


# --- Choosing ------------------------------------------------------------------------------------
def test_dates_give_the_whole_price_and_the_months(client: Client, gite: Offer):
    page = body(client.get(page_of(gite), {"offre": gite.slug, **DATES}))
    assert "€775.40" in page
    assert "July 2027" in page
    assert 'name="offre" value="' in page


def test_chosen_by_its_key_without_a_cookie(frame: Client, gite: Offer):
    answer = add(frame, gite)

    assert answer.status_code == 303
    assert answer.url.startswith(page_of(gite))
    assert not answer.cookies
    basket = basket_of_token(gite.provider, token_in(answer))
    assert basket.lines.get().channel == "widget"
    page = body(frame.get(answer.url))
    assert "What you chose" in page
    assert "The Narces Cottage" in page
    assert 'target="_top"' in page
    assert not frame.cookies


def test_what_was_chosen_can_be_taken_out(frame: Client, gite: Offer):
    answer = add(frame, gite)
    token, line = token_in(answer), BasketLine.objects.get()
    basket = address("booking:widget-basket", gite.provider.slug)

    removed = frame.post(basket, {"cle": token, "wish": "remove", "line": line.pk})

    assert removed.status_code == 303
    assert not BasketLine.objects.exists()
    assert "What you chose" not in body(frame.get(removed.url))


def test_nobody_takes_out_anything_without_the_key(frame: Client, gite: Offer):
    add(frame, gite)
    line = BasketLine.objects.get()
    basket = address("booking:widget-basket", gite.provider.slug)
    for token in ("", "x", "a:b:c"):
        frame.post(basket, {"cle": token, "wish": "remove", "line": line.pk})
    assert BasketLine.objects.filter(pk=line.pk).exists()


def test_a_second_bed_is_asked_about_and_chosen(frame: Client, gite: Offer):
    other = a_week(provider=gite.provider, title_en="The Barn")
    token = token_in(add(frame, gite))
    basket = address("booking:widget-basket", gite.provider.slug)
    look = {"offre": other.slug, "cle": token, **DATES}
    page = body(frame.get(page_of(gite), look))

    asked = frame.post(basket, form_of(page, basket))

    page = body(asked)
    assert asked.status_code == 409
    assert policy_of(asked)["frame-ancestors"] == ["'self'", SITE]
    assert "Take this one instead" in page
    again = form_of(page, basket)
    assert again["instead_of"]
    assert frame.post(basket, again).status_code == 303
    assert BasketLine.objects.get().offer_id == other.pk


def test_what_is_gone_is_said_where_it_was_chosen(frame: Client, client: Client, gite: Offer):
    basket = address("booking:widget-basket", gite.provider.slug)
    page = body(frame.get(page_of(gite), {"offre": gite.slug, **DATES}))
    add(Client(), gite)

    answer = frame.post(basket, form_of(page, basket))

    assert answer.status_code == 409
    assert "It was taken in the meantime" in body(answer)
    assert 'value="2027-07-10"' in body(answer)


def test_places_are_chosen_too(frame: Client):
    lace = factories.an_activity(title="Dentelle", title_en="Lace")
    factories.a_slot(lace, date(2027, 7, 12), time(14))
    page = body(frame.get(page_of(lace), {"adults": "2"}))
    basket = address("booking:widget-basket", lace.provider.slug)

    answer = frame.post(basket, form_of(page, basket))

    assert answer.status_code == 303
    assert BasketLine.objects.get().channel == "widget"
    assert "Lace" in body(frame.get(answer.url))


def test_things_are_lent_too(frame: Client):
    bikes = factories.a_rental()
    factories.rental_days(bikes, date(2027, 7, 12), 3)
    look = {"first_day": "2027-07-12", "last_day": "2027-07-13"}
    page = body(frame.get(page_of(bikes), look))
    basket = address("booking:widget-basket", bikes.provider.slug)
    assert frame.post(basket, form_of(page, basket)).status_code == 303
    assert BasketLine.objects.get().offer_id == bikes.pk


def test_another_houses_offer_is_neither_shown_nor_sold(frame: Client, gite: Offer):
    other = a_week(title_en="The Mill")
    assert "The Mill" not in body(frame.get(page_of(gite)))
    gone = frame.get(page_of(gite), {"offre": other.slug})
    assert gone.status_code == 404
    assert "isn’t sold here any more" in body(gone)
    basket = address("booking:widget-basket", gite.provider.slug)
    fields = {"offer": other.pk, "unit": other.units.get().pk, **DATES}
    answer = frame.post(basket, fields)
    assert answer.status_code == 422
    assert "no longer exists" in body(answer)
    assert not BasketLine.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"offer": "x"},
        {"offer": "9" * 30},
        {"offer": "1", "arrival": "soon"},
        {"next": "https://evil.example.org/?a=b"},
        {"next": "//[", "cle": "x" * 5000},
        {"next": "?" + "a=1&" * 900},
        {"offer": "1", "adults": "99"},
    ],
)
def test_nonsense_is_answered_in_the_frame(frame: Client, gite: Offer, fields: dict):
    basket = address("booking:widget-basket", gite.provider.slug)
    answer = frame.post(basket, fields)
    assert answer.status_code == 422
    assert policy_of(answer)["frame-ancestors"] == ["'self'", SITE]
    assert "evil" not in body(answer)
    # Nobody's basket is begun by what can't be read.
    assert not Basket.objects.exists()


@pytest.mark.parametrize("line", ["", "x", "-1", "9" * 40])
def test_a_line_that_is_no_number_is_not_found(frame: Client, gite: Offer, line: str):
    basket = address("booking:widget-basket", gite.provider.slug)
    assert frame.post(basket, {"wish": "remove", "line": line}).status_code == 404


def test_taking_out_of_no_basket_is_said_and_begins_none(frame: Client, gite: Offer):
    basket = address("booking:widget-basket", gite.provider.slug)
    answer = frame.post(basket, {"wish": "remove", "line": "7"})
    assert answer.status_code in {409, 422}
    assert not Basket.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"arrival": "yesterday"},
        {"arrival": "2027-07-17", "departure": "2027-07-10"},
        {"adults": "-1", "children": "x"},
        {"month": "9999-99"},
        {"cle": "x" * 3000},
        {"offre": "x" * 300},
    ],
)
def test_nonsense_in_the_address_breaks_nothing(client: Client, gite: Offer, query: dict):
    assert client.get(page_of(gite), query).status_code in {200, 404}


# --- Houses --------------------------------------------------------------------------------------
def test_a_house_without_offers_says_whom_to_call(client: Client):
    house = factories.a_provider()
    answer = client.get(address("booking:widget", house.slug))
    assert answer.status_code == 200
    assert "Nothing is sold online here at the moment." in body(answer)


def test_a_suspended_house_sells_nothing_and_says_so_in_its_frame(frame: Client, gite: Offer):
    Provider.objects.filter(pk=gite.provider_id).update(state="suspended", enrolment="suspended")
    basket = address("booking:widget-basket", gite.provider.slug)
    for answer in (frame.get(page_of(gite)), frame.post(basket, {"offer": gite.pk})):
        assert answer.status_code == 410
        assert "No booking at the moment" in body(answer)
        assert policy_of(answer)["frame-ancestors"] == ["'self'", SITE]
    assert not Basket.objects.exists()


def test_a_house_that_was_never_approved_has_none(client: Client):
    owner, house = factories.a_draft()
    assert client.get(address("booking:widget", house.slug)).status_code == 404
    client.force_login(owner)
    page = body(client.get(PRO))
    assert "<iframe class" not in page
    assert client.get(address("booking:widget", "nowhere")).status_code == 404


def test_it_speaks_the_language_of_its_address(client: Client, gite: Offer):
    page = client.get(f"/de/widget/{gite.provider.slug}/").content.decode()
    assert '<html lang="de">' in page
    assert client.get(f"/widget/{gite.provider.slug}/").status_code == 302


# --- Going on to the site ------------------------------------------------------------------------
def go_on(client: Client, gite: Offer, token: str):
    onward = address("booking:widget-onward", gite.provider.slug)
    page = body(client.get(onward, {"cle": token}))
    return client.post(onward, form_of(page, onward)), page


def test_going_on_makes_it_the_visitors_stay(frame: Client, gite: Offer):
    token = token_in(add(frame, gite))
    visitor = Client(enforce_csrf_checks=True)

    answer, page = go_on(visitor, gite, token)

    assert "This is what you chose at" in page
    assert (answer.status_code, answer.url) == (303, address("booking:my-stay"))
    assert "The Narces Cottage" in body(visitor.get(answer.url))
    # Whoever kept the key finds nothing any more.
    lost = body(frame.get(page_of(gite), {"cle": token}))
    assert "was carried to the Velay’s site" in lost
    assert "What you chose" not in lost
    assert go_back_is_harmless(visitor, gite, token)


def go_back_is_harmless(visitor: Client, gite: Offer, token: str) -> bool:
    onward = address("booking:widget-onward", gite.provider.slug)
    return visitor.get(onward, {"cle": token}).status_code == 303


def test_nobodys_page_puts_something_into_a_stay(frame: Client, gite: Offer):
    token = token_in(add(frame, gite))
    onward = address("booking:widget-onward", gite.provider.slug)
    visitor = Client(enforce_csrf_checks=True)
    assert visitor.post(onward, {"cle": token}).status_code == 403
    assert visitor.get(onward, {"cle": token}).status_code == 200
    assert basket_of_token(gite.provider, token) is not None


def test_it_joins_the_stay_of_the_site(frame: Client, client: Client, gite: Offer):
    own = factories.a_basket()
    hold_place(own, "Lace")
    own.refresh_from_db()
    carry(client, own)
    token = token_in(add(frame, gite))

    answer, page = go_on(client, gite, token)

    assert "this joins it" in page
    stay = body(client.get(answer.url))
    assert "Lace" in stay
    assert "The Narces Cottage" in stay
    assert Basket.objects.count() == 1


def test_a_stay_that_is_being_paid_is_left_alone(frame: Client, client: Client, gite: Offer):
    own = factories.a_basket()
    hold_place(own, "Lace")
    Basket.objects.filter(pk=own.pk).update(state="frozen")
    own.refresh_from_db()
    carry(client, own)
    token = token_in(add(frame, gite))

    answer, _page = go_on(client, gite, token)

    assert "A payment is under way" in body(client.get(answer.url))
    assert basket_of_token(gite.provider, token) is not None


# --- The house's own page ------------------------------------------------------------------------
PRO = reverse("extranet-widget")


def host_of(offer: Offer) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(offer.provider))
    return person


def test_host_allows_its_site_and_gets_the_lines_to_paste(
    gite: Offer, settings, django_assert_max_num_queries
):
    host = host_of(gite)
    answer = host.post(PRO, {"site": "https://gite.example.org/reserver"})
    assert answer.status_code == 303
    with django_assert_max_num_queries(12):
        page = body(host.get(PRO, {"langue": "de", "taille": "large"}))
    assert "https://gite.example.org" in page
    address_there = f"{settings.BASE_URL}/de/widget/{gite.provider.slug}/"
    assert f'<iframe src="{address_there}"' in page
    assert 'height="1200"' in page
    assert "https://gite.example.org" in policy_of(host.get(page_of(gite)))["frame-ancestors"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Write the address of your site."),
        ("nonsense", "isn’t the address of a site"),
        ("gite.fr; script-src *", "isn’t the address of a site"),
        ("x" * 900, "isn’t the address of a site"),
        (SITE, "may show it already"),
    ],
)
def test_what_is_no_site_is_said(gite: Offer, typed: str, words: str):
    answer = host_of(gite).post(PRO, {"site": typed})
    assert answer.status_code == 422
    assert words in body(answer)
    assert WidgetSite.objects.count() == 1


def test_five_sites_are_enough(gite: Offer):
    host = host_of(gite)
    for number in range(4):
        host.post(PRO, {"site": f"site{number}.example.org"})
    assert "5 sites at most" in body(host.post(PRO, {"site": "one-more.example.org"}))
    assert WidgetSite.objects.count() == 5


def test_host_removes_its_site_and_nobody_elses(gite: Offer):
    site = WidgetSite.objects.get()
    remove = reverse("extranet-widget-remove", args=[site.pk])
    stranger = host_of(a_week())
    assert stranger.post(remove).status_code == 404
    assert stranger.get(PRO, {"maison": gite.provider.slug}).status_code == 404
    assert stranger.post(f"{PRO}?maison={gite.provider.slug}", {"site": "a.fr"}).status_code == 404
    host = host_of(gite)
    assert host.post(remove).status_code == 303
    assert not WidgetSite.objects.exists()
    assert policy_of(host.get(page_of(gite)))["frame-ancestors"] == ["'self'"]


@pytest.mark.parametrize("query", [{"langue": "xx", "taille": "huge"}, {"langue": "<b>"}])
def test_nonsense_for_the_lines_is_the_usual(gite: Offer, query: dict):
    page = body(host_of(gite).get(PRO, query))
    assert "/fr/widget/" in page
    assert 'height="820"' in page
