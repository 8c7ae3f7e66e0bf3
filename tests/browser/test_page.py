"""What a person can do with the page: camera, pictures, table, languages; and that nothing in it is dangerous."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.i18n import LANGUAGES
from app.config.schema import ModelSettings
from app.model.not_sure import with_settings_applied
from app.model.saved_folder.page import LARGEST_MODEL_BYTES, PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from app.model.saved_folder.page_texts import page_texts
from tests.browser.conftest import COLOURS, IN_CHROMIUM, IN_FIREFOX, Open, speckled, write
from tests.browser.tab import Browser, Camera, Tab
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_browser

LARGEST_PAGE_BYTES = 8_000_000
HOSTILE = ("</script><img src=x onerror=alert(1)>", "=HYPERLINK(1)", "__proto__")
TEXTS = page_texts()
SHOW_TO_CAMERA = """async (png) => {
    const picture = new Image();
    picture.src = 'data:image/png;base64,' + png;
    await picture.decode();
    const canvas = Object.assign(document.createElement('canvas'), {width: picture.width, height: picture.height});
    setInterval(() => canvas.getContext('2d').drawImage(picture, 0, 0), 50);
    document.querySelector('#video').srcObject = canvas.captureStream();
    await document.querySelector('#video').play();
}"""
LEAST_LETTERS_PX = """() => Math.min(...[...document.querySelectorAll('body *')]
    .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
    .map((one) => {
        const size = parseFloat(getComputedStyle(one).fontSize), picture = one.closest('svg');
        return picture ? size * picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : size;
    }))"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
CONTROLS = """[...document.querySelectorAll('a[href], button, select, input, summary')]
    .filter((one) => one.checkVisibility() && !one.disabled)"""
NOTE_EVENTS = """() => {
    window.noted = [];
    window.reached = [];
    document.addEventListener('focusin', (event) => { reached.push(event.target); });
    for (const kind of ['click', 'change']) {
        document.addEventListener(kind, (event) => {
            noted.push(event.target);
            if (event.target.matches('input[type=file], a:not(.skip)')) event.preventDefault();
        }, true);
    }
    saveAs = (name) => noted.push(name); // instead of a file
}"""
SCROLLED = 8  # parts without a control that the keys of the keyboard scroll
SIZES = ((320, 640), (768, 1024), (1280, 800), (3840, 2160))


def made(folder: Path, model: bytes, labels: Sequence[str] = ("a", "b", "c"), **changes: object) -> Path:
    """Write a page with other labels for a model of three classes."""
    facts = PageFacts(
        "converted_tflite_quantized/model.tflite", labels, (3, 3, 3), (None, 0.5, 1), 0.9, 0.5, 1, "x", "2026-01-31"
    )
    engine = read_engine()
    assert engine is not None
    (folder / "open_me.html").write_bytes(open_me_page(replace(facts, **changes), model, engine))  # type: ignore[arg-type]
    return folder / "open_me.html"


def model_of(saved: Path) -> bytes:
    return (saved / "converted_tflite_quantized/model.tflite").read_bytes()


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return write(tmp_path / "red.png", speckled(COLOURS["red"], np.random.default_rng(5)))


def test_the_page_is_small_enough_for_a_mail(saved: Path) -> None:
    assert (saved / "open_me.html").stat().st_size <= LARGEST_PAGE_BYTES
    assert "open_me.html" in (saved / "SHA256SUMS").read_text()


