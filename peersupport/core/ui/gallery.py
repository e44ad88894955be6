"""Invented content for the page of all components: empty, one, many, full, wrong, long names."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from peersupport.core.ui.forms import PlainForm

_LONG_NAME = "Wilhelmina-Anastasia Featherstonehaugh-Papadopoulos"
_LONG_PLACE = "Learning Resources Annex, third floor behind the anatomy museum, Room 3.214b"


@dataclass(frozen=True, slots=True)
class _Time:
    value: str
    who: str


class SampleForm(PlainForm):
    """Every kind of field."""

    address = forms.EmailField(label="School e-mail", help_text="We send a code there.")
    called = forms.CharField(
        label="What should we call you?", help_text="It can be anything.", required=False
    )
    day = forms.DateField(
        label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    starts = forms.TimeField(label="From", widget=forms.TimeInput(attrs={"type": "time"}))
    length = forms.ChoiceField(
        label="Length of a talk",
        choices=[("20", "About 20 minutes"), ("30", "About 30 minutes, longer if needed")],
    )
    weight = forms.ChoiceField(
        label="How heavy was it for you?",
        choices=[("1", "Light"), ("2", "Middling"), ("3", "Heavy")],
        widget=forms.RadioSelect,
    )
    soon = forms.ChoiceField(
        label="How soon should somebody call?",
        help_text="If it cannot wait, use the numbers at the top.",
        choices=[("1", "Within 5 working days"), ("2", "Within 2 working days"), ("3", "Today")],
        widget=forms.RadioSelect,
    )
    topics = forms.MultipleChoiceField(
        label="What was it about?",
        help_text="Up to three, or none.",
        choices=[("a", "Study and exams"), ("b", "Clinical life"), ("c", "Health and daily life")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    words = forms.CharField(
        label="Anything else?", widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    wants_mail = forms.BooleanField(
        label="E-mail me about this time",
        help_text="The message says only that something you planned has changed.",
        required=False,
    )


class TimeForm(PlainForm):
    """The time picker."""

    slot = forms.CharField(label="Choose a time", error_messages={"required": "Choose a time."})


def _times(day: str, names: list[tuple[str, str]], taken: str = "") -> dict[str, Any]:
    times = [
        {
            "time": _Time(f"{day}.{words}.{who}", who),
            "words": words,
            "is_taken": words == taken,
        }
        for words, who in names
    ]
    return {"title": day, "times": times}


def _days() -> list[dict[str, Any]]:
    evening = [(f"{hour}:{minute}pm", "Marcus") for hour in (5, 6, 7) for minute in ("00", "30")]
    return [
        _times("Tuesday 24 November", evening, taken="6:00pm"),
        _times("Wednesday 25 November", [("noon", "Priya"), ("12:30pm", _LONG_NAME)]),
    ]


def _doors() -> dict[str, list[dict[str, Any]]]:
    priya = {
        "title": "Priya, year 4",
        "place": "Room 214 or video",
        "when": "until 5:30pm",
        "text": "Free now.",
        "kind": "ok",
        "word": "Open now",
        "is_open": True,
        "action_url": "#",
        "action_label": "Join the line",
        "action_hidden": "for Priya",
        "action_main": True,
    }
    marcus = {
        "title": "Marcus, year 3",
        "place": "Video only",
        "when": "5:30pm to 7pm",
        "kind": "info",
        "word": "Starts 5:30pm",
        "action_url": "#",
        "action_label": "Book a time",
        "action_hidden": "with Marcus",
    }
    late = {**marcus, "title": "Sol, year 2", "kind": "warn", "word": "Not here yet"}
    away = {
        "title": _LONG_NAME,
        "place": _LONG_PLACE,
        "when": "back on Wednesday at noon",
        "kind": "off",
        "word": "Not in today",
        "action_url": "#",
        "action_label": "See times",
    }
    nameless = {
        "title": "Room 214",
        "when": "5:30pm to 7pm",
        "kind": "info",
        "word": "Starts 5:30pm",
    }
    return {"one": [nameless], "many": [priya, marcus, late, away]}


def _events() -> list[dict[str, Any]]:
    dinner = {
        "date": "Thursday 3 December, 6pm",
        "title": "Dinner and debrief: surgery block",
        "url": "#",
        "place": "Lounge B.",
        "text": "Food is free.",
        "left": "3 places left",
        "of": "of 12",
        "taken": 9,
        "capacity": 12,
        "kind": "warn",
        "word": "Few places left",
    }
    return [
        dinner,
        {
            **dinner,
            "title": "Walk",
            "left": "Full:",
            "of": "you would be 2nd on the waiting list",
            "taken": 12,
            "kind": "info",
            "word": "Join the waiting list",
        },
        {
            **dinner,
            "title": f"Breakfast with {_LONG_NAME}",
            "left": "",
            "kind": "off",
            "word": "Cancelled",
        },
    ]


def _wrong_form() -> SampleForm:
    data = {"address": "ana", "day": "soon", "length": "20", "called": "A\u202ena"}
    return SampleForm({f"wrong-{key}": value for key, value in data.items()}, prefix="wrong")


def _icons() -> list[str]:
    return sorted(path.stem for path in (settings.BASE_DIR / "templates/_icons").glob("*.svg"))


def everything() -> dict[str, Any]:
    """Return the context of the components page."""
    rows = [
        {
            "label": "Who this is about",
            "value": "A classmate",
            "change_url": "#",
            "change_hidden": "who this is about",
        },
        {
            "label": "How soon",
            "tag": ("warn", "Soon: within 2 working days"),
            "change_url": "#",
            "change_hidden": "how soon",
        },
        {
            "label": "Share with",
            "value": f"{_LONG_NAME}, {_LONG_PLACE}",
            "change_url": "#",
            "change_hidden": "with whom to share it",
        },
    ]
    return {
        "tags": [
            ("ok", "Open now"),
            ("info", "Routine: within 5 working days"),
            ("warn", "Soon: within 2 working days"),
            ("danger", "Urgent: today"),
            ("off", "Not in today"),
        ],
        "doors": _doors(),
        "days": _days(),
        "times": TimeForm(prefix="times"),
        "times_wrong": TimeForm({}, prefix="lost"),
        "sample": SampleForm(prefix="sample"),
        "wrong": _wrong_form(),
        "line": {
            "place": "2nd",
            "steps": ["done", "you", "", ""],
            "about": "About 10 to 20 minutes.",
            "next": "You can close this page. Come back to it when you like.",
            "updated": "3:42pm",
            "again_url": "#",
            "leave_url": "#",
        },
        "rows": rows,
        "events": _events(),
        "head": ["Term", "Hours kept open", "Trained"],
        "cells": [["Fall 2026", "212", "14"], ["Spring 2026", "188", "12"]],
        "icons": _icons(),
        "is_lit": True,
    }
