"""A small export of each format, in the shape of the real ones."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from model.datasets.readers import Reading, ReadOptions, read, read_examples
from model.datasets.reading.recognition import FORMATS
from model.errors import DataError
from tests.support.spreadsheets import write_ods, write_xlsx

PAIRS = [("hi there", "greet"), ("book a table", "book")]

EXPORTS: dict[str, tuple[str, str, Any]] = {
    "watson": (
        "skill.json",
        "Watson Assistant workspace",
        {
            "workspace": {
                "intents": [
                    {"intent": "greet", "examples": [{"text": "hi there"}]},
                    {"intent": "book", "examples": [{"text": "book a table"}]},
                ],
                "dialog_nodes": [{"type": "standard"}],
            }
        },
    ),
    "luis": (
        "app.json",
        "LUIS or CLU",
        {
            "luis_schema_version": "7.0.0",
            "intents": [{"name": "greet"}, {"name": "book"}],
            "entities": [{"name": "size"}],
            "utterances": [
                {"text": "hi there", "intent": "greet", "entities": []},
                {"text": "book a table", "intent": "book", "entities": []},
            ],
        },
    ),
    "clu": (
        "project.json",
        "LUIS or CLU",
        {
            "projectFileVersion": "2023-04-01",
            "assets": {
                "projectKind": "Conversation",
                "intents": [{"category": "greet"}, {"category": "book"}],
                "utterances": [
                    {"text": "hi there", "intent": "greet", "language": "en-us"},
                    {"text": "book a table", "intent": "book", "dataset": "Train"},
                ],
            },
        },
    ),
    "alexa": (
        "model.json",
        "Amazon Lex or Alexa",
        {
            "interactionModel": {
                "languageModel": {
                    "invocationName": "table",
                    "intents": [
                        {"name": "greet", "samples": ["hi there"]},
                        {"name": "book", "samples": ["book a table"]},
                    ],
                }
            }
        },
    ),
    "lex-1": (
        "bot.json",
        "Amazon Lex or Alexa",
        {
            "metadata": {"schemaVersion": "1.0"},
            "resource": {
                "name": "Bot",
                "intents": [
                    {"name": "greet", "sampleUtterances": ["hi there"]},
                    {"name": "book", "sampleUtterances": ["book a table"]},
                ],
            },
        },
    ),
    "snips": (
        "dataset.json",
        "Snips",
        {
            "language": "en",
            "intents": {
                "greet": {"utterances": [{"data": [{"text": "hi "}, {"text": "there"}]}]},
                "book": {
                    "utterances": [
                        {"data": [{"text": "book a "}, {"text": "table", "entity": "thing"}]}
                    ]
                },
            },
        },
    ),
    "snips-benchmark": (
        "train.json",
        "Snips",
        {
            "greet": [{"data": [{"text": "hi there"}]}],
            "book": [{"data": [{"text": "book a "}, {"text": "table", "entity": "thing"}]}],
        },
    ),
    "intents-json": (
        "intents.json",
        "intents.json",
        {
            "intents": [
                {"tag": "greet", "patterns": ["hi there"], "responses": ["Hello"]},
                {"tag": "book", "patterns": ["book a table"], "responses": ["Done"]},
            ]
        },
    ),
    "other-keys": (
        "intents.json",
        "intents.json",
        {
            "intents": [
                {"intent": "greet", "text": ["hi there"], "responses": []},
                {"intent": "book", "text": ["book a table"], "responses": []},
            ]
        },
    ),
    "genesys": (
        "bot.yaml",
        "intents.json",
        {
            "botFlow": {
                "name": "Bot",
                "settingsNaturalLanguageUnderstanding": {
                    "nluDomainVersion": {
                        "intents": [
                            {
                                "utterances": [{"segments": [{"text": "hi "}, {"text": "there"}]}],
                                "name": "greet",
                            },
                        ]
                    },
                    "other": {
                        "intents": [
                            {
                                "utterances": [{"segments": [{"text": "book a table"}]}],
                                "name": "book",
                            },
                        ]
                    },
                },
            }
        },
    ),
    "voiceflow": (
        "bot.json",
        "intents.json",
        {
            "version": {
                "platformData": {
                    "intents": [
                        {
                            "key": "1",
                            "name": "greet",
                            "inputs": [{"text": "hi there", "slots": []}],
                        },
                        {"key": "2", "name": "book", "inputs": [{"text": "book a table"}]},
                    ]
                }
            }
        },
    ),
    "cognigy": (
        "intents.json",
        "intents.json",
        [
            {"name": "greet", "sentences": [{"text": "hi there", "slots": {}}], "rules": []},
            {"name": "book", "sentences": [{"text": "book a table", "slots": {}}], "rules": []},
        ],
    ),
    "argilla": (
        "data.json",
        "JSON records",
        [
            {"text": "hi there", "inputs": {"text": "hi there"}, "annotation": "greet"},
            {"text": "book a table", "inputs": {"text": "book a table"}, "annotation": "book"},
        ],
    ),
    "argilla-2": (
        "data.json",
        "JSON records",
        [
            {"status": "completed", "text": "hi there", "label.responses": ["greet"]},
            {"status": "completed", "text": "book a table", "label.responses": ["book"]},
        ],
    ),
    "named-groups": (
        "intents.json",
        "intents.json",
        {
            "greet": {"patterns": ["hi there"], "responses": ["Hello"]},
            "book": {"patterns": ["book a table"], "responses": ["Done"]},
        },
    ),
    "named-groups-under-a-key": (
        "intents.json",
        "intents.json",
        {"intents": {"greet": {"examples": ["hi there"]}, "book": {"examples": ["book a table"]}}},
    ),
    "named-lists": (
        "data.json",
        "intents.json",
        {"greet": ["hi there"], "book": ["book a table"]},
    ),
    "semantic-router": (
        "routes.json",
        "semantic-router routes",
        {
            "encoder_type": "openai",
            "routes": [
                {"name": "greet", "utterances": ["hi there"]},
                {"name": "book", "utterances": ["book a table"]},
            ],
        },
    ),
    "botpress": (
        "intents.json",
        "Botpress",
        [
            {"name": "greet", "utterances": {"en": ["hi there"]}, "slots": []},
            {"name": "book", "utterances": {"en": ["book a [table](thing)"]}, "slots": []},
        ],
    ),
    "botpress-questions": (
        "qna.json",
        "Botpress",
        {
            "qnas": [
                {"id": "greet", "data": {"questions": {"en": ["hi there"]}, "answers": {}}},
                {"id": "book", "data": {"questions": {"en": ["book a table"]}, "answers": {}}},
            ]
        },
    ),
    "label-studio": (
        "tasks.json",
        "Label Studio",
        [
            {
                "id": number,
                "data": {"text": text},
                "annotations": [
                    {"result": [{"type": "choices", "value": {"choices": [intent]}}]},
                    {"was_cancelled": True, "result": []},
                ],
            }
            for number, (text, intent) in enumerate(PAIRS)
        ],
    ),
    "label-studio-min": (
        "tasks.json",
        "JSON records",
        [{"id": 1, "text": text, "choice": {"choices": [intent]}} for text, intent in PAIRS],
    ),
    "rasa-json": (
        "nlu.json",
        "Rasa JSON",
        {
            "rasa_nlu_data": {
                "common_examples": [
                    {"text": "hi there", "intent": "greet", "entities": []},
                    {"text": "book a table", "intent": "book", "entities": []},
                ],
                "entity_synonyms": [{"value": "x", "synonyms": ["y"]}],
            }
        },
    ),
    "records": ("data.json", "JSON records", [{"text": t, "label": i} for t, i in PAIRS]),
    "pairs": ("data.json", "JSON records", [[t, i] for t, i in PAIRS]),
    "wrapped-records": (
        "data.json",
        "JSON records",
        {"rows": [{"row": {"utterance": t, "intent": i}} for t, i in PAIRS]},
    ),
}

TEXTS = {
    "snips-yaml": (
        "data.yaml",
        "Snips",
        (
            "---\ntype: intent\nname: greet\nutterances:\n  - hi there\n---\n"
            "type: intent\nname: book\n"
            "utterances:\n  - book a [thing:item](table)\n---\ntype: entity\nname: item\n"
        ),
    ),
    "router-yaml": (
        "routes.yaml",
        "semantic-router routes",
        (
            "encoder_type: x\nroutes:\n- name: greet\n  utterances:\n  - hi there\n"
            "- name: book\n  utterances: [book a table]\n"
        ),
    ),
    "rasa-md": (
        "nlu.md",
        "Rasa 1 Markdown",
        (
            "<!-- a\ncomment -->\n## intent:greet\n- hi there\n\n## intent: book\n"
            "* book a [table](thing)\n\n## synonym:x\n- y\n"
        ),
    ),
    "lu": (
        "travel.lu",
        "LUIS or Bot Framework .lu",
        "> !# @app.name = x\n# greet\n- hi there\n\n# book\n- book a {@thing=table}\n@ ml thing\n",
    ),
    "folded-rasa": (
        "nlu.yml",
        "Rasa YAML",
        (
            "nlu:\n- intent: greet\n  examples: >\n    - hi there\n- intent: book\n  examples: >-\n"
            '    - book a [table]{"entity": "thing"}'
        ),
    ),
    "json-in-a-txt": ("data.txt", "JSON records", json.dumps([list(pair) for pair in PAIRS])),
    "table-in-a-txt": (
        "data.txt",
        "CSV or TSV",
        "query;class\nhi there;greet\nbook a table;book\n",
    ),
    "jsonl-in-a-json": (
        "data.json",
        "JSONL",
        '{"text": "hi there", "intent": "greet"}\n{"text": "book a table", "intent": "book"}\n',
    ),
    "json-in-a-jsonl": ("data.jsonl", "JSON records", json.dumps([list(pair) for pair in PAIRS])),
    "header-without-text": ("d.csv", "CSV or TSV", "greet,hi there\ngreet,hi\nbook,book a table\n"),
}


def pairs(reading: Reading) -> list[tuple[str, str]]:
    return [(each.text, each.intent) for each in reading.examples]


@pytest.mark.parametrize(
    ("name", "title", "data"), [pytest.param(*each, id=key) for key, each in EXPORTS.items()]
)
def test_json_export_is_read(tmp_path, name, title, data):
    """The format is recognised by its content, and all utterances are read with their lines."""
    path = tmp_path / name
    path.write_text(json.dumps(data, indent=1))

    reading = read(path)

    assert reading.formats == (title,)
    assert pairs(reading) == PAIRS
    assert reading.problems == ()
    lines = path.read_text().splitlines()
    assert all(each.line > 0 for each in reading.examples)
    assert "hi" in "".join(lines[reading.examples[0].line - 1 : reading.examples[0].line + 20])


@pytest.mark.parametrize(
    ("name", "title", "text"), [pytest.param(*each, id=key) for key, each in TEXTS.items()]
)
def test_text_export_is_read(tmp_path, name, title, text):
    """The format is recognised by its content, not by its name alone."""
    path = tmp_path / name
    path.write_text(text)

    reading = read(path)

    assert reading.formats == (title,)
    assert [pair for pair in pairs(reading) if pair in PAIRS] == PAIRS
    assert reading.problems == ()


ARCHIVES: dict[str, tuple[str, dict[str, Any]]] = {
    "dialogflow-es": (
        "Dialogflow",
        {
            "agent.json": {"language": "en"},
            "intents/greet.json": {"name": "greet", "fallbackIntent": False, "responses": []},
            "intents/greet_usersays_en.json": [{"data": [{"text": "hi "}, {"text": "there"}]}],
            "intents/b.json": {"name": "book", "fallbackIntent": False, "responses": []},
            "intents/b_usersays_pt-br.json": [
                {"data": [{"text": "book a "}, {"text": "table", "alias": "thing"}]},
                {"data": [{"text": "@thing:thing"}], "isTemplate": True},
            ],
        },
    ),
    "dialogflow-cx": (
        "Dialogflow",
        {
            "agent.json": {"displayName": "x", "defaultLanguageCode": "en"},
            "intents/greet/greet.json": {"displayName": "greet", "priority": 500000},
            "intents/greet/trainingPhrases/en.json": {
                "trainingPhrases": [{"parts": [{"text": "hi there", "auto": True}]}]
            },
            "intents/book/book.json": {"displayName": "book", "numTrainingPhrases": 1},
            "intents/book/trainingPhrases/en.json": {
                "trainingPhrases": [{"parts": [{"text": "book a "}, {"text": "table"}]}]
            },
        },
    ),
    "lex-2": (
        "Amazon Lex or Alexa",
        {
            "Manifest.json": {"metaData": {"schemaVersion": "1.0"}},
            "Bot/BotLocales/en_US/Intents/A/Intent.json": {
                "name": "greet",
                "sampleUtterances": [{"utterance": "hi there"}],
            },
            "Bot/BotLocales/en_US/Intents/B/Intent.json": {
                "name": "book",
                "sampleUtterances": [{"utterance": "book a table"}],
            },
            "Bot/BotLocales/en_US/Intents/F/Intent.json": {
                "name": "FallbackIntent",
                "parentIntentSignature": "AMAZON.FallbackIntent",
                "sampleUtterances": None,
            },
        },
    ),
    "voiceflow": (
        "intents.json",
        {
            f"{name}.vf": {
                "version": {
                    "platformData": {"intents": [{"name": name, "inputs": [{"text": text}]}]}
                },
                "diagrams": {"1": {}},
            }
            for text, name in PAIRS
        },
    ),
}


@pytest.mark.parametrize(
    "is_archive", [pytest.param(True, id="zip"), pytest.param(False, id="folder")]
)
@pytest.mark.parametrize(
    ("title", "files"), [pytest.param(*each, id=key) for key, each in ARCHIVES.items()]
)
def test_export_of_several_files_is_read(tmp_path, title, files, is_archive):
    """A ZIP archive and the folder that it unpacks to are read alike; other files are named."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, json.dumps(data))
    if not is_archive:
        path = tmp_path / "folder"
        zipfile.ZipFile(tmp_path / "export.zip").extractall(path)

    reading = read(path)

    assert reading.formats == (title,)
    assert sorted(pairs(reading)) == sorted(PAIRS)
    assert reading.problems == ()
    assert any("left out" in note.message for note in reading.notes)


