"""A study document as YAML that people edit, and that reads back as the very same document."""

from __future__ import annotations

from typing import Any, Final

import yaml

from forecast.study.reading.yaml_reader import NUMBER

LINE_ENDS: Final = frozenset("\x85\u2028\u2029")
"""YAML folds them into spaces where they are not escaped."""


class _Dumper(yaml.SafeDumper):
    """Rows of tables on one line each, everything else as a block; no anchors, which a study may not have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = bool(node.value) and all(isinstance(value, yaml.ScalarNode) for _, value in node.value)
        return node


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # YAML quotes what it would guess itself (dates, `no`, `012`); JSON's numbers are more than YAML's (`0E0`).
    style = "'" if NUMBER.fullmatch(value) else '"' if LINE_ENDS.intersection(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(document: dict[str, Any]) -> str:
    """The document with its keys in their own order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text
