"""Invented content for the page of all components."""

from typing import Any


def everything() -> dict[str, Any]:
    """Return the context of the components page."""
    return {}
