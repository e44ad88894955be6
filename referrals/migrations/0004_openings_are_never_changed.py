"""The database refuses to change an opening, and to delete one before its two years are over.

By the clock of the database: whoever may delete in this table may still not say what time it is.
A day is left for clocks that differ.
"""

from django.db import migrations

PG = """
CREATE FUNCTION referrals_opening_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < pg_catalog.now() - interval '729 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'referrals_opening_is_append_only';
END $$;
CREATE TRIGGER referrals_opening_append_only BEFORE UPDATE OR DELETE ON referrals_opening
FOR EACH ROW EXECUTE FUNCTION referrals_opening_refuse();
"""
LITE = """
CREATE TRIGGER referrals_opening_append_only BEFORE UPDATE ON referrals_opening
BEGIN SELECT RAISE(ABORT, 'referrals_opening_is_append_only'); END
"""
LITE_KEPT = """
CREATE TRIGGER referrals_opening_kept BEFORE DELETE ON referrals_opening
WHEN OLD.at >= datetime('now', '-729 days')
BEGIN SELECT RAISE(ABORT, 'referrals_opening_is_append_only'); END
"""


def add(apps, schema_editor):
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in [PG] if is_postgresql else [LITE, LITE_KEPT]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER referrals_opening_append_only ON referrals_opening")
        schema_editor.execute("DROP FUNCTION referrals_opening_refuse()")
        return
    schema_editor.execute("DROP TRIGGER referrals_opening_append_only")
    schema_editor.execute("DROP TRIGGER referrals_opening_kept")


class Migration(migrations.Migration):
    dependencies = [("referrals", "0003_mail_that_counselors_do_not_get")]

    operations = [migrations.RunPython(add, drop)]
