"""Writes of accounts, one module for each capability. What others use most is named here."""

from accounts.services.people import (
    grant_role,
    join_as_student,
    join_by_invitation,
    mix_rows,
    note_sign_in,
    revoke_role,
    sign_out_everywhere,
)

__all__ = [
    "grant_role",
    "join_as_student",
    "join_by_invitation",
    "mix_rows",
    "note_sign_in",
    "revoke_role",
    "sign_out_everywhere",
]
