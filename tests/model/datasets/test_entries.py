"""Entries of each format that training does not use, or that can't be read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from model.datasets.documents.document import Document
from model.datasets.readers import ReadOptions, read, read_examples, read_text
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE
from tests.support.spreadsheets import write_xlsx

CARD = """---
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names:
          '1': bye
          '0': greet
---
"""


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def pairs(path: Path, options: ReadOptions = ReadOptions()) -> list[tuple[str, str]]:  # noqa: B008
    return [(each.text, each.intent) for each in read(path, options).examples]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            '[{"name": "a", "utterances": {"en": ["b"]}}, {"x": "y"}]',
            "an entry is no intent",
            id="botpress",
        ),
        pytest.param(
            '{"intents": [{"tag": "a", "patterns": 5}, {"tag": "b", "patterns": ["c"]}]}',
            "the utterances of a are no list",
            id="patterns",
        ),
        pytest.param(
            '[{"data": {"text": "a"}, "annotations": []}, {"data": {"text": "b"}}]',
            "a task has no annotations",
            id="label-studio",
        ),
        pytest.param(
            '{"utterances": [5, {"text": "a", "intent": "b"}]}',
            "an utterance is no object",
            id="luis",
        ),
        pytest.param('[{"text": "a", "intent": "b"}, "c"]', "a record is no object", id="records"),
        pytest.param(
            '{"skills": [{"workspace": {"intents": [{"intent": "a", "examples": ["b", 5]}]}}]}',
            "no text",
            id="watson-skills",
        ),
        pytest.param('{"intents": [{"tag": "a", "patterns": [{"b": 5}]}]}', "no text", id="object"),
        pytest.param('[["a", "b"], ["c"]]', "no text and no intent", id="pairs"),
        pytest.param(
            '{"rasa_nlu_data": {"common_examples": {"text": "a"}}}', "no intent", id="rasa-json"
        ),
        pytest.param('[{"data": [{"text": "a"}]}, {"data": [5]}]', "no text", id="dialogflow"),
    ],
)
def test_unreadable_entry_of_json_is_named(tmp_path, content, message):
    """Each entry that has not the documented shape is a problem, and the others are read."""
    path = write(tmp_path, "d.json", content)

    assert message in [problem.message for problem in read(path).problems]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "d.yml",
            "type: intent\nname: a\nutterances: [b]\n---\ntype: intent\nname: c\n---\n- d\n",
            "a document is neither an intent nor an entity",
            id="snips",
        ),
        pytest.param(
            "d.yml",
            "routes:\n- {name: a, name: b, utterances: [c]}\n",
            "repeats the key name",
            id="repeated-key",
        ),
        pytest.param(
            "d.yml",
            "5\n---\nnlu:\n- intent: a\n  examples: [b]\n- intent: c\n  examples: {}\n",
            "examples are a mapping, not a list of texts",
            id="rasa",
        ),
        pytest.param("d.md", "## intent:a\n- b\nc\n", "no dash before the example: c", id="md"),
    ],
)
def test_unreadable_entry_of_a_text_is_named(tmp_path, name, content, message):
    """Each entry that has not the documented shape is a problem, and the others are read."""
    path = write(tmp_path, name, content)

    assert message in [problem.message for problem in read(path).problems]
    assert read(path).examples


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "d.json",
            '[{"name": "a", "utterances": {"en": []}}]',
            "a has no utterances",
            id="botpress",
        ),
        pytest.param(
            "d.json",
            '{"name": "x", "displayName": "a", "trainingPhrases": []}',
            "a has no training phrases",
            id="dialogflow",
        ),
        pytest.param(
            "d.json",
            '{"displayName": "a", "priority": 5}',
            "a has no training phrases",
            id="dialogflow-alone",
        ),
        pytest.param(
            "d.json",
            '{"rasa_nlu_data": {"entity_examples": [{"text": "a"}]}}',
            "left out: examples of entities (1)",
            id="rasa-json",
        ),
        pytest.param(
            "d.json",
            '{"name": "a", "sampleUtterances": [{"utterance": "fly to {city}"}]}',
            "left out: values of {slots}, whose names stay in the text (1)",
            id="lex",
        ),
        pytest.param(
            "d.yml",
            "type: intent\nname: a\n",
            "a has no utterances",
            id="snips",
        ),
        pytest.param(
            "d.yml",
            "nlu:\n- intent: a\n  intent: b\n  examples: [c]\n",
            "a has no examples",
            id="rasa-two-intents",
        ),
        pytest.param(
            "d.yml",
            "- intent: a\n- intent: b\n  examples: [c]\n",
            "a has no examples",
            id="rasa-list",
        ),
    ],
)
def test_entry_without_content_is_a_note(tmp_path, name, content, message):
    """Nothing is lost with it."""
    reading = read(write(tmp_path, name, content))

    assert message in [note.message for note in reading.notes]
    assert reading.problems == ()


def test_fallback_of_dialogflow_is_out_of_scope(tmp_path):
    """Its phrases are examples of what fits no intent; other intents are called by their file."""
    phrases = '[{"data": [{"text": "tell me a joke"}]}]'
    write(tmp_path, "intents/Fallback.json", '{"fallbackIntent": true, "responses": []}')
    write(tmp_path, "intents/Fallback_usersays_en.json", phrases)
    write(tmp_path, "intents/Joke_usersays_pt-BR.json", phrases)

    assert pairs(tmp_path) == [("tell me a joke", OUT_OF_SCOPE), ("tell me a joke", "Joke")]


def test_single_intent_of_dialogflow_is_read(tmp_path):
    """An intent's own file may hold its phrases."""
    content = (
        '{"name": "projects/p/intents/1", "displayName": "greet",'
        ' "trainingPhrases": [{"parts": [{"text": "hi "}, {"text": "there"}]}]}'
    )

    assert pairs(write(tmp_path, "d.json", content)) == [("hi there", "greet")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"intents": {"greet": ["hi"]}}', id="named-lists"),
        pytest.param('[{"tag": "greet", "patterns": ["hi"]}]', id="list"),
        pytest.param('[{"row": {"text": "hi", "label": "greet"}}]', id="rows"),
        pytest.param('[{"text": "hi", "sentiment": {"choices": ["greet"]}}]', id="choices"),
        pytest.param('[{"text": "hi", "label": ["greet"]}]', id="single-label"),
        pytest.param('[["hi", "greet"]]', id="pairs"),
    ],
)
def test_short_forms_of_json_are_read(tmp_path, content):
    """Data sets are published in many shapes."""
    options = ReadOptions(intent_column="sentiment" if "sentiment" in content else None)

    assert pairs(write(tmp_path, "d.json", content), options) == [("hi", "greet")]


