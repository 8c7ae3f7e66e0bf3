"""Train the network: predict descriptors of the clean thing from a picture, and recognise views of the same thing.

The loss is the squared error of three descriptors: of the clean thing at rest, of the clean thing in the pose of the
picture, and of its surface. For most of the time, a contrastive loss is added (temperature 0.2). One thread, or a GPU,
trains; other processes render.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from pretraining.network import TRAINED_PX, Trainee
from pretraining.rendering import Renderers, Stream
from pretraining.restore import restored
from pretraining.targets import PARTS, TARGETS, Targets
from pretraining.world import OF_ONE_KIND, Batch, World

logger = logging.getLogger(__name__)

SMALL_PX = 64  # edge of the pictures at first
TEMPERATURE = 0.2
EMA = 0.999
WARM_UP_STEPS = 100
WORTH_COMPILING_S = 1200.0  # shorter runs are not compiled: compiling takes 60 s and saves a third of each step
RECIPE = 4  # its version; a checkpoint of another version cannot be continued


@dataclass(frozen=True)
class Plan:
    """The parameters of a run.

    Attributes:
        minutes: Time to train, including compiling and waiting for pictures.
        seed: Seed of the weights and of the world.
        folder: Folder of the checkpoint.
        things: Number of things in the world of a renderer.
        things_per_batch: See `World.batch`.
        start: A converted extractor to start from; its colour bins are not trained. None starts from random weights.
        checkpoint_s: Seconds between checkpoints.
    """

    minutes: float
    seed: int
    folder: Path
    things: int = 2000
    things_per_batch: int = 64
    start: Path | None = None
    checkpoint_s: float = 120.0

    @property
    def full_size_from(self) -> float:
        """The fraction of the time after which pictures have the size of the shipped extractor."""
        return 0.4 if self.start is None else 0.0

    @property
    def contrast_from(self) -> float:
        """The fraction of the time after which the contrastive loss is added."""
        return 0.35 if self.start is None else 0.0

    @property
    def of_one_kind(self) -> float:
        """The share of batches with similar things; an untrained network starts with none."""
        return 0.0 if self.start is None else OF_ONE_KIND

    @property
    def learning_rate(self) -> float:
        """The first learning rate; it decreases along a cosine."""
        return 2e-3 if self.start is None else 1e-3

    @property
    def backbone_share(self) -> float:
        """The learning rate of the backbone relative to that of the heads, which always start from random weights."""
        return 1.0 if self.start is None else 0.5

    def identity(self) -> dict[str, int | str]:
        """The facts in which another run differs from this one."""
        start = "" if self.start is None else hashlib.sha256(self.start.read_bytes()).hexdigest()
        size = {"things": self.things, "things_per_batch": self.things_per_batch}
        return {"recipe": RECIPE, "seed": self.seed, **size, "start": start}


class ForeignCheckpoint(ValueError):
    """The folder contains the checkpoint of another run."""


class Diverged(ArithmeticError):
    """The loss is not a finite number."""


def train(plan: Plan, clock: Callable[[], float] = time.monotonic) -> Path:
    """Train, or continue the same run where it stopped; returns the path of the checkpoint.

    Args:
        plan: The parameters of the run.
        clock: Seconds that only increase; it is read at the begin and at the end of each step.

    Raises:
        ForeignCheckpoint: If the folder contains the checkpoint of another run.
        Diverged: If the loss is not finite; the last checkpoint stays.
        RendererDied: If a renderer stopped; the last checkpoint stays.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = plan.folder / "checkpoint.pt"
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, average, optimiser, spent_s, step = _begun(checkpoint, plan, device)
    if step:
        logger.info("resumed at step %d after %.0f s", step, spent_s)
    budget_s, saved_at_s = plan.minutes * 60, spent_s
    if spent_s >= budget_s:
        if not checkpoint.exists():
            _save(checkpoint, plan, model, average, optimiser, spent_s, step)
        return checkpoint
    if budget_s - spent_s >= WORTH_COMPILING_S:
        compile_where_possible(model)
    few = min(plan.things, 300)
    fitting = World(np.random.default_rng([plan.seed, 0]), few)
    targets = Targets([fitting.batch(min(few, 100), TRAINED_PX, of_one_kind=0) for _ in range(6)])

    def size_px() -> int:
        return TRAINED_PX if spent_s >= plan.full_size_from * budget_s else SMALL_PX

    with (
        Renderers(plan.things, plan.things_per_batch, plan.of_one_kind, size_px(), [plan.seed, 1, step]) as renderers,
        tqdm(total=round(budget_s), initial=round(spent_s), unit="s") as bar,
    ):
        stream = Stream(renderers.next, plan.seed)
        batch = stream.next()  # the time until the renderers start does not count
        while spent_s < budget_s:
            started_s = clock()
            warm, falling = min(1, (step + 1) / WARM_UP_STEPS), (1 + math.cos(math.pi * spent_s / budget_s)) / 2
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * group["share"] * warm * falling
            renderers.render_at(size_px())
            contrast = spent_s >= plan.contrast_from * budget_s
            losses = _step(model, optimiser, batch, targets, device, contrast=contrast)
            if not all(map(math.isfinite, losses.values())):
                raise Diverged(f"the loss of step {step} is not finite: {losses}. Start again with another --seed.")
            _average(average, model, min(EMA, (1 + step) / (10 + step)))
            step += 1
            batch = stream.next()
            passed_s = clock() - started_s
            bar.update(round(spent_s + passed_s) - round(spent_s))
            bar.set_postfix(step=step, **{name: f"{value:.3f}" for name, value in losses.items()})
            spent_s += passed_s
            if step % 50 == 0:
                logger.info("step %d at %.0f s: %s", step, spent_s, losses)
            if spent_s - saved_at_s > plan.checkpoint_s or spent_s >= budget_s:
                _save(checkpoint, plan, model, average, optimiser, spent_s, step)
                saved_at_s = spent_s
    return checkpoint