GROUPS = [{"tag": "greet", "patterns": ["hi there"]}]
DOMAIN = {"intents": [{"name": "other", "examples": ["yo"]}]}


@pytest.mark.parametrize("key", ["examples", "train"])
def test_intents_beside_records_are_metadata(tmp_path, key):
    """The records are the data; the schema is named."""
    path = tmp_path / "data.json"
    records = [{"text": text, "intent": intent} for text, intent in PAIRS]
    path.write_text(json.dumps({key: records, "schema": DOMAIN}))

    reading = read(path)

    assert (reading.formats, pairs(reading)) == (("JSON records",), PAIRS)
    assert [note.message for note in reading.notes] == ["left out: schema (1)"]


def test_splits_of_intents_are_not_joined(tmp_path):
    """Their test would be trained on."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"train": {"intents": GROUPS}, "test": DOMAIN}))

    with pytest.raises(DataError, match="holds no training data that is recognised"):
        read(path)


def test_intents_of_a_test_beside_an_export_are_named(tmp_path):
    """They are not trained on."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"bot": {"intents": GROUPS}, "test": DOMAIN}))

    reading = read(path)

    assert pairs(reading) == [("hi there", "greet")]
    assert [note.message for note in reading.notes] == ["left out: test (1)"]


@pytest.mark.parametrize("data", [{"intents": GROUPS}, {"bot": {"intents": GROUPS}}])
def test_lists_beside_intents_are_named(tmp_path, data):
    """The intents may be listed at the top of an export or below."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps({**data, "items": ["a"], "meta": {"a": 1}}))

    reading = read(path)

    assert pairs(reading) == [("hi there", "greet")]
    assert [note.message for note in reading.notes] == [
        "left out: items (1)",
        "left out: meta (1)",
    ]


def test_rasa_project_is_read_without_its_dialogues(tmp_path):
    """Of a bot's folder, the training data is read; stories, domain and tables are named."""
    files = {
        "data/nlu.yml": "nlu:\n- intent: greet\n  examples: |\n    - hi there\n",
        "data/more.yml": "nlu:\n- intent: book\n  examples: |\n    - book a table\n",
        "data/stories.yml": "version: '3.1'\nstories:\n- story: x\n",
        "domain.yml": "intents: [greet, book]\n",
        "data/cities.csv": "text,label\nBerlin,city\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    reading = read(tmp_path)

    assert sorted(pairs(reading)) == sorted(PAIRS)
    [note] = reading.notes
    assert all(name in note.message for name in ("stories.yml", "domain.yml", "cities.csv"))


@pytest.mark.parametrize(
    "write", [pytest.param(write_xlsx, id="xlsx"), pytest.param(write_ods, id="ods")]
)
def test_spreadsheet_is_read(tmp_path, write):
    """Rows keep their numbers, and a note names the other sheets."""
    rows = [["Message", "Category"], [], *map(list, PAIRS)]
    path = write(tmp_path / f"data.{write.__name__[-4:].strip('_')}", {"A": rows, "B": [["x"]]})

    reading = read(path)

    assert pairs(reading) == PAIRS
    assert [each.line for each in reading.examples] == [3, 4]
    assert "sheet A is read" in reading.notes[0].message


def test_header_of_a_sheet_may_follow_a_title(tmp_path):
    """Rows keep their numbers, and a note says that the title is left out."""
    rows = [["Messages of May"], ["Text", "Intent"], *map(list, PAIRS)]
    path = write_xlsx(tmp_path / "data.xlsx", {"A": rows})

    reading = read(path)

    assert pairs(reading) == PAIRS
    assert [each.line for each in reading.examples] == [3, 4]
    assert "the header is line 2; what is above it is left out" in reading.notes[0].message


def test_merged_cells_hold_for_all_of_their_rows(tmp_path):
    """An intent may be merged beside its utterances; a blank row stays blank."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["Intent", "Text"], ["greet", "hi"], [None, "hey"], [], ["book", "a table"]):
        sheet.append([None, *row])
    for merged in ("B2:B4", "C5:D5", "A1:A5", "Y1:Z9"):  # the last two hold nothing
        sheet.merge_cells(merged)
    path = tmp_path / "data.xlsx"
    workbook.save(path)

    assert pairs(read(path)) == [("hi", "greet"), ("hey", "greet"), ("a table", "book")]


def test_merged_names_of_columns_are_no_utterance(tmp_path):
    """A header of two rows may have names that are merged over both."""
    workbook = openpyxl.Workbook()
    for row in (["Text", "Intent"], [None, "name"], ["hi", "greet"]):
        workbook.active.append(row)
    workbook.active.merge_cells("A1:A2")
    path = tmp_path / "data.xlsx"
    workbook.save(path)

    reading = read(path)

    assert [str(each) for each in reading.problems] == [f"{path}:2: no text"]


def test_repeated_header_of_a_sheet_is_no_utterance(tmp_path):
    """Sheets that were joined repeat it."""
    header = ["Text", "Intent"]
    path = write_xlsx(tmp_path / "data.xlsx", {"A": [header, PAIRS[0], header, PAIRS[1]]})

    reading = read(path)

    assert pairs(reading) == PAIRS
    assert reading.notes[-1].message == "left out: repetitions of the header (1)"


def test_sheet_without_header_is_read(tmp_path):
    """The first row of two unknown cells is an utterance."""
    path = write_xlsx(tmp_path / "data.xlsx", {"A": list(map(list, PAIRS))})

    assert pairs(read(path)) == PAIRS


def test_numbered_labels_of_parquet_have_names(tmp_path):
    """Hugging Face's metadata names the labels."""
    names = {"info": {"features": {"label": {"names": ["greet", "book"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": [pair[0] for pair in PAIRS], "label": [0, 1]})
    path = tmp_path / "data.parquet"
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(names)}), path)

    assert pairs(read(path)) == PAIRS


def write_arrow(path: Path, open_writer: Any = pa.ipc.new_stream) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"text": [pair[0] for pair in PAIRS], "label": [0, 1]})
    with pa.OSFile(str(path), "wb") as file, open_writer(file, table.schema) as writer:
        writer.write_table(table)
    return path


def test_data_set_that_hugging_face_saved_is_read(tmp_path):
    """A folder for each split, with the names of the labels."""
    features = {"features": {"label": {"names": ["greet", "book"], "_type": "ClassLabel"}}}
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for part in ("train", "test"):
        path = write_arrow(tmp_path / part / "data-00000-of-00001.arrow")
        path.with_name("dataset_info.json").write_text(json.dumps(features))
        path.with_name("state.json").write_text('{"_split": "train", "_data_files": []}')

    reading = read(tmp_path)

    for part in ("train", "test"):
        assert [(e.text, e.intent) for e in reading.examples if e.part == part] == PAIRS


def test_feather_is_read(tmp_path):
    """It is Arrow's format of files."""
    path = write_arrow(tmp_path / "data.feather", pa.ipc.new_file)

    assert [each.text for each in read(path).examples] == [pair[0] for pair in PAIRS]


@pytest.mark.parametrize("content", [b"ARROW1", b"?", b"\xff\xff\xff\xff\x10"])
def test_damaged_arrow_is_refused(tmp_path, content):
    """The error names the file."""
    path = tmp_path / "data.arrow"
    path.write_bytes(content)

    assert [str(problem) for problem in read(path).problems] == [
        f"{path}: is no readable Parquet or Arrow file"
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "dataset_info.json",
            '{"features": {"label": {"names": ["greet", "book"], "_type": "ClassLabel"}}}',
            id="dataset-info",
        ),
        pytest.param(
            "README.md",
            "---\ndataset_info:\n  features:\n  - name: text\n    dtype: string\n  - name: label\n"
            "    dtype:\n      class_label:\n        names:\n          '0': greet\n"
            "          '1': book\n---\n# Data\n",
            id="front-matter",
        ),
    ],
)
def test_numbered_labels_of_lines_have_names(tmp_path, name, content):
    """The files beside the data name the labels."""
    path = tmp_path / "data.jsonl"
    path.write_text("".join(f'{{"text": "{t}", "label": {n}}}\n' for n, (t, _) in enumerate(PAIRS)))
    (tmp_path / name).write_text(content)

    assert pairs(read(path)) == PAIRS


