"""Outgoing messages as rows: written in the transaction of the act, delivered afterwards."""
