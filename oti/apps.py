"""The project's own application: commands, and what ties the floors together."""

from django.apps import AppConfig


class OtiConfig(AppConfig):
    name = "oti"
    verbose_name = "Velay"
