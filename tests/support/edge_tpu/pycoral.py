"""A stand-in for Google's `pycoral` 2, written as an installed package, which runs on LiteRT.

Google's wheels end at Python 3.9. The interface is that of
https://coral.ai/docs/reference/py/pycoral.utils.edgetpu/ (`make_interpreter`, `load_edgetpu_delegate`,
`list_edge_tpus`, `get_runtime_version`). Every call is written to `calls.txt` beside it.
"""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
import ctypes
from pathlib import Path
from ai_edge_litert.interpreter import Interpreter, load_delegate

LIBRARY = {library!r}
CALLS = Path(__file__).with_name("calls.txt")


def _note(text):
    with CALLS.open("a") as file:
        file.write(text + "\\n")


def load_edgetpu_delegate(options=None):
    _note(f"load_edgetpu_delegate {{sorted((options or {{}}).items())}}")
    return load_delegate(LIBRARY, options or {{}})


def make_interpreter(model_path_or_content, device=None, delegate=None):
    _note(f"make_interpreter {{type(model_path_or_content).__name__}} {{device}}")
    if delegate is None:
        delegate = load_edgetpu_delegate({{"device": device}} if device else {{}})
    return Interpreter(model_content=model_path_or_content, experimental_delegates=[delegate])


class _Device(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("path", ctypes.c_char_p)]


def list_edge_tpus():
    _note("list_edge_tpus")
    library = ctypes.CDLL(LIBRARY)
    library.edgetpu_list_devices.restype = ctypes.POINTER(_Device)
    count = ctypes.c_size_t()
    devices = library.edgetpu_list_devices(ctypes.byref(count))
    return [
        {{"type": "usb" if one.kind else "pci", "path": one.path.decode()}}
        for one in (devices[number] for number in range(count.value))
    ]


def get_runtime_version():
    library = ctypes.CDLL(LIBRARY)
    library.edgetpu_version.restype = ctypes.c_char_p
    return library.edgetpu_version().decode()
"""


def install_pycoral(folder: Path, library: Path, version: str = "2.0.0") -> Path:
    """Write the package into a folder for the import path; return the path of `calls.txt`."""
    package = folder / "pycoral" / "utils"
    package.mkdir(parents=True)
    (folder / "pycoral" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "edgetpu.py").write_text(_SOURCE.format(library=str(library)), encoding="utf-8")
    facts = folder / f"pycoral-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pycoral\nVersion: {version}\n", encoding="utf-8")
    return package / "calls.txt"
