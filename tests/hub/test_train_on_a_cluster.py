"""`train --dask` writes the model that `train` writes, whatever happens to the workers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.commands.dataset_address import find_pictures_at
from app.embedding import cluster as clusters
from app.embedding.cluster import ClusterEmbedder, ExtractorFile
from app.embedding.work import Embedded, HereEmbedder, ToEmbed, ToVary, Unreadable
from app.model.saved_folder.facts import PLAIN_FILE
from run_kiosk import main
from tests.hub.killed_workers import kill_workers
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path

pytestmark = pytest.mark.needs_dask


ROLES = ("scheduler", "worker", "client")


@pytest.fixture(scope="module")
def address(client: Any) -> str:
    return str(client.cluster.scheduler_address)


@pytest.fixture(scope="module")
def extractor() -> Iterator[EmbeddingExtractor]:
    with closing(EmbeddingExtractor(extractor_path(""))) as opened:
        yield opened


@pytest.fixture
def embedder(client: Any, extractor: EmbeddingExtractor) -> ClusterEmbedder:
    return ClusterEmbedder(client, ExtractorFile(str(extractor_path("")), extractor.sha256, "auto"))


def children() -> set[int]:
    """The processes that this one started, and theirs, that still run."""
    import psutil  # comes with Dask

    return {child.pid for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE}


def noisy(folder: Path, count: int = 12) -> Path:
    """Write pictures of two classes, in formats, sizes and with faults as people have them."""
    rng = np.random.default_rng(5)
    for label, level in (("dark", 60), ("bright", 200)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            picture = rng.integers(level - 50, level + 50, (40 + number, 64, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / label / f"{number:02d}.{'jpg' if number % 2 else 'png'}"), picture)
    (folder / "dark" / "broken.jpg").write_bytes(b"no picture")
    return folder


def trained(data: Path, out: Path, *options: str) -> bytes:
    assert main(["train", str(data), "--out", str(out), "--seed", "3", *options]) == 0
    return (out / PLAIN_FILE).read_bytes()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noisy(tmp_path_factory.mktemp("train") / "data")


@pytest.fixture(scope="module")
def plain(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return trained(data, tmp_path_factory.mktemp("plain") / "out")


def test_the_model_is_the_same_byte_for_byte(
    data: Path, plain: bytes, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = tmp_path / "report.json"
    assert trained(data, tmp_path / "out", "--dask", address, "--json", str(report)) == plain
    facts = json.loads(report.read_text())
    assert facts["samples"] == {"bright": 12, "dark": 12}
    assert facts["skipped"] == 1
    assert f"skipped {data / 'dark/broken.jpg'}: it is not a readable picture" in caplog.messages


def test_a_cluster_of_this_computer_leaves_no_process_behind(data: Path, plain: bytes, tmp_path: Path) -> None:
    import dask

    before = children()
    with dask.config.set({"distributed.worker.multiprocessing-method": "spawn"}):  # as Dask does if nobody asks
        assert trained(data, tmp_path / "out", "--dask", "local:1") == plain
    assert children() <= before


def test_many_pictures_are_not_kept_in_memory_and_the_model_is_the_same(
    data: Path, plain: bytes, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.train.MOST_KEPT", 5)
    monkeypatch.setattr("app.commands.train.KEPT_OF_CLASS", 2)
    assert trained(data, tmp_path / "out", "--dask", address) == plain


def test_results_keep_their_order_and_equal_those_of_this_process(
    data: Path, embedder: ClusterEmbedder, extractor: EmbeddingExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "BATCH", 3)
    wanted = [ToEmbed(str(path), keep=number % 2 == 0) for number, path in enumerate(sorted(data.rglob("*.*")))]
    for ours, theirs in zip(HereEmbedder(extractor).pictures(wanted), embedder.pictures(wanted), strict=True):
        if isinstance(ours, Unreadable):
            assert ours == theirs
            continue
        assert isinstance(theirs, Embedded)
        assert ours.embedding.tobytes() == theirs.embedding.tobytes()
        assert (ours.device, ours.picture) == (theirs.device, theirs.picture)
    vary = [ToVary(wanted[0].path, 3, 7), ToVary(wanted[1].path, 2, 8)]
    for mine, other in zip(HereEmbedder(extractor).views(vary), embedder.views(vary), strict=True):
        assert mine.tobytes() == other.tobytes()


def test_the_model_is_the_same_when_workers_are_killed_while_they_read_and_while_they_make_views(
    data: Path, plain: bytes, address: str, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "BATCH", 2)
    monkeypatch.setattr(clusters, "BATCH_OF_VIEWS", 2)
    killed = kill_workers(monkeypatch, client, (2, 9, 27))  # there are 25 files
    assert trained(data, tmp_path / "out", "--dask", address) == plain
    assert len(killed) == 3
    client.wait_for_workers(2, timeout=60)


def crashing(wanted: ToEmbed, _extractor: EmbeddingExtractor) -> str:
    """Like a decoder with a fault."""
    if "crash" in wanted.path:
        os._exit(1)
    return wanted.path


def crashing_batch(_extractor: ExtractorFile, batch: list[ToEmbed]) -> list[Any]:
    return [crashing(one, None) for one in batch]  # type: ignore[arg-type]


def test_a_picture_that_crashes_its_worker_is_skipped_and_the_others_are_not(
    embedder: ClusterEmbedder, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "embed_batch", crashing_batch)
    wanted = [ToEmbed(name, keep=False) for name in ("a", "b", "crash", "c")]
    assert list(embedder.pictures(wanted)) == [
        "a", "b", Unreadable("crash", "it crashes the program that reads it"), "c",
    ]  # fmt: skip
    client.wait_for_workers(2, timeout=60)


def test_tasks_grow_with_the_work_so_that_the_scheduler_of_a_large_cluster_keeps_up() -> None:
    sizes = [clusters.batch_size(count, threads) for count, threads in ((10, 2), (10**4, 2), (10**5, 2), (10**7, 100))]
    assert sizes == [64, 64, 500, 512]


def test_pictures_are_read_by_address(data: Path, embedder: ClusterEmbedder) -> None:
    path = data / "dark/00.png"
    by_path, by_address, missing = embedder.pictures(
        [ToEmbed(str(path), False), ToEmbed(f"file://{path}", False), ToEmbed("file:///none.png", False)]
    )
    assert isinstance(by_path, Embedded)
    assert isinstance(by_address, Embedded)
    assert by_path.embedding.tobytes() == by_address.embedding.tobytes()
    assert isinstance(missing, Unreadable)
    assert missing.path == "file:///none.png"


def test_a_folder_of_pictures_can_be_an_address(
    data: Path, plain: bytes, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    out = tmp_path / "out"
    assert main(["train", f"file://{data}", "--out", str(out), "--seed", "3", "--dask", address]) == 0
    assert (out / PLAIN_FILE).read_bytes() == plain
    assert f"skipped file://{data}/dark/broken.jpg: it is not a readable picture" in caplog.messages
    capsys.readouterr()
    for wrong, error in (
        ("memory://empty", "memory://empty holds no files. Name a place that has a folder of pictures for each class."),
        (f"file://{data}/dark", "the pictures in {place} (00.png …) belong to no class. "),
        ("nothing://host/a", "cannot read nothing://host/a: Protocol not known: nothing. Name another place."),
    ):
        assert main(["train", wrong, "--out", str(tmp_path / "none")]) == 1
        assert capsys.readouterr().err.startswith("error: " + error.format(place=wrong))
    assert not (tmp_path / "none").exists()


def test_pictures_at_an_address_follow_the_rules_for_folders() -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    names = (
        "train/b/2.jpg",
        "train/b/deep/1.PNG",
        "train/b/notes.txt",
        "train/a/1.jpg",
        "train/a/2.jpg",
        "train/A/3.jpg",
    )
    for name in (*names, "test/a/1.jpg", "train/.git/x.jpg", "train/b/Thumbs.db"):
        system.pipe(f"/rules/{name}", b"x")
    found = find_pictures_at("memory://rules/")
    at = "memory://rules/train"
    assert found.pictures == {
        "A": [f"{at}/A/3.jpg", f"{at}/a/1.jpg", f"{at}/a/2.jpg"],
        "b": [f"{at}/b/2.jpg", f"{at}/b/deep/1.PNG"],
    }
    assert found.left_out == 1


def test_only_plain_files_at_an_address_are_pictures(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    (tmp_path / "b" / "device.jpg").symlink_to("/dev/zero")
    (tmp_path / "b" / "3.jpg").symlink_to("1.jpg")
    found = find_pictures_at(f"file://{tmp_path}")
    assert [[Path(one).name for one in files] for files in found.pictures.values()] == [
        ["1.jpg", "2.jpg"],
        ["1.jpg", "2.jpg", "3.jpg"],
    ]


def test_a_worker_with_another_extractor_is_refused(client: Any, tmp_path: Path) -> None:
    wrong = ClusterEmbedder(client, ExtractorFile(str(extractor_path("")), "0" * 64, "auto"))
    with pytest.raises(clusters.ClusterUnavailable, match=r"^the worker on .* has no such extractor at .*\. Give all "):
        list(wrong.pictures([ToEmbed(str(tmp_path / "a.png"), False)]))


@pytest.mark.parametrize(
    ("dask", "error"),
    [
        (
            "localhost",
            "--dask localhost is not a cluster. Write local, local:4, tls://HOST:8786, or tcp://127.0.0.1:8786.",
        ),
        (
            "tcp://192.0.2.7:8786",
            "anybody in the network can run programs on tcp://192.0.2.7:8786, because tcp:// is not encrypted. "
            "Use tls:// with certificates, or add --insecure.",
        ),
        (
            "tcp://127.0.0.1:9",
            "no Dask scheduler answers at tcp://127.0.0.1:9 (OSError). "
            "Start it with the command dask scheduler, or use --dask local.",
        ),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused_in_one_line(
    dask: str, error: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(clusters, "CONNECTS_S", 1)
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--dask", dask]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {error}"
    assert not (tmp_path / "out").exists()


def test_a_cluster_of_this_computer_listens_to_nobody_else(client: Any) -> None:
    import psutil  # comes with Dask

    def listening(process: Any) -> list[str]:
        return [one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN]

    client.wait_for_workers(2, timeout=60)
    here = psutil.Process()
    found = [listening(process) for process in (here, *here.children(recursive=True))]
    assert sum(map(len, found)) >= 5  # scheduler, two workers, and what watches each of them
    assert {address for addresses in found for address in addresses} == {"127.0.0.1"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing, which makes the certificates")
def test_a_cluster_with_certificates_is_used_and_only_with_the_right_ones(
    data: Path, plain: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import dask
    from distributed import LocalCluster, Security

    def certificate(name: str) -> dict[str, str]:
        key, cert = (str(tmp_path / f"{name}.{part}.pem") for part in ("key", "cert"))
        command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={name} -keyout {key} -out {cert}"
        subprocess.run(command.split(), check=True, capture_output=True)
        roles = {f"{role}.{part}": path for role in ROLES for part, path in (("key", key), ("cert", cert))}
        return {f"distributed.comm.tls.{part}": path for part, path in {"ca-file": cert, **roles}.items()}

    with dask.config.set(certificate("fleet")):
        options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": None, "processes": False}
        security = Security(require_encryption=True)
        with LocalCluster(n_workers=1, host="tls://127.0.0.1", security=security, **options) as local:
            assert local.scheduler_address.startswith("tls://")
            assert trained(data, tmp_path / "out", "--dask", local.scheduler_address) == plain
            monkeypatch.setattr(clusters, "CONNECTS_S", 2)
            with dask.config.set(certificate("stranger")):
                arguments = ["train", str(data), "--out", str(tmp_path / "none"), "--dask", local.scheduler_address]
                assert main(arguments) == 1
            address = local.scheduler_address
    found = re.sub(r"\(\w+\)", "(kind)", capsys.readouterr().err.splitlines()[-1])
    more = "Name them in Dask's settings: https://distributed.dask.org/en/stable/tls.html"
    assert found == (
        f"error: no Dask scheduler answers at {address} with these certificates (kind). "
        f"Start it with the same ones. {more}"
    )
    assert main(["train", str(data), "--out", str(tmp_path / "none"), "--dask", address]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {address} needs certificates. {more}"


def test_a_cluster_that_goes_away_or_has_no_worker_is_reported_in_one_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(clusters, "CONNECTS_S", 1)
    monkeypatch.setattr(clusters, "BATCH", 1)
    options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": None, "processes": False}
    arguments = ["train", str(data), "--out", str(tmp_path / "out"), "--dask"]
    with LocalCluster(n_workers=0, host="127.0.0.1", protocol="tcp://", **options) as local:
        address = local.scheduler_address
        assert main([*arguments, address]) == 1
    line = f"error: the cluster at {address} has no worker. Start some with the command dask worker."
    assert capsys.readouterr().err.splitlines()[-1] == line

    local = LocalCluster(n_workers=1, host="127.0.0.1", protocol="tcp://", **options)
    really = ClusterEmbedder.each

    def each(self: ClusterEmbedder, *works: Any) -> Iterator[Any]:
        for result in really(self, *works):
            yield result
            local.close()

    monkeypatch.setattr(ClusterEmbedder, "each", each)
    assert main([*arguments, local.scheduler_address]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: the cluster does not answer any more: ")
    assert line.endswith(". Start it again, and then this command.")
    assert not (tmp_path / "out").exists()


def test_an_insecure_cluster_is_used_with_one_warning(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert clusters.check_address("tcp://192.0.2.7:8786", insecure=True) == (
        "tcp://192.0.2.7:8786 is not encrypted: anybody in the network can run programs on the cluster"
    )
    assert clusters.check_address("tls://192.0.2.7:8786", insecure=False) is None
    assert clusters.check_address("tcp://[::1]:8786", insecure=False) is None


def test_ctrl_c_ends_the_cluster(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.embedding.cluster.ClusterEmbedder.views", interrupt)
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--dask", "local:1"]) == 130
    assert children() <= before
    assert not (tmp_path / "out").exists()
