"""A host's papers: what is asked of its house, what it gave, what it signed, what ends soon.

What is asked is data (`members.rules.papers`); here rows are read and written. A document is
stored before the transaction that speaks of it and the one it replaces is deleted after.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from booking import locks
from booking.messages import write_message
from booking.models import OfferPermit
from booking.refusals import NotAllowed, Refusal, WrongState, trouble
from members.journal import SYSTEM, Actor, record
from members.models import ContractSignature, ContractText, Paper, Provider
from members.rules import enrolment, papers
from oti.lib.dates import today as day_of
from oti.lib.private_files import drop_file, keep_file, read_file
from oti.lib.sealing import Unreadable, seal, unseal

logger = logging.getLogger(__name__)

HOUSE, SIRET, SELLER, CONTRACT = "house", "siret", "seller", "contract"


@dataclass(frozen=True)
class Item:
    """One line of the checklist: what is asked, what was given, where it stands."""

    paper: papers.Paper
    row: Paper | None
    given: papers.Given
    standing: str

    @property
    def code(self) -> str:
        """Return the code of the paper."""
        return self.paper.code

    @property
    def is_to_do(self) -> bool:
        """Whether it keeps the house from being sent to the office."""
        return self.standing in papers.BLOCKING


@dataclass(frozen=True)
class Document:
    """A file that was looked at: what it is is known from its content."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class PaperInput:
    """What a host gives for one paper; `document` None keeps the one that is there."""

    number: str = ""
    valid_until: date | None = None
    document: Document | None = None
    sealed: Mapping[str, str] | None = None


# --- Reading ------------------------------------------------------------------------------------
def host_of(provider: Provider) -> papers.Host:
    """Return what the rules must know of a house."""
    return papers.Host(frozenset(provider.activities), provider.is_professional)


def checklist(provider: Provider, *, today: date) -> list[Item]:
    """Return everything that is asked of a house and where each stands on a day."""
    rows = {one.code: one for one in Paper.objects.filter(provider=provider)}
    given = {one.code: _given(provider, one, rows, today) for one in papers.PAPERS}
    return [
        Item(
            paper=one,
            row=rows.get(one.code),
            given=given[one.code],
            standing=papers.standing_of(one, given[one.code], today=today),
        )
        for one in papers.papers_of(host_of(provider))
    ]


def item_of(provider: Provider, code: str, *, today: date) -> Item | None:
    """Return one line of the checklist, None for what isn't asked of this house."""
    return next((one for one in checklist(provider, today=today) if one.code == code), None)


def is_complete(items: list[Item]) -> bool:
    """Tell whether a house may be sent to the office."""
    return not any(one.is_to_do for one in items)


