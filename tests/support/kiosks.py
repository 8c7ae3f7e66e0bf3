"""A kiosk with simulated devices around it, whose workers run only when a test says so."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from app.base.buttons import Action
from app.base.ports import Drives, Frame
from app.config.schema import Config
from app.core.events import CameraFound
from app.core.state import Mode
from app.demo.attract_stage import AttractStage, random_views
from app.demo.camera import DemonstrationCamera
from app.demo.simulated import SimulatedDrives, SimulatedPanel
from app.jobs.running import JobQueue
from app.jobs.tools import RenderedThings, StationServices, Tools
from app.kiosk import Kiosk
from app.model.live import Vision
from app.model.prior import ExtractorPrior
from app.session.store import SessionStore
from tests.support.extractors import tiny_extractor
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

LABELS = ("apple", "cup", "duck")


class RecordedSounds:
    """Records which sounds would have played."""

    def __init__(self) -> None:
        self.played: list[str] = []

    def play(self, name: str) -> None:
        self.played.append(name)


class Station:
    """A kiosk with its data in `folder`, a demonstration camera (`table`), a panel of buttons, and drives.

    Time stands still and jobs wait until a test calls `look` or `settle`.
    """

    @staticmethod
    def settings_in(
        folder: Path, settings: Config | None = None, *, labels: tuple[str, ...] = LABELS, save_pictures: bool = False
    ) -> Config:
        """Return settings that keep all data in this folder."""
        settings = settings or Config()
        return replace(
            settings,
            classes=replace(settings.classes, labels=labels),
            storage=replace(
                settings.storage,
                data_dir=str(folder / "data"),
                export_dir=str(folder / "export"),
                save_pictures=save_pictures or settings.storage.save_pictures,
            ),
        )

    def __init__(
        self,
        folder: Path,
        settings: Config | None = None,
        services: StationServices | None = None,
        *,
        drives: Drives | None = None,
        labels: tuple[str, ...] = LABELS,
        save_pictures: bool = False,
        extractor: EmbeddingExtractor | None = None,
        accelerator: EdgeTpuSupervisor | None = None,
        prior: ExtractorPrior | None = None,
    ) -> None:
        self.folder = folder
        self.config = self.settings_in(folder, settings, labels=labels, save_pictures=save_pictures)
        self.now_s = 100.0
        self.table = DemonstrationCamera(sleep=lambda _s: None, clock=lambda: self.now_s)
        self.extractor = extractor or EmbeddingExtractor(default_extractor_path())
        self.store = SessionStore(
            self.config.data_dir / "session.sqlite3",
            labels=labels,
            extractor_name=self.extractor.name,
            extractor_sha256=self.extractor.origin_sha256,
        )
        self.store.switch_extractor()
        self.vision = Vision(self.extractor, len(self.store.load().labels))
        self.drives, self.sounds = SimulatedDrives(), RecordedSounds()
        self.tools = Tools(
            self.config, self.store, self.extractor, self.vision, drives or self.drives, self.sounds,
            clock=lambda: self.now_s, accelerator=accelerator, prior=prior,
        )  # fmt: skip
        self.services = services or StationServices(things=RenderedThings(AttractStage.kinds, random_views()))
        self.kiosk = Kiosk(self.tools, self.services)
        self.panel = SimulatedPanel(self.kiosk.events.put)
        self.sequence = 0
        self.kiosk.events.put(CameraFound("table"))
        self.kiosk.tick()

    def look(self) -> None:
        """Read a new frame from the camera, observe it, and show it on the screen."""
        self.sequence += 1
        self.now_s += 0.033
        image = self.table.read()
        image.flags.writeable = False
        frame = Frame(image, self.sequence, self.now_s)
        self.kiosk.shown, self.kiosk.observation = frame, self.vision.observe(frame)
        self.kiosk.tick()

    def settle(self) -> None:
        """Run all queued jobs, and everything that follows from them."""
        stop = threading.Event()
        self.kiosk.tick()
        while (jobs := self._waiting_jobs()) is not None:
            jobs.get_nowait()(stop)
            jobs.task_done()
            self.kiosk.tick()

    def teach(self, shots: int = 4) -> None:
        """Show the first two things, and tap the button of each for every sample."""
        for index, kind in enumerate(LABELS[:2]):
            self.table.show(kind)
            for _ in range(shots):
                self.table.new_view()
                self.look()
                self.panel.tap(index)
                self.settle()

    def train(self) -> None:
        """Teach, and press TRAIN; the new model answers afterwards."""
        self.teach()
        self.press(Action.TRAIN)
        assert self.kiosk.state.mode is Mode.LIVE

    @property
    def notice(self) -> str:
        """The text of the notice on the screen; empty if there is none."""
        notice = self.kiosk.state.notice
        return str(notice.text) if notice is not None else ""

    def press(self, action: Action) -> None:
        """Tap a button, and run the jobs that follow."""
        self.panel.tap(action)
        self.settle()

    def close(self) -> None:
        """Close what was opened."""
        self.vision.close()
        self.store.close()
        self.extractor.close()

    def _waiting_jobs(self) -> JobQueue | None:
        queues = (self.kiosk.session_jobs, self.kiosk.long_jobs)
        return next((jobs for jobs in queues if not jobs.empty()), None)


def station_that_learns_fast(folder: Path, drives: Drives | None = None) -> Station:
    """A station with a tiny extractor, for tests of what happens to a model, whatever it has learned."""
    path = folder / "tiny.tflite"
    path.write_bytes(tiny_extractor(feature_dim=16))
    return Station(folder, drives=drives, extractor=EmbeddingExtractor(path))
