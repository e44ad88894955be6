"""The Celery app: every wake-up wakes somebody, in every thread, and says nothing private."""

import logging
import threading
from io import StringIO
from typing import Any

import pytest
from celery import shared_task

from peersupport.celery import HideValues, app, beat_schedule
from peersupport.core.logs import PlainFormatter


@pytest.mark.parametrize("demo", [True, False])
def test_every_entry_of_the_beat_names_a_task_and_expires(demo: bool) -> None:
    app.loader.import_default_modules()
    for entry in beat_schedule(demo=demo).values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] > 0
        assert "args" not in entry


def test_the_demo_alone_has_its_day_kept_fresh() -> None:
    def tasks(demo: bool) -> set[str]:
        return {entry["task"] for entry in beat_schedule(demo=demo).values()}

    assert tasks(True) - tasks(False) == {"peersupport.portal.tasks.keep_demo_fresh"}


def test_shared_tasks_belong_to_the_app_in_every_thread() -> None:
    """Without `set_default` another thread would get an app with a broker on localhost:5672."""

    @shared_task(name="tests.nothing")
    def nothing() -> None:
        pass

    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(nothing.app))
    thread.start()
    thread.join()
    assert found == [app]


def test_a_wake_up_that_cannot_be_sent_fails_at_once() -> None:
    assert app.conf.task_publish_retry is False
    assert app.conf.broker_transport_options["max_retries"] == 0


def test_a_failed_task_is_logged_without_the_text_of_its_error() -> None:
    """Celery puts the error's text and a whole traceback into the message itself."""

    @app.task(name="tests.fails")
    def fails() -> None:
        raise ValueError("ana@school.example")

    written = {True: StringIO(), False: StringIO()}
    for hides, stream in written.items():
        handler = logging.StreamHandler(stream)
        handler.setFormatter(PlainFormatter())
        logger = logging.getLogger("celery.app.trace")
        hide = HideValues()
        logger.addHandler(handler)
        if hides:
            logger.addFilter(hide)
        try:
            fails.apply()
        finally:
            logger.removeHandler(handler)
            logger.removeFilter(hide)
    assert "ana@" in written[False].getvalue()
    assert "ana@" not in written[True].getvalue()
    assert "tests.fails" in written[True].getvalue()
    assert "ValueError" in written[True].getvalue()
