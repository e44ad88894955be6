"""What a student waits for takes few queries, whatever the size."""

from datetime import datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from officehours.models import Visit
from officehours.queries.pages import slot_value
from peersupport.core import ids
from program.services import touch_public
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


@pytest.mark.parametrize("days", [1, 12])
def test_booking_and_today_with_a_booked_time(
    evening: datetime, days: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """12 for booking, beside the two that mark the transaction inside this test; 7 for Today.

    One of them asks which events are near, since one's own stand there too.
    """
    people = cast(evening)
    touch_public()
    hours = [
        hours_of(people[name], evening + timedelta(days=n, minutes=20))
        for name in ("priya", "sol", "marcus")
        for n in range(days)
    ]
    ana = sign_in(people["ana"])
    with time_machine.travel(evening, tick=False):
        with django_assert_max_num_queries(12 + 3):
            ana.post(
                "/visits/book/",
                {
                    "slot": slot_value(hours[0].pk, hours[0].starts_at),
                    "name": "Ash",
                    "request_key": str(ids.new_id()),
                },
            )
        assert Visit.objects.count() == 1
        touch_public()  # so that nothing is remembered
        with django_assert_max_num_queries(8):
            ana.get("/")
