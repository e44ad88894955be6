"""The first page of the desk: whether anything waits."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from referrals.models import Referral
from referrals.permissions import require_counselor, seated
from referrals.views.pages import show


@require_safe
@require_counselor
def desk(request: HttpRequest) -> HttpResponse:
    """Say whether anything waits that this counselor may see."""
    seen = Referral.objects.live().exclude(exclusions__counselor=seated(request))
    waits = seen.filter(routed__is_whole=True).exists()
    return show(request, "desk", {"waits": waits})
