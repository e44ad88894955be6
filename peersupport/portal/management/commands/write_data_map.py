"""`manage.py write_data_map`: docs/data-map.md from the registry."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from peersupport.core.datamap.queries import entries


def data_map() -> str:
    """Return the whole map as Markdown, one row a field."""
    lines = [
        "# Data map",
        "",
        "Written by `manage.py write_data_map`; a test fails when it is out of date.",
        "",
        "| table | field | holds | about | keyed to | lives |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {model} | {field} | {k.holds} | {k.about} | {k.keyed_to} | {k.lives} |"
        for (model, field), k in sorted(entries().items(), key=lambda item: item[0])
    ]
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    """Writes the file."""

    help = "Write docs/data-map.md from the registry of the data map."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        (settings.BASE_DIR / "docs" / "data-map.md").write_text(data_map())
