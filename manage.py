#!/usr/bin/env python
"""The program's command line: `python manage.py help`."""

import os
import secrets
import sys

# These look at the code and at no installation, so a fresh checkout can run them.
CODE_ONLY = frozenset({"makemigrations", "makemessages"})


def stand_in() -> None:
    """Configure this one process with a throw-away key and no database, if nothing else is."""
    if any(name in os.environ for name in ("PLANE", "PLANE_FILE", "DEMO", "DEMO_FILE")):
        return
    os.environ["PLANE"] = "web"
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")


def main() -> None:
    """Run a management command with this project's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peersupport.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in CODE_ONLY:
        stand_in()
    try:
        if command not in ("help", "--help", "-h", "version", "--version"):
            # Django keeps a refusal of the settings to itself and goes on half loaded, and some
            # commands then fail somewhere else entirely.
            settings.INSTALLED_APPS  # noqa: B018
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Not started: {error}")


if __name__ == "__main__":
    main()
