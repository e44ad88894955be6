"""The portal: pages that join everything, and the program's own housekeeping."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """The portal app."""

    name = "peersupport.portal"
    label = "portal"

    def ready(self) -> None:
        """Stamp a fresh database, give its sides their rights, and put Today first."""
        # Whoever runs Django, a command too, must wake the broker that is configured: without
        # this, Celery would wait for a default one. Loaded by name, since nobody imports wiring.
        import_module("peersupport.celery")

        from peersupport.core.ui.nav import NavItem, register
        from peersupport.portal import health, undelivered
        from peersupport.portal.checks import register_checks
        from peersupport.portal.roles import become_owner, give_rights
        from peersupport.portal.startup import publish_demo_keys, stamp_database

        register_checks()
        undelivered.register()
        health.register()
        register(NavItem(_("Today"), "portal:today", frozenset(), 10))
        pre_migrate.connect(become_owner, sender=self)
        post_migrate.connect(stamp_database, sender=self)
        post_migrate.connect(publish_demo_keys, sender=self)
        post_migrate.connect(give_rights, sender=self)
