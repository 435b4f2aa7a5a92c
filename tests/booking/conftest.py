"""What tests of booking share."""

import pytest


@pytest.fixture(autouse=True)
def _short_horizon(settings: object) -> None:
    """Write some months of the search table for each lodging, not a year and a half."""
    settings.SEARCH_HORIZON_DAYS = 210  # type: ignore[attr-defined]
