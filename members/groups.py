"""Who may work at the office's desk, and who may see a provider's bookings."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from members.journal import Actor, record
from members.models import Provider, ProviderRole, User

OFFICE = "Office"

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
    ),
    "members": ("provider", "providerrole"),
    "events": ("event", "session"),
    "destination": ("site", "station", "legaltext", "perimeteractivation"),
}
SEE_AND_ACT = {
    "booking": ("order", "outboxmessage", "gatewayevent"),
    "destination": ("pole",),
}
SEE = {
    "booking": ("payment", "refund", "payout", "orderline", "suborder", "orderevidence"),
    "destination": ("commune", "epci", "perimeter"),
    "members": ("entry",),
}
ON_IMAGES = ("add_image", "change_image", "choose_image")
ON_DOCUMENTS = ("add_document", "change_document", "choose_document")
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
            for permission in Permission.objects.filter(
                content_type__app_label="wagtailcore", codename__in=ON_PAGES
            ):
                GroupPagePermission.objects.get_or_create(
                    group=group, page=root, permission=permission
                )
    return group


def _permissions() -> list[Permission]:
    wanted = Q(content_type__app_label="wagtailadmin", codename="access_admin")
    for rights, verbs in (
        (FULL, ("add", "change", "delete", "view")),
        (SEE_AND_ACT, ("change", "view")),
        (SEE, ("view",)),
    ):
        for app, models in rights.items():
            codenames = [f"{verb}_{model}" for verb in verbs for model in models]
            wanted |= Q(content_type__app_label=app, codename__in=codenames)
    return list(Permission.objects.filter(wanted))


def _grant_collection(group: Group, app: str, codenames: tuple[str, ...]) -> None:
    root = Collection.get_first_root_node()
    for permission in Permission.objects.filter(
        content_type__app_label=app, codename__in=codenames
    ):
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=root, permission=permission
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
