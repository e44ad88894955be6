"""Of a sign-in the month is kept, whichever app Django makes ready first."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.signals import user_logged_in

from accounts.models import Person
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_signing_in_keeps_the_month_alone(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    with time_machine.travel(evening, tick=False):
        sign_in(ana)

    assert Person.objects.get(pk=ana.pk).last_login == datetime(2026, 11, 1, tzinfo=UTC)
    names = [receiver[0][0] for receiver in user_logged_in.receivers]
    assert names.count("update_last_login") == 1
