"""What happens in the two-sided world before it is attacked: students ask, counselors answer.

Every text that anybody writes begins with one word, and every number with the same figures, both
drawn anew: what is found of either, anywhere, was not sealed.
"""

import random
import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.confidence.counselors import Counselor, all_in
from tests.confidence.world import Browser, World
from tests.process.spool import code_in

KINDS = ("account", "receipt", "account", "danger", "account", "receipt")
ROLES = ("student", "supporter", "coordinator", "administrator")
_REASON = "It cannot wait for a yes: they are alone and said goodbye."
_URGENCIES = ("routine", "soon", "urgent")


@dataclass
class Student:
    """Somebody with an account, and whether they had signed in long before they asked."""

    number: int
    id: uuid.UUID
    email: str
    browser: Browser = field(repr=False)
    is_fresh: bool


@dataclass
class Sent:
    """One request: how it was kept, who asked, what is in it, and how it is found again."""

    id: uuid.UUID
    code: str
    kind: str
    who: int
    words: str = field(repr=False)
    browser: Browser = field(repr=False)
    receipt: str = ""
    is_without_max: bool = False
    is_taken_back: bool = False
    state: str = "received"


@dataclass
class Scene:
    """Everybody, and everything that was sent."""

    word: str
    figures: str
    students: list[Student]
    staff: dict[str, Browser]
    counselors: dict[str, Counselor]
    sent: list[Sent] = field(default_factory=list)
    drafts: list[Browser] = field(default_factory=list)
    care_table: dict[str, list[int]] = field(default_factory=dict)
    web_table: dict[str, list[int]] = field(default_factory=dict)
    letters: dict[str, list[str]] = field(default_factory=dict)
    openings: int = 0
    attached: int = 0

    def of(self, *kinds: str) -> list[Sent]:
        """Return what was sent in these ways and was neither taken back nor ended."""
        return [one for one in self.sent if one.kind in kinds and one.state == "received"]


def people(*, students: int) -> dict[str, object]:
    """Make the people of the web side, and browsers in which they are signed in. On its host."""
    from accounts.rules import Role
    from accounts.services import grant_role, join_as_student
    from peersupport.core import clock
    from peersupport.core.actors import SYSTEM
    from tests.confidence.letters import known as letters
    from tests.guards.test_access import TABLE as WEB_TABLE
    from tests.people import cast, sign_in
    from tests.referrals.test_care_access import TABLE as CARE_TABLE

    now = clock.now()
    known = cast(now)
    crowd = [join_as_student(email=f"s{n}@school.example", now=now) for n in range(students)]
    # Somebody who is everything there is on this side; mailboxes of counselors make nobody one.
    for role in Role:
        grant_role(person=known["eli"], role=role, by=SYSTEM, now=now)
    names = {
        "student": "ana",
        "supporter": "priya",
        "coordinator": "cora",
        "administrator": "ida",
        "everything": "eli",
        "mailbox of the lead": "dee",
    }
    return {
        "tables": [CARE_TABLE, WEB_TABLE, letters()],
        "crowd": [[str(one.pk), one.email] for one in crowd],
        "cookies": [sign_in(one).cookies["session"].value for one in crowd[::2]],
        "staff": {
            name: sign_in(known[who]).cookies["session"].value for name, who in names.items()
        },
    }