def test_every_part_of_the_engine_that_names_itself_is_in_the_licences_of_the_page(saved: Path) -> None:
    engine = read_engine()
    assert engine is not None
    folders = set(re.findall(rb"third_party/(\w+)/", gzip.decompress(engine.wasm_gz)))
    names = {
        "absl": "Abseil", "emscripten": "Emscripten", "gloop": "gloop", "ml_drift": "ML Drift", "odml": "LiteRT",
        "protobuf": "Protocol Buffers", "ruy": "ruy", "tcmalloc": "TCMalloc", "tensorflow": "TensorFlow Lite",
    }  # fmt: skip
    assert {one.decode() for one in folders} <= set(names), "a part is new: name it in LICENCE-LiteRT-parts.txt"
    page = (saved / "open_me.html").read_text(encoding="utf-8")
    wanted = ["XNNPACK", "Eigen", "gemmlowp", *names.values()]
    assert [one for one in wanted if one not in page.split('id="facts"')[1].split("</script>")[0]] == []


def start_camera(tab: Tab) -> None:
    """Start the camera and wait for the first answer."""
    tab.click("#camera-button")
    tab.wait("() => document.querySelector('#verdict').innerText.trim() !== ''")


def box(tab: Tab, selector: str) -> dict[str, float]:
    """Where an element is: left, top, width and height in pixels."""
    script = "(selector) => document.querySelector(selector).getBoundingClientRect().toJSON()"
    found: dict[str, float] = tab.evaluate(script, selector)
    return found


def test_the_camera_shows_a_verdict_and_the_square_that_the_model_sees(
    open_page: Open, saved: Path, browser: Browser
) -> None:
    tab = open_page(saved / "open_me.html")
    start_camera(tab)
    assert [bar.split("\n")[0] for bar in tab.texts("#bars li")] == ["blue", "green", "red"]
    frame, video = box(tab, "#frame"), box(tab, "#video")
    assert frame["width"] == pytest.approx(frame["height"], abs=2)
    assert frame["x"] + frame["width"] / 2 == pytest.approx(video["x"] + video["width"] / 2, abs=2)
    tab.wait("() => document.querySelectorAll('#camera option').length >= 1")
    transform = "() => getComputedStyle(document.querySelector('#video')).transform"
    assert tab.evaluate(transform).startswith("matrix(-1")
    if browser.camera_shows is not None:
        tab.wait_for_text("#verdict", browser.camera_shows)
    tab.click("#mirror")
    assert tab.evaluate(transform) == "none"
    tab.click("#camera-stop")
    assert tab.text("#verdict") == ""
    assert tab.evaluate("() => document.activeElement.id") == "camera-button"


def test_the_model_sees_the_square_in_the_middle_of_the_camera_s_picture(
    open_page: Open, saved: Path, red_square: np.ndarray
) -> None:
    tab = open_page(saved / "open_me.html")
    start_camera(tab)
    done, png = cv2.imencode(".png", cv2.cvtColor(red_square, cv2.COLOR_RGB2BGR))
    assert done
    tab.evaluate(SHOW_TO_CAMERA, base64.b64encode(png.tobytes()).decode())
    tab.wait_for_text("#verdict", "red")


@pytest.mark.parametrize(("camera", "text"), [(Camera.REFUSED, "camera_refused"), (Camera.MISSING, "camera_missing")])
def test_without_a_camera_the_page_says_what_to_do_instead(
    camera: Camera, text: str, open_page: Open, saved: Path, red: Path
) -> None:
    tab = open_page(saved / "open_me.html", camera=camera)
    tab.click("#camera-button")
    tab.wait_for_text("#camera-problem", TEXTS["en"][text])
    assert tab.answers([red])[0]["label"] == "red"


@IN_CHROMIUM
@pytest.mark.parametrize("missing", ["mediaDevices", "getUserMedia"])
def test_a_browser_that_gives_files_no_camera_says_so_and_what_to_do(
    missing: str, open_page: Open, saved: Path, red: Path
) -> None:
    tab = open_page(saved / "open_me.html")
    owner = "navigator" if missing == "mediaDevices" else "navigator.mediaDevices"
    tab.evaluate(f"() => Object.defineProperty({owner}, '{missing}', {{value: undefined}}) && null")
    tab.click("#camera-button")
    tab.wait_for_text("#camera-problem", TEXTS["en"]["camera_impossible"])
    assert tab.answers([red])[0]["label"] == "red"


