"""The kiosk's state: frozen values that decide what the screen shows and what the next press does.

`app.core.transitions.advance` makes a new state from each event; nothing else changes it. The parts that belong to one
page (gallery, results, saving, typing, staff) are in `app.core.pages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from app.base.buttons import Button
from app.base.camera_faults import CameraFault
from app.base.i18n import SOURCE_LANGUAGE, Text, message
from app.base.picture import Picture
from app.base.ports import Drive, UnmountedDrive
from app.base.privacy import Privacy
from app.base.tone import Tone
from app.config.lesson import Lesson
from app.config.schema import Config
from app.core import events as ev
from app.core.events import Command, FolderFound
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.game import Game, Trick
from app.core.pages import GalleryState, ResultsState, SavingState, StaffState, TypingState
from app.core.presses import Inputs
from app.core.scan import Scan
from app.session.session import still_missing

NO_PICTURE = message("There is no picture to learn from. Check the camera's cable.")
NOTICE_S = 3.5  # how long a notice stays on the screen
THUMBNAILS = 12  # newest samples of a class that the state keeps


class Mode(Enum):
    """What the kiosk is doing."""

    ATTRACT = "attract"  # nobody is there: a demonstration plays
    TEACH = "teach"  # no model answers yet
    TRAINING = "training"
    LIVE = "live"  # a model answers; class buttons still take samples
    GALLERY = "gallery"
    RESULTS = "results"
    SAVING = "saving"
    CONFIRM_RESET = "confirm_reset"
    CONFIRM_LEAVE = "confirm_leave"
    ERASING = "erasing"
    CLASS_MENU = "class_menu"  # what to do with a class that visitors may not name
    CONFIRM_REMOVE = "confirm_remove"  # whether to remove a class
    REMOVING = "removing"  # a class is removed
    ASK_FOLDER = "ask_folder"  # what to do with a folder that was found on a drive
    CHOOSE_DRIVE = "choose_drive"  # which of several drives SAVE writes to
    CHOOSE_GAME = "choose_game"  # which game to play
    ASK_TRICK = "ask_trick"  # whether a thing really is what the model says
    IMPORTING = "importing"
    STILL_THERE = "still_there"  # a countdown before the session ends
    STAFF = "staff"


@dataclass(frozen=True)
class Notice:
    """A message that disappears by itself.

    Attributes:
        glad: How the mascot feels meanwhile, -1..1; None if the message changes nothing about that.
    """

    text: Text
    tone: Tone
    until_s: float
    glad: float | None = None


@dataclass(frozen=True)
class Timing:
    """When a held class button takes samples, and the most samples that a class may have."""

    hold_delay_s: float = 0.35
    sample_interval_s: float = 0.12
    max_shots: int = 300


@dataclass(frozen=True)
class Held:
    """A class button that is down.

    Attributes:
        class_index: Its class.
        next_sample_at_s: When it takes the next sample.
        waiting: True until its last sample is stored.
        hold: Number of the hold. All samples from this press until the release belong to it.
        taken: Number of its samples that are stored.
        alike: The samples of its class look all the same: the thing should be turned.
    """

    class_index: int
    next_sample_at_s: float
    waiting: bool = True
    hold: int = 0
    taken: int = 0
    alike: bool = False


@dataclass(frozen=True)
class Arrival:
    """The sample that was taken last: the screen lets its picture fly into the card of its class."""

    class_index: int
    picture: Picture
    at_s: float


@dataclass(frozen=True)
class KioskState:
    """The whole state of the kiosk.

    Attributes:
        classes: In label order.
        mode: What the kiosk is doing.
        asked_at_s: When the current question was asked, or asked again because of an early press.
        model: The model that was trained in this session, or is shown from a drive; None before the first training.
        changed: A sample was added or removed since the session's own model was trained.
        in_flight: Number of presses whose sample is not stored yet.
        held: The class button that takes samples now.
        next_hold: Number of the hold that begins with the next press; larger than that of every stored sample.
        notice: A message that disappears by itself.
        arrival: The sample that was taken last.
        camera: Name of the camera while frames arrive, else None.
        camera_problem: Why no frames arrive.
        camera_faults: Which cameras were tried, and what is wrong with each; empty while that is unknown.
        camera_due_s: Until then a camera that has sent no picture yet counts as starting, monotonic.
        picture_problem: Why the frames that arrive are of no use; None if they are good.
        calm_until_s: Until then the calm screen is shown after a defect, monotonic.
        fault: Which part of the program has stopped; only a restart helps.
        disk_waits: A write to the disk has not returned for seconds.
        drives: All mounted drives.
        unmounted: Drives that are plugged in but not mounted.
        drive_seen: A drive was plugged in during this visit, even if it was pulled out since.
        found: A folder on a drive about which the kiosk asks, now or at the next moment of rest.
        shown_from: Name of the drive whose model answers; empty while the session's own model does.
        language: Language of this visit.
        config: All settings, including those that were changed on the screen.
        extractor_in_use: The extractor that was opened at the start: that of the settings, or of the lesson.
        locked_in: Visitors cannot leave the kiosk or its full screen: its service started it.
        starter: A model that answers before a visitor has taught anything; `model` is None meanwhile.
        background: The class of which the model looks at the background, and until when the screen says so.
        why: The picture shows which of its parts spoke for the answer.
        against_all: It shows what speaks for the answer against all other classes, not only against the next one.
        game: The game that is played.
        best_trick: The trick of this visit of which a model was surest; in memory alone, until the visit ends.
        learn_due: A class button was released in learn-as-you-go: train as soon as its samples are stored.
        last_input_s: When somebody last did something.
        attract_since_s: When ATTRACT began.
        removing: The class that is asked about, or removed; None otherwise.
        which_until_s: Until then the next class button opens the page of its class, monotonic; 0 if it teaches.
        emptied: The class whose pictures are being taken out on the page of its pencil; None otherwise.
        gone: The session is being archived or erased because its visitor left.
        erase_problem: Why the session could not be erased yet; empty while it is tried.
        erase_tries: Number of tries that failed.
        erase_again_at_s: When the next try begins.
        disk_problem: Why the session is in memory alone; None if it is on the disk.
        lesson: The lesson set that is used now.
        kept_lesson: The one that staff have chosen: the next visit uses it.
        lesson_stored: The lesson is kept over a restart until this visit ends: it was chosen without a PIN.
        lesson_left: It could not be forgotten when its visit ended: the end of the next visit tries again.
        restart_due: The extractor is still that of a visit before: start again as soon as nobody is there.
        lesson_since_s: Since when its time is counted, monotonic; None while it is not.
        start_problems: What was wrong with the stored session and the settings at the start, for staff.
        down: Buttons that are down.
        gallery, results, saving, staff, typing: What is on the pages of these names.
        cursor: Index into the page's targets, or None while there is no cursor; see `app.core.modes.cursor`.
        cursor_repeats_at_s: When a held button moves the cursor again.
        scan: The highlight that lets one switch press everything; see `app.core.modes.scanning`.
        by_keyboard: The latest press was on a keyboard, not on the box.
        timing: When samples are taken.
        inputs: What keys, pads and pins mean, and which of them are down.
        backend: What computes the answers, and why the accelerator does not; None until it is known.
        re_embedding: Number of samples that must still be embedded by the extractor in use.
        now_s: Monotonic time of the event that is handled; events without a time leave it as it was.
        ticked_s: Monotonic time of the last tick.
        pressed_at_s: When the latest press happened. This may be before `now_s`: events wait in a queue.
    """

    classes: tuple[TaughtClass, ...]
    mode: Mode = Mode.TEACH
    asked_at_s: float = 0.0
    model: TrainedFacts | None = None
    changed: bool = False
    in_flight: int = 0
    held: Held | None = None
    next_hold: int = 0
    notice: Notice | None = None
    arrival: Arrival | None = None
    camera: str | None = None
    camera_problem: Text | None = None
    camera_faults: tuple[CameraFault, ...] = ()
    camera_due_s: float = 0.0
    picture_problem: Text | None = None
    calm_until_s: float = 0.0
    fault: Text | None = None
    disk_waits: bool = False
    drives: tuple[Drive, ...] = ()
    unmounted: tuple[UnmountedDrive, ...] = ()
    drive_seen: bool = False
    found: FolderFound | None = None
    shown_from: str = ""
    language: str = SOURCE_LANGUAGE
    config: Config = field(default_factory=Config)
    extractor_in_use: str = ""
    locked_in: bool = False
    starter: ModelFacts | None = None
    background: tuple[int, float] | None = None
    why: bool = False
    against_all: bool = False
    game: Game | None = None
    best_trick: Trick | None = None
    learn_due: bool = False
    last_input_s: float = 0.0
    attract_since_s: float = 0.0
    removing: int | None = None
    which_until_s: float = 0.0
    emptied: int | None = None
    gone: bool = False
    erase_problem: Text = ""
    erase_tries: int = 0
    erase_again_at_s: float = 0.0
    disk_problem: Text | None = None
    lesson: Lesson | None = None
    kept_lesson: Lesson | None = None
    lesson_stored: bool = False
    lesson_left: bool = False
    restart_due: bool = False
    lesson_since_s: float | None = None
    start_problems: tuple[Text, ...] = ()
    down: tuple[Button, ...] = ()
    gallery: GalleryState = field(default_factory=GalleryState)
    results: ResultsState = field(default_factory=ResultsState)
    saving: SavingState = field(default_factory=SavingState)
    staff: StaffState = field(default_factory=StaffState)
    typing: TypingState | None = None
    cursor: int | None = None
    cursor_repeats_at_s: float = 0.0
    scan: Scan = field(default_factory=Scan)
    by_keyboard: bool = False
    timing: Timing = field(default_factory=Timing)
    inputs: Inputs = field(default_factory=Inputs)
    backend: ev.BackendChanged | None = None
    re_embedding: int = 0
    now_s: float = 0.0
    ticked_s: float = 0.0
    pressed_at_s: float = 0.0

    def with_pages_closed(self) -> KioskState:
        """Return the state without an open page, a message or a held button."""
        return replace(
            self, held=None, notice=None, gallery=GalleryState(), results=ResultsState(), saving=SavingState()
        )

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
        """Whether a class button takes samples now."""
        return self.mode in (Mode.TEACH, Mode.LIVE)

    @property
    def answering(self) -> bool:
        """Whether a model answers: the session's own, one from a drive, or the starter."""
        return self.model is not None or self.starter is not None

    @property
    def camera_starts(self) -> bool:
        """Whether the camera has sent no picture yet, but still may: nothing is wrong so far."""
        return self.camera is None and self.now_s < self.camera_due_s

    @property
    def without_picture(self) -> bool:
        """Whether the camera sends no pictures, and is not just starting."""
        return self.camera is None and not self.camera_starts

    @property
    def stale(self) -> bool:
        """Whether the samples changed since the model was trained. A model from a drive is never stale."""
        if self.model is None or self.shown_from:
            return False
        return self.changed or self.model.shots != self.shots

    @property
    def resting_mode(self) -> Mode:
        """The mode after a job or a question: LIVE if a model answers, else TEACH."""
        return Mode.LIVE if self.answering else Mode.TEACH

    @property
    def drive_names(self) -> tuple[str, ...]:
        """Names of the mounted drives."""
        return tuple(one.name for one in self.drives)

    @property
    def privacy(self) -> Privacy:
        """What to keep of the session after its visitor has left."""
        return Privacy(self.config.privacy.when_idle)

    @property
    def has_pin(self) -> bool:
        """Whether only staff get into the staff pages.

        Without a PIN nobody sees earlier sessions, shuts the computer down, changes what is kept of a visit, or makes a
        PIN: a visitor could choose the first one, and then see what earlier visitors taught.
        """
        return bool(self.config.staff.pin)

    @property
    def missing(self) -> Text | None:
        """What training still needs, in words for the visitor; None if TRAIN works.

        Without a picture nothing can be shown to the camera, so nobody is asked to.
        """
        needed = still_missing(self.labels, self.shots)
        return NO_PICTURE if needed is not None and self.without_picture else needed

    @property
    def undoable(self) -> bool:
        """Whether UNDO has something to take back: a hold, or a removal that UNDO did not make itself."""
        brings_back = any(set(one.removed) - set(one.undone) for one in self.classes)
        return any(self.shots) or bool(self.in_flight) or brings_back


Step = tuple[KioskState, tuple[Command, ...]]
"""What a transition returns: the new state, and the commands to carry out."""


def with_class(state: KioskState, index: int, new: TaughtClass) -> KioskState:
    """Replace the class at `index`."""
    return replace(state, classes=(*state.classes[:index], new, *state.classes[index + 1 :]))


def noticed(
    state: KioskState, text: Text, tone: Tone, seconds: float = NOTICE_S, *, glad: float | None = None
) -> KioskState:
    """Show a notice for `seconds`; see `Notice` for `glad`."""
    return replace(state, notice=Notice(text, tone, state.now_s + seconds, glad))


def refused(state: KioskState, text: Text) -> Step:
    """Show and sound that something does not happen, and why."""
    return noticed(state, text, Tone.WARNING), (ev.PlaySound("refused"),)
