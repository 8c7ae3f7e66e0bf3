"""`train DATA_DIR --out DIR`: train on folders of pictures and write the same folder that SAVE writes."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from app.base.errors import ConfigInvalid, ExportError, ExportFailed, FolderOccupied
from app.base.file_names import HOME_PAGE
from app.base.files import folder_problem
from app.base.shown_paths import shown_path
from app.commands.dataset import check_shots, find_pictures
from app.commands.dataset_address import find_pictures_at
from app.commands.exit_codes import DONE
from app.commands.report import line_writer, write_json
from app.config.schema import Config
from app.embedding.cluster import ClusterEmbedder, ExtractorFile, check_address, cluster
from app.embedding.work import Embedder, HereEmbedder, ToEmbed, ToVary, Unreadable, picture_at, read_edge_px
from app.importing.find import next_order
from app.model.counterpart import write_counterpart
from app.model.prior import ExtractorPrior
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import EDGE_TPU_FILE, EXPORT_FOLDER, export_facts
from app.model.saved_folder.verified_folder import CHECKSUMS, refuse_occupied
from app.model.train import TrainedModel, train_model
from app.session.session import MOST_MADE_VIEWS, Sample, Session
from learning.class_sums import ClassSums, GrowingSums, head_of
from learning.extractor_file import check_extractor
from learning.fit import FitResult
from learning.view_prior import ViewPrior
from tpu.counterparts import cpu_counterpart
from tpu.edgetpu.accelerator import accelerator_for, wait_until_usable
from tpu.extractor import EmbeddingExtractor
from tpu.models import extractor_path
from tpu.runtime import CPU

logger = logging.getLogger(__name__)

COPIES = 4  # of the embeddings that a fit in memory holds at its peak
MANY_CLASSES = 20  # of so many, each gets half as many made views, because embedding them takes most of the time
MOST_KEPT, KEPT_OF_CLASS = 3000, 60  # pictures in memory, and those of a class if there are more


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    run_train(
        options.data_dir,
        options.out,
        extractor=extractor_path(options.extractor or ""),
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        seed=options.seed,
        dask=options.dask,
        insecure=options.insecure,
        memory_bytes=options.memory_mib << 20,
        json_path=options.json,
        write=line_writer(options),
    )
    return DONE


def run_train(
    data_dir: Path | str,
    out: Path,
    *,
    extractor: Path,
    runtime: str,
    device: str,
    seed: int,
    dask: str | None = None,
    insecure: bool = False,
    memory_bytes: int = 2 << 30,
    json_path: Path | None,
    write: Callable[[str], None],
) -> None:
    """Train on DATA_DIR/<class label>/*.jpg|png|bmp|webp|tif and write the export folder.

    Args:
        data_dir: A folder with one subfolder of pictures for each class, or its address as fsspec knows it.
        out: The folder to write: new, empty, or an earlier result, which is replaced. It cannot hold `data_dir`.
        extractor: The `.tflite` file of the embedding extractor.
        runtime, device: As on the command line.
        seed: Decides the validation split.
        dask: The cluster that embeds the pictures, as on the command line; None embeds them in this process. The model
            is the same.
        insecure: Whether a cluster may be used that is not encrypted.
        memory_bytes: If a fit of all pictures would need more, it is made of sums over the pictures of each class.
        json_path: File for the results as JSON; None writes none.
        write: Receives the results, one line at a time.

    Raises:
        DatasetInvalid: If the pictures cannot be used.
        ClusterUnavailable: If the cluster cannot be used.
        ExportError: If `out` cannot be written; this is checked before the training.
        KioskError, LearningError, RuntimeLayerError: If anything else fails.
    """
    if dask is not None and (risk := check_address(dask, insecure=insecure)) is not None:
        logger.warning("%s", risk)
    dataset = find_pictures_at(data_dir) if isinstance(data_dir, str) else find_pictures(data_dir)
    check_out(out, data_dir)
    replaces_result = (out / CHECKSUMS).is_file()
    with (
        ExitStack() as stack,
        accelerator_for(extractor, runtime=runtime, device=device) as accelerator,
        EmbeddingExtractor(extractor, runtime=runtime, device=device, accelerator=accelerator) as opened,
    ):
        check_extractor(opened.model_bytes, extractor)
        opened.check_embeddings()
        wait_until_usable(accelerator, device)
        started_s = time.perf_counter()
        embedder = stack.enter_context(_embedder(dask, extractor, opened, runtime, write))
        found = _embedded(dataset.pictures, embedder, opened, memory_bytes)
        shots = dict(zip(found.session.labels, found.shots, strict=True))
        check_shots(data_dir, shots)
        prior = known_prior(opened, write)
        session = _with_views(found.session, found.paths, embedder)
        embed_s = time.perf_counter() - started_s
        used = sum(found.shots)
        skipped = dataset.left_out + sum(map(len, dataset.pictures.values())) - used
        write(f"pictures used: {used}, in {len(shots)} classes; files skipped: {skipped}")
        if found.sums is not None:
            write(f"{len(session.samples)} of them are in memory; the others count in the sums of each class")
        if opened.compiled_for_edge_tpu and (count := found.devices[CPU]):
            why = "because of --device cpu" if device == CPU else "because no Edge TPU answered"
            write(f"{count} of them were embedded on the CPU with {cpu_counterpart(extractor)}, {why}")
        with tempfile.TemporaryDirectory(prefix="kiosk-train-") as scratch:
            trained = train_model(
                session,
                opened,
                Path(scratch) / "model.tflite",
                rng=np.random.default_rng(seed),
                runtime=runtime,
                device=device,
                accelerator=accelerator,
                prior=prior,
                improve=found.improve(prior),
                picture_of=lambda row: picture_at(found.paths[row], read_edge_px(opened.input_size_px)),
            )
            trained.engine.close()
            write_counterpart(trained.path, trained.head, extractor)
            places = [out.absolute().parent, out.absolute().parent / EXPORT_FOLDER]
            facts = replace(export_facts(trained, session, opened), order=next_order(places, datetime.now()))
            facts = replace(facts, shots=found.shots)
            folder = write_export(out, facts, session, include_pictures=False, report_pictures=True)
    model = folder / facts.file
    if replaces_result:
        write(f"replaced the earlier result in {out}")
    write(f"validation accuracy: {_accuracy_in_words(trained)}")
    write(f"model: {model}")
    if EDGE_TPU_FILE in facts.models and facts.file != EDGE_TPU_FILE:
        write(f"model for the Edge TPU: {folder / EDGE_TPU_FILE}")
    if (folder / HOME_PAGE).is_file():
        write(f"try it in a browser: {folder / HOME_PAGE}")
    write(f"report: {folder / 'report.html'}")
    write_json(
        json_path,
        {
            "classes": list(trained.labels),
            "samples": shots,
            "skipped": skipped,
            "validation_accuracy": trained.validation_accuracy,
            "validation_from": trained.validation_from,
            "provisional": trained.provisional,
            "agreement": trained.agreement.same_answer,
            "from_sums": found.sums is not None,
            "seconds": {"embed": embed_s, **trained.seconds},
            "model": str(model),
            "labels": str(model.with_name("labels.txt")),
        },
    )


def _accuracy_in_words(trained: TrainedModel) -> str:
    if trained.validation_accuracy is None:
        return "unknown, because the pictures of a class are nearly the same. Add pictures from other sides."
    if trained.validation_from == "views":
        return (
            f"{trained.validation_accuracy:.1%}, from turned and moved copies of pictures, because the pictures of a "
            "class are nearly the same"
        )
    holds = trained.training_report["holds"]
    once = [label for label, count in zip(trained.labels, holds, strict=True) if count < 2]
    untested = f"; not tested, because their pictures are nearly the same: {', '.join(once)}" if once else ""
    return f"{trained.validation_accuracy:.1%}{untested}"


@contextmanager
def _embedder(
    dask: str | None, path: Path, opened: EmbeddingExtractor, runtime: str, write: Callable[[str], None]
) -> Iterator[Embedder]:
    """Choose who embeds the pictures: this process, or the workers of a cluster."""
    if dask is None:
        yield HereEmbedder(opened)
        return
    file = ExtractorFile(str(path.resolve()), opened.sha256, runtime)
    with cluster(dask, write) as client:
        yield ClusterEmbedder(client, file)


def known_prior(extractor: EmbeddingExtractor, write: Callable[[str], None]) -> ViewPrior | None:
    """Return the prior of the extractor; measure it if it is not known yet, which takes some seconds."""
    try:
        cache: Path | None = Config().data_dir
    except ConfigInvalid:  # this user has no home: the next call measures again
        cache = None
    prior = ExtractorPrior(extractor.origin_sha256, cache)
    if prior.wanted:
        write(f"measuring {extractor.name}, once for each extractor")
        prior.measure(extractor.embed)
    return prior.known


def _with_views(session: Session, paths: Sequence[str], embedder: Embedder) -> Session:
    """Embed made views of some pictures of each class: MOST_MADE_VIEWS together, half as many of MANY_CLASSES or more.

    Args:
        session: Its samples.
        paths: The file of each sample.
        embedder: Embeds the views.
    """
    samples, wanted = list(session.samples), {}
    most = MOST_MADE_VIEWS if len(session.labels) < MANY_CLASSES else MOST_MADE_VIEWS // 2
    for class_index in range(len(session.labels)):
        own = [row for row, one in enumerate(samples) if one.class_index == class_index]
        for row in (own[place] for place in spread(len(own), most)):
            count = most // min(len(own), most)
            wanted[row] = ToVary(paths[row], count, samples[row].sample_id)
    for row, views in zip(wanted, embedder.views(list(wanted.values())), strict=True):
        samples[row] = replace(samples[row], made=views)
    return replace(session, samples=tuple(samples))


def spread(count: int, most: int) -> list[int]:
    """Return up to `most` indices of a list with `count` entries, evenly spread, with both ends."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, most).round().astype(int))]


def check_out(out: Path, source: Path | str) -> None:
    """Check that a folder can be written, by creating a temporary one beside it.

    Args:
        out: The folder.
        source: The folder that is read, or its address.

    Raises:
        FolderOccupied: If it holds what is read, or the command runs in it: it gets its name when it is complete.
        ExportError: If it cannot be written, naming the folder and the reason.
    """
    if Path.cwd().is_relative_to(out.resolve()):
        raise FolderOccupied(f"the command runs in {out.resolve()}, which would be replaced. Name a new folder in it.")
    if not isinstance(source, str) and source.resolve().is_relative_to(out.resolve()):
        raise FolderOccupied(f"{source} is in {out}, which would be replaced. Name another folder with --out.")
    try:
        refuse_occupied(out)
        problem = folder_problem(out.absolute().parent)
    except ExportError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        raise ExportFailed(f"cannot create the folder {out}: {problem}. Name another one with --out.")


@dataclass(frozen=True, eq=False)
class EmbeddedPictures:
    """What is known of all pictures.

    Attributes:
        session: The samples that are in memory.
        paths: The file of each of them.
        shots: Number of readable pictures of each class.
        devices: Number of pictures by the device that embedded them.
        sums: Over all pictures, if they are more than the memory limit allows; else None: the session has all of them.
    """

    session: Session
    paths: list[str]
    shots: tuple[int, ...]
    devices: Counter[str]
    sums: ClassSums | None

    def improve(self, prior: ViewPrior | None) -> Callable[[FitResult], FitResult] | None:
        """Return what replaces the head that the session gives by that of all pictures; None if it has all of them."""
        if (sums := self.sums) is None:
            return None

        def from_sums(fit: FitResult) -> FitResult:
            head = head_of(sums.discriminant(prior), sums.origin, fit, self.session.embeddings())
            return replace(fit, head=head, made_taught=False)  # the sums are of pictures alone

        return from_sums


def _embedded(
    pictures: Mapping[str, Sequence[Path | str]], embedder: Embedder, opened: EmbeddingExtractor, memory_bytes: int
) -> EmbeddedPictures:
    """Embed all pictures; log a warning for each one that cannot be read, and skip it.

    With more than MOST_KEPT pictures, only KEPT_OF_CLASS samples of each class keep theirs, which the report then
    shows. If a fit of all of them would need more than `memory_bytes`, the others only count in the sums.
    """
    total = sum(map(len, pictures.values()))
    room = memory_bytes // (COPIES * 4 * opened.feature_dim)
    in_memory = None if total <= room else max(KEPT_OF_CLASS, room // len(pictures))
    wanted: list[ToEmbed] = []
    chosen: list[bool] = []
    for files in pictures.values():
        keeps_all = total <= MOST_KEPT and in_memory is None
        kept = set(range(len(files)) if keeps_all else spread(len(files), KEPT_OF_CLASS))
        wanted += [ToEmbed(str(path), number in kept) for number, path in enumerate(files)]
        places = set(range(len(files)) if in_memory is None else spread(len(files), in_memory)) | kept
        chosen += [number in places for number in range(len(files))]
    classes = (index for index, files in enumerate(pictures.values()) for _ in files)
    sums = None if in_memory is None else GrowingSums(len(pictures))
    shots, devices = [0] * len(pictures), Counter[str]()
    samples: list[Sample] = []
    paths: list[str] = []
    skipped: list[Unreadable] = []
    with tqdm(total=total, unit="picture", disable=not sys.stderr.isatty()) as bar:
        for one, keep, class_index, result in zip(wanted, chosen, classes, embedder.pictures(wanted), strict=True):
            bar.update()
            if isinstance(result, Unreadable):
                skipped.append(result)
                continue
            shots[class_index] += 1
            devices[result.device] += 1
            if sums is not None:
                sums.add(result.embedding, class_index)
            if keep:
                samples.append(
                    Sample(len(samples), class_index, result.embedding, result.picture, 0.0, device=result.device)
                )
                paths.append(one.path)
    for unreadable in skipped:
        logger.warning("skipped %s: %s", shown_path(unreadable.path), unreadable.reason)
    session = Session(tuple(pictures), tuple(samples), opened.name, opened.origin_sha256)
    return EmbeddedPictures(session, paths, tuple(shots), devices, None if sums is None else sums.finished())
