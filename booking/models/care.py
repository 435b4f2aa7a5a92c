"""What a carer must know of a child: sealed, read by the carer alone, gone soon after."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.models.orders import OrderLine


class CareSheet(models.Model):
    """The sheet of one paid childcare (features.md N05); its content is never stored readable."""

    line = models.OneToOneField(OrderLine, on_delete=models.CASCADE, related_name="care_sheet")
    sealed = models.BinaryField()
    filled_at = models.DateTimeField(_("filled in"))
    purge_at = models.DateTimeField(_("deleted from"), db_index=True)

    class Meta:
        verbose_name = _("care sheet")
        verbose_name_plural = _("care sheets")

    def __str__(self) -> str:
        return f"line {self.line_id}"
