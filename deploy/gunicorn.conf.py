"""gunicorn's settings, for `make run` and for production alike.

The address is given on the command line (`--bind`). Threads, because a synchronous worker waits
for a slow client; two processes, because one may be busy.
"""

import os
import signal
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