@IN_FIREFOX
def test_a_model_that_was_saved_with_not_sure_off_names_every_picture(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    off = with_settings_applied(model_of(saved), ModelSettings(not_sure="off"))
    assert read_novelty_test(off) is None
    tab = open_page(made(tmp_path, off, ("blue", "green", "red"), threshold=0.0))
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((12, 12))) * 255
    board = write(tmp_path / "board.png", np.repeat(checks[..., np.newaxis], 3, axis=2).astype(np.uint8))
    known, unknown = tab.answers([red, board])
    assert (known["label"], known["known"], unknown["known"]) == ("red", "true", "true")
    assert not any("not sure" in text for text in tab.texts("[data-testid=answer]"))
    start_camera(tab)
    assert tab.text("#verdict") in ("blue", "green", "red")


@IN_CHROMIUM
def test_page_and_report_lead_to_each_other(open_page: Open, saved: Path) -> None:
    tab = open_page(saved / "open_me.html")
    assert tab.text("#report") == "Read the report: report.html"
    assert tab.evaluate("() => document.querySelector('#report').href") == (saved / "report.html").as_uri()
    report = open_page(saved / "report.html", wait=False)
    link = "() => [...document.querySelectorAll('a')].map((one) => one.href)"
    assert (saved / "open_me.html").as_uri() in report.evaluate(link)


@pytest.mark.parametrize("dark", [False, True])
def test_the_report_can_be_read_on_a_phone_light_and_dark(dark: bool, open_page: Open, saved: Path) -> None:
    tab = open_page(saved / "report.html", wait=False, width=380, height=700, dark=dark)
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert tab.evaluate(LEAST_LETTERS_PX) >= 11
    ground, ink = (
        tab.evaluate(f"() => getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color")
    )
    assert (brightness(ground) < 0.3) is dark
    assert abs(brightness(ground) - brightness(ink)) > 0.5


def brightness(colour: str) -> float:
    """Of a colour such as `rgb(1, 2, 3)`, 0..1."""
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)


@IN_CHROMIUM
def test_without_a_report_the_page_has_no_link_to_it(open_page: Open, saved: Path, tmp_path: Path) -> None:
    assert open_page(made(tmp_path, model_of(saved))).evaluate("() => document.querySelector('#report').hidden")


def test_hostile_labels_are_only_text(open_page: Open, saved: Path, red: Path, tmp_path: Path) -> None:
    tab = open_page(made(tmp_path, model_of(saved), HOSTILE))
    (answer,) = tab.answers([red])
    assert answer["label"] == HOSTILE[2]
    assert set(json.loads(answer["probabilities"])) == set(HOSTILE)
    assert tab.evaluate("() => document.querySelectorAll('img').length") == 0
    assert tab.texts("#bars .label") == list(HOSTILE)
    assert HOSTILE[0] in tab.text("h1")


@IN_FIREFOX
def test_the_table_is_saved_as_csv_without_formulas(open_page: Open, saved: Path, red: Path, tmp_path: Path) -> None:
    formula = red.rename(tmp_path / '-1+2,"x".png')
    tab = open_page(made(tmp_path, model_of(saved), HOSTILE))
    (answer,) = tab.answers([formula])
    lines = tab.saved_by("#save-table").decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Picture,Answer,</script><img src=x onerror=alert(1)>,'=HYPERLINK(1),__proto__"
    shares = [f"{value:.4f}" for value in json.loads(answer["probabilities"]).values()]
    assert lines[1] == f'"\'-1+2,""x"".png",__proto__,{",".join(shares)}'
    assert lines[2:] == [""]


