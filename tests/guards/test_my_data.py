"""Whatever the map says about somebody, they can read of themselves, or the map says why not."""

from collections.abc import Iterable

from peersupport.core.datamap.mine import found_by
from peersupport.core.datamap.registry import Keeps, NotHere, Read, Store, stores

_SOMEBODY = Keeps("a canary", "the person", "the account", "for ever")


def missing(found: Iterable[Store]) -> list[str]:
    """Return every field about somebody that neither reaches them nor says why."""
    wrong = []
    for store in found:
        for label, fields in store.models.items():
            rule = found_by(store, label)
            if isinstance(rule, NotHere):
                continue
            told = rule.fields if isinstance(rule, Read) else fields.keys() if rule else set()
            wrong += [
                f"{label}.{name}"
                for name, keeps in fields.items()
                if str(keeps.about) != "nobody" and not keeps.left_out and name not in told
            ]
    return wrong


def test_every_field_about_somebody_reaches_them() -> None:
    assert missing(stores()) == []


def test_a_field_that_leads_nowhere_is_named() -> None:
    lost = Store("lost", "Lost", {"program.Holiday": {"name": _SOMEBODY}}, None)

    assert missing([lost]) == ["program.Holiday.name"]


def test_a_field_that_a_reader_leaves_out_is_named() -> None:
    fields = {"name": _SOMEBODY, "first_on": _SOMEBODY}
    read = Read(lambda person, now: [], frozenset({"name"}))
    lost = Store("lost", "Lost", {"program.Holiday": fields}, None, {"program.Holiday": read})

    assert missing([lost]) == ["program.Holiday.first_on"]
