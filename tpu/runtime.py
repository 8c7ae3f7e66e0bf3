"""Which interpreter runs a model: LiteRT or tflite-runtime on the CPU, or one of them with an Edge TPU's delegate.

All share one Interpreter class in all but its module's name, so the code behind this file knows no difference.
`open_on_cpu` is called in the kiosk's process, `open_on_edge_tpu` in the accelerator's child process only: the
driver aborts its process when a transfer fails, and holds the interpreter lock while it opens. This file imports
nothing but numpy and the runtime that is asked for, so that the child starts fast.
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

from tpu.errors import AcceleratorUnavailable, DriverMismatch, ModelUnreadable, RuntimeNotInstalled

CPU = "cpu"
"""What `--device` calls the processor, and what an answer calls it."""

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
INSTALL_DRIVER = (
    "install libedgetpu1-std 16.0TF2.19 or newer: download its .deb from "
    "https://github.com/feranick/libedgetpu/releases, then run `sudo apt install ./libedgetpu1-std_*.deb`"
)
PERFORMANCES = ("Low", "Medium", "High", "Max")
"""How fast an Edge TPU is clocked, in libedgetpu's words; the less, the cooler."""

_OLD_ABI = re.compile(
    r"unresolved custom op.*\(EdgeTpuDelegateForCustomOp\)"
    r"|Unsupported data type in custom op handler|batches \* single_input_size",
    re.DOTALL,
)
"""What the runtime says when the driver was built for another layout of its structs.

The operator's name alone means nothing: it is in the text of every call that fails.
"""


@dataclass(frozen=True)
class Driver:
    """How an Edge TPU is opened.

    Attributes:
        library: libedgetpu, as the dynamic linker finds it, or a path.
        performance: One of PERFORMANCES; empty is the library's own.
    """

    library: str = EDGE_TPU_LIBRARY
    performance: str = ""

    def options(self, device: str) -> dict[str, str]:
        """Options of the delegate for a device such as "usb:0"."""
        return {"device": device} | ({"Performance": self.performance} if self.performance else {})


DEFAULT_DRIVER = Driver()


class Interpreter(Protocol):
    """The part of a TFLite interpreter that is used here."""

    def allocate_tensors(self) -> None:
        """Reserve memory for all tensors."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Index, shape, dtype and quantization of every input."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """The same of every output."""

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """The same of every tensor."""

    def set_tensor(self, index: int, value: NDArray[Any]) -> None:
        """Copy an input in."""

    def get_tensor(self, index: int) -> NDArray[Any]:
        """Copy an output out."""

    def invoke(self) -> None:
        """Run the model once."""


def available_runtimes() -> tuple[str, ...]:
    """Names of the runtimes that are installed."""
    return tuple(name for name in MODULES if _installed(name))


def runtime_for_cpu(name: str = "auto") -> str:
    """The runtime that answers on the CPU when `name` is asked for: pycoral has none of its own."""
    return "litert" if name in ("auto", "pycoral") else name


def runtime_for_edge_tpu(name: str = "auto") -> str:
    """The runtime that drives an Edge TPU when `name` is asked for: "auto" is pycoral where it is installed."""
    if name != "auto":
        return name
    return "pycoral" if _installed("pycoral") else "litert"


def refuse_missing(name: str) -> None:
    """Refuse a runtime that is not there, before anything is opened with it.

    Raises:
        RuntimeNotInstalled: If it is unknown, or not installed; the text says how to install it.
    """
    if name != "auto" and name not in available_runtimes():
        if name in MODULES:
            raise RuntimeNotInstalled(f"the runtime {name} is not installed. Install it: {INSTALL[name]}.")
        raise RuntimeNotInstalled(f"there is no runtime {name!r}. Choose one of: auto, {', '.join(MODULES)}.")


def load_runtime(name: str) -> Any:
    """Import a runtime's module.

    Raises:
        RuntimeNotInstalled: If it is not there; the text says how to install it.
    """
    try:
        return importlib.import_module(MODULES[name])
    except ImportError as error:
        raise RuntimeNotInstalled(
            f"the runtime {name} is not installed ({_first_line(error)}). Install it: {INSTALL[name]}."
        ) from error


def open_on_cpu(model: bytes, *, runtime: str, num_threads: int = 1, keep_all: bool = False) -> Interpreter:
    """Open a model on the CPU. A model that is compiled for the Edge TPU opens, but cannot be allocated.

    Args:
        model: A `.tflite` file's bytes.
        runtime: "litert" or "tflite-runtime".
        num_threads: Of the CPU kernels.
        keep_all: Let every tensor be read after a call, not outputs only.

    Raises:
        ModelUnreadable: If the runtime refuses the bytes.
        RuntimeNotInstalled: If it is not there.
    """
    module = load_runtime(runtime)
    try:
        return _made(module, keep_all, model_content=model, num_threads=num_threads)
    except (RuntimeError, ValueError) as error:
        raise ModelUnreadable("", f"{_first_line(error)}. Use a complete .tflite file.") from error


def _made(module: Any, keep_all: bool, **options: Any) -> Interpreter:
    """An interpreter. LiteRT warns of the memory that kept tensors take: a few megabytes here, and meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors", category=UserWarning)
        interpreter: Interpreter = module.Interpreter(experimental_preserve_all_tensors=keep_all, **options)
    return interpreter


