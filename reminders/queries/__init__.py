"""Reads of reminders, one module for each thing."""
