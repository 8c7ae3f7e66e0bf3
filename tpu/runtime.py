"""Which interpreter runs a model: LiteRT on the CPU, or LiteRT, tflite-runtime or pycoral with an Edge TPU.

All three share one Interpreter class in all but its module's name, so the code behind this file knows no
difference. An Edge TPU is reached through libedgetpu as a delegate; pycoral adds nothing but its own loader.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tpu.devices import list_accelerators
from tpu.errors import AcceleratorUnavailable, ModelUnreadable, RuntimeNotInstalled

EDGE_TPU_OPERATOR = b"edgetpu-custom-op"
EDGE_TPU_LIBRARY = "libedgetpu.so.1"

MODULES = {
    "litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "pycoral": "pycoral.utils.edgetpu",
}
INSTALL = {
    "litert": "pip install ai-edge-litert",
    "tflite-runtime": "pip install -e '.[legacy]' in an environment of its own (Python 3.11 or older)",
    "pycoral": "pip install -e '.[coral]' from Google's package index",
}


class Interpreter(Protocol):
    """The part of a TFLite interpreter that is used here."""

    def allocate_tensors(self) -> None:
        """Reserve memory for all tensors."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Index, shape, dtype and quantization of every input."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """The same of every output."""

    def set_tensor(self, index: int, value: NDArray[Any]) -> None:
        """Copy an input in."""

    def get_tensor(self, index: int) -> NDArray[Any]:
        """Copy an output out."""

    def invoke(self) -> None:
        """Run the model once."""


@dataclass(frozen=True)
class Runtime:
    """An installed runtime. `open_model` takes the model's bytes, a device and a number of threads."""

    name: str
    open_model: Callable[[bytes, str, int], Interpreter]

    def make_interpreter(self, model: bytes, *, device: str = "cpu", num_threads: int = 1) -> Interpreter:
        """Open a model with its tensors allocated.

        Args:
            model: A `.tflite` file's bytes.
            device: "cpu", or an Edge TPU as "usb:N" or "pci:N".
            num_threads: Of the CPU kernels.

        Raises:
            ModelUnreadable: If the runtime refuses the bytes.
            AcceleratorUnavailable: If the Edge TPU cannot be opened.
        """
        interpreter = self.open_model(model, device, num_threads)
        try:
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            if EDGE_TPU_OPERATOR.decode() in str(error):
                raise AcceleratorUnavailable(
                    "this model is compiled for an Edge TPU and none is in use. Plug one in, "
                    "or use the extractor's CPU file (its name without _edgetpu)."
                ) from error
            raise ModelUnreadable("", f"{_first_line(error)}. Use a complete .tflite file.") from error
        return interpreter


def available_runtimes() -> tuple[str, ...]:
    """Names of the runtimes that are installed."""
    return tuple(name for name, module in MODULES.items() if find_spec(module.split(".")[0]) is not None)


def load_runtime(name: str = "auto") -> Runtime:
    """Import a runtime; "auto" is LiteRT.

    Raises:
        RuntimeNotInstalled: If it is not there; the text says how to install it.
    """
    name = "litert" if name == "auto" else name
    if name not in MODULES:
        raise RuntimeNotInstalled(f"there is no runtime {name!r}. Choose one of: auto, {', '.join(MODULES)}.")
    try:
        module = importlib.import_module(MODULES[name])
    except ImportError as error:
        raise RuntimeNotInstalled(
            f"the runtime {name} is not installed ({_first_line(error)}). Install it: {INSTALL[name]}."
        ) from error
    if name == "pycoral":
        return Runtime(name, lambda model, device, _threads: _open_with_pycoral(module, model, device))
    return Runtime(name, lambda model, device, threads: _open(module, model, device, threads))


def choose_device(wanted: str, model: bytes) -> str:
    """Decide where a model runs: "auto" is an Edge TPU for a model compiled for one, else the CPU.

    Raises:
        AcceleratorUnavailable: If an Edge TPU is needed, or asked for, and cannot be used.
    """
    compiled = EDGE_TPU_OPERATOR in model
    if wanted == "cpu" or (wanted == "auto" and not compiled):
        return "cpu"
    accelerators = list_accelerators()
    for accelerator in accelerators:
        if wanted in ("auto", accelerator.device):
            if accelerator.problem:
                raise AcceleratorUnavailable(f"the Edge TPU {accelerator.device}: {accelerator.problem}.")
            return accelerator.device
    if wanted == "auto":
        raise AcceleratorUnavailable(
            "this model is compiled for an Edge TPU and none is plugged in. Plug one in, "
            "or use the extractor's CPU file (its name without _edgetpu)."
        )
    there = ", ".join(accelerator.device for accelerator in accelerators) or "none"
    raise AcceleratorUnavailable(f"there is no device {wanted}. Found: {there}. Use --device auto or cpu.")


def _open(module: Any, model: bytes, device: str, num_threads: int) -> Interpreter:
    _refuse_torn(model)
    delegates = [] if device == "cpu" else [_edge_tpu_delegate(module, device)]
    try:
        interpreter: Interpreter = module.Interpreter(
            model_content=model, num_threads=num_threads, experimental_delegates=delegates
        )
    except (RuntimeError, ValueError) as error:
        raise ModelUnreadable("", f"{_first_line(error)}. Use a complete .tflite file.") from error
    return interpreter


def last_operator(model: bytes) -> str:
    """The name of the last operator that computes something, such as SOFTMAX; type and shape changes do not count."""
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    for index in reversed(range(graph.OperatorsLength())):
        code = root.OperatorCodes(graph.Operators(index).OpcodeIndex())
        name = names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "CUSTOM")
        if name not in ("QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE"):
            return str(name)
    return ""


def _refuse_torn(model: bytes) -> None:
    """Walk to every tensor and the end of every buffer: tflite-runtime would die of a file that is cut short."""
    try:
        root = schema.Model.GetRootAs(model, 0)
        for number in range(root.SubgraphsLength()):
            graph = root.Subgraphs(number)
            for index in range(graph.TensorsLength()):
                root.Buffers(graph.Tensors(index).Buffer()).DataLength()
            for index in range(graph.OperatorsLength()):
                root.OperatorCodes(graph.Operators(index).OpcodeIndex()).BuiltinCode()
        for index in range(root.BuffersLength()):
            buffer = root.Buffers(index)
            if (length := buffer.DataLength()) and buffer.Data(length - 1) is None:
                raise IndexError(index)
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelUnreadable("", "it is damaged or cut short. Use a complete .tflite file.") from error


def _edge_tpu_delegate(module: Any, device: str) -> Any:
    try:
        return module.load_delegate(EDGE_TPU_LIBRARY, {"device": device})
    except OSError as error:
        raise AcceleratorUnavailable(
            f"the Edge TPU driver is missing ({_first_line(error)}). Install libedgetpu1-std."
        ) from error
    except ValueError as error:
        raise AcceleratorUnavailable(
            f"the Edge TPU {device} cannot be opened: it is busy, or its driver is older than the runtime. "
            "Unplug it and plug it in again, or use --device cpu."
        ) from error


def _open_with_pycoral(module: Any, model: bytes, device: str) -> Interpreter:
    if device == "cpu":
        raise RuntimeNotInstalled("pycoral runs Edge TPU models only. Use --runtime litert on the CPU.")
    try:
        interpreter: Interpreter = module.make_interpreter(model, device=device)
    except (RuntimeError, ValueError, OSError) as error:
        raise AcceleratorUnavailable(
            f"pycoral cannot open the Edge TPU {device} ({_first_line(error)}). Unplug it and plug it in again."
        ) from error
    return interpreter


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
