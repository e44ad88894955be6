"""Tables of office hours.

There is no foreign key from a visit to the person who came, and no table that leads from one to
the other: `holder`, `name` and the rest are sealed under the visit's day key, and `claim_tag` is
a name of the holder that only that day's key can compute. docs/decisions/0002-claims.md.
"""

from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from officehours import rules
from peersupport.core import ids


def _choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(str(item), str(item)) for item in kind]


class Rule(models.Model):
    """Weekly hours of one supporter, as wall time in the zone they were made in."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField()
    zone = models.CharField(max_length=64)
    place = models.CharField(max_length=80)
    minutes = models.PositiveSmallIntegerField(default=30)
    first_on = models.DateField()
    last_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="officehours_rule_weekday"),
            models.CheckConstraint(
                condition=Q(last_on__isnull=True) | Q(last_on__gte=F("first_on")),
                name="officehours_rule_days",
            ),
        ]


class ShiftSet(models.QuerySet["Shift"]):
    """Adjectives of shifts."""

    def bookable(self) -> "ShiftSet":
        """Shifts in which times may be booked."""
        return self.filter(state__in=[str(s) for s in rules.BOOKABLE_SHIFT])


class Shift(models.Model):
    """One stretch of hours in one place, with one or more supporters."""

    State = rules.ShiftState

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.SET_NULL)
    local_date = models.DateField()
    zone = models.CharField(max_length=64)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField(db_index=True)
    place = models.CharField(max_length=80)
    minutes = models.PositiveSmallIntegerField(default=30)
    state = models.CharField(max_length=12, choices=_choices(rules.ShiftState))

    objects = ShiftSet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "local_date"], name="officehours_shift_once_per_rule_and_day"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="officehours_shift_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in rules.ShiftState]),
                name="officehours_shift_state",
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="officehours_shift_minutes"),
        ]


class Assignment(models.Model):
    """One supporter in one shift, and whether they are really there.

    Two active assignments of one supporter never overlap: an exclusion constraint on PostgreSQL
    and a trigger on SQLite hold it (migration 0002).
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="assignments")
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    is_active = models.BooleanField(default=True)
    checked_in_at = models.DateTimeField(null=True, blank=True)
    checked_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shift", "supporter"], name="officehours_assignment_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="officehours_assignment_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at__isnull=True) | Q(checked_in_at__isnull=False),
                name="officehours_assignment_out_after_in",
            ),
        ]


class VisitSet(models.QuerySet["Visit"]):
    """Adjectives of visits."""

    def live(self) -> "VisitSet":
        """Visits that are still to come or going on."""
        return self.filter(state__in=[str(s) for s in rules.LIVE])

    def remembered(self, now: datetime) -> "VisitSet":
        """Visits whose people are still known: every read of a person's visit begins here."""
        return self.filter(forget_at__gt=now, is_forgotten=False)

    def due_to_forget(self, now: datetime) -> "VisitSet":
        """Visits whose people must be forgotten now."""
        return self.filter(forget_at__lte=now, is_forgotten=False)

    def holding_time(self) -> "VisitSet":
        """Visits whose booked time cannot be given to anybody else."""
        return self.filter(state__in=[str(s) for s in rules.HOLDS_TIME], starts_at__isnull=False)


class Visit(models.Model):
    """One talk, however it came about. Knows nobody: see the head of this file."""

    State = rules.VisitState

    class HolderKind(models.TextChoices):
        """What the holder is known by."""

        ACCOUNT = "account", _("an account")
        DOOR = "door", _("the door code")
        NOBODY = "nobody", _("nothing: added by the supporter")

    class EndedBy(models.TextChoices):
        """Who ended a visit before its talk."""

        STUDENT = "student", _("the student")
        MOVE = "move", _("the student, for another time")
        SUPPORTER = "supporter", _("the supporter")
        PROGRAM = "program", _("the program")
        SYSTEM = "system", _("the system")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="visits")
    assignment = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.PROTECT, related_name="visits"
    )
    way = models.CharField(max_length=12, default="in person")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=_choices(rules.VisitState))
    came_from = models.CharField(max_length=12, blank=True, default="")
    changed_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=12, choices=EndedBy.choices, blank=True, default="")
    request_key = models.UUIDField(default=ids.new_id)
    reference = models.CharField(max_length=8, default=ids.new_reference)

    # Sealed under the day key of `key_day`; emptied at `forget_at`.
    key_day = models.DateField()
    forget_at = models.DateTimeField(db_index=True)
    is_forgotten = models.BooleanField(default=False)
    holder_kind = models.CharField(max_length=8, choices=HolderKind.choices)
    holder = models.BinaryField(null=True)
    name = models.BinaryField(null=True)
    acceptable = models.BinaryField(null=True)
    contact = models.BinaryField(null=True)
    claim_tag = models.BinaryField(null=True, max_length=32, db_index=True)
    # Sealed under the key of the day after, so that the nightly count can still read it.
    log = models.BinaryField(null=True)
    is_log_removed = models.BooleanField(default=False)

    objects = VisitSet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in rules.VisitState]),
                name="officehours_visit_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["booked", "arrived"])
                | Q(starts_at__isnull=False, assignment__isnull=False),
                name="officehours_visit_booked_has_time",
            ),
            models.CheckConstraint(
                condition=Q(is_forgotten=False)
                | Q(
                    holder__isnull=True,
                    name__isnull=True,
                    acceptable__isnull=True,
                    contact__isnull=True,
                    claim_tag__isnull=True,
                    log__isnull=True,
                    changed_at__isnull=True,
                ),
                name="officehours_visit_forgotten_is_empty",
            ),
            models.UniqueConstraint(fields=["request_key"], name="officehours_visit_once"),
            models.UniqueConstraint(
                fields=["assignment", "starts_at"],
                condition=Q(state__in=sorted(str(s) for s in rules.HOLDS_TIME)),
                name="officehours_visit_one_per_time",
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state__in=sorted(str(s) for s in rules.WITH_SUPPORTER)),
                name="officehours_visit_one_talk_per_supporter",
            ),
            models.UniqueConstraint(
                fields=["claim_tag"],
                condition=Q(state__in=sorted(str(s) for s in rules.LIVE)),
                name="officehours_visit_one_live_claim",
            ),
        ]


class Counter(models.Model):
    """A total that points at nobody: one series, one bucket, one period, one number."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    series = models.CharField(max_length=24)
    bucket = models.CharField(max_length=24)
    period = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "bucket", "period"], name="officehours_counter_once"
            )
        ]


class Load(models.Model):
    """How much a supporter carried in a week. Theirs and their clinical supervisor's to see."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    supporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    week = models.CharField(max_length=8)
    talks = models.PositiveIntegerField(default=0)
    heavy = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supporter", "week"], name="officehours_load_once_per_week"
            )
        ]
