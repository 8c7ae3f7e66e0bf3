"""Classify pictures with the model in this folder: python classify.py picture.jpg [more.jpg ...]

Needs: pip install ai-edge-litert numpy pillow
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

try:
    from ai_edge_litert.interpreter import Interpreter, load_delegate
except ImportError:
    from tflite_runtime.interpreter import Interpreter, load_delegate

here = Path(__file__).resolve().parent
facts = json.loads((here / "metadata.json").read_text(encoding="utf-8"))
on_edge_tpu = facts["model"].endswith("_edgetpu.tflite")  # then libedgetpu and a Coral Edge TPU are needed
delegates = [load_delegate("libedgetpu.so.1")] if on_edge_tpu else []
interpreter = Interpreter(model_path=str(here / facts["model"]), experimental_delegates=delegates)
interpreter.allocate_tensors()
entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
size = int(entry["shape"][1])

for name in sys.argv[1:] or sys.exit(__doc__):
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    how = Image.Resampling.BOX if min(picture.size) > size else Image.Resampling.BILINEAR
    square = ImageOps.fit(picture, (size, size), how, centering=(0.5, 0.5))
    pixels = np.asarray(square)[np.newaxis]
    if entry["dtype"] == np.int8:
        pixels = (pixels.astype(np.int16) - 128).astype(np.int8)
    elif entry["dtype"] == np.float32:
        pixels = pixels.astype(np.float32) / 127.5 - 1
    interpreter.set_tensor(entry["index"], pixels)
    interpreter.invoke()
    answer = interpreter.get_tensor(result["index"])[0].astype(np.float32)
    if result["dtype"] != np.float32:
        scale, zero_point = result["quantization"]
        answer = scale * (answer - zero_point)
    best = int(answer.argmax())
    label = facts["labels"][best] if answer[best] >= facts["threshold"] else "not sure"
    print(f"{name}: {label} ({answer[best]:.0%})")
