"""Letters to many, at the office: written, looked at, planned, halted (L03).

A campaign is written while it is a draft; what it lacks is said before it is ready. What has begun
is never written anew: it is paused, taken up again, or stopped for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from booking import locks
from booking.capacity_needs import needs_open, usual_prices
from booking.messages import write_message
from booking.models import Campaign, CampaignMail, CampaignNeed, CapacityNeed, Offer, OutboxMessage
from booking.refusals import BadInput, Trouble, WrongState, trouble
from booking.relations.segments import Audience, Count, count_audience
from booking.rules import campaigns as rules
from booking.rules.campaigns import Words
from booking.rules.segments import Segment, segment_from
from destination.written import leads_somewhere
from members.journal import Actor, record
from members.rules.consent import NEWS, OFFERS
from oti.lib.dates import today as day_of

PAUSE, RESUME, STOP, REWRITE = "pause", "resume", "stop", "rewrite"
WISHES: Mapping[str, str] = {
    PAUSE: rules.PAUSED,
    RESUME: rules.SENDING,
    STOP: rules.STOPPED,
    REWRITE: rules.DRAFT,
}
State = CampaignMail.State


@dataclass(frozen=True)
class CampaignInput:
    """What the office writes; `needs` are those that a campaign of the quiet season proposes."""

    title: str
    kind: str
    purpose: str
    segment: Segment
    texts: Mapping[str, Words] = field(default_factory=dict)
    button_path: str = ""
    picture: int | None = None
    offers: tuple[int, ...] = ()
    needs: tuple[int, ...] = ()
    rate: int = 300
    # Per cent off what is proposed; hosts said below which price they never go.
    percent_off: int = 0


def save_campaign(
    campaign_id: int | None, given: CampaignInput, *, actor: Actor, now: datetime
) -> Campaign:
    """Write a campaign, or write it anew: it is a draft then. Locks it.

    Raises BadInput `campaign_purpose`, `campaign_too_many`, `campaign_button`, `campaign_rate`,
    `campaign_off`, `campaign_days_crossed`, `campaign_stays_crossed`;
    WrongState `campaign_begun` for one that has begun.
    """
    troubles = _troubles_of(given)
    if troubles:
        raise BadInput(*troubles)
    with locks.write_transaction():
        campaign = Campaign(created_at=now)
        if campaign_id is not None:
            campaign = locks.lock_campaign(campaign_id)
            if campaign.state not in rules.OPEN:
                raise WrongState(trouble("campaign_begun"))
        campaign.title = given.title
        campaign.kind = given.kind
        campaign.purpose = given.purpose
        campaign.segment = given.segment.as_json()
        campaign.texts = {
            language: asdict(words) for language, words in given.texts.items() if words.is_given
        }
        campaign.button_path = given.button_path
        campaign.picture_id = given.picture
        campaign.rate = given.rate
        campaign.percent_off = given.percent_off
        campaign.state, campaign.scheduled_at, campaign.changed_at = rules.DRAFT, None, now
        campaign.counted = campaign.counted_at = None
        campaign.save()
        campaign.offers.set(() if campaign.is_quiet else given.offers)
        _propose(campaign, given.needs if campaign.is_quiet else ())
        _note("campaign written", campaign, actor=actor, now=now)
    return campaign


def audience_of(campaign: Campaign, *, today: date) -> Audience:
    """Return whom a campaign is for: of the quiet season, nobody who stays here in its periods."""
    segment = segment_from(campaign.segment)
    if not campaign.is_quiet:
        return Audience(segment, campaign.purpose)
    needs = list(open_needs(campaign, today=today))
    windows = {(one.dates.lower, one.dates.upper) for need in needs for one in need.periods.all()}
    keys = tuple(need.pk for need in needs)
    return Audience(segment, campaign.purpose, tuple(sorted(windows)), keys)


def open_needs(campaign: Campaign, *, today: date) -> list[CapacityNeed]:
    """Return the needs of a campaign that are still to be had, with their periods."""
    return list(needs_open(today).filter(proposals__campaign=campaign))


def lacks(campaign: Campaign, *, recipients: int, now: datetime) -> list[Trouble]:
    """Return everything that keeps a campaign from being ready; `recipients` were counted.

    `campaign_no_french`, `campaign_half` (a language without subject, heading or text),
    `campaign_button_apart`, `campaign_button_nowhere` (no page of this site is there),
    `campaign_offer_closed`, `campaign_no_needs`, `campaign_nobody`,
    `campaign_asks_first` (a lower price of what its host answers first), `campaign_floor` (one
    below what its host wants at least).
    """
    troubles = []
    if not rules.words_of(campaign.texts, "fr").is_whole:
        troubles.append(trouble("campaign_no_french"))
    for language in rules.LANGUAGES[1:]:
        words = rules.words_of(campaign.texts, language)
        if words.is_given and not words.is_whole:
            troubles.append(trouble("campaign_half", language=language))
    buttons = [rules.words_of(campaign.texts, one).button for one in rules.LANGUAGES]
    if any(buttons) != bool(campaign.button_path):
        troubles.append(trouble("campaign_button_apart"))
    if campaign.button_path and not leads_somewhere(campaign.button_path):
        troubles.append(trouble("campaign_button_nowhere", path=campaign.button_path))
    closed = campaign.offers.exclude(state=Offer.State.PUBLISHED)
    troubles += [trouble("campaign_offer_closed", title=one.title) for one in closed]
    today = day_of(now)
    if campaign.is_quiet and not open_needs(campaign, today=today):
        troubles.append(trouble("campaign_no_needs"))
    elif not recipients:
        troubles.append(trouble("campaign_nobody"))
    if campaign.percent_off:
        # What is asked for first holds no place of a price either (`booking.proposals`).
        asking = campaign.needs.filter(
            offer__confirmation=Offer.Confirmation.ON_REQUEST
        ).select_related("offer")
        troubles += [trouble("campaign_asks_first", title=one.offer.title) for one in asking]
        troubles += _kept_by_floors(campaign, open_needs(campaign, today=today), today=today)
    return troubles


def _kept_by_floors(
    campaign: Campaign, needs: Sequence[CapacityNeed], *, today: date
) -> list[Trouble]:
    """Return what its host's lowest price keeps from being lowered by all that the mail says.

    Without a price there is nothing to lower yet; who sets one later is asked no more.
    """
    prices = usual_prices(needs, on=today)
    troubles = []
    for need in needs:
        usual = prices.get(need.pk)
        if usual is None or usual * (100 - campaign.percent_off) / 100 >= need.floor_amount:
            continue
        most = max(0, int(100 * (usual - need.floor_amount) / usual)) if usual else 0
        troubles.append(
            trouble(
                "campaign_floor",
                title=need.offer.title,
                price=usual,
                floor=need.floor_amount,
                max=most,
            )
        )
    return troubles


def count_of(campaign: Campaign, *, now: datetime) -> Count:
    """Count whom a campaign means and who gets a mail."""
    return count_audience(audience_of(campaign, today=day_of(now)), now=now)


def keep_count(campaign_id: int, *, now: datetime) -> None:
    """Count whom a campaign means, and keep it for its page with the moment; locks nothing.

    What was written anew meanwhile isn't told what it meant before.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    counted = asdict(count_of(campaign, now=now))
    as_it_was = Campaign.objects.filter(pk=campaign_id, changed_at=campaign.changed_at)
    as_it_was.update(counted=counted, counted_at=now)


