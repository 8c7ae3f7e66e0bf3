"""Check that a model could be compiled for the Edge TPU."""

from __future__ import annotations

from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

EDGE_TPU_OPERATORS = {  # of those the Edge TPU compiler takes, what such a network may need
    "CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "MUL", "QUANTIZE",
    "RESHAPE",
}  # fmt: skip


def assert_fit_for_the_edge_tpu(path: Path) -> None:
    """Fail unless a model has only operators of the Edge TPU, and uint8 inputs and outputs."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    used = {names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes}
    assert used <= EDGE_TPU_OPERATORS
    graph = model.subgraphs[0]
    ends = [graph.tensors[int(index)].type for index in (*graph.inputs, *graph.outputs)]
    assert ends == [schema.TensorType.UINT8, schema.TensorType.UINT8]
