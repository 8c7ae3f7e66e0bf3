"""The guarded child: opens and runs models of unknown origin, one call at a time.

`tpu.guarded.process` starts it as `python -m tpu.guarded.child SOCKET RUNTIME MEMORY`. It isolates itself before it
reads a byte of a model. It may crash, hang or run out of memory at any moment.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from tpu.guarded.isolation import address_space_bytes, enter_namespaces, lock_down

OUT_OF_MEMORY = 3  # exit code
WRITTEN_BYTES = 0  # it writes no file


def main(descriptor: int, runtime: str, memory_bytes: int) -> int:
    """Serve until the parent closes its end of the socket; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process
    connection = socket.socket(fileno=descriptor)
    namespaces = enter_namespaces(lambda pid: connection.send(b'{"pid": %d}' % pid))
    from tpu.guarded.serving import serve, warm_up  # imports numpy: after the fork, and before the files are gone

    warm_up(runtime)
    holds = lock_down(namespaces, address_space_bytes() + memory_bytes, WRITTEN_BYTES)
    try:
        serve(connection, runtime, holds)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
