"""How the desk's search boxes read words: as they are written, without accents.

What they look in was written with accents until now: it loses them here, once.
"""

from django.db import migrations

KINDS = "hword, hword_part, word, asciiword, asciihword, hword_asciipart"
FORWARD = f"""
    CREATE TEXT SEARCH CONFIGURATION plain_u (COPY = simple);
    ALTER TEXT SEARCH CONFIGURATION plain_u ALTER MAPPING FOR {KINDS} WITH unaccent, simple;
"""
BACKWARD = "DROP TEXT SEARCH CONFIGURATION plain_u;"
WITHOUT_ACCENTS = """
    UPDATE wagtailsearch_indexentry SET
        title = unaccent(title::text)::tsvector,
        body = unaccent(body::text)::tsvector,
        autocomplete = unaccent(autocomplete::text)::tsvector;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("destination", "0009_outside_links_and_ways"),
        ("wagtailsearch", "0010_add_text_fields"),
    ]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(WITHOUT_ACCENTS, migrations.RunSQL.noop),
    ]