def allocate(interpreter: Interpreter) -> None:
    """Reserve an interpreter's memory.

    Raises:
        ModelUnreadable: If the model holds something that the runtime cannot do.
        DriverMismatch: If the driver was built for another runtime.
    """
    try:
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise failure(error, "allocating") from error


def open_on_edge_tpu(
    model: bytes, *, runtime: str, device: str, driver: Driver = Driver(), keep_all: bool = False
) -> Interpreter:
    """Open a compiled model, its tensors allocated. Only in a process that may die.

    Args:
        model: A compiled `.tflite` file's bytes.
        runtime: "litert", "tflite-runtime" or "pycoral".
        device: As libedgetpu names it: "usb:0", "pci:1".
        driver: How it is opened.
        keep_all: Let every tensor be read after a call, not outputs only.

    Raises:
        AcceleratorUnavailable, DriverMismatch, ModelUnreadable, RuntimeNotInstalled: As they say.
    """
    module = load_runtime(runtime)
    made: Interpreter
    try:
        if runtime == "pycoral" and keep_all:  # its own loader cannot, but the runtime that it stands on can
            delegate = module.load_edgetpu_delegate(driver.options(device))
            made = _made(
                load_runtime("tflite-runtime"), keep_all, model_content=model, experimental_delegates=[delegate]
            )
        elif runtime == "pycoral":
            if driver == DEFAULT_DRIVER:
                made = module.make_interpreter(model, device=device)
            else:
                made = module.make_interpreter(model, delegate=module.load_edgetpu_delegate(driver.options(device)))
        else:
            delegate = module.load_delegate(driver.library, driver.options(device))
            made = _made(module, keep_all, model_content=model, experimental_delegates=[delegate])
    except OSError as error:
        raise AcceleratorUnavailable(
            f"the Edge TPU driver is missing ({_first_line(error)}): {INSTALL_DRIVER}."
        ) from error
    except (ValueError, RuntimeError) as error:
        if "Failed to load delegate" in str(error) or not str(error).strip():
            raise AcceleratorUnavailable(
                f"the Edge TPU {device} does not open: another program uses it, or it hangs. "
                "Close that program, or unplug it and plug it in again."
            ) from error
        raise failure(error, "opening") from error
    allocate(made)
    return made


def failure(error: Exception, doing: str) -> AcceleratorUnavailable | ModelUnreadable:
    """What an error of a runtime means."""
    text = str(error)
    if _OLD_ABI.search(text):
        return DriverMismatch()
    if EDGE_TPU_OPERATOR.decode() in text:
        return AcceleratorUnavailable(
            "this model is compiled for an Edge TPU and none is in use. Plug one in, "
            "or use the extractor's CPU file (its name without _edgetpu)."
        )
    if "requires runtime version" in text:
        return ModelUnreadable("", f"it is compiled for a newer driver ({_first_line(error)}): {INSTALL_DRIVER}.")
    return ModelUnreadable("", f"{doing} it fails ({_first_line(error)}). Use a complete .tflite file.")


def _installed(name: str) -> bool:
    """Whether a runtime is there. PyPI's own `pycoral` is another project; Google's starts at 2.0."""
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
