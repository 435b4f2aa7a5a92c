"""Which rows and columns of a house are its own: what its export holds, named one by one.

Nothing goes out by being there: a column is listed here or it stays. Of bookings it is what the
host's pages show (`booking.booked_lines`), never a family name, a mail or a card; of money
its own part alone. Keys, secrets and whole addresses of calendars are passwords and stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet
from django.utils import translation

from booking.access import lines_of_house
from booking.booked_lines import booked_line
from booking.models import (
    AgeBand,
    BookingRequest,
    CapacityNeed,
    ChannelIncident,
    Closure,
    Feed,
    LineAnswer,
    NeedPeriod,
    NoticeChoice,
    Offer,
    OfferLabel,
    OfferPermit,
    OfferPhoto,
    OfferResource,
    OfferReview,
    OfferStep,
    OrderLine,
    Payout,
    PayoutReversal,
    PriceRule,
    Resource,
    Review,
    Slot,
    Stay,
    StayRestriction,
    Supplement,
    TalkMessage,
    Tariff,
    Unit,
    Webhook,
    WidgetSite,
)
from booking.own_labels import Labels, own_labels
from booking.papers import sealed_of
from members.models import (
    Advantage,
    ContractSignature,
    HouseKey,
    Invitation,
    Paper,
    PayoutAccount,
    Provider,
    ProviderRole,
)
from oti.lib.dates import paris
from oti.lib.sheets import Figure

Row = dict[str, Any]
LANGUAGES = ("fr", "en", "de")
# Rows that are read at once: a house with many bookings is no reason for much memory.
CHUNK = 500


@dataclass(frozen=True)
class Table:
    """One table of the export: its name, its rows for a house; its columns, where it has none."""

    name: str
    rows: Callable[[Provider, datetime], Iterable[Row]]
    columns: tuple[str, ...] = ()


def spoken(*names: str) -> list[str]:
    """Return the columns of translated texts, one a language."""
    return [f"{name}_{code}" for name in names for code in LANGUAGES]


def _columns(name: str, rows: Callable[[Provider], QuerySet[Any]], columns: Sequence[str]) -> Table:
    """Return a table of these columns as they stand in the database."""

    def read(provider: Provider, _now: datetime) -> Iterator[Row]:
        found = rows(provider).order_by("pk").values(*columns)
        for row in found.iterator(chunk_size=CHUNK):
            yield {key.replace("__", "_"): plain(value) for key, value in row.items()}

    return Table(name, read, tuple(key.replace("__", "_") for key in columns))


def plain(value: Any) -> Any:
    """Return a value as JSON has it: sums as text, days in ISO, moments of Paris with zone."""
    if isinstance(value, Decimal):
        return Figure(value)
    if isinstance(value, datetime):
        return paris(value).isoformat(timespec="seconds")
    if isinstance(value, date) or hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, DateRange):
        return [plain(value.lower), plain(value.upper)]
    return value


def _house(provider: Provider, _now: datetime) -> Iterator[Row]:
    names = [
        *("slug", "name", "host_names", *spoken("story"), "legal_name", "siret"),
        *("is_professional", "tax_mandate_signed_on", "address", "phone", "email", "language"),
        *("commission_percent", "state", "enrolment", "submitted_at", "office_note"),
        *("activities", "created_at"),
    ]
    row = {name: plain(getattr(provider, name)) for name in names}
    account = PayoutAccount.objects.filter(provider=provider).first()
    yield {
        **row,
        "commune": provider.commune.name,
        "payout_account": account.state if account else "missing",
    }


def _papers(provider: Provider, _now: datetime) -> Iterator[Row]:
    for one in Paper.objects.filter(provider=provider).order_by("pk"):
        yield {
            "code": one.code,
            "number": one.number,
            "valid_until": plain(one.valid_until),
            "review": one.review,
            "remark": one.remark,
            "document": f"documents/{document_name(one)}" if one.file_key else "",
            "details": sealed_of(one),
            "updated_at": plain(one.updated_at),
        }


def document_name(paper: Paper) -> str:
    """Return the name of a paper's document in the export: nothing that a folder could read."""
    name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in paper.file_name)
    return f"{paper.code}-{name.lstrip('.-') or 'document'}"


def _photos(provider: Provider, _now: datetime) -> Iterator[Row]:
    for one in photos_of(provider).iterator(chunk_size=CHUNK):
        yield {
            "offer": one.offer.slug,
            "position": one.position,
            "shows": one.alt,
            "credit": one.image.credit,
            "rights": one.image.rights,
            "rights_until": plain(one.image.rights_until),
            "file": photo_name(one),
        }


