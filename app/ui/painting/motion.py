"""Animate the screen: the same views in the same order produce the same motion.

Bars, rings and lights ease towards the values of the view. Pictures fly into their cards, and during the training from
the cards to the mascot. The mascot looks at what is important, nods at each picture, and cheers at the first sure
answer of a new model. With less motion, a setting, everything is at rest at once.

Everything that depends on time is in `Moving`: equal views with equal `Moving` are drawn with equal pixels, so nothing
has to be drawn while nothing moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from app.base.picture import Picture
from app.ui.painting.visible import page_of, visible
from app.views.model import KioskView, Screen

EASE_S = 0.09  # time constant, after which two thirds of a distance are done
CALM_S = 0.14  # time constant of larger things
SNAP = 0.004  # a smaller distance counts as arrived
FLIGHT_S = 0.45
MOST_FLIGHTS = 6
BREATH_S = 1.8
BLINK_EVERY_S, BLINK_S = 4.3, 0.14
STEPS = 24  # of a breath, to limit the number of different pictures
NOD_S, CHEER_S = 0.3, 1.5
NOD_STEPS = 6
THOUGHT_EVERY_S = 0.12  # during the training, a print leaves its card for the mascot
JERKY_S = 0.15  # from view to view: from then on a training lets nothing fly, so that a slow computer draws less
WANDER_S = 1.6  # for the eyes to wander once, while it thinks
FRIENDLY = 0.5  # how glad the mascot usually is


@dataclass(frozen=True)
class Flight:
    """A picture on its way into the card of a class, or from there to the mascot; `progress` is 0..1."""

    index: int
    picture: Picture
    progress: float
    to_mascot: bool = False


@dataclass(frozen=True)
class Moving:
    """The state of everything that moves. Tuples are in the order of the cards.

    Attributes:
        bars: Confidence bars, 0..1.
        rings: Rings around the buttons, 0..1.
        lights: Light of a card, 0..1; 1 while its button is held.
        leads: Emphasis of a card, 0..1; 1 while the verdict names its class.
        not_sure, progress: Bars, 0..1.
        verdict: How far a new verdict has come in, 0..1.
        notice, sheet: How far a notice, and a question or keyboard, have come in, 0..1.
        flights: Pictures that fly into their cards.
        gaze: Where the mascot looks, (x, y), −1..1.
        glad: How glad it is, −1..1.
        lids: How far its eyes are open, 0..1.
        breath: Brightness of a key that is suggested, 0..1; 0 without one.
        nod: How far the mascot's head is down, 0..1.
        cheer: How far a cheer has come, 0..1; 0 without one.
        behind: What a question covers, as it was when the question came; None without a question.
    """

    bars: tuple[float, ...]
    rings: tuple[float, ...]
    lights: tuple[float, ...]
    leads: tuple[float, ...]
    not_sure: float
    progress: float
    verdict: float
    notice: float
    sheet: float
    flights: tuple[Flight, ...]
    gaze: tuple[float, float]
    glad: float
    lids: float
    breath: float
    nod: float = 0.0
    cheer: float = 0.0
    behind: KioskView | None = None


def settled(view: KioskView, *, portrait: bool = False) -> Moving:
    """The state in which a view comes to rest, in a window that may be higher than wide."""
    behind, view = below_question(view), visible(view)
    glad, lids = _glad(view), 1.0
    if view.screen is Screen.FAULT:
        glad, lids = -0.6, 0.0
    elif view.screen is Screen.WAKING:
        lids = 0.5
    return Moving(
        bars=tuple(card.confidence or 0.0 for card in view.cards),
        rings=tuple(card.ring for card in view.cards),
        lights=tuple(float(card.held) for card in view.cards),
        leads=tuple(float(card.leading) for card in view.cards),
        not_sure=view.not_sure or 0.0,
        progress=view.progress or 0.0,
        verdict=1.0,
        notice=float(view.notice is not None),
        sheet=float(view.question is not None or view.typing is not None),
        flights=(),
        gaze=_gaze(view, portrait=portrait),
        glad=glad,
        lids=lids,
        breath=0.0,
        behind=behind,
    )


def below_question(view: KioskView) -> KioskView | None:
    """What the question of a view covers, without its time; None without a question."""
    if view.question is None:
        return None
    return replace(view, question=None, focus=None, scanned=(), staff_hold=None, flash=None, now_s=0.0)


class Animator:
    """Computes the motion from view to view."""

    def __init__(self) -> None:
        self._now_s: float | None = None
        self._moving: Moving | None = None
        self._verdict: tuple[object, Screen] | None = None
        self._flown: object = None
        self._started_s: tuple[tuple[int, Picture, float], ...] = ()
        self._nods_since_s = self._cheers_since_s = -math.inf
        self._learns_since_s: float | None = None
        self._jerky = False
        self._is_new = self._was_saved = False
        self._behind: KioskView | None = None

    def step(self, view: KioskView, *, portrait: bool = False) -> Moving:
        """The state of all motion at the time of this view, in a window that may be higher than wide."""
        self._behind = _kept(self._behind, below_question(view))
        view = visible(view)
        target, before = replace(settled(view, portrait=portrait), behind=self._behind), self._moving
        if view.less_motion:
            self._moving = target
            return target
        passed_s = 0.0 if self._now_s is None else max(0.0, view.now_s - self._now_s)
        self._now_s = view.now_s
        if before is None or len(before.bars) != len(target.bars):
            before = target
        quick, calm = _weight(passed_s, EASE_S), _weight(passed_s, CALM_S)
        verdict = (view.verdict.index, view.screen) if view.verdict else None
        arrived = before.verdict if verdict == self._verdict else 0.0
        self._verdict = verdict
        self._moving = Moving(
            bars=_eased_all(before.bars, target.bars, quick),
            rings=_eased_all(before.rings, target.rings, calm),
            lights=_eased_all(before.lights, target.lights, quick),
            leads=_eased_all(before.leads, target.leads, calm),
            not_sure=_eased(before.not_sure, target.not_sure, quick),
            progress=min(target.progress, _eased(before.progress, target.progress, quick)),
            verdict=_eased(arrived, 1.0, calm),
            notice=_eased(before.notice, target.notice, quick) if target.notice else 0.0,
            sheet=_eased(before.sheet, target.sheet, quick) if target.sheet else 0.0,
            flights=self._thoughts(view, jerky=passed_s > JERKY_S) or self._flights(view),
            gaze=(
                _eased(before.gaze[0], self._across(view, target), calm),
                _eased(before.gaze[1], target.gaze[1], calm),
            ),
            glad=_eased(before.glad, target.glad, calm),
            lids=_lids(view) * target.lids,
            breath=_breath(view),
            nod=_nod(view.now_s - self._nods_since_s),
            cheer=self._cheer(view),
            behind=self._behind,
        )
        return self._moving

    def _cheer(self, view: KioskView) -> float:
        """Cheer at the first sure answer of a new model that is not bad, and when a model is saved."""
        saved = view.saving is not None and view.saving.safe
        if view.notice is not None and view.notice.glad is not None and view.notice.glad < 0:
            self._is_new = False
        answers = self._is_new and view.verdict is not None and view.verdict.sure
        if answers or (saved and not self._was_saved):
            self._cheers_since_s = view.now_s
        self._is_new = (self._is_new and not answers) or _learns(view)
        self._was_saved = saved
        passed = (view.now_s - self._cheers_since_s) / CHEER_S
        return passed if 0 < passed < 1 else 0.0

    def _thoughts(self, view: KioskView, *, jerky: bool) -> tuple[Flight, ...]:
        """During the training let prints fly to the mascot, one class after the other."""
        if not _learns(view):
            self._learns_since_s = None
            return ()
        if self._learns_since_s is None:  # the next view shows how fast this computer draws
            self._learns_since_s, self._jerky = view.now_s, False
            return ()
        self._jerky = self._jerky or jerky
        if self._jerky:
            return ()
        rows = max(len(card.thumbnails) for card in view.cards)
        prints = [
            (card.index, card.thumbnails[row])
            for row in range(rows)
            for card in view.cards
            if row < len(card.thumbnails)
        ]
        passed_s, flights = view.now_s - self._learns_since_s, []
        newest = int(passed_s / THOUGHT_EVERY_S)
        for number in range(max(0, newest - MOST_FLIGHTS), newest + 1) if prints else ():
            progress = (passed_s - number * THOUGHT_EVERY_S) / FLIGHT_S
            if progress < 1:
                index, picture = prints[number % len(prints)]
                flights.append(Flight(index, picture, progress, to_mascot=True))
        return tuple(flights)

    def _across(self, view: KioskView, target: Moving) -> float:
        """Where the eyes look from left to right: they wander while it thinks."""
        return math.sin(math.tau * view.now_s / WANDER_S) * 0.7 if _learns(view) else target.gaze[0]

    def _flights(self, view: KioskView) -> tuple[Flight, ...]:
        """Let every picture fly to the end, also if the next one follows already."""
        if view.flash is not None and view.flash[1].key != self._flown:
            index, picture, age_s = view.flash
            self._flown = picture.key
            self._nods_since_s = view.now_s - age_s
            self._started_s = (*self._started_s, (index, picture, view.now_s - age_s))[-MOST_FLIGHTS:]
        self._started_s = tuple(one for one in self._started_s if 0 <= view.now_s - one[2] < FLIGHT_S)
        return tuple(Flight(index, picture, (view.now_s - at_s) / FLIGHT_S) for index, picture, at_s in self._started_s)


def _kept(before: KioskView | None, now: KioskView | None) -> KioskView | None:
    """What is behind a question stands still, unless another screen, language or palette comes."""
    if before is None or now is None:
        return now
    same = (before.screen, before.language_code, before.palette) == (now.screen, now.language_code, now.palette)
    return before if same else now


def _glad(view: KioskView) -> float:
    """How the mascot feels: friendly if there is no reason for anything else."""
    if view.results is not None:
        return view.results.glad
    if view.saving is not None and view.saving.safe:
        return 1.0
    of_notice = view.notice.glad if view.notice is not None else None
    if view.verdict is not None and view.question is None:
        of_answer = 1.0 if view.verdict.sure else FRIENDLY / 2
        return of_answer if of_notice is None else min(of_answer, of_notice)
    return FRIENDLY if of_notice is None else of_notice


def _learns(view: KioskView) -> bool:
    return view.screen is Screen.TRAINING and view.progress is not None


def _nod(since_s: float) -> float:
    """How far the head is down: it goes down and comes up once."""
    return round(NOD_STEPS * math.sin(math.pi * since_s / NOD_S)) / NOD_STEPS if 0 <= since_s < NOD_S else 0.0


def _gaze(view: KioskView, *, portrait: bool) -> tuple[float, float]:
    """Look at what spoke for the answer, at the picture, at a held button, or at the visitor who reads."""
    if view.progress is not None:
        return 0.0, -1.0
    if view.question is not None or view.notice is not None:
        return 0.0, 0.1
    if any(card.held for card in view.cards):
        return -0.9, 0.3
    if view.light is not None:
        return _towards(view.light.centre, portrait=portrait)
    if view.verdict is not None:
        return (-0.75, 0.35) if view.verdict.index is not None else (0.6, -0.6)
    return -0.6, 0.35


def _towards(centre: tuple[float, float], *, portrait: bool) -> tuple[float, float]:
    """Look at a point of the picture, which is left of the mascot, or below it in a portrait window."""
    x, y = centre
    return (1.2 * x - 0.3, 0.5 + 0.5 * y) if portrait else (0.7 * x - 1.0, 1.1 * y - 0.2)


def _lids(view: KioskView) -> float:
    """Blink now and then, but only on screens that are drawn again all the time."""
    if view.screen not in (Screen.TEACH, Screen.LIVE, Screen.ATTRACT):
        return 1.0
    since_s = view.now_s % BLINK_EVERY_S
    return 1.0 if since_s > BLINK_S else round(abs(1 - 2 * since_s / BLINK_S), 1)


def _breath(view: KioskView) -> float:
    """Rise and fall while a visible key is suggested."""
    page = page_of(view)
    keys = page.keys if page is not None else view.actions
    suggests = view.attract is not None or any(key.suggested for key in keys)
    if not suggests or view.question is not None or view.typing is not None or view.screen is Screen.FAULT:
        return 0.0
    return round(STEPS * (0.5 - 0.5 * math.cos(math.tau * view.now_s / BREATH_S))) / STEPS


def _weight(passed_s: float, constant_s: float) -> float:
    return 1 - math.exp(-passed_s / constant_s)


def _eased(now: float, target: float, weight: float) -> float:
    after = now + (target - now) * weight
    return target if abs(target - after) < SNAP else after


def _eased_all(now: tuple[float, ...], target: tuple[float, ...], weight: float) -> tuple[float, ...]:
    return tuple(_eased(one, other, weight) for one, other in zip(now, target, strict=True))
