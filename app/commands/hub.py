"""`hub DIR --out DIR`: make one model of the saved folders of many stations, for them to take as their starter."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tqdm import tqdm

from app.base.errors import ExportError, HubRefused, OutputNotWritten, ReportNotWritten
from app.base.files import folder_problem
from app.commands.exit_codes import DONE
from app.commands.report import line_writer, write_json
from app.commands.train import check_out, known_prior
from app.embedding.cluster import ClusterEmbedder, ExtractorFile, check_address, cluster
from app.hub.fleet import Fleet
from app.hub.folders import FoundStationFolder, RefusedFolder, find_folders
from app.hub.names import NameMap, read_mapping
from app.hub.readers import ClusterReader, HereReader, Reader
from app.hub.run import HubOptions, make_starter
from app.hub.summary import Summary, refusals_as_json
from app.hub.watch import Look, Watch
from app.model.saved_folder.facts import REPORT
from app.model.saved_folder.signature import read_key, signature
from learning.extractor_file import check_extractor
from learning.view_prior import ViewPrior
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path

logger = logging.getLogger(__name__)

SHOWN_REFUSALS = 20  # lines; the report and the JSON list all


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    write = line_writer(options)
    if options.dask is not None and (risk := check_address(options.dask, insecure=options.insecure)) is not None:
        logger.warning("%s", risk)
    synonyms = read_mapping(options.mapping) if options.mapping is not None else {}
    sign = partial(signature, read_key(options.sign_with)) if options.sign_with is not None else None
    if not options.dir.is_dir():
        raise HubRefused(f"{options.dir} is not a folder. Name one that holds the saved folders of stations.")
    check_out(options.out, options.dir)
    _check_report(options.report, options.out)
    path, runtime = extractor_path(options.extractor or ""), options.runtime or "auto"
    with ExitStack() as stack:
        extractor = stack.enter_context(EmbeddingExtractor(path, runtime=runtime, device="cpu"))
        check_extractor(extractor.model_bytes, path)
        extractor.check_embeddings()
        hub = Hub(
            extractor=extractor,
            extractor_file=path,
            prior=known_prior(extractor, write),
            reader=stack.enter_context(_reader(options.dask, path, extractor, runtime, write)),
            synonyms=synonyms,
            options=HubOptions(
                out=options.out,
                seed=options.seed,
                memory_bytes=options.memory_mib << 20,
                report=options.report,
                sign=sign,
                runtime=runtime,
            ),
            json_path=options.json,
            write=write,
        )
        stack.callback(hub.close)
        if options.watch:
            watch = Watch(partial(find_folders, options.dir))
            hub.watch(watch, options.enough, partial(time.sleep, options.every))
            return DONE
        found = find_folders(options.dir)
        if not found:
            raise HubRefused(f"{options.dir} holds no saved folder with a session. Copy the stations' folders there.")
        hub.collect(found)
        hub.train()
    return DONE


def _check_report(report: Path | None, out: Path) -> None:
    """Refuse a report with visitors' pictures in the folder that every station gets.

    Raises:
        HubRefused: If the file is in it.
        ReportNotWritten: If it cannot be written.
    """
    if report is None:
        return
    if out.resolve() in (report.resolve(), *report.resolve().parents):
        raise HubRefused(
            f"{report} is in {out}, which every station gets, and it shows visitors' pictures. "
            "Name a file in another folder with --report."
        )
    problem = os.strerror(errno.EISDIR) if report.is_dir() else folder_problem(report.absolute().parent)
    if problem:
        raise ReportNotWritten(report, problem)


class Hub:
    """Collects folders and trains on them. Everything that was collected is in a temporary folder until the end.

    Args:
        extractor, extractor_file, prior: The extractor of the hub.
        reader: Reads folders.
        synonyms: From `app.hub.names.read_mapping`.
        options: How to train.
        json_path: File for the results as JSON; None writes none.
        write: Receives the results, one line at a time.
    """

    def __init__(
        self,
        *,
        extractor: EmbeddingExtractor,
        extractor_file: Path,
        prior: ViewPrior | None,
        reader: Reader,
        synonyms: dict[str, str],
        options: HubOptions,
        json_path: Path | None,
        write: Callable[[str], None],
    ) -> None:
        self._extractor, self._file, self._prior, self._reader = extractor, extractor_file, prior, reader
        self._synonyms, self._options, self._json, self._write = synonyms, options, json_path, write
        self._begin()

    def close(self) -> None:
        """Delete what was collected."""
        self._scratch.cleanup()

    def collect(self, found: Sequence[FoundStationFolder]) -> None:
        """Read folders and add what can be used."""
        self._leave_out([refused for _, refused in self._read(found)])

    def train(self) -> None:
        """Measure, train, write the folder, and report."""
        started_s = time.perf_counter()
        stations = len({folder.station for folder in self._fleet.folders})
        with tqdm(total=stations, unit="station", disable=not sys.stderr.isatty()) as bar:
            try:
                summary, model = make_starter(
                    self._fleet, self._names, self._extractor, self._file, self._prior, self._options, bar.update
                )
            except HubRefused:  # most often because of the folders that were left out
                write_json(self._json, {"refused": refusals_as_json(self._fleet.refused)})
                raise
        for line in _lines(summary):
            self._write(line)
        self._write(f"model: {model}")
        self._write(f"report: {self._options.out / REPORT}")
        if self._options.report is not None:
            self._write(f"report with pictures: {self._options.report}")
        seconds = time.perf_counter() - started_s
        write_json(self._json, {**summary.as_json(), "model": str(model), "seconds": {"train": seconds}})

    def watch(self, watch: Watch, enough: int, wait: Callable[[], None]) -> None:
        """Collect new folders and train whenever enough is new; ends with Ctrl-C.

        Args:
            watch: Says what is new.
            enough: Number of new samples.
            wait: Waits until the next look.
        """
        self._write("waiting for folders; Ctrl-C ends this")
        trained_on, outdated, unseen, unwritten = 0, False, "", ""
        while True:
            try:
                look, problem = watch.look(), ""
            except HubRefused as error:  # a share can come back
                look, problem = Look(), str(error)
            if problem and problem != unseen:
                self._write(problem)
            unseen = problem
            if look.forget:
                self.close()
                self._begin()
                outdated = outdated or trained_on > 0  # the starter still holds what is gone
                trained_on = 0
                self._write("a folder was changed or deleted: everything is collected again")
            for refused in look.again:
                self._fleet.withdraw(refused)
            self._leave_out(look.left_out)
            for one, refused in self._read(look.ready):
                watch.refuse(one, refused)
                self._write(f"not used yet: {refused.name}: {refused.reason} It is read again when it changes.")
            new = self._fleet.samples - trained_on
            if new >= enough or (outdated and new):
                try:
                    self.train()
                    trained_on, outdated, unwritten = self._fleet.samples, False, ""
                except HubRefused as error:  # new folders may mend it
                    trained_on = self._fleet.samples
                    self._write(f"no new starter: {error}")
                except (ExportError, OutputNotWritten) as error:  # room, or the share, may come back: tried again
                    if str(error) != unwritten:
                        self._write(f"no new starter: {error}")
                    unwritten = str(error)
            wait()

    def _read(self, found: Sequence[FoundStationFolder]) -> list[tuple[FoundStationFolder, RefusedFolder]]:
        """Read folders, add what can be used, and return the others."""
        refused = []
        with tqdm(total=len(found), unit="folder", disable=not found or not sys.stderr.isatty()) as bar:
            for one, read in zip(found, self._reader.folders(found), strict=True):
                if isinstance(read, RefusedFolder):
                    refused.append((one, read))
                else:
                    self._fleet.add(read)
                bar.update()
        return refused

    def _leave_out(self, folders: Sequence[RefusedFolder]) -> None:
        """Leave folders out for good, and say which."""
        for refused in folders:
            self._fleet.add(refused)
        for refused in folders[:SHOWN_REFUSALS]:
            self._write(f"left out {refused.name}: {refused.reason}")
        if len(folders) > SHOWN_REFUSALS:
            self._write(f"and {len(folders) - SHOWN_REFUSALS} more folders: the report lists them")

    def _begin(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="kiosk-hub-")
        self._names = NameMap(self._synonyms)
        self._fleet = Fleet(Path(self._scratch.name), self._names)


def _lines(summary: Summary) -> Iterator[str]:
    used = sum(one.samples > 0 for one in summary.stations)
    yield (
        f"used: {summary.samples} samples of {used} stations, in {len(summary.labels)} classes; "
        f"duplicates dropped: {summary.duplicates}; folders left out: {len(summary.refused)}"
    )
    if summary.accuracy is None:
        yield "accuracy at a station that was left out: unknown, because no class was taught at two stations"
        return
    worst = min((one for one in summary.stations if one.accuracy is not None), key=lambda one: one.accuracy or 0.0)
    lowest = f"lowest: {worst.accuracy:.1%} at {worst.name}"
    yield f"accuracy at a station that was left out: {summary.accuracy:.1%}; {lowest}"


@contextmanager
def _reader(
    dask: str | None, path: Path, extractor: EmbeddingExtractor, runtime: str, write: Callable[[str], None]
) -> Iterator[Reader]:
    """Choose who reads the folders: this process, or the workers of a cluster."""
    if dask is None:
        yield HereReader(extractor)
        return
    file = ExtractorFile(str(path.resolve()), extractor.sha256, runtime)
    with cluster(dask, write) as client:
        yield ClusterReader(ClusterEmbedder(client, file))