def test_pictures_can_be_dropped_and_pasted(open_page: Open, saved: Path, red: Path) -> None:
    tab = open_page(saved / "open_me.html")
    for event, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        tab.evaluate(
            """(event, field, data) => {
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], event + '.png', {type: 'image/png'}));
                const happened = new Event(event, {bubbles: true, cancelable: true});
                Object.defineProperty(happened, field, {value: transfer});
                document.dispatchEvent(happened);
            }""",
            event,
            field,
            base64.b64encode(red.read_bytes()).decode(),
        )
        answer = f"[data-testid=answer][data-name='{event}.png'][data-label=red]"
        tab.wait("(selector) => document.querySelector(selector) !== null", answer)


def test_a_file_that_is_no_picture_is_named_and_the_others_are_answered(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    (tmp_path / "<b>.png").write_text("no picture")
    tab = open_page(saved / "open_me.html")
    tab.give("[data-testid=pictures]", [tmp_path / "<b>.png", red])
    tab.wait("() => document.querySelectorAll('[data-testid=answer]').length === 1")
    assert tab.text("#unreadable") == "This browser cannot open <b>.png as a picture."


@IN_CHROMIUM
def test_the_page_speaks_the_language_of_the_visit_first_and_any_other(
    open_page: Open, saved: Path, tmp_path: Path
) -> None:
    tab = open_page(made(tmp_path, model_of(saved), language="tr"))
    assert tab.evaluate("() => document.querySelector('#language').options[0].value") == "tr"
    for language in sorted(LANGUAGES, key=lambda one: one != "tr"):
        if language != "tr":
            tab.choose("#language", language)
        assert tab.evaluate("() => document.documentElement.lang") == language
        assert tab.text("#camera-button") == TEXTS[language]["start_camera"]
        assert not re.search(r"\{\w+\}|undefined", tab.text("main").split("Apache License")[0])


def test_a_large_model_is_chosen_as_a_file_and_any_other_file_is_refused(
    open_page: Open, saved: Path, red: Path, tmp_path: Path
) -> None:
    beside, other = tmp_path / "model.tflite", tmp_path / "other.tflite"
    beside.write_bytes(model_of(saved) + bytes(LARGEST_MODEL_BYTES))
    other.write_bytes(model_of(saved))
    page = made(tmp_path, beside.read_bytes(), ("blue", "green", "red"))
    tab = open_page(page, wait=False)
    tab.wait("() => !document.querySelector('#model-choice').hidden")
    tab.give("[data-testid=model]", [other])
    wrong = TEXTS["en"]["wrong_model"].replace("{file}", "converted_tflite_quantized/model.tflite")
    tab.wait_for_text("#status", wrong)
    tab.give("[data-testid=model]", [beside])
    tab.wait_until_ready()
    assert tab.answers([red])[0]["label"] == "red"


def test_the_model_comes_out_of_the_page(open_page: Open, saved: Path) -> None:
    assert open_page(saved / "open_me.html").saved_by("#download") == model_of(saved)


def violations(tab: Tab, axe: str) -> list[str]:
    """What axe-core finds wrong."""
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(f"() => {{ {axe}; }}")
    found = tab.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def test_axe_finds_no_violation(open_page: Open, saved: Path, red: Path, axe: str) -> None:
    tab = open_page(saved / "open_me.html")
    tab.answers([red])
    tab.evaluate(OPEN_ALL)
    start_camera(tab)
    assert violations(tab, axe) == []
    tab.click("[data-testid=why]")
    tab.wait("() => !document.querySelector('#light').hidden")
    for palette, language, width in (
        ("paper", "en", 1280), ("night", "de", 320), ("contrast", "fr", 3840), ("distinct", "es", 768),
        ("automatic", "tr", 320),
    ):  # fmt: skip
        tab.choose("#colours", palette)
        tab.choose("#language", language)
        tab.evaluate(OPEN_ALL)
        tab.resize(width, 900)
        tab.wait("(width) => innerWidth === width", width)
        assert violations(tab, axe) == [], (palette, language, width)


def test_axe_finds_no_violation_in_the_report(open_page: Open, saved: Path, axe: str) -> None:
    for dark in (False, True):
        tab = open_page(saved / "report.html", wait=False, width=380, height=700, dark=dark)
        assert violations(tab, axe) == []


def test_the_page_is_dark_where_the_system_is(open_page: Open, saved: Path) -> None:
    background = "() => getComputedStyle(document.body).backgroundColor"
    for dark, palette in ((False, "paper"), (True, "night")):
        tab = open_page(saved / "open_me.html", dark=dark)
        automatic = tab.evaluate(background)
        tab.choose("#colours", palette)
        assert tab.evaluate(background) == automatic


def test_nothing_is_cut_off_at_any_width(open_page: Open, saved: Path, tmp_path: Path) -> None:
    long_labels = ("a" * 60, "Donaudampfschifffahrtsgesellschaft und noch mehr", "b")
    tab = open_page(made(tmp_path, model_of(saved), long_labels, language="de"))
    start_camera(tab)
    for width, height in SIZES:
        tab.resize(width, height)
        tab.wait("(width) => innerWidth === width", width)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= width


def test_every_control_can_be_reached_and_used_with_the_keyboard(open_page: Open, saved: Path, red: Path) -> None:
    tab = open_page(saved / "open_me.html")
    tab.answers([red])
    tab.evaluate(NOTE_EVENTS)
    use_all(tab, last=("clear", "camera-button"))
    order = tab.evaluate("() => reached.map((one) => one.id || one.dataset.testid || one.className || one.tagName)")
    wanted = ["skip", "language", "colours", "why", "camera-button", "pictures", "save-table", "clear", "report"]
    assert list(dict.fromkeys(one for one in order if one in wanted)) == wanted
    assert tab.evaluate("() => noted.filter((one) => typeof one === 'string')") == ["answers.csv", "model.tflite"]
    assert tab.evaluate("() => document.body.dataset.why") == "on"
    assert tab.evaluate("() => document.documentElement.lang") != "en"
    assert tab.evaluate("() => document.querySelectorAll('[data-testid=answer]').length") == 0
    tab.wait("() => !document.querySelector('#camera-controls').hidden")
    tab.evaluate("() => { document.querySelector('.skip').focus(); }")
    use_all(tab, within="#camera-controls", last=("camera-stop",))
    assert tab.evaluate("() => document.querySelector('#mirror').checked") is False
    assert tab.evaluate("() => document.querySelector('#camera-controls').hidden")


def use_all(tab: Tab, *, last: Sequence[str], within: str = "body") -> None:
    """Go to every visible control with Tab; then use each with the key of its kind, those with the ids `last` last."""
    here = f"{CONTROLS}.filter((one) => one.closest('{within}'))"
    tab.evaluate(OPEN_ALL)
    names: list[str] = tab.evaluate(f"() => {here}.map((one) => one.id)")
    for _ in range(tab.evaluate(f"() => {CONTROLS}.length") + SCROLLED):
        tab.press("Tab")
        if tab.evaluate(f"() => {here}.every((one) => reached.includes(one))"):
            break  # before the focus leaves the page
    missed = tab.evaluate(f"() => {here}.filter((one) => !reached.includes(one)).map((one) => one.outerHTML)")
    assert missed == []
    for number in sorted(range(len(names)), key=lambda one: last.index(names[one]) if names[one] in last else -1):
        key, choices = tab.evaluate(
            f"""(number) => {{
                ({OPEN_ALL})(); // another language makes some controls anew
                const one = window.used = {here}[number];
                one.focus();
                window.noted = noted.filter((other) => typeof other === 'string');
                const key = one.matches('select') ? 'ArrowDown' : one.matches('input') ? 'Space' : 'Enter';
                return [key, one.options?.length ?? 2];
            }}""",
            number,
        )
        if choices < 2:
            continue  # one camera, so there is none to choose
        tab.press(key)
        tab.wait("() => noted.some((one) => one === used)")
