"""Split a stream of JPEG pictures that follow one another without anything between them."""

from __future__ import annotations

START = b"\xff\xd8\xff"
END_MARKER, SCAN_MARKER = 0xD9, 0xDA
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length: TEM, RST0 to RST7, and SOI
MOST_BYTES = 16 << 20  # of one picture; more means that its end is lost


class JpegSplitter:
    """Collects bytes until pictures are complete. Torn pictures are dropped.

    It reads the lengths of JPEG's segments, because a segment may contain the bytes of an end marker, for example in a
    preview picture. Source: ITU-T T.81, annex B.
    """

    def __init__(self) -> None:
        self._pending = bytearray()

    def pictures(self, received: bytes) -> list[bytes]:
        """Return the pictures that are complete with these bytes, oldest first."""
        self._pending += received
        complete: list[bytes] = []
        while True:
            start = self._pending.find(START)
            if start < 0:
                del self._pending[: max(0, len(self._pending) - len(START) + 1)]
                return complete
            del self._pending[:start]
            end = _end(self._pending)
            if end is None:
                if len(self._pending) <= MOST_BYTES:
                    return complete
                end = 0
            if end == 0:  # torn: look for the next start
                del self._pending[: len(START)]
                continue
            complete.append(bytes(self._pending[:end]))
            del self._pending[:end]


def _end(picture: bytearray) -> int | None:
    """Offset behind the picture at the beginning; None if more bytes are needed, 0 if it is torn."""
    at = 2
    while at + 4 <= len(picture):
        if picture[at] != 0xFF:
            return 0
        marker = picture[at + 1]
        if marker == END_MARKER:
            return at + 2
        if marker == 0xFF:  # fill bytes may precede a marker
            at += 1
            continue
        if marker in ALONE:
            if marker == 0xD8:  # another picture begins inside this one
                return 0
            at += 2
            continue
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
        if marker == SCAN_MARKER:
            found = _end_of_scan(picture, at)
            if found is None:
                return None
            at = found
    return at + 2 if picture[at : at + 2] == b"\xff\xd9" else None


def _end_of_scan(picture: bytearray, at: int) -> int | None:
    """Offset of the first marker behind compressed data, where 0xFF is followed by 0 or a restart marker."""
    while (at := picture.find(b"\xff", at)) >= 0 and at + 1 < len(picture):
        following = picture[at + 1]
        if following and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return at
        at += 1 if following == 0xFF else 2
    return None
