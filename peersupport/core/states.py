"""A table of states: what may follow what, by which verb, by whom. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class NotAllowedFrom(Exception):
    """The thing is not in a state from which this can be done: somebody got there first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a table: from any of `sources`, `verb` leads to `target`, done by `actors`."""

    sources: frozenset[str]
    verb: str
    target: str
    actors: frozenset[str]


class Table:
    """An immutable table of steps, looked up by verb."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps = tuple(steps)
        self._by_verb: Mapping[tuple[str, str], Step] = {
            (source, step.verb): step for step in self.steps for source in step.sources
        }

    def sources(self, verb: str) -> frozenset[str]:
        """Return every state from which `verb` may be done."""
        return frozenset(source for (source, name) in self._by_verb if name == verb)

    def target(self, source: str, verb: str) -> str:
        """Return where `verb` leads from `source`. Raises NotAllowedFrom."""
        step = self._by_verb.get((source, verb))
        if step is None:
            raise NotAllowedFrom(verb)
        return step.target

    def allowed(self, source: str, verb: str, actor: str) -> bool:
        """Return whether `actor` (a word of the table) may do `verb` from `source`."""
        step = self._by_verb.get((source, verb))
        return step is not None and actor in step.actors
