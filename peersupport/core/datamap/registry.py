"""Declaring stores. Every app has a `datamap.py` with a list named STORES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Keeps:
    """What one field holds, about whom, what it is keyed to, and how long it lives."""

    holds: Words
    about: Words
    keyed_to: Words
    lives: Words


@dataclass(frozen=True, slots=True)
class Store:
    """A group of fields with one story. `forget(now=...)` deletes what is due, returns a count."""

    key: str
    title: Words
    models: Mapping[str, Mapping[str, Keeps]]
    forget: Callable[..., int] | None


def stores() -> list[Store]:
    """Return every declared store, in the order of the apps."""
    found: list[Store] = []
    for config in apps.get_app_configs():
        name = f"{config.name}.datamap"
        if name != __package__ and find_spec(name) is not None:
            found += getattr(import_module(name), "STORES", [])
    found += import_module("peersupport.core.datamap.stores").STORES
    return found
