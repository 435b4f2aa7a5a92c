"""How PostgreSQL reads French and English words: their stems, without accents."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

KINDS = "hword, hword_part, word, asciiword, asciihword, hword_asciipart"
FORWARD = "".join(
    f"""
    CREATE TEXT SEARCH CONFIGURATION {name} (COPY = {language});
    ALTER TEXT SEARCH CONFIGURATION {name}
        ALTER MAPPING FOR {KINDS} WITH unaccent, {language}_stem;
    """
    for name, language in (("fr_u", "french"), ("en_u", "english"))
)
BACKWARD = "DROP TEXT SEARCH CONFIGURATION fr_u; DROP TEXT SEARCH CONFIGURATION en_u;"


class Migration(migrations.Migration):
    dependencies = [("destination", "0004_review")]

    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
