"""A request knows where it was chosen: in a house's widget, or on the site."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the channel to requests; those of before were not counted as the widget's."""

    dependencies = [("booking", "0022_classification")]

    operations = [
        migrations.AddField(
            model_name="bookingrequest",
            name="channel",
            field=models.CharField(
                blank=True,
                choices=[("widget", "on the house’s own site")],
                db_default="",
                default="",
                max_length=8,
                verbose_name="chosen",
            ),
        ),
    ]
