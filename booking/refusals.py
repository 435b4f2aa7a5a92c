"""Refusals: why something can't be sold, in words that say what to do next.

A refusal carries every trouble at once, each with a stable code, the line or the field it
concerns, and a message in the visitor's language (features.md B06).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _

from booking.rules.people import Problem
from destination.office import phone
from oti.lib.html import format_day_long, format_euros


@dataclass(frozen=True)
class Trouble:
    """One reason; `line` is a basket line's id, `field` the input that would mend it."""

    code: str
    message: str
    line: int | None = None
    field: str | None = None
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Refusal(Exception):
    """A use case said no, for all these reasons."""

    status = 409

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = troubles
        super().__init__(", ".join(one.code for one in troubles))

    @property
    def code(self) -> str:
        """Return the first reason's code."""
        return self.troubles[0].code if self.troubles else "refused"


class Unavailable(Refusal):
    """What was asked is taken, closed or not for this party."""


class PriceChanged(Refusal):
    """The total isn't the one that was shown."""


class Clash(Refusal):
    """Somebody would be in two places at once."""


class Busy(Refusal):
    """Too many people want the same thing this second: try again."""

    status = 503


class NotAllowed(Refusal):
    """The rules don't allow it."""


class WrongState(Refusal):
    """It is too late, or too early, for that."""


class BadInput(Refusal):
    """What was typed can't be understood or can't be."""

    status = 422


