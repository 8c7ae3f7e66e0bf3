"""Size of an extractor: multiply-adds for one picture, bytes of its weights, and bytes of its file.

How to run: python benchmarks/operations.py [MODEL.tflite ...]

Counts the operators CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED in the file. Without a model it takes the built-in
extractor.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ai_edge_litert import schema_py_generated as schema

from benchmarks._shared import option_parser
from tpu.models import default_extractor_path

Operator = schema.BuiltinOperator


def main() -> None:
    """Print one row for each model."""
    parser = option_parser(__doc__)
    parser.add_argument("models", type=Path, nargs="*", default=[default_extractor_path()])
    print("extractor,million multiply-adds,weights (MB),file (MB)")
    for path in parser.parse_args().models:
        file = path.read_bytes()
        operations, weights = counted(file)
        print(f"{path.stem},{operations / 1e6:.1f},{weights / 1e6:.2f},{len(file) / 1e6:.2f}")


def counted(file: bytes) -> tuple[int, int]:
    """Multiply-adds for one picture, and bytes of weights, of a `.tflite` file."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(file, 0))
    graph = model.subgraphs[0]
    operations = weights = 0
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        if kind not in (Operator.CONV_2D, Operator.DEPTHWISE_CONV_2D, Operator.FULLY_CONNECTED):
            continue
        kernel, made = graph.tensors[operator.inputs[1]], graph.tensors[operator.outputs[0]]
        weights += len(model.buffers[kernel.buffer].data)
        each = kernel.shape[1:3] if kind == Operator.DEPTHWISE_CONV_2D else kernel.shape[1:]
        operations += math.prod(made.shape) * math.prod(each)
    return int(operations), weights


if __name__ == "__main__":
    main()
