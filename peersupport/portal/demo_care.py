"""The demo's desk: each day an urgent one that waits, one taken on, one in contact, one ended.

Sealed as students seal, and opened with the demo's own keys like anything else. Idempotent.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Person
from peersupport.core import clock, ids
from program.queries import facts
from referrals import recipients, tagkey
from referrals.content import Attached, Content, Reach
from referrals.models import Counselor, Referral
from referrals.queries.mine import Claim
from referrals.rules import Consent, Kind, Outcome, Urgency
from referrals.services import afterwards, desk, opening, routing, sending
from referrals.services.hours import by_the_hour

_SPACE = uuid.UUID("6f1c8a52-6a0b-4d3e-9a58-2f4b9d1f7c10")
_REMEMBERED = timedelta(days=14)  # days of the demo whose rest is taken back on a new one


@dataclass(frozen=True, slots=True)
class Scene:
    """One of the demo's referrals, and how far it has come."""

    name: str
    student: str
    urgency: Urgency
    hours_ago: int
    content: Content
    verbs: tuple[str, ...] = ()


SCENES = (
    Scene(
        "waiting",
        "ben",
        Urgency.URGENT,
        1,
        Content(
            name="Ben",
            pronouns="he/him",
            words="I have not slept for three nights and the practical is on Monday. I keep "
            "crying in the stairwell. I would like to talk to somebody today.",
            reach=(Reach("text", "555-0142"), Reach("phone", "555-0142")),
            times="Any time today, a text first please",
        ),
    ),
    Scene(
        "taken on",
        "ana",
        Urgency.SOON,
        3,
        Content(
            name="Ana",
            pronouns="she/her",
            words="Since my grandmother died I cannot concentrate. Sol said you might help me "
            "find somebody to see for a while.",
            reach=(Reach("mail", "ana@school.example"),),
            times="After 4pm, not on Wednesdays",
            voicemail=True,
            attached=(Attached("Sol", "Ana and I talked twice. She asked me to say that mornings "
                               "are the hardest."),),
        ),
        ("acknowledge",),
    ),
    Scene(
        "in contact",
        "ana",
        Urgency.ROUTINE,
        30,
        Content(
            name="Ana",
            words="I would like help to find a therapist near the clinic site.",
            reach=(Reach("mail", "ana@school.example"),),
        ),
        ("acknowledge", "contact"),
    ),
    Scene(
        "ended",
        "ben",
        Urgency.ROUTINE,
        50,
        Content(
            name="Ben",
            words="I want to talk about test anxiety before the next block.",
            reach=(Reach("phone", "555-0142"),),
        ),
        ("acknowledge", "contact", "close"),
    ),
)  # fmt: skip


def _key(day: date, name: str) -> uuid.UUID:
    return uuid.uuid5(_SPACE, f"{day.isoformat()}|{name}")


def lay_out_desk(
    *, people: Mapping[str, Person], counselors: Mapping[str, Counselor], now: datetime
) -> None:
    """See to it that today's cases are on the desk, once, whatever was done with them since."""
    if not recipients.is_ready():
        return  # no key to seal to yet: the next time
    today = clock.local_date(now, facts().zone)
    wanted = {_key(today, scene.name): scene for scene in SCENES}
    there = set(
        Referral.objects.filter(request_key__in=wanted).values_list("request_key", flat=True)
    )
    missing = [(key, scene) for key, scene in wanted.items() if key not in there]
    if not missing:
        return
    _take_back_yesterdays(people, today, now)
    rows = [(scene, _send(scene, key, people[scene.student], now)) for key, scene in missing]
    routing.route_new(now=now)
    for scene, row in rows:
        _play(scene, row, counselors["eli"], now)


@transaction.atomic(durable=True)
def _send(scene: Scene, key: uuid.UUID, person: Person, now: datetime) -> Referral:
    row = Referral(
        pk=ids.new_id(),
        kind=Kind.STUDENT,
        urgency=scene.urgency,
        consent=Consent.GIVEN,
        tag=tagkey.tag_for(person.pk, now),
        request_key=key,
        received_at=by_the_hour(now - timedelta(hours=scene.hours_ago)),
    )
    sending.insert(row, scene.content)
    return row


def _play(scene: Scene, row: Referral, by: Counselor, now: datetime) -> None:
    acts: dict[str, Callable[[], object]] = {
        "acknowledge": lambda: desk.acknowledge(referral=row.pk, by=by, now=now),
        "contact": lambda: desk.contact(referral=row.pk, by=by, now=now),
        "close": lambda: desk.close(referral=row.pk, outcome=Outcome.CONNECTED, by=by, now=now),
    }
    for verb in scene.verbs:
        acts[verb]()
        if verb == "acknowledge":
            # So that its student sees who has opened it, and the log of the desk is not empty.
            opening.open_case(
                referral=Referral.objects.get(pk=row.pk), counselor=by, what="case", now=now
            )


def _take_back_yesterdays(people: Mapping[str, Person], today: date, now: datetime) -> None:
    """Let a new day begin with a new desk: what nobody dealt with is taken back by its student."""
    days = [today - timedelta(days=n) for n in range(1, _REMEMBERED.days + 1)]
    students = {_key(day, scene.name): scene.student for day in days for scene in SCENES}
    left = Referral.objects.live().filter(request_key__in=students)
    for key, request_key in left.values_list("pk", "request_key"):
        claim = Claim(person=people[students[request_key]].pk)
        afterwards.withdraw(claim=claim, referral=key, now=now)
