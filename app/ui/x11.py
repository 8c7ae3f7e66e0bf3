"""Ask an X11 window manager to bring a window to the front, without waiting for its answer.

SDL can do that, too, but waits until the window is mapped, which a window manager that shows the desktop never does. So
this talks to the X server over a connection of its own, with the messages of the Extended Window Manager Hints
(EWMH 1.5, sections "Root Window Properties" and "Other Properties").
"""

from __future__ import annotations

import ctypes
import logging
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_int, c_long, c_ubyte, c_ulong, c_void_p

logger = logging.getLogger(__name__)

LIBRARY = "libX11.so.6"
CLIENT_MESSAGE, FORMAT_32 = 33, 32
SUBSTRUCTURE = (1 << 20) | (1 << 19)  # SubstructureRedirectMask, SubstructureNotifyMask
VIEWABLE = 2
FROM_PAGER = 2  # a request by the user's own tool, which window managers do not refuse as stealing the focus
ADD = 1  # to _NET_WM_STATE


class _ClientMessage(Structure):
    _fields_ = (
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
        ("message_type", c_ulong),
        ("format", c_int),
        ("data", c_long * 5),
    )


class _Event(Union):
    _fields_ = (("message", _ClientMessage), ("pad", c_long * 24))


class _Attributes(Structure):
    _fields_ = (
        *((name, c_int) for name in ("x", "y", "width", "height", "border_width", "depth")),
        ("visual", c_void_p),
        ("root", c_ulong),
        *((name, c_int) for name in ("window_class", "bit_gravity", "win_gravity", "backing_store")),
        *((name, c_ulong) for name in ("backing_planes", "backing_pixel")),
        ("save_under", c_int),
        ("colormap", c_ulong),
        *((name, c_int) for name in ("map_installed", "map_state")),
        *((name, c_long) for name in ("all_event_masks", "your_event_mask", "do_not_propagate_mask")),
        ("override_redirect", c_int),
        ("screen", c_void_p),
    )


_HANDLER = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)


def _ignore(_display: int | None, _error: int | None) -> int:
    """Ignore an error of the X server: the default handler ends the process, and a window may be gone meanwhile."""
    return 0


_IGNORE = _HANDLER(_ignore)


class X11Window:
    """A window of this process.

    Args:
        window: Its number.

    Raises:
        OSError: If the X server cannot be reached.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._x = x = ctypes.CDLL(LIBRARY)
        x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = c_void_p, [c_char_p]
        x.XDefaultRootWindow.restype, x.XDefaultRootWindow.argtypes = c_ulong, [c_void_p]
        x.XInternAtom.restype, x.XInternAtom.argtypes = c_ulong, [c_void_p, c_char_p, c_int]
        x.XGetWindowAttributes.argtypes = [c_void_p, c_ulong, POINTER(_Attributes)]
        x.XMapRaised.argtypes = [c_void_p, c_ulong]
        x.XFlush.argtypes = [c_void_p]
        x.XFree.argtypes = [c_void_p]
        x.XSendEvent.argtypes = [c_void_p, c_ulong, c_int, c_long, POINTER(_Event)]
        x.XGetWindowProperty.argtypes = [
            c_void_p, c_ulong, c_ulong, c_long, c_long, c_int, c_ulong, POINTER(c_ulong), POINTER(c_int),
            POINTER(c_ulong), POINTER(c_ulong), POINTER(POINTER(c_ubyte)),
        ]  # fmt: skip
        self._display = x.XOpenDisplay(None)
        if not self._display:
            raise OSError("the X server cannot be reached")
        x.XSetErrorHandler(_IGNORE)
        self._root = x.XDefaultRootWindow(self._display)

    def is_in_front(self) -> bool:
        """Whether the window is visible, no other one is above it, and it has the keyboard.

        Without a window manager only the first can be said.
        """
        attributes = _Attributes()
        self._x.XGetWindowAttributes(self._display, self._window, byref(attributes))
        if attributes.map_state != VIEWABLE:
            return False
        if not self._numbers("_NET_SUPPORTING_WM_CHECK"):
            return True
        above = self._numbers("_NET_CLIENT_LIST_STACKING")[-1:]
        return self._numbers("_NET_ACTIVE_WINDOW") == [self._window] and above in ([self._window], [])

    def bring(self) -> None:
        """Ask the window manager to leave the desktop, and to show this window above all, with the keyboard."""
        self._ask(self._root, "_NET_SHOWING_DESKTOP", 0)
        self._x.XMapRaised(self._display, self._window)
        above, full = self._atom("_NET_WM_STATE_ABOVE"), self._atom("_NET_WM_STATE_FULLSCREEN")
        self._ask(self._window, "_NET_WM_STATE", ADD, above, full, FROM_PAGER)
        self._ask(self._window, "_NET_ACTIVE_WINDOW", FROM_PAGER)
        self._x.XFlush(self._display)

    def close(self) -> None:
        """Close the connection."""
        self._x.XCloseDisplay(c_void_p(self._display))

    def _atom(self, name: str) -> int:
        return int(self._x.XInternAtom(self._display, name.encode(), 0))

    def _ask(self, window: int, kind: str, *data: int) -> None:
        """Send a client message about a window to the root window, where the window manager reads it."""
        event = _Event()
        event.message.type, event.message.window = CLIENT_MESSAGE, window
        event.message.message_type, event.message.format = self._atom(kind), FORMAT_32
        event.message.data = (c_long * 5)(*data)
        self._x.XSendEvent(self._display, self._root, 0, SUBSTRUCTURE, byref(event))

    def _numbers(self, name: str) -> list[int]:
        """Read a property of the root window that is a list of numbers of 32 bits."""
        kind, size, count, left = c_ulong(), c_int(), c_ulong(), c_ulong()
        data = POINTER(c_ubyte)()
        failed = self._x.XGetWindowProperty(
            self._display, self._root, self._atom(name), 0, 1024, 0, 0,
            byref(kind), byref(size), byref(count), byref(left), byref(data),
        )  # fmt: skip
        if failed or size.value != FORMAT_32 or not data:
            return []
        longs = ctypes.cast(data, POINTER(c_ulong))  # Xlib returns them as longs
        found = [longs[index] for index in range(count.value)]
        self._x.XFree(data)
        return found
