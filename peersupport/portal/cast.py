"""The demo's cast."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import Person, Profile, Tag
from accounts.rules import Role, sameness
from accounts.services import grant_role
from peersupport.core.actors import SYSTEM
from referrals.models import Card, Counselor
from referrals.rules import CareRole
from referrals.seals import seal_of


@dataclass(frozen=True, slots=True)
class Part:
    """One of the cast."""

    name: str
    what: str
    roles: tuple[Role, ...]
    year: str = ""
    room: str = ""
    care: str = ""  # what they are on the care side
    about: str = ""  # by which a student can tell whether to leave them out

    @property
    def email(self) -> str:
        """The address this one signs in with."""
        return f"{self.name.lower()}@school.example"


_BOTH = (Role.STUDENT, Role.SUPPORTER)
CAST = (
    Part("Ana", "student", (Role.STUDENT,)),
    Part("Ben", "student", (Role.STUDENT,)),
    Part("Sol", "supporter", _BOTH, "year 2"),
    Part("Priya", "supporter", _BOTH, "year 4", "https://rooms.school.example/p-4th"),
    Part("Marcus", "supporter", _BOTH, "year 3", "https://rooms.school.example/m-3rd"),
    Part("Cora", "coordinator", (Role.COORDINATOR,)),
    Part("Ida", "administrator", (Role.ADMINISTRATOR,)),
    Part(
        "Dee",
        "counselor; leads, and looks after the supporters",
        (Role.SUPERVISOR,),
        care=CareRole.LEAD,
        about="leads the counseling service",
    ),
    Part("Eli", "counselor", (), care=CareRole.COUNSELOR, about="teaches the second year"),
)


@transaction.atomic
def ensure_cast(now: datetime) -> dict[str, Person]:
    """Make whoever of the cast is missing; return all by first name in lower case."""
    people = {person.email: person for person in Person.objects.all()[:200]}
    found = {}
    for part in CAST:
        person = people.get(part.email)
        if person is None:
            person = Person.objects.create_user(part.email, joined=now.date(), called=part.name)
        for role in part.roles:
            grant_role(person=person, role=role, by=SYSTEM, now=now)
        if Role.SUPPORTER in part.roles:
            Profile.objects.filter(person=person, year="").update(
                shown_name=part.name,
                year=part.year,
                room_link=part.room,
                cleared_until=date(now.year + 1, 6, 30),
            )
        found[part.name.lower()] = person
    return found


@transaction.atomic
def ensure_counselors(now: datetime) -> dict[str, Counselor]:
    """Make whoever of the cast's counselors is missing on the care side; the demo's alone."""
    here = Counselor.objects.exclude(state=Counselor.State.ENDED)
    known = {row.email: row for row in here.select_related("card")}
    found = {}
    for part in CAST:
        if not part.care:
            continue
        row = known.get(part.email)
        if row is None:
            row = Counselor(
                card=Card.objects.create(name=part.name, about=part.about),
                email=part.email,
                role=part.care,
                state=Counselor.State.ACTIVE,
                confirmed_by="the demo",
                confirmed_on=now.date(),
            )
            row.seal = seal_of(row)
            row.save(force_insert=True)
        found[part.name.lower()] = row
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What a supporter of the cast says of themselves in the demo."""

    pronouns: str
    bio: str
    languages: str
    ways: str
    tags: tuple[str, ...]


# Three say the first tag, so that nobody need agree to stand alone with it.
_TOGETHER = "first in my family at college"
_SAID = {
    "sol": Said(
        "they/them",
        "Second year, so I remember the first one well. Good for a walk or a tea.",
        "English, Spanish",
        "in person",
        (_TOGETHER, "took a leave and came back"),
    ),
    "priya": Said(
        "she/her",
        "I failed a board exam and am still here. Ask me anything about it, or nothing at all.",
        "English, Hindi",
        "in person,video",
        (_TOGETHER, "failed a board exam"),
    ),
    "marcus": Said(
        "he/him",
        "Night owl, father of a two-year-old, better at listening than at anatomy.",
        "English",
        "in person,video,voice",
        (_TOGETHER, "parent"),
    ),
}


@transaction.atomic
def dress_cast(people: dict[str, Person]) -> None:
    """Fill the profiles that are still empty, so that the demo shows what students see."""
    for name, said in _SAID.items():
        profile = Profile.objects.filter(person=people[name], bio="").first()
        if profile is None or profile.tags.exists():
            continue
        Profile.objects.filter(pk=profile.pk).update(
            pronouns=said.pronouns, bio=said.bio, languages=said.languages, ways=said.ways
        )
        for words in said.tags:
            Tag.objects.create(
                profile=profile,
                words=words,
                sameness=sameness(words),
                use=Tag.Use.SHOWN,
                is_consented=words != _TOGETHER,
            )
