"""Forms of the school's own facts, one module for each thing."""
