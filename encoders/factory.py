"""From a description to an encoder. The only place that knows all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from encoders.encoding import Encoding, Role

if TYPE_CHECKING:
    from encoders.devices import Dtype
    from encoders.pooling import Pooling

HASHED = "hashed"
MINILM = "minilm"


class TextEncoder(Protocol):
    """What `build_encoder` returns; see the package's docstring for the promises."""

    @property
    def name(self) -> str:
        """What the model is called; never a path."""

    @property
    def version(self) -> str:
        """Changes whenever the same text may get another vector."""

    @property
    def dim(self) -> int:
        """D."""

    @property
    def degraded(self) -> bool:
        """Whether vectors carry less meaning than a production encoder's."""

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        """Texts (B,) -> float32 (B, D), unit rows, zero where a text has no content. Raises RuntimeError."""


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """Which encoder, and how it runs.

    model: `hashed`, `minilm` (the packaged weights), or a Hugging Face name or local folder. lexical "auto" adds the
    character channel to `minilm`, which reads no Chinese. n_threads: processor threads of torch, process-wide; 0
    leaves them alone. The rest is explained in `transformer.TransformerOptions` and `devices`.
    """

    model: str
    device: str = "auto"
    dtype: Dtype = "auto"
    pooling: Pooling | Literal["auto"] = "auto"
    passage_prefix: str = ""
    query_prefix: str = ""
    max_text_tokens: int = 128
    max_batch_tokens: int | Literal["auto"] = "auto"
    lexical: Literal["auto", "on", "off"] = "auto"
    n_threads: int = 0


def build_encoder(spec: EncoderSpec) -> TextEncoder:
    """Build what the spec names; loads weights, so it takes seconds.

    Raises:
        ModelUnavailable: the model's files cannot be had.
        UnsupportedModel: its vectors could not be computed as its authors define them, or the device is absent.

    >>> build_encoder(EncoderSpec("hashed")).encode(["ocean", ""]).vectors.shape
    (2, 384)
    """
    if spec.model == HASHED:
        from encoders.hashed import HashedEncoder  # noqa: PLC0415

        return HashedEncoder()
    return _build_transformer(spec)


def _build_transformer(spec: EncoderSpec) -> TextEncoder:
    import torch  # noqa: PLC0415 - half a second that the hashed encoder never pays

    from encoders.blended import BlendedEncoder  # noqa: PLC0415
    from encoders.devices import choose_placement  # noqa: PLC0415
    from encoders.model_files import find_model, published_name  # noqa: PLC0415
    from encoders.transformer import TransformerEncoder, TransformerOptions  # noqa: PLC0415

    if spec.n_threads:
        torch.set_num_threads(spec.n_threads)
    options = TransformerOptions(
        pooling=spec.pooling,
        passage_prefix=spec.passage_prefix,
        query_prefix=spec.query_prefix,
        max_text_tokens=spec.max_text_tokens,
        max_batch_tokens=spec.max_batch_tokens,
    )
    placement = choose_placement(spec.device, spec.dtype)
    encoder = TransformerEncoder(find_model(spec.model), published_name(spec.model), placement, options)
    with_lexical = spec.lexical == "on" or (spec.lexical == "auto" and spec.model == MINILM)
    return BlendedEncoder(encoder) if with_lexical else encoder
