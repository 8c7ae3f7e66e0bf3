"""Downloads from a local server that breaks off, sends wrong lengths or other bytes, redirects, or is down."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tpu.errors import DownloadFailed, UnknownModel
from tpu.models import KNOWN_MODELS, KnownModel, find_model, is_intact, local_path, pull

pytestmark = pytest.mark.needs_runtime

DATA = bytes(range(256)) * 2000
CHECK_NETWORK = (
    "Check the network and pull it again: it goes on where it stopped. "
    "Or fetch that file elsewhere and name it with --extractor."
)
Answer = Callable[["_Handler", int], None]


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `answers`; repeats the last one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [whole]
        self.ranges: list[int] = []
        self.asked: list[str] = []

    def model(self, sha256: str = hashlib.sha256(DATA).hexdigest()) -> KnownModel:
        return KnownModel("m", f"http://127.0.0.1:{self.server_port}/m.tflite", sha256, "Apache-2.0", "test")


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.server.ranges.append(start)
        self.server.asked.append(self.path)
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, start)

    def send(self, status: int, data: bytes, length: int | str | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Write no log."""


def whole(handler: _Handler, start: int) -> None:
    if start >= len(DATA):
        handler.send(416, b"")
    else:
        handler.send(206 if start else 200, DATA[start:])


def breaks_off(handler: _Handler, start: int) -> None:
    handler.send(206 if start else 200, DATA[start : start + 100_000], len(DATA) - start)


def says_less(handler: _Handler, start: int) -> None:
    handler.send(206 if start else 200, DATA[start:], 1000)


def says_nonsense(handler: _Handler, _start: int) -> None:
    handler.close_connection = True
    handler.send(200, DATA, "as much as you like")


def forgets_ranges(handler: _Handler, _start: int) -> None:
    handler.send(200, DATA)


def other_bytes(handler: _Handler, _start: int) -> None:
    handler.send(200, b"<html>Sign in to the guest network</html>")


def redirects(handler: _Handler, _start: int) -> None:
    handler.send(302, b"", Location="/elsewhere.tflite")


def missing(handler: _Handler, _start: int) -> None:
    handler.send(404, b"")


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_model_is_downloaded_completely_and_then_found(server: Server, tmp_path: Path) -> None:
    progress: list[tuple[int, int | None]] = []
    path = pull(server.model(), tmp_path, lambda done, total: progress.append((done, total)))
    assert path.read_bytes() == DATA
    assert progress[-1] == (len(DATA), len(DATA))
    assert is_intact(server.model(), tmp_path)
    assert pull(server.model(), tmp_path) == path
    assert server.ranges == [0]


def test_an_interrupted_download_is_resumed_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.answers = [breaks_off, breaks_off, whole]
    assert pull(server.model(), tmp_path).read_bytes() == DATA
    assert server.ranges == [0, 100_000, 200_000]


def test_a_download_is_resumed_by_a_later_run_too(server: Server, tmp_path: Path) -> None:
    server.answers = [breaks_off, breaks_off, breaks_off, whole]
    with pytest.raises(DownloadFailed) as caught:
        pull(server.model(), tmp_path)
    assert str(caught.value) == (
        f"{server.model().address} cannot be reached or breaks off (300000 of 512000 bytes arrived). {CHECK_NETWORK}"
    )
    assert not local_path(server.model(), tmp_path).exists()
    assert pull(server.model(), tmp_path).read_bytes() == DATA
    assert server.ranges[-1] == 300_000


def test_a_download_that_was_complete_but_not_yet_checked_is_not_repeated(server: Server, tmp_path: Path) -> None:
    path = local_path(server.model(), tmp_path)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(DATA)
    assert pull(server.model(), tmp_path) == path
    assert (path.read_bytes(), server.ranges) == (DATA, [len(DATA)])
    assert not partial.exists()


def test_a_model_that_the_server_lacks_is_not_taken_from_what_arrived_of_it(server: Server, tmp_path: Path) -> None:
    server.answers = [breaks_off, missing]
    with pytest.raises(DownloadFailed) as caught:
        pull(server.model(sha256=""), tmp_path)
    assert str(caught.value) == f"{server.model().address} answers 404 Not Found. Try again later."
    assert not local_path(server.model(), tmp_path).exists()


def test_a_download_starts_over_if_the_server_cannot_resume(server: Server, tmp_path: Path) -> None:
    server.answers = [breaks_off, forgets_ranges]
    assert pull(server.model(), tmp_path).read_bytes() == DATA


