"""The state in which the kiosk starts: what is stored of the session, and what went wrong at the start."""

from __future__ import annotations

from dataclasses import replace

from app.base.i18n import Text
from app.base.tone import Tone
from app.config.pin_lock import read_pin_lock
from app.core.modes import erasing, idle
from app.core.modes.devices import CAMERA_STARTS_S
from app.core.pages import StaffState
from app.core.presses import inputs_of
from app.core.state import KioskState, Mode, Timing, noticed
from app.jobs.classes import taught_classes, with_stored_origins
from app.jobs.own_model import restore_model
from app.jobs.tools import StationServices, Tools
from app.model.model_files import delete_shown_models, delete_unfinished_files

REPAIR_NOTICE_S = 15.0


def first_state(tools: Tools, services: StationServices) -> KioskState:
    """Return the state with the stored session, and with its model if the model can still answer.

    If the power went away while the visit before was being ended, ending it goes on.
    """
    state = _with_stored_session(tools, services)
    repair = tools.store.opened.repair
    if tools.store.ending:
        return erasing.begun(state, gone=True)
    return idle.with_disk_notice(state) if repair is None else noticed(state, repair, Tone.HINT, REPAIR_NOTICE_S)


def _with_stored_session(tools: Tools, services: StationServices) -> KioskState:
    used, now_s = tools.config, tools.clock()
    of_settings = services.extractor
    extractor = used.model.extractor if of_settings is None else of_settings
    config = replace(used, model=replace(used.model, extractor=extractor))
    delete_unfinished_files(tools.config)
    delete_shown_models(tools.config)  # an older version may have left one
    model = restore_model(tools) if not tools.store.ending else None
    session = tools.store.load()
    visit = services.visit_lesson
    lesson = visit.lesson if visit is not None else services.lesson
    lock = read_pin_lock(config.data_dir)
    return KioskState(
        classes=with_stored_origins(tools, taught_classes(tools, session)),
        mode=Mode.LIVE if model else Mode.TEACH,
        model=model,
        next_hold=session.next_hold,
        timing=Timing(config.buttons.hold_delay_s, config.buttons.sample_interval_s, config.classes.max_shots),
        inputs=inputs_of(config),
        config=config,
        locked_in=services.locked_in,
        staff=StaffState(wrong_pins=lock.wrong, locked_until_s=now_s + lock.locked_s if lock.locked_s else 0.0),
        extractor_in_use=used.model.extractor,
        lesson=lesson,
        kept_lesson=services.lesson,
        lesson_stored=visit is not None,
        lesson_since_s=now_s if lesson is not None else None,
        language=config.screen.language,
        last_input_s=now_s,
        camera_due_s=now_s + CAMERA_STARTS_S,
        now_s=now_s,
        ticked_s=now_s,
        disk_problem=tools.store.opened.disk_problem,
        start_problems=_start_problems(tools, services),
    )


def _start_problems(tools: Tools, services: StationServices) -> tuple[Text, ...]:
    opened = tools.store.opened
    disk = (idle.disk_text(opened.disk_problem),) if opened.disk_problem is not None else ()
    repair = (opened.repair,) if opened.repair is not None else ()
    return (*disk, *repair, *services.start_problems)
