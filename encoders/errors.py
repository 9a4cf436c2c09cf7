"""What can go wrong when an encoder is built. Encoding itself fails for no text, only with the device: RuntimeError for
what may pass, DeviceLost for what will not.

EncoderError
├── ModelUnavailable   the model's files cannot be had      → fetch or install them, or name another model
├── UnsupportedModel   the files ask for what we do not do  → name another model or setting
└── DeviceLost         the device is dead to this process   → end the process: a new one may have it again
"""

from __future__ import annotations


class EncoderError(Exception):
    """Base of the errors of this package; the message names the model, setting or device and the remedy."""


class ModelUnavailable(EncoderError):  # noqa: N818 - named by the reaction, as the tree says
    """The model is neither a folder, nor cached, nor reachable."""


class UnsupportedModel(EncoderError):  # noqa: N818
    """The model is there, but its vectors could not be computed as its authors define them."""


class DeviceLost(EncoderError):  # noqa: N818
    """The device answers this process no more, whatever is asked of it. No RuntimeError: it is not to be waited for."""
