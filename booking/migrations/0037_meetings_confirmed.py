"""Meetings wait until whoever reads the address confirms them; those of before were asked for."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

STATES = [
    ("to_confirm", "to be confirmed by mail"),
    ("asked", "waiting for an answer"),
    ("accepted", "agreed"),
    ("nobody", "nobody was free"),
    ("cancelled", "cancelled"),
    ("done", "took place"),
]


def confirm_those_of_before(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    meetings = apps.get_model("booking", "Meeting")
    meetings.objects.filter(confirmed_at=None).update(confirmed_at=models.F("placed_at"))


class Migration(migrations.Migration):
    dependencies = [("booking", "0036_relation_settings"), ("members", "0015_customers")]

    operations = [
        migrations.RemoveConstraint(model_name="meeting", name="meeting_state_known"),
        migrations.AddField(
            model_name="meeting",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="confirmed"),
        ),
        migrations.AlterField(
            model_name="meeting",
            name="state",
            field=models.CharField(
                choices=STATES, default="asked", max_length=10, verbose_name="state"
            ),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [code for code, _label in STATES])),
                name="meeting_state_known",
            ),
        ),
        migrations.RunPython(confirm_those_of_before, migrations.RunPython.noop),
    ]