def kept_count(campaign: Campaign) -> Count | None:
    """Return whom a campaign meant when it was last counted, None before."""
    return Count(**campaign.counted) if campaign.counted else None


def finish_draft(campaign_id: int, *, actor: Actor, now: datetime) -> Campaign:
    """Say that a draft is ready to be sent. Locks it; raises BadInput with what it lacks."""
    with locks.write_transaction():
        campaign = _moved(campaign_id, rules.READY)
        recipients = count_of(campaign, now=now).recipients
        troubles = lacks(campaign, recipients=recipients, now=now)
        if troubles:
            raise BadInput(*troubles)
        campaign.save(update_fields=["state"])
        _note("campaign ready", campaign, actor=actor, now=now)
    return campaign


def plan(campaign_id: int, at: datetime, *, actor: Actor, now: datetime) -> Campaign:
    """Let a ready campaign begin at a moment, now or later. Locks it.

    Raises BadInput `in_the_past`, `campaign_too_far` (a year is mistyped sooner than meant);
    WrongState where it isn't ready.
    """
    if at < now:
        raise BadInput(trouble("in_the_past", field="at"))
    if at > now + rules.PLANNED_AHEAD:
        raise BadInput(trouble("campaign_too_far", field="at"))
    with locks.write_transaction():
        campaign = _moved(campaign_id, rules.SCHEDULED)
        campaign.scheduled_at = at
        campaign.save(update_fields=["state", "scheduled_at"])
        _note("campaign planned", campaign, actor=actor, now=now, for_=at.isoformat())
    return campaign