def test_a_file_with_other_bytes_never_gets_the_name_of_the_model(server: Server, tmp_path: Path) -> None:
    server.answers = [other_bytes, whole]
    with pytest.raises(DownloadFailed) as caught:
        pull(server.model(), tmp_path)
    found = hashlib.sha256(b"<html>Sign in to the guest network</html>").hexdigest()
    address = server.model().address
    assert str(caught.value) == (
        f"{address} delivered other bytes than expected (sha256 {found}). Pull it again later."
    )
    assert list(tmp_path.iterdir()) == []
    assert pull(server.model(), tmp_path).read_bytes() == DATA


def test_a_length_that_is_too_short_is_refused_and_a_missing_length_is_accepted(server: Server, tmp_path: Path) -> None:
    server.answers = [says_less, says_nonsense]
    with pytest.raises(DownloadFailed) as caught:
        pull(server.model(), tmp_path)
    found = hashlib.sha256(DATA[:1000]).hexdigest()
    assert str(caught.value) == (
        f"{server.model().address} delivered other bytes than expected (sha256 {found}). Pull it again later."
    )
    assert list(tmp_path.iterdir()) == []
    totals: list[int | None] = []
    assert pull(server.model(), tmp_path, lambda _done, total: totals.append(total)).read_bytes() == DATA
    assert set(totals) == {None}


def test_the_proxy_in_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    far_away = replace(server.model(), address="http://models.invalid/m.tflite")
    assert pull(far_away, tmp_path).read_bytes() == DATA
    assert server.asked == ["http://models.invalid/m.tflite"]


def test_redirects_are_followed(server: Server, tmp_path: Path) -> None:
    server.answers = [redirects, whole]
    assert pull(server.model(), tmp_path).read_bytes() == DATA


def test_the_status_of_the_server_is_in_the_error(server: Server, tmp_path: Path) -> None:
    server.answers = [missing]
    with pytest.raises(DownloadFailed) as caught:
        pull(server.model(), tmp_path)
    assert str(caught.value) == f"{server.model().address} answers 404 Not Found. Try again later."


def test_the_error_without_a_network_says_what_to_do(tmp_path: Path) -> None:
    nowhere = KnownModel("m", "http://127.0.0.1:9/m.tflite", "0", "Apache-2.0", "test")
    with pytest.raises(DownloadFailed) as caught:
        pull(nowhere, tmp_path)
    assert str(caught.value) == (
        f"http://127.0.0.1:9/m.tflite cannot be reached or breaks off (Connection refused). {CHECK_NETWORK}"
    )


def test_a_damaged_file_is_not_intact_and_is_replaced(server: Server, tmp_path: Path) -> None:
    path = pull(server.model(), tmp_path)
    path.write_bytes(DATA[:-1])
    assert not is_intact(server.model(), tmp_path)
    assert pull(server.model(), tmp_path).read_bytes() == DATA


def test_if_no_hash_is_known_that_of_the_first_download_is_stored(server: Server, tmp_path: Path) -> None:
    model = server.model(sha256="")
    path = pull(model, tmp_path)
    assert is_intact(model, tmp_path)
    path.write_bytes(b"changed")
    assert not is_intact(model, tmp_path)


def test_a_second_download_must_equal_the_first(server: Server, tmp_path: Path) -> None:
    model = server.model(sha256="")
    path = pull(model, tmp_path)
    path.unlink()
    server.answers = [other_bytes]
    with pytest.raises(DownloadFailed) as caught:
        pull(model, tmp_path)
    found = hashlib.sha256(b"<html>Sign in to the guest network</html>").hexdigest()
    assert str(caught.value) == (
        f"{model.address} delivered other bytes than expected (sha256 {found}). Pull it again later."
    )
    assert not path.exists()


def test_the_known_models_are_the_files_they_claim_to_be(shared_models: Path) -> None:
    for name in ("mobilenet_v1", "mobilenet_v1_edgetpu"):
        model = find_model(name)
        data = local_path(model, shared_models).read_bytes()
        assert hashlib.sha256(data).hexdigest() == model.sha256
        assert len(data) == model.size_bytes


def test_the_error_for_an_unknown_name_lists_the_known_names() -> None:
    with pytest.raises(UnknownModel) as caught:
        find_model("resnet")
    names = ", ".join(model.name for model in KNOWN_MODELS)
    assert str(caught.value) == f"there is no known model 'resnet'. There are: {names}."