def test_counterexamples_are_out_of_scope(tmp_path):
    """Watson's counterexamples and Dialogflow's fallback phrases fit no intent by definition."""
    path = tmp_path / "workspace.json"
    intents = [{"intent": "greet", "examples": [{"text": "hi"}]}]
    path.write_text(json.dumps({"intents": intents, "counterexamples": [{"text": "quark"}]}))

    assert pairs(read(path)) == [("hi", "greet"), ("quark", "out_of_scope")]


@pytest.mark.parametrize("key", ["dataset", "split"])
def test_test_utterances_of_a_project_are_its_test(tmp_path, key):
    """CLU divides its utterances itself; a note counts them, as those of a table."""
    path = tmp_path / "project.json"
    utterances = [
        {"text": text, "intent": "greet", key: part}
        for text, part in (("hi", "Train"), ("yo", "Test"), ("hey", "dev"))
    ]
    path.write_text(json.dumps({"assets": {"intents": [], "utterances": utterances}}))

    reading = read(path)

    assert [each.part for each in reading.examples] == ["train", "test", "validation"]
    counts = "1 train, 1 test, 1 validation (not trained on)"
    [note] = reading.notes
    assert note.message.startswith(f"column {key} names the part of each row: {counts};")


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"x", id="word"),
        pytest.param(b"[" * 10_000, id="deep-lists"),
        pytest.param(b'{"a":' * 10_000, id="deep-objects"),
        pytest.param(b"- " * 10_000, id="deep-yaml"),
        pytest.param(b"nlu:\n" + b"- " * 10_000 + b"a", id="deep-nlu"),
        pytest.param(b"nlu:\n- ? [a, b]\n  : c\n- intent: {a: b}\n  examples: {c: d}", id="maps"),
        pytest.param(b"nlu:\n- intent: a\n  examples:\n  - [b]\n  - text: [c]\n", id="lists"),
        pytest.param(b"a: &a [*a]\nnlu: *a\n", id="itself"),
        pytest.param(b"nlu: *missing\n", id="no-anchor"),
        pytest.param(b'{"intents": [1, {"tag": 2, "patterns": 3}, {"tag": {}}]}', id="numbers"),
        pytest.param(b'{"intents": {"a": 1}, "utterances": [1, {}], "routes": [0]}', id="others"),
        pytest.param(b'[{"data": {"text": 1}, "annotations": [1, {"result": [1]}]}]', id="tasks"),
        pytest.param(b'{"trainingPhrases": [1, {"parts": [1]}], "name": []}', id="phrases"),
        pytest.param(b'{"rasa_nlu_data": {"common_examples": [{"text": {}}]}}', id="rasa"),
        pytest.param(b'{"train": [1, [2, 3]], "val": 4, "x": null}', id="splits"),
        pytest.param(b'[{"text": "a"}, 1, []]', id="records"),
        pytest.param(b"PAR1\x00\x01PK\x03\x04", id="magic"),
        pytest.param(b"\x00\xff\xfe\x80" * 99, id="binary"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 99, id="broken-archive"),
    ],
)
def test_no_content_is_a_crash(tmp_path, name, content):
    """The problems of any file are named, in any format that is insisted on."""
    path = tmp_path / "data.bin"
    path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        read_examples(path, ReadOptions(format=name))

    assert str(caught.value)


