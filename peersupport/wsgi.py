"""What gunicorn serves. A start that is not safe is refused here too, not only by `serve`."""

import os
import sys

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

# gunicorn gives up on this status and starts a worker again after any other.
CANNOT_START = 3


def start() -> WSGIHandler:
    """Return the application. Ends the process with a plain sentence if it may not run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peersupport.settings")
    try:
        handler = get_wsgi_application()
        from peersupport import celery  # noqa: F401 - makes its app the default one
        from peersupport.portal import waiting
        from peersupport.portal.startup import recall_facts, refuse_unsafe_start

        try:
            refuse_unsafe_start()
            recall_facts()
        except DatabaseError:
            waiting.begin()
    except Exception as refusal:
        sys.stderr.write(f"Refused to start: {refusal}\n")
        raise SystemExit(CANNOT_START) from refusal
    return handler


application = start()
