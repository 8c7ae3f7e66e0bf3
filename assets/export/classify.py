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
on_edge_tpu = facts["model"].endswith("_edgetpu.tflite")  # needs libedgetpu and a Coral Edge TPU
delegates = [load_delegate("libedgetpu.so.1")] if on_edge_tpu else []
novelty_test = None
if zipfile.is_zipfile(here / facts["model"]):  # its labels and its novelty test are appended as a ZIP archive
    with zipfile.ZipFile(here / facts["model"]) as archive:
        if "not_sure.npz" in archive.namelist():
            novelty_test = dict(np.load(io.BytesIO(archive.read("not_sure.npz"))))
warnings.simplefilter("ignore")  # about keeping all tensors, which is needed to read the embedding
interpreter = Interpreter(
    model_path=str(here / facts["model"]),
    experimental_delegates=delegates,
    experimental_preserve_all_tensors=novelty_test is not None,
)
interpreter.allocate_tensors()
image_input, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
embedding_index = int(novelty_test["embedding_tensor"]) if novelty_test else None
embeddings = [one for one in interpreter.get_tensor_details() if one["index"] == embedding_index]
size = int(image_input["shape"][1])
float_input = facts["preprocessing"].get("float_input", {"mean": 127.5, "std": 127.5})
mean, std = (np.array(float_input[name], np.float32) for name in ("mean", "std"))


def resize_weights(before, after):
    """Weights (after, before) that resize a row of pixels: by area to fewer pixels, linearly to more."""
    pixel, step = np.arange(before), before / after
    if step > 1:
        start = step * np.arange(after)[:, np.newaxis]
        weights = np.minimum(start + step, pixel + 1) - np.maximum(start, pixel)
    else:
        centre = np.clip(step * (np.arange(after) + 0.5) - 0.5, 0, before - 1)
        weights = 1 - np.abs(centre[:, np.newaxis] - pixel)
    weights = np.maximum(weights, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def model_input(picture):
    """Crop the centre square and resize it like the kiosk; a square picture is not cropped again."""
    height, width = picture.shape[:2]
    share = facts["preprocessing"].get("crop_share", 1.0)  # less than 1 where the kiosk's camera was zoomed
    side = height if height == width else max(1, round(min(height, width) * share))
    top, left = (height - side) // 2, (width - side) // 2
    weights = resize_weights(side, size)
    square = picture[top : top + side, left : left + side].astype(np.float64)
    rows = np.tensordot(weights, square, axes=1)
    return np.rint(np.einsum("lk,ikc->ilc", weights, rows)).astype(np.uint8)


def dequantized(detail):
    """The values of a tensor as float32."""
    values = interpreter.get_tensor(detail["index"]).reshape(-1).astype(np.float32)
    if detail["dtype"] == np.float32:
        return values
    scale, zero_point = detail["quantization"]
    return scale * (values - zero_point)


def novelty(embedding):
    """How different a picture is from all that were taught; above 1 the answer is "not sure"."""
    test = novelty_test
    offset = (np.sign(embedding) * np.sqrt(np.abs(embedding)) if test["roots"] else embedding) - test["centre"]
    projected = test["axes"].astype(np.float32) @ offset
    outside = offset @ offset - np.sum((test["directions"].astype(np.float32) @ offset) ** 2)
    residual = outside / test["shrink"] - projected @ projected
    offsets = projected - test["means"]
    if "precisions" in test:  # models of the first version
        distances = np.einsum("ci,cij,cj->c", offsets, test["precisions"], offsets)
    else:
        distances = test["precision"] * (offsets**2).sum(axis=1)
    return distances.min() + test["aside"] * max(residual, 0)


for name in pictures:
    try:
        picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    except OSError as error:  # includes Pillow's errors for damaged pictures
        sys.exit(f"error: {name} cannot be read ({error.strerror or 'not a picture'}). Name a JPEG, PNG or BMP file.")
    pixels = model_input(np.asarray(picture))[np.newaxis]
    if image_input["dtype"] == np.int8:
        pixels = (pixels.astype(np.int16) - 128).astype(np.int8)
    elif image_input["dtype"] == np.float32:
        pixels = pixels.astype(np.float32) / std - mean / std
    interpreter.set_tensor(image_input["index"], pixels)
    interpreter.invoke()
    answer = dequantized(output)
    best = int(answer.argmax())
    known = answer[best] >= facts["threshold"] and all(novelty(dequantized(one)) <= 1 for one in embeddings)
    text = f"{facts['labels'][best]}: {100 * answer[best]:.1f} %"
    print(f"{name}: {text}" if known else f"{name}: not sure ({text})")
