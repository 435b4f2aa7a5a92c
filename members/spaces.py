"""The spaces of one person: a host, an editor, a resident and a greeter may be the same one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import Ambassador, Greeter, HouseholdMember, ProviderRole, User


@dataclass(frozen=True)
class Space:
    """One of a person's spaces: the name of its first page, its word and its sign.

    `others` is how the names of its further pages begin, where its address doesn't say it.
    """

    page: str
    title: str | Promise
    icon: str
    others: tuple[str, ...] = ()

    def has(self, url_name: str) -> bool:
        """Whether a page of this name lies in it."""
        return url_name == self.page or url_name.startswith((f"{self.page}-", *self.others))


HOUSES = Space("extranet-home", _("Hosts’ space"), "inbox")
DESK = Space("wagtailadmin_home", _("The office's desk"), "landmark")
HOME = Space("space-home", _("Second home"), "house", ("residence", "presence", "resident-card"))
INVITES = Space("invite", _("Invite friends"), "heart", ("notebook", "mission"))
GREETER = Space("space-greeter", pgettext_lazy("menu", "Greeter"), "handshake")
STAYS = Space("booking:account", _("My stays"), "luggage")


def spaces_of(user: User) -> list[Space]:
    """Return the spaces that are this person's, the one it works in first; stays are everybody's.

    One statement, two more for whoever belongs to a group. What a session has yet to prove is asked
    for at the doors of these spaces, not here.
    """
    own = {"user_id": user.pk}
    groups = User.groups.through.objects.filter(**own)
    rights = User.user_permissions.through.objects.filter(**own)
    hosts, lives, invites, guides, is_grouped, has_rights = (
        User.objects.filter(pk=user.pk)
        .values_list(
            Exists(ProviderRole.objects.filter(**own)),
            Exists(HouseholdMember.objects.filter(**own)),
            Exists(Ambassador.objects.filter(**own, ended_at=None)),
            Exists(Greeter.objects.filter(**own)),
            Exists(groups),
            Exists(rights),
        )
        .get()
    )
    is_desks = (is_grouped or has_rights or user.is_superuser) and user.opens_desk()
    found = {
        HOUSES: hosts,
        DESK: is_desks,
        HOME: lives,
        INVITES: invites,
        GREETER: guides,
        STAYS: True,
    }
    return [space for space, is_own in found.items() if is_own]
