"""Whose a photograph of the library is, where a house sent it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models import Provider


class HousePhoto(models.Model):
    """A photograph that a house sent: the house's, whoever of it pressed the button.

    Without a house once that is deleted: nobody's, it goes as soon as nothing shows it.
    """

    # The library asks where a photograph is used: being somebody's is no use.
    wagtail_reference_index_ignore = True

    image = models.OneToOneField(
        "destination.Picture", on_delete=models.CASCADE, related_name="+", verbose_name=_("photo")
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.SET_NULL, null=True, related_name="sent_photos"
    )

    class Meta:
        verbose_name = _("photograph of a house")
        verbose_name_plural = _("photographs of houses")

    def __str__(self) -> str:
        return f"{self.image_id} · {self.provider_id}"
