"""The database refuses to change an audit entry."""

from django.db import migrations

PG = """
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit_entry_is_append_only'; END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse();
"""
LITE = """
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry_is_append_only'); END
"""


def add(apps, schema_editor):
    schema_editor.execute(PG if schema_editor.connection.vendor == "postgresql" else LITE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_entry_append_only ON audit_entry")
        schema_editor.execute("DROP FUNCTION audit_entry_refuse()")
        return
    schema_editor.execute("DROP TRIGGER audit_entry_append_only")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_entries")]

    operations = [migrations.RunPython(add, drop)]
