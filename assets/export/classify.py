"""Classify pictures with the model in this folder: python classify.py picture.jpg [more.jpg ...]
Classify what a camera sees, until Ctrl-C: python classify.py --camera 0

Needs: pip install ai-edge-litert numpy pillow
For a camera also: pip install opencv-python
"""

import io
import json
import signal
import sys
import time
import warnings
import zipfile
from pathlib import Path

pictures, camera_name = sys.argv[1:] or sys.exit(__doc__), None
if pictures[0] == "--camera":
    pictures, camera_name = [], pictures[1] if len(pictures) == 2 else sys.exit(__doc__)
try:
    import numpy as np
    from PIL import Image, ImageOps

    try:
        from ai_edge_litert.interpreter import Interpreter, load_delegate
    except ImportError:
        from tflite_runtime.interpreter import Interpreter, load_delegate
except ImportError as error:
    sys.exit(f"error: {error}. Install what is needed: pip install ai-edge-litert numpy pillow")
if camera_name is not None:
    try:
        import cv2
    except ImportError as error:
        sys.exit(f"error: {error}. Install what a camera needs: pip install opencv-python")

ANSWER_EVERY_S = 0.2  # of a camera

for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="replace")  # a file name may hold what cannot be printed
if hasattr(signal, "SIGPIPE"):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" is no error

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


def neighbours(before, after):
    """For each of `after` new pixels: both neighbours of `before` old ones, and the shares of these in 1/256."""
    place = (np.arange(after) + 0.5) * (1 / (after / before)) - 0.5  # as OpenCV divides: this decides ties
    first = np.floor(place).astype(int)
    part = np.rint(256 * (place - first)).astype(int)
    return np.clip(first, 0, before - 1), np.clip(first + 1, 0, before - 1), 256 - part, part


def resized(square):
    """Resize a square picture as the kiosk does with OpenCV, to the last bit."""
    while (half := len(square) // 2) >= size:
        even = square[: 2 * half, : 2 * half].astype(int).reshape(half, 2, half, 2, 3)
        square = (even.sum(axis=(1, 3)) + 2) // 4
    first, second, first_share, second_share = neighbours(len(square), size)
    square = square.astype(int)
    rows = first_share[:, np.newaxis] * square[:, first] + second_share[:, np.newaxis] * square[:, second]
    upper, lower = (
        first_share[:, np.newaxis, np.newaxis] * rows[first],
        second_share[:, np.newaxis, np.newaxis] * rows[second],
    )
    return (upper + lower + 32768 >> 16).astype(np.uint8)


def model_input(picture, is_cropped):
    """Crop the centre square, unless that is done, and resize it like the kiosk."""
    height, width = picture.shape[:2]
    share = facts["preprocessing"].get("crop_share", 1.0)  # less than 1 where the kiosk's camera was zoomed
    side = height if is_cropped else max(1, round(min(height, width) * share))
    top, left = (height - side) // 2, (width - side) // 2
    return resized(picture[top : top + side, left : left + side])


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


def answer_for(picture, is_cropped=False):
    """The answer for a picture (height, width, 3), RGB, as a line of text."""
    pixels = model_input(picture, is_cropped)[np.newaxis]
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
    return text if known else f"not sure ({text})"


def watch(name):
    """Print answers for a camera, which has a number or a name, or for a video file, until it ends or Ctrl-C."""
    camera = cv2.VideoCapture(int(name) if name.isdecimal() else name)
    if not camera.isOpened():
        sys.exit(f"error: the camera {name} does not open. Plug it in, or name another one: --camera 1")
    pause_s = 1 / (camera.get(cv2.CAP_PROP_FPS) or 25) if Path(name).is_file() else 0  # a camera waits by itself
    answer_at_s, answers = time.monotonic(), 0
    try:
        while True:
            has_frame, frame = camera.read()  # read all frames, because cameras deliver old ones first
            if not has_frame:
                break
            if time.monotonic() >= answer_at_s:
                answer_at_s = time.monotonic() + ANSWER_EVERY_S
                print(answer_for(frame[..., ::-1]), flush=True)  # OpenCV's frames are BGR
                answers += 1
            time.sleep(pause_s)
    except KeyboardInterrupt:
        return
    finally:
        camera.release()
    if not answers or not Path(name).is_file():
        sys.exit(f"error: the camera {name} delivers no pictures. Plug it in again, or name another one: --camera 1")


def read_picture(name):
    """Read a picture file: RGB, 8 bits; an error if it is none, or of a kind that the kiosk does not read either."""
    if Path(name).is_fifo() or Path(name).is_char_device():  # it could have no end
        raise OSError("no plain file")
    image = Image.open(name, formats=("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"))
    if image.mode.startswith("I;16") or (image.mode, image.format) == ("I", "PNG"):  # grey with 16 bits
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F", "LAB"):
        raise OSError("colours of another kind")
    image_format = image.format
    image = ImageOps.exif_transpose(image)
    if image.mode == "RGBA" and image_format == "TIFF":  # what is transparent is black there
        return Image.composite(image.convert("RGB"), Image.new("RGB", image.size), image.getchannel("A"))
    return image.convert("RGB")


unreadable = 0
for name in pictures:
    try:
        picture = read_picture(name)
    except Exception as error:  # Pillow has many for damaged pictures
        reason = getattr(error, "strerror", None) or "not a picture"
        print(f"error: {name} cannot be read ({reason}). Name a JPEG, PNG or BMP file.", file=sys.stderr)
        unreadable += 1
        continue
    is_square = picture.width == picture.height  # the pictures of the kiosk are: they are cropped
    print(f"{name}: {answer_for(np.asarray(picture), is_square)}")
if camera_name is not None:
    watch(camera_name)
if unreadable:
    sys.exit(1)
