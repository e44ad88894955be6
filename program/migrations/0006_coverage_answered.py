from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("program", "0005_coverage_was_agreed")]

    operations = [
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer__in", ["asked", "declined"]),
                    ("answered_on__isnull", False),
                    _connector="OR",
                ),
                name="program_coverage_answered",
            ),
        ),
    ]