@pytest.mark.parametrize("suffix", ["yml", "json", "jsonl", "md", "parquet", "xlsx", "zip"])
def test_unknown_content_is_named(tmp_path, suffix):
    """The message says which formats are read."""
    path = tmp_path / f"data.{suffix}"
    path.write_text("a: [1, 2]\n")

    with pytest.raises(DataError) as caught:
        read_examples(path)

    assert str(path) in str(caught.value)


def test_unreadable_entries_are_left_out_on_demand(tmp_path):
    """With the option, each is a note, and the others are read."""
    path = tmp_path / "data.csv"
    path.write_text("text,intent\nhi there,greet\n,greet\na,b,c\nbook a table,book\n")

    reading = read(path, ReadOptions(leave_out_unreadable=True))

    assert pairs(reading) == PAIRS
    assert [note.line for note in reading.notes] == [3, 4]
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("d.yml", "nlu:\n", "the list nlu is empty", id="empty-nlu"),
        pytest.param(
            "d.yml",
            "nlu:\n- intent: a\n  examples: []\n- intent: b\n- intent: c\n  examples: |\n    - x\n"
            "    -\n    # y\n  intent: d\n  examples: ~\n",
            "a has no examples|b has no examples|a dash without a text|d has no examples",
            id="empty-examples",
        ),
        pytest.param(
            "d.md", "x\n## intent:a\n## intent:b\n- c\n", "a has no examples", id="markdown"
        ),
        pytest.param(
            "d.json",
            '{"intents": [{"tag": "a", "patterns": []}, {"tag": "b", "patterns": ["c"]}]}',
            "a has no utterances",
            id="patterns",
        ),
        pytest.param(
            "d.json",
            '{"intents": [{"tag": "a", "patterns": ["", "b"]}, {"tag": "c", "patterns": [" "]}]}',
            "a has an empty utterance|c has an empty utterance",
            id="blank-pattern",
        ),
        pytest.param(
            "d.json",
            '{"intents": [{"name": "a"}], "utterances": [{"text": "b", "intent": "c"}]}',
            "a has no utterances",
            id="luis",
        ),
    ],
)
def test_empty_intents_are_named(tmp_path, name, content, message):
    """An intent without utterances is a note: nothing is lost."""
    path = tmp_path / name
    path.write_text(content)

    reading = read(path)

    assert reading.problems == ()
    notes = [note.message for note in reading.notes]
    assert [each for each in message.split("|") if each not in notes] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("- examples: |\n    - a\n", "examples without the name", id="no-name"),
        pytest.param("- metadata: {a: b}\n", "an entry of nlu has no intent", id="no-intent"),
        pytest.param("- intent: a\n  examples: {b: c}\n", "examples are a mapping", id="mapping"),
        pytest.param("- intent: a\n  examples:\n  - [b]\n", "an example is a list", id="list"),
        pytest.param(
            "- intent: a\n  examples:\n  - text: [b]\n", "the text of an example", id="list-in-text"
        ),
        pytest.param(
            "- intent: a\n  examples:\n  - so: long\n", "holds ': ' needs quotes", id="colon"
        ),
        pytest.param("- intent: a\n  ? [b]\n  : c\n", "a key that is no text", id="odd-key"),
    ],
)
def test_malformed_entries_of_rasa_are_named(tmp_path, content, message):
    """Each entry that has not the documented shape is a problem with its line."""
    path = tmp_path / "nlu.yml"
    path.write_text(f"nlu:\n{content}")

    [problem, *_] = read(path).problems

    assert message in problem.message
    assert problem.line > 0


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("to [Bern](city:BRN) now", "to Bern now", id="value"),
        pytest.param("to [Bern](city (old)) now", "to Bern now", id="parentheses"),
        pytest.param("to [Bern]{entity: city} now", "to Bern now", id="not-quite-json"),
        pytest.param('to [a] {"entity": "x"} now', "to a now", id="space"),
        pytest.param('to [a]  [{"entity": "x"}] now', "to a now", id="spaces-and-list"),
        pytest.param("to [a] {b: c}", "to [a] {b: c}", id="space-without-json"),
        pytest.param('to [a]{"entity": "{x}"}[b](c)', "to ab", id="braces-in-json"),
        pytest.param("a list [1][2] and [x] (y)", "a list [1][2] and [x] (y)", id="no-markup"),
        pytest.param("an open [a](b", "an open [a](b", id="open"),
    ],
)
def test_markup_of_entities_is_taken_out(tmp_path, text, plain):
    """Only annotations are taken out; other brackets are text."""
    path = tmp_path / "nlu.yml"
    path.write_text(f"nlu:\n- intent: a\n  examples: |\n    - {text}\n")

    assert read(path).examples[0].text == plain


