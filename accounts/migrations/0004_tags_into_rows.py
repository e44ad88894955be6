from typing import Any

from django.db import migrations

from peersupport.core import ids


def into_rows(apps: Any, schema_editor: Any) -> None:
    """Make a row of every line. Nobody was asked yet: a rare one stays hidden until they are."""
    Profile = apps.get_model("accounts", "Profile")
    Tag = apps.get_model("accounts", "Tag")
    for profile in Profile.objects.exclude(old_tags=""):
        seen = set()
        for line in profile.old_tags.splitlines():
            words = " ".join(line.split())[:40].strip()
            sameness = words.casefold()[:80]
            if words and sameness not in seen:
                seen.add(sameness)
                Tag.objects.create(
                    id=ids.new_id(), profile=profile, words=words, sameness=sameness, use="shown"
                )


def into_lines(apps: Any, schema_editor: Any) -> None:
    """Write the shown ones back as lines."""
    Profile = apps.get_model("accounts", "Profile")
    for profile in Profile.objects.all():
        shown = profile.tags.filter(use="shown").order_by("words")
        profile.old_tags = "\n".join(shown.values_list("words", flat=True))
        profile.save(update_fields=["old_tags"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_preferences_tags_and_feed")]
    operations = [migrations.RunPython(into_rows, into_lines)]
