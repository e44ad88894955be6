"""Timers of office hours. Each does what is due by the rows; late or twice is harmless."""

from celery import shared_task

from officehours.services import hours, planning, presence
from peersupport.core import clock


@shared_task(ignore_result=True)
def tick() -> None:
    """Remind who is late, close what is dark or over, and end what nobody ended."""
    now = clock.now()
    for assignment in presence.late_assignments(now):
        presence.nudge(assignment=assignment, now=now)
    for assignment in presence.dark_assignments(now):
        presence.close_dark(assignment=assignment, now=now)
    hours.keep_closed(now=now)
    presence.close_ended(now=now)
    presence.lapse_overdue(now=now)


@shared_task(ignore_result=True)
def extend_horizon() -> None:
    """Publish weekly hours up to the horizon."""
    now = clock.now()
    for rule in hours.rules_to_extend(now):
        hours.extend_horizon(rule=rule, now=now)
    planning.clear_holidays(now=now)
