"""What tests of calendars share."""

import pytest

from booking.channels import reading
from tests.booking.channels.platform import Platform


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Stand for every platform: no test asks the network."""
    one = Platform()
    monkeypatch.setattr(reading, "fetch", one.fetch)
    return one
