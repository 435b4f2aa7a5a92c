"""The accounts of the demo, with their plain passwords; they never exist in production."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from members.groups import POLE_EDITORS, ensure_office_group, ensure_pole_editors
from members.models import Provider, ProviderRole, User

PASSWORD = "Lentille-verte-43"  # noqa: S105 - shown on purpose
ADMINISTRATOR, OFFICE, MEZENC, CHAISE_DIEU, ANNE, SOLANGE, VISITOR = (
    "administration@example.org",
    "bureau@example.org",
    "mezenc@example.org",
    "chaise-dieu@example.org",
    "anne@example.org",
    "solange@example.org",
    "visiteur@example.org",
)
MARTIN, CLAIRE_MARTIN, FAURE, WEBER = (
    "martin@example.org",
    "claire.martin@example.org",
    "faure@example.org",
    "weber@example.org",
)
# One of the greeters, whose accounts come with them (`oti.demo.greeters`).
MARIE_THE = "marie-the@example.org"
# role, e-mail, password
DEMO_ACCOUNTS = [
    ("admin", ADMINISTRATOR, PASSWORD),
    ("office", OFFICE, PASSWORD),
    ("editor", MEZENC, PASSWORD),
    ("editor", CHAISE_DIEU, PASSWORD),
    ("host", ANNE, PASSWORD),
    ("host", SOLANGE, PASSWORD),
    ("greeter", MARIE_THE, PASSWORD),
    ("visitor", VISITOR, PASSWORD),
    ("resident", MARTIN, PASSWORD),
    ("ambassador", CLAIRE_MARTIN, PASSWORD),
]
NAMES = {
    ADMINISTRATOR: ("Dominique", "Administration"),
    OFFICE: ("Camille", "Bureau"),
    MEZENC: ("Lou", "Rédaction"),
    CHAISE_DIEU: ("Sacha", "Rédaction"),
    ANNE: ("Anne", "Hôte"),
    SOLANGE: ("Solange", "Hôte"),
    VISITOR: ("Élise", "Visiteur"),
    MARTIN: ("Thomas", "Martin"),
    CLAIRE_MARTIN: ("Claire", "Martin"),
    FAURE: ("Nadine", "Faure"),
    WEBER: ("Jonas", "Weber"),
}
# Who writes for which pole.
WRITES_FOR = {MEZENC: "massif-du-mezenc", CHAISE_DIEU: "la-chaise-dieu"}
HOST_OF = {ANNE: "anne-et-joel", SOLANGE: "la-table-de-solange"}


def create_accounts() -> int:
    """Create the accounts that are missing, their addresses confirmed; returns how many."""
    known = set(User.objects.filter(email__in=NAMES).values_list("email", flat=True))
    password = make_password(PASSWORD) if known != set(NAMES) else ""
    editors = {one.name: one for one in ensure_pole_editors()}
    created = 0
    for email, (first_name, last_name) in NAMES.items():
        if email in known:
            continue
        user = User.objects.create(
            email=email,
            password=password,
            first_name=first_name,
            last_name=last_name,
            is_staff=email in {ADMINISTRATOR, OFFICE},
            is_superuser=email == ADMINISTRATOR,
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        if email == OFFICE:
            user.groups.add(ensure_office_group())
        if email in WRITES_FOR:
            user.groups.add(editors[f"{POLE_EDITORS}{WRITES_FOR[email]}"])
        if email in HOST_OF:
            provider = Provider.objects.get(slug=HOST_OF[email])
            ProviderRole.objects.create(user=user, provider=provider)
        created += 1
    return created
