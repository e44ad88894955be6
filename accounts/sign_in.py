"""One flow, "e-mail, then code", that signs in or creates. Built on allauth's login by code.

Known, unknown, not allowed and inactive addresses get the same page and one mail each; only the
mail's words differ, and only the mailbox's owner reads them.
"""

import hmac
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import limits
from accounts.adapter import new_code, send_now
from accounts.admission import may_join
from accounts.models import Person
from accounts.proving import note_proved
from accounts.queries.roster import person_of
from accounts.services import join_as_student, join_by_invitation
from peersupport.core import clock


class CodeProcess(LoginCodeVerificationProcess):  # type: ignore[misc]
    """allauth's process, which also lets in those who may make an account."""

    def send_by_email(self, email: str, skip_enumeration_mails: bool = False) -> None:
        """Send one mail, whoever it is: the code, or that this address cannot sign in."""
        if self.state["is_known"] or self.state["may_join"]:
            code = self.state["code"] = new_code(self.state["length"])
            text = _(
                "Your code is %(code)s\n\n"
                "Type it on the page where you asked for it. It works once, for 15 minutes.\n"
                "If you did not ask for it, you need not do anything.\n"
            ) % {"code": code}
        else:
            self.state["code"] = ""
            text = _(
                "Somebody asked for a sign-in code for this address, but nobody can sign in "
                "with it.\nIf it was you, try the address the school knows you by.\n"
            )
        send_now(email, _("Your sign-in code"), text)

    def arrive(self, now: datetime) -> bool:
        """Find or make the account, now that the code has shown whose address it is.

        Return whether there is one that may sign in.
        """
        email = self.state["email"]
        person = person_of(email)
        if person is None and self.state["may_join"]:
            join = join_as_student if self.state["is_student"] else join_by_invitation
            person = join(email=email, now=now)
        if person is None or not person.is_active:
            return False
        self._user = self.stage.login.user = person
        return True


def begin(request: HttpRequest, email: str, onward: str, *, is_invited: bool = False) -> None:
    """Send a code to an address. Raises CouldNotSend.

    The same is asked of the database for every address, whether it is known or not, here and on
    the page of the code: whose it is, is asked again only once the code was right.
    """
    known, may = person_of(email), may_join(email)
    login = Login(email=email, redirect_url=onward)
    login.state["stages"] = {"current": "login_by_code"}
    stage = LoginByCodeStage(LoginStageController(request, login), request, login)
    stage.state.update(CodeProcess.initial_state(user=None, email=email))
    stage.state["initiated_by_user"] = True
    stage.state["is_known"] = known is not None and known.is_active
    stage.state["may_join"] = known is None and (may or is_invited)
    stage.state["is_student"] = may
    stage.state["length"] = limits.code_length(request, email)
    process = CodeProcess(stage=stage)
    process.send()
    process.persist()


def resume(request: HttpRequest) -> CodeProcess | None:
    """Return the sign-in that this browser has begun, if it still can be finished."""
    stage = LoginStageController.enter(request, LoginByCodeStage.key)
    if stage is None:
        return None
    process = CodeProcess(stage=stage)
    found: CodeProcess | None = process.abort_if_invalid()
    return found


def confirm(request: HttpRequest, process: CodeProcess, typed: str) -> HttpResponse | None:
    """Sign in with a code; None if it is not the right one. Few tries, then all is void."""
    right = process.code
    if not right or not hmac.compare_digest(right.encode(), typed.encode("utf-8", "replace")):
        limits.note_wrong(request)
        # Where somebody seems to guess, a short code is void after one wrong try.
        if process.state["length"] < limits.LONG and limits.is_guessing(request):
            process.abort()
        else:
            process.record_invalid_attempt()
        return None
    if not process.arrive(clock.now()):
        process.abort()
        return None
    onward: Any = process.stage.login.redirect_url
    response: HttpResponse = process.finish(onward)
    if isinstance(request.user, Person):
        note_proved(request, request.user, clock.now())
        if request.user.is_staff_member:
            # Nobody of the staff is asked on a page they did not want to see, but here, at once.
            return redirect_to_login(onward or "/", login_url=reverse("accounts:second-factor"))
    else:
        # A second factor is still to come. What came before the code knows this key no more.
        request.session.cycle_key()
    return response
