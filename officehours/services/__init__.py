"""Writes of office hours: one verb, one transaction, `by` and `now` said by the caller."""
