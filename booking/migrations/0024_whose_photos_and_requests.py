"""Photographs belong to the house that sent them; a request knows where it was chosen."""

import django.db.models.deletion
from django.db import migrations, models

# Until now whoever sent one had it: the house whose offer shows it, if that person is or was of it.
WHOSE = """
INSERT INTO booking_housephoto (image_id, provider_id)
SELECT DISTINCT ON (picture.id) picture.id, offer.provider_id
FROM (
    SELECT image_id, offer_id FROM booking_offerphoto
    UNION
    SELECT (one ->> 'image')::bigint, review.offer_id
    FROM booking_offerreview review,
        jsonb_array_elements(
            CASE jsonb_typeof(review.pending -> 'photos')
                WHEN 'array' THEN review.pending -> 'photos'
            END
        ) one
) shown
JOIN destination_picture picture ON picture.id = shown.image_id
JOIN booking_offer offer ON offer.id = shown.offer_id
WHERE EXISTS (
    SELECT FROM members_providerrole role
    WHERE role.provider_id = offer.provider_id AND role.user_id = picture.uploaded_by_user_id
) OR EXISTS (
    SELECT FROM members_formermember former
    WHERE former.provider_id = offer.provider_id AND former.user_id = picture.uploaded_by_user_id
)
ORDER BY picture.id, offer.id
"""


class Migration(migrations.Migration):
    """Add whose photographs are, and the channel of requests (before: none was the widget's)."""

    dependencies = [
        ("booking", "0023_request_vat_scheme"),
        ("destination", "0012_picture_descriptions"),
        ("members", "0009_commission_proposed"),
    ]

    operations = [
        migrations.AddField(
            model_name="bookingrequest",
            name="channel",
            field=models.CharField(
                blank=True,
                choices=[("widget", "on the house’s own site")],
                db_default="",
                default="",
                max_length=8,
                verbose_name="chosen",
            ),
        ),
        migrations.CreateModel(
            name="HousePhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="destination.picture",
                        verbose_name="photo",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="sent_photos",
                        to="members.provider",
                    ),
                ),
            ],
            options={
                "verbose_name": "photograph of a house",
                "verbose_name_plural": "photographs of houses",
            },
        ),
        migrations.RunSQL(WHOSE, migrations.RunSQL.noop),
    ]
