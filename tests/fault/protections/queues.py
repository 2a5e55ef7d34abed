"""Queues: what is told, who hears it, and what waits behind nothing."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

QUEUES: Final = (
    Protection(
        "messages lost between queue and worker",
        "unanswered messages are sent again",
        "workers/dispatch.py",
        "BACKOFF_SECONDS: Final = (15.0, 30.0, 60.0, 120.0)",
        "BACKOFF_SECONDS: Final = (1e6,)",
        "tests/workers/test_dispatch.py::test_a_lost_message_costs_a_pause_and_nothing_else",
    ),
    Protection(
        "Redis wiped",
        "the queue's epoch",
        "workers/dispatch.py",
        "        if self._broker.epoch() is None:",
        "        if self._broker.epoch() == 'never':",
        "tests/workers/test_dispatch.py::test_what_a_wiped_redis_was_told_is_told_again",
    ),
    Protection(
        "the network to Redis swallows everything",
        "timeouts of the queue's sockets",
        "workers/configuration.py",
        '            "socket_timeout": 5,\n            "socket_connect_timeout": 3,\n            "socket_keepalive": True,\n'
        '            "health_check_interval": 10,\n',
        "",
        "tests/fault/test_queue_faults.py::test_a_worker_hears_again_after_the_network_was_a_black_hole",
    ),
    Protection(
        "a job ends while the network to Redis swallows everything",
        "a message that cannot be acknowledged is forgotten",
        "workers/held_messages.py",
        "        virtual.QoS.ack(self, delivery_tag)\n",
        "",
        "tests/fault/test_queue_faults.py::test_a_worker_hears_again_after_the_network_was_a_black_hole",
    ),
    Protection(
        "receivers that drip their answers, or never begin one",
        "calls have a queue and a process of their own",
        "forecast/queue/queues.py",
        "return Queue.CALLS if self in (ErrandKind.FETCH, ErrandKind.DELIVERY) else Queue.DRAWINGS",
        "return Queue.JOBS if self in (ErrandKind.FETCH, ErrandKind.DELIVERY) else Queue.DRAWINGS",
        "tests/fault/test_apart.py::test_a_job_does_not_wait_for_receivers_that_drip",
    ),
    Protection(
        "an alert, a source or a preview while a job samples",
        "drawings and previews have a queue and a process of their own",
        "forecast/queue/queues.py",
        "return Queue.CALLS if self in (ErrandKind.FETCH, ErrandKind.DELIVERY) else Queue.DRAWINGS",
        "return Queue.CALLS if self in (ErrandKind.FETCH, ErrandKind.DELIVERY) else Queue.JOBS",
        "tests/fault/test_apart.py::test_an_alert_a_source_and_a_preview_do_not_wait_for_a_job_that_samples",
    ),
    Protection(
        "a receiver that answers nothing",
        "it is left alone, and one alert finds out for all",
        "forecast/alerts/delivering.py",
        "            if receiver.rests_until > began:",
        "            if receiver.rests_until.year > 9000:",
        "tests/alerts/test_receivers.py::test_a_receiver_that_answers_nothing_is_left_alone_longer_each_time",
    ),
    Protection(
        "a workspace with a thousand calls to make",
        "each has so many places in a process",
        "workers/places.py",
        "self._taken[workspace] < self._most",
        "self._taken[workspace] < 1_000_000",
        "tests/workers/test_places.py::test_each_workspace_has_so_many_places_and_gets_them_back",
    ),
    Protection(
        "a message that comes back before it is noted that it was sent",
        "an errand is due again after that",
        "forecast/store/repositories/errands.py",
        "published_at=None, not_before=now + AGAIN",
        "published_at=None",
        "tests/alerts/test_receivers.py::"
        "test_an_alert_that_found_no_place_is_told_again_even_where_the_telling_is_noted_late",
    ),
    Protection(
        "a fetch that kills its worker each time",
        "its attempts are counted, and it is given up",
        "forecast/errands/rule.py",
        "        return errand.attempts > self.most_attempts",
        "        return False",
        "tests/sources/test_source_failures.py::test_a_fetch_that_kills_its_worker_each_time_is_given_up",
    ),
    Protection(
        "a fetch that kills its worker each time",
        "an attempt that reports nothing holds it for a limited time",
        "forecast/errands/rule.py",
        "until = now + timedelta(seconds=rule.held_seconds)",
        "until = now + timedelta(days=1)",
        "tests/fault/test_fetch_faults.py::test_a_fetch_whose_process_dies_each_time_is_given_up_and_others_are_made",
    ),
    Protection(
        "the queue before a job grows shorter",
        "its place in the queue is part of what a watcher has seen",
        "api/routes/events.py",
        'f"{job.revision}.{position}"',
        "str(job.revision)",
        "tests/api/test_jobs.py::test_a_watcher_sees_the_queue_before_a_job_grow_shorter",
    ),
    Protection(
        "two installations on one Redis",
        "all that an installation has there lies under its identity",
        "forecast/queue/queues.py",
        'f"forecast:{identity_of(database)}:"',
        '"forecast:"',
        "tests/fault/test_two_installations.py::test_two_installations_on_one_redis_never_hear_of_each_other",
    ),
    Protection(
        "a copy of the database beside its original on one Redis",
        "a reader of the queue leaves its mark there",
        "workers/watch.py",
        "            broker.note_reader(guard.name)\n",
        "",
        "tests/fault/test_two_installations.py::test_who_reads_the_queue_with_a_copy_of_the_database_is_named",
    ),
)
