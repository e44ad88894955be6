"""The messages that wait to be sent: both sides' in one table, each side's for itself alone."""

import uuid
from contextlib import closing

import psycopg2

from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged
from tests.confidence.world import World
from tests.logins import address

_CARES_MARK, _OWN_MARK = "'\\xff07'", "'\\x0007'"
_LATER = "now() + interval '1 day'"


def _new(kind: str, mark: str) -> str:
    return (
        "INSERT INTO outbox_outgoing (id, recipient, kind, key, ref, due_at, expires_at, state,"
        f" rank, attempts, error, message_id) VALUES (gen_random_uuid(), %(lead)s, '{kind}',"
        f" {mark}, '', now(), {_LATER}, 'due', 0, 0, '', gen_random_uuid())"
    )


_TRIED = {
    "see to whom they go": "SELECT recipient FROM outbox_outgoing WHERE kind LIKE 'care.%%'",
    "look for a counselor's": "SELECT 1 FROM outbox_outgoing WHERE recipient = %(lead)s",
    "hold them": "SELECT 1 FROM outbox_outgoing WHERE kind LIKE 'care.%%' FOR UPDATE",
    "delete them": "DELETE FROM outbox_outgoing WHERE kind LIKE 'care.%%'",
    "put them off": f"UPDATE outbox_outgoing SET due_at = {_LATER} WHERE recipient = %(lead)s",
    "take them over": "UPDATE outbox_outgoing SET kind = 'x' WHERE kind LIKE 'care.%%'",
    "write to a counselor": _new("care.alarm", _CARES_MARK),
    "write to a counselor under an own mark": _new("care.alarm", _OWN_MARK),
    "take the mark of one to come": _new("x", _CARES_MARK),
    "mark one as said": f"INSERT INTO outbox_tombstone VALUES ({_CARES_MARK}, {_LATER})",
    "see what was said": "SELECT 1 FROM outbox_tombstone WHERE key >= '\\x80'",
    "let it be said again": "DELETE FROM outbox_tombstone WHERE key >= '\\x80'",
}


def reached(world: World, user: str, lead: uuid.UUID) -> list[str]:
    """Return what a database user can do with the care side's messages. Nothing of it is kept."""
    found = []
    with closing(psycopg2.connect(address(world.database, user))) as link, link.cursor() as cursor:
        for name, statement in _TRIED.items():
            try:
                cursor.execute(statement, {"lead": str(lead)})
                if cursor.rowcount:
                    found.append(f"{user}: {name}")
            except psycopg2.errors.InsufficientPrivilege:
                pass
            finally:
                link.rollback()
    return found


def attack(world: World, scene: Scene) -> list[Line]:
    """Let one letter to the lead wait, as while the mail server is away, and reach for it."""
    lead = scene.counselors["dee"].id
    mark, ended = b"\xff" + uuid.uuid4().bytes, b"\xff" + uuid.uuid4().bytes
    world.sql(
        "INSERT INTO outbox_outgoing (id, kind, key, recipient, ref, due_at, expires_at, state,"
        " rank, attempts, error, message_id) VALUES (gen_random_uuid(), 'care.check', %s, %s,"
        f" 'x', {_LATER}, {_LATER}, 'due', 0, 0, '', gen_random_uuid())",
        [mark, str(lead)],
    )
    world.sql(f"INSERT INTO outbox_tombstone (key, until) VALUES (%s, {_LATER})", [ended])
    broken = [*reached(world, "web", lead), *reached(world, "worker", lead)]
    can = reached(world, "", lead)
    world.sql("DELETE FROM outbox_outgoing WHERE key = %s", [mark])
    world.sql("DELETE FROM outbox_tombstone WHERE key = %s", [ended])
    return [
        judged(
            "... among letters to counselors that wait to be sent: see to whom they go and so who "
            "is left out, delete, hold or put them off, write some, mark one as said before it is",
            2 * len(_TRIED),
            broken,
            "for the web side and its worker they are not there, and PostgreSQL refuses planted "
            f"ones; its superuser may do {len(can)}",
            control=len(can) == len(_TRIED),
        )
    ]
