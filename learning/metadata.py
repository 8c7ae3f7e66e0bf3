"""Write TFLite Model Metadata, which describes a classifier's input and output to the programs that open the file.

The description is a flatbuffer of its own ("M001") in a buffer that the model lists as TFLITE_METADATA. It names a
label file, which is in the zip archive behind the model (`learning.archive`).

Source: metadata_schema.fbs of tensorflow/tflite-support; field numbers below are the order of the fields there. No
maintained library writes it without installing TensorFlow or another build of OpenCV, so it is written here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import encode, packer
from flatbuffers.number_types import Float32Flags
from flatbuffers.table import Table

from learning.archive import with_file

METADATA_NAME = b"TFLITE_METADATA"
IDENTIFIER = b"M001"
LABEL_FILE = "labels.txt"
PARSER_VERSION = "1.0.0"

# Values of the schema's unions and enums
IMAGE_PROPERTIES, RGB = 2, 1
FEATURE_PROPERTIES = 1
NORMALIZATION = 1
TENSOR_AXIS_LABELS = 2
INPUT_MEAN_STD = [127.5], [127.5]  # float inputs are (pixel − mean) / std, unless the extractor says otherwise
CHANNELS = 3


def class_labels(head: Any, num_classes: int) -> tuple[str, ...] | None:
    """Return the class labels of a head's `label_map` in the order of its classes; None unless every class has one."""
    label_map = getattr(head, "label_map", None) or {}
    labels = tuple(str(label_map[index]) for index in range(num_classes) if index in label_map)
    return labels if len(labels) == num_classes else None


def describe_classifier(model: Any, names: Sequence[str]) -> Any:
    """Add the description of a classifier to an unpacked model.

    An earlier description is replaced; only its normalization of float32 inputs is kept.

    Args:
        model: `ModelT` with one subgraph, one picture in and probabilities out.
        names: Class labels in the order of the output.

    Returns:
        The same model, changed.
    """
    graph = model.subgraphs[0]
    entry = graph.tensors[int(graph.inputs[0])]
    buffer = schema.BufferT()
    is_float = entry.type == schema.TensorType.FLOAT32
    buffer.data = bytearray(
        _metadata(names, int(entry.shape[2]), (_described_mean_std(model) or INPUT_MEAN_STD) if is_float else None)
    )
    model.buffers.append(buffer)
    listed = schema.MetadataT()
    listed.name, listed.buffer = METADATA_NAME, len(model.buffers) - 1
    model.metadata = [one for one in model.metadata or [] if one.name != METADATA_NAME] + [listed]
    return model


def with_label_file(model: bytes, names: Sequence[str]) -> bytes:
    """Return the model with a label file, one class label per line, in the archive behind it."""
    return with_file(model, LABEL_FILE, label_lines(names))


def label_lines(names: Sequence[str]) -> bytes:
    """Return the content of a label file: one class label per line, UTF-8."""
    return "".join(f"{' '.join(name.split())}\n" for name in names).encode()


def _described_mean_std(model: Any) -> tuple[list[float], list[float]] | None:
    """Return what an unpacked model says about its input: mean and std, for all channels or for each; None if nothing.

    `tpu.input_metadata` reads the same fields, and the two must agree.
    """
    listed = [one.buffer for one in model.metadata or [] if one.name == METADATA_NAME]
    try:
        data = bytes(model.buffers[listed[0]].data)
        graph = _elements(Table(data, encode.Get(packer.uoffset, data, 0)), 3)[0]
        for unit in _elements(_elements(graph, 2)[0], 4):
            kind, options = unit.Offset(4), unit.Offset(6)
            if kind and options and data[unit.Pos + kind] == NORMALIZATION:
                table = Table(data, unit.Indirect(unit.Pos + options))
                mean, std = _numbers(table, 0), _numbers(table, 1)
                if {len(mean), len(std)} <= {1, CHANNELS} and np.isfinite(mean + std).all() and all(std):
                    return mean, std
    except (struct.error, IndexError, TypeError, ValueError):  # there is no description, or it is damaged
        pass
    return None


