"""Who stands behind the supporters."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids
from program import rules


class Coverage(models.Model):
    """Somebody, a team or a line that stands behind the supporters at certain hours."""

    class Weekday(models.IntegerChoices):
        """Days as Python counts them."""

        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    class Kind(models.TextChoices):
        """What it is that answers."""

        PERSON = rules.Kind.PERSON, _("A person")
        TEAM = rules.Kind.TEAM, _("A team that takes turns")
        LINE = rules.Kind.LINE, _("A line that answers day and night")

    class Answer(models.TextChoices):
        """What whoever is named has said."""

        ASKED = rules.Answer.ASKED, _("asked, no answer yet")
        VERIFIED = rules.Answer.VERIFIED, _("said yes to us")
        ACCEPTED = rules.Answer.ACCEPTED, _("said yes by letter")
        DECLINED = rules.Answer.DECLINED, _("said no")

    class Rung(models.IntegerChoices):
        """In which order to call."""

        FIRST = 1, _("first")
        SECOND = 2, _("if the first does not answer")
        LAST = 3, _("if nobody answers")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.LINE)
    label = models.CharField(max_length=80)
    phone = models.CharField(max_length=32)
    weekday = models.SmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    starts = models.TimeField()
    ends = models.TimeField()
    until = models.DateField(null=True, blank=True)
    first_on = models.DateField(null=True, blank=True)
    rung = models.PositiveSmallIntegerField(choices=Rung.choices, default=Rung.FIRST)
    answer = models.CharField(max_length=8, choices=Answer.choices, default=Answer.VERIFIED)
    # Whoever told us that they agreed, if no letter did; empty when the letter was answered.
    answered_by = models.CharField(max_length=80, blank=True)
    answered_on = models.DateField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    # A hash of what the letter's link carries; gone once it is answered.
    mark = models.BinaryField(max_length=32, null=True, blank=True)
    asked_on = models.DateField(null=True, blank=True)
    asks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__gte=0, weekday__lte=6),
                name="program_coverage_weekday",
            ),
            models.CheckConstraint(
                condition=Q(rung__gte=1, rung__lte=3), name="program_coverage_rung"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True)
                | Q(first_on__isnull=True)
                | Q(until__gte=models.F("first_on")),
                name="program_coverage_days",
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["asked", "declined"]) | Q(answered_on__isnull=False),
                name="program_coverage_answered",
            ),
        ]


class Away(models.Model):
    """Days on which somebody named does not answer, and who answers instead, if anybody."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    coverage = models.ForeignKey(Coverage, on_delete=models.CASCADE, related_name="away")
    first_on = models.DateField()
    last_on = models.DateField()
    instead = models.CharField(max_length=80, blank=True)
    instead_phone = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=models.F("first_on")), name="program_away_days"
            ),
            # A name without a number, or a number without a name, helps nobody at night.
            models.CheckConstraint(
                condition=Q(instead="", instead_phone="")
                | (~Q(instead="") & ~Q(instead_phone="")),
                name="program_away_instead",
            ),
        ]
