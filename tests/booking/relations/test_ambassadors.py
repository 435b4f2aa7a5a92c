"""Becoming an ambassador, the page of one's friends, and the office that reads it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from booking.messages import drain_outbox
from booking.models import Basket, OutboxMessage, Referral
from booking.referral_claims import keep_invitation
from booking.refusals import BadInput, NotAllowed, WrongState
from booking.relations import ambassador_reviews, ambassadors
from booking.relations.ambassadors import Place
from booking.relations.invitations_shown import ranking
from booking.relations.referral_rounds import follow_referrals
from members.journal import SYSTEM
from members.models import Ambassador, Entry, User
from tests import factories
from tests.booking.pages import address, body, carry, checkout_form
from tests.booking.relations.inviting import (
    HOME,
    a_charter,
    a_friends_stay,
    a_gift,
    a_plan,
    an_ambassador,
    decided,
    joining,
    with_page,
)
from tests.booking.requesting import accepted, ask, asked_lodging, plan_week
from tests.cast import NOW

pytestmark = pytest.mark.django_db
LAKE = Place("offer", "lac", "The lake", "We swim there in June.")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def browser_of(user=None, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    if user is not None:
        client.force_login(user)
    return client


def typed(**changed: str) -> dict[str, str]:
    return {
        "first_name": "Camille",
        "born_on": "1980-05-01",
        "signed_name": "Camille Martin",
        "agreed": "on",
        "sha256": a_charter().sha256,
        **changed,
    }


# --- Joining ------------------------------------------------------------------------------------
def test_anybody_with_an_account_signs_and_has_a_link_a_code_and_cards():
    user = factories.a_user()
    client = browser_of(user)
    a_charter()
    a_gift("ambassador", "A basket of produce")
    assert "I invite people whom I know" in body(client.get(reverse("invite")))
    page = body(client.post(reverse("invite-join"), typed(), follow=True))

    ambassador = Ambassador.objects.get(user=user)
    assert ambassador.code in page
    assert f"/friends-of/{ambassador.code.lower()}/" in page
    assert "<svg" in page
    assert "A basket of produce" in page
    assert ambassador.charter_sha256 == a_charter().sha256
    cards = body(client.get(reverse("invite-cards")))
    assert cards.count("invite-card") >= 8
    assert "1980" not in str(Entry.objects.get(verb="ambassador joined").data)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"born_on": "2012-04-07"}, "15 and more"),
        ({"born_on": ""}, "Give your day of birth"),
        ({"born_on": "1800-01-01"}, "Check the year"),
        ({"signed_name": ""}, "Type your first and last name"),
        ({"agreed": ""}, "Tick that you have read"),
        ({"first_name": "www.casino.example"}, "without an address"),
        ({"sha256": "0" * 64}, "The charter changed meanwhile"),
    ],
)
def test_bad_signature_is_said_and_keeps_the_rest(changed, words):
    answer = browser_of(factories.a_user()).post(reverse("invite-join"), typed(**changed))
    assert answer.status_code in {409, 422}
    assert words in body(answer)
    assert not Ambassador.objects.exists()


def test_fifteen_on_their_birthday_and_not_the_day_before():
    user, text = factories.a_user(), a_charter()
    young = NOW.date().replace(year=NOW.year - 15) + timedelta(days=1)
    with pytest.raises(NotAllowed, match="too_young"):
        ambassadors.join(user, joining(born_on=young), text=text, now=NOW)
    ambassadors.join(user, joining(born_on=young - timedelta(days=1)), text=text, now=NOW)


def test_without_a_charter_nobody_joins():
    with pytest.raises(NotAllowed):
        ambassadors.join(factories.a_user(), joining(), text=None, now=NOW)
    a_charter().delete()
    page = body(browser_of(factories.a_user()).get(reverse("invite")))
    assert "The charter isn’t ready yet" in page


def test_who_stops_and_begins_again_has_the_same_code():
    ambassador = an_ambassador()
    client = browser_of(ambassador.user)
    client.post(reverse("invite-leave"))
    client.post(reverse("invite-leave"))
    assert Entry.objects.filter(verb="ambassador left").count() == 1
    assert client.get(reverse("invite-cards")).status_code == 404
    client.post(reverse("invite-join"), typed())
    again = Ambassador.objects.get()
    assert (again.code, again.is_active) == (ambassador.code, True)


def test_who_had_stopped_is_not_made_to_invite_again():
    ambassador = an_ambassador()
    ambassadors.leave(ambassador, now=NOW)
    later = NOW + timedelta(days=1)
    ambassador_reviews.put_aside(ambassador, reason="Sold its link", actor=SYSTEM, now=later)
    ambassador_reviews.take_up(ambassador, actor=SYSTEM, now=later)
    assert not ambassador.is_active
    assert not ambassador.is_put_aside


def test_who_was_put_aside_does_not_sign_again():
    ambassador = an_ambassador()
    ambassador_reviews.put_aside(ambassador, reason="Sells its link", actor=SYSTEM, now=NOW)
    page = body(browser_of(ambassador.user).post(reverse("invite-join"), typed()))
    assert "The office has ended this role" in page
    assert "Sells its link" in page
    ambassador_reviews.take_up(ambassador, actor=SYSTEM, now=NOW)
    assert Ambassador.objects.get().is_active


@pytest.mark.parametrize("why", ["left", "closed"])
def test_nobody_is_made_to_invite_again(why: str):
    ambassador = an_ambassador()
    if why == "left":
        ambassadors.leave(ambassador, now=NOW)
    later = NOW + timedelta(days=1)
    ambassador_reviews.put_aside(ambassador, reason="Sells its link", actor=SYSTEM, now=later)
    if why == "closed":
        User.objects.update(is_active=False)
        ambassador.user.refresh_from_db()
    told = OutboxMessage.objects.count()
    assert not ambassador_reviews.take_up(ambassador, actor=SYSTEM, now=later)
    assert (ambassador.is_put_aside, ambassador.is_active) == (False, False)
    assert OutboxMessage.objects.count() == told


def test_cards_carry_the_name_of_the_household_only_where_it_is_wished():
    member = factories.a_household(name="Les Martin")
    ambassador = an_ambassador(member.user)
    client = browser_of(ambassador.user)
    plain = body(client.get(reverse("invite-cards")))
    assert plain.count("Les Martin") == 1
    assert body(client.get(reverse("invite-cards"), {"nom": "Les Martin"})).count("Les Martin") >= 9
    # A name that isn't theirs isn't printed.
    assert "Dupont" not in body(client.get(reverse("invite-cards"), {"nom": "Dupont"}))
    assert member.household.commune.name not in plain


# --- Friends seen ---------------------------------------------------------------------------------
def test_friends_are_anonymous_unless_they_say_so(bank):
    a_gift("ambassador", "A basket of produce")
    ambassador = an_ambassador()
    silent = a_friends_stay(bank, ambassador, "paul@example.org")
    told = a_friends_stay(bank, ambassador, "lucie@example.org", tells_name=True)
    refused = a_friends_stay(bank, ambassador, ambassador.user.email)
    for order in (silent, told, refused):
        decided(order)
    page = body(browser_of(ambassador.user).get(reverse("invite")))
    assert page.count("Lucie") == 1
    assert page.count("A friend</b>") == 1
    for secret in ("paul@example.org", "Bernard", silent.reference, "12 July", "not counted"):
        assert secret not in page
    follow_referrals(now=HOME)
    assert "yours to collect" in body(browser_of(ambassador.user).get(reverse("invite")))


def test_who_has_a_thanks_to_collect_reads_whom_to_ask_for_it(bank):
    ambassador = an_ambassador()
    page = reverse("invite")
    decided(a_friends_stay(bank, ambassador))
    assert "Tell the office" not in body(browser_of(ambassador.user).get(page))
    Referral.objects.update(state="earned", earned_at=NOW, thanks={"en": "A jar of honey"})
    text = body(browser_of(ambassador.user).get(page))
    assert "Tell the office when you come by" in text
    assert 'href="tel:' in text.partition("Tell the office when you come by")[2][:120]


def test_nobody_is_ranked_unless_the_office_wants_it(bank, settings):
    ambassador = an_ambassador(page={"name": "The Martins", "words": "", "places": []})
    nameless = an_ambassador()
    decided(a_friends_stay(bank, ambassador, "paul@example.org"))
    decided(a_friends_stay(bank, nameless, "lucie@example.org"))
    follow_referrals(now=HOME)
    assert ranking() == []
    settings.AMBASSADOR_RANKING = True
    assert ranking() == [("The Martins", 1)]
    assert "Who brought how many" in body(browser_of(nameless.user).get(reverse("invite")))


# --- The notebook ---------------------------------------------------------------------------------
def test_place_is_found_by_its_address_in_any_language_and_read_by_the_office_first():
    ambassador = an_ambassador()
    client = browser_of(ambassador.user)
    offer = factories.an_activity(title="Dentelle", title_en="Lace")
    for code in ("fr", "en"):
        with override(code):
            page = reverse("booking:experience-offer", args=[offer.slug])
        client.post(reverse("notebook-add"), {"address": page, "words": f"By hand ({code})"})
    ambassador.refresh_from_db()
    assert [one["slug"] for one in ambassador.draft["places"]] == [offer.slug]
    assert ambassador.draft["places"][0]["words"] == "By hand (en)"

    client.post(reverse("notebook-page"), {"name": "The Martins", "words": "Come!"})
    friends = address("events:friend", ambassador.code.lower())
    assert "By hand" not in body(Client().get(friends))
    client.post(reverse("notebook-submit"))
    ambassador.refresh_from_db()
    assert ambassador.page_state == "submitted"
    ambassador_reviews.approve_page(
        ambassador, seen=ambassador.edition, note="", actor=SYSTEM, now=NOW
    )
    page = body(browser_of().get(friends))
    assert "By hand (en)" in page
    assert "The Martins: come and see the Velay" in page
    assert f"?ami={ambassador.code}" in page
    assert "noindex" in page


@pytest.mark.parametrize(
    ("pasted", "words", "said"),
    [
        (
            "https://elsewhere.example/fr/x/",
            "Nice",
            "Copy the address of a page of this site",
        ),
        ("/en/experience/nowhere/", "Nice", "Copy the address of a page of this site"),
        ("javascript:alert(1)", "Nice", "Copy the address of a page of this site"),
        ("http://[", "Nice", "Copy the address of a page of this site"),
        ("/en/a%00b/", "Nice", "Copy the address of a page of this site"),
        ("/en/experience/%00/", "Nice", "Copy the address of a page of this site"),
        ("/gestion/", "Nice", "Copy the address of a page of this site"),
        ("", "Nice", "Paste the address"),
        ("/en/experience/nowhere/", "", "Say why"),
        ("/en/experience/nowhere/", "Ring us: 12 rue des Tables", "Leave out streets"),
        ("/en/experience/nowhere/", "Call 06 12 34 56 78", "Leave out phones"),
        ("/en/experience/nowhere/", "x" * 241, "240"),
    ],
)
def test_bad_place_is_said_beside_its_field(pasted, words, said):
    ambassador = an_ambassador()
    answer = browser_of(ambassador.user).post(
        reverse("notebook-add"), {"address": pasted, "words": words}
    )
    assert answer.status_code == 422
    assert said in body(answer)


def test_draft_offer_is_no_place():
    ambassador = an_ambassador()
    offer = factories.an_activity(title="Dentelle", state="draft")
    page = address("booking:experience-offer", offer.slug)
    answer = browser_of(ambassador.user).post(
        reverse("notebook-add"), {"address": page, "words": "Nice"}
    )
    assert answer.status_code == 422


def test_thirteenth_place_is_refused_and_a_place_taken_off_leaves_the_shown_page_at_once():
    ambassador = with_page(an_ambassador(), [LAKE])
    ambassadors.submit_page(ambassador, now=NOW)
    ambassador_reviews.approve_page(
        ambassador, seen=ambassador.edition, note="", actor=SYSTEM, now=NOW
    )
    for number in range(11):
        ambassadors.add_place(ambassador, Place("offer", f"p{number}", "P", "w"), now=NOW)
    with pytest.raises(BadInput):
        ambassadors.add_place(ambassador, Place("offer", "more", "P", "w"), now=NOW)
    ambassadors.drop_place(ambassador, "offer", "lac", now=NOW)
    assert ambassador.page["places"] == []
    assert len(ambassador.draft["places"]) == 11


def three_places() -> Ambassador:
    places = [Place("offer", name, name.title(), "w") for name in "abc"]
    return with_page(an_ambassador(), places)


def order_of(page: dict[str, Any]) -> str:
    return "".join(one["slug"] for one in page["places"])


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([-1, 1])), max_size=12))
def test_moving_places_loses_none_and_keeps_what_is_shown_in_one_order(moves):
    kept = list("abcde")
    row = Ambassador(
        draft={"name": "M", "places": [{"url_name": "x", "slug": one} for one in kept]},
        page={"name": "M", "places": [{"url_name": "x", "slug": one} for one in "db"]},
    )
    row.save = lambda **_fields: None
    for at, by in moves:
        to = min(max(at + by, 0), 4)
        kept.insert(to, kept.pop(at))
        ambassadors._put_in_order(row, [("x", one) for one in kept])
    assert order_of(row.draft) == "".join(kept)
    shown = order_of(row.page)
    assert sorted(shown) == ["b", "d"]
    assert not moves or shown == "".join(one for one in kept if one in "bd")


def test_place_moves_up_and_down_with_its_button_kept_and_a_page_being_read_stays_sent():
    ambassador = three_places()
    ambassadors.submit_page(ambassador, now=NOW)
    edition = ambassador.edition
    client, key = browser_of(ambassador.user), "offer c"

    answer = client.post(reverse("notebook-move"), {"monter": key})
    assert answer["Location"].endswith("#monter-offer-c")
    button = answer["Location"].partition("#")[2]
    page = client.get(reverse("notebook"))
    assert f'id="{button}"' in page.content.decode()
    assert "It is number 2 of 3 now." in body(page)
    # At the top there is no button up: the other one has the focus.
    answer = client.post(reverse("notebook-move"), {"monter": key})
    assert answer["Location"].endswith("#descendre-offer-c")
    client.post(reverse("notebook-move"), {"monter": key})
    ambassador.refresh_from_db()
    assert order_of(ambassador.draft) == "cab"
    assert (ambassador.page_state, ambassador.edition) == ("submitted", edition)
    ambassador_reviews.approve_page(ambassador, seen=edition, note="", actor=SYSTEM, now=NOW)
    client.post(reverse("notebook-move"), {"descendre": key})
    ambassador.refresh_from_db()
    assert (order_of(ambassador.page), ambassador.draft) == ("acb", {})


@pytest.mark.parametrize("sent", [{}, {"monter": "offer gone"}, {"descendre": "\x01"}])
def test_a_place_that_is_gone_is_said_and_nothing_moves(sent):
    ambassador = three_places()
    answer = browser_of(ambassador.user).post(reverse("notebook-move"), sent, follow=True)
    assert "no longer in your notebook" in body(answer)
    ambassador.refresh_from_db()
    assert order_of(ambassador.draft) == "abc"


def test_who_stopped_moves_nothing():
    ambassador = three_places()
    ambassadors.leave(ambassador, now=NOW)
    with pytest.raises(WrongState):
        ambassadors.move_place(ambassador, "offer", "c", by=-1, now=NOW)


def test_page_that_changed_while_it_was_read_is_not_shown():
    ambassador = with_page(an_ambassador(), [LAKE])
    ambassadors.submit_page(ambassador, now=NOW)
    seen = ambassador.edition
    with pytest.raises(WrongState):
        ambassadors.submit_page(ambassador, now=NOW)
    ambassadors.write_page(ambassador, name="Others", words="", now=NOW)
    with pytest.raises(WrongState):
        ambassador_reviews.approve_page(ambassador, seen=seen, note="", actor=SYSTEM, now=NOW)
    with pytest.raises(BadInput):
        ambassadors.submit_page(with_page(an_ambassador()), now=NOW)


def test_page_that_is_given_back_says_what_to_change_by_mail():
    ambassador = with_page(an_ambassador(), [LAKE])
    ambassadors.submit_page(ambassador, now=NOW)
    with pytest.raises(BadInput):
        ambassador_reviews.send_page_back(
            ambassador, seen=ambassador.edition, note=" ", actor=SYSTEM, now=NOW
        )
    ambassador_reviews.send_page_back(
        ambassador, seen=ambassador.edition, note="Without your village", actor=SYSTEM, now=NOW
    )
    OutboxMessage.objects.exclude(kind="ambassador_read").delete()
    drain_outbox(now=NOW)
    assert "Without your village" in mail.outbox[0].body
    assert "Without your village" in body(browser_of(ambassador.user).get(reverse("notebook")))


# --- What friends do ------------------------------------------------------------------------------
def test_friend_begins_a_stay_with_the_invitation_and_no_cookie_before_that():
    ambassador = an_ambassador()
    friends = address("events:friend", ambassador.code.lower())
    client = browser_of()
    assert "sejour" not in str(client.get(friends).cookies).lower()
    assert not Basket.objects.exists()
    client.post(friends)
    basket = Basket.objects.get()
    assert (basket.friend_code, basket.friend_at) == (ambassador.code, NOW)
    client.post(friends)
    assert Basket.objects.count() == 1


def test_stay_that_is_being_paid_is_not_said_to_have_the_invitation():
    ambassador, client = an_ambassador(), browser_of()
    friends = address("events:friend", ambassador.code.lower())
    client.post(friends, follow=True)
    Basket.objects.update(state=Basket.State.FROZEN, friend_code="", friend_at=None)
    answer = client.post(friends, follow=True)
    assert "A payment is under way for this stay" in body(answer)
    assert "goes with your stay" not in body(answer)
    assert Basket.objects.get().friend_code == ""


@pytest.mark.parametrize("code", ["nobody", "x" * 200])
def test_unknown_link_is_not_found(code: str):
    assert Client().get(address("events:friend", code)).status_code == 404


def test_link_of_somebody_who_stopped_says_so_and_keeps_nothing():
    ambassador = an_ambassador()
    ambassadors.leave(ambassador, now=NOW)
    friends = address("events:friend", ambassador.code.lower())
    for answer in (browser_of().get(friends), browser_of().post(friends)):
        assert answer.status_code == 410
        assert "This invitation has ended" in body(answer)
    assert not Basket.objects.exists()


def test_what_is_added_from_a_recommended_page_carries_the_code():
    ambassador, client = an_ambassador(), browser_of()
    offer = factories.an_activity(title="Lace")
    slot = factories.a_slot(offer, date(2027, 7, 12))
    page = address("booking:experience-offer", offer.slug)
    sent = {"offer": offer.pk, "slot": slot.pk, "adults": 2}
    client.post(address("booking:line-add"), {**sent, "next": f"{page}?ami={ambassador.code}"})
    assert Basket.objects.get().friend_code == ambassador.code
    client.post(address("booking:line-add"), {**sent, "next": f"{page}?ami=NOBODY"})
    assert Basket.objects.get().friend_code == ambassador.code
    # What leads nowhere loses nothing of what was chosen.
    other = browser_of()
    added = other.post(address("booking:line-add"), {**sent, "next": "//["})
    assert added.status_code == 303
    assert Basket.objects.latest("pk").lines.count() == 1


def test_code_that_ended_meanwhile_stops_nobody_at_checkout(bank):
    ambassador, client = an_ambassador(), browser_of()
    basket = carry(client, a_plan(ambassador.code))
    Ambassador.objects.update(ended_at=NOW)
    factories.terms("en")
    form = {**checkout_form(basket, shown_total="96"), "friend_code": ambassador.code}
    client.post(address("booking:checkout"), {**form, "tells_friend": "on"})
    order = basket.orders.get()
    assert (order.referral.ambassador, order.referral.tells_name) == (ambassador, False)


def test_code_typed_at_checkout_is_kept_or_said_to_be_unknown(bank):
    ambassador, client = an_ambassador(), browser_of()
    basket = carry(client, a_plan(""))
    to_checkout = address("booking:checkout")
    factories.terms("en")
    form = {**checkout_form(basket, shown_total="96"), "friend_code": "NOBODYS"}
    answer = client.post(to_checkout, form)
    assert answer.status_code == 422
    assert "Nobody invites with this code" in body(answer)
    assert 'value="NOBODYS"' in body(answer)
    form |= {"friend_code": f" {ambassador.code.lower()} ", "tells_friend": "on"}
    client.post(to_checkout, form)
    basket.refresh_from_db()
    assert (basket.friend_code, basket.tells_friend) == (ambassador.code, True)
    order = basket.orders.get()
    assert (order.referral.ambassador, order.referral.tells_name) == (ambassador, True)


def test_guest_reads_the_welcome_or_kindly_why_there_is_none(bank):
    a_gift(text="A jar of honey at the office")
    ambassador = an_ambassador()
    good = a_friends_stay(bank, ambassador)
    decided(good)
    client = browser_of()
    client.get(address("booking:trip", good.reference), {"cle": good.access_token})
    for name in ("booking:trip", "booking:payment-return"):
        assert "A jar of honey" in body(client.get(address(name, good.reference)))
    second = a_friends_stay(bank, ambassador)
    decided(second)
    client.get(address("booking:trip", second.reference), {"cle": second.access_token})
    page = body(client.get(address("booking:trip", second.reference)))
    assert "first stay of a new household" in page
    assert "A jar of honey" not in page


def test_welcome_is_that_of_the_days_of_the_stay(bank):
    a_gift(text="Too early", last_day=date(2027, 7, 1))
    a_gift(text="In summer", first_day=date(2027, 7, 2))
    a_gift(text="Elsewhere", pole="nowhere")
    referral = decided(a_friends_stay(bank, an_ambassador()))
    assert referral.welcome["en"] == "In summer"


def test_mails_say_it_in_text_and_html_and_tell_no_name_that_was_not_told(bank):
    a_gift(text="A jar of honey")
    a_gift("ambassador", "A basket of produce")
    OutboxMessage.objects.all().delete()
    order = a_friends_stay(bank, an_ambassador())
    decided(order)
    OutboxMessage.objects.exclude(kind__in=["friend_welcome", "ambassador_news"]).delete()
    drain_outbox(now=NOW + timedelta(minutes=5))
    welcome = next(one for one in mail.outbox if "lucie@example.org" in one.to)
    news = next(one for one in mail.outbox if "lucie@example.org" not in one.to)
    for text in (welcome.body, welcome.alternatives[0].content):
        assert "A jar of honey" in text
        assert "Camille" in text
    for text in (news.body, news.alternatives[0].content):
        assert "A basket of produce" in text
        assert "Lucie" not in text
        assert order.reference not in text


def test_public_invitation_says_what_is_given():
    a_gift(text="A jar of honey")
    page = body(browser_of().get(address("booking:ambassadors")))
    assert "A jar of honey" in page


def test_code_goes_along_with_what_a_host_answers_first(bank):
    ambassador = an_ambassador()
    basket = plan_week(factories.a_basket(), asked_lodging())
    keep_invitation(basket, ambassador.code, tells_name=True, now=NOW)
    order = accepted(ask(basket)[0])
    assert (order.referral.ambassador, order.referral.tells_name) == (ambassador, True)
