"""What of an OpenAPI description a later one takes away from who relies on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Spec = Mapping[str, Any]
Side = Literal["request", "answer"]
_LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")


def taken_away(old: Spec, new: Spec) -> list[str]:
    """Each change that breaks a caller who was written for `old`, as a line.

    A caller may send whatever `old` allows, and rely on whatever `old` says of answers: so requests may only
    allow more, and answers only say more.
    """
    found: list[str] = []
    for path, operations in old["paths"].items():
        for method, before in operations.items():
            where = f"{method.upper()} {path}"
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                found.append(f"{where}: gone")
                continue
            found += _Walk(old, new).operation(where, before, after)
    return found


class _Walk:
    def __init__(self, old: Spec, new: Spec) -> None:
        self.old, self.new = old, new
        self.met: set[tuple[str, str, str]] = set()

    def operation(self, where: str, before: Spec, after: Spec) -> Iterator[str]:
        parameters = {(one["in"], one["name"]): one for one in after.get("parameters", [])}
        for one in before.get("parameters", []):
            later = parameters.pop((one["in"], one["name"]), None)
            if later is None:
                yield f"{where}: the parameter {one['name']} is gone"
                continue
            if later.get("required") and not one.get("required"):
                yield f"{where}: the parameter {one['name']} is required now"
            yield from self.schema(f"{where} {one['name']}", one["schema"], later["schema"], "request")
        for (_, name), one in parameters.items():
            if one.get("required"):
                yield f"{where}: the new parameter {name} is required"
        asked, asks = before.get("requestBody"), after.get("requestBody")
        if asks is not None:
            if asks.get("required") and not (asked or {}).get("required"):
                yield f"{where}: a body is required now"
            for media, held in (asked or {}).get("content", {}).items():
                later = asks["content"].get(media)
                if later is None:
                    yield f"{where}: takes no {media} any more"
                else:
                    yield from self.schema(f"{where} body", held["schema"], later["schema"], "request")
        for status, answer in before["responses"].items():
            later = after["responses"].get(status)
            if later is None:
                yield f"{where}: {status} is gone"
                continue
            for media, held in answer.get("content", {}).items():
                other = later.get("content", {}).get(media)
                if other is None:
                    yield f"{where} {status}: answers no {media} any more"
                elif "schema" in held:
                    yield from self.schema(f"{where} {status}", held["schema"], other["schema"], "answer")

    def schema(self, where: str, before: Spec, after: Spec, side: Side) -> Iterator[str]:
        if "$ref" in before:
            met = (str(before["$ref"]), str(after.get("$ref")), side)
            if met in self.met:
                return
            self.met.add(met)
        before, after = _resolved(self.old, before), _resolved(self.new, after)
        if "anyOf" in before or "anyOf" in after:
            yield from self._any(where, before, after, side)
            return
        # what is said of the smaller side must hold of the larger one
        narrow, wide = (before, after) if side == "request" else (after, before)
        types = (narrow.get("type"), wide.get("type"))
        if types[1] is not None and types[0] != types[1] and types != ("integer", "number"):
            yield f"{where}: the type is {after.get('type')}, was {before.get('type')}"
        allowed = wide.get("enum", [wide["const"]] if "const" in wide else None)
        values = narrow.get("enum", [narrow["const"]] if "const" in narrow else None)
        if allowed is not None and (values is None or not set(values) <= set(allowed)):
            yield f"{where}: the values are {values}, within {allowed} no more"
        for name in _LEAST:
            if name in wide and narrow.get(name, -1) < wide[name]:
                yield f"{where}: {name} is {after.get(name)}, was {before.get(name)}"
        for name in _MOST:
            if name in wide and narrow.get(name, float("inf")) > wide[name]:
                yield f"{where}: {name} is {after.get(name)}, was {before.get(name)}"
        if side == "request" and "pattern" in after and after["pattern"] != before.get("pattern"):
            yield f"{where}: another pattern"
        yield from self._members(where, before, after, side)

    def _members(self, where: str, before: Spec, after: Spec, side: Side) -> Iterator[str]:
        had, has = set(before.get("required", [])), set(after.get("required", []))
        for name in sorted(has - had) if side == "request" else ():
            yield f"{where}.{name}: required now"
        for name in sorted(had - has) if side == "answer" else ():
            yield f"{where}.{name}: may be left out now"
        properties = after.get("properties", {})
        for name, one in before.get("properties", {}).items():
            if name not in properties:
                yield f"{where}.{name}: gone"
            else:
                yield from self.schema(f"{where}.{name}", one, properties[name], side)
        if "items" in before:
            yield from self.schema(f"{where}[]", before["items"], after.get("items", {}), side)

    def _any(self, where: str, before: Spec, after: Spec, side: Side) -> Iterator[str]:
        olds, news = before.get("anyOf", [before]), after.get("anyOf", [after])
        smaller, larger = (olds, news) if side == "request" else (news, olds)
        for one in smaller:
            fits = []
            for other in larger:
                first, second = (one, other) if side == "request" else (other, one)
                fits.append(list(_Walk(self.old, self.new).schema(where, first, second, side)))
            if all(fits):
                yield min(fits, key=len)[0]


def _resolved(spec: Spec, schema: Spec) -> Spec:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema
