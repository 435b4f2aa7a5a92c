"""Celery's tasks: each calls one use case with an id."""

import logging

from celery import shared_task
from django.utils import timezone

from booking import (
    call_off_rounds,
    care,
    classifying,
    house_exports,
    house_keys,
    house_months,
    incidents,
    leftovers,
    messages,
    monday_letter,
    offer_photos,
    old_baskets,
    old_letters,
    papers,
    payment,
    payout_accounts,
    payouts,
    permits,
    presences,
    reminders,
    request_rounds,
    reversals,
    search_upkeep,
    seller_asks,
    settlement,
    sheet_asks,
)
from booking.channels import rounds, sync
from booking.gateways.base import GatewayError
from booking.models import GatewayEvent
from booking.refusals import Refusal
from booking.relations import (
    campaign_runs,
    complaints,
    consent,
    customers,
    forgetting,
    gift_claims,
    guest_imports,
    guest_readings,
    life_cycle,
    meeting_rounds,
    need_bookings,
    past_stays,
    referral_rounds,
    referrals,
    retention,
    reviews,
    surveys_sent,
)
from booking.task_queue import ask_for_task
from booking.webhooks import sending

logger = logging.getLogger(__name__)


@shared_task(name="booking.tasks.send_message")
def send_message(message_id: int) -> None:
    """Send one message of the outbox."""
    messages.send_message(message_id, now=timezone.now())


@shared_task(name="booking.tasks.send_messages")
def send_messages(message_ids: list[int]) -> None:
    """Send some messages of the outbox, together."""
    messages.send_messages(message_ids, now=timezone.now())


@shared_task(name="booking.tasks.drain_outbox")
def drain_outbox() -> None:
    """Send what is left in the outbox."""
    messages.drain_outbox(now=timezone.now())


@shared_task(name="booking.tasks.pursue_refund")
def pursue_refund(refund_id: int) -> None:
    """Ask the bank for one refund."""
    payment.pursue_refund(refund_id, now=timezone.now())


@shared_task(name="booking.tasks.pursue_refunds")
def pursue_refunds() -> None:
    """Ask the bank for the refunds that wait."""
    payment.pursue_refunds(now=timezone.now())


@shared_task(name="booking.tasks.release_payouts")
def release_payouts() -> None:
    """Send the shares whose moment has come, and take back what must come back."""
    now = timezone.now()
    payouts.release_payouts(now=now)
    reversals.reverse_payouts(now=now)


@shared_task(name="booking.tasks.settle_payout")
def settle_payout(payout_id: int) -> None:
    """Send one share."""
    payouts.settle_payout(payout_id, now=timezone.now())


@shared_task(name="booking.tasks.reverse_payout")
def reverse_payout(reversal_id: int) -> None:
    """Take back what must come back of one share."""
    reversals.reverse_payout(reversal_id, now=timezone.now())


@shared_task(name="booking.tasks.refresh_accounts")
def refresh_accounts() -> None:
    """Ask the bank about accounts that can't be paid yet."""
    payout_accounts.refresh_accounts(now=timezone.now())


@shared_task(name="booking.tasks.reconcile_payments")
def reconcile_payments() -> None:
    """Ask the bank about silent payments."""
    settlement.reconcile_payments(now=timezone.now())


@shared_task(name="booking.tasks.retry_gateway_events")
def retry_gateway_events() -> None:
    """Act again on messages of the bank that failed."""
    waiting = GatewayEvent.objects.filter(processed_at__isnull=True, attempts__lt=50)
    for event in waiting.order_by("received_at")[:100]:
        try:
            settlement.process_event(event.pk, now=timezone.now())
        except (GatewayError, Refusal) as error:
            logger.warning("event %s waits: %s", event.event_id, error)


@shared_task(name="booking.tasks.tidy_holds")
def tidy_holds() -> None:
    """Remove what counts for nothing any more: holds, left baskets, old requests, past events."""
    now = timezone.now()
    search_upkeep.tidy_holds(now=now)
    old_baskets.tidy_baskets(now=now)
    request_rounds.forget_requests(now=now)
    sync.forget_past_events(now=now)
    house_keys.forget_replies(now=now)
    sending.forget_deliveries(now=now)


