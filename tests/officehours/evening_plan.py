"""Plans of an evening: made from a seed, and made smaller when they fail."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which kind of act, after how many minutes, and its own dice."""

    kind: int
    minutes: int
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried in an evening, and the day after."""

    tonight: tuple[Step, ...]
    tomorrow: tuple[Step, ...]

    def cut(self, first: int, last: int) -> "Plan":
        """Return the plan without some of its steps; the time they took still passes."""
        steps = [*self.tonight, *self.tomorrow]
        border = len(self.tonight)
        gone = sum(step.minutes for step in steps[first:last])
        if last < len(steps) and not first < border <= last:
            after = steps[last]
            steps[last] = Step(after.kind, after.minutes + gone, after.seed)
        kept = (steps[:first], steps[last:])
        border -= max(0, min(last, border) - min(first, border))
        steps = [*kept[0], *kept[1]]
        return Plan(tuple(steps[:border]), tuple(steps[border:]))


def plan_of(seed: int, kinds: int) -> Plan:
    """Return the plan that belongs to a seed."""
    dice = random.Random(seed)

    def some(number: int) -> tuple[Step, ...]:
        return tuple(
            Step(
                dice.randrange(kinds),
                dice.choice([0, 0, 0, 1, 1, 2, 3, 5]),
                dice.getrandbits(32),
            )
            for _ in range(number)
        )

    return Plan(some(dice.randrange(20, 90)), some(dice.randrange(25)))


def smallest(plan: Plan, error: Exception, play: Callable[[Plan], None]) -> Plan:
    """Return a plan that fails as `plan` does, and no longer does without any one of its steps."""

    def fails(one: Plan) -> bool:
        try:
            play(one)
        except Exception as other:
            return type(other) is type(error) and str(other)[:40] == str(error)[:40]
        return False

    size = (len(plan.tonight) + len(plan.tomorrow)) // 2
    while size:
        at = 0
        while at < len(plan.tonight) + len(plan.tomorrow):
            less = plan.cut(at, min(at + size, len(plan.tonight) + len(plan.tomorrow)))
            if fails(less):
                plan = less
            else:
                at += size
        size //= 2
    return plan
