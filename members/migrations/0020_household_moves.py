"""A household asks the office to note another commune, with a proof of its own."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("destination", "0012_picture_descriptions"), ("members", "0019_bounced_addresses")]

    operations = [
        migrations.RemoveConstraint(model_name="household", name="no_proof_is_kept_once_read"),
        migrations.AddField(
            model_name="household",
            name="moving_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="destination.commune",
                verbose_name="commune of the house to come",
            ),
        ),
        migrations.AddField(
            model_name="household",
            name="moving_asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="move asked"),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=Q(state="declared") | Q(file_key="") | Q(moving_to__isnull=False),
                name="no_proof_is_kept_once_read",
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=Q(moving_to__isnull=True, moving_asked_at__isnull=True)
                | Q(state="verified", moving_to__isnull=False, moving_asked_at__isnull=False),
                name="household_moves_once_verified",
            ),
        ),
    ]
