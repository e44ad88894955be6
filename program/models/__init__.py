"""Tables of the school's own facts, one module for each thing."""

from program.models.coverage import Away, Coverage
from program.models.facts import Facts
from program.models.holidays import Holiday
from program.models.milestones import Milestone, Term
from program.models.settings import Setting, Signature

__all__ = ["Away", "Coverage", "Facts", "Holiday", "Milestone", "Setting", "Signature", "Term"]
