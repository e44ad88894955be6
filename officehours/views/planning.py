"""Publishing hours and changing them; everything is shown before it is done."""

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.models import Rule
from officehours.planning_forms import EndForm, HoursForm, RuleForm
from officehours.planning_rules import Hours, Plan
from officehours.queries import planning as reads
from officehours.services import hours, planning
from officehours.services.publishing import refuse
from officehours.views import preview
from officehours.views.acts import in_the_way
from peersupport.core import clock, words
from program.queries import facts
from program.queries.settings import must_sign

_IN_THE_WAY = (rules.NotCovered, rules.Overlaps, rules.OutOfTime)
_TOO_LONG = gettext_lazy("Hours last from 15 minutes to 12 hours and end in the future.")
_OVERLAPS = gettext_lazy("You have hours in part of that time already.")
_NOTHING_YET = gettext_lazy("The first of these hours is published two weeks before it.")


def say(form: Any, wrong: Exception, plan: Plan, zone: ZoneInfo) -> None:
    """Put what is in the way beside the field it is about."""
    starts = "starts" if "starts" in form.fields else None
    if isinstance(wrong, rules.Overlaps):
        form.add_error(starts, _OVERLAPS)
    elif isinstance(wrong, rules.OutOfTime):
        form.add_error("ends" if starts else None, _TOO_LONG)
    else:
        row = next((one for one in plan.refused if one.gaps), None)
        said = _("Nobody stands behind you for these hours yet. Ask your coordinator.")
        if row is not None:
            said = _(
                "Nobody stands behind you from %s. Choose other hours or ask your coordinator."
            ) % preview.minutes_without(row, zone)
        form.add_error(starts, said)


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """Publish hours, once or weekly: the form, what will be published, then the writing."""
    now, known = clock.now(), facts()
    zone = known.zone
    today = clock.local_date(now, zone)
    if must_sign(signed_in(request).pk, known.values, today):
        return redirect("program:pledge")
    return _publish_page(request, now, zone, today)


def _publish_page(
    request: HttpRequest, now: datetime, zone: ZoneInfo, today: date
) -> HttpResponse:
    if request.method != "POST":
        return _publish_form(request, HoursForm(today=today, initial={"day": today}))
    form = HoursForm(request.POST, today=today)
    if not form.is_valid() or "back" in request.POST:
        return _publish_form(request, form, 400 if form.errors else 200)
    plan = _plan(request, form, now, zone)
    seen = request.POST.get("seen")
    try:
        if seen is None:
            return _look(request, form, plan, zone)
        _publish(request, form, now, seen)
    except rules.ChangedMeanwhile:
        return _look(request, form, plan, zone, seen=seen)
    except _IN_THE_WAY as wrong:
        say(form, wrong, plan, zone)
        return _publish_form(request, form, 409)
    messages.success(request, _("Published. Students can find these hours now."))
    return redirect("hours:console")


def _publish_form(request: HttpRequest, form: HoursForm, status: int = 200) -> HttpResponse:
    context = {"personal": True, "form": form}
    return render(request, "officehours/publish.html", context, status=status)


def _wanted(form: HoursForm, zone: ZoneInfo) -> Hours:
    data = form.cleaned_data
    return Hours(
        data["day"].weekday(),
        data["starts"],
        data["ends"],
        zone,
        data["place"],
        data["minutes"],
        data["ways"],
        data["day"],
        data["last_on"] if data["is_weekly"] else None,
    )


def _plan(request: HttpRequest, form: HoursForm, now: datetime, zone: ZoneInfo) -> Plan:
    wanted, person = _wanted(form, zone), signed_in(request)
    if form.cleaned_data["is_weekly"]:
        return reads.weekly_plan(wanted, supporter=person.pk, now=now)
    start, end = rules.bounds(wanted.first_on, wanted.starts, wanted.ends, zone)
    return reads.day_plan(wanted.first_on, start, end, supporters=[person.pk])


def _look(
    request: HttpRequest, form: HoursForm, plan: Plan, zone: ZoneInfo, *, seen: str | None = None
) -> HttpResponse:
    """Show what will be published. Raises what is in the way if nothing would be."""
    refuse(plan)
    wanted = _wanted(form, zone)
    if not form.cleaned_data["is_weekly"] and plan.rows[0].ends_at <= clock.now():
        raise rules.OutOfTime
    day = words.day(wanted.first_on)
    if form.cleaned_data["is_weekly"]:
        day = _("Every %s") % words.weekday(wanted.weekday)
    return preview.show(
        request,
        plan=plan,
        zone=zone,
        form=form,
        title=_("What will be published"),
        yes=_("Publish"),
        no=reverse("hours:console"),
        text=preview.summary(wanted, day),
        nothing=_NOTHING_YET,
        changed=plan.changed_since(seen) if seen is not None else frozenset(),
        crowded=reads.crowded_weeks(signed_in(request).pk, plan, zone),
        exams=reads.near_exams(signed_in(request).pk, plan),
        status=200 if seen is None else 409,
    )


