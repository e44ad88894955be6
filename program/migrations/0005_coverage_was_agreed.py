"""Whoever was named before anybody was asked for a yes keeps standing, and is asked within a month."""

from datetime import timedelta

from django.db import migrations

from peersupport.core import clock


def keep(apps, schema_editor):
    today = clock.now().date()
    apps.get_model("program", "Coverage").objects.filter(answered_on=None).update(
        answered_on=today, review_on=today + timedelta(days=30)
    )


class Migration(migrations.Migration):
    dependencies = [("program", "0004_coverage_in_full")]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
