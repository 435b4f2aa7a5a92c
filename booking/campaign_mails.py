"""The mails of campaigns: written once a language for all who get the same, then addressed (L03).

Nobody is followed: the picture is the same file for everybody, links carry nothing of a person but
the key that stops these letters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.urls import reverse

from booking import showing
from booking.letters import Content, NoLongerNeeded, Reader, Written, write
from booking.models import Campaign, CampaignMail, CampaignNeed, CapacityNeed, Offer, OutboxMessage
from booking.pictures import of_image
from booking.rules import campaigns as rules
from members.models import LetterChoice
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of

# Stands for each reader's key until the mail is addressed.
KEY = "CLEDULECTEUR"
# What is written is kept so long: an offer that is closed meanwhile goes.
KEPT_SECONDS = 300


def preview(campaign: Campaign, language: str, *, now: datetime) -> Written:
    """Return what somebody who reads this language would get now; its stop link is inert."""
    needs = tuple(campaign.proposals.order_by("pk").values_list("need_id", flat=True))
    found = _write(campaign, language, needs, day_of(now))
    return replace(
        found,
        body=found.body.replace(_stop_url(campaign), "…").replace(_choices_url(), "…"),
        page=found.page.replace(_stop_url(campaign), "#").replace(_choices_url(), "#"),
    )


def _campaign(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    rows = CampaignMail.objects.select_related("campaign", "address")
    mail = rows.annotate(is_yes=_last_word()).get(pk=message.data["mail"])
    campaign, address = mail.campaign, mail.address
    # Looked at once more for what came since it was handed over: a no, a dead mailbox.
    if address is None or address.bounced_at is not None or mail.is_yes is False:
        raise NoLongerNeeded
    if campaign.state == rules.STOPPED:
        raise NoLongerNeeded
    needs = tuple(message.data["needs"])
    kept = int(now.timestamp()) // KEPT_SECONDS
    shared = _shared(campaign.pk, campaign.changed_at, message.language, needs, day_of(now), kept)
    if campaign.is_quiet and shared is None:
        raise NoLongerNeeded
    assert shared is not None  # noqa: S101 - only a campaign of needs has nothing to say
    return {
        "written": replace(
            shared,
            body=shared.body.replace(KEY, address.token),
            page=shared.page.replace(KEY, address.token),
        ),
        "stop_url": _stop_url(campaign).replace(KEY, address.token),
    }


def _campaign_test(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    campaign = Campaign.objects.get(pk=message.data["campaign"])
    written = preview(campaign, message.language, now=now)
    return {"written": replace(written, subject=f"[test] {written.subject}")}


def _last_word() -> Subquery:
    """Return the last word of the reader about letters like this: of two of one moment, no."""
    words = LetterChoice.objects.filter(
        address=OuterRef("address"), purpose=OuterRef("campaign__purpose")
    )
    return Subquery(words.order_by("-at", "is_yes").values("is_yes")[:1])


@lru_cache(maxsize=64)
def _shared(
    campaign_id: int,
    changed_at: datetime,
    language: str,
    needs: tuple[int, ...],
    today: date,
    kept: int,
) -> Written | None:
    """Return what everybody with the same needs reads; None where none of them is open any more."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.is_quiet and not _proposals(campaign, needs, today):
        return None
    return _write(campaign, language, needs, today)


def _write(campaign: Campaign, language: str, needs: Sequence[int], today: date) -> Written:
    return write("campaign", _content(campaign, language, needs, today))


def _content(campaign: Campaign, language: str, needs: Sequence[int], today: date) -> Content:
    words = rules.words_of(campaign.texts, rules.language_for(language, campaign.texts))
    offers = campaign.offers.filter(state=Offer.State.PUBLISHED).select_related("commune")
    picture = campaign.picture
    is_shown = picture is not None and picture.may_be_shown_on(today)
    return {
        "language": language,
        "words": words,
        "paragraphs": [one.strip() for one in words.text.split("\n\n") if one.strip()],
        "picture": of_image(picture) if is_shown else None,
        "picture_words": picture.description_in(language) if picture and is_shown else "",
        "site": settings.BASE_URL,
        "offers": [_card(one) for one in offers.order_by("pk")[: rules.MOST_OFFERS]],
        "needs": [
            {
                **_card(one.need.offer),
                "periods": periods_of(one.need, today),
                "percent_off": campaign.percent_off,
                "url": proposal_url(one),
            }
            for one in _proposals(campaign, needs, today)
        ],
        "button_url": settings.BASE_URL + campaign.button_path if campaign.button_path else "",
        "is_news": campaign.purpose == LetterChoice.Purpose.NEWS,
        "stop_url": _stop_url(campaign),
        "choices_url": _choices_url(),
    }


def _card(offer: Offer) -> Content:
    return {
        "title": offer.title,
        "place": offer.where,
        "summary": offer.summary,
        "url": settings.BASE_URL + showing.offer_url(offer),
    }


def _proposals(campaign: Campaign, needs: Sequence[int], today: date) -> list[CampaignNeed]:
    """Return those of some needs of a campaign that are still to be had."""
    if not campaign.is_quiet:
        return []
    rows = campaign.proposals.filter(need__in=needs, need__offer__state=Offer.State.PUBLISHED)
    loaded = rows.select_related("need__offer__commune").prefetch_related("need__periods")
    return [one for one in loaded.order_by("pk") if is_to_be_had(one.need, today)]


def is_to_be_had(need: CapacityNeed, today: date) -> bool:
    """Tell whether a need is neither paused, ended, used up nor over."""
    return not (need.is_paused or need.is_ended or need.last_day < today)


def periods_of(need: CapacityNeed, today: date) -> list[tuple[date, date]]:
    """Return the periods of a need that aren't over, as people say them: both days included.

    A stay leaves on the day after its last night.
    """
    is_lodging = need.offer.is_lodging
    return [
        (one.dates.lower, one.dates.upper if is_lodging else one.dates.upper - ONE_DAY)
        for one in need.periods.all()
        if one.dates.upper > today
    ]


def proposal_url(proposal: CampaignNeed) -> str:
    """Return the address of the page of a need of a campaign, in the active language."""
    return settings.BASE_URL + reverse("booking:quiet-offer", args=[proposal.code])


def _stop_url(campaign: Campaign) -> str:
    return settings.BASE_URL + reverse("letter-stop", args=[KEY, campaign.purpose])


def _choices_url() -> str:
    return settings.BASE_URL + reverse("booking:letter-choices", args=[KEY])


CAMPAIGN_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "campaign": _campaign,
    "campaign_test": _campaign_test,
}
