"""Texts of `open_me.html`, the page in saved folders.

The page carries them in all languages and fills in the names in braces itself.
"""

from __future__ import annotations

from app.base.i18n import LANGUAGES, message, template

PAGE_TEXTS = {
    "skip": message("Skip to the model"),
    "kind": message("A model that was taught to recognise"),
    "accuracy": message("{share} of its test pictures were named correctly."),
    "accuracy_views": message("{share} of its own pictures, moved and turned, were named correctly."),
    "untested": message("It was not tested with other pictures."),
    "accuracy_long": message(
        "For a test, the training held some of the taught pictures back: the model never learned from them. It named "
        "{share} of those correctly."
    ),
    "language": message("Language"),
    "colours": message("Colours"),
    "automatic": message("automatic"),
    "paper": message("paper"),
    "night": message("night"),
    "contrast": message("high contrast"),
    "distinct": message("for colour-blind eyes"),
    "loading": message("The model is getting ready…"),
    "failed": message(
        "This browser cannot run the model. Open this page in a current Chrome, Edge, Firefox or Safari."
    ),
    "choose_model": message("Choose the model"),
    "model_beside": message(
        "This model is too large for a page. Choose the file {file}, which lies in the same folder as this page."
    ),
    "wrong_model": message("That is another file. Choose {file}, which lies in the same folder as this page."),
    "why": message("Why?"),
    "why_hint": message("The light parts of the picture speak for the answer. The dark parts do not."),
    "why_covering": message(
        "This model does not show what it is made of. So the page covers one part of the picture after another: a part "
        "is light if the model is less sure without it. That is slow, and not exact."
    ),
    "live": message("Live"),
    "start_camera": message("Start the camera"),
    "stop_camera": message("Stop the camera"),
    "camera": message("Camera"),
    "mirror": message("Mirror the picture"),
    "frame_hint": message("The model sees what is inside the frame."),
    "camera_refused": message(
        "The browser does not let this page use the camera. Allow the camera beside the address of the page, and start "
        "it again. Or show the model pictures: drop, choose or paste them below."
    ),
    "camera_missing": message(
        "No camera was found. Plug one in, and start it again. Or show the model pictures: drop, choose or paste them "
        "below."
    ),
    "camera_impossible": message(
        "This browser gives a page that was opened from a file no camera. Open it in a current Chrome, Edge or "
        "Firefox. Or show the model pictures: drop, choose or paste them below; on a phone, you can take one there."
    ),
    "camera_busy": message(
        "The camera does not open. Close other programs that use it, and start it again. Or show the model pictures: "
        "drop, choose or paste them below."
    ),
    "not_sure": message("not sure"),
    "near_miss": message("{label}?"),
    "pictures": message("Pictures"),
    "drop": message("Drop pictures here, or paste one."),
    "choose": message("Choose pictures"),
    "unreadable": message("This browser cannot open {name} as a picture."),
    "picture": message("Picture"),
    "answer": message("Answer"),
    "save_table": message("Save the table (CSV)"),
    "clear": message("Clear the table"),
    "about": message("What it was taught"),
    "taught": message("taught pictures: {count}"),
    "correct": message("named correctly in the test: {share}"),
    "report": message("Read the report: {file}"),
    "origin": message("Saved on {date}. Embedding extractor: {extractor}."),
    "privacy": message("No picture leaves this computer: this page works without a network."),
    "makers": message("For makers"),
    "makers_text": message(
        "The model is an ordinary TensorFlow Lite file. It takes the centre square of a picture, {size} × {size} "
        "pixels in RGB, and returns a probability for each class."
    ),
    "download": message("Save the model file"),
    "copy": message("Copy"),
    "copied": message("Copied"),
    "licences": message("Licences"),
}


def page_texts() -> dict[str, dict[str, str]]:
    """Return the texts by name in every language, with the {names} that the page fills in."""
    return {language: {name: template(text, language) for name, text in PAGE_TEXTS.items()} for language in LANGUAGES}
