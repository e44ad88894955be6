"""Every pair of colors that meets on a page keeps its contrast, in both themes.

Reads the real tokens. The limits are those of WCAG 2.2: 4.5 for writing, 3 for the edges of what
can be used.
"""

import re
from pathlib import Path

TOKENS = Path(__file__).resolve().parent.parent.parent / "static" / "css" / "tokens.css"
GROUNDS = ("canvas", "surface", "sunken")
STATES = ("ok", "info", "warn", "danger")
WRITING, EDGE = 4.5, 3.0

PAIRS: list[tuple[str, str, float]] = [
    *[(ink, ground, WRITING) for ink in ("ink", "muted", "link") for ground in GROUNDS],
    *[("line", ground, EDGE) for ground in GROUNDS],
    *[(state, f"{state}-soft", WRITING) for state in STATES],
    *[("ink", f"{state}-soft", WRITING) for state in STATES],
    *[("link", f"{state}-soft", WRITING) for state in STATES],
    *[("ink", ground, WRITING) for ground in ("action-soft", "lamp-soft")],
    ("muted", "lamp-soft", WRITING),
    ("on-action", "action", WRITING),
    ("on-action", "action-strong", WRITING),
    ("on-danger", "danger", WRITING),
    ("on-danger", "danger-strong", WRITING),
    ("on-plum", "plum", WRITING),
    *[("danger", ground, WRITING) for ground in GROUNDS],
    *[("action", ground, EDGE) for ground in GROUNDS],
]


def _plain(css: str) -> dict[str, str]:
    block = css.split("@supports (", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});", block))


def _both(css: str) -> dict[str, tuple[str, str]]:
    found = re.findall(
        r"--([\w-]+):\s*light-dark\(\s*(#[0-9A-Fa-f]{6})\s*,\s*(#[0-9A-Fa-f]{6})\s*\)", css
    )
    return {name: (light, dark) for name, light, dark in found}


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def failures(css: str) -> list[str]:
    """Return every pair below its limit, and every color that differs between old and new."""
    plain, both = _plain(css), _both(css)
    wrong = [
        f"{name}: plain {plain.get(name)} is not the light half {light}"
        for name, (light, _dark) in both.items()
        if plain.get(name) != light
    ]
    for theme in (0, 1):
        colors = {**plain, **{name: halves[theme] for name, halves in both.items()}}
        for one, other, limit in PAIRS:
            ratio = contrast(colors[one], colors[other])
            if ratio < limit:
                wrong.append(f"{'dark' if theme else 'light'} {one} on {other}: {ratio:.2f}")
    return wrong


def test_colors_keep_their_contrast() -> None:
    assert failures(TOKENS.read_text()) == []


def test_black_on_white_is_twenty_one() -> None:
    assert round(contrast("#000000", "#FFFFFF"), 1) == 21.0


def test_a_paler_color_is_found() -> None:
    css = TOKENS.read_text().replace("#5E5668", "#9E96A8")

    assert any("light muted on canvas" in line for line in failures(css))


def test_a_dark_half_alone_is_found() -> None:
    css = TOKENS.read_text().replace(
        "light-dark(#0D5852, #8AD6CD)", "light-dark(#0D5852, #3A5552)"
    )

    assert any("dark link on canvas" in line for line in failures(css))


def test_a_plain_value_that_differs_is_found() -> None:
    css = TOKENS.read_text().replace("--ink: #2A2233;", "--ink: #2A2234;")

    assert any(line.startswith("ink: plain") for line in failures(css))
