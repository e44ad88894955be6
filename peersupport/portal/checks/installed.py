"""What the database and the running parts say: who is there, what runs, what has lapsed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.db import connection

from accounts.queries.factors import ways_of
from accounts.queries.people import with_role
from accounts.rules import Role
from accounts.services.factors import keeps_old_use
from officehours.models import Shift
from officehours.queries.planning import uncovered_ahead
from peersupport.core import clock, crypto, daykey
from peersupport.core.datamap import queries as datamap
from peersupport.core.keyfiles import KeysUnusable
from peersupport.core.outbox import queries as outbox
from peersupport.core.outbox.queries import STALE as DRAIN_STALE
from peersupport.portal.health import FORGET_STALE
from peersupport.portal.models import Stamp
from peersupport.portal.planes import fault_of_user
from peersupport.portal.roles import differences
from peersupport.portal.startup import chatty_settings
from program.queries import first_steps
from referrals.queries import counselors as care_people

_GUIDE = "Sign in and open /program/first/."


def server_log() -> list[CheckMessage]:
    """PostgreSQL writes nothing private into its log."""
    chatty = chatty_settings()
    if chatty:
        hint = "deploy/postgresql.conf.example has the lines that quiet it."
        said = f"PostgreSQL would log private values: {', '.join(chatty)}."
        return [Error(said, hint=hint, id="peersupport.E021")]
    return []


def sides() -> list[CheckMessage]:
    """Each side of the program can do in PostgreSQL what it needs, and nothing else."""
    if connection.vendor != "postgresql":
        return []  # said as E009
    fault = fault_of_user(settings.PLANE)
    if fault:
        hint = "deploy/README.md, 'Database users'."
        return [Error(fault, hint=hint, id="peersupport.E031")]
    wrong = sorted({table for table, *_ in differences()})
    if wrong:
        hint = "Run `deploy/manage migrate`, which sets all rights anew."
        said = f"The rights of the sides are not as they should be: {', '.join(wrong)}."
        return [Error(said, hint=hint, id="peersupport.E032")]
    return []


def stamp() -> list[CheckMessage]:
    """The database is this installation's own, and not the demo's."""
    row = Stamp.objects.first()
    if row is None:
        hint = "Run `manage.py init_keys`, then `manage.py migrate`."
        return [Error("The database is tied to no keys.", hint=hint, id="peersupport.E022")]
    if row.is_demo:
        hint = "Make a new database: in this one anybody can sign in as anybody."
        return [Error("This database was made by the demo.", hint=hint, id="peersupport.E023")]
    try:
        is_ours = (row.keyring, row.daykey) == (crypto.keyring().fingerprint(), daykey.lineage())
    except KeysUnusable as error:
        return [Error(str(error), hint="See docs/configuration.md.", id="peersupport.E024")]
    if not is_ours:
        hint = "Point KEYS_DIR to the keys this database was made with."
        return [Error("The keys belong to another database.", hint=hint, id="peersupport.E024")]
    return []


def running() -> list[CheckMessage]:
    """Worker and beat were seen lately, and what is due was forgotten."""
    now = clock.now()
    said: list[CheckMessage] = []
    if not _is_fresh(outbox.health(now).last_drain_at, DRAIN_STALE, now):
        hint = "Start the worker and beat units, or run `manage.py drain_outbox` from cron."
        said.append(Caution("Worker or beat were not seen.", hint=hint, id="peersupport.W025"))
    if not _is_fresh(datamap.last_run(now), FORGET_STALE, now):
        hint = "Start beat, or run `manage.py forget` hourly: what we promise to forget stays."
        said.append(Caution("Nothing was forgotten lately.", hint=hint, id="peersupport.W026"))
    if keeps_old_use(before=now - FORGET_STALE):
        hint = "Start peersupport-forget, or run `manage.py forget` hourly with PLANE=web."
        text = "When second factors were used is not forgotten: that is the web side's to do."
        said.append(Caution(text, hint=hint, id="peersupport.W033"))
    return said


def _is_fresh(moment: datetime | None, stale: timedelta, now: datetime) -> bool:
    return moment is not None and now - moment < stale


def administrator() -> list[CheckMessage]:
    """Somebody can get in who may set things right."""
    people = with_role(Role.ADMINISTRATOR)
    if not people:
        hint = "manage.py grant_role you@school.edu administrator"
        return [Error("There is no administrator.", hint=hint, id="peersupport.E027")]
    if not any(ways_of(person).is_set_up for person in people):
        hint = "Sign in as one of them: the first page leads to it."
        said = "No administrator has set up a second factor."
        return [Caution(said, hint=hint, id="peersupport.W027")]
    return []


def facts() -> list[CheckMessage]:
    """The numbers were tried, somebody stands behind, and no published hour is without them."""
    known = first_steps.look()
    said: list[CheckMessage] = []
    if not first_steps.numbers(known).is_done:
        text = "Nobody has tried the crisis numbers within a year."
        said.append(Caution(text, hint=_GUIDE, id="peersupport.W028"))
    if not first_steps.behind(known).is_done:
        text = "Nobody stands behind the supporters."
        said.append(Caution(text, hint=_GUIDE, id="peersupport.W029"))
    ahead = Shift.objects.bookable().filter(ends_at__gt=known.now)
    if uncovered_ahead(ahead.values_list("pk", "starts_at", "ends_at")):
        text = "Hours are published in which nobody stands behind the supporters."
        hint = "Sign in and open /hours/program/: name somebody, or cancel them."
        said.append(Error(text, hint=hint, id="peersupport.E030"))
    return said


def counselors() -> list[CheckMessage]:
    """The care side's own: its keyring fits its rows, and a lead is there."""
    fault = care_people.fault_of_counselors()
    if fault:
        hint = "Point KEYS_DIR to the keys this database's counselors were let in with."
        return [Error(fault, hint=hint, id="peersupport.E035")]
    rows = care_people.people(clock.now()).rows
    if not any(row.role == "lead" and row.state == "active" for row in rows):
        hint = "manage.py first_lead NAME EMAIL"
        return [Caution("There is no lead counselor.", hint=hint, id="peersupport.W035")]
    return []


_OF_THE_WEB = (server_log, sides, stamp, running, administrator, facts)
# The care side may read nothing of what the others ask.
CHECKS = (server_log, sides, counselors) if settings.PLANE == "care" else _OF_THE_WEB
