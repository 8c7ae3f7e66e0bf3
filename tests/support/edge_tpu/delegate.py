"""A TFLite delegate written in Python: simulates an Edge TPU inside this process, without a C compiler.

Like libedgetpu it takes over the compiled operator; a Python function computes the output. The structs are declared
from their published layout; TfLiteRegistration is the 88-byte one of TensorFlow 2.12 and later.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

OPERATOR = b"edgetpu-custom-op"
OK, ERROR = 0, 1
Address, Integer = ctypes.c_void_p, ctypes.c_int


class _IntArray(ctypes.Structure):
    _fields_ = (("size", Integer), ("data", Integer * 1))

    def values(self) -> list[int]:
        """The numbers behind the header."""
        start = ctypes.addressof(self) + _IntArray.data.offset
        return list((Integer * self.size).from_address(start))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("type", Integer), ("data", Address), ("dims", Address), ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32), ("allocation_type", Integer), ("bytes", ctypes.c_size_t),
        ("rest", ctypes.c_char * 64),
    )  # fmt: skip


class _Node(ctypes.Structure):
    _fields_ = (("inputs", ctypes.POINTER(_IntArray)), ("outputs", ctypes.POINTER(_IntArray)))


class _Registration(ctypes.Structure):
    _fields_ = (
        ("init", Address), ("free", Address), ("prepare", Address), ("invoke", Address), ("profiling", Address),
        ("builtin_code", ctypes.c_int32), ("custom_name", ctypes.c_char_p), ("version", Integer),
        ("external", Address), ("asynchronous", Address), ("inplace", ctypes.c_uint64),
    )  # fmt: skip


class _Context(ctypes.Structure):
    _fields_ = (
        ("tensors_size", ctypes.c_size_t), ("execution_plan", Address), ("tensors", ctypes.POINTER(_Tensor)),
        ("impl", Address), ("resize_tensor", Address), ("report_error", Address), ("add_tensors", Address),
        ("node_and_registration", Address), ("replace_nodes", Address),
    )  # fmt: skip


class _Delegate(ctypes.Structure):
    _fields_ = (
        ("data", Address), ("prepare", Address), ("copy_from", Address), ("copy_to", Address),
        ("free_buffer", Address), ("flags", ctypes.c_int64), ("opaque", Address),
    )  # fmt: skip


ContextPointer = ctypes.POINTER(_Context)
_Init = ctypes.CFUNCTYPE(Address, ContextPointer, Address, ctypes.c_size_t)
_Free = ctypes.CFUNCTYPE(None, ContextPointer, Address)
_OnNode = ctypes.CFUNCTYPE(Integer, ContextPointer, ctypes.POINTER(_Node))
_Prepare = ctypes.CFUNCTYPE(Integer, ContextPointer, Address)
_Plan = ctypes.CFUNCTYPE(Integer, ContextPointer, ctypes.POINTER(ctypes.POINTER(_IntArray)))
_Look = ctypes.CFUNCTYPE(
    Integer, ContextPointer, Integer, ctypes.POINTER(ctypes.POINTER(_Node)),
    ctypes.POINTER(ctypes.POINTER(_Registration)),
)  # fmt: skip
_Replace = ctypes.CFUNCTYPE(Integer, ContextPointer, _Registration, Address, Address)


class PythonDelegate:
    """Goes into `experimental_delegates`; `compute` returns the bytes of the output for those of the input.

    Attributes:
        calls: How often the operator ran.
    """

    def __init__(self, compute: Callable[[bytes], bytes]) -> None:
        self._compute = compute
        self.calls = 0
        self._kernel = (_Init(lambda *_: None), _Free(lambda *_: None), _OnNode(lambda *_: OK), _OnNode(self._invoke))
        self._prepare = _Prepare(self._claim)
        self._delegate = _Delegate(
            prepare=ctypes.cast(self._prepare, Address),
            flags=1,  # kTfLiteDelegateFlagsAllowDynamicTensors: else all other operators must be known first
        )

    def _get_native_delegate_pointer(self) -> int:
        """The interpreter calls this to get the native struct."""
        return ctypes.addressof(self._delegate)

    def _claim(self, context: ctypes._Pointer[_Context], delegate: int) -> int:
        plan = ctypes.POINTER(_IntArray)()
        _Plan(context.contents.execution_plan)(context, ctypes.byref(plan))
        ours = [index for index in plan.contents.values() if self._name(context, index) == OPERATOR]
        nodes = (Integer * (len(ours) + 1))(len(ours), *ours)
        init, free, prepare, invoke = (ctypes.cast(function, Address) for function in self._kernel)
        kernel = _Registration(init, free, prepare, invoke, custom_name=b"EdgeTpuDelegateForCustomOp", version=1)
        return int(_Replace(context.contents.replace_nodes)(context, kernel, ctypes.addressof(nodes), delegate))

    @staticmethod
    def _name(context: ctypes._Pointer[_Context], index: int) -> bytes | None:
        node, registration = ctypes.POINTER(_Node)(), ctypes.POINTER(_Registration)()
        look = _Look(context.contents.node_and_registration)
        look(context, index, ctypes.byref(node), ctypes.byref(registration))
        name: bytes | None = registration.contents.custom_name
        return name

    def _invoke(self, context: ctypes._Pointer[_Context], node: ctypes._Pointer[_Node]) -> int:
        tensors = context.contents.tensors
        entry = tensors[node.contents.inputs.contents.values()[0]]
        out = tensors[node.contents.outputs.contents.values()[0]]
        self.calls += 1
        try:
            answer = self._compute(ctypes.string_at(entry.data, entry.bytes))
        except Exception:  # an exception cannot pass through C
            return ERROR
        if len(answer) != out.bytes:
            return ERROR
        ctypes.memmove(out.data, answer, out.bytes)
        return OK
