"""Codes that a phone's camera reads."""

from io import BytesIO

import segno
from django.utils.safestring import SafeString, mark_safe


def qr(address: str) -> SafeString:
    """Return a QR code as SVG without a size, for the style sheet to set."""
    out = BytesIO()
    code = segno.make(address, error="m")
    code.save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    # The drawing is made here; what it says is in its modules, not in its markup.
    return mark_safe(out.getvalue().decode())  # noqa: S308
