"""People and organisations."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = _("Members")

    def ready(self) -> None:
        """Follow what allauth does with factors: it has no other way of telling."""
        from allauth.mfa import signals

        from members import second_factor
        from members.checks import check_second_factor

        signals.authenticator_added.connect(second_factor.note_added)
        signals.authenticator_removed.connect(second_factor.note_removed)
        register(check_second_factor, Tags.security, deploy=True)
