"""Add TFLite Model Metadata to a model as other programs write it: with a normalization of the input."""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def with_normalization(model: bytes, mean: Sequence[float], std: Sequence[float]) -> bytes:
    """Return the model with metadata that says (pixel − mean) / std; field numbers from metadata_schema.fbs."""
    unpacked = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer, listed = schema.BufferT(), schema.MetadataT()
    buffer.data = bytearray(description(mean, std))
    unpacked.buffers.append(buffer)
    listed.name, listed.buffer = b"TFLITE_METADATA", len(unpacked.buffers) - 1
    unpacked.metadata = [listed]
    builder = flatbuffers.Builder(1 << 14)
    builder.Finish(unpacked.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def description(mean: Sequence[float], std: Sequence[float]) -> bytes:
    """ModelMetadata > subgraph_metadata > input_tensor_metadata > process_units > NormalizationOptions."""
    builder = flatbuffers.Builder(256)
    vectors = [_floats(builder, values) for values in (mean, std)]
    builder.StartObject(2)
    for slot, vector in enumerate(vectors):
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
    options = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUint8Slot(0, 1, 0)
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    inner = builder.EndObject()
    for slot in (4, 2, 3):  # process_units of the tensor, input_tensor_metadata, subgraph_metadata
        vector = _offsets(builder, inner)
        builder.StartObject(slot + 1)
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
        inner = builder.EndObject()
    builder.Finish(inner, b"M001")
    return bytes(builder.Output())


def _floats(builder: flatbuffers.Builder, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())


def _offsets(builder: flatbuffers.Builder, only: int) -> int:
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(only)
    return int(builder.EndVector())
