"""What each side of the program may do in the database: one map, for every table there is.

`manage.py migrate` applies it at its end (peersupport/portal/roles.py). A table that is not in
the map gives nothing to anybody, and a test fails (tests/portal/test_grants.py). Rights are
written as PostgreSQL writes them: "SELECT, DELETE", or by column, "UPDATE (used_on)".
"""

import re
from collections.abc import Iterator, Mapping

Right = tuple[str, str, str, str]  # table, side, what, column; "" is the whole table
Rights = Mapping[str, str]  # side -> rights; a side that is not named has none

ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
# A row with a fixed key that notes when something last ran.
NOTE = "SELECT, INSERT, UPDATE"

# -- common shapes --------------------------------------------------------------------------------
NOBODY: Rights = {}  # the owner's alone: written by migrations
WEB_ALL: Rights = {"web": ALL}
WEB_ALL_WORKER_READS: Rights = {"web": ALL, "worker": READ}
# Mixing writes every row anew as it is, by its key alone (accounts/services/people.py).
WEB_ALL_WORKER_MIXES: Rights = {"web": ALL, "worker": "SELECT (id), UPDATE (id)"}
WEB_ALL_WORKER_READS_AND_MIXES: Rights = {"web": ALL, "worker": "SELECT, UPDATE (id)"}
WEB_AND_WORKER_ALL: Rights = {"web": ALL, "worker": ALL}
# The school's own facts: written by its staff, read by whoever has to know them.
WEB_ALL_OTHERS_READ: Rights = {"web": ALL, "care": READ, "worker": READ}
ALL_READ: Rights = {"web": READ, "care": READ, "worker": READ}

_CORE: dict[str, Rights] = {
    # The worker ends sessions and mixes their rows; whose they are and what is in them it cannot
    # read.
    "sessions_row": {
        "web": ALL,
        "worker": "SELECT (key, expires_at, used_on), UPDATE (used_on), DELETE",
    },
    # Rows are never changed, by a trigger as well, and end after two years: the worker deletes,
    # and sees nothing of a row but its age.
    "audit_entry": {
        "web": "SELECT, INSERT",
        # Grants of roles are part of the chain that the care side seals.
        "care": "SELECT, INSERT",
        "worker": "SELECT (at), INSERT, DELETE",
    },
    # Each side's drain takes the kinds of its own (core/outbox/kinds.py); ROWS hides the rest.
    "outbox_outgoing": {"web": ALL, "worker": ALL, "care": ALL},
    "outbox_tombstone": {
        "web": "SELECT, INSERT",
        "worker": "SELECT, INSERT, DELETE",
        "care": "SELECT, INSERT, DELETE",
    },
    "outbox_drainrun": {"web": READ, "worker": NOTE},
    "datamap_forgettingrun": {"web": READ, "worker": NOTE},
    "portal_stamp": ALL_READ,
}

_ACCOUNTS: dict[str, Rights] = {
    # The worker writes to people, and rounds and mixes rows; it neither makes nor changes anybody.
    # That no mail server takes mail for somebody it finds out first.
    "accounts_person": {"web": ALL, "worker": "SELECT, UPDATE (last_login, is_mail_refused)"},
    "accounts_rolegrant": WEB_ALL_WORKER_READS_AND_MIXES,
    "accounts_profile": WEB_ALL_WORKER_READS_AND_MIXES,
    "accounts_tag": WEB_ALL_WORKER_READS_AND_MIXES,
    "accounts_tagpolicy": WEB_ALL,
    "accounts_calendarfeed": WEB_ALL_WORKER_MIXES,
    "accounts_group": WEB_ALL_WORKER_READS,
    "accounts_membership": WEB_ALL_WORKER_READS_AND_MIXES,
    # Beside mixing, the worker reads to which class and group somebody belongs, for campaigns.
    "accounts_rosterentry": {
        "web": ALL,
        "worker": "SELECT (id, person_id, class_name, rotation, standing), UPDATE (id)",
    },
    "accounts_campuslink": WEB_ALL_WORKER_MIXES,
    "accounts_invitation": WEB_AND_WORKER_ALL,
    # Second factors are the web side's alone: it mixes and forgets them itself.
    "accounts_factorreset": WEB_ALL,
    "account_emailaddress": WEB_ALL,
    "account_emailconfirmation": WEB_ALL,
    "mfa_authenticator": WEB_ALL,
}

