"""Where tests of encoders compute: BRAID_TEST_DEVICE; without it on a GPU if there is one, else on the processor."""

from __future__ import annotations

import os
from typing import Final

TEST_DEVICE: Final = "BRAID_TEST_DEVICE"
DEVICE: Final = os.environ.get(TEST_DEVICE, "auto")
