"""Writes of campaigns: taken from the library, written, switched, ended. All of it is audited."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from reminders import emails
from reminders.models import Campaign
from reminders.permissions import may_keep_campaigns
from reminders.queries.pages import draft_of
from reminders.rules import (
    MAY_CHANGE,
    TRANSITIONS,
    AlreadyTaken,
    NotAllowed,
    NotAllowedFrom,
    State,
    Verb,
)
from reminders.services.planning import take_back_campaign, wake_planner


def _authorize(by: Actor) -> None:
    if not may_keep_campaigns(by):
        raise NotAllowed


def _record(campaign: uuid.UUID, verb: str, by: Actor, now: datetime, note: str = "") -> None:
    record(by=by, verb=verb, thing="campaign", thing_id=str(campaign), now=now, note=note)


@transaction.atomic(durable=True)
def take_from_library(*, key: str, by: Actor, now: datetime) -> Campaign:
    """Return a draft with the words of the library. Raises AlreadyTaken if one is there."""
    _authorize(by)
    row = draft_of(key)
    Campaign.objects.bulk_create([row], ignore_conflicts=True)
    if not Campaign.objects.filter(pk=row.pk).exists():
        raise AlreadyTaken
    _record(row.pk, "write campaign", by, now, key)
    return row


@transaction.atomic(durable=True)
def add_campaign(*, fields: dict[str, Any], by: Actor, now: datetime) -> Campaign:
    """Write a draft of one's own."""
    _authorize(by)
    row = Campaign.objects.create(**fields)
    _record(row.pk, "write campaign", by, now)
    return row


@transaction.atomic(durable=True)
def change_campaign(
    *, campaign: uuid.UUID, fields: dict[str, Any], by: Actor, now: datetime
) -> None:
    """Change one that says nothing at the moment. Raises NotAllowedFrom for one that is on."""
    _authorize(by)
    states = [str(state) for state in MAY_CHANGE]
    if not Campaign.objects.filter(pk=campaign, state__in=states).update(**fields):
        raise NotAllowedFrom
    _record(campaign, "change campaign", by, now)


@transaction.atomic(durable=True)
def switch(*, campaign: uuid.UUID, verb: Verb, by: Actor, now: datetime) -> State:
    """Switch one on, pause, resume or end it; return where it stands.

    What has not gone yet leaves the outbox with a pause or an end. Raises NotAllowedFrom if
    somebody got there first.
    """
    _authorize(by)
    for before, each in TRANSITIONS:
        if each is verb:
            after = TRANSITIONS[before, verb]
            here = Campaign.objects.filter(pk=campaign, state=str(before))
            if here.update(state=str(after)):
                break
    else:
        raise NotAllowedFrom
    if after is not State.ON:
        take_back_campaign(campaign)
    _record(campaign, f"{verb} campaign", by, now)
    transaction.on_commit(wake_planner)
    return after


@transaction.atomic(durable=True)
def send_test(*, campaign: Campaign, milestone: uuid.UUID, by: Person, now: datetime) -> None:
    """Send whoever asks a letter as it would go."""
    _authorize(by)
    emails.ask_for_test(campaign=campaign, about=milestone, to=by, now=now)
    _record(campaign.pk, "test campaign", by, now)
