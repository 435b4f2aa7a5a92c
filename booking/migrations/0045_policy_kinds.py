"""For which kinds of offers a cancellation policy is proposed to hosts; none: for every one."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0044_comes_by'),
    ]

    operations = [
        migrations.AddField(
            model_name='cancellationpolicy',
            name='kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, db_default=[], default=list, size=None, verbose_name='proposed to hosts for'),
        ),
    ]
