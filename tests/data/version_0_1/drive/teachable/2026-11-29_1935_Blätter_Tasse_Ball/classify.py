"""Classify pictures with the model in this folder: python classify.py picture.jpg [more.jpg ...]

Needs: pip install ai-edge-litert numpy pillow
"""

import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

pictures = sys.argv[1:] or sys.exit(__doc__)
try:
    import numpy as np
    from PIL import Image, ImageOps

    try:
        from ai_edge_litert.interpreter import Interpreter, load_delegate
    except ImportError:
        from tflite_runtime.interpreter import Interpreter, load_delegate
except ImportError as error:
    sys.exit(f"error: {error}. Install what is needed: pip install ai-edge-litert numpy pillow")

here = Path(__file__).resolve().parent
facts = json.loads((here / "metadata.json").read_text(encoding="utf-8"))
on_edge_tpu = facts["model"].endswith("_edgetpu.tflite")  # then libedgetpu and a Coral Edge TPU are needed
delegates = [load_delegate("libedgetpu.so.1")] if on_edge_tpu else []
test = None
if zipfile.is_zipfile(here / facts["model"]):  # behind the model lie its labels and its test for the unknown
    with zipfile.ZipFile(here / facts["model"]) as archive:
        if "not_sure.npz" in archive.namelist():
            test = dict(np.load(io.BytesIO(archive.read("not_sure.npz"))))
warnings.simplefilter("ignore")  # of keeping all tensors: the embedding is read after each call
interpreter = Interpreter(
    model_path=str(here / facts["model"]),
    experimental_delegates=delegates,
    experimental_preserve_all_tensors=test is not None,
)
interpreter.allocate_tensors()
entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
inner = [one for one in interpreter.get_tensor_details() if test and one["index"] == int(test["embedding_tensor"])]
size = int(entry["shape"][1])


def shares(before, after):
    """What share each of `before` pixels has in each of `after`: by area to fewer, linear to more."""
    pixel, step = np.arange(before), before / after
    if step > 1:
        start = step * np.arange(after)[:, np.newaxis]
        weights = np.minimum(start + step, pixel + 1) - np.maximum(start, pixel)
    else:
        centre = np.clip(step * (np.arange(after) + 0.5) - 0.5, 0, before - 1)
        weights = 1 - np.abs(centre[:, np.newaxis] - pixel)
    weights = np.maximum(weights, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def seen_by_model(picture):
    """The centre square at the model's size, as the kiosk cuts and resizes it; a square picture is cut already."""
    height, width = picture.shape[:2]
    share = facts["preprocessing"].get("crop_share", 1.0)  # less than 1 where the kiosk's camera was zoomed
    side = height if height == width else max(1, round(min(height, width) * share))
    top, left = (height - side) // 2, (width - side) // 2
    weights = shares(side, size)
    square = picture[top : top + side, left : left + side].astype(np.float64)
    rows = np.tensordot(weights, square, axes=1)
    return np.rint(np.einsum("lk,ikc->ilc", weights, rows)).astype(np.uint8)


def real(detail):
    """A tensor's numbers, dequantized."""
    values = interpreter.get_tensor(detail["index"]).reshape(-1).astype(np.float32)
    if detail["dtype"] == np.float32:
        return values
    scale, zero_point = detail["quantization"]
    return scale * (values - zero_point)


def novelty(embedding):
    """How unlike everything taught a picture is; above 1 it is unknown."""
    way = (np.sign(embedding) * np.sqrt(np.abs(embedding)) if test["roots"] else embedding) - test["centre"]
    place = test["axes"] @ way
    rest = (way @ way - np.sum((test["directions"].astype(np.float32) @ way) ** 2)) / test["shrink"] - place @ place
    ways = place - test["means"]
    return np.einsum("ci,cij,cj->c", ways, test["precisions"], ways).min() + test["aside"] * max(rest, 0)


for name in pictures:
    try:
        picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    except OSError as error:  # Pillow's own errors of a damaged picture are among them
        sys.exit(f"error: {name} cannot be read ({error.strerror or 'no picture'}). Name a JPEG, PNG or BMP file.")
    pixels = seen_by_model(np.asarray(picture))[np.newaxis]
    if entry["dtype"] == np.int8:
        pixels = (pixels.astype(np.int16) - 128).astype(np.int8)
    elif entry["dtype"] == np.float32:
        pixels = pixels.astype(np.float32) / 127.5 - 1
    interpreter.set_tensor(entry["index"], pixels)
    interpreter.invoke()
    answer = real(result)
    best = int(answer.argmax())
    known = answer[best] >= facts["threshold"] and all(novelty(real(one)) <= 1 for one in inner)
    told = f"{facts['labels'][best]}: {100 * answer[best]:.1f} %"
    print(f"{name}: {told}" if known else f"{name}: not sure ({told})")