def photos_of(provider: Provider) -> QuerySet[OfferPhoto]:
    """Return the photographs of a house's offers, in their order."""
    rows = OfferPhoto.objects.filter(offer__provider=provider).select_related("offer", "image")
    return rows.order_by("offer_id", "position", "pk")


def photo_name(photo: OfferPhoto) -> str:
    """Return where a photograph is in the export."""
    ending = photo.image.file.name.rpartition(".")[2].lower()
    return f"photos/{photo.offer.slug}-{photo.pk}.{ending if ending.isalnum() else 'img'}"


def _bookings(provider: Provider, now: datetime) -> Iterator[Row]:
    lines = lines_of_house(provider).select_related("order", "offer", "slot", "sub_order__provider")
    rows = lines.prefetch_related("participants").order_by("starts_at", "pk")
    with translation.override(provider.language):
        for some in _parts(rows.iterator(chunk_size=CHUNK)):
            labels = own_labels(some)
            for line in some:
                yield _booking(line, labels, now=now)


def _parts(lines: Iterator[OrderLine]) -> Iterator[list[OrderLine]]:
    """Yield lines as they are read, so many at once."""
    while some := list(islice(lines, CHUNK)):
        yield some


def _booking(line: OrderLine, labels: Labels, *, now: datetime) -> Row:
    """Return a sold line as its house reads it, options under the house's own names."""
    booked = booked_line(
        line,
        first=line.first_arrival,  # type: ignore[attr-defined]
        now=now,
        labels=labels,
    )
    return {
        "line": line.pk,
        "reference": booked.reference,
        "state": booked.state,
        "kind": booked.kind,
        "offer": line.offer.slug,
        "title": booked.title,
        "unit": booked.unit_name,
        "arrival": plain(line.arrival),
        "departure": plain(line.departure),
        "starts_at": plain(line.starts_at),
        "ends_at": plain(line.ends_at),
        "quantity": line.quantity,
        "booked_by": booked.guest,
        "phone": booked.phone,
        "guests": [
            {"first_name": one.first_name, "age": one.age} for one in line.participants.all()
        ],
        "options": list(booked.options),
        "needs": booked.needs,
        "net_amount": plain(line.net_amount),
        "vat_amount": plain(line.vat_amount),
        "gross_amount": plain(line.gross_amount),
        "tourist_tax_amount": plain(line.tourist_tax_amount),
        "tourist_tax_on_site_amount": plain(line.tourist_tax_on_site_amount),
        "sold_on": plain(line.order.confirmed_at),
    }


def _of_offer(model: Any) -> Callable[[Provider], QuerySet[Any]]:
    return lambda house: model.objects.filter(offer__provider=house)


def _of_tariff(model: Any) -> Callable[[Provider], QuerySet[Any]]:
    return lambda house: model.objects.filter(tariff__offer__provider=house)


