"""The kiosk's state: all that the screen and the next press depend on, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from app.base.buttons import Button
from app.base.i18n import SOURCE_LANGUAGE, Text
from app.base.picture import Picture
from app.base.ports import Drive, UnmountedDrive
from app.base.privacy import Privacy
from app.base.tone import Tone
from app.config.schema import Config
from app.core import events as ev
from app.core.events import Command, FolderFound
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.modes.pages import GalleryState, ResultsState, SavingState, StaffState, TypingState
from app.core.presses import Inputs
from app.session.session import still_missing

NOTICE_S = 3.5
THUMBNAILS = 12


class Mode(Enum):
    """What the kiosk is doing."""

    ATTRACT = "attract"
    TEACH = "teach"
    TRAINING = "training"
    LIVE = "live"
    GALLERY = "gallery"
    RESULTS = "results"
    SAVING = "saving"
    CONFIRM_RESET = "confirm_reset"
    ERASING = "erasing"
    ASK_FOLDER = "ask_folder"
    CHOOSE_DRIVE = "choose_drive"
    IMPORTING = "importing"
    STILL_THERE = "still_there"
    STAFF = "staff"


@dataclass(frozen=True)
class Notice:
    """A passing message."""

    text: Text
    tone: Tone
    until_s: float


@dataclass(frozen=True)
class Timing:
    """How holding a class button takes samples, and how many a class takes at most."""

    hold_delay_s: float = 0.35
    sample_interval_s: float = 0.12
    max_shots: int = 300


@dataclass(frozen=True)
class Held:
    """A class button that is down. `waiting` while its last sample is not stored yet."""

    class_index: int
    next_sample_at_s: float
    waiting: bool = True


@dataclass(frozen=True)
class Arrival:
    """The latest sample that was stored, for the picture that flies into its card."""

    class_index: int
    picture: Picture
    at_s: float


@dataclass(frozen=True)
class KioskState:
    """All that the screen and the next press depend on.

    Attributes:
        model: None until the first training of this session went live.
        camera: Its name while frames arrive, else None.
        camera_problem: Why they do not.
        changed: A sample came or went since the session's own model went live; kept while a drive's model is shown.
        in_flight: Presses whose sample is not stored yet.
        asked_at_s: When a question was asked, or RESET was pressed in it too early.
        config: All settings, as changed on the screen.
        language: Of this visit.
        starter: The model that answers before anybody taught; `model` is None meanwhile.
        learn_due: A button was let go in learn-as-you-go: train as soon as its samples are stored.
        last_input_s: When somebody did something.
        attract_since_s: When ATTRACT began.
        gone: The session is being put away because its visitor is gone.
        down: Buttons that are down.
        cursor: Place among what can be touched on the page, where the box's buttons steer; see `app.core.modes.cursor`.
        cursor_repeats_at_s: When a held button moves it again.
        by_keyboard: The latest press was on a keyboard, not on a box.
        inputs: Keys, pads and pins: what they mean and which are down.
        drive_facts, unmounted: All that is known of the drives, and of those that are plugged in but not mounted.
        drive_seen: A drive was there at some time of this visit, whatever became of it.
        found: A folder on a drive that is being asked about, or will be.
        shown_from: The drive whose model answers for a while, else empty.
        backend: What answers, and why the accelerator does not; None until that is known.
        re_embedding: Samples that wait for their embedding by the extractor in use.
        now_s: Of the event that is handled, or of the last one that said so; monotonic.
        ticked_s: When the last tick was.
        pressed_at_s: When the latest press happened, which may be before `now_s`: it may have waited in the queue.
    """

    classes: tuple[TaughtClass, ...]
    mode: Mode = Mode.TEACH
    asked_at_s: float = 0.0
    model: TrainedFacts | None = None
    changed: bool = False
    in_flight: int = 0
    held: Held | None = None
    notice: Notice | None = None
    arrival: Arrival | None = None
    camera: str | None = None
    camera_problem: Text | None = None
    fault: Text | None = None
    drives: tuple[Drive, ...] = ()
    unmounted: tuple[UnmountedDrive, ...] = ()
    drive_seen: bool = False
    found: FolderFound | None = None
    shown_from: str = ""
    language: str = SOURCE_LANGUAGE
    config: Config = field(default_factory=Config)
    starter: ModelFacts | None = None
    learn_due: bool = False
    last_input_s: float = 0.0
    attract_since_s: float = 0.0
    gone: bool = False
    down: tuple[Button, ...] = ()
    gallery: GalleryState = field(default_factory=GalleryState)
    results: ResultsState = field(default_factory=ResultsState)
    saving: SavingState = field(default_factory=SavingState)
    staff: StaffState = field(default_factory=StaffState)
    typing: TypingState | None = None
    cursor: int | None = None
    cursor_repeats_at_s: float = 0.0
    by_keyboard: bool = False
    timing: Timing = field(default_factory=Timing)
    inputs: Inputs = field(default_factory=Inputs)
    backend: ev.BackendChanged | None = None
    re_embedding: int = 0
    now_s: float = 0.0
    ticked_s: float = 0.0
    pressed_at_s: float = 0.0

    @property
    def labels(self) -> tuple[str, ...]:
        """Class labels in label order."""
        return tuple(one.label for one in self.classes)

    @property
    def shots(self) -> tuple[int, ...]:
        """Samples per class."""
        return tuple(one.shots for one in self.classes)

    @property
    def teaching(self) -> bool:
        """A class button takes samples now."""
        return self.mode in (Mode.TEACH, Mode.LIVE)

    @property
    def answering(self) -> bool:
        """A model answers: the one taught here, one from a drive, or the starter."""
        return self.model is not None or self.starter is not None

    @property
    def stale(self) -> bool:
        """Samples have come or gone since the model was trained. A model from a drive is never stale."""
        if self.model is None or self.shown_from:
            return False
        return self.changed or self.model.shots != self.shots

    @property
    def resting_mode(self) -> Mode:
        """Where every job and every question ends: LIVE where a model answers, else TEACH."""
        return Mode.LIVE if self.answering else Mode.TEACH

    @property
    def drive_names(self) -> tuple[str, ...]:
        """Names of the mounted drives."""
        return tuple(one.name for one in self.drives)

    @property
    def privacy(self) -> Privacy:
        """What to keep of the session when its visitor is gone."""
        return Privacy(self.config.privacy.when_idle)

    @property
    def missing(self) -> Text | None:
        """What training still needs, in words for the visitor; None when TRAIN would work."""
        return still_missing(self.labels, self.shots)


Step = tuple[KioskState, tuple[Command, ...]]


def with_class(state: KioskState, index: int, new: TaughtClass) -> KioskState:
    """Put a class in the place of another."""
    return replace(state, classes=(*state.classes[:index], new, *state.classes[index + 1 :]))


def noticed(state: KioskState, text: Text, tone: Tone, seconds: float = NOTICE_S) -> KioskState:
    """Show a passing message."""
    return replace(state, notice=Notice(text, tone, state.now_s + seconds))


def refused(state: KioskState, text: Text) -> Step:
    """Say why something does not happen."""
    return noticed(state, text, Tone.WARNING), (ev.PlaySound("refused"),)
