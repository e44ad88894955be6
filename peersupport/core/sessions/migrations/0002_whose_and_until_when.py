"""Which person's rows belong together, on which day each was used, and what kind of device."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions", "0001_sealed_rows")]

    operations = [
        migrations.AddField("row", "owner", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("row", "device", models.BinaryField(null=True)),
        migrations.AddField("row", "used_on", models.DateField(null=True)),
        migrations.AddIndex("row", models.Index(fields=["owner"], name="sessions_row_owner")),
    ]
