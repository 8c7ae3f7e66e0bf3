"""Run with the installed package: opens a saved model and asks the accelerator's driver, each in a child process.

python children.py FOLDER_OF_SAVE
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.importing.read_model import read_model
from tpu.edgetpu.driver_check import driver_problem

if __name__ == "__main__":
    print(*read_model(Path(sys.argv[1]), runtime="litert").labels)
    print(driver_problem("libnowhere.so.1"))
