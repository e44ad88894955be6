"""Pages of a supporter's profile, and which tags the program shows."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.profile import ChoiceOfUseForm, PolicyForm, ProfileForm, TagForm
from accounts.models import Tag
from accounts.permissions import require_role, signed_in
from accounts.queries import profiles
from accounts.rules import AlreadySaid, Role, TooManyTags
from accounts.services.profile import (
    add_tag,
    change_profile,
    change_tag,
    remove_tag,
    set_tag_policy,
)
from peersupport.core import clock

_GET_OR_POST = ["GET", "HEAD", "POST"]
_USES = dict(Tag.Use.choices)


def _state(tag: profiles.MyTag) -> tuple[str, Any]:
    """Return what becomes of a tag now, as a mark: its look and its words."""
    if tag.use == Tag.Use.OFF:
        return "off", _("Off")
    if tag.is_off_by_program:
        return "off", _("Hidden: this program shows no tags of this kind")
    if not tag.is_readable:
        return "warn", _("Hidden: fewer than three of you say this")
    if tag.use == Tag.Use.FILTER:
        return "info", _("Finds you")
    return "ok", _("Shown")


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    person = signed_in(request)
    profile = profiles.own_profile(person)
    if profile is None:
        raise Http404
    context = {
        "personal": True,
        "facts": ProfileForm(profile),
        "new_tag": TagForm(initial={"kind": Tag.Kind.LIVED, "use": Tag.Use.SHOWN}),
        "tags": [(tag, *_state(tag)) for tag in profiles.my_tags(person)],
        **more,
    }
    return render(request, "accounts/profile.html", context, status=status)


@require_role(Role.SUPPORTER)
@require_http_methods(_GET_OR_POST)
def edit(request: HttpRequest) -> HttpResponse:
    """Show one's own profile and change it."""
    person = signed_in(request)
    if request.method != "POST":
        return _page(request)
    profile = profiles.own_profile(person)
    if profile is None:
        raise Http404
    form = ProfileForm(profile, request.POST)
    if not form.is_valid():
        return _page(request, 400, facts=form, form=form)
    change_profile(person=person, facts=form.facts())
    messages.success(request, _("Saved. Students see it from now on."))
    return redirect("accounts:profile")


@require_role(Role.SUPPORTER)
@require_safe
def seen(request: HttpRequest) -> HttpResponse:
    """Show the card that students see, drawn from the same template and the same read."""
    person = signed_in(request)
    card = profiles.cards([person.pk]).get(person.pk)
    if card is None:
        raise Http404
    hidden = [tag for tag in profiles.my_tags(person) if not tag.is_readable]
    context = {"personal": True, "card": card, "hidden": hidden}
    return render(request, "accounts/profile_seen.html", context)


@require_role(Role.SUPPORTER)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Say something more of oneself."""
    form = TagForm(request.POST)
    if form.is_valid():
        try:
            add_tag(person=signed_in(request), **form.cleaned_data)
        except AlreadySaid:
            form.add_error("words", _("You say this already: it stands in the list."))
        except TooManyTags:
            form.add_error("words", _("Twelve are enough. Remove one first."))
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    return _page(request, 400, new_tag=form, form=form)


@require_role(Role.SUPPORTER)
@require_http_methods(_GET_OR_POST)
def change(request: HttpRequest, tag: uuid.UUID) -> HttpResponse:
    """Choose who may read a tag."""
    person = signed_in(request)
    mine = next((each for each in profiles.my_tags(person) if each.id == tag), None)
    if mine is None:
        raise Http404
    known = {"kind": mine.kind, "use": mine.use, "is_consented": mine.is_consented}
    form = ChoiceOfUseForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        change_tag(person=person, tag=tag, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    context = {"personal": True, "form": form, "tag": mine, "state": _state(mine)}
    status = 400 if request.method == "POST" else 200
    return render(request, "accounts/tag.html", context, status=status)


@require_role(Role.SUPPORTER)
@require_POST
def remove(request: HttpRequest, tag: uuid.UUID) -> HttpResponse:
    """Take back something one said of oneself."""
    remove_tag(person=signed_in(request), tag=tag)
    messages.success(request, _("Removed."))
    return redirect("accounts:profile")


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_http_methods(_GET_OR_POST)
def policy(request: HttpRequest) -> HttpResponse:
    """Choose whether tags about who somebody is are shown in this program."""
    known = {"shows_demographic": profiles.shows_demographic()}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        set_tag_policy(**form.cleaned_data, by=signed_in(request), now=clock.now())
        messages.success(request, _("Saved. It holds from now on."))
        return redirect("accounts:tag-policy")
    return render(request, "accounts/tag_policy.html", {"form": form})
