"""Audit: acts of staff and of the privileged, append-only. Never what a student does."""
