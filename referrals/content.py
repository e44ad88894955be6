"""What is inside the sealed blob of a referral, as bytes and back. Pure."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from referrals.rules import Kind

FORMAT = 1


class NotContent(Exception):
    """An opened blob that holds something else. Says nothing of what it held."""

    def __init__(self) -> None:
        super().__init__("This is not what was sent.")


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to reach somebody: "phone", "text" or "mail", with the number or address."""

    way: str = field(repr=False)
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attached:
    """Words of a supporter that the student let stand, with the name they are known by."""

    by: str = field(repr=False)
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a counselor needs to help. Its repr shows nothing.

    `reach` are safe ways in the order to try them, `times` when, in the student's own words;
    `voicemail` whether a message may be left. `not_by` are the counselors who must never see it.
    `reason` and `visit` (a reference) belong to danger, where `by` is the supporter.
    """

    kind: Kind = field(default=Kind.STUDENT, repr=False)
    name: str = field(default="", repr=False)
    pronouns: str = field(default="", repr=False)
    words: str = field(default="", repr=False)
    reach: tuple[Reach, ...] = field(default=(), repr=False)
    times: str = field(default="", repr=False)
    voicemail: bool = field(default=False, repr=False)
    attached: tuple[Attached, ...] = field(default=(), repr=False)
    not_by: tuple[UUID, ...] = field(default=(), repr=False)
    reason: str = field(default="", repr=False)
    visit: str = field(default="", repr=False)
    by: str = field(default="", repr=False)


def to_bytes(content: Content) -> bytes:
    """Return the content as it is sealed."""
    said: dict[str, Any] = asdict(content)
    said["not_by"] = [one.hex for one in content.not_by]
    return json.dumps({"format": FORMAT, **said}, ensure_ascii=False).encode()


def from_bytes(plain: bytes) -> Content:
    """Return the content. Raises NotContent for anything that `to_bytes` did not write."""
    content = _read(plain)
    if content is None:
        # Not while another error is being handled: those of a parser hold all that it was given.
        raise NotContent
    return content


def _read(plain: bytes) -> Content | None:
    try:
        said = json.loads(plain)
        if said.pop("format") != FORMAT:
            return None
        return Content(
            **{
                **said,
                "kind": Kind(said["kind"]),
                "reach": tuple(Reach(**each) for each in said["reach"]),
                "attached": tuple(Attached(**each) for each in said["attached"]),
                "not_by": tuple(UUID(each) for each in said["not_by"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
