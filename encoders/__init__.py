"""Texts to unit vectors. Knows neither `streams` nor `index`; `streams/ports.py` is met structurally.

`build_encoder(EncoderSpec(model))` is the one way in. What an encoder promises:

* `encode(texts, role)` answers one float32 row of unit length per text, in order; a text without content gets zeros;
* a batch equals its texts one by one (within 1e-4 in fp32, cosine above .999 in bf16), whatever is beside them;
* no text makes it fail, only the device: `RuntimeError` for what may pass, `DeviceLost` for what will not;
* any number of threads may call it;
* `version` changes whenever the same text may get another vector.

Importing this package loads no framework: torch and transformers come in with the first model that needs them.
"""

from __future__ import annotations

from encoders.encoding import BatchReport, Encoding, Role
from encoders.errors import DeviceLost, EncoderError, ModelUnavailable, UnsupportedModel
from encoders.factory import EncoderSpec, TextEncoder, build_encoder

__all__ = [
    "BatchReport",
    "DeviceLost",
    "EncoderError",
    "EncoderSpec",
    "Encoding",
    "ModelUnavailable",
    "Role",
    "TextEncoder",
    "UnsupportedModel",
    "build_encoder",
]