@pytest.mark.parametrize(
    ("place", "content"),
    [
        pytest.param("README.md", CARD, id="card"),
        pytest.param(
            "dataset_info.json", '{"features": {"label": {"names": ["greet", "bye"]}}}', id="info"
        ),
    ],
)
def test_numbers_of_labels_have_the_names_beside(tmp_path, place, content):
    """Hugging Face's data sets keep them in a card, or in a file of their own."""
    write(tmp_path, place, content)
    path = write(
        tmp_path, "d.json", '[{"text": "hi", "label": 0}, {"text": "so long", "label": 1}]'
    )

    assert pairs(path) == [("hi", "greet"), ("so long", "bye")]


@pytest.mark.parametrize(
    ("place", "content"),
    [
        pytest.param("dataset_info.json", "{", id="broken"),
        pytest.param("dataset_info.json", '{"features": {"label": 5, "other": []}}', id="none"),
        pytest.param("dataset_info.json", '{"label": {"names": [1, 2]}}', id="numbers"),
        pytest.param("README.md", "no front matter", id="readme"),
        pytest.param("README.md", "---\na: [\n---\n", id="broken-front-matter"),
    ],
)
def test_other_files_beside_are_no_error(tmp_path, place, content):
    """Others wrote them for other purposes: the labels stay numbers."""
    write(tmp_path, place, content)

    assert pairs(write(tmp_path, "d.json", '[{"text": "hi", "label": 0}]')) == [("hi", "0")]


