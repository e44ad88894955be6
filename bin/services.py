"""`python -m bin.services COMMAND ...`: runs a command beside a throw-away PostgreSQL and Redis.

Both listen on free ports of 127.0.0.1 with a password of their own; DATABASE_URL and REDIS_URL
name them to the command. DATABASE_URL is PostgreSQL's superuser; the roles of the program are
there too, with a login user each (test_owner, test_web, test_care, test_worker), all with the
password TEST_ROLE_PASSWORD. When it ends, or this process does, in whatever way, nothing is left.
TEST_PG_BIN names the directory of the PostgreSQL programs if they are in an unusual place.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from peersupport.core.processes import bound_to_parent, end_with_parent

START_WITHIN = 60.0
# As `manage.py create_roles` makes them (peersupport/core/sides.py), and a login user for each.
ROLES = ("owner", "web", "care", "worker")
# What a statement contained must not reach a log, here as little as in production.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The user that the services run as: never root, which PostgreSQL refuses."""

    name: str
    uid: int
    gid: int

    @property
    def options(self) -> dict[str, object]:
        """Return what Popen needs to run as this user."""
        if os.getuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account() -> Account:
    """Return this user, or for root one that may run PostgreSQL."""
    if os.getuid() != 0:
        return Account("this user", os.getuid(), os.getgid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    sys.exit("There is neither a user postgres nor nobody to run PostgreSQL as.")


def postgres_programs() -> Path:
    """Return the directory of initdb and postgres: the newest one installed."""
    if named := os.environ.get("TEST_PG_BIN"):
        return Path(named)
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda path: float(path.parent.name))
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    sys.exit("PostgreSQL is not installed (initdb was not found). Set TEST_PG_BIN if it is.")


def make_roles(database: str, password: str) -> None:
    """Make the program's roles and their login users."""
    with closing(psycopg2.connect(database)) as link, link, link.cursor() as cursor:
        for name in ROLES:
            cursor.execute(f"CREATE ROLE peersupport_{name} NOLOGIN")
            cursor.execute(
                f"CREATE ROLE test_{name} LOGIN PASSWORD %s IN ROLE peersupport_{name}", [password]
            )


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def scratch(owner: Account) -> Iterator[Path]:
    """Make a directory for the services. Root's own temporary directory may be closed to them."""
    parent = "/tmp" if os.getuid() == 0 else None  # noqa: S108 - mkdtemp makes a private one
    place = Path(tempfile.mkdtemp(prefix="services-", dir=parent))
    os.chown(place, owner.uid, owner.gid)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def server(
    command: list[str], owner: Account, place: Path, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends. Its log is printed only if it does not start."""
    log = place / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=bound_to_parent(stop),
            **owner.options,  # type: ignore[call-overload]  # user, group, extra_groups
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the port answers. Ends this process with the server's log if it does not."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"A service did not start:\n{log.read_text(errors='replace')}")


@contextmanager
def postgres(owner: Account, place: Path) -> Iterator[str]:
    """Run PostgreSQL with an empty database and yield its address."""
    programs, data, port = postgres_programs(), place / "pg", free_port()
    password = secrets.token_hex(16)
    secret = place / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    os.chown(secret, owner.uid, owner.gid)
    subprocess.run(
        [
            *(programs / "initdb", "--pgdata", data, "--username", "peersupport"),
            *("--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale", "C", "--no-sync"),
        ],
        check=True,
        cwd=place,
        stdout=subprocess.DEVNULL,
        **owner.options,  # type: ignore[call-overload]  # user, group, extra_groups
    )
    settings = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
    command = [
        *(str(programs / "postgres"), "-D", str(data), "-p", str(port)),
        # No socket file: its path may be too long for one in a deep temporary directory.
        *("-h", "127.0.0.1", "-k", "", *settings),
    ]
    # SIGINT: end now, breaking connections, without a crash recovery.
    with server(command, owner, place, signal.SIGINT) as process:
        wait_for(port, process, place / "postgres.log")
        environment = {**os.environ, "PGPASSWORD": password}
        create = [
            str(programs / "createdb"),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-U",
            "peersupport",
        ]
        for _ in range(100):  # it listens a moment before it lets anybody in
            done = subprocess.run(
                [*create, "peersupport"],
                check=False,
                cwd=place,
                env=environment,
                capture_output=True,
            )
            if done.returncode == 0:
                break
            time.sleep(0.1)
        else:
            sys.exit(f"The database was not made: {done.stderr.decode(errors='replace')}")
        yield f"postgres://peersupport:{password}@127.0.0.1:{port}/peersupport"


@contextmanager
def redis(owner: Account, place: Path) -> Iterator[str]:
    """Run Redis without a file and yield its address."""
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("Redis is not installed (redis-server was not found).")
    port, password = free_port(), secrets.token_hex(16)
    config = place / "redis.conf"  # not the command line, where every user reads the password
    config.touch(mode=0o600)
    config.write_text(
        f"port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ''\nappendonly no\n"
        f"dir {place}\nmaxmemory-policy noeviction\n"
    )
    os.chown(config, owner.uid, owner.gid)
    with server([program, str(config)], owner, place, signal.SIGTERM) as process:
        wait_for(port, process, place / "redis-server.log")
        yield f"redis://:{password}@127.0.0.1:{port}/0"


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command in our process group, pass SIGTERM on, and return its status."""
    # In a script's background Ctrl-C is ignored, and would be in all that the command starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command, env=environment, preexec_fn=bound_to_parent(signal.SIGTERM)
    )
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGHUP, lambda *_: process.terminate())
    # A terminal sends Ctrl-C to the command as well: give it time to end by itself.
    signal.signal(signal.SIGALRM, lambda *_: process.terminate())
    signal.signal(signal.SIGINT, lambda *_: signal.alarm(5))
    status = process.wait()
    return status if status >= 0 else 128 - status


def main(command: list[str]) -> int:
    """Run the command beside the services."""
    if not command:
        sys.exit("usage: bin/with_services COMMAND ...")
    end_with_parent(signal.SIGTERM)
    # Until the command runs, a signal must still pass through the clean-up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    owner = account()
    with ExitStack() as stack:
        place = stack.enter_context(scratch(owner))
        database = stack.enter_context(postgres(owner, place))
        broker = stack.enter_context(redis(owner, place))
        environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": broker}
        environment["TEST_ROLE_PASSWORD"] = secrets.token_hex(16)
        make_roles(database, environment["TEST_ROLE_PASSWORD"])
        environment["TEST_PG_BIN"] = str(postgres_programs())
        return run(command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
