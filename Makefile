# Every command sets up what it needs, in .venv/.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# The tests start hundreds of Pythons. Where this is set, as in many containers, each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
WORKERS ?= 2
PYTEST := -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
LEGACY := .venv-legacy
LEGACY_PYTHON ?= $(firstword $(foreach name,python3.11 python3.10 $(PYTHON),$(shell command -v $(name))))
.PHONY: demo kiosk install uninstall deb image engine test test-deb test-arm64 test-browser test-wheel test-legacy test-hub test-mediapipe test-pretraining test-environment collect check flips kills soak mutants bench screenshots page-screenshots import-graph reference-pictures messages extractor clean

demo: $(VENV)/.ready
	$(RUN) run_kiosk.py --demo --json demo-out/demo.json

# Needs a display.
kiosk: $(VENV)/.ready
	$(RUN) run_kiosk.py

# Start the kiosk whenever the machine starts: docs/operating.md. YES=1 agrees to every change without being asked.
install: $(VENV)/.ready
	$(VENV)/bin/pip install --quiet -e '.[drives]'
	test ! -e /dev/gpiochip0 || $(VENV)/bin/pip install --quiet -e '.[gpio]'
	$(SUDO) $(RUN) run_kiosk.py install $(if $(YES),--yes)

uninstall: $(VENV)/.ready
	$(SUDO) $(RUN) run_kiosk.py uninstall

# Build the Debian package in dist/. ARCH=arm64 builds it for a Raspberry Pi on any computer; PYTHONS names the Pythons
# that it serves.
ARCH ?= $(shell dpkg --print-architecture 2>/dev/null)
deb: $(VENV)/.ready
	@command -v dpkg-deb >/dev/null || { echo "dpkg-deb is missing. Install it: sudo apt install dpkg"; exit 1; }
	$(RUN) distribution/deb/build.py $(if $(ARCH),--architecture $(ARCH)) $(if $(PYTHONS),--pythons $(PYTHONS))

# Build an image for a Raspberry Pi that boots into the kiosk: make image IMAGE_GEN=../rpi-image-gen PIN=2468
# MODEL=rpi4 SETTINGS=/full/path/kiosk.toml. docs/operating.md says what it needs.
MODEL ?= rpi5
image:
	@test -x "$(IMAGE_GEN)/rpi-image-gen" || { echo "Name the folder of rpi-image-gen: make image IMAGE_GEN=DIR PIN=NUMBER"; exit 1; }
	@test -n "$(PIN)" || { echo "The staff pages need a PIN: make image IMAGE_GEN=DIR PIN=NUMBER"; exit 1; }
	$(MAKE) deb ARCH=arm64 PYTHONS=3.13
	cd $(IMAGE_GEN) && ./rpi-image-gen build -S $(CURDIR)/distribution/raspberry_pi_image -c teachable-kiosk.yaml -- \
		IGconf_device_layer=$(MODEL) IGconf_kiosk_pin=$(PIN) IGconf_kiosk_settings=$(SETTINGS) \
		IGconf_kiosk_package=$$(ls -t $(CURDIR)/dist/teachable-kiosk_*_arm64.deb | head -1)

test: $(VENV)/.ready
	$(RUN) $(PYTEST)

# Import every test, which keeps the compiled files for the workers of the suites.
collect: $(VENV)/.ready
	$(RUN) -m pytest -qq --collect-only

# Fetch the engine of open_me.html, the page in every saved folder. Setting up does this, too.
engine:
	$(PYTHON) assets/web/fetch_engine.py

# The tests of what computes, again with tflite-runtime, whose last wheels are for Python 3.11 and NumPy 1. How the process
# of a stick is watched is the same there; test_backend_status.py has a whole kiosk with such a process.
OF_RUNTIME := tests/learning tests/tpu tests/app/model tests/app/test_kiosk.py tests/app/commands/test_classify.py
test-legacy: $(LEGACY)/.ready
	$(LEGACY)/bin/python -m pytest -q -m needs_runtime --ignore tests/tpu/edgetpu/test_supervisor.py $(OF_RUNTIME)

# Build the wheel and the sdist, install them into a clean environment and use them there. Downloads packages.
test-wheel: $(VENV)/.ready
	$(RUN) -m pytest -m needs_index tests/package

# Install, use, upgrade, remove and purge the Debian package in a clean system of the release SUITE; needs root.
# ARCH=arm64 does so on an emulated processor, which takes an hour or more.
SUITE ?= bookworm
test-deb: $(VENV)/.ready
	package=$$($(RUN) distribution/deb/build.py --fast --out build/deb $(if $(ARCH),--architecture $(ARCH))) && \
		$(SUDO) $(RUN) distribution/deb/check_in_root.py "$$package" --suite $(SUITE)

# Use the kiosk on an emulated 64-bit ARM processor, and run its tests there: takes hours; a second call goes on where the
# first one stopped. Needs root: sudo apt install mmdebstrap qemu-user-static arch-test. TESTS=tests/learning is a part.
test-arm64: $(VENV)/.ready
	$(SUDO) $(RUN) distribution/arm64.py --suite $(SUITE) $(if $(TESTS),--tests $(TESTS)) $(if $(PHOTOS),--photos $(PHOTOS))

# The page that opens a saved model, in two browsers: sudo apt install chromium firefox-esr npm. PICTURES=1000 compares
# more answers.
test-browser: $(VENV)/.browser-ready
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --timeout 300 -m needs_browser tests/browser

