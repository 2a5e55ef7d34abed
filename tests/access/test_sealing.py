"""Secrets at rest, and in logs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from forecast.access.sealing import SecretBox, SecretsError, new_secret_key
from forecast.alerts.subscriptions import SubscriptionRequest, create_subscription, reseal_secrets, secret_of
from forecast.runtime.redaction import redact, redact_values
from forecast.runtime.settings import Settings
from forecast.store import AlertRepository, StudyRepository
from forecast.study.document.canonical import canonical_json
from tests.coin import NOW, coin_study
from tests.installation import installation_in

KEY = "fc_abcd2345_" + "k" * 43


def test_what_is_sealed_opens_again_and_does_not_show(tmp_path: Path) -> None:
    box = SecretBox.of(Settings(home=tmp_path))
    sealed = box.seal("whsec_abc")
    assert "whsec" not in sealed
    assert sealed != box.seal("whsec_abc"), "equal secrets do not look equal"
    assert box.open(sealed) == "whsec_abc"
    assert box.open("whsec_of_before") == "whsec_of_before"
    file = tmp_path / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert SecretBox.of(Settings(home=tmp_path)).open(sealed) == "whsec_abc", "the next process has the same key"


def test_a_key_can_be_replaced() -> None:
    old, new = new_secret_key(), new_secret_key()
    sealed = SecretBox((old,)).seal("s")
    both = SecretBox((new, old))
    resealed = both.reseal(sealed)
    assert SecretBox((new,)).open(resealed) == "s"
    with pytest.raises(SecretsError, match="sealed with a key that is not here"):
        SecretBox((new,)).open(sealed)


def test_a_tampered_secret_and_a_bad_key_are_refused() -> None:
    sealed = SecretBox((new_secret_key(),)).seal("s")
    with pytest.raises(SecretsError):
        SecretBox((new_secret_key(),)).open(sealed[:-4] + "AAA=")
    with pytest.raises(SecretsError, match="forecast key secret"):
        SecretBox(("no key",))


def test_the_database_holds_no_secret_of_a_webhook_and_old_ones_are_sealed(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home", outgoing_hosts=("example.org",)) as installation:
        study = coin_study()
        wanted = SubscriptionRequest(study="coin", kind="verdict", url="https://example.org/hook")  # type: ignore[arg-type]
        with installation.database.write() as session:
            row, _ = StudyRepository(session).put(
                "coin", study.title, study.digest, canonical_json(study.canonical()), NOW
            )
            made = create_subscription(session, row, wanted, installation.settings, NOW)
            of_before = create_subscription(session, row, wanted, installation.settings, NOW)
            of_before.secret = "whsec_" + "b" * 40
            secret = secret_of(made, installation.settings)
        assert secret is not None
        with installation.database.write() as session:
            assert reseal_secrets(session, installation.settings) == 2
        with closing(sqlite3.connect(installation.settings.home / "forecast.db")) as connection:
            dump = "\n".join(connection.iterdump())
        assert secret not in dump
        assert "whsec_" not in dump
        with installation.database.read() as session:
            opened = {secret_of(row, installation.settings) for row in AlertRepository(session).with_secret()}
        assert opened == {secret, "whsec_" + "b" * 40}


@pytest.mark.parametrize(
    ("text", "kept", "hidden"),
    [
        (f"key {KEY} refused", "fc_abcd2345_", "k" * 43),
        ("whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", "whsec_", "QUJDREVG"),
        ("Authorization: Bearer abc.def-ghi_jkl", "Bearer", "abc.def"),
        ("redis://user:hunter2@host:6379/0", "host:6379/0", "hunter2"),
        ("postgresql+psycopg://f:p%40ss@db/x", "db/x", "p%40ss"),
        ("GET https://example.org/t.csv?token=abcdef&x=1 failed", "https://example.org/t.csv", "abcdef"),
        ("/sign-in?next=/a#" + "w" * 43, "/sign-in?next=/a#", "w" * 43),
    ],
)
def test_what_is_secret_is_taken_out_and_the_rest_is_kept(text: str, kept: str, hidden: str) -> None:
    shown = redact(text)
    assert kept in shown
    assert hidden not in shown


def test_what_is_not_secret_stays_as_it_is() -> None:
    text = "job 01980000-0000-7000-8000-000000000001 of coin? at https://example.org/a: done in 3.2 s #4"
    assert redact(text) == text
    assert redact_values({"a": [KEY, 1, None], "b": (KEY,)}) == {"a": [redact(KEY), 1, None], "b": [redact(KEY)]}


def test_the_log_holds_no_secret_and_no_forged_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    code = f"""
import logging
from pathlib import Path
from forecast.runtime.logs import configure_logging, get_logger
configure_logging("test", "INFO", Path({str(file)!r}))
log = get_logger("x")
log.info("asked", url="https://u:hunter2@example.org/x?token=abcdef", key={KEY!r}, text='a\\n{{"event": "forged"}}')
logging.getLogger("lib").warning("Bearer %s", {KEY!r})
try:
    raise ValueError("with {KEY}")
except ValueError:
    log.exception("failed")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    text = file.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 3
    for secret in ("hunter2", "abcdef", "k" * 43):
        assert secret not in text
    assert lines[0]["process"] == "test"
    assert "ValueError: with fc_abcd2345_" in lines[2]["exception"]
