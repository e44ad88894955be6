"""No relation leads from a visit to a person, and none leads upwards."""

from collections.abc import Iterable

from django.apps import apps
from django.db.models import Model

from officehours.models import Counter, Visit

ORDER = ["audit", "outbox", "datamap", "sessions", "ui", "accounts", "program", "officehours"]
APART = {"accounts.Person", "accounts.Profile", "accounts.RoleGrant"}


def _targets(model: type[Model]) -> Iterable[str]:
    for field in model._meta.get_fields():
        if field.concrete and field.is_relation and field.related_model is not None:
            yield field.related_model._meta.label


def leads_to_people(model: type[Model]) -> bool:
    return bool(APART & set(_targets(model)))


def test_a_visit_leads_to_nobody() -> None:
    assert not leads_to_people(Visit)
    assert not leads_to_people(Counter)


def test_the_guard_sees_a_relation_where_there_is_one() -> None:
    assert leads_to_people(apps.get_model("officehours", "Assignment"))


def test_nothing_leads_upwards() -> None:
    for model in apps.get_models():
        mine = model._meta.app_label
        if mine not in ORDER:
            continue
        for target in _targets(model):
            theirs = target.split(".")[0]
            if theirs in ORDER:
                assert ORDER.index(theirs) <= ORDER.index(mine), f"{mine} -> {target}"
