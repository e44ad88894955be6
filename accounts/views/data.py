"""Pages of one's own data: see it, download it, delete it with the account."""

import json
from datetime import date, datetime, time
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms.preferences import LeaveForm
from accounts.permissions import require_person, signed_in
from accounts.services.leaving import CannotLeave, delete_account, refusals
from peersupport.core import clock
from peersupport.core.datamap.mine import Chapter, held_about, staying

# Says nothing of the program to whoever sees it in a folder.
_FILE = "my-data.json"


@require_person
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Show everything the program can say about the reader now."""
    now = clock.now()
    chapters = held_about(signed_in(request).pk, now)
    context = {
        "personal": True,
        "full": [chapter for chapter in chapters if not chapter.is_empty],
        "empty": [chapter.title for chapter in chapters if chapter.is_empty],
    }
    response = render(request, "accounts/data.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def _written(chapter: Chapter) -> dict[str, Any]:
    return {
        "title": chapter.title,
        "kept": list(chapter.lives),
        "tables": [
            {
                "table": table.model,
                "cannot_be_shown": table.why_not,
                "left_out": [{"what": what, "why": why} for what, why in table.left_out],
                "meaning": {fact.field: fact.holds for row in table.rows for fact in row},
                "rows": [{fact.field: fact.value for fact in row} for row in table.rows],
            }
            for table in chapter.tables
        ],
    }


@require_person
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Return the same as a file of JSON. Its name says nothing."""
    chapters = held_about(signed_in(request).pk, clock.now())
    body = {"stores": [_written(chapter) for chapter in chapters]}
    text = json.dumps(body, indent=2, ensure_ascii=False, default=_json)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_FILE}"'
    response["Cache-Control"] = "no-store"
    return response


@require_person
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays; then delete the account, all of it or nothing."""
    person, now = signed_in(request), clock.now()
    form = LeaveForm(request.POST if request.method == "POST" else None)
    wrong = refusals(person, now)
    status = 400 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            delete_account(person=person, now=now)
        except CannotLeave as refused:
            wrong, status = refused.refusals, 409
        else:
            logout(request)
            return redirect("accounts:deleted")
    found = held_about(person.pk, now)
    context = {
        "personal": True,
        "form": form,
        "refusals": wrong,
        "goes": [chapter.title for chapter in found if not chapter.is_empty],
        "stays": staying(),
    }
    return render(request, "accounts/delete.html", context, status=status)


@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Say that it is done. The page knows nobody."""
    return render(request, "accounts/deleted.html")
