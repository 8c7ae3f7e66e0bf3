"""Accuracy of embedding extractors on photographs, as they are and under changes that the teaching did not show.

How to run: python benchmarks/photographs.py --photos DIR [--views] [--compare MODEL.tflite ...] [--extractor M.tflite]

DIR holds packs/ and coins/, with teach/<class>/* and ask/<class>/* each, and sign-digits/<class>/*; what is missing is
left out. The head is trained on 5, 10 and 20 unchanged photographs of each class of teach/ and asked about all of ask/,
unchanged and changed. Of sign-digits every second photograph counts; those that are not drawn are asked. The others,
and coins, were used to choose the built-in extractor; packs and the half of sign-digits were not.

With --views the head is trained as the kiosk trains it, with the extractor's prior and made views of the taught
photographs, or their quarter turns where made views do harm; without it, by the photographs alone.

packs is measured twice: the whole photographs, and their middle 60 %, in which the package fills the picture.
`confidence` is half the width of the 95 % interval of the mean over the draws; all extractors get the same draws.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import draw, machine_line, option_parser, photographs
from learning.fit import fit_head
from learning.view_prior import ViewPrior, measure_prior
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import PictureBank, embedded_bank, made_views, quarter_turns
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray

SHOTS = (5, 10, 20)
PICTURE_PX = 224
VIEWS_OF_PICTURE, VIEWS_OF_CLASS = 6, 60  # as the kiosk makes them
BANK = Path(__file__).resolve().parents[1] / "assets/models/bank.zip"
SETS = (  # name, folder of the taught ones, folder of the asked ones, share of the photograph
    ("packs, middle 60 %", "packs/teach", "packs/ask", 0.6),
    ("packs", "packs/teach", "packs/ask", 1.0),
    ("coins", "coins/teach", "coins/ask", 1.0),
    ("sign-digits", "sign-digits", "sign-digits", 1.0),
)
Change = Callable[[ImageArray, float, np.random.Generator], ImageArray]
IntArray = NDArray[np.int64]


def cut(
    photograph: ImageArray, share: float, *, size: float = 1.0, shift: tuple[float, float] = (0, 0), turn: float = 0.0
) -> ImageArray:
    """Cut the middle `share` of a square photograph as if the camera had been elsewhere: RGB (224, 224, 3).

    Args:
        photograph: RGB, square. What lies outside the share comes into the picture if the thing is smaller, shifted or
            turned; what lies outside the photograph is its mirror image.
        share: Of the edge of the photograph.
        size: Of the thing, relative to the unchanged picture.
        shift: Of the thing to the right and down, in edges of the picture.
        turn: Anticlockwise, in degrees.
    """
    scale, middle = PICTURE_PX / (len(photograph) * share) * size, (len(photograph) - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), turn, scale)
    matrix[:, 2] += (PICTURE_PX - 1) / 2 - middle + np.array(shift) * PICTURE_PX
    if scale < 1:
        blur_px = 0.5 * np.sqrt(1 / scale**2 - 1)
        photograph = (
            np.asarray(cv2.GaussianBlur(photograph, (0, 0), blur_px), np.uint8) if blur_px > 0.3 else photograph
        )
    edge = cv2.BORDER_REFLECT_101
    return np.asarray(cv2.warpAffine(photograph, matrix, (PICTURE_PX, PICTURE_PX), borderMode=edge), np.uint8)


def lit(picture: ImageArray, gains: tuple[float, float, float]) -> ImageArray:
    """Multiply red, green and blue."""
    return np.clip(picture * np.array(gains, np.float32) + 0.5, 0, 255).astype(np.uint8)


def shifted(photograph: ImageArray, share: float, rng: np.random.Generator) -> ImageArray:
    """The thing 20 % of the picture's edge away from its place, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    return cut(photograph, share, shift=(0.2 * float(np.cos(angle)), 0.2 * float(np.sin(angle))))


def smeared(picture: ImageArray, share: float) -> ImageArray:
    """Motion blur to the side over a share of the picture's edge."""
    length = round(share * len(picture)) | 1
    return np.asarray(cv2.filter2D(picture, -1, np.full((1, length), 1 / length, np.float32)), np.uint8)


def compressed(picture: ImageArray, quality: int) -> ImageArray:
    """Write as JPEG and read again."""
    data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)


def noisy(picture: ImageArray, deviation: float, rng: np.random.Generator) -> ImageArray:
    """Add noise of the same deviation to every value."""
    return np.clip(picture + rng.normal(0, deviation, picture.shape) + 0.5, 0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "none": lambda photo, share, rng: cut(photo, share),
    "warm light": lambda photo, share, rng: lit(cut(photo, share), (1.2, 1.0, 0.75)),
    "cool light": lambda photo, share, rng: lit(cut(photo, share), (0.8, 1.0, 1.2)),
    "smaller, 0.6": lambda photo, share, rng: cut(photo, share, size=0.6),
    "moved 20 %": shifted,
    "larger, 1.5": lambda photo, share, rng: cut(photo, share, size=1.5),
    "turned 15°": lambda photo, share, rng: cut(photo, share, turn=float(rng.choice([-15, 15]))),
    "brighter 40 %": lambda photo, share, rng: lit(cut(photo, share), (1.4, 1.4, 1.4)),
    "darker 40 %": lambda photo, share, rng: lit(cut(photo, share), (0.6, 0.6, 0.6)),
    "motion blur 9 %": lambda photo, share, rng: smeared(cut(photo, share), 0.09),
    "JPEG quality 30": lambda photo, share, rng: compressed(cut(photo, share), 30),
    "noise 12": lambda photo, share, rng: noisy(cut(photo, share), 12, rng),
}


