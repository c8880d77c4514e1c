"""Random messages of the control API, from its descriptors."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from household.v1 import config_service_pb2, history_service_pb2, server_service_pb2, session_service_pb2

METHODS: tuple[MethodDescriptor, ...] = tuple(
    method
    for module in (config_service_pb2, history_service_pb2, server_service_pb2, session_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
)

_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "\0", "x" * 300, "timeouts", "timeouts.inactivity", "profile = jake", "state = (", "age > 1s AND"]
    ),
    st.uuids().map(str),
)
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(-5, 20),
    FieldDescriptor.CPPTYPE_STRING: _TEXT,
}


def messages(descriptor: Descriptor, depth: int = 3) -> st.SearchStrategy[Message]:
    """Return any message of the type, with any of its fields set."""
    kind = GetMessageClass(descriptor)

    @st.composite
    def build(draw: st.DrawFn) -> Message:
        made = kind()
        for field in descriptor.fields:
            if draw(st.booleans()):
                _set(draw, made, field, depth)
        return made

    return build()


def _set(draw: st.DrawFn, made: Message, field: FieldDescriptor, depth: int) -> None:
    nested = field.message_type
    if nested is not None:
        if depth == 0 or nested.GetOptions().map_entry:
            return
        for _ in range(draw(st.integers(1, 3)) if field.is_repeated else 1):
            part = getattr(made, field.name)
            (part.add() if field.is_repeated else part).CopyFrom(draw(messages(nested, depth - 1)))
    elif field.is_repeated:
        getattr(made, field.name).extend(draw(st.lists(_value(field), max_size=4)))
    else:
        setattr(made, field.name, draw(_value(field)))


def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=30)
    return _SCALARS[field.cpp_type]