# Messages name what to do. Parameters are filled by name; a code without text is a fault, found
# by a test that asks every code of the rules.
MESSAGES: dict[str, Any] = {
    "gone": gettext_lazy("It was taken in the meantime. Choose other dates or another offer."),
    "already_yours": gettext_lazy("It is in your stay already."),
    "beside_yours": gettext_lazy(
        "Your stay has this place just before or after, and it is kept free in between to be made "
        "ready. Choose nights further apart, or one stay over all of them."
    ),
    "has_bed": gettext_lazy(
        "« %(other)s » has a bed for each of you on these nights. Take this one instead, or as "
        "well if it is for other persons."
    ),
    "sold_out": gettext_lazy("Sold out. Choose another date."),
    "partly_gone": gettext_lazy("Only %(free)s left: choose fewer places or another date."),
    "held_by_others": gettext_lazy(
        "Others are booking the last ones. Try again in a few minutes or choose another date."
    ),
    "closed": gettext_lazy("Closed on these dates. Choose other dates."),
    "resource_busy": gettext_lazy(
        "What it needs (a guide, a room, a vehicle) is taken at that hour. Choose another time."
    ),
    "booked_until": gettext_lazy(
        "Too late for that day: it is booked up to %(hour)s on the last one. Choose a later date, "
        "or call us on %(phone)s."
    ),
    "no_date_then": gettext_lazy("It doesn’t take place on that day."),
    "slot_past": gettext_lazy("This date has passed. Choose another one."),
    "on_request": gettext_lazy("Its host answers first: ask for it on its own page."),
    "now_on_request": gettext_lazy(
        "Its host must confirm it first now: it became a request, apart from what you pay today."
    ),
    "request_too_late": gettext_lazy(
        "Its host answers first, and it begins too soon for that: call the office on %(phone)s."
    ),
    "request_over": gettext_lazy("It was answered or withdrawn meanwhile: see how it stands now."),
    "request_lapsed": gettext_lazy("The time to answer has passed: the guest was told."),
    "request_gone": gettext_lazy(
        "These places are taken or closed meanwhile: nothing was sold. Free them first, or decline."
    ),
    "request_not_sold": gettext_lazy(
        "This offer isn’t on sale any more: publish it again, or decline."
    ),
    "answer_reason_missing": gettext_lazy("Choose a reason: the guest is told."),
    "request_no_change": gettext_lazy(
        "What your host accepted is paid as it is. Withdraw it to ask for something else."
    ),
    "feed_twice": gettext_lazy("This calendar is linked to this lodging already."),
    "too_many_feeds": gettext_lazy("%(max)s calendars at most: remove one first."),
    "feed_just_read": gettext_lazy("It was read a moment ago: try again in a minute."),
    "feed_paused": gettext_lazy("This calendar is paused: begin to read it again first."),
    "outcome_missing": gettext_lazy("Choose what was done."),
    "not_on_sale": gettext_lazy("This offer isn't sold online at the moment."),
    "price_changed": gettext_lazy(
        "The price changed from %(old)s to %(new)s. Accept the new price or remove the line."
    ),
    "total_changed": gettext_lazy(
        "The total changed from %(old)s to %(new)s. Check it, then confirm again."
    ),
    "no_price": gettext_lazy("No price is set for these nights. Choose other dates."),
    "no_tariff": gettext_lazy("This lodging can't be sold online yet. Choose another one."),
    "hold_expired": gettext_lazy("It is no longer kept for you. Ask for it again."),
    "dates_missing": gettext_lazy("Choose an arrival and a departure."),
    "date_unreadable": gettext_lazy("This date doesn't exist. Write it as 11/07/2027."),
    "dates_reversed": gettext_lazy("The departure must come after the arrival."),
    "in_the_past": gettext_lazy("This date has passed. Choose a date from today on."),
    "too_far": gettext_lazy("These dates aren't open yet. Choose an earlier date."),
    "closed_to_arrival": gettext_lazy("No arrival on that day. Choose another arrival day."),
    "closed_to_departure": gettext_lazy("No departure on that day. Choose another departure day."),
    "no_adult": gettext_lazy("At least one adult must be part of it."),
    "too_many_people": gettext_lazy(
        "%(max)s persons at most online. Call us on %(phone)s for a group."
    ),
    "ages_missing": gettext_lazy("Give the age of each child on the day of arrival."),
    "adults_unreadable": gettext_lazy("Write the number of adults in figures: 2 for instance."),
    "age_unreadable": gettext_lazy("An age is a whole number from 0 to 17."),
    "age_mismatch": gettext_lazy("Not for every age of your party: choose who takes part."),
    "nobody": gettext_lazy("Choose at least one person."),
    "only_children": gettext_lazy("For children only: untick the grown-ups."),
    "permit_expired": gettext_lazy(
        "Not sold on that day: the provider’s authorisation doesn’t reach it. "
        "Choose an earlier day."
    ),
    "out_of_season": gettext_lazy("Out of its season. Choose a date within it."),
    "care_sheet_closed": gettext_lazy("This childcare is over or cancelled: its sheet is closed."),
    "care_too_long": gettext_lazy("%(hours)s hours at most at a stretch."),
    "too_many_bags": gettext_lazy("Two bags each: %(max)s at most for you."),
    "days_reversed": gettext_lazy("The last day must not come before the first one."),
    "days_missing": gettext_lazy("Choose the first and the last day."),
    "not_lent_on": gettext_lazy(
        "Not lent on %(day)s: choose days that follow each other while it is open."
    ),
    "gone_on": gettext_lazy(
        "Nothing is left on %(day)s: what is brought back on a day goes out again the day after. "
        "Choose other days."
    ),
    "partly_gone_on": gettext_lazy(
        "Only %(free)s left on %(day)s: what is brought back on a day goes out again the day "
        "after. Take fewer, or choose other days."
    ),
    "side_gone": gettext_lazy("No more room for %(what)s: take none, or choose another time."),
    "side_partly_gone": gettext_lazy(
        "Room for %(free)s only of the %(what)s: take fewer, or choose another time."
    ),
    "care_full": gettext_lazy("The carers have no room left at that time. Choose another time."),
    "bad_quantity": gettext_lazy("Choose a quantity from 1 to %(max)s."),
    "bad_option": gettext_lazy("One of the options isn't offered here: choose again."),
    "no_band": gettext_lazy("There is no price for one of these ages. Choose who takes part."),
    "overlap": gettext_lazy("At the same time as « %(other)s » for the same persons."),
    "together_on_request": gettext_lazy(
        "One of the two is asked of its host first: add each of them on its own."
    ),
    "ratio_below_sold": gettext_lazy(
        "Children are booked by the ratio of now (dates: %(count)s, first on %(day)s). Write fewer "
        "for one carer once nobody is booked: call those families, or wait until it is past."
    ),
    "pair_apart": gettext_lazy(
        "The carer isn’t there for all of it, the way included. Nothing was added: choose other "
        "hours."
    ),
    "line_unknown": gettext_lazy("This line is no longer in your stay."),
    "offer_unknown": gettext_lazy("This offer no longer exists."),
    "slot_unknown": gettext_lazy("This offer has no such date, or no longer. Choose another one."),
    "unit_unknown": gettext_lazy(
        "This offer has no such lodging, or no longer. Choose another one."
    ),
    "empty": gettext_lazy("Your stay is empty. Add something first."),
    "frozen": gettext_lazy(
        "A payment is under way for this stay. Finish it, or take your stay back to change it."
    ),
    "already_ordered": gettext_lazy("This stay has been ordered already."),
    "already_paid": gettext_lazy("This stay is paid already: nothing is to be paid again."),
    "not_extendable": gettext_lazy(
        "It can't be kept longer than that. Pay now, or ask for it again later."
    ),
    "merge_oneself": gettext_lazy("It is the same person: choose the other record."),
    "merge_erased": gettext_lazy(
        "This person’s data were erased on their request: nothing can be joined to it or undone."
    ),
    "merge_gone": gettext_lazy(
        "This record has been merged into another one: open that one, or undo the merge first."
    ),
    "merge_two_homes": gettext_lazy(
        "They belong to two second homes: end one of the two households first."
    ),
    "import_words_missing": gettext_lazy(
        "Copy what guests read when they said yes or were told: it is the proof."
    ),
    "import_known": gettext_lazy(
        "This very file was read already: open it in the list. Until it is confirmed you may drop "
        "it there and read it anew."
    ),
    "import_empty": gettext_lazy("There is no guest in this file: choose another one."),
    "import_too_big": gettext_lazy("It is larger than %(most)s MB: cut it into several files."),
    "import_too_many": gettext_lazy("It has more than %(most)s rows: cut it into several files."),
    "import_unreadable": gettext_lazy(
        "This isn’t a table that can be read: in your table program, save it as CSV (UTF-8)."
    ),
    "import_no_mail_column": gettext_lazy(
        "No column holds e-mail addresses: name it « e-mail » in the first row."
    ),
    "import_no_proof_column": gettext_lazy(
        "No column says when each guest said yes: name it « date du consentement »."
    ),
    "import_no_stay_column": gettext_lazy(
        "No column says when each guest left: name it « départ »."
    ),
    "import_lost": gettext_lazy("What was kept of it is gone: drop it, and give it again."),
    "import_gave_up": gettext_lazy(
        "It was begun several times and never finished: drop it, cut it into several files and "
        "give these."
    ),
    "import_nobody": gettext_lazy("No row of it can be taken: drop it, and correct the file."),
    "import_moved": gettext_lazy("This file was confirmed or dropped meanwhile: look at it again."),
    "erase_works_here": gettext_lazy(
        "This account opens the office’s desk: an administrator takes that off first."
    ),
    "erase_owns_house": gettext_lazy(
        "You alone own « %(house)s »: make somebody else an owner under « My team » and leave it "
        "there, or write to us to close the house."
    ),
    "erase_in_house": gettext_lazy(
        "You work for « %(house)s »: leave it first, under « My team »."
    ),
    "erase_sign_in": gettext_lazy(
        "There is an account with this address: sign in, then open « My data » in its menu."
    ),
    "erase_stay_to_come": gettext_lazy(
        "The booking %(reference)s isn’t over: cancel it first, or come back after it."
    ),
    "erase_request_open": gettext_lazy(
        "A host still has to answer you, or waits for your payment: withdraw that request first."
    ),
    "erase_refund_open": gettext_lazy(
        "Money is on its way back to you: come back once you have it."
    ),
    "erase_dispute": gettext_lazy(
        "A payment of yours is contested at the bank: write to us, we settle it first."
    ),
    "erase_complaint_open": gettext_lazy(
        "A complaint of yours waits for our answer: come back once you have it."
    ),
    "erase_meeting_to_come": gettext_lazy(
        "A meeting with a greeter isn’t over: call it off first, or come back after it."
    ),
    "own_data_link_old": gettext_lazy(
        "This link is more than three days old, or incomplete: ask for another one below."
    ),
    "own_data_closed": gettext_lazy(
        "Half an hour is over, or this device was closed: follow the link of our mail again."
    ),
    "note_to_come": gettext_lazy("This day is still to come: write down what has been said."),
    "step_without_day": gettext_lazy("Say by when the next step is to be done."),
    "note_done": gettext_lazy("Somebody has answered or done it meanwhile: read the note."),
    "same_family": gettext_lazy("They are of one family already."),
    "alone_already": gettext_lazy("Nobody else is of this person’s family."),
    "holds_merge": gettext_lazy(
        "The record of « %(gone)s » was merged into this one: undo that first."
    ),
    "address_shared": gettext_lazy(
        "They share the address %(email)s with somebody of the family: it stays one family."
    ),
    "merge_undone": gettext_lazy("This merge is undone already."),
    "merge_later": gettext_lazy(
        "Another merge came after it: undo that of « %(gone)s » into « %(kept)s » of %(day)s first."
    ),
    "busy": gettext_lazy("Many people are booking right now. Try again in a moment."),
    "bank_unavailable": gettext_lazy(
        "The bank doesn't answer. Nothing was debited: try again in a few minutes."
    ),
    "bank_silent": gettext_lazy("The bank doesn't answer: try again in a few minutes."),
    "account_refused": gettext_lazy(
        "The bank refuses this account: %(reason)s Correct what it names, or call the bank."
    ),
    "nobody_signs_in": gettext_lazy(
        "No owner has access to this provider's space: give a person access first."
    ),
    "terms_missing": gettext_lazy("Accept the conditions of sale to continue."),
    "names_missing": gettext_lazy("Give the name of each person."),
    "package_form_missing": gettext_lazy(
        "Your stay is a package: read the information form, then tick that you received it."
    ),
    "package_form_unavailable": gettext_lazy(
        "Together these services make a package, whose information form isn't ready yet. Call us "
        "on %(phone)s, or take a service out of your stay."
    ),
    "package_blocked": gettext_lazy(
        "Together these services make a package, which isn't sold in one payment here. Call us on "
        "%(phone)s, or take a service out of your stay."
    ),
    "organiser_missing": gettext_lazy(
        "Together these services make a package, which the office can't sell online yet. Call us "
        "on %(phone)s, or take a service out of your stay."
    ),
    "organiser_expired": gettext_lazy(
        "Together these services make a package, which the office can't sell online while its "
        "registration is renewed. Call us on %(phone)s, or take a service out of your stay."
    ),
    "order_expired": gettext_lazy("The time to pay has passed: nothing was debited. Order again."),
    "wrong_state": gettext_lazy("It isn't possible any more: reload the page."),
    "nothing_to_cancel": gettext_lazy("This is already cancelled or has taken place."),
    "line_begun": gettext_lazy("This has begun: call your host, or the office on %(phone)s."),
    "too_many_changes": gettext_lazy(
        "Your hosts were told many times within an hour: wait a little, or call if it can’t wait."
    ),
    "nothing_to_come": gettext_lazy("All of it has begun or is cancelled: call your host."),
    "cannot_part": gettext_lazy(
        "This can't be cancelled for some of you alone: cancel all of it, or call us on %(phone)s."
    ),
    "code_over": gettext_lazy(
        "The code of before is worth nothing any more: have another one sent."
    ),
    "line_over": gettext_lazy("This has taken place."),
    "paid_on_site": gettext_lazy("This is paid at your host’s: call them to cancel it."),
    "payment_contested": gettext_lazy(
        "Your bank was asked to take the payment of this stay back: call the office on %(phone)s "
        "to cancel any of it."
    ),
    "cancel_sum_changed": gettext_lazy(
        "Meanwhile the sum that comes back has changed: it is %(total)s now. Nothing is cancelled "
        "yet."
    ),
    "lines_missing": gettext_lazy("Choose what you want to cancel."),
    "overlap_in_stay": gettext_lazy("At the same hours as something else of this stay."),
    "out_of_months": gettext_lazy("This stay is proposed from %(first)s to %(last)s."),
    "party_too_small": gettext_lazy("Written for %(min)s persons at least."),
    "party_too_large": gettext_lazy(
        "Written for %(max)s persons at most: call us on %(phone)s, we compose it with you."
    ),
    # Enrolment of hosts
    "enrolment_moved": gettext_lazy(
        "Somebody moved this house meanwhile: look at where it stands, then go on."
    ),
    "papers_changed": gettext_lazy(
        "The host changed something since you opened this page: read it again, then decide."
    ),
    "papers_missing": gettext_lazy(
        "Something is still missing: each line marked « to do » leads to where it is given."
    ),
    "too_many_houses": gettext_lazy(
        "%(count)s houses of yours wait for the office: let it read these first, or call us on "
        "%(phone)s."
    ),
    "remark_missing": gettext_lazy("Write at least one remark: it says what to put right."),
    "remarks_left": gettext_lazy(
        "Remarks are written beside papers: press « ask to put right », or delete them."
    ),
    "contract_missing": gettext_lazy(
        "The contract isn’t ready yet: call the office on %(phone)s, everything else can be "
        "given meanwhile."
    ),
    "contract_changed": gettext_lazy(
        "The contract or its commission changed meanwhile: read it again, then sign."
    ),
    "paper_unknown": gettext_lazy("This paper isn’t asked of this house: go back to the list."),
    "already_in_team": gettext_lazy("This person works for the house already."),
    "last_owner": gettext_lazy(
        "A house keeps at least one owner: make somebody else an owner first."
    ),
    "not_in_team": gettext_lazy("This person no longer works for the house: reload the page."),
    "too_many_invitations": gettext_lazy(
        "Many invitations went out already: wait until tomorrow, or take one back."
    ),
    "invitation_used": gettext_lazy(
        "This invitation was used already: sign in with the account that accepted it."
    ),
    "invitation_ended": gettext_lazy(
        "This invitation has ended: ask whoever sent it for a new one."
    ),
    "invitation_elsewhere": gettext_lazy(
        "This invitation went to %(email)s: sign in with that address to accept it."
    ),
    # Households of second homes
    "too_young": gettext_lazy(
        "An account of one’s own is for those of 15 and more: a parent counts you in theirs."
    ),
    "birthday_odd": gettext_lazy("Check the year of your birth."),
    "already_in_household": gettext_lazy(
        "You are in a household already: leave it before you join another one."
    ),
    "in_this_household": gettext_lazy("This person is in your household already."),
    "same_commune": gettext_lazy("Your house is noted there already: choose the other commune."),
    "household_ended": gettext_lazy("This household has ended: declare yours again."),
    "household_moved": gettext_lazy(
        "Somebody else has decided of this household meanwhile: look at it again."
    ),
    "proof_read": gettext_lazy("The office has decided already: no paper is needed."),
    "presence_backwards": gettext_lazy("You leave after the day on which you arrive: check both."),
    "presence_too_long": gettext_lazy("One year at most: give the days of one stay."),
    "presences_meet": gettext_lazy(
        "You have said already that you are here on some of these days: take that away first."
    ),
    "too_many_presences": gettext_lazy("Take some of the stays that you have said away first."),
    "already_here": gettext_lazy("It is noted already that you are here."),
    "not_here": gettext_lazy("It isn’t noted that you are here."),
    "card_not_yet": gettext_lazy(
        "Your card is here as soon as the office has verified your household."
    ),
    "advantage_backwards": gettext_lazy("The last day comes before the first one: check both."),
    "advantage_over": gettext_lazy("The last day is past already: give one to come."),
    "too_many_advantages": gettext_lazy("%(count)s advantages run already: end one of them first."),
    "renewal_reason_missing": gettext_lazy(
        "Say what is new about it: another theme, another route, another menu. A text that was "
        "edited is nothing new."
    ),
    "not_shown_yet": gettext_lazy(
        "Only what visitors see already can be renewed: publish it first."
    ),
    # Offers that hosts prepare
    "offer_archived": gettext_lazy(
        "This offer is archived: nothing of it changes any more. Copy it to begin again."
    ),
    "policy_missing": gettext_lazy(
        "The office has entered no cancellation policy yet: call it, then begin again."
    ),
    "too_many_drafts": gettext_lazy(
        "%(count)s offers of this house are being prepared: finish or archive one first."
    ),
    "settled_by_office": gettext_lazy(
        "Visitors know this offer already: commune, kind, tax category and registration number "
        "are changed by the office. Call it."
    ),
    "too_many_units": gettext_lazy(
        "%(max)s units at most on one offer: call the office on %(phone)s."
    ),
    "unit_gone": gettext_lazy("This unit was taken away meanwhile: go back to the list."),
    "unit_booked": gettext_lazy(
        "It is booked from %(day)s on: it can be taken away once its last guests have left. "
        "Meanwhile close its nights in the calendar."
    ),
    "unit_held": gettext_lazy(
        "Somebody has it in a stay that isn’t paid yet: try again in half an hour."
    ),
    "prices_gone": gettext_lazy("These prices were taken away meanwhile: reload the page."),
    "prices_first": gettext_lazy("Give the usual price of a night first, then its seasons."),
    "season_too_long": gettext_lazy("Two years at most for one season: choose an earlier end."),
    "season_overlaps": gettext_lazy(
        "Another season has nights of these dates, from %(first)s to %(last)s: change the dates, "
        "or delete that one first."
    ),
    "too_many_seasons": gettext_lazy("%(max)s seasons at most: delete those that are over."),
    "too_many_photos": gettext_lazy("%(max)s photographs at most: delete one first."),
    "photo_gone": gettext_lazy("This photograph was taken away meanwhile: look at the list again."),
    "photo_lent": gettext_lazy(
        "The office lent this photograph: call it to have it cropped in another way."
    ),
    "title_missing": gettext_lazy("Give it a title."),
    "summary_missing": gettext_lazy("Say in one sentence what it is."),
    "description_missing": gettext_lazy("Describe it: a few sentences are enough."),
    "access_missing": gettext_lazy("Say where it is and how guests find you and get in."),
    "hours_missing": gettext_lazy("Say from when guests arrive and until when they leave."),
    "words_missing": gettext_lazy("Tick at least one of the four words."),
    "alts_missing": gettext_lazy(
        "Say of each photograph what it shows: it is read aloud to who can’t see it."
    ),
    "registration_missing": gettext_lazy(
        "Give the registration number, or the receipt of the declaration in « My papers »."
    ),
    "nothing_to_send": gettext_lazy("Nothing waits to be sent: change a text or a photograph."),
    "offer_in_review": gettext_lazy("It is with the office already: it writes to you soon."),
    "offer_moved": gettext_lazy(
        "Somebody moved this offer meanwhile: look at where it stands, then go on."
    ),
    "offer_reread": gettext_lazy(
        "The host changed something since you opened this page: read it again, then decide."
    ),
    "paused_by_office": gettext_lazy(
        "The office paused this offer: call it, it tells you why and takes it up again."
    ),
    "offer_booked": gettext_lazy(
        "It is booked until %(day)s: pause it, so that nobody books it any more, and archive it "
        "after the last day."
    ),
    # The desk
    "ready_lodging_missing": gettext_lazy("Add a lodging: nights %(nights)s have no bed."),
    "ready_lodging_twice": gettext_lazy("Night %(night)s has two lodgings: keep one."),
    "ready_step_empty": gettext_lazy(
        "Day %(day)s: the offer of a step no longer exists. Choose another one, or delete it."
    ),
    "ready_step_unsold": gettext_lazy(
        "Day %(day)s: « %(offer)s » isn’t published. Publish it, or choose another first choice."
    ),
    "ready_step_late": gettext_lazy(
        "Day %(day)s is after the departure: the stay ends on day %(last)s."
    ),
    "ready_step_mixed": gettext_lazy(
        "Day %(day)s: a lodging can only be replaced by a lodging, and the rest by the rest."
    ),
    "ready_step_few": gettext_lazy(
        "Day %(day)s: %(choose)s are to be chosen and only %(count)s are given."
    ),
    "ready_hours_reversed": gettext_lazy(
        "Day %(day)s: « at the latest » is before « at the earliest »."
    ),
    "ready_hours_clash": gettext_lazy(
        "Day %(day)s: « %(first)s » and « %(second)s » are at the same hours for the same persons."
    ),
    # The providers' calendar
    "last_before_first": gettext_lazy("The last night must not come before the first one."),
    "change_too_long": gettext_lazy("Two years at most in one go: choose a shorter period."),
    "no_such_night": gettext_lazy("None of these days of the week is in these dates."),
    "bad_price": gettext_lazy("A price above 0 and up to %(most)s, in euros and cents."),
    "bad_nights": gettext_lazy("A whole number of nights from 1 to %(most)s."),
    "nothing_asked": gettext_lazy(
        "Say what changes: open or closed, a price, the nights at least, or the days of arrival."
    ),
    "nothing_changes": gettext_lazy(
        "These nights are so already: nothing changes. Choose other nights or another value."
    ),
    "only_sold_nights": gettext_lazy(
        "None of these nights is left to close. What is sold stays sold: to cancel a booking, call "
        "the office on %(phone)s."
    ),
    "only_held_nights": gettext_lazy(
        "Somebody is booking these nights: they can be closed after %(time)s, if they stay free."
    ),
    "prices_kept": gettext_lazy(
        "These nights all have a price of their own, which stays. Choose « every night » to "
        "replace it."
    ),
    "unit_without_prices": gettext_lazy(
        "“%(unit)s” has no prices yet: the office opens them with you, call us on %(phone)s."
    ),
    "min_over_max": gettext_lazy(
        "« %(unit)s » is let for %(nights)s nights at most: ask for no more than that."
    ),
    "calendar_moved": gettext_lazy(
        "Something changed while you were looking: a booking or another change. Here is what "
        "would happen now: look again, then confirm."
    ),
    "undo_done": gettext_lazy("This change is undone already."),
    "undo_late": gettext_lazy(
        "More than a day has passed: change these nights again as you want them."
    ),
    "undo_not_last": gettext_lazy("Only the last change can be undone, and there is a later one."),
    "undo_edited": gettext_lazy(
        "These nights were changed since, by you or by the office: change them again as you want "
        "them."
    ),
    "undo_sold": gettext_lazy(
        "Nights were sold since (%(orders)s): it can’t be undone. Change the others by themselves."
    ),
    "undo_held": gettext_lazy("Somebody is booking these nights: try again after %(time)s."),
    # Dates that hosts want to fill
    "need_no_period": gettext_lazy("Choose at least one week, or give dates of your own."),
    "need_too_many_periods": gettext_lazy("%(max)s periods at most: say the others apart."),
    "need_periods_overlap": gettext_lazy("Two of these periods overlap: change one of them."),
    "need_audience": gettext_lazy("Say for whom."),
    "need_over_closed": gettext_lazy(
        "Closed from %(first)s to %(last)s (%(reason)s): choose other dates, or open them in your "
        "calendar first."
    ),
    "need_no_date": gettext_lazy(
        "Nothing of this offer takes place then with places left: add dates first, or choose "
        "other days."
    ),
    "need_all_taken": gettext_lazy("All these nights are taken already: nothing is to be filled."),
    "need_too_many": gettext_lazy("Only %(max)s are left on these dates: ask for no more."),
    "floor_above_price": gettext_lazy(
        "Your price on these dates is %(price)s already: nobody can propose a lower one with such "
        "a floor. Lower it, or tick that you mean it."
    ),
    "too_many_needs": gettext_lazy("%(max)s at most at a time: end one first."),
    # Letters
    "letter_no_since": gettext_lazy(
        "You asked us to stop since this link was sent, and we stopped. You want the letter after "
        "all? Give your address again, another link is sent to you."
    ),
    "letter_link_old": gettext_lazy(
        "This link is more than a week old, or isn’t whole: give your address again, another one "
        "is sent to you."
    ),
    # Campaigns
    "campaign_begun": gettext_lazy(
        "This campaign has begun: it can be paused or stopped, not written anew."
    ),
    "campaign_purpose": gettext_lazy(
        "Offers of the quiet season go to those who may get offers: choose this purpose."
    ),
    "campaign_too_many": gettext_lazy("%(max)s offers at most: take one out."),
    "campaign_button": gettext_lazy(
        "The button leads to a page of this site: write its address from the first « / » on."
    ),
    "campaign_button_nowhere": gettext_lazy(
        "The button leads nowhere: this site has no page « %(path)s »."
    ),
    "campaign_days_crossed": gettext_lazy(
        "This day comes before « last came since »: nobody can be meant."
    ),
    "campaign_stays_crossed": gettext_lazy(
        "This is fewer than « stays at least »: nobody can be meant."
    ),
    "campaign_rate": gettext_lazy("Between 1 and %(max)s mails a minute."),
    "campaign_no_french": gettext_lazy(
        "Write the subject, the heading and the text in French: who reads no other language of the "
        "campaign gets these."
    ),
    "campaign_half": gettext_lazy(
        "« %(language)s » isn’t whole: give its subject, its heading and its text, or empty it."
    ),
    "campaign_button_apart": gettext_lazy("A button has words and a page: give both, or neither."),
    "campaign_offer_closed": gettext_lazy("« %(title)s » isn’t on sale any more: take it out."),
    "campaign_no_needs": gettext_lazy(
        "None of the chosen dates is open any more: choose others that hosts want to fill."
    ),
    "campaign_moment": gettext_lazy("Say when: a day and an hour."),
    "campaign_too_far": gettext_lazy("Choose a moment within a year."),
    "campaign_nobody": gettext_lazy(
        "Nobody would get this campaign: see why below, and widen whom it is for."
    ),
    # The widget
    "site_unreadable": gettext_lazy(
        "This isn’t the address of a site: write it like www.gite-des-narces.fr"
    ),
    "widget_carried": gettext_lazy(
        "What you had chosen was carried to the Velay’s site, or is no longer kept: choose again "
        "here, or go on there."
    ),
    "site_twice": gettext_lazy("This site may show it already."),
    "too_many_sites": gettext_lazy("%(max)s sites at most: remove one first."),
    # What a host's offers share
    "resource_unnamed": gettext_lazy("Give it a name: « Marie », « minibus », « the barn »."),
    "resource_known": gettext_lazy(
        "« %(name)s » exists already: change that one, or give another name."
    ),
    "resource_too_few": gettext_lazy(
        "A date of « %(offer)s » needs %(count)s of it: there can’t be fewer than that."
    ),
    "resource_used": gettext_lazy(
        "These dates are sold or being booked and need more than that together: %(dates)s. Keep "
        "the number, or call the office on %(phone)s, which cancels and refunds with you."
    ),
    "resource_held": gettext_lazy(
        "Somebody is booking a date that this would make impossible: try again after %(time)s."
    ),
    "resource_gone": gettext_lazy("It was deleted meanwhile: go back to the list."),
    "too_many_resources": gettext_lazy("%(max)s at most: delete one first."),
    "bad_minutes": gettext_lazy("A whole number of minutes from 0 to %(max)s."),
    "not_for_lodging": gettext_lazy("A lodging is sold by the night: it has no dates of its own."),
    "price_missing": gettext_lazy("Give at least one price."),
    "unit_missing": gettext_lazy("Add at least one unit, with its prices."),
    "slot_missing": gettext_lazy("Add at least one slot to come."),
    "band_missing": gettext_lazy("Give the prices by age, or one price per item."),
    "band_overlap": gettext_lazy("Two prices hold for the age of %(ages)s."),
    "band_reversed": gettext_lazy("« From age » is above « up to age »."),
    "band_ages_forbidden": gettext_lazy("A produce basket has one price only, without ages."),
    "band_ages_missing": gettext_lazy(
        "Give the ages: 0 for « from age » where everybody pays this price."
    ),
    "band_gap": gettext_lazy("No price for the age of %(ages)s."),
    "tariff_missing": gettext_lazy(
        "No tourist tax tariff for this category in this commune: enter it, or it isn't sold."
    ),
    "outside_perimeter": gettext_lazy(
        "The commune is outside the active perimeter: shown « à côté », not sold."
    ),
    "closure_over_sold": gettext_lazy(
        "Nights are sold on these dates: %(orders)s. Choose other dates, or cancel those nights "
        "first."
    ),
    "capacity_under_sold": gettext_lazy("%(sold)s places are sold already: keep at least those."),
    "legal_person_fixed": gettext_lazy(
        "Your house sells already: the office changes its SIRET and its legal name. Call it."
    ),
    "papers_missing_now": gettext_lazy(
        "Something that is asked of this house is missing or has ended: ask the host for it."
    ),
    "no_show_too_early": gettext_lazy(
        "You can note this from %(moment)s on: they may still be on their way."
    ),
    "no_show_too_late": gettext_lazy(
        "It is more than a week ago: call the office on %(phone)s if something has to be put right."
    ),
    "no_show_settled": gettext_lazy(
        "It was noted more than two days ago: call the office on %(phone)s to take it back."
    ),
    "nothing_to_give_back": gettext_lazy(
        "Nothing can be given back here: everything was, or it was not paid on this site."
    ),
    "refund_out_of_range": gettext_lazy("Give back more than 0 and at most %(most)s."),
    "refund_changed": gettext_lazy(
        "Something was given back in the meantime: look at the sums again before you confirm."
    ),
    "message_empty": gettext_lazy("Write a few words first."),
    "message_too_long": gettext_lazy("Shorten it to %(most)s signs."),
    # After a stay
    "survey_answered": gettext_lazy("You answered already: below is what you wrote."),
    "survey_over": gettext_lazy(
        "The time to answer is over. Call us on %(phone)s or write to us, if something is left "
        "to say."
    ),
    "recommend_missing": gettext_lazy("Choose a number from 0 to 10."),
    "score_unreadable": gettext_lazy("Choose a number from 1 to 5."),
    "comment_missing": gettext_lazy("Write what was done first."),
    "target_unlikely": gettext_lazy("Give a whole percentage, from 1 to 100."),
    "addresses_unreadable": gettext_lazy(
        "This can’t be an address: %(address)s. Write one a line, as in anne@example.org."
    ),
    "addresses_many": gettext_lazy("%(most)s addresses at most."),
    "follow_up_done": gettext_lazy("A colleague wrote it down meanwhile: reload the page."),
    "review_reason_missing": gettext_lazy("Choose the reason: the guest is told."),
    "reply_over": gettext_lazy("This review has its reply, or isn’t shown any more."),
    "reported_already": gettext_lazy("You reported this review already: the office looks at it."),
    "complaints_open": gettext_lazy(
        "We are looking into what you told us: call us on %(phone)s if something else went wrong."
    ),
    # The annual gift
    "gift_not_draft": gettext_lazy("Its households are fixed: it can’t be changed any more."),
    "gift_words_missing": gettext_lazy("Write what it is and your words first."),
    "gift_budget_small": gettext_lazy("The budget doesn’t pay for one gift: raise it."),
    "gift_budget_no_larger": gettext_lazy("Write a budget larger than the one of now."),
    "gift_nobody": gettext_lazy("Nobody stayed here in that time: no household would have it."),
    "gift_wrong_state": gettext_lazy(
        "A colleague took this step meanwhile: reload the page to see how far it is."
    ),
    "gift_to_post": gettext_lazy(
        "Families wait for their parcel: send those first, then close it."
    ),
    "gift_closed": gettext_lazy(
        "The time for this gift is over. Call us on %(phone)s if something went wrong: we look "
        "for a way."
    ),
    "gift_sent": gettext_lazy(
        "Your parcel has left for the address that you gave. Call us on %(phone)s if you have "
        "moved."
    ),
    "gift_not_posted": gettext_lazy("This gift doesn’t go by post: no address is needed."),
    "gift_same_address": gettext_lazy(
        "A gift goes to this address already. If you are another household in the same house, add "
        "the floor or the flat on the second line."
    ),
    "gift_household": gettext_lazy(
        "Your household has its gift of this year already: there is one for each."
    ),
    "gift_unknown_code": gettext_lazy(
        "Nobody has this code: read it again, sign by sign. There is no O, no I, no 0 and no 1."
    ),
    "gift_redeemed": gettext_lazy("It was redeemed already, on %(day)s: a code is good once."),
    "gift_over": gettext_lazy("It was good until %(day)s."),
    "gift_not_here": gettext_lazy("This gift is redeemed at the office: call it if in doubt."),
    "complaint_answered": gettext_lazy("A colleague answered it meanwhile: reload the page."),
    "message_emptied": gettext_lazy(
        "It was sent long ago and its address is no longer kept: write to the person instead."
    ),
    "talk_closed": gettext_lazy(
        "Messages end a month after the stay: call the office on %(phone)s if something is left "
        "to say."
    ),
    "too_many_messages": gettext_lazy(
        "Many messages within an hour: wait a little, or call if it can’t wait."
    ),
    "way_missing": gettext_lazy("Choose how we tell you."),
    "sms_phone": gettext_lazy("Write a mobile number, like 06 12 34 56 78 or +49 151 23456789."),
    "sms_off": gettext_lazy("SMS aren’t sent at the moment: choose mail."),
    "counter_taken": gettext_lazy(
        "These nights are taken, or somebody is booking them: choose others."
    ),
    "counter_guest": gettext_lazy("Write the first name of your guest."),
    "counter_reach": gettext_lazy("Write a phone or an address, so that you can reach them."),
    "born_missing": gettext_lazy("Give your day of birth: it is looked at and not kept."),
    "greeter_too_young": gettext_lazy(
        "The charter is signed by adults: come back when you are 18, we shall be glad."
    ),
    "greeter_suspended": gettext_lazy(
        "The office has put your profile aside: call it, and you decide together."
    ),
    "greeter_incomplete": gettext_lazy(
        "Something is still missing: what is marked « to do » leads to where it is given."
    ),
    "greeter_moved": gettext_lazy("It was read or sent meanwhile: look at where it stands now."),
    "greeter_changed": gettext_lazy(
        "The greeter changed something since you opened this page: read it again, then decide."
    ),
    "identity_missing": gettext_lazy("Say how you know who it is: nobody is shown without."),
    "away_open": gettext_lazy(
        "Say until which day you are away. You don’t know yet? Tick the pause instead."
    ),
    "away_reversed": gettext_lazy("The day of your return comes before the one you leave."),
    "charter_missing": gettext_lazy(
        "The charter isn’t ready yet: call the office on %(phone)s, everything else can be given "
        "meanwhile."
    ),
    "charter_changed": gettext_lazy("The charter changed meanwhile: read it again, then sign."),
    "meeting_under_15": gettext_lazy(
        "Say that you are 15 or older. Younger than that? Have a parent ask for you all."
    ),
    "meeting_needs_adult": gettext_lazy("Somebody of age comes along: count one adult at least."),
    "meeting_too_many": gettext_lazy(
        "A greeter walks with %(max)s persons at most, babies counted. Make two parties, each with "
        "a greeter of its own, or see the guides who lead groups."
    ),
    "meeting_days": gettext_lazy(
        "The last day comes after the first, or is the same: look at both."
    ),
    "meeting_too_soon": gettext_lazy(
        "Greeters need a little time to arrange it: choose a day from %(first)s on."
    ),
    "meeting_too_far": gettext_lazy("That is far away: ask within a year of your stay."),
    "meeting_too_long": gettext_lazy("Choose %(max)s days at most, those of your stay."),
    "meeting_language": gettext_lazy("Choose at least one language that you speak."),
    "too_many_meetings": gettext_lazy(
        "%(count)s of your requests wait for an answer: let greeters answer these first."
    ),
    "meetings_today": gettext_lazy(
        "You asked %(count)s times today, and each time several greeters are written to: try again "
        "tomorrow, or call the office on %(phone)s."
    ),
    "meeting_taken": gettext_lazy(
        "It is settled already: another greeter was first, or the visitor changed plans."
    ),
    "meetings_unproved": gettext_lazy(
        "%(count)s mails went to this address today and wait to be confirmed: follow the link of "
        "one, or sign in with this address and ask again."
    ),
    "meeting_unconfirmed": gettext_lazy(
        "This request was taken back, or its link is too old: ask again, it takes a minute."
    ),
    "meeting_lapsed": gettext_lazy("The time to answer has passed: the visitor was told."),
    "meeting_over": gettext_lazy("It has begun or ended already: look at how it stands now."),
    "meeting_day": gettext_lazy("Choose one of the days that suit the visitor."),
    "meeting_hour": gettext_lazy("Choose an hour between 8 and 20."),
    "meeting_place_missing": gettext_lazy("Say where you meet: a square, a church, a café."),
    "meeting_place_private": gettext_lazy(
        "Name a public place only, without a phone or an address of mail: both phones are shown 48 "
        "hours before."
    ),
    "greeter_not_shown": gettext_lazy(
        "Your profile pauses or isn’t shown: open it again first, then say yes."
    ),
    "greeter_busy_day": gettext_lazy("You meet somebody on that day already: choose another one."),
    "greeter_full_month": gettext_lazy(
        "You have your number of meetings in that month: raise it in your profile, or decline."
    ),
    "meeting_talk_closed": gettext_lazy(
        "Messages are open from the yes until a week after: call the office on %(phone)s if it "
        "can’t wait."
    ),
    "meeting_not_done": gettext_lazy("Tell it once you have met: the page opens then."),
    "felt_missing": gettext_lazy("Choose how it was."),
    "minutes_unlikely": gettext_lazy("Say how long it took, between 15 minutes and 10 hours."),
    "reason_missing": gettext_lazy("Say why: it is kept in the journal."),
    "factors_own": gettext_lazy(
        "This is your own account: change its second proof under « My account », or ask another "
        "administrator."
    ),
    "factors_none": gettext_lazy("This account has no second proof: there is nothing to take off."),
    "friend_code_unknown": gettext_lazy(
        "Nobody invites with this code. Check it with your friend, or leave the field empty."
    ),
    "ambassador_put_aside": gettext_lazy(
        "The office has ended this role. Call it: it can take it up again."
    ),
    "ambassador_ended": gettext_lazy("You have stopped: become an ambassador again first."),
    "mission_gone": gettext_lazy("This mission isn’t there any more: see those that are open."),
    "mission_over": gettext_lazy("This mission is over. Thank you: see those that are open."),
    "mission_full": gettext_lazy(
        "Others took it meanwhile: as many as are wanted do it. See the other missions."
    ),
    "mission_moved": gettext_lazy("It has moved on meanwhile: see where it stands now."),
    "mission_not_yet": gettext_lazy("It begins on %(day)s: say that it is done afterwards."),
    "mission_words_missing": gettext_lazy("Say in a line what you did."),
    "mission_note_missing": gettext_lazy("Write what is missing: the ambassador reads it by mail."),
    "mission_has_more": gettext_lazy(
        "%(count)s ambassadors do it already: write at least that many, or free places first."
    ),
    "too_many_places": gettext_lazy("%(most)s places at most: take one off first."),
    "place_unknown": gettext_lazy(
        "Copy the address of a page of this site that is shown: a place to sleep, something to do, "
        "an event, a walk."
    ),
    "page_incomplete": gettext_lazy(
        "Say whose page it is and recommend one place at least, then send it."
    ),
    "page_moved": gettext_lazy("It was read or sent meanwhile: look at where it stands now."),
    "page_changed": gettext_lazy(
        "The page was changed since you opened it: read it again, then decide."
    ),
    "proposal_over": gettext_lazy(
        "The lower price that was proposed isn’t to be had any more: the usual one counts."
    ),
    "campaign_off": gettext_lazy(
        "Take nothing off, or up to %(max)s %% in a campaign of the quiet season."
    ),
    "campaign_asks_first": gettext_lazy(
        "« %(title)s » is booked on request, so its price can’t be lowered: leave it out, or take "
        "nothing off."
    ),
    "campaign_floor": gettext_lazy(
        "« %(title)s » costs %(price)s on these dates and its host goes no lower than %(floor)s: "
        "take off %(max)s %% at most, or leave it out."
    ),
    "referral_moved": gettext_lazy("This thanks isn’t to be handed over any more: read it again."),
    "note_too_long": gettext_lazy("Shorten the note to 300 signs."),
    "permit_missing": gettext_lazy(
        "Enter the authorisation, its number and until when it is valid: nothing is sold without."
    ),
    "ages_of_care_missing": gettext_lazy(
        "Enter from which age and up to which age the authorisation covers children."
    ),
    "deposit_missing": gettext_lazy("Say the deposit asked for on site; write 0 for none."),
    "steps_missing": gettext_lazy("Enter at least two steps."),
    "plan_b_missing": gettext_lazy(
        "Say for at least one step what is done instead when it can’t take place."
    ),
    "must_be_free": gettext_lazy("A free activity costs nothing: write 0, or make it an activity."),
    "plan_b_unknown": gettext_lazy("No plan B was decided beforehand: cancel it instead."),
    "date_begun": gettext_lazy(
        "It has begun or is over: it can’t be called off any more. What goes back is decided "
        "booking by booking."
    ),
    "date_called_off": gettext_lazy("This date is called off already: everybody is told."),
    "given_back_by_itself": gettext_lazy(
        "This date was called off: all that you paid for it comes back by itself, you have nothing "
        "to do."
    ),
    "call_off_under_way": gettext_lazy(
        "It is being called off: open it again once everybody has been told."
    ),
    "call_off_reason_missing": gettext_lazy("Say why: whoever booked reads it."),
    "call_off_reason_long": gettext_lazy("Shorten it to %(most)s signs."),
    "call_off_failed": gettext_lazy("It could not be written: it is tried again by itself."),
    "slot_removed": gettext_lazy("This date was deleted meanwhile: go back to the list."),
    "programme_date": gettext_lazy(
        "Dates of an event stand in the agenda, which the office keeps: call it on %(phone)s to "
        "have one added, with its tickets."
    ),
    "programme_date_closed": gettext_lazy(
        "This date is closed, and the agenda may say that it is cancelled: call the office on "
        "%(phone)s to open it again."
    ),
    "side_used": gettext_lazy("A booking speaks of it: give a number, 0 for none any more."),
    "one_time_a_day": gettext_lazy(
        "Lent by whole days: on %(day)s it begins at %(time)s already. Give one time a day."
    ),
    "no_such_hour": gettext_lazy(
        "On %(day)s the clocks go forward: %(time)s doesn't exist. Choose another time or day."
    ),
    "side_unknown": gettext_lazy("This kind of offer doesn't count that: leave it empty."),
    # Programs of hosts: keys, addresses that are told, exports.
    "name_missing": gettext_lazy("Give it a name, so that you know it again."),
    "scopes_missing": gettext_lazy("Tick at least one thing that it may do."),
    "key_days": gettext_lazy("Choose until when it counts: two years at most."),
    "too_many_keys": gettext_lazy("%(max)s keys at most: revoke one that is no longer used."),
    "house_not_selling": gettext_lazy(
        "Your house isn’t on sale: the office has to approve it first."
    ),
    "idempotency_reused": gettext_lazy(
        "Another change was asked for under this Idempotency-Key: take a new one."
    ),
    "span_unknown": gettext_lazy("Say what changes: status, price_cents or min_stay."),
    "slot_change_missing": gettext_lazy("Say what changes: capacity or closed."),
    "too_many_spans": gettext_lazy("%(max)s spans at most: send them in several requests."),
    "webhook_address": gettext_lazy("Give the whole address of your program, from https:// on."),
    "webhook_twice": gettext_lazy("This address is told already."),
    "too_many_webhooks": gettext_lazy("%(max)s addresses at most: remove one first."),
    "topics_missing": gettext_lazy("Tick at least one thing that it is told of."),
    "webhook_busy": gettext_lazy("It was asked a moment ago: try again in a minute."),
    "export_gone": gettext_lazy("This file is no longer there: ask for another one."),
    "export_under_way": gettext_lazy(
        "It is being prepared already: we write to you when it is ready."
    ),
    "export_asked": gettext_lazy("One was asked for today already: the next one is for tomorrow."),
}


