"""Every case address for every role in every state, in one table; foreign and missing are one.

T1 for cases: an address, a state or a verb without a row fails.
"""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from peersupport.core import careseal, ids
from referrals import rules
from referrals.models import Counselor, Referral
from referrals.rules import Kind, Outcome
from referrals.services import desk
from tests.care import care_cast, counselor, sit_down
from tests.referrals.care_host import hand_over
from tests.referrals.cases import sent

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
S = rules.State
HOUR = timedelta(hours=1)
WHERE = ["Room 12", "555-0199"]


def _text(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


# What somebody is to the case: Eli owns it, Fay is another counselor, Gil is asked to take it.
ROLES = ["nobody", "owner", "other", "excluded", "lead", "excluded lead", "asked"]
# Which case: while nobody has it, Eli has it, it is handed from Eli to Gil, Eli has ended it.
STATES = ["received", "acknowledged", "transferred", "closed"]

# (verb, state) -> the answer to each role, in the order of ROLES. A POST unless it says GET.
TABLE: dict[tuple[str, str], list[int]] = {
    ("case", "received"): [302, 200, 200, 404, 200, 404, 200],
    ("case", "acknowledged"): [302, 200, 404, 404, 200, 404, 404],
    ("case", "transferred"): [302, 200, 404, 404, 200, 404, 200],
    ("case", "closed"): [302, 200, 404, 404, 404, 404, 404],
    ("open", "received"): [302, 200, 200, 404, 200, 404, 200],
    ("open", "acknowledged"): [302, 200, 404, 404, 200, 404, 404],
    ("open", "transferred"): [302, 200, 404, 404, 200, 404, 200],
    ("open", "closed"): [302, 200, 404, 404, 404, 404, 404],
    ("chart", "received"): [302, 200, 200, 404, 200, 404, 200],
    ("chart", "acknowledged"): [302, 200, 404, 404, 200, 404, 404],
    ("chart", "transferred"): [302, 200, 404, 404, 200, 404, 200],
    ("chart", "closed"): [302, 200, 404, 404, 404, 404, 404],
    ("where", "received"): [302, 200, 200, 404, 200, 404, 200],
    ("where", "acknowledged"): [302, 200, 404, 404, 200, 404, 404],
    ("where", "transferred"): [302, 200, 404, 404, 200, 404, 200],
    ("where", "closed"): [302, 200, 404, 404, 404, 404, 404],
    # 409: somebody else has it, or the step cannot be taken from here.
    ("case-acknowledge", "received"): [302, 302, 302, 404, 302, 404, 302],
    ("case-acknowledge", "acknowledged"): [302, 302, 409, 404, 409, 404, 409],
    ("case-acknowledge", "transferred"): [302, 302, 404, 404, 302, 404, 302],
    ("case-acknowledge", "closed"): [302, 409, 404, 404, 404, 404, 404],
    ("case-contact", "received"): [302, 409, 409, 404, 409, 404, 409],
    ("case-contact", "acknowledged"): [302, 302, 404, 404, 404, 404, 404],
    ("case-contact", "transferred"): [302, 409, 404, 404, 409, 404, 409],
    ("case-contact", "closed"): [302, 409, 404, 404, 404, 404, 404],
    ("case-end", "received"): [302, 409, 409, 404, 409, 404, 409],
    ("case-end", "acknowledged"): [302, 302, 404, 404, 302, 404, 404],
    ("case-end", "transferred"): [302, 409, 404, 404, 409, 404, 409],
    ("case-end", "closed"): [302, 409, 404, 404, 404, 404, 404],
    ("case-hand-on", "received"): [302, 409, 409, 404, 409, 404, 409],
    ("case-hand-on", "acknowledged"): [302, 302, 404, 404, 302, 404, 404],
    ("case-hand-on", "transferred"): [302, 409, 404, 404, 409, 404, 409],
    ("case-hand-on", "closed"): [302, 409, 404, 404, 404, 404, 404],
    ("case-aside", "received"): [302, 302, 302, 404, 302, 404, 302],
    ("case-aside", "acknowledged"): [302, 302, 404, 404, 302, 404, 404],
    ("case-aside", "transferred"): [302, 302, 404, 404, 302, 404, 302],
    ("case-aside", "closed"): [302, 409, 404, 404, 404, 404, 404],
    # The lead's alone. This case is danger that nobody has confirmed.
    ("case-danger", "received"): [302, 404, 404, 404, 302, 404, 404],
    ("case-danger", "acknowledged"): [302, 404, 404, 404, 302, 404, 404],
    ("case-danger", "transferred"): [302, 404, 404, 404, 302, 404, 404],
    ("case-danger", "closed"): [302, 404, 404, 404, 404, 404, 404],
    ("case-give-back", "received"): [302, 404, 404, 404, 404, 404, 404],
    ("case-give-back", "acknowledged"): [302, 404, 404, 404, 404, 404, 404],
    ("case-give-back", "transferred"): [302, 404, 404, 404, 404, 404, 404],
    ("case-give-back", "closed"): [302, 404, 404, 404, 404, 404, 404],
}
_GET = {"case"}
_ASKS = {"case-end", "case-hand-on", "case-aside", "case-danger", "case-give-back"}


def _routes() -> dict[str, str]:
    """Return every address of the care side that names a case, by its name."""
    found: dict[str, str] = {}
    for resolver in get_resolver("referrals.urls_care").url_patterns:
        if isinstance(resolver, URLPattern) and "<uuid:case>" in str(resolver.pattern):
            found[str(resolver.name)] = "/care/" + str(resolver.pattern)
    return found


def test_every_address_of_a_case_and_every_state_is_in_the_table() -> None:
    assert {(verb, state) for verb in _routes() for state in STATES} == set(TABLE)


def test_every_verb_of_the_table_of_states_has_an_address() -> None:
    by_address = {
        "acknowledge": "case-acknowledge",
        "contact": "case-contact",
        "transfer": "case-hand-on",
        "close": "case-end",
        "redirect": "case-end",
        "refuse": "case-danger",
        "step out": "case-aside",
        "give back": "case-give-back",
    }
    of_people = {s.verb for s in rules.TRANSITIONS.steps if s.actors != {"system"}}
    assert of_people == set(by_address)
    assert set(by_address.values()) <= set(_routes())


def _scene(now: datetime, state: str) -> tuple[dict[str, Counselor], Referral]:
    cast = care_cast(now)
    cast |= {name: counselor(name.title(), now) for name in ("fay", "gil", "hal")}
    cast["ivy"] = counselor("Ivy", now, role=rules.CareRole.LEAD)
    row = sent(now, kind=Kind.DANGER, not_by=(cast["hal"].pk, cast["ivy"].pk))
    if state != "received":
        desk.acknowledge(referral=row.pk, by=cast["eli"], now=now)
    if state == "transferred":
        desk.transfer(referral=row.pk, to=cast["gil"].pk, by=cast["eli"], now=now)
    if state == "closed":
        desk.close(referral=row.pk, outcome=Outcome.CONNECTED, by=cast["eli"], now=now)
    return cast, row


_WHO = dict(zip(ROLES[1:], ["eli", "fay", "hal", "dee", "ivy", "gil"], strict=True))
_FIELDS = {"case-end": {"outcome": "declined"}, "case-danger": {"answer": "confirm"}}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
def test_every_verb_for_every_role(evening: datetime, role: str, state: str) -> None:
    cast, row = _scene(evening, state)
    held = hand_over(row, careseal.seal(json.dumps(WHERE).encode()), evening + HOUR)
    before: dict[str, Any] = dict(Referral.objects.values().get())
    for verb, path in sorted(_routes().items()):
        client = Client() if role == "nobody" else sit_down(cast[_WHO[role]], evening)
        to = cast["fay"] if role != "other" else cast["gil"]
        said = {**_FIELDS.get(verb, {}), "to": str(to.pk)}
        if verb == "case-hand-on" and role in ("owner", "lead"):
            said["to"] = str(cast["gil"].pk)
        address = path.replace("<uuid:case>", str(row.pk)).replace("<uuid:contact>", str(held.pk))
        expected = TABLE[verb, state][ROLES.index(role)]
        ask = client.get if verb in _GET else client.post
        got = ask(address, said)
        assert got.status_code == expected, (verb, state, role, _text(got)[-600:])
        is_told = all(each in got.content.decode() for each in WHERE)
        assert is_told is (verb == "where" and expected == 200), (verb, state, role)
        _as_before(before, row)
        if verb not in _GET | _ASKS:
            assert client.get(address).status_code == 405, (verb, role)
        if verb in _ASKS:
            seen = client.get(address).status_code
            assert seen == (200 if expected == 302 and role != "nobody" else expected), verb


def _as_before(before: dict[str, Any], row: Referral) -> None:
    """Put the case back as it was, so that the next verb meets it in the same state."""
    Referral.objects.filter(pk=row.pk).update(**before)
    row.exclusions.filter(why="conflict").delete()


def test_foreign_and_missing_are_the_same(evening: datetime) -> None:
    cast, row = _scene(evening, "acknowledged")
    hal, contact = sit_down(cast["hal"], evening), str(ids.new_id())
    for verb, path in _routes().items():
        answers = []
        for key in (row.pk, ids.new_id()):
            address = path.replace("<uuid:case>", str(key)).replace("<uuid:contact>", contact)
            got = hal.get(address) if verb in _GET else hal.post(address, {"to": str(row.pk)})
            body = re.sub(r'value="[^"]{60,}"', "", got.content.decode())
            answers.append((got.status_code, body.replace(str(key), ""), got.headers.items()))
        assert str(answers[0]) == str(answers[1]), verb


def test_nothing_else_can_be_sent_along(evening: datetime) -> None:
    """T7: what a form does not ask for is not taken from it."""
    cast, row = _scene(evening, "acknowledged")
    more = {
        **{"state": "closed", "owner": str(cast["fay"].pk), "asked": str(cast["fay"].pk)},
        **{"urgency": "routine", "consent": "confirmed", "tag": "x", "receipt": "x"},
        **{"outcome": "declined", "code": "AAA-AAA", "id": str(ids.new_id()), "by": "system"},
        **{"received_at": "2020-01-01", "kind": "student", "round": "9", "what": "chart"},
    }
    sit_down(cast["eli"], evening).post(f"/care/case/{row.pk}/contact/", more)

    now = Referral.objects.get(pk=row.pk)
    assert now.state == S.IN_CONTACT
    for name in ("owner_id", "asked_id", "urgency", "consent", "code", "kind", "round", "outcome"):
        assert getattr(now, name) == getattr(Referral(**_columns(row)), name) or name == "owner_id"
    assert now.owner_id == cast["eli"].pk
    assert now.tag is not None


def _columns(row: Referral) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in Referral._meta.concrete_fields}
