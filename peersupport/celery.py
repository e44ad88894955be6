"""The Celery app. Messages are wake-ups without content; the rows they wake are the schedule.

Losing a message costs one tick of the beat and a second copy costs nothing, so every message may
expire as soon as the next tick is due.
"""

import logging
import logging.config
import os
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peersupport.settings")

MINUTE = 60.0
HOUR = 60 * MINUTE
CARE_ROUND = 30.0

app = Celery("peersupport")
# `shared_task` asks for the current app, which is per thread; without a default the threads of
# the web server would talk to a broker that nobody configured.
app.set_default()


def _every(seconds: float, task: str) -> dict[str, Any]:
    """Return an entry of the beat whose message is worthless when the next one comes."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


# Each side has a queue of its own, so that neither's worker takes what is the other's.
WEB_QUEUE, CARE_QUEUE = "celery", "care"


def queues(*, plane: str) -> list[str]:
    """Return the queues of a plane's worker; the first is where its wake-ups go by default."""
    return {"care": [CARE_QUEUE], "all": [WEB_QUEUE, CARE_QUEUE]}.get(plane, [WEB_QUEUE])


def beat_schedule(*, demo: bool, plane: str = "web") -> dict[str, dict[str, Any]]:
    """Return what a plane's beat wakes. Every task may run twice, late, or beside itself."""
    care = {"go round on the care side": _every(CARE_ROUND, "referrals.tasks.care_tick")}
    if plane == "care":
        return care
    schedule = {
        "deliver due messages": _every(15, "peersupport.core.outbox.tasks.tick"),
        "look for missing messages": _every(10 * MINUTE, "peersupport.core.outbox.tasks.audit"),
        "watch the hours": _every(30, "officehours.tasks.tick"),
        "move the lines of events": _every(MINUTE, "events.tasks.sweep"),
        "plan what campaigns say": _every(10 * MINUTE, "reminders.tasks.plan"),
        "forget": _every(HOUR, "peersupport.portal.tasks.forget"),
        "keep the horizon of hours": {
            "task": "officehours.tasks.extend_horizon",
            "schedule": crontab(hour="8", minute="10"),  # UTC: night in the Americas
            "options": {"expires": 12 * HOUR},
        },
    }
    if plane == "all":
        schedule |= care
    if demo:
        schedule["keep the demo's day"] = _every(
            5 * MINUTE, "peersupport.portal.tasks.keep_demo_fresh"
        )
    return schedule


def _broker() -> dict[str, Any]:
    """Return the settings of the broker: Redis if there is one, else a folder."""
    # A request that cannot reach the broker must fail at once: the beat repeats the wake-up.
    fail_at_once = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    if settings.REDIS_URL:
        return {
            "broker_url": settings.REDIS_URL,
            "broker_transport_options": {
                # No business time is ever put into the broker, so a task that was lost with its
                # worker may come back soon.
                "visibility_timeout": 300,
                "socket_connect_timeout": 2,
                "socket_timeout": 30,
                "socket_keepalive": True,
                "health_check_interval": 30,
                **fail_at_once,
            },
        }
    return {
        "broker_url": "folder://local/",
        "broker_transport": "peersupport.core.broker:Transport",
        "broker_transport_options": {
            "folder": str(settings.DATA_DIR / "broker"),
            "polling_interval": 0.5,
            **fail_at_once,
        },
    }


app.conf.update(
    **_broker(),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker waits for its broker for as long as it takes
    beat_schedule=beat_schedule(demo=settings.DEMO, plane=settings.PLANE),
    task_queues=[Queue(name, routing_key=name) for name in queues(plane=settings.PLANE)],
    task_default_queue=queues(plane=settings.PLANE)[0],
    task_routes={"referrals.tasks.*": {"queue": CARE_QUEUE}},
    enable_utc=True,
    timezone="UTC",
    accept_content=["json"],
    task_acks_late=True,
    task_ignore_result=True,
    task_publish_retry=False,
    task_time_limit=10 * MINUTE,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,  # needs fan-out, and nothing here uses it
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
app.autodiscover_tasks()


class HideValues(logging.Filter):
    """Keep of a failed task its name and where it failed; Celery would print the error's text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record in place; never refuses one."""
        data = getattr(record, "data", None)
        if isinstance(data, dict) and "traceback" in data:
            record.msg = "Task %s: %s"
            record.args = (data.get("name"), data.get("description"))
        return True


@signals.setup_logging.connect
def use_our_logging(loglevel: int, **_: Any) -> None:
    """Keep Django's logging in the worker and the beat instead of Celery's own."""
    logging.config.dictConfig(settings.LOGGING)
    for name in ("celery", "kombu"):
        logging.getLogger(name).setLevel(loglevel)
    logging.getLogger("celery.app.trace").addFilter(HideValues())


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_unsafe_start(**_: Any) -> None:
    """Stop a worker or beat that must not run with this configuration."""
    import django

    django.setup()
    from peersupport.portal import startup  # needs the apps

    try:
        startup.refuse_unsafe_start(is_worker=True)
    except Exception as refusal:
        # Signals swallow exceptions, but not this one.
        raise SystemExit(f"Refused to start: {refusal}") from None
