"""Two active assignments of one supporter never overlap, held by the database.

PostgreSQL: an exclusion constraint (needs btree_gist, a trusted extension since 13). SQLite has
none: triggers refuse the same. In `Meta` the constraint would break SQLite.
"""

from django.db import migrations

PG = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE officehours_assignment ADD CONSTRAINT officehours_assignment_no_overlap
EXCLUDE USING gist (supporter_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (is_active);
"""
CLASH = """
SELECT RAISE(ABORT, 'officehours_assignment_no_overlap') WHERE NEW.is_active AND EXISTS (
  SELECT 1 FROM officehours_assignment a WHERE a.is_active AND a.supporter_id = NEW.supporter_id
  AND a.id <> NEW.id AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at);
"""
NAMES = {"insert": "INSERT", "update": "UPDATE OF supporter_id, starts_at, ends_at, is_active"}


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(PG)
        return
    for name, event in NAMES.items():
        schema_editor.execute(
            f"CREATE TRIGGER officehours_assignment_no_overlap_{name} BEFORE {event} "
            f"ON officehours_assignment BEGIN {CLASH} END"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE officehours_assignment DROP CONSTRAINT officehours_assignment_no_overlap"
        )
        return
    for name in NAMES:
        schema_editor.execute(f"DROP TRIGGER officehours_assignment_no_overlap_{name}")


class Migration(migrations.Migration):
    dependencies = [("officehours", "0001_hours_and_visits")]

    operations = [migrations.RunPython(add, drop)]
