"""The account of a person, known by an e-mail address."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates accounts that have no user name."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Create an account; the address is kept in lower case."""
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Create an account that may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractUser):
    """A person who signs in with an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    # When it was first told that its houses or the desk want a second proof.
    second_factor_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Part of the hash of every session: one more, and none of those before is known any longer.
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    # Set for one request (oti/second_factor.py): whoever has given one proof only is a visitor, and
    # has none of its rights, on whatever page.
    is_held_back = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc,assignment]

    def __str__(self) -> str:
        return self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the person has a right; none before both proofs are given."""
        return not self.is_held_back and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the person has any right there; none before both proofs are given."""
        return not self.is_held_back and super().has_module_perms(app_label)

    def opens_desk(self) -> bool:
        """Whether the desk is this person's at all, whatever this session has proved."""
        return super().has_perm("wagtailadmin.access_admin")

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Return what a session must know: it changes with the password and with what was ended."""
        found: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.sessions_ended:
            return found
        text = f"{found}:{self.sessions_ended}"
        return salted_hmac(
            "members.User.sessions", text, secret=secret, algorithm="sha256"
        ).hexdigest()
