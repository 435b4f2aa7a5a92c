"""Photographs of offers move to the library that knows their rights."""

import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO destination_picture (
    id, title, file, description, width, height, created_at, focal_point_x, focal_point_y,
    focal_point_width, focal_point_height, file_size, file_hash, collection_id,
    uploaded_by_user_id, credit, rights
)
SELECT id, title, file, description, width, height, created_at, focal_point_x, focal_point_y,
    focal_point_width, focal_point_height, file_size, file_hash, collection_id,
    uploaded_by_user_id, '', 'ours'
FROM wagtailimages_image
WHERE NOT EXISTS (SELECT 1 FROM destination_picture p WHERE p.id = wagtailimages_image.id);
SELECT setval(
    pg_get_serial_sequence('destination_picture', 'id'),
    GREATEST((SELECT max(id) FROM destination_picture), 1)
);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0009_care_sheets"),
        ("destination", "0003_pages"),
    ]

    operations = [
        # The ids stay, so that each photograph of an offer finds its file again.
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="offerphoto",
            name="image",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="destination.picture",
                verbose_name="photo",
            ),
        ),
    ]