@pytest.mark.parametrize(
    ("options", "pair"),
    [
        pytest.param(ReadOptions(), ("greet", "hi"), id="none"),
        pytest.param(ReadOptions(text_column="2"), ("hi", "greet"), id="text"),
        pytest.param(ReadOptions(intent_column="1"), ("hi", "greet"), id="intent"),
        pytest.param(ReadOptions(text_column="2", intent_column="1"), ("hi", "greet"), id="both"),
    ],
)
def test_columns_without_header_have_numbers(tmp_path, options, pair):
    """One of the two numbers is enough, as the other column has the other part."""
    assert pairs(write(tmp_path, "d.csv", "greet,hi\n"), options) == [pair]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        pytest.param("id,,", "column 2 is read as the text, 3 as the intent", id="blank"),
        pytest.param("id,a,", "column a is read as the text, 3 as the intent", id="one-blank"),
        pytest.param("id,a,b", "column a is read as the text, b as the intent", id="named"),
    ],
)
def test_columns_that_are_chosen_by_number_are_announced(tmp_path, header, shown):
    """The note has the names that the numbers stand for; a blank name is called by its number."""
    path = write(tmp_path, "d.csv", f"{header}\n1,hi,greet\n")

    reading = read(path, ReadOptions(text_column="2", intent_column="3"))

    [note] = reading.notes
    assert note.message.startswith(f"the first row is read as the header: {shown}; if it is")
    assert [each.text for each in reading.examples] == ["hi"]


def test_known_header_is_no_guess(tmp_path):
    """A usual name is enough: the note only says which columns the numbers stand for."""
    path = write(tmp_path, "d.csv", "id,text,b\n1,hi,greet\n")

    [note] = read(path, ReadOptions(text_column="2", intent_column="3")).notes

    assert note.message == "column text is read as the text, b as the intent"


WIDE = [["0", "hi", "greet"], ["1", "so long", "bye"], ["2", "hello", "greet"]]
BY_NUMBER = ReadOptions(text_column="2", intent_column="3")


@pytest.mark.parametrize("name", ["d.csv", "d.xlsx"])
def test_first_row_of_a_wide_table_is_not_lost(tmp_path, name):
    """Chosen by number, the columns need no header: a label that occurs again names no column."""
    write(tmp_path, "d.csv", "".join(f"{','.join(row)}\n" for row in WIDE))
    write_xlsx(tmp_path / "d.xlsx", {"A": WIDE})

    reading = read(tmp_path / name, BY_NUMBER)

    assert [(each.text, each.intent) for each in reading.examples] == [
        ("hi", "greet"),
        ("so long", "bye"),
        ("hello", "greet"),
    ]
    [note] = reading.notes
    assert note.line == 1
    assert note.message == (
        "has no header: column 2 is read as the text, 3 as the intent, and the first row as data; "
        "--text-column and --intent-column choose other columns"
    )


def test_wide_table_without_header_needs_both_numbers(tmp_path):
    """Nothing says which of the other columns holds the intents."""
    path = write(tmp_path, "d.csv", "".join(f"{','.join(row)}\n" for row in WIDE))

    [problem] = read(path, ReadOptions(text_column="2")).problems

    assert "no column intent in the header: found 0, hi, greet" in problem.message


@pytest.mark.parametrize("name", ["d.csv", "d.xlsx"])
def test_header_of_another_language_is_no_utterance(tmp_path, name):
    """A label that no other row has, where the others repeat, is the name of a column."""
    rows = [["発話", "意図"], *[[f"注文を取り消して {n}", f"取消{n % 3}"] for n in range(12)]]
    write(tmp_path, "d.csv", "".join(f"{','.join(row)}\n" for row in rows))
    write_xlsx(tmp_path / "d.xlsx", {"A": rows})

    reading = read(tmp_path / name)

    assert len(reading.examples) == 12
    [note] = reading.notes
    assert note.line == 1
    assert note.message == (
        "the first row is read as the header: column 発話 is read as the text, 意図 as the intent; "
        "if it is an utterance, put a header above it"
    )


