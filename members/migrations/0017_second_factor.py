"""When a person was first asked for a second proof, and how often its sessions were ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0016_ambassadors")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="second_factor_asked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="sessions_ended",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
