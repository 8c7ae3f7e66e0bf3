"""KioskView: everything on the screen, frozen. `app.views.present` makes it, `app.ui.screens` draws it.

A `button` in these types is a token that the screen returns when it is touched; the drawing code does not look into it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from app.base.picture import Picture
from app.views.model.pages import (
    Attract,
    ConfusedPicture,
    ConfusionCell,
    Gallery,
    GalleryPicture,
    Results,
    Saving,
    SavingLine,
    Setting,
    Staff,
    Tab,
    TaughtThing,
    Typing,
)
from app.views.model.parts import (
    ActionKey,
    Banner,
    ClassCard,
    GameStrip,
    LessonChip,
    Light,
    Places,
    Question,
    Screen,
    StatusStrip,
    Verdict,
)

__all__ = [
    "ActionKey",
    "Attract",
    "Banner",
    "ClassCard",
    "ConfusedPicture",
    "ConfusionCell",
    "Gallery",
    "GalleryPicture",
    "GameStrip",
    "KioskView",
    "LessonChip",
    "Light",
    "Places",
    "Question",
    "Results",
    "Saving",
    "SavingLine",
    "Screen",
    "Setting",
    "Staff",
    "StatusStrip",
    "Tab",
    "TaughtThing",
    "Typing",
    "Verdict",
]


@dataclass(frozen=True)
class KioskView:
    """Everything that one frame of the screen shows.

    Attributes:
        screen: Which screen.
        picture: The camera picture, or None while there is none.
        model_square: The part that the model sees: (left, top, side) in pixels of `picture`.
        cards: One per class, in label order.
        class_keys: The key that adds a class; none where visitors cannot do that.
        actions: TRAIN, SAVE, UNDO, RESET.
        guidance: One line that says the next useful thing to do.
        short_guidance: The same without a list of names, for where the line does not fit; empty without one.
        spoken_guidance: What is said in place of the line; empty where it is the line itself.
        status: The quiet strip.
        verdict: While a model answers.
        not_sure: 0..1: height of the "Not sure" bar. None while there is no model, and where the
            settings switch it off: then the bar is not drawn.
        progress: 0..1 while training or saving, else None.
        progress_text: What the kiosk is doing meanwhile.
        light: WHY: light on the parts of the picture that spoke for the answer.
        frozen: The picture stands still: it is that of a trick, not what the camera sees now.
        picture_keys: WHY, PLAY: on the picture where it is wide, else beside TRAIN.
        game: The strip on the picture while a game is played.
        lesson: The lesson set that staff have chosen, or None.
        notice: A passing message.
        question: Has its own buttons.
        attract, gallery, results, saving, staff: The pages of these names, or None.
        typing: A keyboard over any page; while it is open only its keys can be touched.
        staff_hold: How much of the time to open the staff pages has been held, 0..1; None while nobody holds.
        corner: Button of the corner that staff hold, or None.
        focus: Button that the cursor is on, or None.
        scanned: The buttons that the one switch would press now; empty without a highlight.
        box_moves_cursor: The buttons of the box move a cursor on this page.
        language: Key that changes the language, or None.
        language_code: Language of the texts, such as "de", for the speech output.
        not_sure_text: Name of the "Not sure" bar.
        waiting_text: Shown in place of the camera picture while there is none.
        places: Which classes have a card: what the next view needs to keep them in their places.
        palette: Name of the colours, one of `assets/themes/palettes.toml`.
        less_motion: Nothing flies, nods or breathes; bars jump to their values.
        fault: Title and text of the fault screen, or None.
        flash: A sample that was just taken: class index, picture, and age in seconds; or None.
        now_s: Monotonic seconds; animations depend on nothing else.
    """

    screen: Screen
    picture: Picture | None
    model_square: tuple[int, int, int] | None
    cards: tuple[ClassCard, ...]
    actions: tuple[ActionKey, ...]
    guidance: str
    status: StatusStrip
    short_guidance: str = ""
    spoken_guidance: str = ""
    class_keys: tuple[ActionKey, ...] = ()
    verdict: Verdict | None = None
    not_sure: float | None = None
    progress: float | None = None
    progress_text: str = ""
    light: Light | None = None
    frozen: bool = False
    picture_keys: tuple[ActionKey, ...] = ()
    game: GameStrip | None = None
    lesson: LessonChip | None = None
    notice: Banner | None = None
    question: Question | None = None
    fault: tuple[str, str] | None = None
    flash: tuple[int, Picture, float] | None = None
    attract: Attract | None = None
    gallery: Gallery | None = None
    results: Results | None = None
    saving: Saving | None = None
    staff: Staff | None = None
    typing: Typing | None = None
    staff_hold: float | None = None
    corner: Hashable | None = None
    focus: Hashable | None = None
    scanned: tuple[Hashable, ...] = ()
    box_moves_cursor: bool = False
    language: ActionKey | None = None
    language_code: str = "en"
    not_sure_text: str = "Not sure"
    waiting_text: str = "Waiting for the camera…"
    places: Places = field(default_factory=Places, compare=False)
    palette: str = "paper"
    less_motion: bool = False
    now_s: float = 0.0