def test_first_row_with_a_repeated_label_is_an_utterance(tmp_path):
    """The same table without its header is read whole."""
    rows = "".join(f"cancel my order {n},cancel{n % 3}\n" for n in range(12))

    assert len(pairs(write(tmp_path, "d.csv", rows))) == 12


@pytest.mark.parametrize("rows", ["hi,greet\nbye,part\n", "text,intent\nhi,greet\n"])
def test_one_column_for_both_is_refused(tmp_path, rows):
    """Each text would be its own intent."""
    path = write(tmp_path, "d.csv", rows)

    [problem] = read(path, ReadOptions(text_column="1", intent_column="1")).problems

    assert problem.message == "column 1 can't be both the text and the intent"


def test_unknown_column_without_header_is_refused(tmp_path):
    """A name that is nowhere is not taken for the first column."""
    path = write(tmp_path, "d.csv", "greet,hi\n")

    [problem] = read(path, ReadOptions(text_column="question")).problems

    assert problem.message == (
        "has no header, and so no column question: columns have the numbers 1 to 2"
    )


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        pytest.param("cp1252", "read as Windows-1252", id="windows"),
        pytest.param("utf-16-le", "read as UTF-16-LE", id="utf-16-without-mark"),
    ],
)
def test_guessed_encoding_is_announced(tmp_path, encoding, shown):
    """An encoding is never guessed in silence."""
    for name, content in (
        ("d.csv", "text,intent\nschön,a\n"),
        ("d.txt", "text,intent\nschön,a\n"),
        ("d.jsonl", '{"text": "schön", "intent": "a"}\n'),
        ("d.json", '[{"text": "schön", "intent": "a"}]'),
    ):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))

        reading = read(path)

        assert reading.examples[0].text == "schön"
        assert shown in reading.notes[0].message


def test_spreadsheet_of_any_name_is_read(tmp_path):
    """An archive with the members of a spreadsheet is one; other columns' names are announced."""
    path = write_xlsx(tmp_path / "data.bin", {"A": [["Question", "Label"], ["hi", "greet"]]})

    reading = read(path)

    assert [(each.text, each.intent) for each in reading.examples] == [("hi", "greet")]
    assert "column Question is read as the text" in reading.notes[0].message


def test_missing_file_is_an_error_of_the_data(tmp_path):
    """A file can disappear after it was listed."""
    document = Document(tmp_path / "gone.json")

    for attribute in ("head", "content", "text"):
        with pytest.raises(DataError, match="can't be read"):
            getattr(document, attribute)


def test_spreadsheet_in_an_archive_is_read(tmp_path):
    """Its rows are the same as those of a file on the disk."""
    write_xlsx(tmp_path / "in.xlsx", {"A": [["text", "intent"], ["hi", "greet"]]})
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "in.xlsx", "in.xlsx")

    assert pairs(tmp_path / "a.zip") == pairs(tmp_path / "in.xlsx") == [("hi", "greet")]


def test_format_that_is_insisted_on_is_sought_among_files(tmp_path):
    """Of a folder, the files of that format alone are read."""
    write(tmp_path, "a.json", '[["hi", "greet"]]')
    write(tmp_path, "b.md", "## intent:book\n- a table\n")

    assert pairs(tmp_path, ReadOptions(format="rasa-md")) == [("a table", "book")]


def test_unknown_json_is_named_by_its_keys(tmp_path):
    """The keys are a hint at what the file is; a broken file has none."""
    known = write(tmp_path, "a.json", '{"fruit": 1, "colour": 2}')
    broken = write(tmp_path, "data.txt", '{"fruit": 1,')

    with pytest.raises(DataError, match="but the key fruit, the key colour;"):
        read(known)
    with pytest.raises(DataError, match="is in no format that is recognised"):
        read(broken)


