"""Whether cheerful mail may be sent now."""

from datetime import datetime

from peersupport.core.outbox.batches import shared
from peersupport.core.outbox.kinds import Kind, Verdict
from peersupport.core.outbox.models import Outgoing
from program.queries.basics import facts
from program.queries.confidentiality import is_critical


def cheerful_gate(kind: Kind, outgoing: Outgoing, now: datetime) -> Verdict:
    """Hold cheerful mail while critical-incident mode lasts. Asks only for cheerful kinds."""
    if not kind.is_cheerful:
        return "pass"
    is_mourned = shared(outgoing, now, "mourned", lambda _rows: is_critical(facts().values, now))
    return "hold" if is_mourned else "pass"
