"""The desk of a lead with 5 and with 500 cases: list, poll, and one case.

Runs inside a `manage.py shell` of the program under test, on its own database. Everything is
done in one transaction that is taken back.
"""

import statistics
import time as clock_time
from datetime import time, timedelta

from django.db import connection, transaction

from bench.counting import counted
from peersupport.core import clock, ids
from program.queries import facts
from referrals.models import Card, Counselor, Reading, Referral, Routed
from referrals.queries import desk as reads_of
from referrals.rules import CareRole, State, Urgency
from referrals.views.desk_words import described

_ROUNDS = 15


def _lead() -> Counselor:
    card = Card.objects.create(name="Dee")
    for weekday in range(5):
        hours = {"weekday": weekday, "starts": time(9), "ends": time(17)}
        Reading.objects.create(card=card, **hours)
    return Counselor.objects.create(
        card=card,
        email=f"{ids.new_id().hex}@school.example",
        role=str(CareRole.LEAD),
        state=Counselor.State.ACTIVE,
        confirmed_by="bench",
        confirmed_on=clock.now().date(),
        seal=b"",
    )


def _lay(lead: Counselor, number: int) -> None:
    now, urgencies = clock.now(), list(Urgency)
    rows = [
        Referral(
            code=f"{count:06d}",
            kind="student",
            urgency=str(urgencies[count % 3]),
            state=str(State.RECEIVED if count % 2 else State.ACKNOWLEDGED),
            owner=None if count % 2 else lead.card,
            request_key=ids.new_id(),
            received_at=now - timedelta(hours=count % 60),
            acknowledge_by=now + timedelta(hours=count % 40),
            contact_by=None if count % 2 else now + timedelta(hours=20),
        )
        for count in range(number)
    ]
    Referral.objects.bulk_create(rows)
    Routed.objects.bulk_create([Routed(referral=row) for row in rows])


def _timed(lead: Counselor) -> tuple[float, int, int]:
    zone = facts().zone
    taken, shown = [], 0
    with counted(connection) as count:
        for _ in range(_ROUNDS):
            began, now = clock_time.perf_counter(), clock.now()
            found = reads_of.desk(lead, now, zone)
            cases = (*found.danger, *found.handed, *found.waiting, *found.mine, *found.others)
            shown = len([described(one, now, zone) for one in cases])
            taken.append((clock_time.perf_counter() - began) * 1000)
    return statistics.median(taken), count[0] // _ROUNDS, shown


def main() -> None:
    """Print one line for each number of cases."""
    for number in (5, 500):
        with transaction.atomic():
            lead = _lead()
            _lay(lead, number)
            milliseconds, queries, shown = _timed(lead)
            transaction.set_rollback(True)
        print(f"{f'desk, {shown} cases':28}{queries:>16}{milliseconds:>9.1f} ms")