def _elements(table: Table, number: int) -> list[Table]:
    if not (offset := table.Offset(4 + 2 * number)):
        return []
    count, start = min(table.VectorLen(offset), 16), table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(start + 4 * index)) for index in range(count)]


def _numbers(table: Table, number: int) -> list[float]:
    if not (offset := table.Offset(4 + 2 * number)):
        return []
    count, start = min(table.VectorLen(offset), CHANNELS + 1), table.Vector(offset)
    return [float(table.Get(Float32Flags, start + 4 * index)) for index in range(count)]


def _metadata(names: Sequence[str], input_px: int, mean_std: tuple[list[float], list[float]] | None) -> bytes:
    builder = flatbuffers.Builder(1024)
    image = _table(builder, {0: ("int8", RGB), 1: ("offset", _image_size(builder, input_px))})
    content = _table(builder, {0: ("uint8", IMAGE_PROPERTIES), 1: ("offset", image)})
    fields = {
        0: ("offset", builder.CreateString("image")),
        1: ("offset", builder.CreateString("The centre square of a picture, RGB.")),
        3: ("offset", content),
    }
    if mean_std is not None:
        options = _table(builder, {n: ("offset", _floats(builder, values)) for n, values in enumerate(mean_std)})
        unit = _table(builder, {0: ("uint8", NORMALIZATION), 1: ("offset", options)})
        fields[4] = ("offset", _vector(builder, [unit]))
    entry = _table(builder, fields)
    labels = _table(
        builder,
        {
            0: ("offset", builder.CreateString(LABEL_FILE)),
            1: ("offset", builder.CreateString("One class a line.")),
            2: ("int8", TENSOR_AXIS_LABELS),
        },
    )
    feature = _table(builder, {0: ("uint8", FEATURE_PROPERTIES), 1: ("offset", _table(builder, {}))})
    answer = _table(
        builder,
        {
            0: ("offset", builder.CreateString("probability")),
            1: ("offset", builder.CreateString(f"How probable each of {len(names)} classes is.")),
            3: ("offset", feature),
            6: ("offset", _vector(builder, [labels])),
        },
    )
    graph = _table(builder, {2: ("offset", _vector(builder, [entry])), 3: ("offset", _vector(builder, [answer]))})
    root = _table(
        builder,
        {
            0: ("offset", builder.CreateString("ImageClassifier")),
            1: ("offset", builder.CreateString("Taught at a Teachable Kiosk.")),
            3: ("offset", _vector(builder, [graph])),
            7: ("offset", builder.CreateString(PARSER_VERSION)),
        },
    )
    builder.Finish(root, IDENTIFIER)
    return bytes(builder.Output())


def _image_size(builder: flatbuffers.Builder, edge_px: int) -> int:
    return _table(builder, {0: ("uint32", edge_px), 1: ("uint32", edge_px)})


def _table(builder: flatbuffers.Builder, fields: dict[int, tuple[str, int]]) -> int:
    """Write a table with the fields given by number; return its offset."""
    builder.StartObject(max(fields, default=-1) + 1)
    for number, (kind, value) in fields.items():
        _WRITERS[kind](builder, number, value)
    return int(builder.EndObject())


_WRITERS: dict[str, Callable[[flatbuffers.Builder, int, int], None]] = {
    "offset": lambda builder, number, value: builder.PrependUOffsetTRelativeSlot(number, value, 0),
    "int8": lambda builder, number, value: builder.PrependInt8Slot(number, value, 0),
    "uint8": lambda builder, number, value: builder.PrependUint8Slot(number, value, 0),
    "uint32": lambda builder, number, value: builder.PrependUint32Slot(number, value, 0),
}


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _floats(builder: flatbuffers.Builder, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())
