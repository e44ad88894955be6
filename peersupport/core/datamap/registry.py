"""Declaring stores. Every app has a `datamap.py` with a list named STORES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.apps import apps
from django.utils.functional import Promise

from peersupport.core.sides import WORKER

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Keeps:
    """What one field holds, about whom, what it is keyed to, and how long it lives.

    `left_out` says why the field is not in what somebody can read of themselves; empty: it is.
    """

    holds: Words
    about: Words
    keyed_to: Words
    lives: Words
    left_out: Words = ""


@dataclass(frozen=True, slots=True)
class By:
    """A person's rows are those whose `path` leads to the person's key."""

    path: str


@dataclass(frozen=True, slots=True)
class Read:
    """A person's rows are what `rows` returns, each with these `fields` of the model."""

    rows: Callable[[UUID, datetime], list[dict[str, Any]]]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotHere:
    """A person's rows cannot be shown to them, and why."""

    why: Words


Found = By | Read | NotHere


@dataclass(frozen=True, slots=True)
class Store:
    """A group of fields with one story. `forget(now=...)` deletes what is due, returns a count.

    `mine` says, by model, how the rows about one person are found, where no relation of the model
    leads to the person. `stays` says what of the store remains, and why, when an account is
    deleted; empty: nothing does. The public page shows what is `asked_first` before the rest.
    `side` is the one whose database rights forgetting takes (peersupport/core/sides.py); what is
    the care side's is forgotten by its own clock alone.
    """

    key: str
    title: Words
    models: Mapping[str, Mapping[str, Keeps]]
    forget: Callable[..., int] | None
    mine: Mapping[str, Found] = field(default_factory=dict)
    stays: Words = ""
    asked_first: bool = False
    side: str = WORKER


def stores() -> list[Store]:
    """Return every declared store, in the order of the apps."""
    found: list[Store] = []
    for config in apps.get_app_configs():
        name = f"{config.name}.datamap"
        if name != __package__ and find_spec(name) is not None:
            found += getattr(import_module(name), "STORES", [])
    found += import_module("peersupport.core.datamap.stores").STORES
    return found
