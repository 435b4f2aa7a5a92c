"""Missions that the office writes for ambassadors, and who does them."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0020_household_moves'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('title_fr', models.CharField(max_length=120, null=True, verbose_name='title')),
                ('title_en', models.CharField(max_length=120, null=True, verbose_name='title')),
                ('title_de', models.CharField(max_length=120, null=True, verbose_name='title')),
                ('text', models.TextField(max_length=1200, verbose_name='what is to be done')),
                ('text_fr', models.TextField(max_length=1200, null=True, verbose_name='what is to be done')),
                ('text_en', models.TextField(max_length=1200, null=True, verbose_name='what is to be done')),
                ('text_de', models.TextField(max_length=1200, null=True, verbose_name='what is to be done')),
                ('pole', models.SlugField(blank=True, verbose_name='pole')),
                ('first_day', models.DateField(verbose_name='from')),
                ('last_day', models.DateField(verbose_name='until (last day)')),
                ('wanted', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='how many are wanted')),
                ('is_shown', models.BooleanField(default=True, verbose_name='shown to ambassadors')),
                ('is_demo', models.BooleanField(default=False, verbose_name='demonstration')),
            ],
            options={
                'verbose_name': 'mission',
                'verbose_name_plural': 'missions',
                'ordering': ('last_day', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='mission_days_in_order'), models.CheckConstraint(condition=models.Q(('wanted__gte', 1)), name='mission_wants_somebody')],
            },
        ),
        migrations.CreateModel(
            name='MissionTake',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('taken', 'taken'), ('done', 'to be confirmed'), ('confirmed', 'confirmed'), ('given_back', 'given back')], default='taken', max_length=10, verbose_name='state')),
                ('words', models.CharField(blank=True, max_length=300, verbose_name='their words')),
                ('minutes', models.PositiveSmallIntegerField(default=0, verbose_name='minutes')),
                ('taken_at', models.DateTimeField(verbose_name='taken')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('office_note', models.CharField(blank=True, max_length=300, verbose_name='word of the office')),
                ('ambassador', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='missions', to='members.ambassador', verbose_name='ambassador')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='takes', to='members.mission', verbose_name='mission')),
            ],
            options={
                'verbose_name': 'mission of an ambassador',
                'verbose_name_plural': 'missions of ambassadors',
                'ordering': ('-taken_at', '-pk'),
                'indexes': [models.Index(condition=models.Q(('state', 'done')), fields=['state'], name='missions_to_confirm')],
                'constraints': [models.UniqueConstraint(fields=('mission', 'ambassador'), name='mission_once_an_ambassador'), models.CheckConstraint(condition=models.Q(('state__in', ['taken', 'done', 'confirmed', 'given_back'])), name='mission_take_state_known'), models.CheckConstraint(condition=models.Q(('minutes__lte', 600)), name='mission_minutes_likely')],
            },
        ),
    ]