# The same, where the words follow a number: each names the parameter that it counts.
COUNTED: dict[str, Any] = {
    "too_soon": ngettext_lazy(
        "Book at least %(days)s day ahead, or call us on %(phone)s.",
        "Book at least %(days)s days ahead, or call us on %(phone)s.",
        "days",
    ),
    "min_stay": ngettext_lazy(
        "%(nights)s night at least.", "%(nights)s nights at least.", "nights"
    ),
    "too_late": ngettext_lazy(
        "Booked up to %(hours)s hour before it begins. Choose a later date, or call us on "
        "%(phone)s.",
        "Booked up to %(hours)s hours before it begins. Choose a later date, or call us on "
        "%(phone)s.",
        "hours",
    ),
    "max_stay": ngettext_lazy("%(nights)s night at most.", "%(nights)s nights at most.", "nights"),
    "too_many_adults": ngettext_lazy(
        "%(max)s adult at most here.", "%(max)s adults at most here.", "max"
    ),
    "too_many_children": ngettext_lazy(
        "%(max)s child at most here.", "%(max)s children at most here.", "max"
    ),
    "too_many_bikes": ngettext_lazy(
        "One bicycle each: %(seats)s at most for you.",
        "One bicycle each: %(seats)s at most for you.",
        "seats",
    ),
    "care_partly_full": ngettext_lazy(
        "The carers have room for %(free)s more child of that age only. Choose another time for "
        "the others.",
        "The carers have room for %(free)s more children of that age only. Choose another time "
        "for the others.",
        "free",
    ),
    "slot_sold": ngettext_lazy(
        "%(sold)s place is booked: it stays open here. On its page an owner of the house calls the "
        "date off, or the office does, on %(phone)s.",
        "%(sold)s places are booked: it stays open here. On its page an owner of the house calls "
        "the date off, or the office does, on %(phone)s.",
        "sold",
    ),
    "rental_too_long": ngettext_lazy(
        "Lent for %(days)s day at most.", "Lent for %(days)s days at most.", "days"
    ),
    "too_many_guests": ngettext_lazy(
        "%(max)s person at most here: choose a larger one, or add another lodging.",
        "%(max)s persons at most here: choose a larger one, or add another lodging.",
        "max",
    ),
}


