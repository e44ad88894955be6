"""Who must see nothing at the desk, the clock that stands, and whom the ladder tells."""

import http.client
import json
from collections import Counter
from contextlib import closing

from tests.confidence.counselors import Counselor, codes_on, prove, sign_in
from tests.confidence.scene import Scene, Sent
from tests.confidence.table import Line, judged
from tests.confidence.world import Browser, World
from tests.process.spool import received

_LINE = "line@oncall.example"


def _reaches(browser: Browser, scene: Scene, sought: list[Sent]) -> list[str]:
    """Return what somebody gets of some requests: on the list, in the log, opened, acted on."""
    found = []
    pages = {path: browser.get(path) for path in ("/care/", "/care/list/", "/care/log/")}
    for one in sought:
        found += [f"{one.code} on {path}" for path, page in pages.items() if one.code in page.text]
        for verb in ("open", "chart", "acknowledge", "contact"):
            page = browser.post(f"/care/case/{one.id}/{verb}/")
            is_away = page.location.startswith(("/care/sign-in/", "/care/prove/"))
            if scene.word in page.text or not (page.status == 404 or is_away):
                found.append(f"{one.code} {verb}: {page.status}")
    return found


def left_out(world: World, scene: Scene) -> Line:
    """Let a counselor whom students left out look for their requests."""
    who, dee = scene.counselors["max"], scene.counselors["dee"]
    prove(who)
    theirs = [one for one in scene.sent if one.is_without_max and one.state != "withdrawn"]
    broken = _reaches(who.browser, scene, theirs)
    rest = [one for one in scene.of("account", "receipt") if not one.is_without_max]
    sees = sum(one.code in who.browser.get("/care/").text for one in rest)
    lead = sum(one.code in dee.browser.get("/care/").text for one in theirs)
    return judged(
        "A counselor whom the student left out: the list, the log, by its address, taking it",
        7 * len(theirs),
        broken,
        f"none of {len(theirs)} is there for them; they see {sees} others, and the lead {lead} of "
        "these",
        control=bool(sees and lead),
    )


def former(world: World, scene: Scene) -> Line:
    """Let a counselor who has left try the session and the passkey of before."""
    who = scene.counselors["fay"]
    broken = _reaches(who.browser, scene, scene.sent)
    _browser, page = sign_in(world.care, who.key, who.id)
    broken += ["signed in"] * (page.status != 400)
    _browser, control = sign_in(
        world.care, scene.counselors["eli"].key, scene.counselors["eli"].id
    )
    return judged(
        "A counselor who has left: the session that was open then, and the passkey",
        7 * len(scene.sent) + 1,
        broken,
        "led to the sign-in page and not let in; a colleague's passkey is",
        control=control.status == 302,
    )


def stolen_cookie(world: World, scene: Scene) -> Line:
    """Use a cookie that was taken from a counselor's browser, before and after ten minutes."""
    dee = scene.counselors["dee"]
    prove(dee)
    thief = Browser(world.care, {"care": dee.browser.cookies["care"]})
    is_open = thief.get("/care/").status == 200
    world.sql("UPDATE referrals_caresession SET used_at = used_at - interval '10 minutes'")
    broken = _reaches(thief, scene, scene.sent)
    for one in scene.counselors.values():
        if one.name != "fay":
            one.browser, page = sign_in(world.care, one.key, one.id)
            assert page.status == 302
    return judged(
        "A cookie stolen from a counselor's browser, ten minutes after it was last used",
        7 * len(scene.sent),
        broken,
        "the desk is closed; a minute after it was stolen it would have been open",
        control=is_open,
    )


def by_recovery_code(world: World, scene: Scene) -> Line:
    """Sign in with a counselor's recovery code and try to open everything."""
    eli = scene.counselors["eli"]
    prove(eli)
    code = codes_on(eli.browser.post("/care/me/codes/"))[0]
    browser = Browser(world.care)
    page = browser.post("/care/sign-in/", {"email": eli.email, "code": code})
    is_in = page.status == 302 and browser.get("/care/me/").status == 200
    broken, tried = [], 0
    for one in scene.sent:
        for verb in ("open", "chart"):
            tried += 1
            page = browser.post(f"/care/case/{one.id}/{verb}/")
            if scene.word in page.text or not page.location.startswith("/care/prove/"):
                broken.append(f"{one.code} {verb}: {page.status}")
    mine = next(one for one in scene.sent if eli.opens(one.id).status == 200)
    return judged(
        "A counselor's recovery code: signing in with it and opening what was sent",
        tried,
        broken,
        f"it signs in and opens nothing; with the passkey {mine.code} opens",
        control=is_in,
    )


# -- the clock ------------------------------------------------------------------------------------


def _health(world: World) -> tuple[int, dict[str, object]]:
    link = http.client.HTTPConnection("127.0.0.1", world.care.port, timeout=20)
    with closing(link):
        link.request("GET", "/healthz", headers={"Host": world.care.authority})
        answer = link.getresponse()
        return answer.status, json.loads(answer.read())


def stopped_clock(world: World, scene: Scene) -> Line:
    """Let the care side's clock stand for less and for more than the limit of five minutes."""
    lead: Counselor = scene.counselors["dee"]
    seen = {}
    for minutes in (0, 4, 5):
        world.sql(
            "UPDATE referrals_clock SET last_at = now() - %s * interval '1 minute'", [minutes]
        )
        page = lead.browser.get("/care/")
        seen[minutes] = (_health(world)[0], "Nobody is being reminded" in page.text, page.status)
    world.sql("UPDATE referrals_clock SET last_at = now()")
    wrong = [] if seen[5] == (503, True, 200) else [f"after five minutes: {seen[5]}"]
    return judged(
        "The counselors' clock, which reminds them, stands still for five minutes",
        1,
        wrong,
        "every page of the desk says so, and the health page answers 503; after four minutes "
        "neither does",
        control=seen[0] == (200, False, 200) and seen[4] == (200, False, 200),
    )


# -- the ladder's letters -------------------------------------------------------------------------


def letters_of_the_ladder(world: World, scene: Scene) -> Line:
    """Compare the letters that came with those that must have come, one by one."""
    expected: Counter[str] = Counter()
    for one in scene.sent:
        for name in ("dee", "eli", "max"):
            if not (name == "max" and one.is_without_max):
                expected[scene.counselors[name].email] += 1
        # The lead is asked once to confirm what came without the student's yes.
        expected[scene.counselors["dee"].email] += one.kind == "danger"
    emails = {one.email for one in scene.counselors.values()} | {_LINE}
    came = Counter(each.to[0] for each in received(world.spool) if each.to[0] in emails)
    rings = world.sql("SELECT count(*) FROM referrals_ring WHERE rung = 0 AND round = 0")[0][0]
    without = sum(one.is_without_max for one in scene.sent)
    wrong = [
        f"{who}: {came[who]}, not {expected[who]}" for who in emails if came[who] != expected[who]
    ]
    return judged(
        f"Letters to counselors about {len(scene.sent)} requests, counted one by one",
        sum(came.values()),
        wrong,
        f"exactly those expected; none about {without} to the counselor who was left out, none to "
        "the one who has left",
        control=rings == len(scene.sent) and without > 0,
    )


def attack(world: World, scene: Scene) -> list[Line]:
    """Try everybody who must see nothing."""
    return [
        left_out(world, scene),
        former(world, scene),
        stolen_cookie(world, scene),
        by_recovery_code(world, scene),
    ]