# Work on the workers of a Dask cluster: train --dask, hub --dask.
test-hub: $(VENV)/.hub-ready
	$(RUN) -m pytest -m needs_dask tests/hub

# Exported models in MediaPipe Tasks. Its OpenCV conflicts with ours, and its environment lacks what other tests import.
test-mediapipe: .venv-mediapipe/.ready
	.venv-mediapipe/bin/python -m pytest -m needs_mediapipe tests/clients

# The tests that need torch: parts of the recipe of the built-in extractor, and some steps of the whole recipe.
# Only one folder is collected, which saves time.
test-pretraining: .venv-pretraining/.ready
	.venv-pretraining/bin/python -m pytest -m needs_torch tests/pretraining

check: $(VENV)/.ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports

# Every bit of a small session, flipped one at a time; 500 whole kiosks with flipped bits, and 500 with wrong settings.
# Takes half an hour. A second call goes on where the first one stopped: to begin again, delete build/flips.
flips: $(VENV)/.ready
	$(RUN) benchmarks/bit_flips.py --every --state build/flips/sessions.jsonl
	$(RUN) benchmarks/wrong_settings.py --kiosks 500 --state build/flips/settings.jsonl

# 500 SIGKILLs and 200 power cuts (those need root) while the kiosk's storage works: takes ten minutes.
kills: $(VENV)/.ready
	$(RUN) benchmarks/kills.py

# Simulated visitors use the whole kiosk while parts of it fail.
SOAK ?= --minutes 20
soak: $(VENV)/.ready
	$(RUN) run_kiosk.py soak $(SOAK)

# Make 300 small changes to the code, one at a time, and list those that no test notices: takes two hours. A second call
# goes on where the first one stopped.
mutants: $(VENV)/.mutants-ready
	$(RUN) -m tests.mutants

# Measure what has a goal, in five minutes, and write docs/performance.md with its charts.
bench: $(VENV)/.ready
	$(RUN) run_kiosk.py bench --write docs

# Draw the import graph of docs/architecture.md.
import-graph: $(VENV)/.ready
	$(RUN) docs/imports/draw.py

# Make the pictures in docs/screens, as the scripted visitor sees them.
screenshots: $(VENV)/.ready
	$(RUN) docs/screens/make.py
	$(RUN) docs/screens/make_games.py

# Make the pictures of `open_me.html` in docs/screens.
page-screenshots: $(VENV)/.browser-ready
	$(RUN) docs/screens/make_page.py

# Accept the screens as they look now as references for the tests. Look at every picture that changes.
reference-pictures: $(VENV)/.ready
	UPDATE_REFERENCE_PICTURES=1 $(RUN) -m pytest -q tests/app/ui/test_reference_pictures.py

# Update the catalogues: add new texts, remove unused ones, compile the translations.
messages: $(VENV)/.ready
	$(RUN) assets/locale/update.py

extractor: .venv-pretraining/.ready
	.venv-pretraining/bin/python -m pretraining

EXTRAS := test,check
$(VENV)/.ready: setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: name it with PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The venv module is missing. Install it: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet $(INSTALL_OPTIONS) -e '.[$(EXTRAS)]'
	@$(PYTHON) assets/web/fetch_engine.py || echo "Saved folders will lack open_me.html until make engine succeeds."
	@$(RUN) -c 'import cv2' || { echo "OpenCV needs system libraries. Install them: sudo apt install libgl1 libglib2.0-0"; exit 1; }
	@touch $@

$(VENV)/.hub-ready: $(VENV)/.ready
	$(if $(findstring hub,$(EXTRAS)),$(RUN) -c 'import distributed' || )$(VENV)/bin/pip install --quiet --no-compile -e '.[hub]'
	@touch $@

$(VENV)/.browser-ready: $(VENV)/.ready
	$(if $(findstring browser,$(EXTRAS)),$(RUN) -c 'import playwright; import websockets' || )$(VENV)/bin/pip install --quiet --no-compile -e '.[browser]'
	$(PYTHON) assets/web/fetch_engine.py
	@touch $@

# All that the tests in this environment need, installed at once.
test-environment: EXTRAS := test,check,hub,browser
test-environment: INSTALL_OPTIONS := --no-compile
test-environment: $(VENV)/.hub-ready $(VENV)/.browser-ready

$(VENV)/.mutants-ready: $(VENV)/.ready
	$(VENV)/bin/pip install --quiet --no-compile -e '.[mutants]'
	@touch $@

# --no-compile: Python compiles only the modules that the tests import.
.venv-pretraining/.ready: setup.cfg
	$(PYTHON) -m venv .venv-pretraining
	.venv-pretraining/bin/pip install --quiet --no-compile -e '.[pretraining,test]'
	@touch $@

$(LEGACY)/.ready: setup.cfg
	@$(LEGACY_PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 11))' || { echo "tflite-runtime needs Python 3.10 or 3.11: name one with LEGACY_PYTHON=..."; exit 1; }
	$(LEGACY_PYTHON) -m venv $(LEGACY)
	$(LEGACY)/bin/pip install --quiet --no-compile -e '.[test,legacy]'
	@touch $@

.venv-mediapipe/.ready: setup.cfg
	$(PYTHON) -m venv .venv-mediapipe
	.venv-mediapipe/bin/pip install --quiet --no-compile 'mediapipe>=0.10.20' ai-edge-litert flatbuffers platformdirs pygame threadpoolctl tqdm pytest pytest-timeout
	@touch $@

clean:
	rm -rf $(VENV) $(LEGACY) .venv-pretraining .venv-mediapipe