_PROGRAM: dict[str, Rights] = {
    "program_coverage": WEB_ALL_OTHERS_READ,
    "program_away": {"web": ALL, "care": READ, "worker": "SELECT, DELETE"},
    "program_facts": {"web": ALL, "care": READ, "worker": NOTE},
    "program_holiday": WEB_ALL_OTHERS_READ,
    "program_term": WEB_ALL_WORKER_READS,
    "program_milestone": WEB_ALL_WORKER_READS,
    "program_setting": WEB_ALL_OTHERS_READ,
    "program_signature": WEB_ALL_WORKER_READS,
}

_HOURS: dict[str, Rights] = {
    "officehours_load": WEB_AND_WORKER_ALL,
    "officehours_break": {"web": ALL, "worker": "SELECT, DELETE"},
    "officehours_escalation": {"web": ALL, "worker": "SELECT, DELETE"},
    "officehours_distance": WEB_ALL_WORKER_READS,
    "officehours_counter": {"web": READ, "worker": NOTE},
    "officehours_rule": WEB_ALL_WORKER_READS,
    "officehours_skippedday": WEB_ALL_WORKER_READS,
    "officehours_shift": WEB_AND_WORKER_ALL,
    "officehours_assignment": WEB_AND_WORKER_ALL,
    "officehours_cover": WEB_AND_WORKER_ALL,
    "officehours_visit": WEB_AND_WORKER_ALL,
}

# Referrals. The web side only adds: it changes and deletes nothing of a referral, reads no sealed
# content and no wrapped key, and sees nothing at all of who works on the care side and who is left
# out. The worker, which is the web side's, has the drafts to end, and nothing else.
CARE_ALL: Rights = {"care": ALL}
CARE_ALL_WEB_READS: Rights = {"care": ALL, "web": READ}

_REFERRALS: dict[str, Rights] = {
    "referrals_referral": {"web": "SELECT, INSERT", "care": "SELECT, UPDATE, DELETE"},
    # Nobody changes what is sealed; a key that is rotated adds a wrap and takes the old one away.
    "referrals_sealed": {"web": "INSERT", "care": "SELECT, DELETE"},
    "referrals_wrap": {"web": "INSERT", "care": "SELECT, INSERT, DELETE"},
    "referrals_withdrawal": {"web": "SELECT, INSERT", "care": "SELECT, DELETE"},
    "referrals_told": {"web": "SELECT, INSERT", "care": "SELECT, DELETE"},
    "referrals_emergencycontact": {
        "web": "SELECT (id, referral_id, visit_tag, until), INSERT",
        "care": "SELECT, DELETE",
    },
    "referrals_draft": WEB_AND_WORKER_ALL,
    "referrals_attachment": WEB_AND_WORKER_ALL,
    # Who opened what is written once, read by the student, and ended after two years.
    "referrals_opening": {"web": READ, "care": "SELECT, INSERT, DELETE"},
    "referrals_card": CARE_ALL_WEB_READS,
    "referrals_reading": CARE_ALL_WEB_READS,
    "referrals_daysaway": CARE_ALL_WEB_READS,
    "referrals_timers": {"web": "SELECT (id, minutes)", "care": ALL},
    "referrals_clock": CARE_ALL_WEB_READS,
    "referrals_publishedkey": CARE_ALL_WEB_READS,
    "referrals_counselor": CARE_ALL,
    "referrals_passkey": CARE_ALL,
    "referrals_recoverycode": CARE_ALL,
    "referrals_caresession": CARE_ALL,
    "referrals_asked": CARE_ALL,
    "referrals_routed": CARE_ALL,
    "referrals_exclusion": CARE_ALL,
    "referrals_taken": CARE_ALL,
    "referrals_ring": CARE_ALL,
    "referrals_link": CARE_ALL,
    "referrals_counter": CARE_ALL_WEB_READS,
}

