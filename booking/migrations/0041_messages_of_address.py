"""What an address was sent is found by it: a guest's page at the desk, their copy, their erasure."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0040_guest_files_kept'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(django.db.models.functions.text.Lower('recipient'), models.F('created_at'), name='messages_of_address'),
        ),
    ]