@dataclass(frozen=True)
class Task:
    """Pictures to teach, the pictures to ask about under each change, and their classes.

    Attributes:
        apart: Whether they are different photographs. If not, those that were taught are not asked.
    """

    name: str
    taught: list[ImageArray]
    taught_labels: IntArray
    asked: dict[str, list[ImageArray]]
    asked_labels: IntArray
    apart: bool


@dataclass(frozen=True)
class Made:
    """Embeddings of copies of all taught pictures, and what is known of the extractor.

    Attributes:
        views: Made views, float32 (N, VIEWS_OF_PICTURE, D).
        turns: Quarter turns, float32 (N, 3, D).
    """

    views: NDArray[np.float32]
    turns: NDArray[np.float32]
    prior: ViewPrior

    @classmethod
    def of(cls, pictures: list[ImageArray], extractor: EmbeddingExtractor) -> Made:
        """Make views of pictures, and measure the extractor."""
        rows = [
            [extractor.embed(view) for view in made_views(picture, VIEWS_OF_PICTURE, np.random.default_rng(number))]
            for number, picture in enumerate(pictures)
        ]
        turns = [[extractor.embed(one) for one in quarter_turns(picture)] for picture in pictures]
        return cls(np.array(rows), np.array(turns), measure_prior(*embedded_bank(PictureBank(BANK), extractor.embed)))

    def arguments(self, chosen: IntArray, labels: IntArray) -> dict[str, Any]:
        """Return the arguments of `fit_head` for the pictures `chosen`, of which the first of each class have views."""

        def turned(rows: IntArray) -> tuple[NDArray[np.float32], IntArray]:
            turns = self.turns[chosen[rows]]
            return turns.reshape(-1, turns.shape[-1]), np.repeat(rows, turns.shape[1])

        views, source, left = [], [], dict.fromkeys(labels.tolist(), VIEWS_OF_CLASS)
        for row, one in enumerate(chosen.tolist()):
            count = min(VIEWS_OF_PICTURE, left[labels[one]])
            left[labels[one]] -= count
            views.append(self.views[one, :count])
            source += [row] * count
        made = {"made": np.concatenate(views), "made_source": source}
        return {**made, "prior": self.prior, "quarter_turns": turned}


def main() -> None:
    """Print one row for each set of photographs, change, extractor and number of shots."""
    parser = option_parser(__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder with packs, coins and sign-digits")
    parser.add_argument("--extractor", type=Path, default=default_extractor_path())
    parser.add_argument("--compare", type=Path, nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=20, help="number of random draws (default: 20)")
    parser.add_argument("--changes", nargs="*", choices=list(CHANGES), default=list(CHANGES), help="default: all")
    parser.add_argument("--views", action="store_true", help="train with made views, as the kiosk does")
    options = parser.parse_args()
    print(machine_line())
    print("photographs,change,extractor,shots,accuracy,confidence", flush=True)
    for name, teach, ask, share in SETS:
        if (options.photos / teach).is_dir():
            task = opened(name, options.photos / teach, options.photos / ask, share, options.changes)
            for path in (*options.compare, options.extractor):
                measure(task, path, options.draws, views=options.views)


def opened(name: str, teach: Path, ask: Path, share: float, changes: list[str]) -> Task:
    """Read a set of photographs and make the pictures of each change; always the same ones."""
    taught, taught_labels = photographs(teach)
    asked, asked_labels = photographs(ask)
    if teach == ask:
        taught, taught_labels = asked, asked_labels = asked[1::2], asked_labels[1::2]
    pictures = {}
    for change in changes:
        rng = np.random.default_rng([5, list(CHANGES).index(change)])
        pictures[change] = [CHANGES[change](photograph, share, rng) for photograph in asked]
    return Task(name, [cut(one, share) for one in taught], taught_labels, pictures, asked_labels, teach != ask)


def measure(task: Task, path: Path, draws: int, *, views: bool) -> None:
    """Train heads on random draws, ask them about every change, and print the rows."""
    made = None
    with EmbeddingExtractor(path) as extractor:
        if views:
            made = Made.of(task.taught, extractor)
        x = np.stack([extractor.embed(picture) for picture in task.taught])
        asked = {name: np.stack([extractor.embed(one) for one in own]) for name, own in task.asked.items()}
    for shots in SHOTS:
        scores: dict[str, list[float]] = {name: [] for name in asked}
        for seed in range(draws):
            rng = np.random.default_rng(seed)
            chosen = draw(task.taught_labels, shots, rng)
            every = np.arange(len(task.asked_labels))
            rest = every if task.apart else np.setdiff1d(every, chosen)
            classes = int(task.taught_labels.max()) + 1
            labels, more = task.taught_labels[chosen], made.arguments(chosen, task.taught_labels) if made else {}
            head = fit_head(x[chosen], labels, classes, rng=rng, **more).head
            for name, own in asked.items():
                scores[name].append(float((head.run_inference(own[rest]) == task.asked_labels[rest]).mean()))
        for name, found in scores.items():
            width = 1.96 * np.std(found, ddof=1) / np.sqrt(draws)
            print(
                f'"{task.name}","{name}",{path.stem},{shots},{100 * np.mean(found):.1f},{100 * width:.1f}', flush=True
            )


if __name__ == "__main__":
    main()
