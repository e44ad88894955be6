"""The school's own facts: zone, coverage, crisis lines."""
