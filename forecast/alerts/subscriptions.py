"""Subscriptions: which events of a study raise alerts. Made, changed and ended on request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from forecast.errors import FieldError
from forecast.jobs.errors import QuotaExceededError, SubscriptionError
from forecast.jobs.states import DeliveryState
from forecast.queue.queues import ErrandKind
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import AlertRepository, ErrandRepository, NotStoredError, StudyRepository, WorkspaceRepository
from forecast.store.ids import new_id
from forecast.store.tables.alerts import DeliveryRow, SubscriptionRow
from forecast.store.tables.core import StudyRow
from forecast.study.document.options import part_titles
from forecast.study.reading.suggest import unknown_name

DEFAULT_MOVE: Final = 0.05
DEFAULT_FAILURES: Final = 3
LOOK_BACK: Final = timedelta(minutes=10)
"""How far before the last look due times are looked at again; their transaction may have ended after that look."""


log = get_logger(__name__)


class AlertKind(StrEnum):
    """What an alert can be about."""

    THRESHOLD = "threshold"
    """A probability crossed a threshold from one forecast to the next."""
    MOVE = "move"
    """A probability moved by at least so much, and by more than its noise."""
    VERDICT = "verdict"
    """The verdict of the checks is another one than that of the forecast before."""
    SOURCE = "source"
    """A source failed so many times in a row."""
    SCHEDULE = "schedule"
    """A due time was missed, or its forecast could not be made."""
    TEST = "test"
    """Asked for, to see whether it arrives."""


class Direction(StrEnum):
    """Which crossings of a threshold raise an alert."""

    ABOVE = "above"
    BELOW = "below"
    EITHER = "either"


Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Url = Annotated[str, Field(min_length=1, max_length=2000)]


class SubscriptionChange(BaseModel):
    """Changes of a subscription; what is absent stays."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Title of the subscription, 1 to 200 characters; made from kind and study by default."""
    url: Url | None = None
    """Webhook address, up to 2000 characters; null: alerts are only listed and in the feed."""
    enabled: bool | None = None
    """False pauses it; what happens meanwhile is not reported later. True by default."""


class SubscriptionRequest(SubscriptionChange):
    """A new subscription."""

    study: str
    """Id of a stored study."""
    kind: AlertKind
    """What is reported; `test` cannot be subscribed to."""
    outcome: str | None = None
    """Id of an outcome, for `threshold` and `move`; null: every outcome and scenario."""
    scenario: str | None = None
    """Id of a scenario, for `threshold` and `move`, instead of an outcome."""
    threshold: Share | None = None
    """Probability between 0 and 1; required for `threshold`."""
    direction: Direction | None = None
    """Which crossings count, for `threshold`; `either` by default."""
    least_move: Share | None = None
    """Smallest change of a probability, between 0 and 1, for `move`; 0.05 by default."""
    failures: Annotated[int, Field(ge=1, le=100)] | None = None
    """Failed fetches in a row, 1 to 100, for `source`; 3 by default."""


_OPTIONS: Final = {
    AlertKind.THRESHOLD: {"outcome", "scenario", "threshold", "direction"},
    AlertKind.MOVE: {"outcome", "scenario", "least_move"},
    AlertKind.VERDICT: set[str](),
    AlertKind.SOURCE: {"failures"},
    AlertKind.SCHEDULE: set[str](),
}


def create_subscription(
    session: Session, study: StudyRow, wanted: SubscriptionRequest, settings: Settings, now: datetime
) -> SubscriptionRow:
    """Store a subscription; its secret is in the row, sealed, and nowhere else.

    Raises
    ------
    SubscriptionError
        With every place that is wrong.
    QuotaExceededError
        When the workspace has as many as it may.
    """
    # A quarter of a second that only this needs.
    from forecast.access.sealing import SecretBox
    from forecast.outgoing import new_secret

    require_subscribable(session, study, wanted, settings)
    _require_place(session, study.workspace, settings.workspace_subscriptions)
    is_threshold, is_move = wanted.kind is AlertKind.THRESHOLD, wanted.kind is AlertKind.MOVE
    row = SubscriptionRow(
        id=new_id(),
        study=study.id,
        title=wanted.title or f"{wanted.kind.value}: {study.title}"[:200],
        kind=wanted.kind.value,
        outcome=wanted.outcome,
        scenario=wanted.scenario,
        threshold=wanted.threshold,
        direction=(wanted.direction or Direction.EITHER).value if is_threshold else None,
        least_move=(wanted.least_move or DEFAULT_MOVE) if is_move else None,
        failures=(wanted.failures or DEFAULT_FAILURES) if wanted.kind is AlertKind.SOURCE else None,
        url=wanted.url,
        secret=None if wanted.url is None else SecretBox.of(settings).seal(new_secret()),
        enabled=wanted.enabled is not False,
        seen_until=now,
        created_at=now,
        updated_at=now,
    )
    AlertRepository(session).add_subscription(row)
    return row


def require_subscribable(session: Session, study: StudyRow, wanted: SubscriptionRequest, settings: Settings) -> None:
    """Make sure that a subscription can be made.

    Raises
    ------
    SubscriptionError
        With every place that is wrong.
    """
    if errors := [*_errors(session, study, wanted), *_url_errors(wanted.url, settings)]:
        raise SubscriptionError(errors)


