"""Reads of office hours, as frozen dataclasses, scoped to whoever reads."""
