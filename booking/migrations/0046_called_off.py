"""Dates that are called off, how far they are given back; requests that end with their date."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0045_policy_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="bookingrequest",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("taken", "it is taken already"),
                    ("away", "the house is closed then"),
                    ("party", "it doesn’t suit this party"),
                    ("too_soon", "it is too soon to prepare"),
                    ("other", "another reason"),
                    ("called_off", "the date was called off"),
                ],
                max_length=12,
                verbose_name="reason",
            ),
        ),
        migrations.CreateModel(
            name="CalledOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[("office", "the office"), ("host", "the host")],
                        max_length=8,
                        verbose_name="called off by",
                    ),
                ),
                ("reason", models.CharField(max_length=160, verbose_name="reason")),
                ("at", models.DateTimeField(verbose_name="called off")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="everybody told"),
                ),
                ("next_try_at", models.DateTimeField()),
                ("problems", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="called_off",
                        to="booking.slot",
                        verbose_name="slot",
                    ),
                ),
            ],
            options={
                "verbose_name": "date called off",
                "verbose_name_plural": "dates called off",
                "ordering": ("-at", "-pk"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["next_try_at"],
                        name="dates_being_called_off",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("slot",),
                        name="one_call_off_at_a_time",
                    )
                ],
            },
        ),
    ]
