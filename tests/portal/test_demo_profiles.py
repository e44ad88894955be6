"""In the demo the supporters say something of themselves; what somebody wrote there stays."""

from datetime import datetime

import pytest

from accounts.models import Profile, Tag
from accounts.queries.profiles import cards
from peersupport.portal.cast import dress_cast
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def test_the_cast_is_dressed_once(evening: datetime) -> None:
    people = cast(evening)
    dress_cast(people)
    dress_cast(people)

    assert Tag.objects.count() == 6
    found = cards([people[name].pk for name in ("sol", "priya", "marcus")])
    assert all(len(card.tags) == 2 and card.bio for card in found.values())


def test_what_somebody_wrote_stays(evening: datetime) -> None:
    people = cast(evening)
    Profile.objects.filter(person=people["priya"]).update(bio="Mine.")

    dress_cast(people)

    assert Profile.objects.get(person=people["priya"]).bio == "Mine."
