"""Tables of people and their roles."""

from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.rules import Role
from peersupport.core import ids


def _month(day: date) -> date:
    return day.replace(day=1)


class People(BaseUserManager["Person"]):
    """Making people."""

    def create_user(self, email: str, *, joined: date, called: str = "") -> "Person":
        """Return a new person without a password."""
        person = Person(email=email.strip().lower(), called=called, joined_on=_month(joined))
        person.set_unusable_password()
        person.save()
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Return the person with an address, whatever its case."""
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser):
    """Somebody with an account. Nothing printed of it shows an address."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    email = models.EmailField()
    called = models.CharField(max_length=40, blank=True, default="")
    is_active = models.BooleanField(default=True)
    session_epoch = models.UUIDField(default=ids.new_id)
    joined_on = models.DateField()

    objects = People()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_person_email_once"),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="accounts_person_email_lower"
            ),
        ]

    def __str__(self) -> str:
        return "a person"

    def __repr__(self) -> str:
        return "<Person>"

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles in force, asked once per request."""
        grants = RoleGrant.objects.filter(person=self, revoked_on__isnull=True)
        return frozenset(grants.values_list("role", flat=True))

    def has_role(self, role: Role) -> bool:
        """Return whether a role is in force."""
        return self.is_active and str(role) in self.roles

    @property
    def actor_id(self) -> str:
        """Who acts, for the audit."""
        return str(self.pk)

    @property
    def actor_label(self) -> str:
        """The roles, for the audit."""
        return ", ".join(sorted(self.roles)) or "person"

    def get_session_auth_hash(self) -> str:
        """Return what every session of this person carries; a new epoch ends them all."""
        return self.session_epoch.hex

    def clean(self) -> None:
        """Keep addresses in lower case."""
        super().clean()
        self.email = self.email.lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store, with the address in lower case."""
        self.email = self.email.lower()
        super().save(*args, **kwargs)


class Joined(models.Aggregate):
    """Words of many rows in one, with commas between them."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite calls it by another name."""
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **more)


def with_roles(person_id: Any) -> Person | None:
    """Return an active person together with their roles: one query."""
    active = Q(grants__revoked_on__isnull=True)
    people = Person.objects.filter(pk=person_id, is_active=True)
    person = people.annotate(joined_roles=Joined("grants__role", filter=active)).first()
    if person is not None:
        words = str(person.joined_roles or "")
        person.__dict__["roles"] = frozenset(words.split(",")) - {""}
    return person


class RoleGrant(models.Model):
    """One role given to one person, and by whom."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=[(str(r), str(r)) for r in Role])
    granted_by = models.CharField(max_length=40)
    granted_on = models.DateField()
    revoked_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=Q(revoked_on__isnull=True),
                name="accounts_grant_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[str(r) for r in Role]), name="accounts_grant_role"
            ),
        ]


class Profile(models.Model):
    """What students see of a supporter."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="profile")
    shown_name = models.CharField(max_length=40)
    year = models.CharField(max_length=40, blank=True, default="")
    cleared_until = models.DateField(null=True, blank=True)
    # One tag a line, in the supporter's own words; every signed-in person can read them.
    tags = models.TextField(blank=True, default="")
    room_link = models.URLField(blank=True, default="")

    @property
    def tag_list(self) -> list[str]:
        """The tags, in the supporter's order."""
        return [line.strip() for line in self.tags.splitlines() if line.strip()]


class Group(models.Model):
    """A class, a small group, a rotation team: people who know each other."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=60, unique=True)
    # Whether its members are kept from meeting each other as supporter and student.
    is_apart = models.BooleanField(default=False)


class Membership(models.Model):
    """One person in one group."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "group"], name="accounts_membership_once")
        ]


def month_of(moment: datetime) -> datetime:
    """Return an instant rounded down to its month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