def _publish(request: HttpRequest, form: HoursForm, now: datetime, seen: str) -> None:
    data, person = form.cleaned_data, signed_in(request)
    common: dict[str, Any] = {"supporter": person, "by": person, "now": now, "seen": seen}
    try:
        if data["is_weekly"]:
            dates = {"first_on": data["day"], "last_on": data["last_on"]}
            hours.publish_weekly(**dates, **form.values(), **common)
        else:
            hours.publish_shift(day=data["day"], **form.values(), **common)
    except rules.NotAllowed:
        raise Http404 from None


def rule_or_404(request: HttpRequest, rule: uuid.UUID) -> Rule:
    found = reads.my_rule(signed_in(request), rule)
    if found is None:
        raise Http404
    return found


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """Change weekly hours: the form, what becomes of every day, then the writing."""
    found = rule_or_404(request, rule)
    today = clock.local_date(clock.now(), ZoneInfo(found.zone))
    form = RuleForm(request.POST if request.method == "POST" else None, rule=found, today=today)
    change = _Change(request, found, form, "officehours/rule_change.html")
    return change.answer()


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """End one's own weekly hours: the form, what becomes of every day, then the writing."""
    found = rule_or_404(request, rule)
    today = clock.local_date(clock.now(), ZoneInfo(found.zone))
    data = request.POST if request.method == "POST" else None
    form = EndForm(data, rule=found, today=today, initial={"last_on": today})
    return _Change(request, found, form, "officehours/rule_end.html").answer()


class _Change:
    """One change of weekly hours on its way: asked for, looked at, done."""

    def __init__(
        self, request: HttpRequest, rule: Rule, form: RuleForm | EndForm, template: str
    ) -> None:
        self.request, self.rule, self.form, self.template = request, rule, form, template
        self.now, self.zone = clock.now(), ZoneInfo(rule.zone)
        self.back = reverse("hours:weekly", args=[rule.pk])

    def answer(self) -> HttpResponse:
        """Return the page for how far things are."""
        if self.request.method != "POST":
            return self._form()
        if not self.form.is_valid():
            return self._form(400)
        if "back" in self.request.POST:
            return self._form()
        return self._look_or_do()

    def _form(self, status: int = 200) -> HttpResponse:
        context = {
            "personal": True,
            "form": self.form,
            "back": self.back,
            "title": _("Every %s") % words.weekday(self.rule.weekday),
            "text": self._text(reads.hours_of_rule(self.rule)),
        }
        return render(self.request, self.template, context, status=status)

    def _text(self, wanted: Hours) -> str:
        return preview.summary(wanted, _("Every %s") % words.weekday(wanted.weekday))

    def _look_or_do(self) -> HttpResponse:
        wanted = reads.changed_hours(self.rule, **self.form.values())
        plan = reads.weekly_plan(
            wanted, supporter=self.rule.supporter_id, now=self.now, rule=self.rule
        )
        seen = self.request.POST.get("seen")
        keep = preview.keep_form(plan, self.request.POST if seen is not None else None)
        if seen is None:
            return self._look(wanted, plan, keep, 200)
        if not keep.is_valid() and seen == plan.mark:
            return self._look(wanted, plan, keep, 400)
        try:
            # Without all answers the days are others than those that were seen, or it is done.
            self._do(keep.to_cancel() if keep.is_valid() else frozenset(), seen)
        except rules.ChangedMeanwhile:
            fresh = preview.keep_form(plan)
            return self._look(wanted, plan, fresh, 409, plan.changed_since(seen))
        except _IN_THE_WAY as wrong:
            return self._refused(wrong, plan)
        except rules.AlreadyTalking:
            return in_the_way(self.request, _("Finish the talk that is going on first."))
        messages.success(self.request, _("Saved."))
        return redirect(self.back)

    def _do(self, cancel: frozenset[uuid.UUID], seen: str) -> None:
        person = signed_in(self.request)
        common: dict[str, Any] = {"rule": self.rule, "cancel": cancel, "seen": seen}
        common |= {"by": person, "now": self.now}
        act = planning.end_weekly if isinstance(self.form, EndForm) else planning.change_weekly
        try:
            act(**self.form.values(), **common)
        except rules.NotAllowed:
            raise Http404 from None

    def _refused(self, wrong: Exception, plan: Plan) -> HttpResponse:
        say(self.form, wrong, plan, self.zone)
        return self._form(409)

    def _look(
        self,
        wanted: Hours,
        plan: Plan,
        keep: Any,
        status: int,
        changed: frozenset[date] = frozenset(),
    ) -> HttpResponse:
        if not isinstance(self.form, EndForm):
            try:
                refuse(plan)
            except _IN_THE_WAY as wrong:
                return self._refused(wrong, plan)
        return preview.show(
            self.request,
            plan=plan,
            zone=self.zone,
            form=self.form,
            keep=keep,
            title=_("What will change"),
            yes=_("End these hours") if isinstance(self.form, EndForm) else _("Save"),
            no=self.back,
            text=self._text(wanted),
            nothing=_("Nothing of these hours is published at the moment."),
            changed=changed,
            status=status,
        )