def _begin(world: World, students: int) -> Scene:
    said = world.web.run("tests.confidence.scene:people", students=students)
    crowd = []
    for number, (key, email) in enumerate(said["crowd"]):
        is_fresh = number % 2 == 1
        cookies = {} if is_fresh else {"session": said["cookies"][number // 2]}
        crowd.append(Student(number, uuid.UUID(key), email, Browser(world.web, cookies), is_fresh))
    staff = {name: Browser(world.web, {"session": one}) for name, one in said["staff"].items()}
    letters = "".join(secrets.choice("bcdfghjklm") for _ in range(10))
    figures = "".join(secrets.choice("23456789") for _ in range(10))
    return Scene(f"Zyx{letters}", figures, crowd, staff, all_in(world), *([], []), *said["tables"])


def _sign_in(world: World, student: Student) -> None:
    """Sign in by a code from one's own mailbox."""
    asked = student.browser.post("/accounts/sign-in/", {"email": student.email})
    assert asked.status == 302, asked.text
    code = code_in(world.spool, student.email)
    done = student.browser.post("/accounts/sign-in/code/", {"code": code})
    assert done.status == 302, done.text


def _answer(browser: Browser, step: str, fields: dict[str, Any]) -> None:
    page = browser.post(f"/referrals/{step}/", fields)
    assert page.status == 302, (step, page.status, page.text)


def write(scene: Scene, browser: Browser, number: int, keep: str, without: str = "") -> str:
    """Answer every question up to the page that shows all answers; return the words."""
    word = scene.word
    words = f"{word}words{number} I sleep three hours a night, since October."
    _answer(browser, "keep", {"keep": keep})
    _answer(browser, "soon", {"urgency": _URGENCIES[number % 3]})
    _answer(browser, "what", {"words": words})
    _answer(browser, "name", {"name": f"{word}name{number}", "pronouns": "they"})
    reach = {
        **{"way1": "text", "value1": f"{scene.figures} {number:02d}"},
        **{"way2": "mail", "value2": f"{word}{number}@mail.example"},
        **{"times": f"after five {word}times", "voicemail": "no"},
    }
    _answer(browser, "reach", reach)
    _answer(browser, "leave-out", {"not_by": [without] if without else []})
    return words


def _attach(scene: Scene, browser: Browser, number: int) -> None:
    """Read a code out to a supporter, who attaches words."""
    assert browser.post("/referrals/supporter/code/").status == 302
    code = browser.get("/referrals/supporter/").the(r"<code[^>]*>([^<]+)</code>")
    fields = {"code": code, "words": f"{scene.word}attached{number}"}
    key = {"request_key": str(uuid.uuid4())}
    page = scene.staff["supporter"].post("/referrals/words/", {**fields, **key})
    assert page.status == 302, page.text
    scene.attached += 1


def _ask(world: World, scene: Scene, student: Student, number: int, kind: str) -> None:
    """Let one student ask for more help, on their account or with a receipt."""
    browser = student.browser if kind == "account" else Browser(world.web)
    if student.is_fresh:
        _sign_in(world, student)  # a moment ago, as most will
    is_without_max = number % 4 == 0 or number % 6 == 5
    without = str(scene.counselors["max"].id) if is_without_max else ""
    words = write(scene, browser, number, kind, without)
    if number % 3 == 0:
        _attach(scene, browser, number)
    done = browser.post("/referrals/check/")
    assert done.location.endswith("/sent/"), (done.status, done.text)
    receipt = ""
    if kind == "receipt":
        receipt = browser.get("/referrals/sent/").the(r"(\d{4} \d{4} \d{4} \d{4})")
        found = browser.post("/referrals/receipt/", {"digits": receipt}).location
    else:
        found = browser.get("/referrals/").the(r"(/referrals/one/[0-9a-f-]{36}/)")
    key = uuid.UUID(found.split("/")[3])
    code = _code(world, key)
    who = student.number
    scene.sent.append(Sent(key, code, kind, who, words, browser, receipt, is_without_max))


def _code(world: World, key: uuid.UUID) -> str:
    return str(world.sql("SELECT code FROM referrals_referral WHERE id = %s", [str(key)])[0][0])


def _danger(world: World, scene: Scene, number: int) -> None:
    """Let a supporter tell the counselors that somebody is in danger."""
    told, browser = f"{scene.word}danger{number} room 12", scene.staff["supporter"]
    fields = {"told": told, "reason": f"{scene.word}reason {_REASON}", "nonce": str(uuid.uuid4())}
    page = browser.post("/referrals/danger/", fields)
    assert page.status == 302, page.text
    code = browser.get(page.location).the(r"<dd>([^<]+)</dd>")
    rows = world.sql(
        "SELECT id FROM referrals_referral WHERE replace(code, '-', '') = %s",
        [code.replace("-", "")],
    )
    scene.sent.append(Sent(uuid.UUID(str(rows[0][0])), code, "danger", -1, told, browser))


def play(world: World, *, students: int, referrals: int, drafts: int = 4) -> Scene:
    """Let everything happen; return what is known of it."""
    scene = _begin(world, students)
    order = random.Random(secrets.randbits(64)).sample(range(students), students)
    for number in range(referrals):
        kind = KINDS[number % len(KINDS)]
        if kind == "danger":
            _danger(world, scene, number)
        else:
            _ask(world, scene, scene.students[order[number]], number, kind)
    for number in range(drafts):
        browser = Browser(world.web)
        write(scene, browser, 100 + number, "receipt")
        scene.drafts.append(browser)
    world.tick()
    _work(world, scene)
    return scene


def _work(world: World, scene: Scene) -> None:
    """Let the counselors take, open and end some; let one student take theirs back."""
    dee, eli = scene.counselors["dee"], scene.counselors["eli"]
    waiting = scene.of("account", "receipt")
    for number, one in enumerate(waiting[: max(4, len(waiting) // 2)]):
        who = (dee, eli)[number % 2]
        assert who.browser.post(f"/care/case/{one.id}/acknowledge/").status == 302
        page = who.opens(one.id)
        assert page.status == 200, page.status
        assert one.words in page.text
        scene.openings += 1
        one.state = "acknowledged"
    first, second = [one for one in scene.sent if one.state == "acknowledged"][:2]
    dee.browser.post(f"/care/case/{first.id}/end/", {"outcome": "connected"})
    first.state = "closed"
    assert eli.browser.get(f"/care/case/{second.id}/").status == 200
    back = scene.of("account")[-1]
    page = back.browser.post(f"/referrals/one/{back.id}/take-back/")
    assert page.location.endswith("/taken-back/"), (page.status, page.text)
    back.is_taken_back, back.state = True, "withdrawn"


def texts(scene: Scene) -> list[str]:
    """Return what must be found nowhere: the word, and the figures in the ways they are kept."""
    return [scene.word, scene.figures, re.sub(r"(\d{5})", r"\1 ", scene.figures).strip()]
