"""Alerts as an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from forecast.store.tables.alerts import AlertRow
from forecast.store.tables.core import StudyRow

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, not even escaped."""


def atom_feed(study: StudyRow, alerts: Sequence[AlertRow], base_url: str) -> bytes:
    """The feed of a study's alerts, newest first.

    Parameters
    ----------
    base_url
        The service as the reader reaches it, for links.
    """
    here = f"{base_url}/v1/studies/{quote(study.id)}/alerts.atom"
    feed = ET.Element("feed", xmlns=NAMESPACE)
    _add(feed, "id", f"urn:scenario-forecast:study:{study.id}:alerts")
    _add(feed, "title", f"Alerts: {study.title}")
    _add(feed, "updated", _time(alerts[0].created_at if alerts else study.updated_at))
    ET.SubElement(feed, "link", rel="self", href=here)
    ET.SubElement(feed, "link", rel="alternate", href=f"{base_url}/")
    author = ET.SubElement(feed, "author")
    _add(author, "name", "scenario-forecast")
    for alert in alerts:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", f"urn:uuid:{alert.id}")
        _add(entry, "title", alert.title)
        _add(entry, "updated", _time(alert.created_at))
        page = f"forecasts/{alert.forecast_id}" if alert.forecast_id else f"v1/alerts/{alert.id}"
        ET.SubElement(entry, "link", rel="alternate", href=f"{base_url}/{page}")
        ET.SubElement(entry, "category", term=alert.kind)
        words = "; ".join(f"{name}: {value}" for name, value in alert.detail.items() if value is not None)
        _add(entry, "summary", words)
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