def test_text_of_a_file_is_read_in_its_encoding(tmp_path):
    """Other commands read their files as training data is read."""
    path = tmp_path / "a.txt"
    path.write_bytes("schön\r\n".encode("utf-16"))

    assert read_text(path) == "schön\r\n"


@pytest.mark.parametrize("name", ["data.json", "nlu.yml", "nlu.md"])
def test_document_that_is_read_at_once_has_a_limit(tmp_path, monkeypatch, name):
    """On the disk as in an archive; the message says what is read in constant memory."""
    monkeypatch.setattr("model.datasets.documents.document.MAX_BYTES", 1 << 20)
    content = "## intent:greet\n- hi\n" if name.endswith("md") else '{"nlu": []}'
    path = write(tmp_path, name, content + " " * (1 << 20))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, name)

    message = "is larger than 1 MiB; split it, or convert it to JSONL or CSV"

    for place in (path, tmp_path / "a.zip"):
        with pytest.raises(DataError, match=message):
            read_examples(place)


@pytest.mark.parametrize(
    "labels",
    ["['greet']", '["greet"]', '{"choices": ["greet"]}', '{"choices":["greet"]}'],
)
def test_only_label_of_a_list_in_a_cell_is_the_intent(tmp_path, labels):
    """Pandas and Label Studio write a list so into a table."""
    quoted = labels.replace('"', '""')
    path = write(tmp_path, "data.csv", f'text,label\nhi,"{quoted}"\nbye,leave\n')

    assert pairs(path) == [("hi", "greet"), ("bye", "leave")]


def test_several_labels_of_a_list_in_a_cell_are_an_error(tmp_path):
    """They are no name of an intent; a list without labels names none."""
    path = write(tmp_path, "data.csv", "text,label\nhi,\"['greet', 'ask']\"\nyou,[]\n")

    assert [problem.message for problem in read(path).problems] == [
        "has several intents: greet, ask; an utterance has one intent",
        "no intent",
    ]


@pytest.mark.parametrize("name", ["[order]", "[order", "{choices}", "[1"])
def test_intent_in_brackets_keeps_its_name(tmp_path, name):
    """It is no list of labels."""
    path = write(tmp_path, "data.csv", f"text,label\nhi,{name}\n")

    assert pairs(path) == [("hi", name)]


def test_number_of_a_label_may_have_a_fraction_of_zero(tmp_path):
    """Pandas writes such numbers where another row has no label."""
    content = '{"text": "hi", "label": 0.0}\n{"text": "bye", "label": 1.0}\n'
    write(tmp_path, "README.md", CARD)

    assert pairs(write(tmp_path, "data.jsonl", content)) == [("hi", "greet"), ("bye", "bye")]


def test_answers_of_hwu64_are_the_utterances(tmp_path):
    """The column of questions is what its crowd was asked."""
    path = write(
        tmp_path,
        "data.csv",
        "scenario;intent;answer_normalised;answer;question\n"
        "alarm;set;wake me at nine;Wake me at nine!;Write what you would say for an alarm\n",
    )

    assert pairs(path) == [("wake me at nine", "set")]


def test_repeated_header_is_no_utterance(tmp_path):
    """Files that were joined repeat it; a table without a header repeats utterances."""
    joined = write(tmp_path, "a.csv", "text,intent\nhi,greet\n Text,intent\ntext,intent\nbye,b\n")
    plain = write(tmp_path, "b.csv", "hi,greet\nbye,leave\nhi,greet\n")

    assert pairs(joined) == [("hi", "greet"), ("Text", "intent"), ("bye", "b")]
    assert [str(note) for note in read(joined).notes] == [
        f"{joined}:4: left out: repetitions of the header (1)"
    ]
    assert pairs(plain) == [("hi", "greet"), ("bye", "leave"), ("hi", "greet")]
