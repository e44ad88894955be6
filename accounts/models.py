"""Tables of people and their roles."""

from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.roster_rules import Standing
from accounts.rules import STAFF, Role
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
    pronouns = models.CharField(max_length=40, blank=True, default="")
    # Where mail goes instead of the sign-in address; a code has reached it.
    contact_email = models.EmailField(blank=True, default="")
    # "Stop everything you send": wins over every choice below.
    is_silent = models.BooleanField(default=False)
    # A mail server said for good that it takes nothing for `mail_address`.
    is_mail_refused = models.BooleanField(default=False)
    # The kinds of messages they do not want, by name, with spaces between.
    muted = models.TextField(blank=True, default="")

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
    def mail_address(self) -> str:
        """Where everything but sign-in codes is sent."""
        return self.contact_email or self.email

    @property
    def introduction(self) -> str:
        """What to be called, with the pronouns if they gave any."""
        whole = f"{self.called} ({self.pronouns})"
        return whole if self.called and self.pronouns and len(whole) <= 40 else self.called

    def wants(self, kind: str) -> bool:
        """Return whether messages of a kind may be sent to this person."""
        return not self.is_silent and kind not in self.muted.split()

    # Staff roles that wait until this session has passed a second factor.
    withheld: frozenset[str] = frozenset()

    def withhold(self, roles: frozenset[str]) -> None:
        """Do without some roles for this request: whatever asks does not see them."""
        self.withheld = self.roles & roles
        self.__dict__["roles"] = self.roles - roles

    @property
    def is_staff_member(self) -> bool:
        """Whether a second factor is asked of them."""
        return bool((self.roles | self.withheld) & STAFF)

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
    room_link = models.URLField(blank=True, default="")
    pronouns = models.CharField(max_length=40, blank=True, default="")
    bio = models.CharField(max_length=280, blank=True, default="")
    languages = models.CharField(max_length=80, blank=True, default="")
    # Ways of talking, as in a shift: with commas between.
    ways = models.CharField(max_length=40, blank=True, default="")


class Tag(models.Model):
    """Something a supporter says of themselves, in their own words.

    Whether anybody sees it is decided in `queries.profiles`: it also hangs on how many others
    say the same, and on whether the program shows tags of its kind.
    """

    class Kind(models.TextChoices):
        """What a tag is about."""

        LIVED = "lived", _("Something I have been through")
        LANGUAGE = "language", _("A language I speak")
        INTEREST = "interest", _("Something I like or do")
        DEMOGRAPHIC = "demographic", _("Who I am: background, identity, faith and the like")

    class Use(models.TextChoices):
        """Where a tag may be read."""

        SHOWN = "shown", _("Shown beside my name")
        FILTER = "filter", _("Only finds me: not shown beside my name")
        OFF = "off", _("Off: only I see it")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="tags")
    words = models.CharField(max_length=40)
    # The same words whatever their case and spaces: by these tags of several people are alike.
    sameness = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.LIVED)
    use = models.CharField(max_length=8, choices=Use.choices, default=Use.OFF)
    # "I may be the only one who says so. Any signed-in student can read this."
    is_consented = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "sameness"], name="accounts_tag_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["lived", "language", "interest", "demographic"]),
                name="accounts_tag_kind",
            ),
            models.CheckConstraint(
                condition=Q(use__in=["shown", "filter", "off"]), name="accounts_tag_use"
            ),
        ]
        indexes = [models.Index(fields=["sameness"], name="accounts_tag_sameness")]


class TagPolicy(models.Model):
    """One row, once somebody decided: whether the program shows tags about who somebody is."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    shows_demographic = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="accounts_tag_policy_one_row")
        ]


class CalendarFeed(models.Model):
    """The secret address of somebody's own calendar: only a mark of it is kept."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="feed")
    mark = models.BinaryField(max_length=32, unique=True)
    used_on = models.DateField(null=True, blank=True)


class Group(models.Model):
    """A class, a small group, a rotation team: people who know each other."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=60, unique=True)
    # Whether its members are kept from meeting each other as supporter and student.
    is_apart = models.BooleanField(default=False)
    # Kept by the school's list: its members follow the list.
    from_roster = models.BooleanField(default=False)


class Membership(models.Model):
    """One person in one group."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "group"], name="accounts_membership_once")
        ]


class RosterEntry(models.Model):
    """One person of the school's list: who may have an account, and to which class they belong."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    email = models.EmailField()
    # For somebody on leave, whose school address may not reach them.
    other_email = models.EmailField(blank=True, default="")
    called = models.CharField(max_length=40, blank=True, default="")
    class_name = models.CharField(max_length=40, blank=True, default="")
    phase = models.CharField(max_length=20, blank=True, default="")
    site = models.CharField(max_length=60, blank=True, default="")
    rotation = models.CharField(max_length=60, blank=True, default="")
    standing = models.CharField(max_length=12, choices=[(str(s), str(s)) for s in Standing])
    person = models.OneToOneField(
        Person, on_delete=models.SET_NULL, null=True, related_name="roster_entry"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="accounts_roster_email_once"),
            models.UniqueConstraint(
                fields=["other_email"],
                condition=~Q(other_email=""),
                name="accounts_roster_other_email_once",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email")), other_email=Lower(F("other_email"))),
                name="accounts_roster_lower",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=[str(s) for s in Standing]),
                name="accounts_roster_standing",
            ),
        ]


class CampusLink(models.Model):
    """Whose account a campus sign-on leads to. Only a mark of who it is there is kept."""

    class Said(models.TextChoices):
        """What the school last said of somebody."""

        NOTHING = "nothing", "nothing"
        STUDENT = "student", "student"
        OTHER = "other", "other"
        NEVER = "never", "never"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="campus")
    mark = models.BinaryField(max_length=32, unique=True)
    said = models.CharField(max_length=8, choices=Said.choices, default=Said.NOTHING)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(said__in=["nothing", "student", "other", "never"]),
                name="accounts_campus_said",
            )
        ]


class Invitation(models.Model):
    """Somebody whom a coordinator asked to take a role. Of the link only a mark is kept."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=[(str(r), str(r)) for r in Role])
    mark = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_on = models.DateField()
    sent = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email", "role"], name="accounts_invitation_once"),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="accounts_invitation_lower"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[str(r) for r in Role]), name="accounts_invitation_role"
            ),
        ]


class FactorReset(models.Model):
    """A request that somebody's second factors be taken away. It takes two members of staff."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="factor_reset")
    started_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    started_on = models.DateField()


def month_of(moment: datetime) -> datetime:
    """Return an instant rounded down to its month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
