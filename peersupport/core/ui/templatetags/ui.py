"""Tags of the face. They are built in: templates need no load line for them.

Components are templates in `templates/_components/`; the page of all components shows each.
"""

from typing import Any

from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.forms.boundfield import BoundWidget
from django.http import HttpRequest
from django.template import Library
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from peersupport.core.ui import nav
from peersupport.core.ui.crisis import extra_lines, numbers
from peersupport.core.ui.notices import notices

register = Library()

TAG_KINDS = frozenset({"ok", "info", "warn", "danger", "off"})


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon. It is always decoration: words stand beside it."""
    drawn: str = get_template(f"_icons/{name}.svg").render({}).strip()
    # The drawings are files of ours, never anybody's input.
    return mark_safe(drawn)  # noqa: S308


@register.inclusion_tag("_components/tag.html")
def tag(kind: str, words: str) -> dict[str, Any]:
    """Draw a state in words, with a shape and a color: ok, info, warn, danger, off."""
    return {"kind": kind if kind in TAG_KINDS else "off", "words": words}


@register.inclusion_tag("_components/crisis_bar.html")
def crisis_bar() -> dict[str, Any]:
    """Draw the numbers that answer now. Needs no database."""
    return {
        "crisis": numbers(),
        "crisis_lines": extra_lines(),
        "help_url": soft_url("portal:help-now") or "/help-now/",
    }


@register.inclusion_tag("_components/notices.html")
def standing_notices(*, may_ask: bool = False) -> dict[str, Any]:
    """Draw what the school says on every page; `may_ask` lets a stale memory be refreshed."""
    return {"notices": notices(may_ask=may_ask)}


@register.simple_tag
def soft_url(name: str, *args: Any) -> str:
    """Return an address, or nothing where this process does not serve it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("_components/nav.html")
def main_nav(request: HttpRequest | None, person: Any = None) -> dict[str, Any]:
    """Draw the main navigation for a person, or for everybody."""
    is_known = bool(getattr(person, "is_authenticated", False))
    roles: frozenset[str] = getattr(person, "roles", frozenset()) if is_known else frozenset()
    return {"links": nav.links(roles, request.path if request is not None else "")}


@register.inclusion_tag("_components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """Draw what is wrong with a form, each line a link to its field. Draws nothing if all is well.

    Give it every form of the page as a list, or one.
    """
    problems: list[tuple[str, str]] = []
    forms = form if isinstance(form, list | tuple) else [form]
    for each in forms:
        if not getattr(each, "errors", None):
            continue
        problems += [("", str(said)) for said in each.non_field_errors()]
        for bound in each:
            problems += [(f"#{anchor(bound)}", str(said)) for said in bound.errors]
    return {"problems": problems}


def anchor(bound: BoundField) -> str:
    """Return the id at which a field's first control can be reached."""
    return first_control(bound) or bound.auto_id


def first_control(bound: BoundField) -> str:
    """Return the id of the first radio or box of a group."""
    if isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple) and len(bound):
        first: BoundWidget = bound[0]
        return str(first.id_for_label)
    return ""


def _kind_of(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple):  # which is a RadioSelect to Django
        return "checkboxes"
    if isinstance(widget, RadioSelect):
        return "radios"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    return "hidden" if bound.is_hidden else "input"


@register.inclusion_tag("_components/field.html")
def field(bound: BoundField, look: str = "", width: str = "", **attrs: Any) -> dict[str, Any]:
    """Draw a field: label, hint, error, control.

    `look="chips"` draws radios as chips. `width` is one of short, medium. Further keywords become
    attributes of the control, with hyphens for underscores: `autocomplete="email"`.
    """
    described = [f"{bound.auto_id}-hint"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
    named = {key.replace("_", "-"): value for key, value in attrs.items()}
    if described:
        named["aria-describedby"] = " ".join(described)
    if width:
        named["data-width"] = width
    kind = _kind_of(bound)
    control = bound.as_widget(attrs=named) if kind in ("input", "checkbox", "hidden") else ""
    return {
        "field": bound,
        "kind": kind,
        "look": look,
        "control": control,
        "described": " ".join(described),
        "is_optional": not (bound.field.required or getattr(bound.field, "is_conditional", False))
        and kind in ("input", "radios"),
    }


@register.inclusion_tag("_components/slot_picker.html")
def slot_picker(bound: BoundField, days: Any, hint: str = "") -> dict[str, Any]:
    """Draw times as chips, by day, for a field that keeps one of them.

    Each day has `title` and `times`; each of these has `words` ("5:30pm") and `time`, whose
    `value` the form sends and whose `who` stands below, with a `note`. `is_taken` marks one
    that cannot be had.
    """
    chosen = str(bound.value() or "")
    count = 0
    drawn: list[dict[str, Any]] = []
    for day in days:
        slots: list[dict[str, Any]] = []
        for offered in day["times"]:
            time = offered["time"]
            # The first carries the field's own id, so that the error summary leads to it.
            slots.append(
                {
                    "value": time.value,
                    "words": offered["words"],
                    "who": getattr(time, "who", ""),
                    "note": offered.get("note", ""),
                    "who_id": getattr(getattr(time, "who_id", None), "hex", ""),
                    "id": f"{bound.auto_id}_{count}" if count else bound.auto_id,
                    "is_chosen": time.value == chosen,
                    "is_taken": bool(offered.get("is_taken")),
                }
            )
            count += 1
        drawn.append({"title": day["title"], "slots": slots})
    described = [f"{bound.auto_id}-hint"] if hint else []
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
    return {"bound": bound, "days": drawn, "hint": hint, "described": " ".join(described)}
