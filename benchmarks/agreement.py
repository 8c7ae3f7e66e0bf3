"""Agreement of an exported model with the trained head, for 2, 5 and 10 classes.

How to run: python benchmarks/agreement.py --photos DIR [--extractor MODEL.tflite] [--draws N]

DIR/<class>/* are photographs; 20 random ones of each class are taught, the others are fresh views. For each one, the
answer of the exported file is compared with that of the float head on the same embedding. "Ties" are pictures whose two
best classes have the same probability in the file, where probabilities are multiples of 1/256.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks._shared import draw, machine_line, photograph_options, photographs
from learning.fit import fit_head
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor

CLASSES, SHOTS = (2, 5, 10), 20


def main() -> None:
    """Print one row for each number of classes, for taught and for fresh pictures."""
    options = photograph_options(__doc__)
    squares, y = photographs(options.photos)
    print(machine_line())
    print("classes,pictures,asked,same top class %,ties %,mean difference,largest difference")
    with EmbeddingExtractor(options.extractor) as extractor, tempfile.TemporaryDirectory() as folder:
        x = np.stack([extractor.embed(square) for square in squares])
        for classes in CLASSES:
            found: dict[str, list[tuple[bool, bool, float, float]]] = {"taught": [], "fresh": []}
            for seed in range(options.draws):
                rng = np.random.default_rng(seed)
                chosen = np.sort(rng.permutation(int(y.max()) + 1)[:classes])
                kept = np.flatnonzero(np.isin(y, chosen))
                labels = np.searchsorted(chosen, y[kept])
                some = draw(labels, SHOTS, rng)
                head = fit_head(x[kept][some], labels[some], classes, rng=rng).head
                path = Path(folder) / "model.tflite"
                path.write_bytes(append_head(extractor.model_bytes, head))
                engine = ClassificationEngine(path)
                for place, picture in enumerate(kept):
                    wanted = head.probabilities(x[picture][np.newaxis])[0]
                    answered = engine.classify(squares[picture])
                    best, second = np.sort(answered)[::-1][:2]
                    difference = np.abs(wanted - answered)
                    found["taught" if place in some else "fresh"].append(
                        (
                            int(answered.argmax()) == int(wanted.argmax()),
                            bool(best == second),
                            float(difference.mean()),
                            float(difference.max()),
                        )
                    )
                engine.close()
            for what, rows in found.items():
                same, tied, mean, largest = (np.array(column) for column in zip(*rows, strict=True))
                print(
                    f"{classes},{what},{len(rows)},{100 * same.mean():.2f},{100 * tied.mean():.2f},"
                    f"{mean.mean():.4f},{largest.max():.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
