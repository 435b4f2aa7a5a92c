"""Offers are found by their words through an index of the expression that asks for them."""

from django.db import migrations


def vector(language: str, configuration: str) -> str:
    return " || ".join(
        f"setweight(to_tsvector('{configuration}'::regconfig,"
        f" coalesce({column}_{language}, '')), '{weight}')"
        for column, weight in (("title", "A"), ("summary", "B"), ("description", "C"))
    )


FORWARD = "".join(
    f"CREATE INDEX offer_words_{language} ON booking_offer USING gin"
    f" (({vector(language, configuration)}));"
    for language, configuration in (("fr", "fr_u"), ("en", "en_u"))
)
BACKWARD = "DROP INDEX offer_words_fr; DROP INDEX offer_words_en;"


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0010_pictures"),
        ("destination", "0005_search_words"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
