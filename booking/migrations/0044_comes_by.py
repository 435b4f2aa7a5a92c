"""Whether the people of a stay come by car: ways between childcare and moments follow."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0043_care_ratios'),
    ]

    operations = [
        migrations.AddField(
            model_name='basket',
            name='comes_by',
            field=models.CharField(blank=True, choices=[('car', 'by car'), ('without', 'without a car')], db_default='', default='', max_length=8),
        ),
    ]
