"""How PostgreSQL reads German words, as it reads French and English ones."""

from django.db import migrations

KINDS = "hword, hword_part, word, asciiword, asciihword, hword_asciipart"
FORWARD = f"""
    CREATE TEXT SEARCH CONFIGURATION de_u (COPY = german);
    ALTER TEXT SEARCH CONFIGURATION de_u
        ALTER MAPPING FOR {KINDS} WITH unaccent, german_stem;
"""
BACKWARD = "DROP TEXT SEARCH CONFIGURATION de_u;"


class Migration(migrations.Migration):
    dependencies = [("destination", "0006_outlines")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
