"""How somebody becomes a counselor: asked by the lead, joined with a passkey, confirmed."""

import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from peersupport.core.audit.models import Entry
from referrals import rules
from referrals.models import Card, Counselor, Passkey
from referrals.seals import fingerprint, is_genuine, is_genuine_passkey
from referrals.services import counselors
from tests.accounts.soft_key import SoftKey
from tests.care import answer, asked_for, care_cast, give_key, sit_down

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
_WRONG = "This address and this code do not belong together"


def _shown(page: Any) -> str:
    found = re.search(r'<code class="key fingerprint">([^<]+)</code>', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def _first_lead(name: str = "Dee", email: str = "dee@school.example") -> str:
    out = StringIO()
    call_command("first_lead", name, email, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def _join(email: str, code: str, key: SoftKey, client: Client | None = None) -> Any:
    client = client or Client()
    page = client.post("/care/join/", {"email": email, "code": code})
    assert page.status_code == 200, page.content.decode()
    return client.post("/care/join/", {"passkey": key.make(asked_for(page))})


def _add(lead: Client, **more: str) -> str:
    said = {"name": "Eli", "email": "eli@school.example", "role": "counselor", **more}
    page = lead.post("/care/people/add/", said)
    assert page.status_code == 200, page.content.decode()
    return _shown(page)


def _lead(evening: datetime) -> Client:
    return sit_down(care_cast(evening)["dee"], evening)


def test_the_first_lead_comes_by_the_care_host(evening: datetime) -> None:
    key = SoftKey()

    joined = _join("DEE@school.example", _first_lead().lower().replace("-", " "), key)

    dee = Counselor.objects.get()
    assert joined.status_code == 302
    assert (dee.state, dee.role, dee.confirmed_by) == ("active", "lead", "the care host")
    assert is_genuine(dee)
    browser = Client()
    assert answer(browser, "/care/sign-in/", key, dee).status_code == 302
    assert browser.get("/care/people/").status_code == 200
    verbs = [*Entry.objects.order_by("verb").values_list("verb", "actor_label")]
    assert verbs == [("ask first lead", "system"), ("join", "lead counselor")]


def test_a_first_lead_is_refused_while_there_is_one(evening: datetime) -> None:
    care_cast(evening)

    with pytest.raises(CommandError, match="there already"):
        _first_lead("Mallory", "mallory@school.example")


def test_a_lead_that_somebody_planted_keeps_nobody_out(evening: datetime) -> None:
    dee = care_cast(evening)["dee"]
    Counselor.objects.filter(pk=dee.pk).update(seal=b"\0" * 32)

    assert _first_lead("Nora", "nora@school.example")


@pytest.mark.parametrize("plane", ["web", "worker"])
@pytest.mark.parametrize("words", [["first_lead", "Dee", "d@x.example"], ["end_counselor", "d"]])
def test_commands_are_refused_elsewhere(settings: Any, plane: str, words: list[str]) -> None:
    settings.PLANE = plane

    with pytest.raises(CommandError, match="care host only"):
        call_command(*words)

    assert not Counselor.objects.exists()


def test_of_two_first_leads_asked_the_second_is_the_one(evening: datetime) -> None:
    first = _first_lead()
    second = _first_lead()
    page = Client().post("/care/join/", {"email": "dee@school.example", "code": first})

    assert page.status_code == 400
    assert _join("dee@school.example", second, SoftKey()).status_code == 302


def test_a_first_lead_who_comes_when_another_is_there_waits_like_everybody(
    evening: datetime,
) -> None:
    code = _first_lead("Nora", "nora@school.example")
    care_cast(evening)

    page = _join("nora@school.example", code, SoftKey())

    assert page.status_code == 200
    assert Counselor.objects.get(email="nora@school.example").state == "joined"


def test_from_asked_to_active(evening: datetime) -> None:
    lead, key = _lead(evening), SoftKey()
    Counselor.objects.filter(email="eli@school.example").delete()
    code = _add(lead)
    eli = Counselor.objects.get(email="eli@school.example")
    assert not eli.card.is_there

    newcomer = Client()
    waiting = _join(eli.email, code, key, newcomer)
    mark = fingerprint(key.credential())
    assert _shown(waiting) == mark

    eli.refresh_from_db()
    passkey = Passkey.objects.get(counselor=eli)
    assert (eli.state, passkey.is_confirmed) == ("joined", False)
    # Signing in shows the letters again, and lets nobody in.
    again = answer(newcomer, "/care/sign-in/", key, eli)
    assert _shown(again) == mark
    assert newcomer.get("/care/").status_code == 302

    path = f"/care/people/{eli.pk}/passkeys/{passkey.pk}/"
    assert _shown(lead.get(path)) == mark
    assert lead.post(path).status_code == 302

    eli, passkey = Counselor.objects.get(pk=eli.pk), Passkey.objects.get()
    assert (eli.state, eli.confirmed_on) == ("active", evening.date())
    assert is_genuine(eli)
    assert passkey.is_confirmed
    assert is_genuine_passkey(passkey)
    assert Card.objects.get(pk=eli.pk).is_there
    assert answer(newcomer, "/care/sign-in/", key, eli).status_code == 302
    assert newcomer.get("/care/").status_code == 200


def test_the_code_is_shown_once_and_kept_nowhere(evening: datetime) -> None:
    lead = _lead(evening)
    code = _add(lead, email="nora@school.example", name="Nora")
    nora = Counselor.objects.get(email="nora@school.example")

    for path in ("/care/people/", f"/care/people/{nora.pk}/"):
        assert code not in lead.get(path).content.decode()
    kept = repr(Counselor.objects.filter(pk=nora.pk).values())
    assert code not in kept
    assert code.replace("-", "") not in kept


@pytest.mark.parametrize("what", ["wrong code", "wrong address", "used", "over", "ended", "new"])
def test_one_answer_for_whatever_is_wrong(evening: datetime, what: str) -> None:
    lead = _lead(evening)
    code = _add(lead, email="nora@school.example", name="Nora")
    nora = Counselor.objects.get(email="nora@school.example")
    said = {"email": nora.email, "code": code}
    dee = Counselor.objects.get(email="dee@school.example")
    with time_machine.travel(evening, tick=False) as time:
        if what == "wrong code":
            said["code"] = "2222-3333-4444"
        elif what == "wrong address":
            said["email"] = "nobody@school.example"
        elif what == "used":
            _join(nora.email, code, SoftKey())
        elif what == "over":
            time.shift(rules.JOIN_LASTS)
        elif what == "ended":
            counselors.end_counselor(counselor=nora.pk, by=dee, now=evening)
        else:
            lead.post(f"/care/people/{nora.pk}/code/")
        control = Client().post(
            "/care/join/", {"email": "xx@school.example", "code": "2345-6789-ABCD"}
        )
        page = Client().post("/care/join/", said)

    assert page.status_code == 400
    assert _WRONG in page.content.decode()
    assert _plain(page) == _plain(control)


def _plain(page: Any) -> tuple[str, list[tuple[str, str]]]:
    """Return body and headers without what is drawn anew each time."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    body = re.sub(r'"challenge": "[^"]+"', "", body)
    return body, sorted(page.headers.items())


def test_a_code_is_used_up_by_five_who_nearly_have_it(evening: datetime) -> None:
    code = _add(_lead(evening), email="nora@school.example", name="Nora")
    near = code[:4] + "-2222-2222"
    for _ in range(rules.MOST_JOIN_TRIES):
        Client().post("/care/join/", {"email": "nora@school.example", "code": near})

    page = Client().post("/care/join/", {"email": "nora@school.example", "code": code})

    assert page.status_code == 400


def test_strangers_use_up_nobodys_code_and_lock_nobody_out(evening: datetime) -> None:
    code = _add(_lead(evening), email="nora@school.example", name="Nora")
    stranger = Client()
    statuses = {
        stranger.post(
            "/care/join/", {"email": "nora@school.example", "code": "2222-2222-2222"}
        ).status_code
        for _ in range(80)
    }

    assert statuses == {400, 429}
    assert _join("nora@school.example", code, SoftKey()).status_code == 200


def test_the_code_is_good_until_the_passkey_is_made(evening: datetime) -> None:
    """Whose browser failed in the middle begins again."""
    code = _add(_lead(evening), email="nora@school.example", name="Nora")
    said = {"email": "nora@school.example", "code": code}
    first = Client().post("/care/join/", said)

    assert first.status_code == 200
    assert Client().post("/care/join/", {"passkey": "{}"}).status_code == 400
    assert _join("nora@school.example", code, SoftKey()).status_code == 200


def test_a_new_code_ends_what_the_old_one_began(evening: datetime) -> None:
    lead = _lead(evening)
    code = _add(lead, email="nora@school.example", name="Nora")
    nora = Counselor.objects.get(email="nora@school.example")
    browser = Client()
    page = browser.post("/care/join/", {"email": nora.email, "code": code})
    lead.post(f"/care/people/{nora.pk}/code/")

    done = browser.post("/care/join/", {"passkey": SoftKey().make(asked_for(page))})

    assert done.status_code == 400
    assert not Passkey.objects.filter(counselor=nora).exists()


def test_a_passkey_must_have_been_unlocked(evening: datetime) -> None:
    code = _add(_lead(evening), email="nora@school.example", name="Nora")
    browser = Client()
    page = browser.post("/care/join/", {"email": "nora@school.example", "code": code})
    made = SoftKey().make(asked_for(page), unlocked=False)

    assert browser.post("/care/join/", {"passkey": made}).status_code == 400


def test_confirming_needs_the_leads_passkey(evening: datetime) -> None:
    people = care_cast(evening)
    counselors.ask_to_join(
        name="Nora",
        email="nora@school.example",
        role=rules.CareRole.COUNSELOR,
        by=people["dee"],
        now=evening,
    )
    nora = Counselor.objects.get(email="nora@school.example")
    give_key(nora, evening, is_confirmed=False)
    key = Passkey.objects.get(counselor=nora)
    path = f"/care/people/{nora.pk}/passkeys/{key.pk}/"

    unproved = sit_down(people["dee"], evening, has_proved=False)
    assert unproved.post(path)["Location"].startswith("/care/prove/")
    assert sit_down(people["eli"], evening).post(path).status_code == 404
    with pytest.raises(rules.NotAllowed):
        counselors.confirm(passkey=key.pk, by=people["eli"], now=evening)
    assert not Passkey.objects.get(pk=key.pk).is_confirmed


def test_somebody_is_there_once(evening: datetime) -> None:
    lead = _lead(evening)

    page = lead.post(
        "/care/people/add/", {"name": "Eli", "email": "ELI@school.example", "role": "counselor"}
    )

    assert page.status_code == 400
    assert Counselor.objects.count() == Card.objects.count() == 2


def test_nothing_is_ever_mailed(evening: datetime, mailoutbox: list[Any]) -> None:
    from peersupport.core.outbox.models import Outgoing

    lead, key = _lead(evening), SoftKey()
    code = _add(lead, email="nora@school.example", name="Nora")
    _join("nora@school.example", code, key)
    nora = Counselor.objects.get(email="nora@school.example")
    passkey = Passkey.objects.get(counselor=nora)
    lead.post(f"/care/people/{nora.pk}/passkeys/{passkey.pk}/")
    lead.post(f"/care/people/{nora.pk}/end/")

    assert Counselor.objects.get(pk=nora.pk).state == "ended"
    assert mailoutbox == []
    assert not Outgoing.objects.exists()


def test_every_act_is_on_record(evening: datetime) -> None:
    lead, key = _lead(evening), SoftKey()
    code = _add(lead, email="nora@school.example", name="Nora")
    nora = Counselor.objects.get(email="nora@school.example")
    code = _shown(lead.post(f"/care/people/{nora.pk}/code/"))
    _join(nora.email, code, key)
    passkey = Passkey.objects.get(counselor=nora)
    lead.post(f"/care/people/{nora.pk}/passkeys/{passkey.pk}/")
    lead.post(f"/care/people/{nora.pk}/role/", {"role": "lead"})
    lead.post(f"/care/people/{nora.pk}/end/")

    told = Entry.objects.filter(thing="counselor", thing_id=str(nora.pk))
    assert sorted(told.values_list("verb", flat=True)) == [
        "ask counselor",
        "ask counselor again",
        "change role of counselor",
        "confirm counselor",
        "confirm passkey",
        "end counselor",
        "join",
    ]
    assert {len(row.actor_id) for row in told} == {36}


def test_the_last_lead_stays_but_on_the_host(evening: datetime) -> None:
    people = care_cast(evening)
    dee = people["dee"]

    with pytest.raises(rules.LastLead):
        counselors.end_counselor(counselor=dee.pk, by=dee, now=evening)
    with pytest.raises(rules.LastLead):
        counselors.change_role(
            counselor=dee.pk, role=rules.CareRole.COUNSELOR, by=dee, now=evening
        )
    call_command("end_counselor", "Dee@school.example", stdout=StringIO())

    assert Counselor.objects.get(pk=dee.pk).state == "ended"
    assert _first_lead("Nora", "nora@school.example")


def test_nobody_can_be_ended_twice_on_the_host(evening: datetime) -> None:
    with pytest.raises(CommandError, match="Nobody"):
        call_command("end_counselor", "nobody@school.example")


def test_a_planted_row_is_shown_as_a_stranger(evening: datetime) -> None:
    people = care_cast(evening)
    lead = sit_down(people["dee"], evening)
    assert b"not written by this program" not in lead.get("/care/people/").content
    Counselor.objects.filter(pk=people["eli"].pk).update(role="lead")

    page = lead.get("/care/people/").content.decode()

    assert "1 row was not written by this program" in page
    assert "eli@school.example" not in page
    assert lead.get(f"/care/people/{people['eli'].pk}/").status_code == 404


def test_codes_last_a_day(evening: datetime) -> None:
    assert timedelta(hours=24) == rules.JOIN_LASTS
