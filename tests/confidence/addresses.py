"""Every address of both sides, asked by everybody there is, on both hosts."""

import re
import uuid

from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged
from tests.confidence.world import Browser, Page, World

# Places in an address that are words: one that exists where there is one.
_WORDS = {"verb": "start", "mark": "reviewed", "key": "topic-threats", "name": "school",
          "role": "coordinator"}  # fmt: skip
_DOORS = ("care/sign-in/", "care/join/", "care/sign-out/")


def address(route: str) -> str:
    """Return an address with something in every place: an id of nothing, a word that exists."""
    filled = re.sub(r"<uuid:\w+>", lambda _: str(uuid.uuid4()), route)
    return "/" + re.sub(r"<slug:(\w+)>", lambda found: _WORDS.get(found[1], "none"), filled)


def _everybody(scene: Scene, world: World) -> dict[str, dict[str, str]]:
    """Return the cookies of nobody and of everybody of the web side."""
    found = {name: {"session": one.cookies["session"]} for name, one in scene.staff.items()}
    return {"nobody": {}, **found}


def _asks(browser: Browser, route: str, methods: tuple[str, ...]) -> dict[str, Page]:
    does = {"GET": browser.get, "POST": browser.post}
    return {method: does[method](address(route)) for method in methods}


def on_the_web_host(world: World, scene: Scene, methods: tuple[str, ...]) -> Line:
    """Ask for each address of the care side on the web host: it is not there, for anybody."""
    broken, times = [], 0
    real = {"care": scene.counselors["dee"].browser.cookies["care"]}
    for who, cookies in {**_everybody(scene, world), "the lead": real}.items():
        browser = Browser(world.web, cookies)
        for route in scene.care_table:
            for method, page in _asks(browser, route, methods).items():
                times += 1
                broken += [f"{who} {method} {route}: {page.status}"] * (page.status != 404)
    lead = scene.counselors["dee"].browser
    opens = sum(lead.get(address(route)).status == 200 for route in scene.care_table)
    return judged(
        f"Each of {len(scene.care_table)} addresses of the counselors' side on the web host, as "
        "visitor, student, supporter, coordinator, administrator, all at once, the lead",
        times,
        broken,
        f"no such page, for anybody; on their own host the lead gets {opens} of them",
        control=opens >= 8,
    )


def at_the_care_host(world: World, scene: Scene, methods: tuple[str, ...]) -> Line:
    """Take the cookies of the web side to the care host: everybody is nobody there."""
    broken, times = [], 0
    for who, cookies in _everybody(scene, world).items():
        kept = {**cookies, "care": cookies.get("session", "")}
        browser = Browser(world.care, kept)
        for route, statuses in scene.care_table.items():
            if route in _DOORS:
                continue
            for method, page in _asks(browser, route, methods).items():
                times += 1
                is_led = page.status == 302 and page.location.startswith("/care/sign-in/")
                is_right = page.status == statuses[0] if method == "GET" else True
                if not is_right or not (is_led or page.status in (404, 405)):
                    broken.append(f"{who} {method} {route}: {page.status} {page.location}")
    mine = scene.counselors["eli"].browser
    opens = sum(mine.get(address(route)).status == 200 for route in scene.care_table)
    return judged(
        "The same people and their cookies, at the counselors' own host",
        times,
        broken,
        f"led to the sign-in page, or no such page; a counselor gets {opens} of them",
        control=opens >= 5,
    )


def counselors_on_the_web(world: World, scene: Scene) -> Line:
    """Take counselors' cookies to each page of the web side: they are visitors there."""
    broken, times = [], 0
    for name in ("dee", "eli"):
        cookie = scene.counselors[name].browser.cookies["care"]
        browser, visitor = Browser(world.web, {"care": cookie}), Browser(world.web)
        browser.cookies["session"] = cookie
        for route in scene.web_table:
            if route == "healthz":
                continue
            path = address(route)
            times += 1
            mine, theirs = browser.get(path), visitor.get(path)
            if (mine.status, mine.location) != (theirs.status, theirs.location):
                broken.append(f"{name} {route}: {mine.status}, a visitor {theirs.status}")
    coordinator = scene.staff["coordinator"]
    more = sum(coordinator.get(address(route)).status == 200 for route in scene.web_table)
    less = sum(Browser(world.web).get(address(route)).status == 200 for route in scene.web_table)
    return judged(
        f"Counselors and their cookies on each of {len(scene.web_table)} pages of the web side",
        times,
        broken,
        f"what any visitor gets; a coordinator gets {more - less} pages more",
        control=more > less,
    )


def _bare(page: Page, *ids: str) -> tuple[int, str]:
    """Return an answer without what differs at each request: a token, and the address itself."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.text)
    for each in ids:
        text = text.replace(each, "")
    return page.status, text


def foreign_is_missing(world: World, scene: Scene) -> Line:
    """Ask for others' requests and for those that never were: the answers are the same."""
    broken, times = [], 0
    own = next(one for one in scene.sent if one.kind == "account" and one.state != "closed")
    other = next(one for one in scene.students if one.number != own.who and one.number % 2 == 0)
    # Whoever comes next by chance may have sent one as well: that one is their own.
    foreign = [str(one.id) for one in scene.sent if one.who != other.number]
    held = [one for one in scene.sent if one.state == "acknowledged"]
    for browser, paths, keys in (
        (other.browser, ("", "take-back/"), foreign),
        (scene.staff["supporter"], ("", "take-back/"), [str(one.id) for one in scene.sent]),
        (scene.counselors["max"].browser, ("", "end/", "hand-on/"), [str(one.id) for one in held]),
    ):
        base = "/care/case" if browser.host.plane == "care" else "/referrals/one"
        for path in paths:
            for key in keys:
                never = str(uuid.uuid4())
                times += 1
                here = _bare(browser.get(f"{base}/{key}/{path}"), key)
                there = _bare(browser.get(f"{base}/{never}/{path}"), never)
                if here != there or here[0] != 404:
                    broken.append(f"{base} {path}: {here[0]}, {there[0]}")
    shown = own.browser.get(f"/referrals/one/{own.id}/").status
    return judged(
        "Requests of others, by their right address: as another student, as the supporter who "
        "wrote to some, as a counselor who has not got it",
        times,
        broken,
        "the same page, letter for letter, as for one that never was; its own student gets it",
        control=shown == 200,
    )


def attack(world: World, scene: Scene, *, is_small: bool = False) -> list[Line]:
    """Ask for everything as everybody."""
    methods = ("GET",) if is_small else ("GET", "POST")
    return [
        on_the_web_host(world, scene, methods),
        at_the_care_host(world, scene, methods),
        counselors_on_the_web(world, scene),
        foreign_is_missing(world, scene),
    ]
