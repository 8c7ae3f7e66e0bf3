"""Training: from a cluttered, lit, posed picture predict the clean thing, and know two views of it as one.

The loss is the squared error of descriptors of the clean thing in its canonical pose and in the view's pose,
and, for the second half of the time, NT-Xent between two views (temperature 0.2).
"""

from __future__ import annotations

import logging
import math
import multiprocessing as mp
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Full
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F
from tqdm import tqdm

from pretraining.network import INPUT_PX, Trainee
from pretraining.restore import restored
from pretraining.world import Batch, World

logger = logging.getLogger(__name__)

TARGETS = 192
SMALL_PX = 64  # pictures at first
TEMPERATURE = 0.2
EMA = 0.998
WARM_UP_STEPS = 100
# Half the time, and no worse, where the processor has it; five times as long where it must be emulated.
BFLOAT16 = torch.cpu._is_avx512_bf16_supported()


@dataclass(frozen=True)
class Plan:
    """How long and from which seed.

    Attributes:
        minutes: Time to train, waiting for pictures included.
        seed: Of the weights and of the world.
        folder: Where the checkpoint is kept.
        things: How many are in the world at a time.
        things_per_batch: Each is seen twice.
        full_size_from: The fraction of the time after which pictures have the deployed size.
        contrast_from: The fraction of the time after which NT-Xent joins in.
        learning_rate: At the start; it falls along a cosine.
        rich: Whether the world has all kinds of things and furnished rooms (`world.World`).
        start: A converted extractor to go on from, all but its colours; None begins with nothing.
        checkpoint_s: Seconds between checkpoints.
    """

    minutes: float
    seed: int
    folder: Path
    things: int = 2000
    things_per_batch: int = 96
    full_size_from: float = 0.4
    contrast_from: float = 0.35
    learning_rate: float = 2e-3
    rich: bool = False
    start: Path | None = None
    checkpoint_s: float = 120.0

    @classmethod
    def in_the_rich_world(cls, minutes: float, seed: int, folder: Path, start: Path, **world: int) -> Plan:
        """Go on from a converted extractor: pictures of full size and both losses from the beginning, half the rate."""
        return cls(
            minutes, seed, folder, **world,
            full_size_from=0.0, contrast_from=0.0, learning_rate=1e-3, rich=True, start=start,
        )  # fmt: skip


