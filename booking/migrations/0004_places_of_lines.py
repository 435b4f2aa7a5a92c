"""What lines sold before took of their slot: as many places as their quantity."""

from django.db import migrations

FILL = """
INSERT INTO booking_slottake (line_id, slot_id, quantity)
SELECT line.id, line.slot_id, line.quantity FROM booking_orderline line
WHERE line.slot_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM booking_slottake take WHERE take.line_id = line.id)
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0003_refund_asked_and_email_any_case")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
