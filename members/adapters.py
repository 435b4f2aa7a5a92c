"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """The office's name stands before nothing: mails carry plain subjects."""

    def format_email_subject(self, subject: str) -> str:
        return str(subject)
