"""Offers are found by their German words, or by the English ones that stand in for them."""

from django.db import migrations


def text(column: str) -> str:
    return f"coalesce(nullif({column}_de, ''), {column}_en, '')"


VECTOR = " || ".join(
    f"setweight(to_tsvector('de_u'::regconfig, {text(column)}), '{weight}')"
    for column, weight in (("title", "A"), ("summary", "B"), ("description", "C"))
)
FORWARD = f"CREATE INDEX offer_words_de ON booking_offer USING gin (({VECTOR}));"
BACKWARD = "DROP INDEX offer_words_de;"


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0012_ready_stays"),
        ("destination", "0007_german_words"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
