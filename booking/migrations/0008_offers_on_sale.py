"""An index that holds all that searching reads of an offer (oti/decisions/0010-speed.md)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0007_payouts")]

    operations = [
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                fields=["state", "id"],
                include=["commune", "provider", "lodging_type"],
                name="offers_on_sale",
            ),
        ),
    ]
