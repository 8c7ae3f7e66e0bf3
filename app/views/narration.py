"""What to say aloud when the screen changes, for visitors who do not see it: a pure function of two moments.

`narrated(memory, view)` compares what a view says in each channel (screen, guidance, notice, verdict, …) with what was
said last. A text is said only after it has stayed for a while, so a flickering verdict is never heard, and only if it
differs from the one before, so nothing is repeated. Everything that is said is on the screen, in the language of the
visit.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from app.base.buttons import Action
from app.base.i18n import LANGUAGES, Message, message, translated
from app.base.tone import Tone
from app.views.model import KioskView, Question, Screen, Staff, Verdict
from app.views.model.spoken import Importance, Kind, Utterance
from app.views.spoken_names import name_of, names_of

VERDICT_SETTLES_S = 0.8
GUIDANCE_SETTLES_S = 1.2
COUNT_SETTLES_S = 0.6
FOCUS_SETTLES_S = 0.15  # a held button moves the cursor quickly
SETTLES_S: Mapping[Kind, float] = {
    Kind.VERDICT: VERDICT_SETTLES_S,
    Kind.GUIDANCE: GUIDANCE_SETTLES_S,
    Kind.COUNT: COUNT_SETTLES_S,
    Kind.FOCUS: FOCUS_SETTLES_S,
}
"""How long a text must stay until it is said; others are said at once."""

IMPORTANCE: Mapping[Kind, Importance] = {
    Kind.VERDICT: Importance.HINT,
    Kind.GUIDANCE: Importance.HINT,
    Kind.COUNT: Importance.HINT,
    Kind.SCREEN: Importance.SCREEN,
    Kind.FOCUS: Importance.ACTION,
    Kind.HELD: Importance.ACTION,
    Kind.TYPED: Importance.ACTION,
    Kind.NOTICE: Importance.HINT,
}
ENDS = "!?. \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
YES_BUTTONS: Mapping[Hashable, Message] = {
    Action.TRAIN: message("TRAIN says yes, every other button no."),
    Action.RESET: message("RESET says yes, every other button no."),
}


@dataclass(frozen=True)
class Said:
    """What a channel says.

    Attributes:
        key: What the text is about; it is said again only after the key has changed.
        text: Empty says nothing.
        importance: None is that of the channel.
    """

    key: Hashable
    text: str
    importance: Importance | None = None


_SILENT = Said(None, "")


@dataclass(frozen=True)
class Memory:
    """What each channel said last, and since when it has been saying what it says now.

    Attributes:
        said: The keys that were said last.
        waiting: The newest key of each channel, and since when it is there, in monotonic seconds.
        shots: The pictures of each class when their number was said last.
    """

    said: Mapping[Kind, Hashable] = field(default_factory=dict)
    waiting: Mapping[Kind, tuple[Hashable, float]] = field(default_factory=dict)
    shots: tuple[int, ...] = ()


def narrated(memory: Memory, view: KioskView) -> tuple[Memory, tuple[Utterance, ...]]:
    """Return what to say now that this view is shown, the most important first.

    Args:
        memory: What was said before; `Memory()` at the beginning.
        view: What the screen shows; call this with every view.
    """
    utterances: list[Utterance] = []
    for kind, said in _channels(memory, view).items():
        since = memory.waiting.get(kind)
        if since is None or since[0] != said.key:
            since = (said.key, view.now_s)
            memory = replace(memory, waiting={**memory.waiting, kind: since})
        settled = said.key is None or view.now_s - since[1] >= SETTLES_S.get(kind, 0.0)
        if not settled or memory.said.get(kind) == said.key:
            continue
        memory = replace(memory, said={**memory.said, kind: said.key})
        if kind is Kind.COUNT:
            memory = replace(memory, shots=_shots(view))
        if said.text:
            importance = IMPORTANCE[kind] if said.importance is None else said.importance
            utterances.append(Utterance(said.text, kind, importance, view.language_code))
    return memory, tuple(sorted(utterances, key=lambda one: -one.importance))


def _channels(memory: Memory, view: KioskView) -> dict[Kind, Said]:
    """What each channel of the view says; a channel that is not listed keeps silent and forgets nothing."""
    screen = _screen(memory, view)
    channels = {Kind.SCREEN: screen, Kind.NOTICE: _notice(view), Kind.FOCUS: _focus(memory, view, screen.key)}
    channels[Kind.TYPED] = _SILENT if view.typing is None else _typed(memory, view)
    on_page = view.question is not None or view.typing is not None or view.progress_text
    if on_page or view.screen not in (Screen.TEACH, Screen.LIVE):
        channels[Kind.GUIDANCE] = channels[Kind.VERDICT] = _SILENT  # said again on the way back
        return channels
    advice = view.spoken_guidance or view.guidance
    channels[Kind.GUIDANCE] = Said((view.language_code, advice), advice)
    channels[Kind.HELD] = _held(view)
    channels[Kind.VERDICT] = _verdict(view.verdict)
    if not any(card.held for card in view.cards):
        channels[Kind.COUNT] = _count(memory, view)
    return channels


def _screen(memory: Memory, view: KioskView) -> Said:
    """The title and the text of a page; a countdown in it is not said again and again."""
    language = view.language_code
    if (question := view.question) is not None:
        return Said(
            (language, "question", question.title, len(question.answers)),
            _question(question, language),
            Importance.ALERT,
        )
    if (typing := view.typing) is not None:
        return Said((language, "typing", typing.title), _sentences(typing.title, typing.hint))
    if view.screen is Screen.FAULT and view.fault is not None:
        return Said((language, view.screen, view.fault), _sentences(*view.fault), Importance.ALERT)
    if view.attract is not None:
        return Said((language, view.screen), _sentences(view.attract.headline, view.attract.call))
    if (gallery := view.gallery) is not None:
        page = (language, view.screen, gallery.index, gallery.hint)
        before = memory.said.get(Kind.SCREEN)
        known = isinstance(before, tuple) and before[: len(page)] == page  # a picture was taken out, or a page turned
        hint = "" if known else gallery.hint
        return Said((*page, gallery.title, gallery.page_text), _sentences(gallery.title, gallery.page_text, hint))
    if (results := view.results) is not None:
        return Said((language, view.screen, results.title), _sentences(results.title, results.text))
    if (saving := view.saving) is not None:
        words = (saving.title, saving.text, saving.home)
        return Said((language, view.screen, *words), _sentences(*words))
    if (staff := view.staff) is not None:
        return _staff(memory, view, staff)
    if view.progress_text:
        return Said((language, view.screen, view.progress_text), _sentences(view.progress_text))
    before = memory.said.get(Kind.SCREEN)
    if isinstance(before, tuple) and before[0] != language:
        return Said((language, Screen.TEACH), _sentences(LANGUAGES[language], _buttons(view)))
    begins = not isinstance(before, tuple) or before[1] is Screen.ATTRACT
    return Said((language, Screen.TEACH), _buttons(view) if begins else "")


def _buttons(view: KioskView) -> str:
    """Which class is on which button."""
    return _sentences(
        *(
            translated(message("Button {number}: {label}", number=card.index + 1, label=card.label), view.language_code)
            for card in view.cards
        )
    )


def _question(question: Question, language: str) -> str:
    answers = " ".join(_sentences(_answer(key.text, key.key)) for key in question.answers)
    how = YES_BUTTONS.get(question.also_yes) if question.also_yes is not None else None
    said = () if how is None or translated(how, language) in question.text else (translated(how, language),)
    return _sentences(question.title, question.text, answers, *said)


def _answer(text: str, key: str) -> str:
    """An answer with its button: "Trick it!" and "1" become "Trick it: 1"."""
    return f"{text.rstrip(ENDS)}: {key}" if key else text


def _staff(memory: Memory, view: KioskView, staff: Staff) -> Said:
    """The page that is open, and the hint unless it is the one that was said before."""
    tab = next((one.text for one in staff.tabs if one.selected), "")
    place, before = (view.language_code, view.screen), memory.said.get(Kind.SCREEN)
    known = before[2:] if isinstance(before, tuple) and before[:2] == place else ("", "")
    words = (tab, *_told_alone(staff)) if known[0] != tab else ()
    title, hint = "" if known[0] else staff.title, "" if known[1] == staff.hint else staff.hint
    return Said((*place, tab, staff.hint), _sentences(title, *words, hint))


def _told_alone(staff: Staff) -> tuple[str, ...]:
    """The rows of a staff page that the cursor passes over: nothing in them can be pressed."""
    rows = (one for one in staff.rows if one.less is None and one.more is None and one.press is None)
    return tuple(f"{one.label}: {one.value}" if one.value else one.label for one in rows)


def _notice(view: KioskView) -> Said:
    if view.notice is None:
        return _SILENT
    return Said(view.notice.text, view.notice.text, Importance.ALERT if view.notice.tone is Tone.WARNING else None)


def _focus(memory: Memory, view: KioskView, screen: Hashable) -> Said:
    """What the highlight or the cursor is on. The first place on a page waits until the page has said its title."""
    if view.scanned:
        name = names_of(view, view.scanned)
        return Said((view.scanned, name), name, Importance.MOVE)
    if view.focus is None:
        return _SILENT
    name, before = name_of(view, view.focus), memory.said.get(Kind.FOCUS)
    moved = isinstance(before, tuple) and before[0] == screen
    return Said((screen, view.focus, name), name, None if moved else Importance.HINT)


def _held(view: KioskView) -> Said:
    held = next((card for card in view.cards if card.held), None)
    return _SILENT if held is None else Said(held.index, held.label)


def _verdict(verdict: Verdict | None) -> Said:
    return _SILENT if verdict is None else Said(verdict.text, verdict.text)


def _count(memory: Memory, view: KioskView) -> Said:
    """How many pictures the classes have whose number grew since this was said last."""
    shots = _shots(view)
    before = memory.shots if len(memory.shots) == len(shots) else shots
    grown = [card for card, old in zip(view.cards, before, strict=True) if card.shots > old]
    return Said(shots, _sentences(*(f"{card.label}: {card.count_text}" for card in grown)))


def _shots(view: KioskView) -> tuple[int, ...]:
    return tuple(card.shots for card in view.cards)


def _typed(memory: Memory, view: KioskView) -> Said:
    """The letter that was just typed, or else the whole text; of a PIN only how many digits it has."""
    typing = view.typing
    if typing is None:
        return _SILENT
    if typing.problem:
        return Said((typing.text, typing.problem), typing.problem, Importance.ALERT)
    if typing.secret:
        return Said(len(typing.text), str(len(typing.text)) if typing.text else "")
    before = memory.said.get(Kind.TYPED)
    added = isinstance(before, str) and typing.text[:-1] == before
    return Said(typing.text, typing.text[-1:] if added else typing.text)


def _sentences(*parts: str) -> str:
    """Join texts to sentences: "Learning …" and "1 of 2" end with a full stop."""
    ended = []
    for part in (one.strip().removesuffix("…").strip().replace(" · ", ". ") for one in parts):
        if part:
            ended.append(part if part.endswith((".", "!", "?", ":", "。")) else f"{part}.")
    return " ".join(ended)
