"""Pages of one's own data: see it, download it, delete it with the account."""

import json
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms.preferences import LeaveForm
from accounts.permissions import require_person, require_recent, signed_in
from accounts.services.leaving import CannotLeave, delete_account, refusals
from peersupport.core import clock, words
from peersupport.core.datamap.mine import Chapter, held_about, staying

# Says nothing of the program to whoever sees it in a folder.
_FILE = "my-data.json"


# Kept as the first instant of a month, in UTC: of these only the month is true.
_MONTHS = frozenset({"joined_on", "last_login", "created_at"})


def _words(field: str, value: Any) -> str:
    """Return a value as anybody reads it."""
    if field in _MONTHS and isinstance(value, date):
        return formats.date_format(value, "F Y", use_l10n=False)
    zone = ZoneInfo(settings.PROGRAM_ZONE)
    if isinstance(value, datetime):
        day, time = words.day(value.astimezone(zone).date()), words.time_of_day(value, zone)
        return f"{day} {value.astimezone(zone).year}, {time}"
    if isinstance(value, date):
        return f"{words.day(value)} {value.year}"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


def _page(chapter: Chapter) -> dict[str, Any]:
    """Return a chapter for the page: without random numbers and what is empty."""
    tables = [
        {
            "rows": [
                [
                    (fact.holds, _words(fact.field, fact.value))
                    for fact in row
                    if not fact.is_number and fact.value not in (None, "")
                ]
                for row in table.rows
            ],
            "left_out": table.left_out,
            "why_not": table.why_not,
        }
        for table in chapter.tables
    ]
    return {"title": chapter.title, "tables": tables, "lives": chapter.lives}


@require_person
@require_recent(10, back="accounts:data")
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Show everything the program can say about the reader now."""
    now = clock.now()
    chapters = held_about(signed_in(request).pk, now)
    context = {
        "personal": True,
        "full": [_page(chapter) for chapter in chapters if not chapter.is_empty],
        "zone_name": words.zone_name(now, ZoneInfo(settings.PROGRAM_ZONE)),
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
@require_recent(10, back="accounts:data")
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
@require_recent(10, back="accounts:delete")
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
        "goes": [(chapter.title, chapter.goes) for chapter in found if chapter.goes],
        "stays": staying(),
    }
    return render(request, "accounts/delete.html", context, status=status)


@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Say that it is done. The page knows nobody."""
    return render(request, "accounts/deleted.html")