def test_broken_file_of_a_folder_is_a_problem(tmp_path):
    """A file that looks like data and can't be read is not left out in silence."""
    (tmp_path / "a.yml").write_text("nlu:\n- intent: a\n  examples: |\n    - b\n")
    (tmp_path / "b.yml").write_text("nlu: [\n")

    [problem] = read(tmp_path).problems

    assert "is not YAML" in problem.message


def test_repeated_keys_of_json_are_named(tmp_path):
    """JSON's second value would replace the first one in silence."""
    path = tmp_path / "d.json"
    path.write_text('{"greet": ["hi"],\n "bye": ["so long"],\n "greet": ["hello"]}')

    [problem] = read(path).problems

    assert (problem.line, problem.message) == (3, "repeats the key greet")


def test_archive_is_bounded(tmp_path, monkeypatch):
    """A small archive can't fill the memory."""
    monkeypatch.setattr("model.datasets.documents.archives.MAX_UNPACKED_BYTES", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", " " * (1 << 21))

    with pytest.raises(DataError, match="unpacks to more than 1 MiB"):
        read(path)


def test_several_choices_of_a_task_are_a_problem(tmp_path):
    """An utterance has one intent."""
    result = [{"type": "choices", "value": {"choices": ["a", "b"]}}]
    tasks = [{"data": {"text": "x"}, "annotations": [{"result": result}]}]
    path = tmp_path / "d.json"
    path.write_text(json.dumps([*tasks, {"data": {"text": "y"}, "annotations": []}]))

    reading = read(path)

    assert "has several choices: a, b" in reading.problems[0].message
    assert "left out: tasks without a choice (1)" in reading.notes[0].message


def test_intent_is_called_by_its_name_for_people(tmp_path):
    """Dialogflow's API lists intents with a path as their name, and a name for people."""
    intents = [
        {
            "name": f"projects/p/agent/intents/{number}",
            "displayName": intent,
            "trainingPhrases": [{"name": "x", "type": "EXAMPLE", "parts": [{"text": text}]}],
        }
        for number, (text, intent) in enumerate(PAIRS)
    ]
    path = tmp_path / "intents.json"
    path.write_text(json.dumps({"intents": intents}))

    assert pairs(read(path)) == PAIRS


def test_indented_sections_of_markdown_are_sections(tmp_path):
    """Rasa takes spaces before a section away, so that its examples are no others'."""
    path = tmp_path / "nlu.md"
    sections = "\t## intent: greet\n- hi there\n\n ## intent: book \n  - book a table\n"
    path.write_text(f"{sections}  # Remarks\nnone\n")

    assert pairs(read(path)) == PAIRS
    assert read(path).problems == ()


def test_columns_of_one_name_are_announced(tmp_path):
    """The first one is read, as the note says."""
    path = tmp_path / "data.csv"
    path.write_text("text,intent,text\nhi there,greet,x\nbook a table,book,y\n")

    reading = read(path)

    assert pairs(reading) == PAIRS
    assert "of columns of one name, number 1 and number 2" in reading.notes[0].message


def test_intents_that_an_alias_repeats_are_read_once(tmp_path):
    """YAML can write one object in many places, and these in others, without an end."""
    path = tmp_path / "data.yml"
    path.write_text("a: &a\n  intents:\n  - name: greet\n    inputs: [hi, hello]\nb: *a\n")

    reading = read(path)

    assert pairs(reading) == [("hi", "greet"), ("hello", "greet")]
    assert not reading.notes
