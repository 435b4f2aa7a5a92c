"""People and organisations."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = _("Members")

    def ready(self) -> None:
        """Follow what allauth does with factors and Google: it has no other way of telling."""
        from allauth.account.signals import email_confirmed
        from allauth.mfa import signals
        from allauth.socialaccount import signals as of_google

        from members import addresses, google, second_factor
        from members.checks import check_second_factor

        email_confirmed.connect(addresses.drop_password_of_a_stranger)
        signals.authenticator_added.connect(second_factor.note_added)
        signals.authenticator_removed.connect(second_factor.note_removed)
        of_google.social_account_added.connect(google.note_linked)
        of_google.social_account_removed.connect(google.note_taken_off)
        register(check_second_factor, Tags.security, deploy=True)
