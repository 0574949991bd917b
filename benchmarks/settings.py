"""The portal as in production, with its static files beside the benchmark's database."""

import os
from pathlib import Path

from netzwerk.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["BENCHMARK_FOLDER"]) / "static"
LOGGING = {"version": 1, "disable_existing_loggers": True}
