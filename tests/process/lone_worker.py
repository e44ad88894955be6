"""A Celery app with one task and the folder broker of LONE_FOLDER (see test_broker.py)."""

import os
from pathlib import Path

from celery import Celery

FOLDER = Path(os.environ["LONE_FOLDER"])

app = Celery("lone")
app.conf.update(
    broker_url="folder://local/",
    broker_transport="peersupport.core.broker:Transport",
    broker_transport_options={"folder": str(FOLDER / "broker"), "polling_interval": 0.1},
    task_ignore_result=True,
    task_acks_late=True,
    worker_enable_remote_control=False,
)


@app.task(name="touch")
def touch(name: str) -> None:
    """Leave a trace."""
    (FOLDER / name).touch()
