"""What tests of webhooks share: a spring morning, and a program that is told."""

import pytest

from tests.booking.webhooks.receiver import receiver  # noqa: F401
from tests.cast import NOW


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