@shared_task(name="booking.tasks.extend_search_table")
def extend_search_table() -> None:
    """Keep the search table as long as the horizon."""
    search_upkeep.extend_search_table(now=timezone.now())


@shared_task(name="booking.tasks.purge_care_sheets")
def purge_care_sheets() -> None:
    """Delete what carers no longer need to know."""
    care.purge_care_sheets(now=timezone.now())


@shared_task(name="booking.tasks.ask_for_sheets")
def ask_for_sheets() -> None:
    """Ask parents what the carer has to know."""
    sheet_asks.ask_for_sheets(now=timezone.now())


@shared_task(name="booking.tasks.report_uncovered")
def report_uncovered() -> None:
    """Tell the office of childcare sold past its authorisation."""
    permits.report_uncovered(now=timezone.now())


@shared_task(name="booking.tasks.read_calendars")
def read_calendars() -> None:
    """Read the calendars of other platforms that are due."""
    rounds.read_due_feeds(now=timezone.now())


@shared_task(name="booking.tasks.tell_incidents")
def tell_incidents() -> None:
    """Tell hosts and the office of double bookings and of silent calendars."""
    now = timezone.now()
    incidents.tell_incidents(now=now)
    incidents.tell_silent_feeds(now=now)


@shared_task(name="booking.tasks.follow_classifications")
def follow_classifications() -> None:
    """Let tourist tax and organic labels follow the certificates of their houses."""
    now = timezone.now()
    classifying.follow_classifications(now=now)
    classifying.end_organic_labels(now=now)


@shared_task(name="booking.tasks.drop_leftovers")
def drop_leftovers() -> None:
    """Delete files that no row speaks of, and photographs of houses that nothing shows."""
    now = timezone.now()
    leftovers.drop_leftovers(now=now)
    offer_photos.forget_left(now=now)
    leftovers.drop_lost_originals(now=now)


@shared_task(name="booking.tasks.forget_letters")
def forget_letters() -> None:
    """Let go what people wrote long ago."""
    old_letters.forget_letters(now=timezone.now())


@shared_task(name="booking.tasks.remind_of_papers")
def remind_of_papers() -> None:
    """Remind hosts of papers that end."""
    papers.remind_of_papers(now=timezone.now())


@shared_task(name="booking.tasks.follow_sellers")
def follow_sellers() -> None:
    """Ask houses for what the tax office must be told, and send them what it is told."""
    now = timezone.now()
    seller_asks.follow_sellers(now=now)
    seller_asks.send_statements(now=now)


@shared_task(name="booking.tasks.keep_house_months")
def keep_house_months() -> None:
    """Count what every house had open and taken, for comparing."""
    house_months.keep_house_months(now=timezone.now())


@shared_task(name="booking.tasks.send_hooks")
def send_hooks(delivery_ids: list[int]) -> None:
    """Send some things that hosts' programs are told."""
    sending.send_hooks(delivery_ids, now=timezone.now())


@shared_task(name="booking.tasks.drain_hooks")
def drain_hooks() -> None:
    """Send what hosts' programs are still to be told."""
    sending.drain_hooks(now=timezone.now())


@shared_task(name="booking.tasks.make_export")
def make_export(export_id: int) -> None:
    """Make the file of a house that waits."""
    house_exports.make_export(export_id, now=timezone.now())


@shared_task(name="booking.tasks.tend_exports")
def tend_exports() -> None:
    """Make the files that still wait, and delete those of a week ago."""
    now = timezone.now()
    house_exports.make_exports(now=now)
    house_exports.drop_exports(now=now)


@shared_task(name="booking.tasks.carry_out_call_off")
def carry_out_call_off(called_off_id: int) -> None:
    """Cancel some of the bookings of a date that was called off."""
    call_off_rounds.carry_out(called_off_id, now=timezone.now())


@shared_task(name="booking.tasks.carry_out_call_offs")
def carry_out_call_offs() -> None:
    """Go on with every date that is being called off."""
    call_off_rounds.carry_out_all(now=timezone.now())


@shared_task(name="booking.tasks.remind_of_stays")
def remind_of_stays() -> None:
    """Remind guests of their stay and hosts of their next day."""
    now = timezone.now()
    reminders.remind_guests(now=now)
    reminders.remind_hosts(now=now)


