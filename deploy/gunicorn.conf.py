"""gunicorn's settings, for `make run` and for production alike.

The address is given on the command line (`--bind`). Threads, because a synchronous worker waits
for a slow client; two processes, because one may be busy.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from peersupport.core.processes import end_with_parent

wsgi_app = "peersupport.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 8
keepalive = 5
max_requests = 0
accesslog = None
control_socket_disable = True
logger_class = "peersupport.core.weblogs.QuietLogger"
# The heartbeat file: on a disk that is busy, writing it can block a worker until it is killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def post_fork(server: Any, worker: Any) -> None:
    """End a worker with its master: `kill -9` of the master leaves nothing that holds the port."""
    end_with_parent(signal.SIGKILL)


def post_worker_init(worker: Any) -> None:
    """Refuse a demo that was told to answer beyond this machine."""
    from peersupport.portal import startup
    from peersupport.wsgi import CANNOT_START

    try:
        for listener in worker.sockets:
            address = listener.getsockname()
            startup.check_address(address[0] if isinstance(address, tuple) else "localhost")
    except startup.RefusedToStart as refusal:
        sys.stderr.write(f"Refused to start: {refusal}\n")
        raise SystemExit(CANNOT_START) from None
