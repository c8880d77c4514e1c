"""Answers for scripts: JSON, flattened for CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

_ONE_VALUE = {kind.DESCRIPTOR.full_name for kind in (Duration, FieldMask, Timestamp)}

_LIST_GAP = "; "


@dataclass(frozen=True)
class Tagged:
    """Message of one of several daemons."""

    target: str
    message: Any


def plain(value: Any) -> Any:
    """Return the value for JSON.

    Fields have the names and order of the .proto, zero values included; 64-bit integers are strings.
    """
    if isinstance(value, Duration | FieldMask | Timestamp):
        return value.ToJsonString()
    if isinstance(value, Message):
        named = MessageToDict(value, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        return _in_order(value.DESCRIPTOR, named)
    if isinstance(value, Tagged):
        return {"target": value.target, **plain(value.message)}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def _in_order(descriptor: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Order fields as the .proto; protobuf puts zero values last."""
    ordered: dict[str, Any] = {}
    for field in descriptor.fields:
        if field.name not in named:
            continue
        each, nested = named[field.name], field.message_type
        if nested is not None and nested.GetOptions().map_entry:
            kind = nested.fields_by_name["value"].message_type
            each = {key: _in_order(kind, item) for key, item in each.items()} if kind is not None else each
        elif nested is not None and field.is_repeated:
            each = [_in_order(nested, item) for item in each]
        elif nested is not None and nested.full_name not in _ONE_VALUE:
            each = _in_order(nested, each)
        ordered[field.name] = each
    return ordered


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Return a row of CSV: nested names joined by a dot, durations in seconds.

    Every field is present, set or not, so that columns do not depend on data. Plain lists are separated by semicolons;
    lists of messages are left out.
    """
    if isinstance(value, Tagged):
        return {"target": value.target, **flat(value.message)}
    if isinstance(value, Message):
        return _flat_message(value.DESCRIPTOR, value, prefix)
    row: dict[str, str] = {}
    for key, each in value.items():
        name = f"{prefix}{key}"
        if isinstance(each, dict | Message) and not isinstance(each, Duration | FieldMask | Timestamp):
            row |= flat(each, f"{name}.")
        elif isinstance(each, list | tuple):
            if not any(isinstance(item, dict | list | Message) for item in each):
                row[name] = _LIST_GAP.join(map(_scalar, each))
        else:
            row[name] = _scalar(each)
    return row


def columns(kind: type[Message]) -> list[str]:
    return list(_flat_message(kind.DESCRIPTOR, None, ""))


def _flat_message(
    descriptor: Any,
    message: Message | None,
    prefix: str,
) -> dict[str, str]:
    row: dict[str, str] = {}
    for field in descriptor.fields:
        name = f"{prefix}{field.name}"
        nested = field.message_type
        if field.is_repeated:
            if nested is None:
                row[name] = _LIST_GAP.join(_text(field, each) for each in getattr(message, field.name, ()))
            continue
        present = message is not None and (not field.has_presence or message.HasField(field.name))
        value = getattr(message, field.name) if present else None
        if nested is not None and nested.full_name not in _ONE_VALUE:
            row |= _flat_message(nested, value, f"{name}.")
        else:
            row[name] = _text(field, value) if present else ""
    return row


def _text(field: FieldDescriptor, value: Any) -> str:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else str(value)
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Duration):
        return value.ToJsonString().removesuffix("s")
    if isinstance(value, Timestamp | FieldMask):
        return value.ToJsonString()
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
