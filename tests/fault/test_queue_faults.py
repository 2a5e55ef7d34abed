"""The queue when its messages are lost, its network is a black hole, or its server is full."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from forecast.jobs.states import JobState
from forecast.queue.queues import Queue
from tests.coin import QUICK, coin_document
from tests.stack import Stack, running_stack
from tests.waiting import wait_until
from workers.address import choose_address
from workers.dispatch import BACKOFF_SECONDS
from workers.redis_server import find_redis_server

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.slow]


def submit(stack: Stack) -> str:
    with stack.client as client:
        return client.submit(document=coin_document(sampler=QUICK)).id


def test_messages_lost_between_the_queue_and_a_worker_that_dies_are_sent_again(stack: Stack) -> None:
    """A frozen worker has taken what it was sent from the server, and no other process has it; then it is killed."""
    worker = stack.process("workers.worker")
    os.kill(worker, signal.SIGSTOP)
    jobs = [submit(stack) for _ in range(3)]
    wait_until(lambda: all(stack.job_row(job_id).dispatched_at for job_id in jobs), message="the messages to be sent")
    os.kill(worker, signal.SIGKILL)
    stack.process("workers.worker")
    stack.clock.advance(BACKOFF_SECONDS[0] + 1)
    for job_id in jobs:
        job = stack.wait_for_end(job_id)
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), (job.error, stack.logs())


class Hole:
    """A proxy before a server, which can be made to swallow everything without closing anything."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.is_open = threading.Event()
        self.is_open.set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            # While it swallows, a new connection is taken and never answered, as behind a broken router.
            there = socket.create_connection(("127.0.0.1", self._target))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if self.is_open.is_set():
                    other.sendall(data)
        except OSError:
            pass
        finally:
            # What was swallowed is lost, so this connection is of no further use.
            if self.is_open.is_set():
                for end in (one, other):
                    end.close()

    def close(self) -> None:
        self._listener.close()


@contextmanager
def own_redis(folder: Path, *options: str) -> Iterator[int]:
    """A server on a port, set up as ours."""
    port = choose_port()
    common = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    process = subprocess.Popen(
        [str(find_redis_server()), *common, "--maxmemory-policy", "noeviction", *options], stdout=subprocess.DEVNULL
    )
    client = redis.Redis(port=port)
    try:
        wait_until(lambda: answers(client), message="Redis")
        yield port
    finally:
        client.close()
        process.kill()
        process.wait()


def choose_port() -> int:
    from forecast.runtime.settings import Settings

    return choose_address(Settings(port=0)).port


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@dataclass(frozen=True)
class Apart:
    """A service whose queue's server is behind a network that can swallow everything."""

    stack: Stack
    hole: Hole
    server: redis.Redis
    """Asked without that network."""


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="apart-")))
        port = resources.enter_context(own_redis(folder))
        server = resources.enter_context(redis.Redis(port=port))
        hole = Hole(port)
        resources.callback(hole.close)
        stack = resources.enter_context(running_stack(redis_url=f"redis://127.0.0.1:{hole.port}/0"))
        assert stack.wait_for_end(submit(stack)).state is JobState.SUCCEEDED
        yield Apart(stack, hole, server)


def test_a_worker_hears_again_after_the_network_was_a_black_hole(apart: Apart) -> None:
    """With the defaults of the client libraries it stays deaf for half a minute or for ever, without a word; and so it
    does when the message of a job that ended meanwhile could not be acknowledged."""
    stack, hole, server = apart.stack, apart.hole, apart.server
    worker = stack.process("workers.worker")

    wait_until(lambda: not server.hlen(stack.queue_prefix + "unacked"), message="the worker to have nothing in hand")
    assert "message_forgotten" not in (stack.settings.logs / "worker.log").read_text()
    hole.is_open.clear()
    # Kombu by itself looks at such a connection only every half a minute.
    hear_of_a_job_after(12, hole, stack, within=12)

    with stack.held():
        running = submit(stack)
        stack.wait_for_sampling(running)
        hole.is_open.clear()
    assert stack.wait_for_end(running).state is JobState.SUCCEEDED, "a job needs no queue to end"
    hear_of_a_job_after(12, hole, stack, within=60)
    assert server.hlen(stack.queue_prefix + "unacked") >= 1, (
        "this message could not be acknowledged, and comes again to be dropped"
    )

    assert stack.process("workers.worker") == worker, "it reconnected without a restart"


def hear_of_a_job_after(seconds: float, hole: Hole, stack: Stack, within: float) -> None:
    """Submit a job into the hole, open it after some seconds, and have the job begin within some more."""
    job_id = submit(stack)
    time.sleep(seconds)
    assert stack.job_row(job_id).state == JobState.QUEUED
    hole.is_open.set()
    wait_until(lambda: stack.job_row(job_id).state != JobState.QUEUED, within, stack.logs)
    job = stack.wait_for_end(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), (job.error, stack.logs())


def test_a_full_queue_server_costs_time_and_no_job(apart: Apart) -> None:
    stack, client = apart.stack, apart.server
    client.config_set("maxmemory", 1)
    jobs = [submit(stack) for _ in range(2)]
    log = stack.settings.logs / "dispatcher.log"
    for _ in range(2):
        stack.clock.advance(BACKOFF_SECONDS[0] + 1)
        told = log.read_text().count("broker_unavailable")
        wait_until(lambda told=told: log.read_text().count("broker_unavailable") > told, 60, "another try in vain")
    assert {stack.job_row(job_id).state for job_id in jobs} == {JobState.QUEUED}
    client.config_set("maxmemory", 0)
    for job_id in jobs:
        job = stack.wait_for_end(job_id)
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), (job.error, stack.logs())


def test_a_message_that_is_no_json_is_refused_and_the_worker_lives(stack: Stack) -> None:
    """A pickle could run code when it is opened; it is never opened."""
    import base64
    import json
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {stack.home}/evil",)

    worker = stack.process("workers.worker")
    body = base64.b64encode(pickle.dumps(Evil())).decode()
    message = {
        "body": body,
        "content-encoding": "binary",
        "content-type": "application/x-python-serialize",
        "headers": {"task": "forecast.run_job.1", "id": "x", "lang": "py"},
        "properties": {
            "delivery_info": {"exchange": "", "routing_key": "jobs"},
            "delivery_tag": "x",
            "body_encoding": "base64",
            "delivery_mode": 2,
            "priority": 0,
        },
    }
    client = redis.Redis(unix_socket_path=str(stack.settings.redis_socket))
    queue = stack.queue_prefix + Queue.JOBS
    client.lpush(queue, json.dumps(message))
    wait_until(lambda: client.llen(queue) == 0, 30, "the message to be taken")
    client.close()
    assert stack.wait_for_end(submit(stack)).state is JobState.SUCCEEDED
    assert stack.process("workers.worker") == worker
    assert not (stack.home / "evil").exists()
