"""What the program can say about one person, read by the map: nothing is listed by hand.

A field that the map says is about somebody is found here, or the map says why not; a guard test
holds it.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import CASCADE, Model, Q
from django.utils.translation import gettext as _

from peersupport.core.datamap.registry import By, Found, Keeps, NotHere, Read, Store, stores


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, in words."""

    field: str
    holds: str
    value: Any

    @property
    def is_number(self) -> bool:
        """Whether it is a random number, which says nothing to a reader."""
        return self.field == "id" or isinstance(self.value, uuid.UUID)


@dataclass(frozen=True, slots=True)
class Table:
    """What one table holds about somebody, and what of it is left out."""

    model: str
    rows: tuple[tuple[Fact, ...], ...]
    left_out: tuple[tuple[str, str], ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one store holds about somebody."""

    key: str
    title: str
    tables: tuple[Table, ...]
    lives: tuple[str, ...]
    stays: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing about them."""
        return not any(table.rows for table in self.tables)

    @property
    def goes(self) -> list[str]:
        """Return what of it goes when the account is deleted, in words: all that hangs on it."""
        return list(
            dict.fromkeys(
                fact.holds
                for table in self.tables
                if not self.stays or hangs_on_account(apps.get_model(table.model))
                for row in table.rows
                for fact in row
                if not fact.is_number and fact.value not in (None, "")
            )
        )


def paths_of(model: type[Model]) -> list[str]:
    """Return the fields of a model that lead to an account."""
    person = get_user_model()
    if model is person:
        return ["pk"]
    return [f.name for f in model._meta.local_fields if f.related_model is person]


def hangs_on_account(model: type[Model]) -> bool:
    """Return whether a row goes together with the account, by the database's own relation."""
    if model is get_user_model():
        return True
    links = [f for f in model._meta.local_fields if f.related_model is get_user_model()]
    return any(getattr(link.remote_field, "on_delete", None) is CASCADE for link in links)


def found_by(store: Store, label: str) -> Found | None:
    """Return how a person's rows of a model are found: as the map says, else by relation."""
    if label in store.mine:
        return store.mine[label]
    return By("") if paths_of(apps.get_model(label)) else None


def _query(model: type[Model], rule: By, person: uuid.UUID) -> list[Model]:
    wanted = Q()
    for path in [rule.path] if rule.path else paths_of(model):
        wanted |= Q(**{path: person})
    found = model._default_manager.filter(wanted).distinct()
    return list(found.order_by("pk")[:5000])


def _plain(row: Model, name: str, person: uuid.UUID) -> Any:
    """Return a value as anybody reads it: names for what is pointed at, "you" for the reader."""
    field: Any = row._meta.get_field(name)
    value = getattr(row, field.attname)
    if value == person or value == str(person):
        return _("you") if name != "id" else value
    if field.is_relation and value is not None:
        if field.related_model is get_user_model():
            return _("another account")
        return getattr(getattr(row, name), "name", value)
    return _readable(value)


def _readable(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return _("(a sealed value)") if len(value) else ""
    if value is None or isinstance(value, str | bool | int | uuid.UUID | date | datetime | time):
        return value
    return _("(kept in a form that only the program reads)")


def _facts(values: dict[str, Any], fields: dict[str, Keeps]) -> tuple[Fact, ...]:
    return tuple(
        Fact(name, str(keeps.holds), values[name])
        for name, keeps in fields.items()
        if name in values and not keeps.left_out
    )


def _table(store: Store, label: str, person: uuid.UUID, now: datetime) -> Table | None:
    rule = found_by(store, label)
    fields = dict(store.models[label])
    left = tuple((str(k.holds), str(k.left_out)) for k in fields.values() if k.left_out)
    if rule is None:
        return None
    if isinstance(rule, NotHere):
        return Table(label, (), (), str(rule.why))
    if isinstance(rule, Read):
        told = [
            {name: _readable(value) for name, value in row.items()}
            for row in rule.rows(person, now)
        ]
    else:
        told = [
            {name: _plain(row, name, person) for name in fields}
            for row in _query(apps.get_model(label), rule, person)
        ]
    return Table(label, tuple(_facts(row, fields) for row in told), left if told else ())


def held_about(person: uuid.UUID, now: datetime) -> list[Chapter]:
    """Return everything the program can say about somebody now, in the order of the map."""
    found = []
    for store in stores():
        tables = [_table(store, label, person, now) for label in store.models]
        shown = tuple(table for table in tables if table is not None)
        lives = {str(k.lives): 1 for label in store.models for k in store.models[label].values()}
        if shown:
            found.append(
                Chapter(store.key, str(store.title), shown, tuple(lives), str(store.stays))
            )
    return found


def staying() -> list[tuple[str, str]]:
    """Return what remains of each store when an account is deleted, and why."""
    return [(str(store.title), str(store.stays)) for store in stores() if store.stays]
