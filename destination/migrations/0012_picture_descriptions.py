
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("destination", "0011_desk_search"),
    ]

    operations = [
        migrations.AddField(
            model_name='picture',
            name='description_de',
            field=models.CharField(blank=True, default='', max_length=255, null=True, verbose_name='description'),
        ),
        migrations.AddField(
            model_name='picture',
            name='description_en',
            field=models.CharField(blank=True, default='', max_length=255, null=True, verbose_name='description'),
        ),
        migrations.AddField(
            model_name='picture',
            name='description_fr',
            field=models.CharField(blank=True, default='', max_length=255, null=True, verbose_name='description'),
        ),
        migrations.RunSQL(
            "UPDATE destination_picture SET description_fr = description", migrations.RunSQL.noop
        ),
    ]