# Whom something went to is a mark that the worker alone reads; pages have totals.
_REMINDERS: dict[str, Rights] = {
    "reminders_campaign": WEB_ALL_WORKER_READS,
    "reminders_said": {"worker": "SELECT, INSERT, DELETE"},
    "reminders_held": {"worker": "SELECT, INSERT, DELETE"},
    # A pause lets go of what was planned: what goes on later does not make up for it.
    "reminders_meant": {"web": "SELECT (campaign), DELETE", "worker": ALL},
    "reminders_tally": {"web": READ, "worker": NOTE},
    "reminders_stoplink": {"web": "SELECT, DELETE", "worker": "SELECT, INSERT"},
    "reminders_planrun": {"web": READ, "worker": NOTE},
}

# Both sides of the web side keep the line moving and forget: rows name nobody without the day key.
_EVENTS: dict[str, Rights] = {
    "events_series": WEB_ALL_WORKER_READS,
    "events_event": {"web": ALL, "worker": "SELECT, UPDATE"},
    "events_invited": WEB_ALL_WORKER_READS,
    "events_host": WEB_ALL_WORKER_READS,
    "events_rsvp": WEB_AND_WORKER_ALL,
    # Totals are written once and never changed; they go with an event that is removed.
    "events_said": {"web": "SELECT, DELETE", "worker": "SELECT, INSERT"},
    "events_taker": WEB_ALL_WORKER_READS,
    "events_withdrawn": {"web": ALL, "worker": "SELECT, DELETE"},
    # The worker tells whoever was asked, and whoever asked, and declines for who has left; what a
    # team wrote it cannot read.
    "events_request": {
        "web": ALL,
        "worker": "SELECT (id, taker_id, state, holder, event_id, forget_at), UPDATE (state),"
        " DELETE",
    },
}

_DJANGO: dict[str, Rights] = {
    # Every side asks at its start whether the tables are those of its code.
    "django_migrations": ALL_READ,
    "django_content_type": NOBODY,
    "auth_permission": NOBODY,
    "auth_group": NOBODY,
    "auth_group_permissions": NOBODY,
}

GRANTS: dict[str, Rights] = {
    **_CORE,
    **_ACCOUNTS,
    **_PROGRAM,
    **_HOURS,
    **_REFERRALS,
    **_REMINDERS,
    **_EVENTS,
    **_DJANGO,
}

# Where one table holds rows of both sides: which each side sees, adds, changes and deletes. The
# others are not there for it. As PostgreSQL writes conditions: `~~` is LIKE. The first bit of a
# message's mark says whose it is (core/outbox/services.py), so that neither side can take a mark
# that the other will need: the letter to a counselor would never be said.
_OF_WEB, _OF_CARE = r"key < '\x80'", r"key >= '\x80'"
_WEB_MESSAGES = f"kind !~~ 'care.%' AND {_OF_WEB}"
ROWS: dict[str, Rights] = {
    "outbox_outgoing": {
        "web": _WEB_MESSAGES,
        "worker": _WEB_MESSAGES,
        "care": f"kind ~~ 'care.%' AND {_OF_CARE}",
    },
    "outbox_tombstone": {"web": _OF_WEB, "worker": _OF_WEB, "care": _OF_CARE},
}


def each_right() -> Iterator[Right]:
    """Return the map right by right."""
    for table, rights in GRANTS.items():
        for side, said in rights.items():
            for what, columns in re.findall(r"([A-Z]+)(?: \(([^)]*)\))?", said):
                for column in columns.split(", "):
                    yield table, side, what, column


def each_row_rule() -> Iterator[Right]:
    """Return which rows are whose, table by table, in the shape of a right."""
    for table, rules in ROWS.items():
        for side, condition in rules.items():
            yield table, side, "ROWS", condition
