"""Audit."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit app."""

    name = "peersupport.core.audit"
    label = "audit"