def move(campaign_id: int, wish: str, *, actor: Actor, now: datetime) -> Campaign:
    """Pause a campaign, take it up again, stop it for good, or make a draft of it. Locks it.

    What waits in the outbox comes back, or is left out: nothing leaves after a pause but what is
    being sent at that moment. Raises WrongState `wrong_state`.
    """
    if wish not in WISHES:
        raise BadInput(trouble("wrong_state"))
    with locks.write_transaction():
        campaign = _moved(campaign_id, WISHES[wish])
        if wish in {PAUSE, STOP}:
            _take_back(campaign)
        if wish == STOP:
            campaign.ended_at = now
            campaign.mails.filter(state=State.QUEUED).update(
                state=State.DROPPED, reason=rules.HALTED
            )
        if wish == REWRITE:
            campaign.scheduled_at = None
        campaign.save(update_fields=["state", "ended_at", "scheduled_at"])
        _note(f"campaign: {wish}", campaign, actor=actor, now=now)
    return campaign


def send_test(
    campaign: Campaign, language: str, email: str, *, actor: Actor, now: datetime
) -> None:
    """Send what a reader of a language would get to one of the office; its stop link is inert.

    Twice in a minute is once. Raises BadInput `campaign_no_french` where nothing is written.
    """
    chosen = rules.language_for(language, campaign.texts)
    if not rules.words_of(campaign.texts, chosen).is_whole:
        raise BadInput(trouble("campaign_no_french"))
    with locks.write_transaction():
        minute = int(now.timestamp()) // 60
        write_message(
            "campaign_test",
            key=f"campaign-test:{campaign.pk}:{chosen}:{actor.user_id}:{minute}",
            recipient=email,
            language=chosen,
            data={"campaign": campaign.pk},
            now=now,
        )
        _note("campaign tested", campaign, actor=actor, now=now, language=chosen)


def _moved(campaign_id: int, state: str) -> Campaign:
    """Lock a campaign and return it in another state, not saved yet."""
    campaign = locks.lock_campaign(campaign_id)
    if state not in rules.MOVES[campaign.state] or state == campaign.state:
        raise WrongState(trouble("wrong_state"))
    campaign.state = state
    return campaign


def _take_back(campaign: Campaign) -> None:
    """Take mails back that nobody tried to send yet: they wait with the campaign again."""
    waiting = OutboxMessage.objects.filter(
        campaign_mail__campaign=campaign, state=OutboxMessage.State.WAITING, attempts=0
    )
    taken = [one.pk for one in locks.lock_free_rows(waiting.order_by("pk"))]
    mails = CampaignMail.objects.filter(message__in=taken)
    mails.update(state=State.QUEUED, handed_at=None, message=None)
    OutboxMessage.objects.filter(pk__in=taken).delete()


def _propose(campaign: Campaign, needs: tuple[int, ...]) -> None:
    """Let a campaign propose these needs; one that stays keeps the address of its page."""
    campaign.proposals.exclude(need__in=needs).delete()
    known = set(campaign.proposals.values_list("need_id", flat=True))
    CampaignNeed.objects.bulk_create(
        CampaignNeed(campaign=campaign, need_id=one) for one in sorted(set(needs) - known)
    )


def _troubles_of(given: CampaignInput) -> list[Trouble]:
    troubles = []
    # A letter with offers is no news: it needs another word.
    allowed = {OFFERS} if given.kind == rules.QUIET else {NEWS, OFFERS}
    if given.purpose not in allowed:
        troubles.append(trouble("campaign_purpose", field="purpose"))
    if len(given.offers) > rules.MOST_OFFERS:
        troubles.append(trouble("campaign_too_many", field="offers", max=rules.MOST_OFFERS))
    path = given.button_path
    if path and (not path.startswith("/") or path.startswith("//") or set(path) & set(' "<>\\')):
        troubles.append(trouble("campaign_button", field="button_path"))
    if not 0 <= given.percent_off <= (rules.MOST_OFF if given.kind == rules.QUIET else 0):
        troubles.append(trouble("campaign_off", field="percent_off", max=rules.MOST_OFF))
    if not 1 <= given.rate <= rules.MOST_A_MINUTE:
        troubles.append(trouble("campaign_rate", field="rate", max=rules.MOST_A_MINUTE))
    asked = given.segment
    if asked.days_cross:
        troubles.append(trouble("campaign_days_crossed", field="last_until"))
    if asked.stays_cross:
        troubles.append(trouble("campaign_stays_crossed", field="stays_most"))
    return troubles


def _note(verb: str, campaign: Campaign, *, actor: Actor, now: datetime, **more: object) -> None:
    record(verb, f"campaign:{campaign.pk}", actor=actor, at=now, **more)
