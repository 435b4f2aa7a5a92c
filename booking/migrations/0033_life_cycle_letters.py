
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0030_past_stays'),
    ]

    operations = [
        migrations.CreateModel(
            name='LifeCycleLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('prepare', 'Two weeks before: getting ready'), ('during', 'The day after the first night: is all well?'), ('anniversary', 'One year after: a memory'), ('next_season', 'The other season: the Velay they have not seen')], max_length=16, verbose_name='letter')),
                ('outcome', models.CharField(choices=[('written', 'written'), ('booked_late', 'booked after the day of this letter'), ('no_long_stay', 'nobody slept there twice'), ('troubled', 'something was cancelled, given back, or nobody came'), ('coming_back', 'came back, or is about to'), ('no_consent', 'did not say yes to such letters'), ('same_person', 'had the same letter for another order'), ('at_the_cap', 'had enough letters this month')], max_length=16, verbose_name='outcome')),
                ('decided_on', models.DateField(verbose_name='decided')),
            ],
            options={
                'verbose_name': 'letter around a stay',
                'verbose_name_plural': 'letters around a stay',
                'ordering': ('-decided_on', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='LifeCycleSwitch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('prepare', 'Two weeks before: getting ready'), ('during', 'The day after the first night: is all well?'), ('anniversary', 'One year after: a memory'), ('next_season', 'The other season: the Velay they have not seen')], max_length=16, unique=True, verbose_name='letter')),
                ('is_on', models.BooleanField(default=True, verbose_name='is written')),
                ('changed_at', models.DateTimeField(verbose_name='changed')),
            ],
            options={
                'verbose_name': 'switch of a letter',
                'verbose_name_plural': 'switches of letters',
                'ordering': ('pk',),
            },
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='is_commercial',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(django.db.models.functions.text.Lower('recipient'), models.F('created_at'), condition=models.Q(('is_commercial', True)), name='commercial_letters_of_address'),
        ),
        migrations.AddField(
            model_name='lifecycleletter',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='life_cycle', to='booking.order'),
        ),
        migrations.AddIndex(
            model_name='lifecycleletter',
            index=models.Index(fields=['rule', 'outcome', 'decided_on'], name='life_cycle_counted'),
        ),
        migrations.AddConstraint(
            model_name='lifecycleletter',
            constraint=models.UniqueConstraint(fields=('order', 'rule'), name='one_letter_per_order_and_rule'),
        ),
        migrations.AddConstraint(
            model_name='lifecycleletter',
            constraint=models.CheckConstraint(condition=models.Q(('rule__in', ['prepare', 'during', 'anniversary', 'next_season'])), name='life_cycle_rule_known'),
        ),
    ]
