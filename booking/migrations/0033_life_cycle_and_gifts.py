import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import functools
import oti.lib.codes
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0031_ambassadors"),
        ('members', '0015_customers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Gift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('household_key', models.CharField(max_length=40)),
                ('rank', models.PositiveIntegerField(verbose_name='rank')),
                ('first_day', models.DateField(verbose_name='first stay')),
                ('state', models.CharField(choices=[('waiting', 'waits for the budget'), ('eligible', 'to be told'), ('told', 'told'), ('addressed', 'address given'), ('sent', 'sent'), ('redeemed', 'redeemed'), ('joined', 'the household has another one'), ('lapsed', 'not claimed')], max_length=10, verbose_name='state')),
                ('code', models.CharField(default=functools.partial(oti.lib.codes.reference_code, *(10,), **{}), max_length=16, unique=True, verbose_name='code')),
                ('access_token', models.CharField(default=oti.lib.codes.secret_token, max_length=64)),
                ('language', models.CharField(default='fr', max_length=5, verbose_name='language')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('first_name', models.CharField(blank=True, max_length=80, verbose_name='first name')),
                ('recipient', models.CharField(blank=True, max_length=120, verbose_name='name on the parcel')),
                ('street', models.CharField(blank=True, max_length=160, verbose_name='number and street')),
                ('extra', models.CharField(blank=True, max_length=120, verbose_name='flat, floor, second line')),
                ('postal_code', models.CharField(blank=True, max_length=12, verbose_name='postcode')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='town')),
                ('country', models.CharField(blank=True, max_length=2, verbose_name='country')),
                ('postal_mark', models.CharField(blank=True, max_length=64)),
                ('told_at', models.DateTimeField(null=True, verbose_name='told')),
                ('addressed_at', models.DateTimeField(null=True, verbose_name='address given')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('redeemed_at', models.DateTimeField(null=True, verbose_name='redeemed')),
                ('redeemed_where', models.CharField(blank=True, max_length=160, verbose_name='redeemed at')),
                ('purged_at', models.DateTimeField(null=True, verbose_name='address deleted')),
            ],
            options={
                'verbose_name': 'gift of a household',
                'verbose_name_plural': 'gifts of households',
                'ordering': ('campaign', 'rank'),
            },
        ),
        migrations.CreateModel(
            name='GiftCampaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(unique=True, validators=[django.core.validators.MinValueValidator(2020)], verbose_name='year')),
                ('kind', models.CharField(choices=[('voucher', 'voucher, as a PDF'), ('product', 'something local, by post'), ('experience', 'a tree or an experience')], max_length=12, verbose_name='kind of gift')),
                ('state', models.CharField(choices=[('draft', 'being prepared'), ('locked', 'households are fixed'), ('sending', 'under way'), ('closed', 'closed')], default='draft', editable=False, max_length=8, verbose_name='state')),
                ('title', models.CharField(max_length=120, verbose_name='what it is')),
                ('title_fr', models.CharField(max_length=120, null=True, verbose_name='what it is')),
                ('title_en', models.CharField(max_length=120, null=True, verbose_name='what it is')),
                ('title_de', models.CharField(max_length=120, null=True, verbose_name='what it is')),
                ('words', models.TextField(max_length=1200, verbose_name='your words to the family')),
                ('words_fr', models.TextField(max_length=1200, null=True, verbose_name='your words to the family')),
                ('words_en', models.TextField(max_length=1200, null=True, verbose_name='your words to the family')),
                ('words_de', models.TextField(max_length=1200, null=True, verbose_name='your words to the family')),
                ('how', models.CharField(blank=True, max_length=300, verbose_name='where and how it is had')),
                ('how_fr', models.CharField(blank=True, max_length=300, null=True, verbose_name='where and how it is had')),
                ('how_en', models.CharField(blank=True, max_length=300, null=True, verbose_name='where and how it is had')),
                ('how_de', models.CharField(blank=True, max_length=300, null=True, verbose_name='where and how it is had')),
                ('unit_amount', models.DecimalField(decimal_places=2, max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='cost of one')),
                ('budget_amount', models.DecimalField(decimal_places=2, max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='budget')),
                ('valid_until', models.DateField(verbose_name='good until')),
                ('is_for_hosts', models.BooleanField(default=False, verbose_name='hosts may redeem it too')),
                ('locked_at', models.DateTimeField(editable=False, null=True, verbose_name='households fixed')),
                ('since', models.DateField(editable=False, null=True, verbose_name='stayed since')),
                ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
            ],
            options={
                'verbose_name': 'annual gift',
                'verbose_name_plural': 'annual gifts',
                'ordering': ('-year',),
            },
        ),
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
            model_name='gift',
            name='family',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='gifts', to='members.family'),
        ),
        migrations.AddField(
            model_name='gift',
            name='identity',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='gifts', to='members.customeridentity'),
        ),
        migrations.AddConstraint(
            model_name='giftcampaign',
            constraint=models.CheckConstraint(condition=models.Q(('unit_amount__gt', 0)), name='gift_costs_something'),
        ),
        migrations.AddConstraint(
            model_name='giftcampaign',
            constraint=models.CheckConstraint(condition=models.Q(('budget_amount__gte', models.F('unit_amount'))), name='gift_budget_pays_for_one'),
        ),
        migrations.AddConstraint(
            model_name='giftcampaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('locked_at__isnull', True), ('state', 'draft')), models.Q(models.Q(('state', 'draft'), _negated=True), ('locked_at__isnull', False), ('since__isnull', False)), _connector='OR'), name='gift_locked_has_its_moment'),
        ),
        migrations.AddField(
            model_name='gift',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gifts', to='booking.giftcampaign'),
        ),
        migrations.AddField(
            model_name='lifecycleletter',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='life_cycle', to='booking.order'),
        ),
        migrations.AddIndex(
            model_name='gift',
            index=models.Index(fields=['campaign', 'state', 'rank'], name='gifts_in_order'),
        ),
        migrations.AddConstraint(
            model_name='gift',
            constraint=models.UniqueConstraint(fields=('campaign', 'household_key'), name='one_gift_per_household_and_year'),
        ),
        migrations.AddConstraint(
            model_name='gift',
            constraint=models.UniqueConstraint(condition=models.Q(('postal_mark', ''), _negated=True), fields=('campaign', 'postal_mark'), name='one_gift_per_postal_address'),
        ),
        migrations.AddConstraint(
            model_name='gift',
            constraint=models.UniqueConstraint(fields=('campaign', 'rank'), name='gift_rank_once'),
        ),
        migrations.AddConstraint(
            model_name='gift',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'eligible', 'told', 'addressed', 'sent', 'redeemed', 'joined', 'lapsed'])), name='gift_state_known'),
        ),
        migrations.AddConstraint(
            model_name='gift',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'redeemed'), _negated=True), ('redeemed_at__isnull', False), _connector='OR'), name='gift_redeemed_has_its_moment'),
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
