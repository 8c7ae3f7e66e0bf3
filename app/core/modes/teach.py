"""Teaching: class buttons that are pressed, held and released, and their samples."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action
from app.base.i18n import Text, counted, message
from app.base.picture import Picture
from app.base.tone import Tone
from app.core import events as ev
from app.core.facts import TaughtClass, still_restorable
from app.core.modes import gallery, results
from app.core.modes.idle import starter_dropped
from app.core.modes.permissions import allowed
from app.core.modes.variety import hold_continued, with_sample
from app.core.state import NO_PICTURE, THUMBNAILS, Arrival, Held, KioskState, Mode, Step, noticed, refused, with_class


def class_pressed(state: KioskState, index: int) -> Step:
    """Take a sample; `repeat_while_held` takes more while the button stays down."""
    if not 0 <= index < len(state.classes):
        return only_an_example(state, index)
    if state.held is not None:
        return state, ()  # two buttons at once: the first one goes on
    if state.camera_starts:
        return noticed(state, message("One moment, the camera is starting."), Tone.HINT), ()
    if state.camera is None:
        return refused(state, NO_PICTURE)
    if (full := _full(state, index)) is not None:
        return refused(state, full)
    held = Held(index, state.pressed_at_s + state.timing.hold_delay_s, hold=state.next_hold)
    state = replace(state, held=held, next_hold=held.hold + 1, in_flight=state.in_flight + 1)
    sample = ev.AddSample(index, held.hold)
    if state.starter is None:
        return replace(state, notice=None), (sample,)
    return starter_dropped(state), (ev.DropStarter(), sample)


def only_an_example(state: KioskState, index: int) -> Step:
    """A card for which the kiosk has no class: the starter knows more classes than the kiosk teaches."""
    if state.starter is None or not 0 <= index < len(state.starter.labels):
        return state, ()
    text = message(
        "{label} is only an example. To teach your own, hold one of the first {count} buttons.",
        label=state.starter.labels[index],
        count=len(state.classes),
    )
    return refused(state, text)


def released(state: KioskState, event: ev.ButtonReleased) -> Step:
    """A class button was released: stop taking samples."""
    if state.held is not None and event.button == state.held.class_index:
        learns = state.config.classes.learn_as_you_go and state.mode is Mode.LIVE
        return replace(state, held=None, learn_due=learns), ()
    return state, ()


def learn_as_you_go(state: KioskState) -> Step:
    """In learn-as-you-go, train after a class button was released and its samples are stored."""
    if not state.learn_due or state.in_flight or state.held is not None or state.typing is not None:
        return state, ()
    state = replace(state, learn_due=False)
    if state.mode is not Mode.LIVE or not state.stale or state.missing is not None:
        return state, ()
    return replace(state, mode=Mode.TRAINING, notice=None), (ev.StartTraining(), ev.PlaySound("train"))


def repeat_while_held(state: KioskState) -> Step:
    """Take the next sample while a button is held, unless its pin may have been released already."""
    held = state.held
    if held is not None and state.inputs.may_be_released(held.class_index):
        return state, ()
    if held is None or held.waiting or state.now_s < held.next_sample_at_s or state.camera is None:
        return state, ()
    if (full := _full(state, held.class_index)) is not None:
        return refused(replace(state, held=None), full)
    next_at_s = max(held.next_sample_at_s + state.timing.sample_interval_s, state.now_s)
    held = replace(held, next_sample_at_s=next_at_s, waiting=True)
    return replace(state, held=held, in_flight=state.in_flight + 1), (ev.AddSample(held.class_index, held.hold),)


def sample_taken(state: KioskState, event: ev.SampleTaken) -> Step:
    """A press took a frame: show and sound that at once, and count the sample when it is stored."""
    return replace(state, arrival=Arrival(event.class_index, event.picture, state.now_s)), (ev.PlaySound("tick"),)


def sample_added(state: KioskState, event: ev.SampleAdded) -> Step:
    """A sample was stored."""
    old = with_sample(state.classes[event.class_index], event.variety)
    new = replace(old, thumbnails=(*old.thumbnails, event.picture)[-THUMBNAILS:])
    state = replace(
        with_class(state, event.class_index, new),
        held=_no_longer_waiting(state.held, event.class_index, new),
        in_flight=max(0, state.in_flight - 1),
        changed=True,
    )
    return state, ()


def samples_removed(state: KioskState, event: ev.SamplesRemoved) -> Step:
    """Samples were removed together: those of a hold, a single one, or all of a class."""
    old, count = state.classes[event.class_index], len(event.sample_ids)
    gone = {("sample", sample_id) for sample_id in event.sample_ids}
    new = replace(
        old,
        shots=max(0, old.shots - count),
        thumbnails=tuple(one for one in old.thumbnails if one.key not in gone),
        variety=event.variety,
        removed=still_restorable((*old.removed, event.sample_ids)),
        undone=(*old.undone, event.sample_ids) if event.by_undo else old.undone,
    )
    emptied = state.emptied == event.class_index and not new.shots
    state = replace(with_class(state, event.class_index, new), arrival=None, changed=True, emptied=None)
    if state.mode is Mode.GALLERY:
        state, commands = gallery.samples_gone(state)
        return state, (*commands, ev.PlaySound("undo"))
    if state.mode is Mode.RESULTS:
        state, commands = results.samples_gone(state, event.sample_ids)
        return state, (*commands, ev.PlaySound("undo"))
    if emptied:
        return noticed(state, _is_empty(state, old.label), Tone.HINT), (ev.PlaySound("undo"),)
    return noticed(state, _taken_back(state, old.label, count), Tone.HINT), (ev.PlaySound("undo"),)


def samples_restored(state: KioskState, event: ev.SamplesRestored) -> Step:
    """Samples that were removed together are back."""
    old = state.classes[event.class_index]
    shown = sorted((*old.thumbnails, *event.pictures), key=_sample_id)
    new = replace(
        with_sample(old, event.variety),
        shots=old.shots + len(event.sample_ids),
        thumbnails=tuple(shown)[-THUMBNAILS:],
        removed=tuple(one for one in old.removed if one != event.sample_ids),
        undone=tuple(one for one in old.undone if one != event.sample_ids),
    )
    state = replace(with_class(state, event.class_index, new), changed=True)
    if state.mode is Mode.GALLERY:
        state, commands = gallery.samples_back(state)
    elif state.mode is Mode.RESULTS:
        state, commands = results.samples_back(state, event.sample_ids)
    else:  # UNDO on the main screen, or the gallery was left meanwhile
        gallery_left = replace(state.gallery, returning=max(0, state.gallery.returning - 1))
        text = counted(
            "{count} picture of {label} is back.",
            "{count} pictures of {label} are back.",
            len(event.sample_ids),
            label=old.label,
        )
        state, commands = noticed(replace(state, gallery=gallery_left), text, Tone.HINT), ()
    return state, (*commands, ev.PlaySound("tick"))


def sample_refused(state: KioskState, event: ev.SampleRefused) -> Step:
    """Say why a sample could not be taken."""
    return refused(replace(state, held=None, in_flight=max(0, state.in_flight - 1)), event.reason)


def sample_withdrawn(state: KioskState, event: ev.SampleWithdrawn) -> Step:
    """Samples of a hold were undone before their frame came."""
    state = replace(state, held=None, in_flight=max(0, state.in_flight - event.count))
    return noticed(state, message("Removed the last press."), Tone.HINT), (ev.PlaySound("undo"),)


def undo_failed(state: KioskState, event: ev.UndoFailed) -> Step:
    """Say why nothing was removed or restored."""
    state = replace(state, gallery=replace(state.gallery, returning=0), results=replace(state.results, returning=0))
    state = replace(state, emptied=None)
    return refused(state, event.reason)


def _is_empty(state: KioskState, label: str) -> Text:
    """Say how the pictures of a class that was emptied come back."""
    if allowed(state, Action.UNDO):
        return message("{label} is empty now. UNDO brings its pictures back.", label=label)
    return message("{label} is empty now. The number on its card brings its pictures back.", label=label)


def _taken_back(state: KioskState, label: str, count: int) -> Text:
    """Say what UNDO removed, and how it comes back: not by UNDO, which goes further back."""
    if state.game is None and allowed(state, Action.GALLERY):
        return counted(
            "Removed the last picture of {label}. The number on its card brings it back.",
            "Removed the last {count} pictures of {label}. The number on its card brings them back.",
            count,
            label=label,
        )
    return counted(
        "Removed the last picture of {label}.", "Removed the last {count} pictures of {label}.", count, label=label
    )


def _full(state: KioskState, index: int) -> Text | None:
    if state.classes[index].shots < state.timing.max_shots:
        return None
    label = state.classes[index].label
    return message("{label} is full with {count} pictures. Press TRAIN.", label=label, count=state.timing.max_shots)


def _no_longer_waiting(held: Held | None, class_index: int, taught: TaughtClass) -> Held | None:
    if held is None or held.class_index != class_index:
        return held
    return hold_continued(replace(held, waiting=False), taught)


def _sample_id(picture: Picture) -> int:
    key = picture.key
    return key[1] if isinstance(key, tuple) else 0
