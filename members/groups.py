"""Who may work at the office's desk, who writes which pages, who sees a provider's bookings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import product

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from destination.models import OfficeReview, PolePage
from members.journal import Actor, record
from members.models import FormerMember, Provider, ProviderRole, User

OFFICE = "Office"
POLE_EDITORS = "Editors: "
REVIEW = "Relecture par l’office"

# Written with their app's name: the rights of a floor above are known by name only.
FULL = {
    "booking": (
        "offer",
        "offerphoto",
        "unit",
        "tariff",
        "pricerule",
        "stayrestriction",
        "supplement",
        "ageband",
        "slot",
        "closure",
        "cancellationpolicy",
        "cancellationstep",
        "taxcollectivity",
        "touristtaxtariff",
        "organiser",
        "readystay",
        "readystep",
        "referralgift",
        "giftcampaign",
        "poleseason",
    ),
    "members": (
        *("provider", "providerrole", "contracttext", "greetercharter", "ambassadorcharter"),
        "mission",
    ),
    "events": ("event", "session"),
    "wagtailredirects": ("redirect",),
    "destination": (
        "site",
        "station",
        "legaltext",
        "perimeteractivation",
        "communeoutline",
        "trail",
    ),
}
SEE_AND_ACT = {
    "booking": (
        "offerreview",
        "order",
        "outboxmessage",
        "gatewayevent",
        "followup",
        "review",
        "complaint",
        "referral",
        "relationsettings",
        "lifecycleswitch",
        "guestimport",
        "campaign",
    ),
    "destination": ("pole",),
    "members": ("household", "greeter", "ambassador", "missiontake", "customer"),
}
SEE = {
    "booking": (
        "payment",
        "refund",
        "payout",
        "orderline",
        "suborder",
        "orderevidence",
        "bookingrequest",
        "calledoff",
        "meeting",
        "channelincident",
        "capacityneed",
        "sellerask",
        "survey",
        "paststay",
        "lifecycleletter",
        "gift",
    ),
    "destination": ("commune", "epci", "perimeter"),
    "members": ("entry", "letterchoice"),
}
ON_IMAGES = ("add_image", "change_image", "choose_image")
ON_DOCUMENTS = ("add_document", "change_document", "choose_document")
ON_POLES_PAGES = ("add_page", "change_page")
ON_PAGES = ("add_page", "change_page", "publish_page")


def ensure_office_group() -> Group:
    """Give the group of the office's staff the rights it needs, and no other; returns it.

    Twice is the same as once. Its members sign in to the admin and work on everything of the
    desk; accounts, groups and the site's settings stay with administrators.
    """
    with transaction.atomic():
        group, _is_new = Group.objects.get_or_create(name=OFFICE)
        group.permissions.set(_permissions())
        _grant_collection(group, "wagtailimages", ON_IMAGES)
        _grant_collection(group, "wagtaildocs", ON_DOCUMENTS)
        root = Page.get_first_root_node()
        if root is not None:
            _grant_pages(group, ON_PAGES, [root])
    return group


def ensure_pole_editors() -> list[Group]:
    """Give each pole that has a page its group of editors; returns them, in the order of poles.

    They write and change pages below their pole, in every language, and send them to review;
    nothing elsewhere, and nothing is published by them. Photographs go into a collection of the
    pole's own. Twice is the same as once.
    """
    groups = []
    pages = PolePage.objects.order_by("path")
    with transaction.atomic():
        for slug in dict.fromkeys(pages.values_list("pole_slug", flat=True)):
            group, _is_new = Group.objects.get_or_create(name=f"{POLE_EDITORS}{slug}")
            group.permissions.set(
                Permission.objects.filter(
                    content_type__app_label="wagtailadmin", codename="access_admin"
                )
            )
            own = _own_collection(slug)
            _grant_collection(group, "wagtailimages", ("add_image", "change_image"), own)
            _grant_collection(group, "wagtailimages", ("choose_image",))
            _grant_collection(group, "wagtaildocs", ("choose_document",))
            _grant_pages(group, ON_POLES_PAGES, pages.filter(pole_slug=slug))
            groups.append(group)
    return groups


def ensure_review() -> Workflow:
    """Let every page be read by the office before it is published; returns the workflow.

    The one that Wagtail brings along is taken off. Twice is the same as once.
    """
    with transaction.atomic():
        office, _is_new = Group.objects.get_or_create(name=OFFICE)
        task = OfficeReview.objects.filter(name=REVIEW).first() or OfficeReview.objects.create(
            name=REVIEW
        )
        task.groups.set([office])
        workflow = Workflow.objects.filter(name=REVIEW).first() or Workflow.objects.create(
            name=REVIEW
        )
        WorkflowTask.objects.get_or_create(workflow=workflow, task=task, defaults={"sort_order": 0})
        root = Page.get_first_root_node()
        if root is not None:
            WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})
    return workflow


def _own_collection(name: str) -> Collection:
    root = Collection.get_first_root_node()
    known: Collection | None = root.get_children().filter(name=name).first()
    return known or root.add_child(name=name)


def _permissions() -> list[Permission]:
    wanted = Q(content_type__app_label="wagtailadmin", codename="access_admin")
    wanted |= Q(content_type__app_label="wagtail_localize", codename="submit_translation")
    for rights, verbs in (
        (FULL, ("add", "change", "delete", "view")),
        (SEE_AND_ACT, ("change", "view")),
        (SEE, ("view",)),
    ):
        for app, models in rights.items():
            codenames = [f"{verb}_{model}" for verb in verbs for model in models]
            wanted |= Q(content_type__app_label=app, codename__in=codenames)
    return list(Permission.objects.filter(wanted))


def _grant_pages(group: Group, codenames: tuple[str, ...], pages: Iterable[Page]) -> None:
    wanted = Permission.objects.filter(
        content_type__app_label="wagtailcore", codename__in=codenames
    )
    GroupPagePermission.objects.bulk_create(
        [
            GroupPagePermission(group=group, page=page, permission=permission)
            for page, permission in product(pages, wanted)
        ],
        ignore_conflicts=True,
    )


def _grant_collection(
    group: Group, app: str, codenames: tuple[str, ...], collection: Collection | None = None
) -> None:
    where = collection or Collection.get_first_root_node()
    wanted = Permission.objects.filter(content_type__app_label=app, codename__in=codenames)
    GroupCollectionPermission.objects.bulk_create(
        [
            GroupCollectionPermission(group=group, collection=where, permission=permission)
            for permission in wanted
        ],
        ignore_conflicts=True,
    )


def give_access(
    provider: Provider, *, email: str, role: str, actor: Actor, now: datetime
) -> ProviderRole:
    """Let a person see a provider's bookings; an unknown address gets an account.

    A new account has no password: its owner signs in with a code sent by mail. A known role is
    changed. Writes the journal.
    """
    address = email.strip().lower()
    with transaction.atomic():
        user = User.objects.filter(email=address).first() or User.objects.create_user(address)
        given, is_new = ProviderRole.objects.update_or_create(
            user=user, provider=provider, defaults={"role": role}
        )
        record(
            "access given" if is_new else "access changed",
            f"provider:{provider.pk}",
            actor=actor,
            at=now,
            person=user.pk,
            role=role,
        )
    return given


def take_access(given: ProviderRole, *, actor: Actor, now: datetime) -> None:
    """End a person's access to a provider, who is told when it comes back. Writes the journal.

    The office may leave a provider without an owner: it then keeps it itself (features.md H04).
    """
    with transaction.atomic():
        FormerMember.objects.update_or_create(
            user_id=given.user_id, provider_id=given.provider_id, defaults={"ended_at": now}
        )
        subject, person = f"provider:{given.provider_id}", given.user_id
        given.delete()
        record("access removed", subject, actor=actor, at=now, person=person)
