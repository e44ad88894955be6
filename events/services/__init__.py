"""Writes of events."""