class Whitening:
    """PCA of descriptors, mildly whitened (eigenvalue^−0.25), to unit variance over all."""

    def __init__(self, samples: NDArray[np.float32], size: int) -> None:
        self._mean = samples.mean(0)
        _, values, axes = np.linalg.svd(samples - self._mean, full_matrices=False)
        spread = values[:size] / np.sqrt(len(samples))
        self._axes = axes[:size].T / np.sqrt(spread + 1e-3)
        self._axes /= ((samples - self._mean) @ self._axes).std()

    def __call__(self, samples: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(((samples - self._mean) @ self._axes).astype(np.float32))


def train(plan: Plan) -> Path:
    """Train, or go on where a run with the same folder stopped; give the checkpoint's path."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = plan.folder / "checkpoint.pt"
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    few = min(plan.things, 300)
    fitting = World(np.random.default_rng([plan.seed, 0]), few, rich=plan.rich)
    samples = [fitting.batch(min(few, 100), INPUT_PX) for _ in range(6)]
    whiten = Whitening(np.concatenate([part for b in samples for part in (b.posed, b.clean)]), TARGETS)

    model, average, optimiser, spent_s, step = _begun(checkpoint, plan)
    if step:
        logger.info("resumed at step %d after %.0f s", step, spent_s)
    if spent_s >= plan.minutes * 60:
        _save(checkpoint, model, average, optimiser, spent_s, step)
        return checkpoint
    spawn = mp.get_context("spawn")
    batches: mp.Queue[Batch] = spawn.Queue(maxsize=4)
    stop = spawn.Event()
    size_px = spawn.Value("i", SMALL_PX)
    renderer = spawn.Process(
        target=_render,
        args=(batches, stop, size_px, (plan.things, plan.things_per_batch, plan.rich), [plan.seed, 1, step]),
        daemon=True,
    )
    renderer.start()
    budget_s, saved_at_s = plan.minutes * 60, spent_s
    bar = tqdm(total=round(budget_s), initial=round(spent_s), unit="s")
    try:
        while spent_s < budget_s:
            started_s = time.monotonic()
            done = spent_s / budget_s
            for group in optimiser.param_groups:
                warm = min(1, (step + 1) / WARM_UP_STEPS)
                group["lr"] = plan.learning_rate * warm * (1 + math.cos(math.pi * done)) / 2
            size_px.value = INPUT_PX if done >= plan.full_size_from else SMALL_PX
            losses = _step(model, optimiser, batches.get(), whiten, contrast=done >= plan.contrast_from)
            _average(average, model, min(EMA, (1 + step) / (10 + step)))
            step += 1
            passed_s = time.monotonic() - started_s
            bar.update(round(spent_s + passed_s) - round(spent_s))
            bar.set_postfix(step=step, **{name: f"{value:.3f}" for name, value in losses.items()})
            spent_s += passed_s
            if step % 50 == 0:
                logger.info("step %d at %.0f s: %s", step, spent_s, losses)
            if spent_s - saved_at_s > plan.checkpoint_s or spent_s >= budget_s:
                _save(checkpoint, model, average, optimiser, spent_s, step)
                saved_at_s = spent_s
    finally:
        stop.set()
        renderer.terminate()
        bar.close()
    return checkpoint


def _begun(checkpoint: Path, plan: Plan) -> tuple[Trainee, Trainee, torch.optim.Optimizer, float, int]:
    """Model, its moving average, optimiser, seconds spent and steps done: new ones, or those of the checkpoint."""
    model = Trainee(TARGETS)
    if plan.start is not None and not checkpoint.exists():
        model.backbone.load_state_dict(restored(plan.start, seed=plan.seed).state_dict())
    if plan.start is not None:  # colours were learned, and cost a third of the time
        for part in (model.backbone.colour_convolutions, model.backbone.colour_norms):
            part.requires_grad_(False)
    average = Trainee(TARGETS)
    optimiser = torch.optim.AdamW(model.parameters(), plan.learning_rate, weight_decay=0.02)
    if not checkpoint.exists():
        average.load_state_dict(model.state_dict())
        return model, average, optimiser, 0.0, 0
    saved = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(saved["model"])
    average.load_state_dict(saved["average"])
    optimiser.load_state_dict(saved["optimiser"])
    return model, average, optimiser, saved["spent_s"], saved["step"]


def _step(
    model: Trainee, optimiser: torch.optim.Optimizer, batch: Batch, whiten: Whitening, *, contrast: bool
) -> dict[str, float]:
    pictures = torch.from_numpy(batch.pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
        described, projected = model(pictures)
    described, projected = described.float(), F.normalize(projected.float(), dim=1)
    posed = F.mse_loss(described[:, :TARGETS], whiten(batch.posed))
    clean = F.mse_loss(described[:, TARGETS:], whiten(batch.clean))
    loss = posed + clean
    losses = {"posed": posed.item(), "clean": clean.item()}
    if contrast:
        pairs = nt_xent(projected)
        loss = 0.3 * loss + 0.3 * pairs
        losses["pairs"] = pairs.item()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return losses


def nt_xent(projected: torch.Tensor) -> torch.Tensor:
    """Contrast two views of each thing against all others (Chen et al. 2020, eq. 1). Rows i and i+N are a pair."""
    count = len(projected)
    similarity = projected @ projected.T / TEMPERATURE
    similarity = similarity.masked_fill(torch.eye(count, dtype=torch.bool), -1e9)
    return F.cross_entropy(similarity, torch.arange(count).roll(count // 2))


def _average(average: Trainee, model: Trainee, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if old.dtype.is_floating_point:
                old.mul_(keep).add_(new, alpha=1 - keep)
            else:
                old.copy_(new)


def _save(
    path: Path, model: Trainee, average: Trainee, optimiser: torch.optim.Optimizer, spent_s: float, step: int
) -> None:
    partial = path.with_suffix(".partial")
    state = {"model": model.state_dict(), "average": average.state_dict(), "spent_s": spent_s, "step": step}
    torch.save({**state, "optimiser": optimiser.state_dict()}, partial)
    partial.replace(path)


def _render(batches: mp.Queue[Batch], stop: Any, size_px: Any, things: tuple[int, int, bool], seed: list[int]) -> None:
    cv2.setNumThreads(1)
    world = World(np.random.default_rng(seed), things[0], rich=things[2])
    trainer = mp.parent_process()

    def wanted() -> bool:
        return not stop.is_set() and (trainer is None or trainer.is_alive())  # a killed trainer sets no event

    while wanted():
        batch = world.batch(things[1], size_px.value)
        while wanted():
            try:
                batches.put(batch, timeout=1)
                break
            except Full:
                continue
    batches.cancel_join_thread()  # nobody reads the pictures that are left
