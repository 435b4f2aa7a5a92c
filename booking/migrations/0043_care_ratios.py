"""Ratios of authorisations; a carer has 840 units, no longer 40, so that each divides them.

What is stored of childcare is counted again in the finer units: capacities, sales, holds, takes.
"""

from django.db import migrations, models

FINER = 21
STORED = (
    ("booking_slot", "capacity = capacity * {by}, sold = sold * {by}", "booking_slot.offer_id"),
    ("booking_slothold", "quantity = quantity * {by}", "slot.offer_id"),
    ("booking_slottake", "quantity = quantity * {by}", "slot.offer_id"),
)
OF_CHILDCARE = "offer.kind = 'childcare'"


def statements(by: str) -> list[str]:
    """Return one statement a table that multiplies what childcare has in it."""
    found = []
    for table, change, offer_id in STORED:
        slots = "" if table == "booking_slot" else "booking_slot slot, "
        own = "" if table == "booking_slot" else f" AND slot.id = {table}.slot_id"
        found.append(
            f"UPDATE {table} SET {change.format(by=by)} FROM {slots}booking_offer offer"
            f" WHERE offer.id = {offer_id} AND {OF_CHILDCARE}{own}"
        )
    return found


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0042_search_indexes'),
    ]

    operations = [
        migrations.RunSQL(statements(str(FINER)), statements(f"1 / {FINER}")),
        migrations.AddField(
            model_name='offerpermit',
            name='children_below_six',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5'), (6, '6'), (7, '7'), (8, '8'), (10, '10'), (12, '12'), (14, '14')], null=True, verbose_name='children under 6 for one carer'),
        ),
        migrations.AddField(
            model_name='offerpermit',
            name='children_from_six',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5'), (6, '6'), (7, '7'), (8, '8'), (10, '10'), (12, '12'), (14, '14')], null=True, verbose_name='children from 6 on for one carer'),
        ),
        migrations.AddConstraint(
            model_name='offerpermit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('children_below_six', None), ('children_below_six__in', [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14]), _connector='OR'), models.Q(('children_from_six', None), ('children_from_six__in', [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14]), _connector='OR')), name='permit_ratio_without_a_rest'),
        ),
    ]
