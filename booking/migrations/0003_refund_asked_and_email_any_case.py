import django.db.models.functions.text
from django.db import migrations, models

import oti.lib.codes


class Migration(migrations.Migration):
    dependencies = [("booking", "0002_kinds_of_offers")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="reference",
            field=models.CharField(
                default=oti.lib.codes.reference_code,
                max_length=12,
                unique=True,
                verbose_name="reference",
            ),
        ),
        migrations.AlterField(
            model_name="gatewayevent",
            name="event_id",
            field=models.CharField(
                max_length=120, unique=True, verbose_name="number at the bank"
            ),
        ),
        migrations.AlterField(
            model_name="gatewayevent",
            name="kind",
            field=models.CharField(max_length=80, verbose_name="about"),
        ),
        migrations.AddField(
            model_name="refund",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RemoveIndex(model_name="order", name="orders_of_email"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                django.db.models.functions.text.Upper("email"), name="orders_of_email_any_case"
            ),
        ),
    ]
