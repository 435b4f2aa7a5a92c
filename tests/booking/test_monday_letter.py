"""The letter of Monday: to whom, when, once, and what it says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from booking.emails import compose
from booking.messages import drain_outbox
from booking.models import Complaint, FollowUp, OutboxMessage
from booking.monday_letter import letter_of, write_monday_letter
from booking.relations.relation_settings import set_relation
from booking.tasks import write_monday_letter as task
from members.journal import SYSTEM
from oti.lib.dates import PARIS, at_paris
from tests.booking.relations.returning import somebody, stayed
from tests.booking.relations.stays import answered, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 7, 26)
EIGHT = at_paris(MONDAY, time(8))


@pytest.fixture(autouse=True)
def _on_monday(at):
    at(EIGHT)


def letters() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind="monday_letter").order_by("recipient"))


def texts(message: OutboxMessage) -> tuple[str, str, str]:
    """Return subject, text and HTML with plain spaces."""
    mail = compose(message)
    html = str(mail.alternatives[0].content)
    parts = (mail.subject, mail.body, html)
    plain = (one.replace("\u00a0", " ").replace("\u202f", " ") for one in parts)
    return tuple(plain)  # type: ignore[return-value]


def sent_to(*addresses: str, is_on: bool = True) -> None:
    set_relation(
        target_percent=75, letter_is_on=is_on, recipients=addresses, actor=SYSTEM, now=EIGHT
    )


# --- When and to whom -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("moment", "count"),
    [
        (EIGHT - timedelta(minutes=1), 0),
        (EIGHT, 1),
        (at_paris(MONDAY, time(23, 59)), 1),
        (EIGHT + timedelta(days=1), 0),
        (EIGHT - timedelta(days=1), 0),
        # Winter: eight o'clock of Paris is seven of Greenwich.
        (datetime(2027, 11, 29, 8, 0, tzinfo=PARIS), 1),
        (datetime(2027, 11, 29, 7, 59, tzinfo=PARIS), 0),
    ],
)
def test_on_monday_from_eight(moment: datetime, count: int):
    assert write_monday_letter(now=moment) == count


def test_once_a_week_and_reader():
    sent_to("anne@example.org", "luc@example.org")
    assert write_monday_letter(now=EIGHT) == 2
    for minutes in (15, 30):
        assert write_monday_letter(now=EIGHT + timedelta(minutes=minutes)) == 0
    sent_to("anne@example.org", "luc@example.org", "new@example.org")
    assert write_monday_letter(now=EIGHT + timedelta(hours=1)) == 1
    assert write_monday_letter(now=EIGHT + timedelta(days=7)) == 3
    assert all("@" not in one.key for one in letters())


def test_the_office_s_own_address_reads_it_where_nobody_was_named(settings):
    settings.OFFICE = {**settings.OFFICE, "email": "office@example.org"}
    task()
    assert [one.recipient for one in letters()] == ["office@example.org"]


def test_switched_off_nobody_reads_it():
    sent_to("anne@example.org", is_on=False)
    assert write_monday_letter(now=EIGHT) == 0


def test_a_long_address_fits():
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example.org"
    sent_to(address)
    assert write_monday_letter(now=EIGHT) == 1


def test_it_is_sent_by_the_outbox(mailoutbox):
    sent_to("anne@example.org")
    write_monday_letter(now=EIGHT)
    assert drain_outbox(now=EIGHT) == 1
    assert [one.to for one in mailoutbox] == [["anne@example.org"]]


# --- What it says ---------------------------------------------------------------------------------
def test_who_came_back_beside_the_same_day_a_year_ago():
    for number in range(10):
        who = somebody(number)
        for year, day, until in ((2025, 1, 10), (2026, 2 + number, 8), (2027, 6, 4)):
            if number < until:
                stayed(who, date(year, day, 15))
    told = letter_of(now=EIGHT)["returns"]
    # In 2027: four of the eight of 2026. On 26 July 2026, six of the ten of 2025 had come again.
    assert (told["now"]["back"], told["now"]["households"], told["now"]["percent"]) == (4, 8, 50)
    assert (told["before"]["back"], told["before"]["households"]) == (6, 10)
    write_monday_letter(now=EIGHT)
    subject, body, html = texts(letters()[0])
    assert "50 %" in subject
    for text in (body, html):
        assert "[22 ; 78]" in text
        assert "60 % (6" in text
        assert "/gestion/fidelite/" in text


def test_few_households_are_no_rate_in_it():
    for number in range(4):
        stayed(somebody(number), date(2026, 7, 1))
        stayed(somebody(number), date(2027, 7, 1))
    assert letter_of(now=EIGHT)["returns"]["now"] is None
    write_monday_letter(now=EIGHT)
    assert "100 %" not in texts(letters()[0])[1]


def test_what_waits_is_named_by_number_never_by_name(bank: FakeBank):
    order = past_stay(bank)
    answered(order, 3, "Cold rooms.")
    opened = EIGHT - timedelta(days=20)
    for number, due in enumerate((MONDAY - timedelta(days=3), MONDAY)):
        Complaint.objects.create(
            order=order, channel="site", words=f"x{number}", opened_at=opened, due_on=due
        )
    told = letter_of(now=EIGHT)
    assert (told["tasks"]["open"], told["tasks"]["late"]) == (1, 1)
    assert told["tasks"]["worst"][0]["recommend"] == 3
    assert (told["complaints"]["open"], told["complaints"]["late"]) == (2, 1)
    assert len(told["complaints"]["worst"]) == 1
    assert (told["surveys"]["asked"], told["surveys"]["answered"]) == (1, 1)
    write_monday_letter(now=EIGHT)
    _subject, body, html = texts(letters()[0])
    late = Complaint.objects.earliest("due_on")
    for text in (body, html):
        assert order.reference in text
        assert late.number in text
        assert "3/10" in text
        for secret in (order.first_name, order.last_name, order.email, "Cold rooms", "x0"):
            assert secret not in text


def test_what_was_done_waits_no_more(bank: FakeBank):
    answered(past_stay(bank), 3)
    FollowUp.objects.update(done_at=EIGHT, comment="Called.")
    told = letter_of(now=EIGHT)["tasks"]
    assert (told["open"], told["late"], told["worst"]) == (0, 0, [])


def test_it_says_what_it_said_on_monday(bank: FakeBank):
    write_monday_letter(now=EIGHT)
    before = texts(letters()[0])
    for number in range(6):
        stayed(somebody(number), date(2026, 7, 1))
    assert texts(letters()[0]) == before


def test_it_costs_a_bounded_number_of_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        letter_of(now=EIGHT)
