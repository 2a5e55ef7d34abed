"""Subscriptions, the alerts that they raised, and the deliveries of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.alert_schemas import (
    AlertDetail,
    AlertPage,
    AlertView,
    Delivery,
    DeliveryAttempt,
    NewSubscription,
    SubscriptionPage,
    SubscriptionView,
)
from api.feed import atom_feed
from api.idempotency import Keyed, Once, Reply
from api.requests import PAGE, Cursor, Id, Limit, StudyId, known_id, parse_body, read_body_json
from api.root_path import root_path
from api.routes.studies import known_study
from api.service import Reader, Service, Submitter
from forecast.alerts.raising import add_alert
from forecast.alerts.rotation import DEFAULT_HOURS, MAX_HOURS, old_secrets_until, rotate_secret
from forecast.alerts.rules import Finding
from forecast.alerts.subscriptions import (
    AlertKind,
    SubscriptionChange,
    SubscriptionRequest,
    change_subscription,
    create_subscription,
    delete_subscription,
    replay,
    require_subscribable,
    secret_of,
)
from forecast.queue.publish import try_publish
from forecast.queue.queues import ErrandKind
from forecast.store import AlertRepository, ErrandRepository, NotStoredError, StudyRepository, utc_now
from forecast.store.tables.alerts import AlertRow, DeliveryRow, SubscriptionRow
from forecast.study.document.fields import STUDY_ID_PATTERN

router = APIRouter(tags=["alerts"])

FEED_ENTRIES = 100


def _body(model: type[SubscriptionChange]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


@router.post(
    "/v1/subscriptions",
    summary="Subscribe to alerts of a study",
    response_model=NewSubscription,
    status_code=201,
    openapi_extra=_body(SubscriptionRequest),
)
async def post_subscription(request: Request, service: Submitter, keyed: Keyed) -> Response:
    """Crossed thresholds, moves beyond their noise, other verdicts, failing sources, missed due times. With `url`, each
    alert is posted there, signed as the Standard Webhooks specification says (`webhook-id`, `webhook-timestamp`,
    `webhook-signature`), and retried until it is accepted. Every attempt has the same id: drop repeats."""
    body = await read_body_json(request)
    wanted, once = parse_body(SubscriptionRequest, body), keyed.once(service, body, seals=True)
    return (await run_in_threadpool(once.answer, lambda: _create(once, wanted))).response()


def _create(once: Once, wanted: SubscriptionRequest) -> Reply:
    service = once.service
    # Validated before the write lock is taken.
    with service.database.read() as session:
        require_subscribable(session, known_study(StudyRepository(session), wanted.study), wanted, service.settings)

    def make() -> Reply:
        study = known_study(StudyRepository(session), wanted.study)
        row = create_subscription(session, study, wanted, service.settings, utc_now())
        view = _shown(row)
        made = NewSubscription(**view.model_dump(), secret=secret_of(row, service.settings))
        return Reply.of(made.model_dump(mode="json"), 201, {"Location": f"/v1/subscriptions/{made.id}"})

    with service.database.write() as session:
        return once.store(session, make)


StudyFilter = Annotated[str | None, Query(pattern=STUDY_ID_PATTERN, description="Only of this study.")]


@router.get("/v1/subscriptions", summary="List the subscriptions, newest first")
def list_subscriptions(
    service: Reader, limit: Limit = PAGE, cursor: Cursor = None, study: StudyFilter = None
) -> SubscriptionPage:
    with service.database.read() as session:
        page = AlertRepository(session).subscriptions(limit, cursor, study)
        items = tuple(_shown(row) for row in page.items)
    return SubscriptionPage(items=items, next_cursor=page.next_cursor)


@router.get("/v1/subscriptions/{subscription_id}", summary="Show a subscription")
def show_subscription(subscription_id: Id, service: Reader) -> SubscriptionView:
    with service.database.read() as session:
        return _shown(_subscription(session, subscription_id))


@router.patch(
    "/v1/subscriptions/{subscription_id}",
    summary="Change a subscription",
    response_model=NewSubscription,
    openapi_extra=_body(SubscriptionChange),
)
async def patch_subscription(subscription_id: Id, request: Request, service: Submitter) -> NewSubscription:
    """Absent fields keep their values. `enabled: false` pauses it, and events during a pause are not reported later.
    Pending alerts go to the new address. A new secret is shown once."""
    wanted = parse_body(SubscriptionChange, await read_body_json(request))
    return await run_in_threadpool(_change, service, subscription_id, wanted)


def _change(service: Service, subscription_id: str, wanted: SubscriptionChange) -> NewSubscription:
    with service.database.write() as session:
        row = _subscription(session, subscription_id)
        has_new_secret = change_subscription(row, wanted, service.settings, utc_now())
        session.flush()
        view = _shown(row)
        return NewSubscription(**view.model_dump(), secret=secret_of(row, service.settings) if has_new_secret else None)


Hours = Annotated[
    float, Query(ge=0, le=MAX_HOURS, description="How long messages are signed with the old secret as well.")
]


@router.post(
    "/v1/subscriptions/{subscription_id}/secret",
    summary="Give a subscription a new secret",
    operation_id="post_subscription_secret",
    response_model=NewSubscription,
    status_code=201,
)
def post_secret(subscription_id: Id, service: Submitter, keyed: Keyed, hours: Hours = DEFAULT_HOURS) -> Response:
    """The new secret is shown once. Messages carry two signatures until `old_secrets_until`, one by each secret: put the new
    one into your receiver before then. With `hours=0` the old one signs nothing any more."""
    now, once = utc_now(), keyed.once(service, {"hours": hours}, seals=True)

    def rotate() -> Reply:
        with service.database.write() as session:
            return once.store(session, lambda: make(session))

    def make(session: Session) -> Reply:
        row = _subscription(session, subscription_id)
        secret = rotate_secret(row, service.settings, now, hours)
        session.flush()
        view = NewSubscription(**_shown(row).model_dump(), secret=secret)
        headers = {"Location": f"/v1/subscriptions/{view.id}", "Cache-Control": "no-store"}
        return Reply.of(view.model_dump(mode="json"), 201, headers)

    return once.answer(rotate).response()


@router.delete("/v1/subscriptions/{subscription_id}", summary="End a subscription", status_code=204)
def remove_subscription(subscription_id: Id, service: Submitter) -> Response:
    """Its alerts stay."""
    with service.database.write() as session:
        delete_subscription(_subscription(session, subscription_id), utc_now())
    return Response(status_code=204)


@router.post(
    "/v1/subscriptions/{subscription_id}/test", summary="Send a test alert", response_model=AlertView, status_code=202
)
def test_subscription(subscription_id: Id, service: Submitter, keyed: Keyed) -> Response:
    """To see whether alerts of this subscription arrive, and whether their signature is accepted."""

    def make(session: Session) -> AlertRow:
        now = utc_now()
        row = _subscription(session, subscription_id)
        finding = Finding(f"test:{now.isoformat()}", f"test of {row.title!r}", {"subscription": row.id})
        alert_id = add_alert(session, row, finding, now, AlertKind.TEST.value)
        assert alert_id is not None, "no two tests at one moment"
        return _alert(session, alert_id)

    return _accepted(keyed.once(service, None), make)


@router.get("/v1/alerts", summary="List the alerts, newest first")
def list_alerts(service: Reader, limit: Limit = PAGE, cursor: Cursor = None, study: StudyFilter = None) -> AlertPage:
    with service.database.read() as session:
        page = AlertRepository(session).page(limit, cursor, study)
        return AlertPage(items=tuple(_views(session, page.items)), next_cursor=page.next_cursor)


@router.get("/v1/alerts/{alert_id}", summary="Show an alert and every attempt to deliver it")
def show_alert(alert_id: Id, service: Reader) -> AlertDetail:
    with service.database.read() as session:
        row = _alert(session, alert_id)
        (view,) = _views(session, [row])
        attempts = tuple(
            DeliveryAttempt.model_validate(attempt) for attempt in AlertRepository(session).attempts(row.id)
        )
    return AlertDetail(**view.model_dump(), attempts=attempts)


@router.post(
    "/v1/alerts/{alert_id}/replay", summary="Deliver an alert again", response_model=AlertView, status_code=202
)
def replay_alert(alert_id: Id, service: Submitter, keyed: Keyed) -> Response:
    """With the same id and body, and a new signature."""

    def make(session: Session) -> AlertRow:
        row = _alert(session, alert_id)
        replay(session, row.id, utc_now())
        session.flush()
        return row

    return _accepted(keyed.once(service, None), make)


@router.get(
    "/v1/studies/{study_id}/alerts.atom",
    summary="The alerts of a study as an Atom feed",
    operation_id="show_alert_feed",
    responses={200: {"content": {"application/atom+xml": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
def show_feed(study_id: StudyId, service: Reader, request: Request) -> Response:
    with service.database.read() as session:
        study = known_study(StudyRepository(session), study_id)
        alerts = AlertRepository(session).page(FEED_ENTRIES, study=study.id).items
    body = atom_feed(study, alerts, str(request.base_url).rstrip("/") + root_path())
    return Response(body, media_type="application/atom+xml", headers={"Cache-Control": "no-cache"})


def _accepted(once: Once, make: Callable[[Session], AlertRow]) -> Response:
    """202 with the alert that is to be delivered, once."""

    def reply(session: Session) -> Reply:
        (view,) = _views(session, [make(session)])
        return Reply.of(view.model_dump(mode="json"), 202, {"Location": f"/v1/alerts/{view.id}"})

    def store() -> Reply:
        with once.service.database.write() as session:
            return once.store(session, lambda: reply(session))

    found = once.answer(store)
    return found.response(BackgroundTask(_publish, once.service, AlertView.model_validate_json(found.text)))


def _publish(service: Service, view: AlertView) -> None:
    if view.delivery is not None:
        what = f"alert {view.id}"
        try_publish(
            lambda: service.publisher.publish_errand(ErrandKind.DELIVERY, service.workspace, view.id), None, what
        )


def _views(session: Session, rows: Iterable[AlertRow]) -> list[AlertView]:
    rows = tuple(rows)
    ids = [row.id for row in rows]
    deliveries, errands = AlertRepository(session).deliveries(ids), ErrandRepository(session)
    due = {key: errands.next_attempt_at(row) for key, row in errands.by_key(ErrandKind.DELIVERY, ids).items()}
    return [_view(row, deliveries.get(row.id), due.get(row.id)) for row in rows]


def _view(row: AlertRow, delivery: DeliveryRow | None, due: datetime | None) -> AlertView:
    values = {name: getattr(row, name) for name in AlertView.model_fields if name != "delivery"}
    if delivery is None:
        return AlertView(**values, delivery=None)
    shown = {name: getattr(delivery, name) for name in Delivery.model_fields if name != "next_attempt_at"}
    return AlertView(**values, delivery=Delivery(**shown, next_attempt_at=due))


def _shown(row: SubscriptionRow) -> SubscriptionView:
    values = {name: getattr(row, name) for name in SubscriptionView.model_fields if name != "old_secrets_until"}
    return SubscriptionView(**values, old_secrets_until=old_secrets_until(row, utc_now()))


def _subscription(session: Session, subscription_id: str) -> SubscriptionRow:
    row = AlertRepository(session).subscription(known_id(subscription_id, "subscription"))
    if row is None:
        raise NotStoredError(f"there is no subscription {subscription_id!r}")
    return row


def _alert(session: Session, alert_id: str) -> AlertRow:
    row = AlertRepository(session).get(known_id(alert_id, "alert"))
    if row is None:
        raise NotStoredError(f"there is no alert {alert_id!r}")
    return row
