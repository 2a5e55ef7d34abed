"""Compares the names that a template uses with the types of its page's context, without rendering anything."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from jinja2 import Environment, nodes

GLOBALS = frozenset({"asset", "numbers", "root_path", "thresholds"})
Scope = dict[str, Any]


class TemplateChecker:
    """Walks a template with the types of what it is given; macros are walked with the types of each call."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.problems: list[str] = []
        self._macros: dict[str, nodes.Macro] = {}

    def check(self, template: str, context: type) -> list[str]:
        """Every use of a name that is not there."""
        scope = {name: hint for name, hint in get_type_hints(context).items() if get_origin(hint) is not ClassVar}
        self._template(template, scope)
        return self.problems

    def _template(self, name: str, scope: Scope) -> None:
        assert self.environment.loader is not None
        tree = self._parse(name)
        self._collect_macros(tree)
        for extended in tree.find_all(nodes.Extends):
            assert isinstance(extended.template, nodes.Const)
            self._template(extended.template.value, scope)
        self._statements(tree.body, scope)

    def _parse(self, name: str) -> nodes.Template:
        assert self.environment.loader is not None
        return self.environment.parse(self.environment.loader.get_source(self.environment, name)[0], name)

    def _collect_macros(self, tree: nodes.Template) -> None:
        for imported in tree.find_all(nodes.FromImport):
            assert isinstance(imported.template, nodes.Const)
            self._collect_macros(self._parse(imported.template.value))
        self._macros |= {macro.name: macro for macro in tree.find_all(nodes.Macro)}

    def _statements(self, body: list[nodes.Node], scope: Scope) -> None:
        for node in body:
            match node:
                case nodes.For():
                    inner = {**scope, **self._bind(node.target, element_of(self.type_of(node.iter, scope)))}
                    if node.test is not None:
                        self.type_of(node.test, inner)
                    self._statements(node.body, inner)
                    self._statements(node.else_, scope)
                case nodes.If():
                    self.type_of(node.test, scope)
                    for branch in (node.body, node.elif_, node.else_):
                        self._statements(list(branch), scope)
                case nodes.Block():
                    self._statements(node.body, scope)
                case nodes.CallBlock():
                    self._statements(node.body, scope)
                    self._call(node.call, {**scope, "caller": Any})
                case nodes.Output():
                    for part in node.nodes:
                        self.type_of(part, scope)
                case nodes.Macro() | nodes.FromImport() | nodes.Extends():
                    pass
                case _:
                    self.problems.append(f"{node.lineno}: this check does not know {type(node).__name__}")

    def _bind(self, target: nodes.Node, hint: Any) -> Scope:
        if isinstance(target, nodes.Name):
            return {target.name: hint}
        assert isinstance(target, nodes.Tuple)
        hints = get_args(hint) if get_origin(hint) is tuple else (Any,) * len(target.items)
        return {part.name: one for part, one in zip(target.items, hints, strict=True) if isinstance(part, nodes.Name)}

    def type_of(self, node: nodes.Node, scope: Scope) -> Any:
        """The type of an expression; Any where it does not matter."""
        match node:
            case nodes.Name():
                if node.name not in scope and node.name not in GLOBALS and node.name not in self._macros:
                    self.problems.append(f"line {node.lineno}: {node.name} is not in the context")
                return scope.get(node.name, Any)
            case nodes.Getattr():
                return self._attribute(node, without_none(self.type_of(node.node, scope)))
            case nodes.Call():
                return self._call(node, scope)
            case nodes.Const():
                return type(node.value)
            case nodes.Tuple():
                found = [self.type_of(item, scope) for item in node.items]
                return tuple[found[0], ...] if found else tuple  # type: ignore[misc, return-value]
            case _:
                for child in node.iter_child_nodes():
                    self.type_of(child, scope)
                return Any

    def _attribute(self, node: nodes.Getattr, owner: Any) -> Any:
        if owner is Any:
            return Any
        hints = get_type_hints(owner) if dataclasses.is_dataclass(owner) else {}
        if node.attr not in hints:
            self.problems.append(f"line {node.lineno}: {getattr(owner, '__name__', owner)} has no {node.attr}")
            return Any
        return hints[node.attr]

    def _call(self, node: nodes.Call, scope: Scope) -> Any:
        given = [self.type_of(argument, scope) for argument in node.args]
        named = {keyword.key: self.type_of(keyword.value, scope) for keyword in node.kwargs}
        self.type_of(node.node, scope)
        if isinstance(node.node, nodes.Name) and node.node.name in self._macros:
            macro = self._macros[node.node.name]
            names = [argument.name for argument in macro.args]
            # A macro sees its arguments; one of the page itself sees the page's names as well.
            self._statements(
                macro.body, {**dict.fromkeys(names, Any), **scope, **dict(zip(names, given, strict=False)), **named}
            )
        return Any


def without_none(hint: Any) -> Any:
    """The type apart from None."""
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return rest[0] if len(rest) == 1 else Any
    return hint


def element_of(hint: Any) -> Any:
    """What a loop over this type gives."""
    hint = without_none(hint)
    arguments = get_args(hint)
    return arguments[0] if get_origin(hint) is tuple and arguments else Any


def parts_of(context: type, seen: set[type] | None = None) -> set[type]:
    """The dataclasses that a context is made of, itself included."""
    seen = set() if seen is None else seen
    if context in seen:
        return seen
    seen.add(context)
    for hint in get_type_hints(context).values():
        for part in _leaves(hint):
            if isinstance(part, type) and dataclasses.is_dataclass(part):
                parts_of(part, seen)
    return seen


def _leaves(hint: Any) -> list[Any]:
    arguments = get_args(hint)
    return [leaf for part in arguments for leaf in _leaves(part)] if arguments else [hint]
