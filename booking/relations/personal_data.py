"""Every table with something about a person, in one place: what a copy holds, what erasing does.

Domain.md §8.1. A test fails when a model with an address, a name, a phone or an account isn't here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from booking.models import BookingRequest, Meeting, Order
from members.addresses import verified_addresses
from members.models import Ambassador, Customer, CustomerIdentity, Greeter, HouseholdMember, User
from members.rules.customers import address_key


@dataclass(frozen=True)
class Kept:
    """What becomes of one table: in which part of the copy it is, and what erasing does of it."""

    # Name of the part of the copy; "" where it holds nothing of its own.
    copied: str
    erased: str


_WORK = "of those who work here: their account is closed by an administrator first"
_OFFICE = "who of the office did it: not about the guest"
TABLES: Mapping[str, Kept] = {
    "booking.Basket": Kept("", "the account is taken off; deleted by itself after some days"),
    "booking.BookingRequest": Kept("requests", "names, address, phone, needs and words go"),
    "booking.CalledOff": Kept("", _WORK),
    "booking.Complaint": Kept("complaints", "words go; that there was one stays"),
    "booking.FollowUp": Kept("", "deleted"),
    "booking.GatewayEvent": Kept("", "what the bank told is emptied once it is understood"),
    "booking.Gift": Kept("gifts", "name, address and postal address go; that there was one stays"),
    "booking.GuestImport": Kept("", _OFFICE),
    "booking.GuestImportRow": Kept("imports", "deleted"),
    "booking.Meeting": Kept("meetings", "names, address, phone, words and messages go"),
    "booking.NightEdit": Kept("", _WORK),
    "booking.NoticeChoice": Kept("", _WORK),
    "booking.Order": Kept("orders", "a pseudonym; sums are kept ten years (C. com. L123-22)"),
    "booking.OrderEvidence": Kept("contracts", "kept ten years, without a name (L213-1)"),
    "booking.Organiser": Kept("", "of the office itself"),
    "booking.OutboxMessage": Kept("mails", "emptied; not sent where it waits"),
    "booking.Participant": Kept("people", "names go; ages at arrival stay with the tourist tax"),
    "booking.PastStay": Kept("stays", "stays, of nobody who can be named"),
    "booking.Referral": Kept("invitations", "whose friend it was stays, without a name"),
    "booking.Review": Kept("reviews", "name and words go; the score stays"),
    "booking.ReviewReport": Kept("reports", "deleted"),
    "booking.Survey": Kept("surveys", "words go; the score stays"),
    "booking.LineAnswer": Kept("answers", "words go; the score stays"),
    "booking.TalkMessage": Kept("messages", "deleted with its thread"),
    "members.AccountWarning": Kept("", "deleted"),
    "members.Ambassador": Kept("ambassador", "ended; name, page and the office's words go"),
    "members.CharterSignature": Kept("greeter", "the signature is named by a pseudonym"),
    "members.ContractSignature": Kept("", _WORK),
    "members.Customer": Kept("guest", "emptied"),
    "members.CustomerAddress": Kept("guest", "a pseudonym"),
    "members.CustomerIdentity": Kept("guest", "a pseudonym"),
    "members.CustomerMerge": Kept("", "numbers alone; its reason goes"),
    "members.CustomerNote": Kept("notes", "deleted"),
    "members.Entry": Kept(
        "", "the account is named by its number; reasons of merges and of what was cancelled go"
    ),
    "members.FormerMember": Kept("", "deleted"),
    "members.Greeter": Kept("greeter", "shown no more; name, words, phone, photograph go"),
    "members.HouseExport": Kept("", _WORK),
    "members.HouseKey": Kept("", _WORK),
    "members.HouseholdInvitation": Kept("", "deleted"),
    "members.HouseholdMember": Kept("household", "left; with its last person it ends"),
    "members.Invitation": Kept("", "deleted"),
    "members.LetterAddress": Kept("letters", "deleted; a fingerprint remembers the no"),
    "members.LetterChoice": Kept("letters", "deleted with its address"),
    "members.MissionTake": Kept("missions", "words go; that it was done stays, without a name"),
    "members.Provider": Kept("", "a house: its export is in its own space"),
    "members.ProviderRole": Kept("", _WORK),
    "members.User": Kept("account", "closed; a pseudonym"),
    "account.EmailAddress": Kept("account", "deleted"),
    "mfa.Authenticator": Kept("", "deleted"),
    "socialaccount.SocialAccount": Kept("google", "deleted"),
}
# Apps of which only those who work here have rows.
OF_THE_DESK = frozenset(
    {
        *("wagtailcore", "wagtailadmin", "wagtailusers", "wagtailimages", "wagtaildocs"),
        *("wagtail_localize", "destination", "admin"),
    }
)


@dataclass(frozen=True)
class Subject:
    """A person as far as they have proved who they are: addresses in lower case, an account."""

    emails: frozenset[str] = field(default_factory=frozenset)
    user: User | None = None
    # Somebody has an account with this address, and isn't signed in.
    has_account: bool = False

    @classmethod
    def of_address(cls, email: str) -> Subject:
        """Return who reads a mail to an address, and nothing of an account that is theirs.

        That one is opened by signing in, with its second step where it has one.
        """
        proved = EmailAddress.objects.filter(email__iexact=email, verified=True)
        return cls(frozenset({address_key(email)}), has_account=proved.exists())

    @classmethod
    def of_account(cls, user: User) -> Subject:
        """Return who is signed in: what every address says that they have proved."""
        return cls(frozenset(address_key(one) for one in verified_addresses(user)), user)

    def orders(self) -> QuerySet[Order]:
        """Return what they bought."""
        return Order.objects.filter(self._theirs()).order_by("pk")

    def requests(self) -> QuerySet[BookingRequest]:
        """Return what they asked hosts for."""
        return BookingRequest.objects.filter(self._theirs()).order_by("pk")

    def meetings(self) -> QuerySet[Meeting]:
        """Return the meetings that they asked greeters for."""
        return Meeting.objects.filter(self._theirs()).order_by("pk")

    def identities(self) -> QuerySet[CustomerIdentity]:
        """Return the names that their addresses booked under."""
        return CustomerIdentity.objects.filter(address__email__in=self.emails).order_by("pk")

    def customers(self) -> QuerySet[Customer]:
        """Return the office's records of them: those that no address of somebody else has too."""
        others = CustomerIdentity.objects.exclude(address__email__in=self.emails)
        mine = Customer.objects.filter(identities__address__email__in=self.emails)
        return mine.exclude(identities__in=others).distinct().order_by("pk")

    def greeter(self) -> Greeter | None:
        """Return their profile of a greeter."""
        return Greeter.objects.filter(user=self.user).first() if self.user else None

    def ambassador(self) -> Ambassador | None:
        """Return them as one who invites friends."""
        return Ambassador.objects.filter(user=self.user).first() if self.user else None

    def household_member(self) -> HouseholdMember | None:
        """Return what they are in a household."""
        if self.user is None:
            return None
        return HouseholdMember.objects.filter(user=self.user).select_related("household").first()

    def _theirs(self) -> Q:
        found = Q(pk__in=[])
        for email in self.emails:
            found |= Q(email__iexact=email)
        return found | Q(user=self.user) if self.user else found
