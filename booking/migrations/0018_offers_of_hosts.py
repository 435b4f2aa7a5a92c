"""Offers that hosts prepare, their four words, the way without a car; alt texts by language."""

import django.db.models.deletion
from django.db import migrations, models


FORWARD = "UPDATE booking_offerphoto SET alt_fr = alt WHERE alt_fr IS NULL"


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0017_after_the_sale"),
    ]

    operations = [
        migrations.AddField(
            model_name='offer',
            name='spirit',
            field=models.JSONField(blank=True, default=list, verbose_name='words of the destination'),
        ),
        migrations.AddField(
            model_name='offer',
            name='without_car',
            field=models.TextField(blank=True, help_text='Bus, station, pick-up, on foot.', verbose_name='how to come without a car'),
        ),
        migrations.AddField(
            model_name='offer',
            name='without_car_de',
            field=models.TextField(blank=True, help_text='Bus, station, pick-up, on foot.', null=True, verbose_name='how to come without a car'),
        ),
        migrations.AddField(
            model_name='offer',
            name='without_car_en',
            field=models.TextField(blank=True, help_text='Bus, station, pick-up, on foot.', null=True, verbose_name='how to come without a car'),
        ),
        migrations.AddField(
            model_name='offer',
            name='without_car_fr',
            field=models.TextField(blank=True, help_text='Bus, station, pick-up, on foot.', null=True, verbose_name='how to come without a car'),
        ),
        migrations.AddField(
            model_name='offerphoto',
            name='alt_de',
            field=models.CharField(help_text="Read aloud to those who don't see the picture.", max_length=160, null=True, verbose_name='what it shows'),
        ),
        migrations.AddField(
            model_name='offerphoto',
            name='alt_en',
            field=models.CharField(help_text="Read aloud to those who don't see the picture.", max_length=160, null=True, verbose_name='what it shows'),
        ),
        migrations.AddField(
            model_name='offerphoto',
            name='alt_fr',
            field=models.CharField(help_text="Read aloud to those who don't see the picture.", max_length=160, null=True, verbose_name='what it shows'),
        ),
        migrations.CreateModel(
            name='OfferReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('in_hand', 'being prepared'), ('submitted', 'to be read by the office'), ('to_fix', 'to put right')], default='in_hand', max_length=12, verbose_name='review')),
                ('pending', models.JSONField(blank=True, default=dict)),
                ('remarks', models.JSONField(blank=True, default=dict)),
                ('note', models.TextField(blank=True, verbose_name='word of the office')),
                ('edition', models.PositiveIntegerField(default=0)),
                ('is_paused_by_host', models.BooleanField(default=False)),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='sent to the office')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='review', to='booking.offer')),
            ],
            options={
                'verbose_name': 'review of an offer',
                'verbose_name_plural': 'reviews of offers',
                'ordering': ('submitted_at', 'pk'),
                'indexes': [models.Index(fields=['state', 'submitted_at'], name='offer_reviews_to_read')],
            },
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