def mark_of(provider: Provider) -> str:
    """Return what tells a house that was read from one that changed since: a fingerprint."""
    rows = Paper.objects.filter(provider=provider).order_by("code")
    told: list[Any] = [
        [one.code, one.number, str(one.valid_until), one.file_key, one.review, one.remark]
        for one in rows
    ]
    told += [hashlib.sha256(bytes(one.sealed or b"")).hexdigest() for one in rows]
    signed = ContractSignature.objects.filter(provider=provider).order_by("pk")
    told += [list(signed.values_list("pk", flat=True))]
    told += [provider.enrolment, provider.name, provider.legal_name, provider.siret]
    told += [provider.address, provider.phone, provider.email, provider.commune_id]
    told += [provider.is_professional, provider.activities, str(provider.commission_to_sign)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def sealed_of(paper: Paper | None) -> dict[str, str]:
    """Return what was sealed with a paper, empty when nothing was or it can't be opened."""
    if paper is None or paper.sealed is None:
        return {}
    try:
        opened: dict[str, str] = json.loads(unseal(paper.sealed))
    except Unreadable:
        logger.exception("paper %s can't be opened", paper.pk)
        return {}
    return opened


def document_of(paper: Paper) -> bytes:
    """Return the document of a paper; raises Unreadable."""
    return read_file(paper.file_key)


def permits_of(provider: Provider) -> list[OfferPermit]:
    """Return the authorisations under which this house's childcare is sold (`booking.permits`)."""
    rows = OfferPermit.objects.filter(offer__provider=provider).select_related("offer")
    return list(rows.order_by("valid_until", "pk"))


def contract_of(language: str, *, today: date) -> ContractText | None:
    """Return the contract that a host signs on a day; production knows no demonstration's."""
    text = ContractText.objects.in_force(language, today)
    return None if text is None or (text.is_demo and not settings.SELLS_ON_DEMO_TEXTS) else text


def signature_of(provider: Provider, *, today: date) -> ContractSignature | None:
    """Return the signature that holds: of the version in force, in any language, at this rate."""
    versions = {
        text.version
        for text in (contract_of(language, today=today) for language in ("fr", "en"))
        if text is not None
    }
    held = ContractSignature.objects.filter(
        provider=provider, version__in=versions, commission_percent=provider.commission_to_sign
    )
    return held.first()


def _given(
    provider: Provider, paper: papers.Paper, rows: Mapping[str, Paper], today: date
) -> papers.Given:
    row = rows.get(paper.code)
    number = row.number if row else ""
    if paper.code == HOUSE:
        known = (provider.name, provider.address, provider.phone, provider.email)
        number = provider.name if all(known) and provider.activities else ""
    elif paper.code == SIRET:
        number = provider.siret if provider.legal_name else ""
    elif paper.code == SELLER:
        number = "sealed" if sealed_of(row) else ""
    elif paper.code == CONTRACT:
        signed = signature_of(provider, today=today)
        number = signed.version if signed else ""
    return papers.Given(
        number=number,
        valid_until=row.valid_until if row else None,
        has_document=bool(row and row.file_key),
        is_to_fix=bool(row and row.review == Paper.Review.TO_FIX),
        is_accepted=bool(row and row.review == Paper.Review.ACCEPTED),
    )


# --- Giving -------------------------------------------------------------------------------------
def give_paper(
    provider: Provider, code: str, given: PaperInput, *, actor: Actor, now: datetime
) -> Paper:
    """Write what a host gives for one paper; what the office had said of it is answered.

    Raises NotAllowed `paper_unknown` for what isn't asked of this house.
    """
    paper = papers.BY_CODE.get(code)
    if paper is None or paper not in papers.papers_of(host_of(provider)):
        raise NotAllowed(trouble("paper_unknown"))
    # Before the transaction: a file is slow. Its key is new, nothing speaks of it yet.
    key = keep_file(given.document.content) if given.document else ""
    try:
        with locks.write_transaction():
            locks.lock_provider(provider.pk)
            row = _row(provider, code, now)
            old = row.file_key
            row.number = given.number
            row.valid_until = given.valid_until
            if given.sealed is not None:
                row.sealed = seal(json.dumps(dict(given.sealed)))
            if given.document:
                _put_document(row, given.document, key)
                if old:
                    transaction.on_commit(lambda: drop_file(old))
            _write(row, "paper given", actor=actor, now=now)
    except BaseException:
        if key:
            drop_file(key)
        raise
    return row


def keep_document(
    provider: Provider, code: str, document: Document, *, actor: Actor, now: datetime
) -> Paper:
    """Keep a document although the rest of its form is to be put right: it isn't sent twice."""
    known = Paper.objects.filter(provider=provider, code=code).first()
    return give_paper(
        provider,
        code,
        PaperInput(
            number=known.number if known else "",
            valid_until=known.valid_until if known else None,
            document=document,
        ),
        actor=actor,
        now=now,
    )


def drop_document(provider: Provider, code: str, *, actor: Actor, now: datetime) -> None:
    """Delete the document of a paper; without one nothing is done."""
    with locks.write_transaction():
        locks.lock_provider(provider.pk)
        row = Paper.objects.filter(provider=provider, code=code).exclude(file_key="").first()
        if row is None:
            return
        old = row.file_key
        row.file_key = row.file_name = row.file_type = ""
        row.file_size = 0
        transaction.on_commit(lambda: drop_file(old))
        _write(row, "document deleted", actor=actor, now=now)


@dataclass(frozen=True)
class HouseFacts:
    """Who a house is and how it is reached (DSA art. 30)."""

    name: str
    commune_id: int
    activities: tuple[str, ...]
    is_professional: bool
    address: str
    phone: str
    email: str


def describe_house(provider: Provider, facts: HouseFacts, *, actor: Actor, now: datetime) -> None:
    """Write who a house is; what is asked of it may change with it.

    Of a house that sells, only address, phone and where its mails go: the rest moves tax and law,
    the office does it.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        changed: dict[str, Any] = {
            "address": facts.address,
            "phone": facts.phone,
            "email": facts.email,
        }
        if house.enrolment in enrolment.NOT_YET:
            changed |= {
                "name": facts.name,
                "commune_id": facts.commune_id,
                "activities": list(facts.activities),
                "is_professional": facts.is_professional,
            }
        _change(house, changed, actor=actor, now=now)
        _answer_remark(house, HOUSE, now)


def give_siret(
    provider: Provider, *, siret: str, legal_name: str, actor: Actor, now: datetime
) -> None:
    """Write the number and the legal name of a professional.

    Of a house that was approved, both are the office's to change, but for what it asked to be put
    right or never had: whom visitors contract with isn't changed unseen. Raises NotAllowed
    `legal_person_fixed`.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        is_new = (house.siret, house.legal_name) != (siret, legal_name)
        if is_new and not may_change_siret(house):
            raise NotAllowed(trouble("legal_person_fixed"))
        _change(house, {"siret": siret, "legal_name": legal_name}, actor=actor, now=now)
        _answer_remark(house, SIRET, now)


def may_change_siret(house: Provider) -> bool:
    """Tell whether the host itself may still write under which number its house is registered."""
    if house.enrolment in enrolment.NOT_YET or not (house.siret and house.legal_name):
        return True
    asked = Paper.objects.filter(provider=house, code=SIRET, review=Paper.Review.TO_FIX)
    return asked.exists()


def sign_contract(
    provider: Provider,
    *,
    text: ContractText | None,
    shown_sha256: str,
    shown_commission: Decimal,
    signed_name: str,
    actor: Actor,
    now: datetime,
) -> ContractSignature:
    """Keep a typed signature under the contract that was shown, word for word; twice is once.

    Raises NotAllowed `contract_missing`, WrongState `contract_changed` when it isn't the one that
    was shown (features.md H05).
    """
    if text is None:
        raise NotAllowed(trouble("contract_missing"))
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        if text.sha256 != shown_sha256 or house.commission_to_sign != shown_commission:
            raise WrongState(trouble("contract_changed"))
        signed, is_new = ContractSignature.objects.get_or_create(
            provider=house,
            sha256=text.sha256,
            commission_percent=house.commission_to_sign,
            defaults={
                "text": text,
                "version": text.version,
                "signed_name": signed_name,
                "user_id": actor.user_id,
                "signed_at": now,
            },
        )
        if house.commission_proposed is not None:
            house.commission_percent, house.commission_proposed = house.commission_proposed, None
            house.save(update_fields=["commission_percent", "commission_proposed"])
        if is_new:
            record(
                "contract signed",
                f"provider:{house.pk}",
                actor=actor,
                at=now,
                version=text.version,
                sha256=text.sha256,
                commission=str(house.commission_percent),
                name=signed_name,
            )
        _answer_remark(house, CONTRACT, now)
    return signed


def _row(provider: Provider, code: str, now: datetime) -> Paper:
    row, _is_new = Paper.objects.get_or_create(
        provider=provider, code=code, defaults={"updated_at": now}
    )
    return row


def _put_document(row: Paper, document: Document, key: str) -> None:
    row.file_key = key
    row.file_name = document.name
    row.file_type = document.kind
    row.file_size = len(document.content)


def _write(row: Paper, verb: str, *, actor: Actor, now: datetime) -> None:
    row.review = Paper.Review.GIVEN
    row.remark = ""
    row.updated_at = now
    row.save()
    until = row.valid_until.isoformat() if row.valid_until else ""
    subject = f"provider:{row.provider_id}"
    record(verb, subject, actor=actor, at=now, paper=row.code, until=until)


def _change(house: Provider, changed: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    names = [name for name, value in changed.items() if getattr(house, name) != value]
    if not names:
        return
    for name in names:
        setattr(house, name, changed[name])
    house.save(update_fields=names)
    record("house described", f"provider:{house.pk}", actor=actor, at=now, fields=names)


def _answer_remark(house: Provider, code: str, now: datetime) -> None:
    Paper.objects.filter(provider=house, code=code).update(
        review=Paper.Review.GIVEN, remark="", updated_at=now
    )


# --- What ends ----------------------------------------------------------------------------------
# A paper that ended long ago is no news any more.
LOOKS_BACK = timedelta(days=30)


def remind_of_papers(*, now: datetime) -> int:
    """Write to hosts whose papers end: 60, 30 and 7 days before and the day after, once each.

    The office is told of those that ended. What was sold is honoured; what may only be sold with
    an authorisation stops by itself (`booking.permits`). Returns how many letters are new.
    """
    today = day_of(now)
    ending = (
        Paper.objects.filter(
            valid_until__gte=today - LOOKS_BACK,
            valid_until__lte=today + timedelta(days=papers.REMINDERS[0]),
        )
        .exclude(provider__enrolment__in=enrolment.NOT_YET)
        .select_related("provider")
        .order_by("valid_until", "pk")
    )
    new = 0
    for one in list(ending):
        try:
            new += _remind(one, today=today, now=now)
        except (Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("no reminder of paper %s: %s", one.pk, error)
    return new


def _remind(paper: Paper, *, today: date, now: datetime) -> int:
    until = paper.valid_until
    step = papers.reminder_of(until, today=today) if until else None
    if until is None or step is None:
        return 0
    house = paper.provider
    data = {"paper": paper.pk, "until": until.isoformat(), "step": step}
    key = f"paper:{paper.pk}:{until}:{step}"
    letters = [(key, house.email, house.language, {**data, "is_office": False})]
    if step == papers.DAY_AFTER:
        office = settings.OFFICE["email"]
        letters.append((f"{key}:office", office, "fr", {**data, "is_office": True}))
    new = 0
    with locks.write_transaction():
        for known, recipient, language, told in letters:
            new += write_message(
                "paper_ending",
                key=known,
                recipient=recipient,
                language=language,
                data=told,
                now=now,
            )
        if new and step == papers.DAY_AFTER:
            record(
                "paper ended",
                f"provider:{house.pk}",
                actor=SYSTEM,
                at=now,
                paper=paper.code,
                until=until.isoformat(),
            )
    return new
