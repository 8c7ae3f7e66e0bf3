"""Open models with an interpreter: LiteRT or tflite-runtime on the CPU, or one of them with the Edge TPU's delegate.

All runtimes have the same Interpreter class in different modules; the rest of the package sees no difference.
Call `open_on_cpu` in the kiosk's process, and `open_on_edge_tpu` only in the accelerator's child process: the driver
aborts its process when a transfer fails, and holds Python's global lock while it opens. This module imports only numpy
and the runtime that was chosen, so that the child starts fast.
"""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Protocol

from numpy.typing import NDArray

from tpu.errors import (
    INSTALL_DRIVER,
    AcceleratorUnavailable,
    DriverMismatch,
    DriverMissing,
    EdgeTpuNeeded,
    ModelError,
    ModelUnreadable,
    ModelUnsupported,
    RuntimeNotInstalled,
    StrPath,
)

CPU = "cpu"
"""The device name of the processor; an Edge TPU is called "usb:N" or "pci:N"."""

EDGE_TPU_OPERATOR = b"edgetpu-custom-op"
EDGE_TPU_LIBRARY = "libedgetpu.so.1"

MODULES = {
    "litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "pycoral": "pycoral.utils.edgetpu",
}
INSTALL = {
    "litert": "pip install ai-edge-litert",
    "tflite-runtime": "pip install -e '.[legacy]' in an environment of its own (Python 3.11 or older).",
    "pycoral": "see the section Edge TPU of docs/hardware.md.",
}
PERFORMANCES = ("Low", "Medium", "High", "Max")
"""Clock rates of an Edge TPU, by libedgetpu's names; a lower rate is cooler."""

_OLD_ABI = re.compile(
    r"unresolved custom op.*\(EdgeTpuDelegateForCustomOp\)"
    r"|Unsupported data type in custom op handler|batches \* single_input_size",
    re.DOTALL,
)
"""Error texts of the runtime that mean that the driver was built for another layout of its structs.

The operator's name alone means nothing: it is in the text of every failed call.
"""


@dataclass(frozen=True)
class Driver:
    """The driver library of an Edge TPU and its options.

    Attributes:
        library: File name of libedgetpu for the dynamic linker, or a path.
        performance: One of PERFORMANCES; empty means the library's default.
    """

    library: str = EDGE_TPU_LIBRARY
    performance: str = ""

    def options(self, device: str) -> dict[str, str]:
        """Return the delegate's options for a device such as "usb:0"."""
        return {"device": device} | ({"Performance": self.performance} if self.performance else {})


DEFAULT_DRIVER = Driver()


class Interpreter(Protocol):
    """The methods of a TFLite interpreter that this package uses."""

    def allocate_tensors(self) -> None:
        """Reserve memory for all tensors."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Return index, shape, dtype and quantization of every input."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """Return the same for every output."""

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """Return the same for every tensor."""

    def set_tensor(self, index: int, value: NDArray[Any]) -> None:
        """Copy `value` into an input tensor."""

    def get_tensor(self, index: int) -> NDArray[Any]:
        """Return a copy of a tensor."""

    def invoke(self) -> None:
        """Run the model once."""


def available_runtimes() -> tuple[str, ...]:
    """Return the names of the installed runtimes."""
    return tuple(name for name in MODULES if _installed(name))


def runtime_for_cpu(name: str = "auto") -> str:
    """Return the runtime to use on the CPU if `name` was chosen: pycoral runs on the Edge TPU only."""
    return "litert" if name in ("auto", "pycoral") else name


def runtime_for_edge_tpu(name: str = "auto") -> str:
    """Return the runtime to use with an Edge TPU if `name` was chosen; "auto" prefers pycoral if it is installed."""
    if name != "auto":
        return name
    return "pycoral" if _installed("pycoral") else "litert"


def refuse_missing(name: str) -> None:
    """Check that a runtime is installed.

    Raises:
        RuntimeNotInstalled: If its name is unknown or it is not installed; the text says how to install it.
    """
    if name != "auto" and name not in available_runtimes():
        if name in MODULES:
            raise RuntimeNotInstalled(f"the runtime {name} is not installed. Install it: {INSTALL[name]}")
        raise RuntimeNotInstalled(f"there is no runtime {name!r}. Choose one of: auto, {', '.join(MODULES)}.")


def load_runtime(name: str) -> Any:
    """Import a runtime's module.

    Raises:
        RuntimeNotInstalled: If the import fails; the text says how to install the runtime.
    """
    try:
        return importlib.import_module(MODULES[name])
    except ImportError as error:
        raise RuntimeNotInstalled(
            f"the runtime {name} is not installed ({_first_line(error)}). Install it: {INSTALL[name]}"
        ) from error


def open_on_cpu(
    model: bytes, path: StrPath, *, runtime: str, num_threads: int = 1, keep_all: bool = False
) -> Interpreter:
    """Open a model on the CPU, without allocating its tensors.

    A model that is compiled for the Edge TPU opens too, but cannot be allocated.

    Args:
        model: The bytes of a `.tflite` file.
        path: That file, for errors.
        runtime: "litert" or "tflite-runtime".
        num_threads: Number of threads of the CPU kernels.
        keep_all: Keep every tensor readable after a call, not only the outputs.

    Raises:
        ModelUnreadable: If the runtime cannot read the model.
        RuntimeNotInstalled: If the runtime is not installed.
    """
    module = load_runtime(runtime)
    try:
        return _interpreter(module, keep_all, model_content=model, num_threads=num_threads)
    except (RuntimeError, ValueError) as error:
        raise ModelUnreadable(path, f"{_first_line(error)}. Use a complete .tflite file.") from error


def _interpreter(module: Any, keep_all: bool, **options: Any) -> Interpreter:
    """Make an interpreter. LiteRT's warning about the memory of kept tensors is hidden: here it is a few megabytes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors", category=UserWarning)
        interpreter: Interpreter = module.Interpreter(experimental_preserve_all_tensors=keep_all, **options)
    return interpreter


