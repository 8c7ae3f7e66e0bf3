"""Firefox, driven by WebDriver BiDi, a protocol of JSON messages that Firefox itself speaks on a local port.

Source: W3C, WebDriver BiDi.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.tab import DEFAULT, LOCAL, LONGEST_MS, Browser, Camera, Tab, Window

NAMES = ("firefox-esr", "firefox")
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "ArrowDown": "\ue015"}
EVENTS = (
    "browsingContext.downloadEnd", "browsingContext.userPromptOpened", "log.entryAdded", "network.beforeRequestSent",
)  # fmt: skip
NO_PROXY_THERE = 9  # the port that discards all: a connection to it is refused
PREFERENCES: dict[str, Any] = {
    "browser.download.folderList": 2,  # the folder of `browser.download.dir`
    "messaging-system.rsexperimentloader.enabled": False,  # it would ask for experiments, and log that it cannot
    "permissions.default.camera": 2,  # no page may use it; `media.navigator.permission.disabled` allows it
    "network.proxy.type": 1,  # any request through the network goes to the proxy, which is not there
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": NO_PROXY_THERE,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": NO_PROXY_THERE,
}
DARK, LIGHT = 0, 1  # of `layout.css.prefers-color-scheme.content-override`
REPORT_VIOLATIONS = """() => document.addEventListener(
    'securitypolicyviolation', (event) => console.error(event.violatedDirective, event.blockedURI))"""


def installed() -> str | None:
    """The program; None if Firefox is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Connection:
    """Sends commands to Firefox and keeps the events that it reports.

    Attributes:
        events: What was reported and not taken yet: the name and the parameters.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._socket = socket
        self._numbers = itertools.count(1)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result.

        Raises:
            AssertionError: If Firefox reports an error.
        """
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert answer["type"] == "success", f"{method}: {answer}"
                return dict(answer["result"])

    def wait_for(self, event: str) -> dict[str, Any]:
        """Take the first event of this name, and wait for it if none was reported yet."""
        while True:
            for place, (name, parameters) in enumerate(self.events):
                if name == event:
                    del self.events[place]
                    return parameters
            self._receive()

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=2 * LONGEST_MS / 1000))
        if message["type"] == "event":
            self.events.append((message["method"], message["params"]))
        return message


class FirefoxTab(Tab):
    """A tab of Firefox.

    Args:
        connection: To the browser.
        context: The browser's name of the tab.
    """

    def __init__(self, connection: Connection, context: str) -> None:
        self.problems = []
        self.connection, self.context = connection, context

    def evaluate(self, function: str, *values: Any) -> Any:
        answer = self.connection.send(
            "script.callFunction",
            functionDeclaration=f"async (json) => JSON.stringify(await ({function})(...JSON.parse(json)) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(values)}],
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def click(self, selector: str) -> None:
        self.evaluate("(selector) => document.querySelector(selector).scrollIntoView({block: 'center'})", selector)
        origin = {"type": "element", "element": self._element(selector)}
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "mouse", "actions": pointer})

    def press(self, key: str) -> None:
        keys = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keyboard", "actions": keys})

    def give(self, selector: str, paths: Sequence[Path]) -> None:
        files = [str(path) for path in paths]
        self.connection.send("input.setFiles", context=self.context, element=self._element(selector), files=files)

    def saved_by(self, selector: str) -> bytes:
        self.click(selector)
        return Path(self.connection.wait_for("browsingContext.downloadEnd")["filepath"]).read_bytes()

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self.connection.send("browsingContext.setViewport", context=self.context, viewport=size)

    def picture(self) -> bytes:
        return base64.b64decode(self.connection.send("browsingContext.captureScreenshot", context=self.context)["data"])

    def _element(self, selector: str) -> dict[str, str]:
        locator = {"type": "css", "value": selector}
        found = self.connection.send("browsingContext.locateNodes", context=self.context, locator=locator)
        return {"sharedId": found["nodes"][0]["sharedId"]}

    def _perform(self, source: dict[str, Any]) -> None:
        self.connection.send("input.performActions", context=self.context, actions=[source])


class Firefox(Browser):
    """Firefox with a fake camera, which shows one colour after another.

    It has no option for a file in its place. `media.video_loopback_dev` names a device of the kernel module
    v4l2loopback, and PipeWire's cameras come through a desktop's portal; neither is there in a container. So a test
    puts a stream with a known picture into the page instead.
    """

    camera_shows = None

    def __init__(self) -> None:
        program = installed()
        assert program is not None
        self._opened = ExitStack()
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="firefox-")))
        preferences = {**PREFERENCES, "browser.download.dir": str(folder)}
        settings = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (folder / "user.js").write_text("".join(settings))
        words = ["--headless", "--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access"]
        self._process = self._opened.enter_context(
            subprocess.Popen([program, *words, "--profile", str(folder)], stderr=subprocess.PIPE, text=True)
        )
        assert self._process.stderr is not None
        address = next(
            found[1] for line in self._process.stderr if (found := re.search(r"listening on (ws:\S+)", line))
        )
        self._connection = Connection(self._opened.enter_context(connect(f"{address}/session", max_size=None)))
        self._connection.send("session.new", capabilities={})
        self._connection.send("session.subscribe", events=list(EVENTS))
        self._connection.send("script.addPreloadScript", functionDeclaration=REPORT_VIOLATIONS)
        windows = self._connection.send("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"]
        self._window = {"context": windows[0]["context"]}

    def open(self, address: str, camera: Camera = Camera.ALLOWED, window: Window = DEFAULT) -> Tab:
        self._prefer("media.navigator.streams.fake", camera is not Camera.MISSING)
        self._prefer("media.video_loopback_dev", "there is none" if camera is Camera.MISSING else "")
        self._prefer("media.navigator.permission.disabled", camera is not Camera.REFUSED)
        self._prefer("layout.css.prefers-color-scheme.content-override", DARK if window.dark else LIGHT)
        tab = FirefoxTab(self._connection, self._connection.send("browsingContext.create", type="tab")["context"])
        tab.resize(window.width, window.height)
        self._connection.send("browsingContext.navigate", context=tab.context, url=address, wait="complete")
        return tab

    def close_tab(self, tab: Tab) -> None:
        assert isinstance(tab, FirefoxTab)
        tab.evaluate("() => null")  # whatever was reported before is here after this
        self._connection.send("browsingContext.close", context=tab.context)
        tab.problems += problems_in(self._connection.events)
        self._connection.events.clear()

    def close(self) -> None:
        self._connection.send("browser.close")
        self._process.wait()
        self._opened.close()

    def _prefer(self, name: str, value: bool | int | str) -> None:
        kind = {bool: "Bool", int: "Int", str: "String"}[type(value)]
        self._connection.send(
            "script.evaluate",
            expression=f"Services.prefs.set{kind}Pref({json.dumps(name)}, {json.dumps(value)}), null",
            target=self._window,
            awaitPromise=False,
        )


def problems_in(events: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """What a page did that it must not do."""
    for name, facts in events:
        if name == "browsingContext.userPromptOpened":
            yield f"dialog: {facts['message']}"
        elif name == "log.entryAdded" and facts["level"] in ("error", "warn"):
            yield str(facts["text"])
        elif name == "network.beforeRequestSent" and not facts["request"]["url"].startswith(LOCAL):
            yield str(facts["request"]["url"])
