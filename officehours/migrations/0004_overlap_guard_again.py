"""The guard against overlapping assignments again, on SQLite.

Adding a column with a default makes SQLite's table anew, and its triggers go with the old one.
"""

from importlib import import_module

from django.db import migrations

guard = import_module("officehours.migrations.0002_no_overlapping_assignments")


def add_again(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        return
    for name in guard.NAMES:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS officehours_assignment_no_overlap_{name}")
    guard.add(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("officehours", "0003_line_cover_and_care")]

    operations = [migrations.RunPython(add_again, migrations.RunPython.noop)]
