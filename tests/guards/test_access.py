"""Every address and every role: what is answered. An address without a row fails."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from peersupport.core import ids
from tests.people import cast, sign_in

ROLES = ["nobody", "ana", "priya", "cora", "ida"]
OPEN = [200] * 5
STUDENT = [302, 200, 200, 404, 404]
SUPPORTER = [302, 404, 200, 404, 404]
PROGRAM = [302, 404, 404, 200, 404]
KEEPERS = [302, 404, 404, 200, 200]
MISSING_STUDENT = [302, 404, 404, 404, 404]
POST_STUDENT = [302, 405, 405, 404, 404]
POST_SUPPORTER = [302, 404, 405, 404, 404]
ANYBODY = [302, 200, 200, 200, 200]
NEVER_GET = [405] * 5
MISSING = [404] * 5
# Asking for more help: nothing was begun in this browser.
NOT_BEGUN = [410] * 5

# address -> the status of GET for nobody, a student, a supporter, a coordinator, an administrator
TABLE: dict[str, list[int]] = {
    "": OPEN,
    "board/": OPEN,
    "help-now/": OPEN,
    "help-now/friend/": OPEN,
    "help-now/kept.js": OPEN,
    "promises/": OPEN,
    "what-we-keep/": OPEN,
    "healthz": [503] * 5,
    "exit/": OPEN,
    "theme/": OPEN,
    "accounts/": [302, 200, 200, 200, 200],
    "accounts/mail/": [302, 200, 200, 200, 200],
    "accounts/mail/works/": [302, 405, 405, 405, 405],
    "accounts/mail/address/": ANYBODY,
    "accounts/mail/address/code/": [302] * 5,
    "accounts/stop/": [302, 200, 200, 200, 200],
    "accounts/profile/": SUPPORTER,
    "accounts/profile/seen/": SUPPORTER,
    "accounts/profile/tags/": POST_SUPPORTER,
    "accounts/profile/tags/<uuid:tag>/": MISSING_STUDENT,
    "accounts/profile/tags/<uuid:tag>/remove/": POST_SUPPORTER,
    "accounts/tags/": [302, 404, 404, 200, 200],
    "accounts/data/": [302, 200, 200, 200, 200],
    "accounts/data/download/": [302, 200, 200, 200, 200],
    "accounts/delete/": [302, 200, 200, 200, 200],
    "accounts/deleted/": OPEN,
    "accounts/calendar/": [302, 200, 200, 200, 200],
    "accounts/calendar/end/": [302, 405, 405, 405, 405],
    "calendar/<slug:token>.ics": MISSING,
    "accounts/sign-in/": [200, 302, 302, 302, 302],
    "accounts/sign-in/code/": [302] * 5,
    "accounts/sign-in/passkey/": [200, 302, 302, 302, 302],
    "accounts/campus/": MISSING,  # this school has none; with one: tests/oidc
    "accounts/campus/back/": MISSING,
    "accounts/campus/prove/": [302, 404, 404, 404, 404],
    "accounts/invitations/": [302, 404, 404, 200, 200],
    "accounts/invitations/<uuid:invitation>/again/": NEVER_GET,
    "accounts/invitations/<uuid:invitation>/withdraw/": NEVER_GET,
    "accounts/invitation/<slug:token>/": MISSING,
    "accounts/second-factor/": [302] * 5,  # passed already; without: test_second_factor_gate
    "accounts/prove/": ANYBODY,
    "accounts/factors/": ANYBODY,
    "accounts/factors/app/": ANYBODY,
    "accounts/factors/app/remove/": ANYBODY,
    "accounts/factors/codes/": ANYBODY,
    "accounts/factors/passkeys/": ANYBODY,
    "accounts/factors/passkeys/<uuid:ref>/": [302, 404, 404, 404, 404],
    "accounts/factors/passkeys/<uuid:ref>/remove/": [302, 404, 404, 404, 404],
    "accounts/factors/stop-reset/": NEVER_GET,
    "accounts/email/": ANYBODY,
    "accounts/email/code/": [302] * 5,
    "accounts/roster/": [302, 404, 404, 200, 200],
    "accounts/roster/file/": [302, 404, 404, 200, 200],
    "accounts/roster/file/confirm/": [302, 404, 404, 405, 405],
    "accounts/roster/summer/": [302, 404, 404, 200, 200],
    "accounts/roster/groups/": [302, 404, 404, 200, 200],
    "accounts/roster/list.csv": [302, 404, 404, 200, 200],
    "accounts/roster/<uuid:entry>/": [302, 404, 404, 404, 404],
    "accounts/resets/": [302, 404, 404, 200, 200],
    "accounts/resets/<uuid:reset>/agree/": [302, 404, 404, 404, 404],
    "accounts/resets/<uuid:reset>/withdraw/": NEVER_GET,
    "accounts/people/": [302, 404, 404, 200, 200],
    "accounts/people/<uuid:person>/": MISSING_STUDENT,
    "accounts/people/<uuid:person>/role/": [302, 404, 404, 405, 405],
    "accounts/devices/": [302, 200, 200, 200, 200],
    "accounts/devices/others/": [302, 405, 405, 405, 405],
    "accounts/devices/<slug:device>/end/": [302, 405, 405, 405, 405],
    "accounts/sign-out/": NEVER_GET,
    "accounts/sign-out-everywhere/": NEVER_GET,
    "program/": KEEPERS,
    "program/messages/": KEEPERS,
    "program/messages/retry/": [302, 404, 404, 405, 405],
    "program/messages/drop/": [302, 404, 404, 405, 405],
    "program/first/": KEEPERS,
    "program/first/coordinator/": [302, 404, 404, 404, 200],
    "program/first/<slug:name>/": KEEPERS,
    "program/succession/": KEEPERS,
    "program/succession/confirm/": [302, 404, 404, 405, 405],
    "program/succession/give-back/<slug:role>/": [302, 404, 404, 200, 404],
    "program/history/": KEEPERS,
    "program/set/<slug:key>/": KEEPERS,
    "program/crisis/": KEEPERS,
    "program/crisis/where/": KEEPERS,
    "program/crisis/add/": KEEPERS,
    "program/crisis/<slug:line>/": MISSING_STUDENT,
    "program/crisis/<slug:line>/tried/": MISSING_STUDENT,
    "program/crisis/<slug:line>/remove/": [302, 404, 404, 405, 405],
    "program/poster/": KEEPERS,
    "program/cards/": KEEPERS,
    "program/notice/": KEEPERS,
    "program/critical/": KEEPERS,
    "program/close/": PROGRAM,
    "program/pledge/": SUPPORTER,
    "program/talked/": OPEN,
    "program/coverage/": KEEPERS,
    "program/holidays/": [302, 404, 404, 200, 200],
    "program/holidays/<uuid:holiday>/remove/": [302, 404, 404, 405, 405],
    "program/coverage/<uuid:entry>/remove/": [302, 404, 404, 405, 405],
    "program/coverage/<uuid:entry>/": MISSING_STUDENT,
    "program/coverage/<uuid:entry>/spoke/": [302, 404, 404, 405, 405],
    "program/coverage/<uuid:entry>/ask/": [302, 404, 404, 405, 405],
    "program/coverage/<uuid:entry>/away/": [302, 404, 404, 405, 405],
    "program/coverage/<uuid:entry>/away/<uuid:days>/back/": [302, 404, 404, 405, 405],
    "program/agree/<slug:token>/": MISSING,
    "program/milestones/": KEEPERS,
    "program/milestones/template/": KEEPERS,
    "program/milestones/file/": KEEPERS,
    "program/milestones/file/confirm/": [302, 404, 404, 405, 405],
    "program/milestones/<uuid:milestone>/": MISSING_STUDENT,
    "program/milestones/<uuid:milestone>/remove/": [302, 404, 404, 405, 405],
    "program/terms/": KEEPERS,
    "program/terms/<uuid:term>/remove/": [302, 404, 404, 405, 405],
    "hours/": SUPPORTER,
    "hours/new/": SUPPORTER,
    "hours/weekly/<uuid:rule>/": MISSING_STUDENT,
    "hours/weekly/<uuid:rule>/change/": MISSING_STUDENT,
    "hours/weekly/<uuid:rule>/end/": MISSING_STUDENT,
    "hours/weekly/<uuid:rule>/skip/": POST_SUPPORTER,
    "hours/weekly/<uuid:rule>/unskip/": POST_SUPPORTER,
    "hours/cover/": SUPPORTER,
    "hours/cover/hours/<uuid:assignment>/": POST_SUPPORTER,
    "hours/cover/<uuid:request_id>/swap/": MISSING_STUDENT,
    "hours/cover/<uuid:cover>/<slug:verb>/": POST_SUPPORTER,
    "hours/cover/pair/<uuid:shift>/": POST_SUPPORTER,
    "hours/cover/pair/weekly/<uuid:rule>/<slug:verb>/": POST_SUPPORTER,
    "hours/days/<uuid:shift>/": MISSING_STUDENT,
    "hours/program/": PROGRAM,
    "hours/program/new/": PROGRAM,
    "hours/program/import/": PROGRAM,
    "hours/program/import/confirm/": [302, 404, 404, 405, 404],
    "hours/program/sign/": PROGRAM,
    "hours/program/close/": PROGRAM,
    "hours/program/weekly/<uuid:rule>/end/": MISSING_STUDENT,
    "hours/program/holiday/<uuid:holiday>/": MISSING_STUDENT,
    "hours/program/<uuid:shift>/cancel/": MISSING_STUDENT,
    "hours/<uuid:assignment>/in/": POST_SUPPORTER,
    "hours/<uuid:assignment>/out/": POST_SUPPORTER,
    "hours/<uuid:assignment>/walked-in/": POST_SUPPORTER,
    "hours/<uuid:shift>/cancel/": MISSING_STUDENT,
    "hours/talks/<uuid:visit>/log/": MISSING_STUDENT,
    "hours/talks/<uuid:visit>/<slug:verb>/": POST_SUPPORTER,
    "hours/after-heavy/": SUPPORTER,
    "hours/worried/": SUPPORTER,
    "hours/worried/<uuid:escalation>/": MISSING_STUDENT,
    "hours/mine/": SUPPORTER,
    "hours/mine/break/": POST_SUPPORTER,
    "hours/mine/break/<uuid:rest>/end/": POST_SUPPORTER,
    "hours/mine/distance/": POST_SUPPORTER,
    "hours/supervisor/": MISSING_STUDENT,  # the supervisor's own: test_care_pages
    "hours/supervisor/<uuid:escalation>/<slug:mark>/": MISSING_STUDENT,
    "hours/capacity/": PROGRAM,
    "hours/<uuid:assignment>/next/": POST_SUPPORTER,
    "hours/<uuid:assignment>/add/": POST_SUPPORTER,
    "hours/<uuid:assignment>/late/": POST_SUPPORTER,
    "hours/<uuid:assignment>/line/": POST_SUPPORTER,
    "hours/<uuid:assignment>/hold/": MISSING_STUDENT,
    "hours/<uuid:assignment>/door/": MISSING_STUDENT,
    "hours/<uuid:assignment>/door/code/": MISSING_STUDENT,
    "hours/<uuid:assignment>/paper/": MISSING_STUDENT,
    "hours/line/<uuid:visit>/<slug:verb>/": POST_SUPPORTER,
    "line/": OPEN,
    "line/state/": OPEN,
    "line/join/<uuid:shift>/": MISSING_STUDENT,
    "line/at/<uuid:shift>/<slug:code>/": MISSING,
    "line/<uuid:visit>/<slug:verb>/": NEVER_GET,
    "visits/<uuid:visit>/offer/": POST_STUDENT,
    "visits/": STUDENT,
    "visits/book/": STUDENT,
    "visits/<uuid:visit>/": MISSING_STUDENT,
    "visits/<uuid:visit>/move/": MISSING_STUDENT,
    "visits/<uuid:visit>/cancel/": POST_STUDENT,
    "visits/<uuid:visit>/here/": POST_STUDENT,
    "visits/<uuid:visit>/remove-line/": POST_STUDENT,
    "events/": OPEN,
    "events/<uuid:event>/": MISSING,  # what somebody sees: tests/events/test_pages
    "events/<uuid:event>/going/": POST_STUDENT,
    "events/<uuid:event>/not-going/": POST_STUDENT,
    "events/<uuid:event>/day/": [302, 404, 404, 404, 404],  # whoever runs it: test_day
    "events/<uuid:event>/day/sign/": [302, 404, 404, 404, 404],
    "events/<uuid:event>/day/tally/": [302, 404, 404, 404, 404],
    "events/<uuid:event>/day/heads/": [302, 405, 405, 405, 405],
    "events/<uuid:event>/day/<uuid:rsvp>/": [302, 405, 405, 405, 405],
    "events/<uuid:event>/door/<slug:token>/": MISSING,
    "events/<uuid:event>/how-was-it/": MISSING_STUDENT,
    "events/debriefs/": STUDENT,
    "events/debriefs/asked/": [302, 404, 404, 404, 404],  # whoever is on the list
    "events/debriefs/takers/": PROGRAM,
    "events/debriefs/takers/<uuid:taker>/end/": [302, 404, 404, 405, 404],
    "events/told/": [302] * 5,
    "events/for-you/": [302] * 5,
    "events/debriefs/<uuid:request_id>/back/": POST_STUDENT,
    "events/debriefs/<uuid:request_id>/take/": [302, 404, 404, 404, 404],
    "events/debriefs/<uuid:request_id>/decline/": [302, 405, 405, 405, 405],
    "events/calendar.ics": OPEN,
    "events/<uuid:event>/calendar.ics": MISSING_STUDENT,  # a public one: test_calendars
    "events/mine/": [302] * 5,
    "events/place/<slug:token>/": MISSING,
    # Supporters plan once the program lets them: tests/events/test_planning_pages.py
    "events/plan/": PROGRAM,
    "events/plan/calendar/": PROGRAM,
    "events/plan/earlier/": PROGRAM,
    "events/plan/new/": PROGRAM,
    "events/plan/<uuid:event>/": MISSING_STUDENT,
    "events/plan/<uuid:event>/change/": MISSING_STUDENT,
    "events/plan/<uuid:event>/publish/": [302, 404, 405, 405, 404],
    "events/plan/<uuid:event>/cancel/": MISSING_STUDENT,
    "events/plan/<uuid:event>/drop/": MISSING_STUDENT,
    "events/plan/<uuid:event>/copy/": MISSING_STUDENT,
    "events/plan/series/<uuid:series>/": MISSING_STUDENT,
    "events/plan/series/<uuid:series>/publish/": [302, 404, 405, 405, 404],
    "events/plan/series/<uuid:series>/end/": MISSING_STUDENT,
    "events/plan/series/<uuid:series>/copy/": MISSING_STUDENT,
    "reminders/": PROGRAM,
    "reminders/new/": PROGRAM,
    "reminders/ledger/": PROGRAM,
    "reminders/library/<slug:key>/": [302, 404, 404, 405, 404],
    "reminders/stop/<slug:token>/": MISSING,
    "reminders/<uuid:campaign>/": MISSING_STUDENT,
    "reminders/<uuid:campaign>/change/": MISSING_STUDENT,
    "reminders/<uuid:campaign>/test/": [302, 404, 404, 405, 404],
    "reminders/<uuid:campaign>/<slug:verb>/": [302, 404, 404, 405, 404],
    "referrals/": OPEN,
    "referrals/now/": OPEN,
    "referrals/keep/": [302] * 5,  # nobody reads here: to the numbers
    "referrals/soon/": NOT_BEGUN,
    "referrals/what/": NOT_BEGUN,
    "referrals/name/": NOT_BEGUN,
    "referrals/reach/": NOT_BEGUN,
    "referrals/leave-out/": NOT_BEGUN,
    "referrals/supporter/": NOT_BEGUN,
    "referrals/supporter/code/": NOT_BEGUN,
    "referrals/supporter/<uuid:attachment>/remove/": NOT_BEGUN,
    "referrals/check/": NOT_BEGUN,
    "referrals/sent/": NOT_BEGUN,
    "referrals/stop/": OPEN,
    "referrals/receipt/": OPEN,
    "referrals/receipt/close/": NEVER_GET,
    "referrals/one/<uuid:referral>/": MISSING,
    "referrals/one/<uuid:referral>/take-back/": MISSING,
    "referrals/one/<uuid:referral>/tell/": NEVER_GET,
    "referrals/taken-back/": OPEN,
    "referrals/words/": SUPPORTER,
    "referrals/danger/": SUPPORTER,
    "referrals/danger/<uuid:nonce>/": MISSING_STUDENT,
}


def _routes(patterns: list[Any], before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            found.append(here)
    return found


def test_every_address_has_a_row() -> None:
    assert sorted(_routes(get_resolver().url_patterns)) == sorted(TABLE)


def _address(route: str) -> str:
    """Return an address with something in every place: an id of nothing, a word that exists."""
    address = "/" + route
    for part in re.findall("<uuid:[a-z_]+>", address):
        address = address.replace(part, str(ids.new_id()))
    return (
        address.replace("<slug:verb>", "start")
        .replace("<slug:code>", "none")
        .replace("<slug:mark>", "reviewed")
        .replace("<slug:device>", "none")
        .replace("<slug:token>", "none")
        .replace("<slug:key>", "topic-threats")
        .replace("<slug:name>", "school")
        .replace("<slug:line>", "none")
        .replace("<slug:role>", "coordinator")
    )


@pytest.mark.django_db
def test_every_role_gets_what_the_table_says(evening: datetime) -> None:
    people = cast(evening)
    clients = [Client() if who == "nobody" else sign_in(people[who]) for who in ROLES]
    wrong = []
    for route, expected in TABLE.items():
        address = _address(route)
        given = [client.get(address).status_code for client in clients]
        if given != expected:
            wrong.append((route, given, expected))
    assert wrong == []


def _asks_to_sign_in(client: Client, route: str) -> bool:
    return "/accounts/sign-in/" in client.get(_address(route)).headers["Location"]


@pytest.mark.django_db
def test_nobody_may_send_to_a_page_that_they_may_not_read(evening: datetime) -> None:
    people = cast(evening)
    clients = [Client() if who == "nobody" else sign_in(people[who]) for who in ROLES]
    wrong = []
    for route, expected in TABLE.items():
        for who, client, reads in zip(ROLES, clients, expected, strict=True):
            if reads not in (302, 404) or (who != "nobody" and reads == 302):
                continue
            if who == "nobody" and reads == 302 and not _asks_to_sign_in(client, route):
                continue  # led elsewhere, not kept out
            answer = client.post(_address(route))
            is_asked = answer.status_code == 302 and "/accounts/sign-in/" in answer["Location"]
            is_refused = answer.status_code in (404, 405, 409) or (who == "nobody" and is_asked)
            if not is_refused:
                wrong.append((route, who, answer.status_code))
    assert wrong == []
