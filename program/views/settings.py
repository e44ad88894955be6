"""One page for each thing that a school decides once and looks at again."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from program.forms.trust import (
    ClaimForm,
    PledgeForm,
    SmallSchoolForm,
    SupporterEventsForm,
    TalkedForm,
    TopicForm,
)
from program.queries import facts
from program.queries.confidentiality import consent
from program.queries.settings import not_signed, pledge
from program.registry import CLAIMS, KNOWN, TOPICS, Values, value_of
from program.services import change_pledge, change_setting

_LEADS: dict[str, Words] = {
    "topic": gettext_lazy(
        "Ask whoever answers for it at your school. Every page and consent follows at once."
    ),
    "claim": gettext_lazy(
        "It is shown only with the name of the officer who has signed it, and until its review."
    ),
    "pledge": gettext_lazy(
        "Every supporter signs it. New words are a new version, which is signed again; hours that "
        "are published stay."
    ),
    "talked": gettext_lazy("Students find this person on a page that everybody can open."),
    "small": gettext_lazy("Where few people do everything, say so."),
    "supporter": gettext_lazy("Workshops of their own, for classmates: they host what they plan."),
}
_KEYS = [
    *(f"topic-{name}" for name in TOPICS),
    *(f"claim-{name}" for name in CLAIMS),
    "pledge",
    "talked",
    "small-school",
    "supporter-events",
]


def _form(key: str, data: Any, values: Values, today: date) -> Any:
    kept = value_of(values, key)
    if key.startswith("topic-"):
        return TopicForm(data, initial=kept or {"on": today})
    if key.startswith("claim-"):
        return ClaimForm(data, today=today, initial=kept or {"signed_on": today})
    if key == "pledge":
        return PledgeForm(data, initial=kept)
    if key == "talked":
        return TalkedForm(data, initial=kept)
    if key == "supporter-events":
        return SupporterEventsForm(data, initial={"letting": kept})
    return SmallSchoolForm(data, initial={"is_small": kept})


def _save(request: HttpRequest, key: str, form: Any, now: datetime) -> None:
    by = signed_in(request)
    if key == "pledge":
        done = change_pledge(**form.values(), by=by, now=now)
    else:
        done = change_setting(key=key, value=form.values(), by=by, now=now)
    messages.success(
        request, _("Saved. Every page says so now.") if done else _("Nothing changed.")
    )


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def set_one(request: HttpRequest, key: str) -> HttpResponse:
    """Show and change one setting; a claim, and whom to tell, can also be taken back."""
    if key not in _KEYS:
        raise Http404
    now, known = clock.now(), facts()
    may_withdraw = key.startswith("claim-") or key == "talked"
    if request.method == "POST" and "withdraw" in request.POST and may_withdraw:
        change_setting(key=key, value=None, by=signed_in(request), now=now)
        messages.success(request, _("Withdrawn. No page shows it any more."))
        return redirect("program:index")
    data = request.POST if request.method == "POST" else None
    form = _form(key, data, known.values, clock.local_date(now, known.zone))
    if data is not None and form.is_valid():
        _save(request, key, form, now)
        return redirect("program:index")
    context: dict[str, Any] = {
        "personal": True,
        "form": form,
        "heading": words.upper_first(str(KNOWN[key].title)),
        "lead": _LEADS[key.partition("-")[0]],
        "may_withdraw": may_withdraw and bool(value_of(known.values, key)),
    }
    if key.startswith("topic-"):
        context["consent"] = consent(known.values)
    if key == "pledge" and pledge(known.values).from_on:
        context["waiting"] = not_signed(pledge(known.values).version)
        context["shows_waiting"] = True
    status = 400 if form.errors else 200
    return render(request, "program/setting.html", context, status=status)
