"""Hours: weekly rules, shifts, who is in them, and cover."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from officehours import rules
from officehours.models.choices import choices
from peersupport.core import ids


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
    ways = models.CharField(max_length=40, default=rules.Way.IN_PERSON)
    # The second supporter of a pair, who may join for every week or for single days.
    partner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
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


class SkippedDay(models.Model):
    """One local day on which weekly hours do not take place."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="skipped")
    local_date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "local_date"], name="officehours_skipped_once_per_rule_and_day"
            )
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
    ways = models.CharField(max_length=40, default=rules.Way.IN_PERSON)
    state = models.CharField(max_length=12, choices=choices(rules.ShiftState))
    is_line_closed = models.BooleanField(default=False)
    # Changed for this day alone: an edit of the weekly hours leaves it as it is.
    is_by_hand = models.BooleanField(default=False)

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
    # What the supporter said with "running late", shown to whoever is next.
    late_minutes = models.PositiveSmallIntegerField(default=0)
    is_nudged = models.BooleanField(default=False)

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


class Cover(models.Model):
    """A supporter asks somebody to take one of their shifts, or to swap it. Never says why."""

    State = rules.CoverState

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="covers")
    # In a swap: the hours of the other supporter that are wanted in exchange.
    exchange = models.ForeignKey(
        Assignment, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=12, choices=choices(rules.CoverState))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in rules.CoverState]),
                name="officehours_cover_state",
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state="open"),
                name="officehours_cover_one_open",
            ),
        ]
