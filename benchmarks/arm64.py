"""What may differ between two processors: the bytes of a model with given weights, embeddings, and fitted heads.

How to run, on each of the two, with the same pictures:
    python benchmarks/arm64.py measure --pictures DIR --out FOLDER [--seconds 200]
and then, anywhere:
    python benchmarks/arm64.py compare FOLDER FOLDER

DIR/<group>/<class>/* are pictures. In each group, 20 random ones of each class are taught, ten times over; the
head answers for all the others. After `--seconds` the program stops with exit code 3, and the next call goes on.
`make test-arm64` does all this with an emulated processor. `python benchmarks/arm64.py render DIR` makes pictures.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from app.demo.camera import DemonstrationCamera
from benchmarks._shared import draw, option_parser
from learning import SoftmaxRegression, append_head, fit_head
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import read_picture

CLASSES = (2, 5, 10)  # of the heads with given weights
SHOTS, DRAWS = 20, 10
CHUNK = 20  # pictures that are embedded before they are stored
UNFINISHED = 3
VIEWS = 60  # rendered pictures of each thing
SAME_TOP = 0.999


def main() -> int:
    """Run one of the three commands and return its exit code."""
    parser = option_parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("--pictures", type=Path, required=True)
    measuring.add_argument("--out", type=Path, required=True)
    measuring.add_argument("--extractor", type=Path, default=default_extractor_path())
    measuring.add_argument("--seconds", type=float, default=float("inf"))
    comparing = commands.add_parser("compare")
    comparing.add_argument("folders", type=Path, nargs=2)
    rendering = commands.add_parser("render")
    rendering.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.command == "render":
        return render(options.folder)
    if options.command == "compare":
        return compare(*options.folders)
    return measure(options.pictures, options.out, options.extractor, options.seconds)


def render(folder: Path) -> int:
    """Write pictures of the demonstration's things, one folder for each kind."""
    camera = DemonstrationCamera(sleep=lambda _seconds: None)
    for kind in camera.kinds:
        place = folder / "rendered" / kind
        place.mkdir(parents=True, exist_ok=True)
        camera.show(kind)
        for number in range(VIEWS):
            camera.new_view()
            cv2.imwrite(str(place / f"{number:03}.png"), cv2.cvtColor(camera.read(), cv2.COLOR_RGB2BGR))
    return 0


def measure(pictures: Path, out: Path, extractor_path: Path, seconds: float) -> int:
    """Embed all pictures, fit heads on some of them, and write `embeddings.npy` and `figures.json` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + seconds
    groups = groups_in(pictures)
    files = [file for _, classes in groups for one in classes for file in one]
    with EmbeddingExtractor(extractor_path) as extractor:
        given = {classes: digest_of_given_head(extractor, classes) for classes in CLASSES}
        for start in range(0, len(files), CHUNK):
            chunk = out / f"chunk-{start:06}.npy"
            if chunk.exists():
                continue
            if time.monotonic() > until:
                print(f"{start} of {len(files)} pictures are embedded", flush=True)
                return UNFINISHED
            found = np.stack([extractor.embed(read_picture(file)) for file in files[start : start + CHUNK]])
            np.save(chunk.with_suffix(".partial.npy"), found)
            chunk.with_suffix(".partial.npy").replace(chunk)
    chunks = [np.load(out / f"chunk-{start:06}.npy") for start in range(0, len(files), CHUNK)]
    embeddings = np.concatenate(chunks)
    np.save(out / "embeddings.npy", embeddings)
    answers, start = {}, 0
    for name, classes in groups:
        labels = np.repeat(np.arange(len(classes)), [len(one) for one in classes])
        answers[name] = answers_of_fitted_heads(embeddings[start : start + len(labels)], labels)
        start += len(labels)
    figures = {"machine": platform.machine(), "given": given, "answers": answers}
    (out / "figures.json").write_text(json.dumps(figures))
    return 0


def groups_in(pictures: Path) -> list[tuple[str, list[list[Path]]]]:
    """Folders whose subfolders are classes: their names and the files of each class, in one order everywhere."""
    groups: dict[Path, list[list[Path]]] = {}
    for folder in sorted(path for path in pictures.rglob("*") if path.is_dir()):
        if files := sorted(path for path in folder.iterdir() if path.is_file()):
            groups.setdefault(folder.parent, []).append(files)
    return [(str(folder.relative_to(pictures)), classes) for folder, classes in groups.items() if len(classes) > 1]


def digest_of_given_head(extractor: EmbeddingExtractor, classes: int) -> str:
    """SHA-256 of the model with a head whose weights are fractions of whole numbers, the same on every processor."""
    values = np.arange(extractor.feature_dim * classes, dtype=np.int64) * 7919 % 2001 - 1000
    head = SoftmaxRegression()
    head.params["mat_w"] = (values.reshape(-1, classes) / np.float64(8192)).astype(np.float32)
    head.params["vec_b"] = (np.arange(classes) / np.float64(16)).astype(np.float32)
    head.min_score, head.max_score = -4.0, 4.0
    head.label_map = {index: f"class {index}" for index in range(classes)}
    return hashlib.sha256(append_head(extractor.model_bytes, head)).hexdigest()


def answers_of_fitted_heads(embeddings: NDArray[np.float32], labels: NDArray[np.int64]) -> list[list[int]]:
    """Fit heads on random pictures; for each, the class that it names for every picture that was not taught."""
    answers = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        taught = draw(labels, SHOTS, rng)
        head = fit_head(embeddings[taught], labels[taught], int(labels.max()) + 1, rng=rng).head
        asked = np.setdiff1d(np.arange(len(labels)), taught)
        answers.append([int(one) for one in head.probabilities(embeddings[asked]).argmax(axis=1)])
    return answers


def compare(first: Path, second: Path) -> int:
    """Print what is the same and what differs; return 1 if the bytes or too many answers differ."""
    one, other = (json.loads((folder / "figures.json").read_text()) for folder in (first, second))
    x, y = (np.load(folder / "embeddings.npy").astype(np.float64) for folder in (first, second))
    same_bytes = one["given"] == other["given"]
    asked = same = 0
    for name in one["answers"]:
        for ours, theirs in zip(one["answers"][name], other["answers"][name], strict=True):
            asked += len(ours)
            same += sum(a == b for a, b in zip(ours, theirs, strict=True))
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    cosines = (x * y).sum(axis=1) / np.maximum(lengths, 1e-12)
    print("what,value")
    print(f"processors,{one['machine']} and {other['machine']}")
    print(f"append_head with given weights,{'the same bytes' if same_bytes else 'OTHER BYTES'}")
    print(f"pictures,{len(x)}")
    print(f"embeddings that are equal %,{100 * (x == y).all(axis=1).mean():.2f}")
    print(f"values of embeddings that differ %,{100 * (x != y).mean():.3f}")
    print(f"largest difference of a value,{np.abs(x - y).max():.6g}")
    print(f"largest value,{max(np.abs(x).max(), np.abs(y).max()):.6g}")
    print(f"smallest cosine,{cosines.min():.6f}")
    print(f"answers of fitted heads,{asked}")
    print(f"of which name the same class %,{100 * same / max(asked, 1):.3f}")
    return 0 if same_bytes and asked and same / asked >= SAME_TOP else 1


if __name__ == "__main__":
    sys.exit(main())
