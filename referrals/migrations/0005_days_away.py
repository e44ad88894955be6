"""Days on which a counselor is away. Nobody's are known yet."""

import django.db.models.deletion
from django.db import migrations, models

import peersupport.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0004_openings_are_never_changed"),
    ]

    operations = [
        migrations.CreateModel(
            name="DaysAway",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=peersupport.core.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="away",
                        to="referrals.card",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))),
                        name="referrals_daysaway_days",
                    ),
                    models.UniqueConstraint(
                        fields=("card", "first_on", "last_on"), name="referrals_daysaway_once"
                    ),
                ],
            },
        ),
    ]