def compile_where_possible(model: torch.nn.Module) -> None:
    """Compile the model if a compiler is installed; if compiling fails, use the model as it is."""
    if shutil.which(os.environ.get("CXX", "g++")):
        torch._dynamo.config.suppress_errors = True
        model.compile(dynamic=False)  # for the two sizes of pictures
        logger.info("the model is compiled with the first step of each size of its pictures")
    else:
        logger.info("there is no C++ compiler here: steps take half as long again")


def _begun(
    checkpoint: Path, plan: Plan, device: torch.device
) -> tuple[Trainee, Trainee, torch.optim.Optimizer, float, int]:
    """Model, moving average, optimiser, seconds and steps: new ones, or those of the checkpoint.

    Raises:
        ForeignCheckpoint: If the checkpoint is from another run.
    """
    model, average = (Trainee(TARGETS, deep=plan.start is not None) for _ in range(2))
    if plan.start is not None and not checkpoint.exists():
        model.backbone.load_state_dict(restored(plan.start, seed=plan.seed).state_dict())
    if plan.start is not None:
        for part in (model.backbone.colour_convolutions, model.backbone.colour_norms):
            part.requires_grad_(False)
    model, average = model.to(device), average.to(device)
    heads = [value for part in (model.norm, model.describe, model.project) for value in part.parameters()]
    groups = [{"params": model.backbone.parameters(), "share": plan.backbone_share}, {"params": heads, "share": 1.0}]
    optimiser = torch.optim.AdamW(groups, plan.learning_rate, weight_decay=0.02)
    if not checkpoint.exists():
        average.load_state_dict(model.state_dict())
        return model, average, optimiser, 0.0, 0
    saved: dict[str, Any] = torch.load(checkpoint, map_location=device, weights_only=True)
    if saved.get("identity") != plan.identity():
        raise ForeignCheckpoint(
            f"{plan.folder} holds another run: another recipe, seed, world or start. Name another folder, or remove it."
        )
    model.load_state_dict(saved["model"])
    average.load_state_dict(saved["average"])
    optimiser.load_state_dict(saved["optimiser"])
    return model, average, optimiser, saved["spent_s"], saved["step"]


def _step(
    model: Trainee,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    targets: Targets,
    device: torch.device,
    *,
    contrast: bool,
) -> dict[str, float]:
    pictures = torch.from_numpy(batch.pictures).to(device).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
    with torch.autocast(device.type, torch.bfloat16, enabled=_bfloat16_pays(device)):
        described, projected = model(pictures)
    described, projected = described.float(), F.normalize(projected.float(), dim=1)
    pairs = zip(described.split(PARTS, 1), targets(batch), strict=True)
    errors = [F.mse_loss(part, true.to(device)) for part, true in pairs]
    loss = torch.stack(errors).sum()
    losses = dict(zip(("posed", "clean", "surface"), (error.item() for error in errors), strict=True))
    if contrast:
        views = contrasted(projected, batch.views)
        loss = loss + views
        losses[f"{batch.views} views"] = views.item()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return losses


def _bfloat16_pays(device: torch.device) -> bool:
    """Whether the processor supports bfloat16: it then halves the time; emulated, it would take five times as long."""
    return device.type != "cpu" or torch.cpu._is_avx512_bf16_supported()


def contrasted(projected: torch.Tensor, views: int) -> torch.Tensor:
    """The contrastive loss of the views of each thing against all others; with two views it is NT-Xent.

    Source: Khosla et al. 2020, equation 2.

    Args:
        projected: Rows of unit length, (views · N, D); rows i, i + N, i + 2N and so on show one thing.
        views: Number of views of each thing.
    """
    count = len(projected)
    thing = torch.arange(count, device=projected.device) % (count // views)
    itself = torch.eye(count, dtype=torch.bool, device=projected.device)
    similarity = (projected @ projected.T / TEMPERATURE).masked_fill(itself, -1e9)
    alike = (thing[:, None] == thing[None]) & ~itself
    return -F.log_softmax(similarity, 1)[alike].mean()


def _average(average: Trainee, model: Trainee, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if old.dtype.is_floating_point:
                old.mul_(keep).add_(new, alpha=1 - keep)
            else:
                old.copy_(new)


def _save(
    path: Path,
    plan: Plan,
    model: Trainee,
    average: Trainee,
    optimiser: torch.optim.Optimizer,
    spent_s: float,
    step: int,
) -> None:
    partial = path.with_suffix(".partial")
    state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({**state, "spent_s": spent_s, "step": step, "identity": plan.identity()}, partial)
    partial.replace(path)
