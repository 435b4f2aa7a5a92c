"""Long files of guests wait, sealed, until a worker has read them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0039_campaign_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='guestimport',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='guestimport',
            name='file_key',
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name='guestimport',
            name='leased_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='guestimport',
            name='problems',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name='guestimport',
            name='state',
            field=models.CharField(choices=[('unread', 'being read'), ('broken', 'can’t be read'), ('read', 'to be confirmed'), ('writing', 'being written'), ('done', 'written')], default='read', max_length=8, verbose_name='state'),
        ),
    ]
