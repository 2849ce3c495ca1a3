"""Models of ONNX -> their nodes in order, and their arrays by name; no code runs, and no library is needed.

A file is one message of protocol buffers: a sequence of fields, each a key (number * 8 + kind) and a value: a variable-
length integer (kind 0), 8 bytes (1), a length with as many bytes (2), or 4 bytes (5). Only what networks of
convolutions need is read; field numbers are those of `onnx.proto3`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_INTEGER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # kinds of values
_GRAPH, _NODES, _ARRAYS = 7, 1, 5  # fields of a model, then of its graph
_INPUT, _OUTPUT, _OPERATION = 1, 2, 4  # fields of a node
_SHAPE, _TYPE, _NAME, _DATA = 1, 2, 8, 9  # fields of an array
_TYPES = {1: "<f4", 3: "i1", 6: "<i4", 7: "<i8"}  # of its numbers


@dataclass(frozen=True)
class OnnxNode:
    """One operation: its kind, and the names of what goes in and comes out."""

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class OnnxModel:
    """Nodes in order of computation; arrays by name."""

    nodes: tuple[OnnxNode, ...]
    arrays: dict[str, npt.NDArray[Any]]


def read_onnx(data: bytes) -> OnnxModel:
    """The nodes and arrays of a model.

    Raises:
        ValueError: not such a file, cut off, or numbers of a kind that is not read.
    """
    graphs = [value for number, value in _fields(data) if number == _GRAPH]
    if len(graphs) != 1 or not isinstance(graphs[0], bytes):
        raise ValueError("it is not a model of ONNX")
    nodes, arrays = [], {}
    for number, value in _fields(graphs[0]):
        if number == _NODES:
            nodes.append(_node(_message(value)))
        elif number == _ARRAYS:
            name, array = _array(_message(value))
            arrays[name] = array
    return OnnxModel(tuple(nodes), arrays)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Every (field number, value) of a message."""
    at = 0
    while at < len(data):
        key, at = _integer(data, at)
        number, kind = key >> 3, key & 7
        if kind == _INTEGER:
            value, at = _integer(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _integer(data, at)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"byte {at:,} is no field of a protocol buffer")
        if at + length > len(data):
            raise ValueError("it is cut off")
        yield number, data[at : at + length]
        at += length


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """An integer of variable length, lowest 7 bits first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("it is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError(f"byte {at:,} is no integer of a protocol buffer")


def _message(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value


def _node(data: bytes) -> OnnxNode:
    texts: dict[int, list[str]] = {_INPUT: [], _OUTPUT: [], _OPERATION: []}
    for number, value in _fields(data):
        if number in texts:
            texts[number].append(_message(value).decode())
    return OnnxNode("".join(texts[_OPERATION]), tuple(texts[_INPUT]), tuple(texts[_OUTPUT]))


def _array(data: bytes) -> tuple[str, npt.NDArray[Any]]:
    name, kind, shape, numbers = "", 0, [], b""
    for number, value in _fields(data):
        if number == _SHAPE:  # several in one field, or each in its own
            shape += [value] if isinstance(value, int) else list(_integers(value))
        elif number == _TYPE and isinstance(value, int):
            kind = value
        elif number == _NAME:
            name = _message(value).decode()
        elif number == _DATA:
            numbers = _message(value)
    if kind not in _TYPES:
        raise ValueError(f"the numbers of {name or 'an array'} are of type {kind}, which is not read")
    return name, np.frombuffer(numbers, _TYPES[kind]).reshape(shape)


def _integers(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _integer(data, at)
        yield value