@shared_task(name="booking.tasks.follow_meetings")
def follow_meetings() -> None:
    """Do what time does to meetings with greeters, and forget those that are long over."""
    now = timezone.now()
    meeting_rounds.follow_meetings(now=now)
    meeting_rounds.forget_meetings(now=now)


@shared_task(name="booking.tasks.decide_referral")
def decide_referral(order_id: int) -> None:
    """Decide whether a friend's stay counts for who invited them."""
    try:
        referrals.decide_referral(order_id, now=timezone.now())
    except Refusal as refusal:
        logger.warning("invited stay of order %s waits: %s", order_id, refusal)


@shared_task(name="booking.tasks.follow_referrals")
def follow_referrals() -> None:
    """Do what time does to the stays of invited friends."""
    referral_rounds.follow_referrals(now=timezone.now())


@shared_task(name="booking.tasks.ask_after_stays")
def ask_after_stays() -> None:
    """Ask guests how their stay was."""
    surveys_sent.ask_guests(now=timezone.now())


@shared_task(name="booking.tasks.write_life_cycle")
def write_life_cycle() -> None:
    """Write the letters around stays that are due."""
    life_cycle.write_life_cycle(now=timezone.now())


@shared_task(name="booking.tasks.follow_gifts")
def follow_gifts() -> None:
    """Tell households of their gift, and delete the addresses of gifts that went."""
    now = timezone.now()
    gift_claims.tell_households(now=now)
    gift_claims.forget_addresses(now=now)


@shared_task(name="booking.tasks.tell_of_mediation")
def tell_of_mediation() -> None:
    """Tell guests whom nobody answered of the mediator."""
    complaints.tell_of_mediation(now=timezone.now())


@shared_task(name="booking.tasks.forget_reviews")
def forget_reviews() -> None:
    """Delete reviews that are too old to say something."""
    reviews.forget_reviews(now=timezone.now())


@shared_task(name="booking.tasks.follow_requests")
def follow_requests() -> None:
    """Remind hosts of requests, end those that nobody answered or paid."""
    request_rounds.follow_requests(now=timezone.now())


@shared_task(name="booking.tasks.run_campaigns")
def run_campaigns() -> None:
    """Count what was booked, begin what is due, hand over what the rates of campaigns allow."""
    now = timezone.now()
    need_bookings.count_bookings(now=now)
    campaign_runs.run_campaigns(now=now)


@shared_task(name="booking.tasks.know_guests")
def know_guests() -> None:
    """Say whose the orders are, then count the stays that are over, and who came back.

    Where a round had its fill, as the first one of an installation with orders, the next one
    follows at once instead of an hour later; who came back is counted once all is known.
    """
    now = timezone.now()
    named = customers.identify_orders(now=now, limit=past_stays.MOST)
    counted = past_stays.keep_past_stays(now=now, limit=past_stays.MOST)
    if max(named, counted) >= past_stays.MOST:
        ask_for_task("booking.tasks.know_guests")
        return
    retention.keep_returns(now=now)


@shared_task(name="booking.tasks.read_guest_import")
def read_guest_import(import_id: int) -> None:
    """Read a long file of guests."""
    guest_readings.read_import(import_id, now=timezone.now())


@shared_task(name="booking.tasks.read_guest_imports")
def read_guest_imports() -> None:
    """Read the files of guests that still wait."""
    guest_readings.read_imports(now=timezone.now())


@shared_task(name="booking.tasks.write_guest_imports")
def write_guest_imports() -> None:
    """Write guests of confirmed files, some thousand a time."""
    guest_imports.write_imports(now=timezone.now())


@shared_task(name="booking.tasks.forget_guests")
def forget_guests() -> None:
    """Forget accounts, guests of files and notes whose time is over."""
    forgetting.forget_guests(now=timezone.now())


@shared_task(name="booking.tasks.forget_silent_addresses")
def forget_silent_addresses() -> None:
    """Forget addresses for letters that were silent for three years."""
    consent.forget_silent(now=timezone.now())


@shared_task(name="booking.tasks.forget_presences")
def forget_presences() -> None:
    """Delete what households said of days that are long past."""
    presences.forget_presences(now=timezone.now())


@shared_task(name="booking.tasks.write_monday_letter")
def write_monday_letter() -> None:
    """Write to the office who came back and how happy they were, each Monday."""
    monday_letter.write_monday_letter(now=timezone.now())
