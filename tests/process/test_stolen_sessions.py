"""The session table of a served run, stolen whole: it names nobody and signs nobody in."""

import base64
import json
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.process.searching import Found, deeply, holding, tables, values
from tests.process.spool import code_in, mail_server
from tests.races.real_server import World, world

pytestmark = pytest.mark.process
ANA, NEW, TYPED = "s0@school.example", "fresh@school.example", "Zyxcanary"
# What Django's own database sessions would have stored in place of ours.
_STOCK = """
import json
from django.contrib.sessions.backends.base import SessionBase
from peersupport.core.sessions.store import SessionStore
print("STOCK" + json.dumps([SessionBase().encode(SessionStore(c).load()) for c in COOKIES]))
"""


def _stolen(program: World) -> Found:
    """Return every value of the session table in every form it unfolds to."""
    rows = {"sessions_row": tables(program.env)["sessions_row"]}
    assert rows["sessions_row"]
    return [form for name, value in values(rows) for form in deeply(name, value)]


def _stock(program: World, *cookies: str) -> list[Found]:
    """Return what stock sessions of the same content would be, in every form."""
    piece = _STOCK.replace("COOKIES", repr(list(cookies)))
    said = re.search(r"STOCK(.*)", program.manage("shell", "-v", "0", "-c", piece))
    assert said
    return [deeply("stock", text.encode()) for text in json.loads(said[1])]


def _as_cookies(stolen: Iterable[bytes]) -> set[str]:
    """Return what a thief would put into a cookie."""
    found = set()
    for value in stolen:
        plain, urlsafe = base64.b64encode(value), base64.urlsafe_b64encode(value)
        forms = [value.hex(), plain.decode(), urlsafe.decode(), value.decode("latin-1")]
        found |= {form.rstrip("=") for form in forms} | {form[:43] for form in forms}
    return {cookie for cookie in found if re.fullmatch(r"[!#-+./0-:<-\[\]-~-]{1,3000}", cookie)}


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_stolen_session_table_names_nobody_and_signs_nobody_in(
    kind: str, tmp_path: Path
) -> None:
    home, spool = tmp_path / "run", tmp_path / "spool"
    home.mkdir()
    more = {"STUDENT_DOMAINS": "school.example"}
    with (
        mail_server(spool) as url,
        world(kind, home, people=1, days=1, EMAIL_URL=url, **more) as program,
    ):
        # Two sign-ins are begun, by a student and by somebody without an account, with an error.
        ana = program.post("/accounts/sign-in/", "", {"email": ANA}).cookie
        fresh = program.post("/accounts/sign-in/", "", {"email": NEW}).cookie
        codes = [code_in(spool, ANA), code_in(spool, NEW)]
        page = "/accounts/sign-in/code/"
        assert program.post(page, ana, {"code": _wrong(codes[0])}).status == 400
        pending = _stolen(program)
        stock_pending = _stock(program, ana, fresh)
        # One is finished, and what is typed into forms is refused.
        signed_in = program.post(page, ana, {"code": codes[0]}).cookie
        assert program.get("/visits/", signed_in).status == 200
        assert program.post("/accounts/", signed_in, {"called": TYPED * 9}).status == 400
        assert program.book(signed_in, "no such time", TYPED).status == 400
        after = _stolen(program)
        (stock_after,) = _stock(program, signed_in)
        people = tables(program.env)["accounts_person"]
        person = next(row for row in people if row["email"].decode() == ANA)
        who = [uuid.UUID(person["id"].decode()), uuid.UUID(person["session_epoch"].decode())]
        # Nothing that lies in the table is a cookie; the cookie is one.
        rows = tables(program.env)["sessions_row"]
        thefts = _as_cookies(value for row in rows for value in row.values())
        assert len(thefts) > 4 * len(rows)
        for theft in thefts:
            answer = program.get("/visits/", theft)
            assert (answer.status, answer.location[:18]) == (302, "/accounts/sign-in/")

    assert ana not in ("", fresh, signed_in)
    secrets = [ANA, NEW, *codes, TYPED, ana, fresh, signed_in]
    assert holding(pending, secrets, who) == set()
    assert holding(after, secrets, who) == set()
    # The same search finds all of it in what Django would have stored.
    for stock, word in zip(stock_pending * 2, [ANA, NEW, *codes], strict=True):
        assert holding(stock, [word])
    for one in who:
        assert holding(stock_after, [], [one])
