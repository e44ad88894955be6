"""The main navigation. Apps register their pages; the base page shows each person theirs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link. `roles` are those it is for; empty means everyone, signed in or not."""

    label: str | Promise
    url_name: str
    roles: frozenset[str]
    order: int


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link ready to be drawn. `current` is the value of aria-current, or empty."""

    label: str
    href: str
    current: str


_items: dict[str, NavItem] = {}


def register(item: NavItem) -> None:
    """Put a link into the navigation. Registering the same address again replaces it."""
    _items[item.url_name] = item


def _current(href: str, path: str) -> str:
    if path == href:
        return "page"
    # A page inside a section marks the section, but everything lies under the root.
    return "true" if href != "/" and path.startswith(href) else ""


def links(roles: Iterable[str], path: str) -> list[NavLink]:
    """Return the links for these roles, in order, with the current one marked.

    An address that this process does not serve is left out: not every side has every page.
    """
    held = set(roles)
    found: list[NavLink] = []
    for item in sorted(_items.values(), key=lambda item: (item.order, item.url_name)):
        if item.roles and not item.roles & held:
            continue
        try:
            href = reverse(item.url_name)
        except NoReverseMatch:
            continue
        found.append(NavLink(str(item.label), href, _current(href, path)))
    return _only_nearest(found)


def _only_nearest(found: list[NavLink]) -> list[NavLink]:
    """Keep one mark: of /hours/ and /hours/program/, the longer address is the nearer one."""
    marked = [link for link in found if link.current]
    if len(marked) < 2:
        return found
    nearest = max(marked, key=lambda link: len(link.href))
    return [
        link if link is nearest or not link.current else NavLink(link.label, link.href, "")
        for link in found
    ]
