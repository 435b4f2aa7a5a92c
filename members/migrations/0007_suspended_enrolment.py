"""Providers that were suspended before enrolment had states of its own are suspended in both."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0006_enrolment'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE members_provider SET enrolment = 'suspended' WHERE state = 'suspended'",
            migrations.RunSQL.noop,
        ),
    ]
