"""The gallery: pages, removing and restoring pictures, naming a class."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import (
    Action,
    Button,
    ClassGallery,
    ClassName,
    EmptyClass,
    LetterKey,
    PageTurn,
    ScreenKey,
    StoredPicture,
    TypingKey,
)
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import MOST_REMOVED
from app.core.modes.class_list import change_number
from app.core.modes.gallery import PAGE
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import Typing
from app.views.present import Surroundings, present
from tests.support.states import MODEL_WITH_RESULTS, PICTURE, kiosk, run


def looked_at(shots: int = 20) -> KioskState:
    state, commands = run(kiosk(shots, 3), ev.ButtonPressed(ClassGallery(0)))
    assert commands == [ev.LoadGallery(0, 0, PAGE)]
    pictures = tuple(
        (number, Picture(("gallery", number), PICTURE.pixels)) for number in range(shots, shots - PAGE, -1)
    )
    return run(state, ev.GalleryLoaded(pictures))[0]


def test_the_thumbnails_of_a_class_open_its_gallery_and_an_empty_class_has_none() -> None:
    assert looked_at().mode is Mode.GALLERY
    assert run(kiosk(0, 3), ev.ButtonPressed(ClassGallery(0)))[0].mode is Mode.TEACH


def test_pages_turn_only_within_the_existing_ones() -> None:
    state = looked_at(PAGE + 2)
    state, commands = run(state, ev.ButtonPressed(PageTurn(1)))
    assert commands == [ev.LoadGallery(0, 1, PAGE)]
    assert run(state, ev.ButtonPressed(PageTurn(1)))[1] == []


def test_pages_turn_forth_and_back() -> None:
    state = looked_at(2 * PAGE + 2)
    shown = []
    for step in (1, 1, -1, -1, -1):
        state, commands = run(state, ev.ButtonPressed(PageTurn(step)))
        shown.append((state.gallery.page, commands))
    load = [[ev.LoadGallery(0, page, PAGE)] for page in range(3)]
    assert shown == [(1, load[1]), (2, load[2]), (1, load[1]), (0, load[0]), (0, [])]


def test_the_third_page_disappears_with_its_only_picture() -> None:
    state, _ = run(looked_at(2 * PAGE + 1), ev.ButtonPressed(PageTurn(1)), ev.ButtonPressed(PageTurn(1)))
    state, commands = run(state, ev.SamplesRemoved(0, (1,)))
    assert (state.gallery.page, commands[0]) == (1, ev.LoadGallery(0, 1, PAGE))


def test_a_tap_removes_a_picture_and_undo_restores_it() -> None:
    state, commands = run(looked_at(), ev.ButtonPressed(StoredPicture(20)))
    assert commands == [ev.RemoveSample(20)]
    state, commands = run(state, ev.SamplesRemoved(0, (20,)))
    assert state.shots == (19, 3)
    assert ev.LoadGallery(0, 0, PAGE) in commands
    state, commands = run(state, ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.RestoreSamples(0)]
    state, commands = run(state, ev.SamplesRestored(0, (20,), (PICTURE,)))
    assert (state.shots, state.changed) == ((20, 3), False)
    assert ev.LoadGallery(0, 0, PAGE) in commands
    state, commands = run(state, ev.ButtonPressed(Action.UNDO))
    assert str(state.notice.text) == "There is nothing to bring back."


def test_what_was_removed_last_comes_back_first_also_what_was_removed_before_the_gallery_was_opened() -> None:
    state, _ = run(kiosk(20, 3), ev.SamplesRemoved(0, (18, 19, 20)), ev.SamplesRemoved(1, (3,)))
    state, _ = run(state, ev.ButtonPressed(ClassGallery(0)), ev.GalleryLoaded(((17, PICTURE),), (0, 0)))
    state, _ = run(state, ev.ButtonPressed(StoredPicture(17)), ev.SamplesRemoved(0, (17,)))
    assert state.classes[0].removed == ((18, 19, 20), (17,))
    assert bring_back(state) == "Bring back 1"
    state, commands = run(state, *[ev.ButtonPressed(Action.UNDO)] * 3)
    assert commands.count(ev.RestoreSamples(0)) == 2  # that of the other class stays where it is
    state, _ = run(state, ev.SamplesRestored(0, (17,), (PICTURE,)))
    assert (state.shots, bring_back(state)) == ((17, 2), "Bring back 3")
    state, _ = run(state, ev.SamplesRestored(0, (18, 19, 20), (PICTURE,)))
    assert (state.shots, state.classes[0].removed, bring_back(state)) == ((20, 2), (), "Bring back")


def bring_back(state: KioskState) -> str:
    page = present(state, None, NOTHING_SEEN, Surroundings()).gallery
    (key,) = [key for key in page.keys if key.button is Action.UNDO]
    return key.text


def test_a_class_is_emptied_at_once_and_its_gallery_stays_open_to_bring_all_back() -> None:
    state, commands = run(looked_at(), ev.ButtonPressed(EmptyClass(0)))
    assert commands == [ev.RemoveSamplesOf(0)]
    ids = tuple(range(1, 21))
    state, _ = run(state, ev.SamplesRemoved(0, ids), ev.GalleryLoaded(()))
    assert (state.mode, state.shots, bring_back(state)) == (Mode.GALLERY, (0, 3), "Bring back 20")
    assert run(state, ev.ButtonPressed(EmptyClass(0)))[1] == []
    again, _ = run(state, ev.ButtonPressed(ScreenKey.BACK), ev.ButtonPressed(ClassGallery(0)))
    assert again.mode is Mode.GALLERY
    state, commands = run(state, ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.RestoreSamples(0)]
    state, _ = run(state, ev.SamplesRestored(0, ids, (PICTURE,)))
    assert (state.shots, state.changed) == ((20, 3), False)


def test_only_the_class_that_is_shown_can_be_emptied() -> None:
    assert run(looked_at(), ev.ButtonPressed(EmptyClass(1)))[1] == []


def test_of_very_many_removed_pictures_the_oldest_cannot_come_back() -> None:
    state = kiosk(0, 0)
    for number in range(40):
        state, _ = run(state, ev.SamplesRemoved(0, tuple(range(number * 20, number * 20 + 20))))
    assert len(state.classes[0].removed) == MOST_REMOVED // 20
    assert state.classes[0].removed[-1][-1] == 799


def test_an_undo_that_failed_can_be_tried_again() -> None:
    state, _ = run(looked_at(), ev.ButtonPressed(StoredPicture(20)), ev.SamplesRemoved(0, (20,)))
    state, _ = run(state, ev.ButtonPressed(Action.UNDO), ev.UndoFailed("the disk is full"))
    assert run(state, ev.ButtonPressed(Action.UNDO))[1] == [ev.RestoreSamples(0)]


def test_the_last_page_disappears_with_its_only_picture() -> None:
    state, _ = run(looked_at(PAGE + 1), ev.ButtonPressed(PageTurn(1)))
    state, commands = run(state, ev.SamplesRemoved(0, (1,)))
    assert state.gallery.page == 0
    assert ev.LoadGallery(0, 0, PAGE) in commands


def test_a_picture_that_is_not_shown_cannot_be_removed() -> None:
    assert run(looked_at(), ev.ButtonPressed(StoredPicture(999)))[1] == []


def test_a_restored_picture_returns_to_its_place_on_the_card() -> None:
    state = kiosk(0, 0)
    for number in range(1, 16):
        state, _ = run(state, ev.SampleAdded(0, number, Picture(("sample", number), PICTURE.pixels)))
    state, _ = run(replace(state, mode=Mode.GALLERY), ev.SamplesRemoved(0, (14,)))
    state, _ = run(state, ev.SamplesRestored(0, (14,), (Picture(("sample", 14), PICTURE.pixels),)))
    assert [one.key[1] for one in state.classes[0].thumbnails] == list(range(4, 16))


def test_back_returns_to_the_mode_before() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS), ev.ButtonPressed(ClassGallery(1)))
    assert run(state, ev.ButtonPressed(ScreenKey.BACK))[0].mode is Mode.LIVE


def named(name: str, allowed: bool = True) -> tuple[KioskState, list[ev.Command]]:
    state = looked_at()
    classes = replace(state.config.classes, visitors_name=allowed)
    state = replace(state, config=replace(state.config, classes=classes))
    return run(state, ev.ButtonPressed(ClassName(0)), ev.CharacterTyped(name), ev.TypingEdited(TypingKey.DONE))


def test_a_visitors_name_for_a_class_lasts_for_the_visit() -> None:
    state, commands = named("Boskop")
    assert (state.mode, state.labels, state.typing) == (Mode.GALLERY, ("Boskop", "cup"), None)
    assert commands == [ev.NameClasses(("Boskop", "cup")), ev.PlaySound("tick")]
    state, commands = run(state, ev.SessionErased())
    assert state.labels == ("apple", "cup")
    assert ev.NameClasses(("apple", "cup")) in commands


def test_visitors_cannot_rename_classes_if_the_settings_forbid_it() -> None:
    state, commands = named("Boskop", allowed=False)
    assert (state.labels, commands) == (("apple", "cup"), [])


def renaming(*buttons: Button) -> KioskState:
    return run(looked_at(), *(ev.ButtonPressed(one) for one in (ClassName(0), *buttons)))[0]


def test_the_first_letter_replaces_the_old_name_and_the_next_ones_follow() -> None:
    state = renaming()
    assert (state.typing.text, state.typing.selected) == ("apple", True)
    assert renaming(LetterKey("f"), LetterKey("i")).typing.text == "Fi"


def test_backspace_clears_the_old_name_and_a_touch_on_it_edits_its_end() -> None:
    assert renaming(TypingKey.BACKSPACE).typing.text == ""
    assert renaming(TypingKey.FIELD, LetterKey("s")).typing.text == "apples"
    assert renaming(TypingKey.FIELD, TypingKey.BACKSPACE).typing.text == "appl"
    by_key, _ = run(renaming(), ev.TypingEdited(TypingKey.FIELD), ev.CharacterTyped("s"))
    assert by_key.typing.text == "apples"


def test_done_without_a_letter_keeps_the_old_name() -> None:
    state, commands = run(renaming(), ev.ButtonPressed(TypingKey.DONE))
    assert (state.labels, state.typing, commands) == (("apple", "cup"), None, [ev.PlaySound("tick")])


def test_the_old_name_is_shown_as_selected_until_it_is_replaced() -> None:
    def shown(state: KioskState) -> Typing:
        board = present(state, None, NOTHING_SEEN, Surroundings()).typing
        assert board is not None
        return board

    assert (shown(renaming()).field, shown(renaming()).hint) == (
        TypingKey.FIELD,
        "Write a new name, or touch this one to change it.",
    )
    for buttons in ((LetterKey("s"),), (TypingKey.BACKSPACE,), (TypingKey.FIELD,)):
        assert (shown(renaming(*buttons)).field, shown(renaming(*buttons)).hint) == (
            None,
            "Hold a letter for its accents.",
        )


def test_screen_keys_write_a_visitors_name_and_cancel_keeps_the_old_one() -> None:
    state = renaming(LetterKey("s"))
    assert state.typing.text == "S"
    state, _ = run(state, ev.ButtonPressed(TypingKey.CANCEL))
    assert (state.labels, state.typing, state.mode) == (("apple", "cup"), None, Mode.GALLERY)


def test_pictures_that_a_slow_disk_delivers_late_never_stand_in_the_gallery_of_another_class() -> None:
    presses = (ClassGallery(0), ScreenKey.BACK, ClassGallery(1))
    state, _ = run(kiosk(3, 3), *map(ev.ButtonPressed, presses))
    state, _ = run(state, ev.GalleryLoaded(((7, PICTURE),), (0, 0)))
    assert (state.gallery.class_index, state.gallery.pictures) == (1, ())
    state, _ = run(state, ev.GalleryLoaded(((8, PICTURE),), (1, 0)))
    assert state.gallery.pictures == ((8, PICTURE),)


def test_classes_can_be_removed_again_once_pictures_are_back_after_the_gallery_was_left() -> None:
    state = kiosk(3, 3, 0)
    state = replace(state, gallery=replace(state.gallery, returning=1))
    assert len(change_number(state, 2)[0].classes) == 3
    state, _ = run(state, ev.SamplesRestored(0, (20,), (PICTURE,)))
    assert len(change_number(state, 2)[0].classes) == 2
