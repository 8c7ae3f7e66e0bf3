"""Open the window and show the splash, before most of the program is loaded.

Importing OpenCV, the model's runtime and the rest of the kiosk takes most of the time of a start, and opening the model
takes most of what is left. So this module imports only what a window needs. The test of this module names what must not
be loaded before the splash is shown.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, closing

from app.base.errors import DisplayUnavailable
from app.base.process_age import process_age_s
from app.base.start_problems import Fallbacks
from app.config.schema import Config
from app.devices.display import end_when_display_is_lost
from app.session.lock import only_kiosk_in
from app.ui.window import DisplayError, Window
from app.views.waking import waking
from tpu.stderr_filter import NO_RUNTIME_DIR, hide_lines

logger = logging.getLogger(__name__)


def show_splash(
    config: Config, stack: ExitStack, fallbacks: Fallbacks, *, headless: bool, locked_in: bool = False
) -> Window:
    """Lock the data directory, open the window, and draw the splash in it.

    Args:
        config: The settings.
        stack: Closes the window, and after it the lock.
        fallbacks: Decides whether the window gets the usual size if it cannot have the one of the settings.
        headless: Draw into memory.
        locked_in: Visitors cannot leave the window.

    Raises:
        DataDirInUse: If another kiosk uses the data directory.
        DisplayUnavailable: If there is no screen.
    """
    lock_data_dir(config, stack)
    window = open_window(config, headless, stack, fallbacks, locked_in=locked_in)
    window.draw(waking(config.screen.language, config.screen.palette))
    logger.info("the splash is shown %.2f s after the start of the process", process_age_s())
    return window


def lock_data_dir(config: Config, stack: ExitStack) -> None:
    """Make sure that no other kiosk uses the data directory.

    Raises:
        DataDirInUse: If another one does.
    """
    stack.enter_context(only_kiosk_in(config.data_dir))


def open_window(
    config: Config, headless: bool, stack: ExitStack, fallbacks: Fallbacks, *, locked_in: bool = False
) -> Window:
    """Open the window; with `headless`, draw into memory. If it cannot have its size, it gets the default size.

    Raises:
        DisplayUnavailable: If there is no screen.
    """
    screen, default = config.screen, Config().screen
    size, usual = (screen.width_px, screen.height_px), (default.width_px, default.height_px)
    fullscreen = screen.fullscreen and not headless
    try:
        window = _window(size, fullscreen=fullscreen, headless=headless, locked_in=locked_in)
    except DisplayUnavailable as error:
        if size == usual:
            raise
        window = _window(usual, fullscreen=fullscreen, headless=headless, locked_in=locked_in)
        stack.callback(window.close)
        fallbacks.use_default("screen.width_px", error)
        end_when_display_is_lost()
        return window
    end_when_display_is_lost()
    return stack.enter_context(closing(window))


def _window(size: tuple[int, int], *, fullscreen: bool, headless: bool, locked_in: bool) -> Window:
    try:
        with hide_lines(NO_RUNTIME_DIR):
            return Window(size, fullscreen=fullscreen, headless=headless, locked_in=locked_in)
    except (DisplayError, MemoryError) as error:
        raise DisplayUnavailable(
            f"no window can be opened: {error}. Start it from a desktop session, or with --headless."
        ) from error
