"""What letters show to whoever sees a locked screen, or stands behind somebody."""

import inspect
import re

from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged
from tests.confidence.world import World
from tests.process.spool import Received, received

_CODE = "Your sign-in code"
_OWN = re.compile(r"subject=(?!subject\b)")


def known() -> dict[str, list[str]]:
    """Return telling words, every kind of letter, and kinds with an outside of their own.

    In the program's shell. A module whose letters all come from the one personal letter names no
    subject itself.
    """
    from peersupport.core.outbox import kinds
    from tests.ui.test_letters import REVEALING

    own = []
    for kind in kinds.named():
        source = inspect.getsource(inspect.getmodule(kind.compose))  # type: ignore[arg-type]
        if "personal_letter(" not in source or _OWN.search(source):
            own.append(kind.name)
    return {"words": REVEALING, "kinds": [one.name for one in kinds.named()], "own": own}


def _shows(letter: Received, words: list[str]) -> list[str]:
    """Return the words of a list that stand in a letter's outside: subject, heads, preview."""
    outside = f"{letter.subject} {letter.text[:140]}".lower()
    return [word for word in words if word in outside]


def attack(world: World, scene: Scene) -> list[Line]:
    """Compare every letter that came, from outside, and every kind that could."""
    words, kinds, own_outside = (scene.letters[name] for name in ("words", "kinds", "own"))
    mail = [one for one in received(world.spool) if one.subject != _CODE]
    broken = [f"{one.to}: {_shows(one, words)}" for one in mail if _shows(one, words)]
    broken += [one.code for one in scene.sent for each in mail if one.code in each.text]
    own = {re.sub(r"\s+", " ", one.text.partition("In crisis")[0]) for one in mail}
    broken += [
        f"{word} in its own words" for text in own for word in words if word in text.lower()
    ]
    outsides = {(one.subject, one.text[:140]) for one in mail}
    planted = Received(("x",), "x", "An urgent referral", "Somebody needs counseling", ())
    return [
        judged(
            f"{len(mail)} letters that came, seen from outside: subject, beginning, text, for "
            f"{len(words)} telling words, urgency and codes",
            len(mail) * len(words),
            [*broken, *(["they differ"] if len(outsides) != 1 else [])],
            "all have one subject and one beginning, whatever they are about",
            control=len(_shows(planted, words)) >= 3,
        ),
        judged(
            "Every kind of letter the program can write",
            len(kinds),
            own_outside,
            "each is the one personal letter: no subject and no beginning of its own",
            control=len(kinds) >= 5 and bool(_OWN.search('Letter(subject="Your visit")')),
        ),
    ]
