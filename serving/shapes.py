"""Shapes of rows in requests, derived from the record contract: what a column is stands there alone.

A shape says which fields there are and what each may hold; `serving.rows` says what a row must mean beside
the others. A `recorded_at` may be left out everywhere, so that the service can say when it learned of a row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date as calendar_date
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from docket.contract import BY_NAME, WITHDRAWN, Column, Kind, Table
from docket.contract.enumerations import DISPUTE_KINDS
from docket.times import LOCAL
from serving import examples
from serving.errors import FieldError

LONGEST_ID: Final = 200
LONGEST_AREA: Final = len("community:") + LONGEST_ID
LONGEST_TEXT: Final = 100_000
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z〇㐀-䶿一-鿿][0-9A-Za-z〇㐀-䶿一-鿿._:@+~-]*")
"""New ids: no two that look alike, none that a path, a spreadsheet or a shell takes for something else.
What is referred to may have any id that a load brought."""


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(_DATE.pattern + r"[Tt ][0-9]{2}:[0-9]{2}")
STORABLE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""What texts in a body may hold; `serving.bodies` refuses the rest."""
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
"""What a path and a query may hold; `serving.middleware` refuses the rest."""


class Row(BaseModel):
    """A row of the record contract."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


def _local(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=LOCAL)


def _written(value: object) -> object:
    # pydantic would read a number as seconds since 1970, which nobody means who writes 2024.
    if not isinstance(value, str) or _MOMENT.match(value) is None:
        raise ValueError("an RFC 3339 time was expected, such as 2026-03-31T08:30:00+08:00")
    return value


def _day(value: object) -> object:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise ValueError("a date was expected, such as 2026-03-31")
    return value


def _plain(text: str) -> str:
    if _IDENTIFIER.fullmatch(text) is None:
        raise ValueError(
            "only letters a-z, digits, Chinese characters and . _ : @ + ~ - are taken, no such sign first"
        )
    return text


Time = Annotated[datetime, BeforeValidator(_written), AfterValidator(_local)]
Date = Annotated[calendar_date, BeforeValidator(_day)]
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, json_schema_extra={"pattern": STORABLE})]
Colour = Literal["none", "blue", "yellow", "red"]
LONGEST_REASON: Final = 2_000
Words = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_REASON,
        pattern=r"\S",
        description="Why; kept masked.",
        json_schema_extra={"pattern": STORABLE.replace("*$", r"*[^\s\x00-\x1f\x7f]") + STORABLE[1:]},
    ),
]
_NewId = Annotated[
    Id, AfterValidator(_plain), Field(json_schema_extra={"pattern": f"^{_IDENTIFIER.pattern}$"})
]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT, json_schema_extra={"pattern": STORABLE})]


def _type(column: Column, table: Table) -> Any:
    if column.values is not None:
        return Literal[column.values]
    if column.kind is Kind.TIME:
        return Time
    if column.kind is Kind.INTEGER:
        return Annotated[int, Field(strict=True, ge=column.low, le=column.high)]
    if column.kind is Kind.NUMBER:
        return Annotated[float, Field(ge=column.low, le=column.high, allow_inf_nan=False)]
    if column.kind is Kind.BOOLEAN:
        return Annotated[bool, Field(strict=True)]
    named = column.name == table.key[0] and column.refers is None
    return _Text if column.kind is Kind.NARRATIVE else _NewId if named else Id


def shape(
    table: str,
    *,
    leave_out: Collection[str] = (),
    optional: Collection[str] = (),
    example: Mapping[str, Any] | None = None,
) -> type[Row]:
    """The shape of a row of `table`, without some fields, some others optional."""
    fields: dict[str, Any] = {}
    for column in BY_NAME[table].columns:
        if column.name in leave_out:
            continue
        kind = _type(column, BY_NAME[table])
        note = column.note or None
        if column.nullable or column.name == "recorded_at" or column.name in optional:
            fields[column.name] = (kind | None, Field(default=None, description=note))
        else:
            fields[column.name] = (kind, Field(description=note))
    name = "".join(part.capitalize() for part in BY_NAME[table].name.rstrip("s").split("_")) + "Row"
    made = create_model(name, __base__=Row, __doc__=BY_NAME[table].title, **fields)
    if example is not None:
        made.model_config["json_schema_extra"] = {"examples": [dict(example)]}
    return made


if TYPE_CHECKING:
    # The checker is told what the code relies on; the fields themselves come from the contract below.
    DisputeKind = str

    class DisputeRow(Row):
        """A dispute."""

        dispute_id: str

    class PersonRow(Row):
        """A person."""

        person_id: str

    class PartyRow(Row):
        """A person's part in the dispute."""

    class EventRow(Row):
        """An event."""

        dispute_id: str | None

    class VisitRow(Row):
        """A visit."""

    class OutcomeRow(Row):
        """An outcome."""

        dispute_id: str | None

    class AnnotationRow(Row):
        """A label."""

        dispute_id: str | None

    class RegistryRow(Row):
        """An entry."""

        entry_id: str
        person_id: str
        dispute_id: str