def trouble(
    code: str, *, line: int | None = None, field: str | None = None, **params: Any
) -> Trouble:
    """Return a trouble with its message in the active language; a Decimal is a sum in euros.

    A message that says to call the office has its number: `%(phone)s` is filled here.
    """
    shown = {key: _shown(value) for key, value in {"phone": phone(), **params}.items()}
    if code in COUNTED:
        message = str(COUNTED[code] % shown)
    else:
        text = str(MESSAGES.get(code) or _("It isn't possible."))
        grouped = {key: _grouped(value) for key, value in shown.items()}
        message = text % grouped if "%(" in text else text
    return Trouble(code=code, message=message, line=line, field=field, params=params)


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format_euros(value, get_language() or settings.LANGUAGE_CODE, is_exact=True)
    if isinstance(value, date):
        language = get_language() or settings.LANGUAGE_CODE
        return format_day_long(value, language, has_year=False)
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else value


def _grouped(value: Any) -> Any:
    """Write a large count by thousands: 50 000; a year isn't one."""
    is_large = isinstance(value, int) and value >= 10_000
    return number_format(value, force_grouping=True) if is_large else value


# Which input mends a trouble, where the caller gives none.
FIELD_OF = {
    "dates_missing": "arrival",
    "dates_reversed": "departure",
    "in_the_past": "arrival",
    "too_soon": "arrival",
    "too_far": "arrival",
    "booked_until": "arrival",
    "min_stay": "departure",
    "max_stay": "departure",
    "closed_to_arrival": "arrival",
    "closed_to_departure": "departure",
    "no_adult": "adults",
    "too_many_adults": "adults",
    "too_many_people": "adults",
    "too_many_guests": "adults",
    "too_many_children": "children",
    "ages_missing": "ages",
    "age_unreadable": "ages",
    "age_mismatch": "people",
    "too_many_bikes": "options",
    "too_many_bags": "options",
    "nobody": "people",
    "only_children": "people",
}


def troubles_of(
    problems: Iterable[Problem],
    *,
    line: int | None = None,
    field: str | None = None,
    other_field: str | None = None,
) -> list[Trouble]:
    """Put the problems of the rules into words.

    `field` is the input of all of them, `other_field` that of those that have none of their own.
    """
    return [
        trouble(
            one.code,
            line=line,
            field=field or FIELD_OF.get(one.code, other_field),
            **one.params,  # type: ignore[arg-type]
        )
        for one in problems
    ]
