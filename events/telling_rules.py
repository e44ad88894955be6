"""When people are told of an event: at times that suit them. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from events import rules

# In the afternoon of the day before: late enough to be remembered, early enough to change plans.
REMINDED_AT = time(16)
THANKS_AFTER = timedelta(hours=1)
# Nobody waits longer for an answer without being told that there is none.
UNANSWERED_DAYS = 2


def _at(day: date, moment: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, moment, tzinfo=zone).astimezone(UTC)


def fit(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment, or the next morning if it falls into the night."""
    local = moment.astimezone(zone)
    if rules.NIGHT_ENDS <= local.time() < rules.NIGHT_BEGINS:
        return moment
    late = local.time() >= rules.NIGHT_BEGINS
    return _at(local.date() + timedelta(days=1 if late else 0), rules.MORNING, zone)


def given_at(starts_at: datetime, now: datetime, zone: tzinfo) -> datetime:
    """Return when somebody is told of a place that was given to them at `now`.

    Not at night, unless the morning would leave them less time than a place is given ahead of.
    """
    due = fit(now, zone)
    return due if rules.is_given_at_once(starts_at, due) else now


def remind_at(starts_at: datetime, zone: tzinfo) -> datetime:
    """Return when people are reminded: at four in the afternoon of the local day before."""
    return _at(starts_at.astimezone(zone).date() - timedelta(days=1), REMINDED_AT, zone)


def thank_at(ends_at: datetime, zone: tzinfo) -> datetime:
    """Return when people are thanked: an hour after the end, or in the morning after it."""
    return fit(ends_at + THANKS_AFTER, zone)


def unanswered_at(now: datetime, zone: tzinfo) -> datetime:
    """Return when somebody who asks now is told that nobody answered: in a morning.

    By the day alone, so that the row which waits for it does not keep the minute of asking.
    """
    return _at(now.astimezone(zone).date() + timedelta(days=UNANSWERED_DAYS), rules.MORNING, zone)


def is_unanswered(asked_on: date, today: date) -> bool:
    """Return whether an answer is overdue, by the local days of asking and of today."""
    return (today - asked_on).days >= UNANSWERED_DAYS
