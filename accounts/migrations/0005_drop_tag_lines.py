from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_tags_into_rows")]
    operations = [migrations.RemoveField(model_name="profile", name="old_tags")]
