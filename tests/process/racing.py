"""A producer or a consumer of the folder broker, as a process of its own (see test_broker.py).

python -m tests.process.racing produce FOLDER NAME COUNT
python -m tests.process.racing consume FOLDER STOP_FILE    prints what it got
"""

import sys
import time
from pathlib import Path
from typing import Any

from kombu import Connection

QUEUE = "race"


def channel(folder: Path) -> Any:
    """Open the broker in a folder."""
    connection: Any = Connection(
        "folder://local/",
        transport="peersupport.core.broker:Transport",
        transport_options={"folder": str(folder)},
    )
    return connection.channel()


def put(to: Any, body: str) -> None:
    """Send one message."""
    to.basic_publish(to.prepare_message(body), exchange="", routing_key=QUEUE)


def take(source: Any) -> str | None:
    """Take one message, or None."""
    message = source.basic_get(QUEUE, no_ack=True)
    return None if message is None else bytes(message.body).decode()


def produce(folder: Path, name: str, count: int) -> None:
    """Send `count` messages as fast as possible."""
    to = channel(folder)
    for number in range(count):
        put(to, f"{name}-{number}")


def consume(folder: Path, stop: Path) -> list[str]:
    """Take messages until the stop file exists and nothing is left."""
    source, got = channel(folder), []
    while True:
        last_look = stop.exists()
        if (body := take(source)) is not None:
            got.append(body)
        elif last_look:
            return got
        else:
            time.sleep(0.001)


if __name__ == "__main__":
    if sys.argv[1] == "produce":
        produce(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        sys.stdout.write("\n".join(consume(Path(sys.argv[2]), Path(sys.argv[3]))))
