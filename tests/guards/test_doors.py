"""Ways into a session: each asks whoever has a second factor for it, or is one.

allauth's login stages ask. What signs in by itself goes around them, so it must be named here.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ["accounts", "program", "officehours", "events", "reminders", "referrals", "training"]
PLACES = [*APPS, "insights", "peersupport"]

KNOWN = {
    "accounts/views/campus.py",  # only where the school vouches for a second factor, by setting
    "accounts/views/second_factor.py",  # a passkey that was unlocked is both factors
    "peersupport/portal/demo.py",  # the demo's cast; absent outside the demo
}
# What makes a session somebody's.
SIGNS_IN = {"login", "alogin", "SESSION_KEY"}


def doors(source: str) -> bool:
    """Tell whether a module takes what signs somebody in out of django.contrib.auth."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="django.contrib.auth", names=names):
                if SIGNS_IN & {name.name for name in names}:
                    return True
            case ast.Attribute(value=ast.Name(id="auth"), attr="login" | "alogin"):
                return True
    return False


def test_every_door_is_known() -> None:
    found = {
        str(path.relative_to(ROOT))
        for place in PLACES
        for path in (ROOT / place).rglob("*.py")
        if doors(path.read_text())
    }

    assert found == KNOWN


def test_a_new_door_is_found() -> None:
    assert doors("from django.contrib.auth import login, logout")
    assert doors("from django.contrib import auth\nauth.login(request, person)")
    assert not doors("from django.contrib.auth import logout")
