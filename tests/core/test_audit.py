"""The audit is written with the act, or not at all, and never changed."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.rules import LastAdministrator, NotAllowed, Role
from accounts.services import grant_role, revoke_role
from peersupport.core.actors import SYSTEM, System
from peersupport.core.audit.models import AppendOnly, Entry
from peersupport.core.audit.services import Anonymous, forget_old, record
from tests.people import cast, sign_in
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _entry(now: datetime) -> Entry:
    return record(by=SYSTEM, verb="try", thing="test", thing_id="1", now=now)


def test_an_entry_cannot_be_changed_or_deleted(evening: datetime) -> None:
    entry = _entry(evening)

    for attempt in (
        entry.save,
        entry.delete,
        lambda: Entry.objects.update(verb="x"),
        lambda: Entry.objects.all().delete(),
    ):
        with pytest.raises(AppendOnly):
            attempt()


def test_the_database_refuses_it_too(evening: datetime) -> None:
    """By a trigger, to the owner of the table as well."""
    _entry(evening)

    refused = pytest.raises(DatabaseError, match="audit_entry_is_append_only")
    with acting_as("owner"), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET verb = 'x'")


def test_nobody_cannot_act(evening: datetime) -> None:
    with pytest.raises(Anonymous):
        record(
            by=System(actor_id="", actor_label=""), verb="x", thing="x", thing_id="", now=evening
        )


@pytest.mark.plane("worker")
def test_entries_go_after_two_years(evening: datetime) -> None:
    _entry(evening)

    assert forget_old(now=evening + timedelta(days=729)) == 0
    assert forget_old(now=evening + timedelta(days=731)) == 1


def test_a_role_is_recorded_and_in_force_at_the_next_request(evening: datetime) -> None:
    people = cast(evening)
    browser = sign_in(people["ana"])
    assert browser.get("/hours/").status_code == 404

    grant_role(person=people["ana"], role=Role.SUPPORTER, by=people["ida"], now=evening)
    assert browser.get("/hours/").status_code == 200
    last = Entry.objects.get(actor_id=str(people["ida"].pk))
    assert (last.verb, last.note) == ("grant role", "supporter")

    revoke_role(person=people["ana"], role=Role.SUPPORTER, by=people["ida"], now=evening)
    # Their sessions end with it: they sign in anew as what they are now.
    assert browser.get("/hours/").status_code == 302


def test_who_may_not_grant_and_the_last_administrator(evening: datetime) -> None:
    people = cast(evening)

    with pytest.raises(NotAllowed):
        grant_role(person=people["ana"], role=Role.SUPPORTER, by=people["ben"], now=evening)
    with pytest.raises(NotAllowed):
        grant_role(person=people["ana"], role=Role.ADMINISTRATOR, by=people["cora"], now=evening)
    with pytest.raises(LastAdministrator):
        revoke_role(person=people["ida"], role=Role.ADMINISTRATOR, by=people["ida"], now=evening)
