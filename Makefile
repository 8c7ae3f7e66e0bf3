# Every command sets up what it needs, in .venv/.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.PHONY: demo kiosk test check bench extractor clean

demo: $(VENV)/.ready
	$(RUN) run_kiosk.py --demo --json demo-out/demo.json

kiosk: $(VENV)/.ready
	$(RUN) run_kiosk.py

test: $(VENV)/.ready
	$(RUN) -m pytest

check: $(VENV)/.ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/.ready
	$(RUN) benchmarks/train_to_live.py

extractor: .venv-pretraining/.ready
	.venv-pretraining/bin/python -m pretraining

$(VENV)/.ready: setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: name it with PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The venv module is missing. Install it: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -e '.[test,check]'
	@$(RUN) -c 'import cv2' || { echo "OpenCV needs system libraries. Install them: sudo apt install libgl1 libglib2.0-0"; exit 1; }
	@touch $@

.venv-pretraining/.ready: setup.cfg
	$(PYTHON) -m venv .venv-pretraining
	.venv-pretraining/bin/pip install --quiet -e '.[pretraining]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-pretraining
