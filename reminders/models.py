"""Tables of reminders: campaigns, what was said to whom as marks, totals, links that stop."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids
from program.calendar_rules import Kind
from program.models import Milestone
from reminders.planning_rules import MOST_OFFSET, CountsFrom, Pattern, phrases
from reminders.rules import Audience, State

# Marks of what no campaign says.
NO_CAMPAIGN = "00000000-0000-0000-0000-000000000000"


def _one_of(field: str, values: Any, name: str) -> models.CheckConstraint:
    allowed = [str(value) for value in values]
    return models.CheckConstraint(condition=Q(**{f"{field}__in": allowed}), name=name)


class Campaign(models.Model):
    """Words that go to an audience some days before or after milestones of a kind."""

    class From(models.TextChoices):
        """From where its days are counted."""

        FIRST = CountsFrom.FIRST, _("The first day")
        LAST = CountsFrom.LAST, _("The last day")
        WEEKLY = CountsFrom.WEEKLY, _("Every week, from the first day to the last")

    class Whom(models.TextChoices):
        """Whom it is for."""

        OWN = Audience.OWN, _("Whoever the date is for")
        EVERYBODY = Audience.EVERYBODY, _("Every student")
        COHORT = Audience.COHORT, _("One class or rotation group")
        SUPPORTERS = Audience.SUPPORTERS, _("Supporters without that exam, if hours are missing")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    # Which one of the library it was made from; empty for the program's own.
    library = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Milestone.Kind.choices, blank=True)
    words = models.CharField(max_length=160, blank=True)
    # One milestone alone. No relation: it must not widen to all of them when that one is gone.
    milestone = models.UUIDField(null=True)
    offset = models.SmallIntegerField()
    counts_from = models.CharField(max_length=8, choices=From.choices, default=From.FIRST)
    at = models.TimeField()
    good_for = models.PositiveSmallIntegerField(default=1)
    audience = models.CharField(max_length=12, choices=Whom.choices, default=Whom.OWN)
    class_name = models.CharField(max_length=40, blank=True)
    rotation = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=90)
    body = models.TextField()
    priority = models.PositiveSmallIntegerField(default=3)
    state = models.CharField(
        max_length=8, choices=[(str(s), str(s)) for s in State], default=str(State.DRAFT)
    )

    class Meta:
        constraints = [
            _one_of("state", State, "reminders_campaign_state"),
            _one_of("audience", Audience, "reminders_campaign_audience"),
            _one_of("counts_from", CountsFrom, "reminders_campaign_counts_from"),
            _one_of("kind", ["", *Kind], "reminders_campaign_kind"),
            models.CheckConstraint(
                condition=Q(offset__gte=-MOST_OFFSET, offset__lte=MOST_OFFSET),
                name="reminders_campaign_offset",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=5),
                name="reminders_campaign_priority",
            ),
            models.CheckConstraint(
                condition=Q(good_for__lte=7), name="reminders_campaign_good_for"
            ),
            models.UniqueConstraint(
                fields=["library"],
                condition=~Q(library="") & ~Q(state=str(State.ENDED)),
                name="reminders_campaign_of_library_once",
            ),
        ]

    @property
    def pattern(self) -> Pattern:
        """When it speaks."""
        return Pattern(
            Kind(self.kind) if self.kind else None,
            phrases(self.words),
            self.milestone,
            self.offset,
            CountsFrom(self.counts_from),
            self.at,
            self.good_for,
        )

    @property
    def is_staffing(self) -> bool:
        """Whether it asks supporters for hours."""
        return self.audience == Audience.SUPPORTERS


class Said(models.Model):
    """A mark that something unasked went to somebody, whom only the keyring can tell.

    It outlives the message, so that limits are counted and nothing is said twice.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    tag = models.BinaryField(max_length=32)
    # What was said, and the row that said it: a row that is tried again is no second time.
    what = models.BinaryField(max_length=32, unique=True)
    row = models.BinaryField(max_length=32)
    day = models.DateField(db_index=True)
    week_on = models.DateField()
    milestone = models.UUIDField(null=True)

    class Meta:
        constraints = [
            # Two workers with two messages for one person: the database lets one of them through.
            models.UniqueConstraint(fields=["tag", "week_on"], name="reminders_said_once_a_week"),
            models.CheckConstraint(
                condition=Q(week_on__lte=F("day")), name="reminders_said_week_before_day"
            ),
        ]


class Held(models.Model):
    """A mark of a message that waits, so that the ledger counts it once."""

    row = models.BinaryField(max_length=32, primary_key=True)
    until = models.DateTimeField(db_index=True)


class Meant(models.Model):
    """For whom a time of a campaign was planned, as marks that only the keyring can match.

    So that what is lost can be told from what was never meant for somebody who joined later.
    """

    # As in the rows of the outbox: which campaign, date and time.
    ref = models.BinaryField(max_length=48, primary_key=True)
    campaign = models.UUIDField()
    until = models.DateTimeField(db_index=True)
    # Eight bytes for each person, in the order of the bytes.
    marks = models.BinaryField()


class Tally(models.Model):
    """The ledger: how many messages of a campaign went, were held or dropped on a day, and why."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    day = models.DateField()
    kind = models.CharField(max_length=40)
    campaign = models.UUIDField(default=NO_CAMPAIGN)
    outcome = models.CharField(max_length=8)
    why = models.CharField(max_length=10)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "campaign", "outcome", "why"], name="reminders_tally_once"
            )
        ]


class StopLink(models.Model):
    """The link that stops one kind of message to one person. Its token is never kept.

    The token is made from `seed` with the keyring; whoever has the table alone has no link.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stop_links"
    )
    kind = models.CharField(max_length=40)
    seed = models.BinaryField(max_length=16)
    mark = models.BinaryField(max_length=32, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="reminders_stop_link_once")
        ]


class PlanRun(models.Model):
    """One row: when messages were last planned, and up to when."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_at = models.DateTimeField()
    planned_to = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="reminders_plan_one_row")]
