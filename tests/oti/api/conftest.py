"""What tests of the API share: a spring morning, the conditions of sale, a short horizon."""

import pytest

from tests import factories
from tests.cast import NOW


@pytest.fixture(autouse=True)
def _in_spring(at, settings):
    at(NOW)
    # Some months of the search table for each lodging, not a year and a half.
    settings.SEARCH_HORIZON_DAYS = 125


@pytest.fixture(autouse=True)
def _conditions_of_sale(request):
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        factories.terms()
