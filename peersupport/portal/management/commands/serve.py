"""`manage.py serve`: the whole program on this machine, in one process group."""

import errno
import fcntl
import http.client
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, connections

from peersupport.core import clock
from peersupport.core.datamap.services import forget_everything
from peersupport.portal.startup import RefusedToStart, check_address, refuse_unsafe_start
from peersupport.portal.supervisor import STOP_SIGNALS, Part, Supervisor

HOST = "127.0.0.1"


class Command(BaseCommand):
    """Prepare the data directory, then run web, worker and beat until told to stop."""

    help = "Run web, worker and beat on this machine. Ctrl-C stops all."
    requires_system_checks: list[str] = []  # `migrate` runs them

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Ends with status 0 when stopped, and with one plain sentence when it cannot run."""
        os.umask(0o077)
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with only_copy(settings.DATA_DIR), claimed_port(settings.PORT) as listener:
            supervisor = Supervisor(
                parts=parts(listener.fileno()),
                cwd=settings.BASE_DIR,
                say=self.stderr.write,
                answers=answers,
                when_ready=self.greet,
            )
            status = 0
            with suppress(KeyboardInterrupt), interruptible():
                self.prepare()
                status = supervisor.run()
        if status:
            sys.exit(status)
        self.stdout.write("Stopped.")

    def prepare(self) -> None:
        """Bring database, static files and, in the demo, the cast up to date."""
        try:
            check_address(HOST)
            refuse_unsafe_start(before_migrate=may_migrate())
        except RefusedToStart as refusal:
            sys.exit(f"Refused to start: {refusal}")
        if may_migrate():
            self.stdout.write("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO:
            call_command("seed_demo", verbosity=0)
        forget_everything(now=clock.now())  # what fell due while nothing ran
        connections.close_all()  # nothing of it may be shared with the children

    def greet(self) -> None:
        """Say where the program is, now that it answers."""
        address = settings.PUBLIC_URL
        lines = ["", f"  {settings.SITE_NAME} is running:  {address}/"]
        if settings.DEMO:
            lines += [
                f"  Sign in as the cast:      {address}/demo/",
                f"  Every message sent:       {address}/demo/mailbox/",
            ]
        self.stdout.write("\n".join([*lines, "  Ctrl-C stops it.", ""]))
        self.stdout.flush()


def may_migrate() -> bool:
    """Return whether this is one user who does everything, and not one side of PostgreSQL's."""
    return bool(settings.DEMO) or connection.vendor != "postgresql"


def parts(listener: int) -> list[Part]:
    """Return what runs, in the order in which it starts.

    On PostgreSQL outside the demo the worker has a database user of its own and is started with
    PLANE=worker; the web side then forgets by itself what is its own.
    """
    python = sys.executable
    quiet = "WARNING" if settings.DEMO else "INFO"
    config = str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")
    web = Part(
        name="web server",
        command=[
            *(python, "-m", "gunicorn", "--config", config, "--bind", f"fd://{listener}"),
            *("--log-level", quiet.lower(), "peersupport.wsgi"),
        ],
        pass_fds=(listener,),
    )
    # Celery warns at length about root; whoever starts this as root on a fresh machine knows.
    as_root = ["-W", "ignore:You're running the worker with superuser privileges"]
    celery = [python, *as_root, "-m", "celery", "--quiet", "--app", "peersupport.celery"]
    worker = Part(
        name="worker",
        command=[
            *(*celery, "worker", "--pool", "threads", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--loglevel", quiet),
        ],
    )
    schedule = str(settings.DATA_DIR / "beat-schedule")
    beat = Part(
        name="beat",
        command=[*celery, "beat", "--schedule", schedule, "--loglevel", quiet],
    )
    forget = Part(name="forgetting", command=[python, "manage.py", "forget", "--hourly"])
    alone = [web, worker, beat] if may_migrate() else [web, forget]
    # The care side has a clock of its own: its worker and beat serve no queue but "care".
    return {"care": [web, worker, beat], "worker": [worker, beat]}.get(settings.PLANE, alone)


def answers() -> bool:
    """Return whether the web server answers at all, well or not."""
    if settings.PLANE == "worker":
        return True
    with closing(http.client.HTTPConnection(HOST, settings.PORT, timeout=1)) as link:
        try:
            link.request("GET", "/healthz")
            link.getresponse()
        except (OSError, http.client.HTTPException):
            return False
    return True


@contextmanager
def claimed_port(port: int) -> Iterator[socket.socket]:
    """Hold the port from before anything starts until everything has ended.

    The web server inherits it, so that a request made while it starts or restarts waits for it
    instead of being refused.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError as error:
            reason = (
                "is already in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used: {error.strerror}"
            )
            sys.exit(f"Port {port} {reason}. Choose another one, for example: make run PORT=8123")
        yield listener


@contextmanager
def only_copy(data_dir: Path) -> Iterator[None]:
    """Hold a data directory: two copies of the program would disturb each other in it."""
    with (data_dir / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(
                f"Another copy is running in {data_dir}. Stop it, or choose another directory, "
                "for example: make run PORT=8123 DATA_DIR=var-2"
            )
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn every stop signal into KeyboardInterrupt while one process does one thing."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
