"""Reads replies into dataclasses: names to snake_case, times as datetimes.

A reply that is not what was promised at all (no object where one should be) is refused; a field
that is missing is as if it were null, so that an older service can be talked to.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Callable, TypeVar, Union, get_args, get_origin, get_type_hints

from ._errors import ProtocolError
from ._types import Execution, Page

T = TypeVar("T")
E = TypeVar("E", bound=Execution)
Reader = Callable[[Any], Any]


def reader(cls: type[T]) -> Callable[[Any], T]:
    """What reads one object into a dataclass."""
    return lambda data: read(cls, data)


def read(cls: type[T], data: Any) -> T:
    """One object as a dataclass."""
    if not isinstance(data, Mapping):
        raise ProtocolError(f"The service answered {type(data).__name__} in place of an object.")
    plan: tuple[tuple[str, str, Reader], ...] = _fields(cls)  # type: ignore[arg-type]
    found = {name: (_found(data, name, wire), convert) for name, wire, convert in plan}
    return cls(**{name: convert(v) for name, (v, convert) in found.items() if v is not None})


def list_reader(cls: type[T]) -> Callable[[Any], list[T]]:
    """What reads a bare list."""
    return lambda data: [read(cls, item) for item in _list(data)]


def field_reader(cls: type[T], name: str) -> Callable[[Any], list[T]]:
    """What reads a list that is a field of an object."""
    return lambda data: [read(cls, item) for item in _list(_object(data).get(name))]


def page_reader(cls: type[T], name: str) -> Callable[[Any], Page[T]]:
    """What reads a page of a list."""
    items = field_reader(cls, name)
    return lambda data: Page(items=items(data), cursor=_object(data).get("cursor"))


def execution_reader(cls: type[E]) -> Callable[[Any], E]:
    """What reads an execution, with what its last stage says beside the rest."""

    def read_it(data: Any) -> E:
        reply = _object(data)
        run, compiled = reply.get("run"), reply.get("compile")
        last = _object(run or compiled or {})
        told = {**last, **reply, "timed_out": last.get("outcome") == "timeout"}
        if compiled is not None and run is None:
            told["outcome"] = "compile_error"
        return read(cls, told)

    return read_it


@cache
def _fields(cls: Any) -> tuple[tuple[str, str, Reader], ...]:
    hints = get_type_hints(cls)
    return tuple(
        (field.name, field.metadata.get("wire", _camel(field.name)), _reader_of(hints[field.name]))
        for field in dataclasses.fields(cls)
    )


def _reader_of(hint: Any) -> Reader:
    """What converts a value of this type, which is never null."""
    if get_origin(hint) is Union:
        return _reader_of(next(arg for arg in get_args(hint) if arg is not type(None)))
    if get_origin(hint) is list:
        item = _reader_of(get_args(hint)[0])
        return lambda data: [item(one) for one in _list(data)]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return reader(hint)
    return _time if hint is datetime else _same


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _same(value: Any) -> Any:
    return value


def _found(data: Mapping[str, Any], name: str, wire: str) -> Any:
    """A field by its name on the wire, whichever of the service's two ways it is written in."""
    value = data.get(wire)
    return data.get(name) if value is None else value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _object(data: Any) -> Mapping[str, Any]:
    if isinstance(data, Mapping):
        return data
    raise ProtocolError(f"The service answered {type(data).__name__} in place of an object.")


def _list(data: Any) -> list[Any]:
    if isinstance(data, list):
        return data
    raise ProtocolError(f"The service answered {type(data).__name__} in place of a list.")