def _require_place(session: Session, workspace: str, most: int) -> None:
    # Two requests cannot both take the last place.
    WorkspaceRepository(session).lock(workspace)
    count = AlertRepository(session).count_subscriptions(workspace)
    if count >= most:
        raise QuotaExceededError(
            f"the workspace {workspace!r} has {count} subscriptions, expected fewer than {most}; end one that is not "
            "needed, or ask the operator to raise FORECAST_WORKSPACE_SUBSCRIPTIONS"
        )


def change_subscription(row: SubscriptionRow, wanted: SubscriptionChange, settings: Settings, now: datetime) -> bool:
    """Change a subscription; what happened while it was paused is not reported later.

    Alerts under way go to the address that it has at the time of the attempt.

    Returns
    -------
    bool
        Whether it now has a secret that has not been shown yet.

    Raises
    ------
    SubscriptionError
        When the address cannot be used.
    """
    from forecast.access.sealing import SecretBox
    from forecast.outgoing import new_secret

    if errors := list(_url_errors(wanted.url, settings)):
        raise SubscriptionError(errors)
    has_new_secret = False
    if "url" in wanted.model_fields_set:
        row.url = wanted.url
        has_new_secret = row.secret is None and wanted.url is not None
        row.secret = SecretBox.of(settings).seal(new_secret()) if has_new_secret else row.secret
    if wanted.enabled is not None and wanted.enabled != row.enabled:
        # Due times are looked at from some minutes before; those of the pause are over.
        skipped = LOOK_BACK if row.kind == AlertKind.SCHEDULE else timedelta()
        row.enabled, row.seen_until = wanted.enabled, now + skipped
    row.title = wanted.title or row.title
    row.updated_at = now
    return has_new_secret


def secret_of(row: SubscriptionRow, settings: Settings) -> str | None:
    """What signs the messages of a subscription."""
    from forecast.access.sealing import SecretBox

    return None if row.secret is None else SecretBox.of(settings).open(row.secret)


def reseal_secrets(session: Session, settings: Settings) -> int:
    """Seal every secret with the key in use, older unsealed ones too; returns how many.

    A secret that no key opens stays as it is and is logged. Its webhook fails until a new address gives it a new
    secret.
    """
    from forecast.access.sealing import SecretBox, SecretsError

    box, count = SecretBox.of(settings), 0
    for row in AlertRepository(session).with_secret():
        assert row.secret is not None, "they were asked for by it"
        try:
            row.secret = box.reseal(row.secret)
            row.old_secrets = [{**old, "secret": box.reseal(old["secret"])} for old in row.old_secrets or ()] or None
            count += 1
        except SecretsError as error:
            log.error("secret_not_opened", subscription=row.id, error=str(error))
    return count


def delete_subscription(row: SubscriptionRow, now: datetime) -> None:
    """End a subscription; its alerts stay, and pending deliveries are not sent."""
    row.enabled, row.deleted_at, row.updated_at = False, now, now


def _errors(session: Session, study: StudyRow, wanted: SubscriptionRequest) -> Iterator[FieldError]:
    if wanted.kind is AlertKind.TEST:
        message = "test is sent by POST /v1/subscriptions/<id>/test; expected another kind; choose one"
        yield FieldError("kind", "kind", message)
        return
    options = _OPTIONS[wanted.kind]
    for name in ("outcome", "scenario", "threshold", "direction", "least_move", "failures"):
        if getattr(wanted, name) is not None and name not in options:
            message = (
                f"means nothing for {wanted.kind.value}; expected only {', '.join(sorted(options)) or 'no options'}"
            )
            yield FieldError(name, "unused", message + "; leave it out")
    if wanted.kind is AlertKind.THRESHOLD and wanted.threshold is None:
        yield FieldError("threshold", "missing", "nothing here; expected a probability between 0 and 1; give one")
    if wanted.outcome is not None and wanted.scenario is not None:
        yield FieldError("scenario", "both", "an outcome and a scenario; expected one of them; make two subscriptions")
    document = json.loads(StudyRepository(session).document(study.digest) or "{}")
    known = {
        "outcome": list(part_titles(document)),
        "scenario": [block["id"] for block in document.get("scenarios", [])],
    }
    for name, ids in known.items():
        if (value := getattr(wanted, name)) is not None:
            yield from unknown_name(name, value, ids, f"an {name}")


def _url_errors(url: str | None, settings: Settings) -> Iterable[FieldError]:
    from forecast.outgoing import AddressRefusedError, AddressRules, check_name

    if url is None:
        return ()
    try:
        check_name(url, AddressRules.of(settings))
    except AddressRefusedError as error:
        return (FieldError("url", error.code, str(error)),)
    return ()


def replay(session: Session, alert_id: str, now: datetime) -> DeliveryRow:
    """Request that an alert is delivered again, from the first attempt on, whatever happened before.

    Raises
    ------
    NotStoredError
        When it was never to be delivered.
    """
    delivery = AlertRepository(session).deliveries([alert_id]).get(alert_id)
    if delivery is None:
        raise NotStoredError(
            f"the alert {alert_id} has no delivery: its subscription had no address when it was raised"
        )
    alert = AlertRepository(session).get(alert_id)
    assert alert is not None, "a delivery points to its alert"
    delivery.state, delivery.attempts, delivery.settled_at = DeliveryState.PENDING.value, 0, None
    ErrandRepository(session).want(ErrandKind.DELIVERY, alert.workspace, alert_id, now, anew=True)
    return delivery
