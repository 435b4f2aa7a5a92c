"""Whatever is typed in the address bar, nothing breaks."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/fr/dormir/?pole=%00",
        "/fr/vivre/?pole=%00&arrival=2027-07-10",
        "/fr/agenda/?pole=%00",
        "/fr/agenda.ics?pole=%00",
        "/fr/agenda/99999999999/1/",
        "/fr/agenda/0/0/",
        "/fr/dormir/?page=abc&adults=-1&ages=x&arrival=31/02/2027",
        "/fr/dormir/?page=99999999999999999999",
        "/fr/voyage/%00/",
    ],
)
def test_odd_address_is_answered(client: Client, address: str):
    factories.a_perimeter()
    assert client.get(address).status_code in {200, 404}


@pytest.mark.parametrize("amount", ["1e999999", "-1E+99999999", "NaN", "Infinity", "abc", ""])
def test_odd_total_is_no_failure(client: Client, amount: str):
    offer = factories.a_produce()
    answer = client.post(
        "/fr/mon-sejour/ajouter/",
        {"offer": offer.pk, "slot": "1", "quantity": "1", "shown_amount": amount},
    )
    assert answer.status_code < 500
