"""Who sits at the desk, for addresses of the care side alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from referrals.care_sessions import seat

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
