"""Read from TFLite Model Metadata how a model with a float32 input wants its pixels to be normalised.

The metadata is a flatbuffer of its own in a buffer that the model lists as TFLITE_METADATA. It may be damaged, so
everything that cannot be read counts as missing.

Source: metadata_schema.fbs of tensorflow/tflite-support; field numbers below are the order of the fields there.
"""

from __future__ import annotations

import math
import struct

from ai_edge_litert import schema_py_generated as schema
from flatbuffers import encode, packer
from flatbuffers.number_types import Float32Flags
from flatbuffers.table import Table

from tpu.tensors import DEFAULT_NORMALIZATION, Normalization

METADATA_NAME = b"TFLITE_METADATA"
MODEL_SUBGRAPHS, GRAPH_INPUTS, TENSOR_PROCESS_UNITS, UNIT_TYPE, UNIT_OPTIONS = 3, 2, 4, 0, 1
NORMALIZATION_OPTIONS, OPTIONS_MEAN, OPTIONS_STD = 1, 0, 1  # the first is a value of the union ProcessUnitOptions
CHANNELS = 3
MOST_ELEMENTS = 16  # that are read of a vector of tables


def read_normalization(model: bytes) -> Normalization:
    """Return how the model's metadata says that pixels are normalised; the default if it does not say it.

    Args:
        model: The bytes of a `.tflite` file.
    """
    try:
        metadata = _metadata(model)
        return DEFAULT_NORMALIZATION if metadata is None else _normalization(metadata) or DEFAULT_NORMALIZATION
    except (struct.error, IndexError, TypeError, ValueError, AttributeError):
        return DEFAULT_NORMALIZATION


def _metadata(model: bytes) -> Table | None:
    root = schema.Model.GetRootAs(model, 0)
    for index in range(root.MetadataLength()):
        entry = root.Metadata(index)
        if entry.Name() == METADATA_NAME and root.Buffers(entry.Buffer()).DataLength():
            data = bytes(root.Buffers(entry.Buffer()).DataAsNumpy())
            return Table(data, encode.Get(packer.uoffset, data, 0))
    return None


def _normalization(metadata: Table) -> Normalization | None:
    """Return the normalization of the first input; None if there is none, or one that is not possible."""
    for graph in _tables(metadata, MODEL_SUBGRAPHS)[:1]:
        for entry in _tables(graph, GRAPH_INPUTS)[:1]:
            for unit in _tables(entry, TENSOR_PROCESS_UNITS):
                kind, options = _field(unit, UNIT_TYPE), _field(unit, UNIT_OPTIONS)
                if kind and options and unit.Bytes[unit.Pos + kind] == NORMALIZATION_OPTIONS:
                    table = Table(unit.Bytes, unit.Indirect(unit.Pos + options))
                    mean, std = _channels(table, OPTIONS_MEAN), _channels(table, OPTIONS_STD)
                    if mean is not None and std is not None and all(std):
                        return Normalization(mean, std)
    return None


def _field(table: Table, number: int) -> int:
    """Return the offset of a field in its table; 0 if it is missing."""
    return int(table.Offset(4 + 2 * number))


def _tables(table: Table, number: int) -> list[Table]:
    offset = _field(table, number)
    if not offset:
        return []
    start = table.Vector(offset)
    return [
        Table(table.Bytes, table.Indirect(start + 4 * index))
        for index in range(min(table.VectorLen(offset), MOST_ELEMENTS))
    ]


def _channels(table: Table, number: int) -> tuple[float, float, float] | None:
    """Return three finite numbers; one number in the file counts for all channels."""
    offset = _field(table, number)
    if not offset:
        return None
    count, start = table.VectorLen(offset), table.Vector(offset)
    if count not in (1, CHANNELS):
        return None
    values = [float(table.Get(Float32Flags, start + 4 * index)) for index in range(count)]
    if not all(map(math.isfinite, values)):
        return None
    red, green, blue = values * (CHANNELS // count)
    return red, green, blue
