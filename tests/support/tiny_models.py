"""Models of a few kilobytes with random weights, saved as a hub would: for what packaged weights cannot show."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?你好世界"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def tiny_model(folder: Path, family: str, pooling: str | None = None, seed: int = 0) -> Path:
    """Write a model of the family (bert, roberta, xlm-roberta, distilbert) with sentence-transformers' files beside."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    _model(family).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    if pooling is not None:
        write_pooling(folder, {f"pooling_mode_{pooling}": True})
    return folder


def write_pooling(folder: Path, config: dict[str, object], extra_module: str | None = None) -> None:
    """The files sentence-transformers keeps beside a model."""
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), *([("2_Dense", extra_module)] if extra_module else [])]
    modules = [
        {"idx": i, "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))


def _model(family: str) -> PreTrainedModel:
    n_words = len(SPECIAL) + 2 * len(LETTERS)
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    wide = {"initializer_range": 0.5}  # random weights of the usual size give every text the same vector
    if family == "bert":
        return BertModel(BertConfig(vocab_size=n_words, max_position_embeddings=40, **SIZE, **ids, **wide))
    if family == "roberta":
        return RobertaModel(RobertaConfig(vocab_size=n_words, max_position_embeddings=42, **SIZE, **ids, **wide))
    if family == "xlm-roberta":
        return XLMRobertaModel(XLMRobertaConfig(vocab_size=n_words, max_position_embeddings=42, **SIZE, **ids, **wide))
    sizes = {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}
    return DistilBertModel(
        DistilBertConfig(vocab_size=n_words, max_position_embeddings=40, **sizes, **wide, pad_token_id=1)
    )


def _tokenizer() -> PreTrainedTokenizerFast:
    words = {word: number for number, word in enumerate([*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS)])}
    raw = Tokenizer(models.WordPiece(words, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>"
    )