def allocate(interpreter: Interpreter, path: StrPath) -> None:
    """Allocate the tensors of the model that was read from `path`.

    Raises:
        ModelError: If the runtime cannot run the model.
        EdgeTpuNeeded: If the model is compiled for an Edge TPU and opened without one.
        DriverMismatch: If the driver was built for another version of the runtime.
    """
    try:
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise translated(error, path, "allocating") from error


def open_on_edge_tpu(
    model: bytes, path: StrPath, *, runtime: str, device: str, driver: Driver = DEFAULT_DRIVER, keep_all: bool = False
) -> Interpreter:
    """Open a compiled model on an Edge TPU and allocate its tensors. Call it only in a process that may crash.

    Args:
        model: The bytes of a compiled `.tflite` file.
        path: That file, for errors.
        runtime: "litert", "tflite-runtime" or "pycoral".
        device: libedgetpu's name of the device: "usb:0", "pci:1".
        driver: The driver library and its options.
        keep_all: Keep every tensor readable after a call, not only the outputs.

    Raises:
        DriverMissing: If libedgetpu is not installed.
        DriverMismatch: If it was built for another version of the runtime.
        AcceleratorUnavailable: If the device does not open.
        ModelError: If the runtime cannot run the model.
        RuntimeNotInstalled: If the runtime is not installed.
    """
    module = load_runtime(runtime)
    interpreter: Interpreter
    try:
        if runtime == "pycoral" and keep_all:  # pycoral's own loader cannot keep tensors; tflite-runtime below it can
            delegate = module.load_edgetpu_delegate(driver.options(device))
            interpreter = _interpreter(
                load_runtime("tflite-runtime"), keep_all, model_content=model, experimental_delegates=[delegate]
            )
        elif runtime == "pycoral":
            if driver == DEFAULT_DRIVER:
                interpreter = module.make_interpreter(model, device=device)
            else:
                delegate = module.load_edgetpu_delegate(driver.options(device))
                interpreter = module.make_interpreter(model, delegate=delegate)
        else:
            delegate = module.load_delegate(driver.library, driver.options(device))
            interpreter = _interpreter(module, keep_all, model_content=model, experimental_delegates=[delegate])
    except OSError as error:
        raise DriverMissing(_first_line(error)) from error
    except (ValueError, RuntimeError) as error:
        if "Failed to load delegate" in str(error) or not str(error).strip():
            raise AcceleratorUnavailable(
                f"the Edge TPU {device} does not open: another program uses it, or it hangs. "
                "Close that program, or unplug it and plug it in again."
            ) from error
        raise translated(error, path, "opening") from error
    allocate(interpreter, path)
    return interpreter


def translated(error: Exception, path: StrPath, action: str) -> AcceleratorUnavailable | ModelError:
    """Translate an error of a runtime into one of this package.

    Args:
        error: What the runtime raised.
        path: The model file.
        action: What was done with the model: "opening", "allocating" or "calling".
    """
    text = str(error)
    if _OLD_ABI.search(text):
        return DriverMismatch()
    if EDGE_TPU_OPERATOR.decode() in text:
        return EdgeTpuNeeded()
    if "requires runtime version" in text:
        return ModelUnsupported(path, f"it is compiled for a newer driver ({_first_line(error)}): {INSTALL_DRIVER}.")
    return ModelUnreadable(path, f"{action} it fails ({_first_line(error)}). Use a complete .tflite file.")


def _installed(name: str) -> bool:
    """Whether a runtime is installed. On PyPI, `pycoral` is another project; Coral's versions start at 2.0."""
    if find_spec(MODULES[name].split(".", maxsplit=1)[0]) is None:
        return False
    if name != "pycoral":
        return True
    try:
        return int(version("pycoral").split(".")[0]) >= 2
    except (PackageNotFoundError, ValueError):
        return False


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
