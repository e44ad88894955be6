"""The folder broker: what is put is got once, and no file can stop a consumer.

kombu's own filesystem transport is held beside it where a test must show that it can see a loss.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import filesystem

from tests.process import racing
from tests.process.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
EMPTY = b""
GARBAGE = [
    EMPTY,
    b'{"body": "cut in the mid',
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"{}",
    b'{"properties": {"delivery_tag": "1"}, "body": "x", "headers": 7}',
    b'{"properties": {"delivery_tag": "1", "body_encoding": "rot13"}, "body": "x"}',
]


def stock_channel(folder: Path) -> Any:
    """Open kombu's own transport in a folder."""
    for name in ("queue", "processed"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "store_processed": True,
    }
    connection: Any = Connection("filesystem://", transport_options=options)
    return connection.channel()


def bodies(source: Any) -> list[str]:
    """Take everything."""
    got = []
    while (body := racing.take(source)) is not None:
        got.append(body)
    return got


def test_messages_come_in_the_order_they_were_put(tmp_path: Path) -> None:
    channel = racing.channel(tmp_path)
    for number in range(12):
        racing.put(channel, str(number))
    assert channel.queue_declare(racing.QUEUE).message_count == 12
    assert bodies(channel) == [str(number) for number in range(12)]


def test_a_queue_can_be_emptied(tmp_path: Path) -> None:
    channel = racing.channel(tmp_path)
    racing.put(channel, "a")
    assert channel.queue_purge(racing.QUEUE) == 1
    assert bodies(channel) == []


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "/tmp/x", "a\0b"])
def test_a_queue_cannot_name_another_folder(tmp_path: Path, name: str) -> None:
    channel = racing.channel(tmp_path)
    with pytest.raises(channel.connection.channel_errors):
        channel.queue_declare(name or ".")


def test_messages_are_for_their_owner_only(tmp_path: Path) -> None:
    racing.put(racing.channel(tmp_path / "broker"), "a")
    assert (tmp_path / "broker" / racing.QUEUE).stat().st_mode & 0o077 == 0


def test_the_stock_transport_loses_a_message_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a consumer that looks between open and write takes an empty file."""
    producer, consumer = stock_channel(tmp_path), stock_channel(tmp_path)
    real_lock = filesystem.lock
    errors: list[Exception] = []

    def look_before_write(file: Any, flags: int) -> None:
        if file.writable():
            try:
                consumer._get(racing.QUEUE)
            except ValueError as error:
                errors.append(error)
        real_lock(file, flags)

    monkeypatch.setattr(filesystem, "lock", look_before_write)
    racing.put(producer, "a")
    assert len(errors) == 1  # this exception is what ends a Celery worker
    with pytest.raises(Empty):
        consumer._get(racing.QUEUE)


def test_a_message_that_is_being_written_is_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same look, at each step of a put."""
    producer, consumer = racing.channel(tmp_path), racing.channel(tmp_path)
    seen: list[Any] = []

    def looking(step: Callable[..., Any]) -> Callable[..., Any]:
        def look_then_step(self: Path, *args: Any) -> Any:
            seen.append(racing.take(consumer))
            return step(self, *args)

        return look_then_step

    monkeypatch.setattr(Path, "write_text", looking(Path.write_text))
    monkeypatch.setattr(Path, "rename", looking(Path.rename))
    racing.put(producer, "a")
    assert seen == [None, None]
    assert bodies(consumer) == ["a"]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_an_unreadable_file_is_passed_over(tmp_path: Path, content: bytes) -> None:
    channel = racing.channel(tmp_path)
    racing.put(channel, "a")
    (tmp_path / racing.QUEUE / f"{0:020d}-first.msg").write_bytes(content)
    assert bodies(channel) == ["a"]
    assert list((tmp_path / racing.QUEUE).iterdir()) == []


@pytest.mark.process
def test_nothing_is_lost_or_doubled_between_many(tmp_path: Path) -> None:
    """Four producers and two consumers, as processes, over 2400 messages."""
    stop, each = tmp_path / "stop", 600

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.process.racing", *words]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    consumers = [start("consume", str(tmp_path / "broker"), str(stop)) for _ in range(2)]
    producers = [start("produce", str(tmp_path / "broker"), str(n), str(each)) for n in range(4)]
    try:
        for producer in producers:
            assert producer.wait(PATIENCE) == 0
        stop.touch()
        got = [consumer.communicate(timeout=PATIENCE)[0].split() for consumer in consumers]
    finally:
        for process in [*producers, *consumers]:
            process.kill()
            process.communicate()
    assert [consumer.returncode for consumer in consumers] == [0, 0]
    assert sorted(got[0] + got[1]) == sorted(f"{p}-{n}" for p in range(4) for n in range(each))


@pytest.mark.process
def test_unreadable_files_do_not_end_a_worker(tmp_path: Path) -> None:
    queue = tmp_path / "broker" / "celery"
    queue.mkdir(parents=True)
    for number, content in enumerate(GARBAGE):
        (queue / f"{number:020d}-broken.msg").write_bytes(content)
    environment = {**os.environ, "LONE_FOLDER": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    celery = [sys.executable, "-m", "celery", "-q", "-A", "tests.process.lone_worker"]
    worker = subprocess.Popen(
        [*celery, "worker", "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        for name in ("one", "two"):
            subprocess.run(
                [*celery, "call", "touch", "--args", f'["{name}"]'],
                cwd=ROOT,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            wait_until((tmp_path / name).exists, f"the worker does task {name}")
            (queue / f"{time.time_ns():020d}-broken.msg").write_bytes(EMPTY)
        wait_until(lambda: not list(queue.iterdir()), "the worker drops what is broken")
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0
    finally:
        worker.kill()
        worker.wait()
