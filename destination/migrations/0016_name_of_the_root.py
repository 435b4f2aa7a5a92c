"""The root of the pages and that of the collections have a French name at the desk.

Wagtail calls both « Root ». What the office has renamed stays as it is.
"""

from django.db import migrations

PAGES = """
UPDATE wagtailcore_page SET title = '{new}', draft_title = '{new}'
WHERE depth = 1 AND title = '{old}'
"""
COLLECTIONS = "UPDATE wagtailcore_collection SET name = '{new}' WHERE depth = 1 AND name = '{old}'"


def renamed(statement: str, old: str, new: str) -> migrations.RunSQL:
    """Give a root another name, and its former one where the migration is undone."""
    return migrations.RunSQL(
        statement.format(old=old, new=new), statement.format(old=new, new=old)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('destination', '0015_poles_in_one_order'),
        ('wagtailcore', '0098_apitoken'),
    ]

    operations = [
        renamed(PAGES, 'Root', 'Racine du site'),
        renamed(COLLECTIONS, 'Root', 'Racine'),
    ]
