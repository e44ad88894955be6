"""A session of the care side carries a seal. Nobody is signed in yet when this is applied."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_the_last_step")]

    operations = [
        migrations.AddField(
            model_name="caresession",
            name="seal",
            field=models.BinaryField(default=b"", max_length=32),
            preserve_default=False,
        ),
    ]
