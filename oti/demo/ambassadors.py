"""The demo's ambassador, Claire Martin: her places, a friend who came, one who is coming."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from booking.models import Offer, Order, Referral, ReferralGift, Slot
from booking.rules import referrals as rules
from events.models import Event
from members.models import Ambassador, AmbassadorCharter, Mission, User
from members.rules import enrolment
from oti.demo.accounts import CLAIRE_MARTIN
from oti.demo.full_dates import sell_places
from oti.demo.legal import FOLDER, VALID_FROM, VERSION

LANGUAGES = ("fr", "en", "de")
TITLES = {
    "fr": "Charte des ambassadeurs",
    "en": "Charter of ambassadors",
    "de": "Charta der Botschafter",
}
CODE = "VELAY43"
LACE = "premiers-points-de-dentelle"
PLACES = (
    ("offer", LACE, "Mes mains n’avaient jamais rien fait d’aussi patient. On en rit encore."),
    ("offer", "la-table-de-solange", "La table où nous emmenons tout le monde : gardez faim."),
    ("events:event", "veillees-du-plateau", "Le poêle, les histoires, et la nuit du plateau."),
)
GIFTS = (
    (
        ReferralGift.Whom.FRIEND,
        "Un pot de miel du plateau vous attend à l’office, avec la carte des chemins.",
        "A jar of honey from the plateau waits for you at the office, with the map of the paths.",
        "Ein Glas Honig vom Hochland wartet im Büro auf Sie, mit der Karte der Wege.",
    ),
    (
        ReferralGift.Whom.AMBASSADOR,
        "Un panier de saison, à retirer chez le producteur que vous choisissez.",
        "A basket of the season, to collect from the grower whom you choose.",
        "Ein Korb der Saison, abzuholen beim Erzeuger Ihrer Wahl.",
    ),
)
MISSIONS: tuple[tuple[int, tuple[str, str, str], tuple[str, str, str]], ...] = (
    (
        3,
        (
            "Vingt cartes au marché",
            "Twenty cards at the market",
            "Zwanzig Karten auf dem Markt",
        ),
        (
            "Un samedi matin, au Puy : distribuer vingt cartes, et dire ce que vous aimez ici.",
            "On a Saturday morning, at Le Puy: hand out twenty cards, and say what you love here.",
            "An einem Samstagmorgen in Le Puy: zwanzig Karten verteilen und sagen, was Sie lieben.",
        ),
    ),
    (
        1,
        (
            "Une photo de votre sentier",
            "A photograph of your path",
            "Ein Foto von Ihrem Weg",
        ),
        (
            "Celui que vous prenez le soir. Envoyez-la à l’office, avec le nom du lieu.",
            "The one that you take in the evening. Send it to the office, with the name of the place.",
            "Der, den Sie abends gehen. Schicken Sie es dem Büro, mit dem Namen des Ortes.",
        ),
    ),
)
CAME, COMES = "Helen", "Lucie"
DAYS_AHEAD = 30


def add_ambassadors(*, day: date, now: datetime) -> None:
    """Add the charter, what is given, and Claire with her places and the friend who came."""
    charter = _charter()
    for whom, *texts in GIFTS:
        if not ReferralGift.objects.filter(whom=whom, is_demo=True).exists():
            ReferralGift.objects.create(
                whom=whom,
                **{f"text_{code}": text for code, text in zip(LANGUAGES, texts, strict=True)},
                first_day=day - timedelta(days=120),
                last_day=day + timedelta(days=720),
                is_demo=True,
            )
    _add_missions(day=day)
    user = User.objects.filter(email=CLAIRE_MARTIN, ambassador=None).first()
    if user is None or Ambassador.objects.filter(code=CODE).exists():
        return
    claire = Ambassador.objects.create(
        user=user,
        code=CODE,
        first_name="Claire",
        page=_page(),
        page_state=enrolment.APPROVED,
        edition=1,
        charter=charter,
        charter_sha256=charter.sha256,
        signed_name="Claire Martin",
        signed_at=now - timedelta(days=118),
        joined_at=now - timedelta(days=118),
        is_demo=True,
    )
    came = Order.objects.filter(first_name=CAME, is_demo=True, referral=None).first()
    if came is not None:
        _invited(came, claire, rules.EARNED, now=now)


def add_friend_to_come(*, now: datetime) -> None:
    """Let a friend of Claire's book a workshop to come, once; outside any transaction."""
    claire = Ambassador.objects.filter(code=CODE, is_demo=True).first()
    if claire is None or claire.referrals.exclude(order__first_name=CAME).exists():
        return
    slots = Slot.objects.filter(
        offer__slug=LACE,
        starts_at__gt=now + timedelta(days=DAYS_AHEAD),
        is_closed=False,
        resource="",
    )
    for slot in slots.select_related("offer__provider").order_by("starts_at")[:10]:
        order = sell_places(slot, COMES, 2, once=f"demo-friend-{slot.pk:020d}", now=now)
        if order is not None:
            _invited(order, claire, rules.PENDING, now=now)
            return


def _add_missions(*, day: date) -> None:
    """Add what ambassadors may do, once."""
    if Mission.objects.filter(is_demo=True).exists():
        return
    for wanted, titles, texts in MISSIONS:
        words = {f"title_{code}": one for code, one in zip(LANGUAGES, titles, strict=True)}
        words |= {f"text_{code}": one for code, one in zip(LANGUAGES, texts, strict=True)}
        Mission.objects.create(
            **words,
            first_day=day,
            last_day=day + timedelta(days=720),
            wanted=wanted,
            is_demo=True,
        )


def _charter() -> AmbassadorCharter:
    known = AmbassadorCharter.objects.filter(version=VERSION).first()
    words: dict[str, Any] = {}
    for code in LANGUAGES:
        words[f"title_{code}"] = TITLES[code]
        file = FOLDER / code / "charte-ambassadeurs.html"
        words[f"body_{code}"] = file.read_text(encoding="utf-8")
    return known or AmbassadorCharter.objects.create(
        version=VERSION, valid_from=VALID_FROM, is_demo=True, **words
    )


def _page() -> dict[str, Any]:
    places = []
    for kind, slug, words in PLACES:
        model = Offer if kind == "offer" else Event
        row = model.objects.filter(slug=slug).first()
        if row is not None:
            places.append({"url_name": kind, "slug": slug, "title": row.title_fr, "words": words})
    return {
        "name": "Les Martin",
        "words": "Nous venons presque chaque mois, et nous n’avons pas fini d’en faire le tour.",
        "language": "fr",
        "places": places,
    }


def _invited(order: Order, claire: Ambassador, state: str, *, now: datetime) -> None:
    gifts = {one.whom: one for one in ReferralGift.objects.filter(is_demo=True)}
    texts = {
        whom: {code: getattr(gift, f"text_{code}") for code in LANGUAGES}
        for whom, gift in gifts.items()
    }
    Referral.objects.create(
        order=order,
        ambassador=claire,
        state=state,
        tells_name=state == rules.EARNED,
        asked_at=order.placed_at - timedelta(days=9),
        claimed_at=order.placed_at,
        decided_at=order.placed_at,
        earned_at=now - timedelta(days=60) if state == rules.EARNED else None,
        welcome=texts.get(ReferralGift.Whom.FRIEND, {}),
        thanks=texts.get(ReferralGift.Whom.AMBASSADOR, {}),
        is_demo=True,
    )
