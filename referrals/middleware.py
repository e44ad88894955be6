"""Who sits at the desk, for addresses of the care side alone."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from peersupport.core import clock
from referrals import rules
from referrals.care_sessions import seat
from referrals.queries.clock import alarm
from referrals.rules import CareRole

CARE = "/care/"


class CareSide:
    """Puts `request.counselor` on requests to the care side, and keeps their answers nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; on the care side nothing is stored by anybody on the way."""
        if not request.path_info.startswith(CARE):
            return self.get_response(request)

        def counselor() -> object:
            found = seat(request)
            return found.counselor if found else None

        request.counselor = SimpleLazyObject(counselor)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["Cache-Control"] = "no-store"
        return response


def desk(request: HttpRequest) -> dict[str, Any]:
    """What every page of the care side knows: who sits here, and what is wrong with the ladder.

    A page that reads things aloud from a desk where nothing is watched would look as if all were
    well, so each of them says it.
    """
    if not request.path_info.startswith(CARE):
        return {}
    found = seat(request)
    if found is None:
        return {"personal": True}
    is_lead = found.counselor.role == CareRole.LEAD
    return {
        "personal": True,
        "counselor": found.counselor,
        "is_lead": is_lead,
        "alarm": alarm(clock.now(), for_lead=is_lead),
        "idle_seconds": int(rules.IDLE.total_seconds()),
    }