else:
    DisputeKind = Literal[DISPUTE_KINDS]
    # What was withdrawn is said by merging and by loads, never by sending a row.
    DisputeRow = shape("disputes", leave_out=(WITHDRAWN,))
    PersonRow = shape("persons")
    PartyRow = shape("parties", leave_out=("dispute_id", WITHDRAWN))
    EventRow = shape("events", leave_out=(WITHDRAWN,), optional=("dispute_id",))
    VisitRow = shape("visits")
    OutcomeRow = shape("outcomes", optional=("dispute_id",))
    AnnotationRow = shape("annotations", optional=("dispute_id",))
    # Leaving has a route of its own.
    RegistryRow = shape(
        "registry", leave_out=("left_at", "left_recorded_at", WITHDRAWN), example=examples.ENTRY
    )


def field_errors(found: Sequence[Mapping[str, Any]], within: tuple[int | str, ...] = ()) -> list[FieldError]:
    """Pydantic's errors as ours: the field, the reason and what was expected, never the value."""
    return [_field_error(error, within) for error in found]


_REASONS: Final = {
    "missing": "missing value",
    "extra_forbidden": "unknown field",
    "literal_error": "unknown enumeration value",
    "datetime_from_date_parsing": "unparsable time",
    "datetime_parsing": "unparsable time",
    "json_invalid": "not JSON",
    "string_too_short": "too short",
    "string_too_long": "too long",
    "string_pattern_mismatch": "not of the form that is taken",
    "too_short": "too few",
    "too_long": "too many",
    "greater_than": "out of range",
    "greater_than_equal": "out of range",
    "less_than": "out of range",
    "less_than_equal": "out of range",
    "finite_number": "out of range",
}
_TYPES: Final = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an object",
    "model": "an object",
    "model_attributes": "an object",
}
"""What was expected where pydantic says `int_type`, `int_parsing` and the like."""
_FORMS: Final = {
    r"\S": "a text that isn't blank",
    PRINTABLE: "no control characters",
    STORABLE: "no control characters",
}
"""What patterns mean, in words."""


def _field_error(error: Mapping[str, Any], within: tuple[int | str, ...]) -> FieldError:
    place = [part for part in (*within, *error["loc"]) if part not in ("body", "query", "path", "header")]
    context = error.get("ctx") or {}
    kind = str(error["type"])
    if kind == "value_error":
        # Messages of our own validators above, which hold nothing of the value.
        return FieldError(field=path_of(place), reason=str(context.get("error", "not valid")))
    wanted = _TYPES.get(re.sub("_(type|parsing|from_float|parsing_size)$", "", kind))
    if wanted is not None:
        return FieldError(field=path_of(place), reason="wrong type", expected=wanted)
    expected = context.get("expected")
    return FieldError(
        field=path_of(place),
        reason=_REASONS.get(kind, kind.replace("_", " ")),
        expected=str(expected) if kind == "literal_error" and expected else _limits(context),
    )


def _limits(context: Mapping[str, Any]) -> str | None:
    words = {
        "ge": "at least",
        "gt": "more than",
        "le": "at most",
        "lt": "less than",
        "min_length": "length at least",
        "max_length": "length at most",
    }
    told = [f"{words[name]} {context[name]}" for name in words if name in context]
    if "pattern" in context:
        told.append(_FORMS.get(context["pattern"], f"what matches {context['pattern']}"))
    return ", ".join(told) or None


_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")


def path_of(place: Sequence[int | str]) -> str:
    """`parties[1].role` of `("parties", 1, "role")`.

    A name that can't be one of ours is told as `?`: it may be a value in the wrong place.
    """
    text = ""
    for part in place:
        name = str(part) if _NAME.fullmatch(str(part)) else "?"
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else name
    return text or "body"
