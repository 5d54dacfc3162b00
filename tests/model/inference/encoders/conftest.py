"""The sentence encoders, from the real weights, and texts of many kinds."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.inference.encoders.encoder_file import load_encoder, to_bytes
from model.learning.encoders.sources import load_arrays
from tests.support.paths import ROOT

WriteEncoder = Callable[..., tuple[Path, str]]

FOREIGN = [
    "Ich möchte meine Bestellung stornieren – bitte!",
    "Wo bleibt mein Päckchen? Das dauert schon zwei Wochen.",
    "Je n'arrive plus à me connecter à mon compte…",
    "¿Cuándo llega mi pedido nº 4711?",
    "Zażółć gęślą jaźń",
    "Где моя посылка?",
    "你好，世界 今天天气怎么样",
    "ありがとうございます。注文をキャンセルしたいです。",
    "비밀번호를 잊어버렸어요",
    "مرحبا بالعالم، كيف حالك؟",
    "สวัสดีครับ ผมอยากยกเลิก",
    "हिन्दी में पूछना",
]
ODD = [
    "",
    " ",
    "\u200b",
    "e\u0301 cafe\u0301 CAFÉ",
    "Ｆｕｌｌ ｗｉｄｔｈ ｶﾀｶﾅ ﬁ ½ №",
    "a\u00a0b\u3000c\td\u2028e",
    "\x00abc\x1f\x7f \ufffd \ufeff",
    "▁▁ foo▁bar <unk> <s>",
    "it's $5.00 @home #1 foo_bar ...?!",
    "👍🏽👩‍👩‍👧 🇩🇪 ok",
    "İstanbul ΑΣ Σας ẞ ß",
    "x" * 300,
]


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """The shipped test utterances, other languages, and odd texts."""
    with (ROOT / "model" / "data" / "test.csv").open(newline="") as file:
        english = [row["text"] for row in csv.DictReader(file)]
    return [*english, *FOREIGN, *ODD]


@pytest.fixture(scope="session")
def write_encoder(tmp_path_factory: pytest.TempPathFactory) -> WriteEncoder:
    """Write the file of an encoder; return its path and its digest."""

    def write(kind: str, *languages: str) -> tuple[Path, str]:
        content, digest = to_bytes(kind, load_arrays(kind, languages))
        path = tmp_path_factory.mktemp("encoder") / f"{kind}.safetensors"
        path.write_bytes(content)
        return path, digest

    return write


@pytest.fixture(scope="session")
def use_file(write_encoder: WriteEncoder) -> tuple[Path, str]:
    """The Universal Sentence Encoder with all of its pieces."""
    return write_encoder("use")


@pytest.fixture(scope="session")
def use(use_file: tuple[Path, str]) -> Any:
    """The Universal Sentence Encoder, loaded."""
    path, digest = use_file
    return load_encoder(path, digest=digest).encoder


@pytest.fixture(scope="session")
def minilm_file(write_encoder: WriteEncoder) -> tuple[Path, str]:
    """MiniLM."""
    return write_encoder("minilm")


@pytest.fixture(scope="session")
def minilm(minilm_file: tuple[Path, str]) -> Any:
    """MiniLM, loaded."""
    path, digest = minilm_file
    return load_encoder(path, digest=digest).encoder