TABLES: tuple[Table, ...] = (
    Table("house", _house),
    _columns(
        "people",
        lambda house: ProviderRole.objects.filter(provider=house),
        ("user__email", "role"),
    ),
    _columns(
        "invitations",
        lambda house: Invitation.objects.filter(provider=house),
        ("email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "withdrawn_at"),
    ),
    Table("papers", _papers),
    _columns(
        "contracts",
        lambda house: ContractSignature.objects.filter(provider=house),
        ("version", "sha256", "commission_percent", "signed_name", "signed_at", "text__body"),
    ),
    _columns(
        "offers",
        lambda house: Offer.objects.filter(provider=house),
        (
            *("id", "slug", "kind", "state"),
            *spoken("title", "summary", "description", "place", "access_info"),
            *("commune__name", "latitude", "longitude", "features", "cancellation_policy__name"),
            *("vat_rate", "vat_scheme", "min_age", "max_age", "duration_minutes"),
            *("min_advance_days", "max_advance_days", "deposit_amount", "season_from_month"),
            *("season_to_month", "lodging_type", "tax_category", "registration_number"),
            *("bedrooms", "check_in_from", "check_in_until", "check_out_until"),
            *("created_at", "updated_at"),
        ),
    ),
    _columns(
        "units",
        _of_offer(Unit),
        (
            *("id", "offer__slug", "tariff_id", *spoken("name"), "max_adults", "max_children"),
            *("max_guests", "max_infants", "is_active"),
        ),
    ),
    _columns(
        "tariffs",
        _of_offer(Tariff),
        (
            *("id", "offer__slug", *spoken("name"), "base_amount", "base_occupancy"),
            *("extra_person_amount", "min_stay", "max_stay", "fills_gaps"),
        ),
    ),
    _columns("prices", _of_tariff(PriceRule), ("tariff_id", "level", "dates", "weekday", "amount")),
    _columns(
        "rules_of_stay",
        _of_tariff(StayRestriction),
        ("tariff_id", "kind", "dates", "weekday", "value"),
    ),
    _columns(
        "supplements",
        _of_offer(Supplement),
        (
            *("offer__slug", "code", *spoken("name"), "kind", "basis", "amount", "is_mandatory"),
            *("max_quantity", "vat_rate"),
        ),
    ),
    _columns(
        "prices_by_age",
        _of_offer(AgeBand),
        ("offer__slug", "code", *spoken("name"), "min_age", "max_age", "amount"),
    ),
    _columns(
        "steps",
        _of_offer(OfferStep),
        ("offer__slug", "position", *spoken("title", "place", "plan_b"), "minutes"),
    ),
    _columns(
        "permits",
        _of_offer(OfferPermit),
        (
            *("offer__slug", "regime", "number", "authority", "valid_until", "checked_on"),
            *("children_below_six", "children_from_six"),
        ),
    ),
    _columns(
        "labels", _of_offer(OfferLabel), ("offer__slug", "code", "level", "families", "valid_until")
    ),
    Table("photos", _photos),
    _columns(
        "closures",
        lambda house: Closure.objects.filter(unit__offer__provider=house),
        ("unit_id", "dates", "reason"),
    ),
    _columns(
        "nights_taken_elsewhere",
        lambda house: Stay.objects.filter(unit__offer__provider=house, state=Stay.State.BLOCKED),
        ("unit_id", "dates"),
    ),
    _columns(
        "dates",
        lambda house: Slot.stocks.filter(offer__provider=house),
        (
            *("id", "offer__slug", "day", "start_time", "starts_at", "ends_at", "resource"),
            *("capacity", "sold", "is_closed", "closed_reason", "plan_b_reason"),
        ),
    ),
    Table("bookings", _bookings),
    _columns(
        "statements",
        lambda house: Payout.objects.filter(sub_order__provider=house),
        (
            *("id", "sub_order__order__reference", "sub_order__gross_amount"),
            *("sub_order__tourist_tax_amount", "sub_order__commission_percent"),
            *("sub_order__commission_amount", "sub_order__payout_amount", "amount", "state"),
            *("release_on", "sent_amount", "netted_amount", "reversed_amount", "paid_at"),
        ),
    ),
    _columns(
        "taken_back",
        lambda house: PayoutReversal.objects.filter(payout__sub_order__provider=house),
        (
            *("payout_id", "payout__sub_order__order__reference", "amount", "state"),
            *("netted_amount", "created_at", "done_at"),
        ),
    ),
    _columns(
        "linked_calendars",
        lambda house: Feed.objects.filter(unit__offer__provider=house),
        ("unit_id", "name", "platform", "masked", "is_paused", "created_at", "last_good_at"),
    ),
    _columns(
        "double_bookings",
        lambda house: ChannelIncident.objects.filter(unit__offer__provider=house),
        (
            *("unit_id", "feed_name", "order_line__order__reference", "dates", "state"),
            *("outcome", "note", "opened_at", "settled_at"),
        ),
    ),
    _columns(
        "keys",
        lambda house: HouseKey.objects.filter(provider=house),
        (
            *("name", "prefix", "scopes", "made_by__email", "created_at", "expires_on"),
            *("last_used_on", "revoked_at"),
        ),
    ),
    _columns(
        "webhooks",
        lambda house: Webhook.objects.filter(provider=house),
        ("masked", "topics", "pause", "created_at"),
    ),
    _columns(
        "requests",
        lambda house: BookingRequest.objects.filter(provider=house),
        ("code", "offer__slug", "first_name", "state", "deadline"),
    ),
    _columns(
        "messages",
        lambda house: TalkMessage.objects.filter(talk__provider=house),
        ("talk__order__reference", "author", "text", "at"),
    ),
    _columns(
        "what_guests_say",
        lambda house: LineAnswer.objects.filter(provider=house),
        ("line__order__reference", "offer__slug", "score", "words", "answered_at"),
    ),
    _columns(
        "reviews",
        lambda house: Review.objects.filter(provider=house),
        (
            *("offer__slug", "first_name", "score", "words", "experience_on", "state"),
            *("published_at", "reply", "reply_state", "reply_at"),
        ),
    ),
    _columns(
        "dates_to_fill",
        lambda house: CapacityNeed.objects.filter(provider=house),
        (
            *("offer__slug", "quantity", "floor_amount", "audience", "max_redemptions"),
            *("redeemed", "last_day", "is_paused", "ended_at", "created_at"),
        ),
    ),
    _columns(
        "dates_to_fill_periods",
        lambda house: NeedPeriod.objects.filter(need__provider=house),
        ("need_id", "dates"),
    ),
    _columns(
        "shared_resources",
        lambda house: Resource.objects.filter(provider=house),
        ("id", "name", "quantity"),
    ),
    _columns(
        "shared_resources_of_offers",
        lambda house: OfferResource.objects.filter(resource__provider=house),
        ("resource_id", "offer__slug", "quantity", "minutes_before", "minutes_after"),
    ),
    _columns(
        "offers_being_changed",
        lambda house: OfferReview.objects.filter(offer__provider=house),
        ("offer__slug", "state", "pending", "remarks", "note", "submitted_at"),
    ),
    _columns(
        "notices",
        lambda house: NoticeChoice.objects.filter(provider=house),
        ("way", "phone", "updated_at"),
    ),
    _columns(
        "advantages_for_residents",
        lambda house: Advantage.objects.filter(provider=house),
        (*spoken("text"), "first_day", "last_day", "created_at", "ended_at"),
    ),
    _columns(
        "widget_sites",
        lambda house: WidgetSite.objects.filter(provider=house),
        ("origin", "created_at"),
    ),
)
# Rows that lead to a house and are in no table, each with its reason: a test asks for one.
LEFT_OUT = {
    "booking.BasketLine": "what visitors think of buying is theirs",
    "booking.CalledOff": "how far a date was given back; its bookings are in bookings",
    "booking.CampaignNeed": "what the office writes to guests; the need itself is in needs",
    "booking.CareSheet": "what parents tell is deleted by itself and read on its page alone",
    "booking.ExportLink": "an address that is a password",
    "booking.FeedEvent": "the nights are in nights_taken_elsewhere",
    "booking.GuestImport": "the house's own file, given to the office with its legal basis",
    "booking.GuestImportRow": "the house's own file; deleted some weeks after",
    "booking.HouseMonth": "sums of what is in bookings and nights",
    "booking.HousePhoto": "the photographs of its offers are in photos",
    "booking.HookDelivery": "what was told repeats what is here",
    "booking.NightEdit": "what undoes a change, for a day",
    "booking.NeedBooking": "how often a need was booked is in needs",
    "booking.OrderItem": "the price of a line is with the line",
    "booking.OrderLine": "in bookings, as its host may know it",
    "booking.PayoutNetting": "its sum is in statements and taken_back",
    "booking.ProposedNeed": "to whom the office wrote is theirs",
    "booking.ReadyStep": "stays that the office writes",
    "booking.SellerAsk": "when we asked for seller data; what was said is in papers",
    "booking.PastStay": "the office's count of stays, over all houses; a house's are in bookings",
    "booking.Refund": "what the visitor got back; the house's part is in statements",
    "booking.ReviewReport": "what others tell the office",
    "booking.SlotHold": "what visitors think of buying is theirs",
    "booking.SlotTake": "its places are in bookings",
    "booking.SubOrder": "in statements",
    "booking.Talk": "its messages are in messages",
    "booking.UnitDay": "derived, for searching only",
    "events.Event": "written by the office",
    "events.Session": "written by the office",
    "events.Ticket": "the visitor's",
    "members.FormerMember": "of another person",
    "members.HouseExport": "this file",
    "members.KeyReply": "what a program was answered, for a day",
    "members.PayoutAccount": "its state is in house; the reference belongs to the bank",
    "members.Provider": "in house",
}
EXPORTED = {
    *("booking.AgeBand", "booking.ChannelIncident", "booking.Closure", "booking.Feed"),
    *("booking.Offer", "booking.OfferLabel", "booking.OfferPermit", "booking.OfferPhoto"),
    *("booking.OfferStep", "booking.Payout", "booking.PayoutReversal", "booking.PriceRule"),
    *("booking.Slot", "booking.Stay", "booking.StayRestriction", "booking.Supplement"),
    *("booking.Tariff", "booking.Unit", "booking.Webhook", "members.ContractSignature"),
    *("booking.BookingRequest", "booking.TalkMessage", "booking.CapacityNeed"),
    *("booking.NeedPeriod", "booking.Resource", "booking.OfferResource", "booking.OfferReview"),
    "members.Advantage",
    *("booking.NoticeChoice", "booking.WidgetSite", "booking.LineAnswer"),
    "booking.Review",
    *("members.HouseKey", "members.Invitation", "members.Paper", "members.ProviderRole"),
}
