"""Folders, archives, and paths that are neither."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from model.datasets.parts import read_parts
from model.datasets.readers import ReadOptions, read
from model.errors import DataError
from tests.support.spreadsheets import write_xlsx

TABLE = "text,intent\nhi there,greet\n"


def write_archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, TABLE * 20)
    return path


def refusal_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value)


def test_named_pipe_is_refused(tmp_path):
    """Reading it would wait for a writer, for good."""
    path = tmp_path / "data.csv"
    os.mkfifo(path)

    assert refusal_of(path) == f"{path}: is neither a file nor a folder"


def test_lock_files_of_office_programs_are_passed_over(tmp_path):
    """Excel keeps one beside each workbook that is open."""
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "~$data.xlsx").write_bytes(b"\x05Maria")

    reading = read(tmp_path)

    assert [example.text for example in reading.examples] == ["hi there"]
    assert reading.problems == reading.notes == ()


@pytest.mark.parametrize("content", ["", " \n\n"])
def test_blank_file_beside_data_is_named(tmp_path, content):
    """It holds nothing that could be read."""
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "notes.txt").write_text(content)

    [note] = read(tmp_path).notes

    assert note.message == "left out, as no training data: notes.txt"


def test_folder_of_other_files_is_refused(tmp_path):
    """The suffixes of data are named."""
    (tmp_path / "greet.voc").write_text("hi\n")

    assert "holds no files with a suffix of data (.yml, .yaml" in refusal_of(tmp_path)


@pytest.mark.parametrize("name", ["data.csv", "train-00000-of-00001.parquet"])
def test_pointer_of_git_lfs_is_refused(tmp_path, name):
    """The error says how to get the file that it stands for."""
    path = tmp_path / name
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n")

    assert refusal_of(path) == f"{path}: is a pointer of Git LFS; git lfs pull gets the file"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["data.csv", "data.json"])
def test_utf32_is_refused(tmp_path, name, encoding):
    """No program that people use writes it, but scripts can."""
    path = tmp_path / name
    path.write_bytes(TABLE.encode(encoding))

    assert refusal_of(path) == f"{path}: is in UTF-32; save the file as UTF-8"


def test_folder_that_links_to_itself_is_read_once(tmp_path):
    """Links to folders are not followed; pipes among the files are passed over."""
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "data.csv").write_text(TABLE)
    os.mkfifo(tmp_path / "pipe.csv")

    assert [example.text for example in read(tmp_path).examples] == ["hi there"]


@pytest.mark.parametrize("name", ["/data.csv", "../../data.csv", "//data.csv"])
def test_name_of_a_member_stays_below_the_archive(tmp_path, name):
    """A root and steps to the folder above are taken out of the name."""
    path = write_archive(tmp_path / "a.zip", name)

    assert read(path).examples[0].file == path / "data.csv"


def test_archive_with_two_members_of_one_name_is_refused(tmp_path):
    """The second one would replace the first one in silence."""
    path = write_archive(tmp_path / "a.zip", "data.csv", "../data.csv")

    assert refusal_of(path) == f"{path}/data.csv: is in the archive twice"


@pytest.mark.parametrize("offset", [40, 45, 50])
def test_damaged_archive_is_refused(tmp_path, offset):
    """Each error of the decompressor becomes one line that names the archive."""
    path = write_archive(tmp_path / "a.zip", "data.csv")
    content = bytearray(path.read_bytes())
    content[offset : offset + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)

    message = refusal_of(path)

    assert message.startswith(f"{path}: is no readable ZIP archive: ")
    assert "\n" not in message


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b" \n\n"])
@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "yml", "md", "xlsx", "parquet"])
def test_empty_file_is_named(tmp_path, suffix, content):
    """A file without content, or with a byte order mark alone, is said to be empty."""
    path = tmp_path / f"data.{suffix}"
    path.write_bytes(content)

    assert refusal_of(path) == f"{path}: is empty"


def write_files(folder: Path, *names: str) -> Path:
    """Write a table of one utterance into each file, which is its name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text,intent\n{name},greet\n")
    return folder


def parts_of(path: Path) -> dict[str, list[str]]:
    parts = read_parts(path, ReadOptions()).examples
    return {part: [each.text for each in examples] for part, examples in parts.items() if examples}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train_10.csv", "test.csv"),  # a sample of ten utterances for each intent
        ("banking/train.csv", "banking/test.csv"),
        ("default/train/0000.csv", "default/test/0000.csv"),  # as Hugging Face converts data
        ("small/train-00000-of-00001.csv", "small/test-00000-of-00001.csv"),
        ("small/train-00000-of-00001-60fce97a.csv", "small/test-00000-of-00001-9d2f01b3.csv"),
        ("Train_10.csv", "Test.csv"),
        ("trainset.csv", "testset.csv"),
        ("data.csv", "holdout.csv"),
        ("data.csv", "Heldout.csv"),
        ("bank_train_10003.csv", "bank_test_3080.csv"),
        ("Training/0.csv", "Testing/0.csv"),
        ("train_data.csv", "test_data.csv"),
        ("x_train.csv", "x_test.csv"),
        ("en/train-en.csv", "en/test-en.csv"),
        ("atis_intents_Train.csv", "atis_intents_Test.csv"),
        ("train1.csv", "test1.csv"),
        ("intents.csv", "intents_test.csv"),
        ("data.csv", "TestData.csv"),
        ("TrainData.csv", "TestData.csv"),
        ("train/en/0.csv", "test/en/0.csv"),
        ("training_data/0.csv", "test_data/0.csv"),
    ],
)
def test_test_in_any_folder_is_not_trained_on(tmp_path, train, test):
    """It is known by its name or by that of its folder; a note says so."""
    folder = write_files(tmp_path / "data", train, test)

    assert parts_of(folder) == {"train": [train], "test": [test]}
    assert f"{folder}: read as test: {test}" in map(str, read(folder).notes)


def test_parts_beside_each_other_may_have_capitals(tmp_path):
    """As in data sets of Kaggle."""
    folder = write_files(tmp_path, "Train.csv", "Test.csv", "OOS_test.csv", "more.csv")

    assert parts_of(folder) == {
        "train": ["Train.csv"],
        "test": ["Test.csv"],
        "out_of_scope_test": ["OOS_test.csv"],
    }


def test_test_in_an_archive_is_not_trained_on(tmp_path):
    """Downloads often are an archive of the splits."""
    path = write_archive(tmp_path / "a.zip", "train.csv", "test.csv", "more.csv")

    assert set(parts_of(path)) == {"train", "test"}
    assert f"{path}: left out beside training texts: more.csv" in map(str, read(path).notes)


def test_validation_texts_are_left_out_beside_others(tmp_path):
    """Settings are chosen by cross-validation, and a sample stays as small as it is."""
    folder = write_files(tmp_path, "train_5.csv", "val.csv")

    assert parts_of(folder) == {"train": ["train_5.csv"]}
    assert [str(note) for note in read(folder).notes] == [
        f"{folder}: left out beside training texts: val.csv"
    ]


def test_all_files_of_train_beside_a_pair_are_trained_on(tmp_path):
    """As in the benchmark of Snips: a sample of the training texts, all of them, and validation."""
    folder = write_files(tmp_path, "train_Music.csv", "train_Music_full.csv", "validate_Music.csv")

    assert parts_of(folder) == {"train": ["train_Music.csv", "train_Music_full.csv"]}


def test_names_with_words_of_parts_are_no_parts_without_a_pair(tmp_path):
    """A business has train stations and test drives."""
    folder = write_files(tmp_path, "train_stations.csv", "test_drives.csv")

    assert parts_of(folder) == {"train": ["test_drives.csv", "train_stations.csv"]}


def test_all_files_but_the_test_of_one_of_them_are_trained_on(tmp_path):
    """A test beside a file of another name leaves no other file out."""
    folder = write_files(
        tmp_path, "bank.csv", "stations.csv", "train_stations.csv", "bank_test.csv"
    )

    assert parts_of(folder) == {
        "train": ["bank.csv", "stations.csv", "train_stations.csv"],
        "test": ["bank_test.csv"],
    }


def test_other_files_of_a_folder_with_a_pair_are_left_out(tmp_path):
    """A word of the folder's name says nothing about them."""
    names = ("x_train.csv", "x_test.csv", "x_test_noisy.csv")
    folder = write_files(tmp_path, *(f"train_test_split/{name}" for name in names))

    assert parts_of(folder) == {
        "train": ["train_test_split/x_train.csv"],
        "test": ["train_test_split/x_test.csv"],
    }


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("train.csv.zip", "test.csv"),
        ("train.parquet.zst", "test.csv"),
        ("train.orc", "test.csv"),
        ("x_train.csv.gz", "x_test.csv"),
        ("x.train.pkl", "x.test.csv"),
        ("x_train.txt", "x_test.csv"),
        ("train/0.txt", "test/0.csv"),
    ],
)
def test_test_is_not_trained_on_where_train_is_not_read(tmp_path, name, test):
    """It would be all that is left to train on."""
    folder = write_files(tmp_path, name, test)
    (folder / name).write_bytes(b"PK")

    [problem] = read(folder).problems

    assert problem.file == folder / name
    assert problem.message == (
        "is named train, and is not read: unpack it, convert it, or move it away"
    )


@pytest.mark.parametrize("name", ["a/train.csv", "a/train.en.csv"])
def test_training_texts_may_be_there_as_an_archive_too(tmp_path, name):
    """As they were downloaded."""
    folder = write_files(tmp_path, name, "a/train.csv.zip")

    assert parts_of(folder) == {"train": [name]}
    assert not read(folder).problems


def test_unread_file_of_the_name_train_may_be_something_else(tmp_path):
    """As the log of a training, beside data."""
    folder = write_files(tmp_path, "data.csv", "test.csv", "logs/train.txt")
    (folder / "logs/train.txt").write_text("epoch 1\n")

    assert parts_of(folder) == {"train": ["data.csv"], "test": ["test.csv"]}
    assert not read(folder).problems
    assert f"{folder}: left out, as no training data: logs/train.txt" in map(
        str, read(folder).notes
    )


def test_files_below_train_are_named(tmp_path):
    """Folders beside train are not read, but for contrast sets."""
    folder = write_files(
        tmp_path, "train.csv", "de/train.csv", "test/part.csv", "contrast_test/negated.csv"
    )

    [note] = read_parts(folder, ReadOptions()).notes

    assert note.message.startswith("left out: de/train.csv, test/part.csv; beside train, only")


def test_many_files_below_train_are_counted(tmp_path):
    """A note stays short."""
    folder = write_files(tmp_path, "train.csv", *(f"more/{number}.csv" for number in range(7)))

    [note] = read_parts(folder, ReadOptions()).notes

    assert "more/4.csv and 2 more; beside train, only" in note.message


def test_export_of_voiceflow_in_a_folder_is_read(tmp_path):
    """Its suffix is its own."""
    intents = [{"name": "greet", "inputs": [{"text": "hi"}]}]
    (tmp_path / "bot.vf").write_text(json.dumps({"version": {"intents": intents}}))

    assert parts_of(tmp_path) == {"train": ["hi"]}


def test_readme_is_data_alone(tmp_path):
    """It may show in Markdown how data looks."""
    (tmp_path / "README.md").write_text("## intent:greet\n- hi there\n")
    assert parts_of(tmp_path) == {"train": ["hi there"]}

    write_files(tmp_path, "data.csv")

    assert parts_of(tmp_path) == {"train": ["data.csv"]}


def test_records_are_read_with_tables_and_leave_exports_alone(tmp_path):
    """Records are tables in JSON, as Rasa writes results of tests: no utterances of a bot."""
    (tmp_path / "errors.json").write_text('[{"text": "hello", "intent": "greet"}]')
    write_files(tmp_path, "data.csv")
    assert parts_of(tmp_path) == {"train": ["data.csv", "hello"]}

    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - hi there\n")

    assert parts_of(tmp_path) == {"train": ["hi there"]}


def test_test_without_intents_says_what_to_do(tmp_path):
    """As in contests, whose test has no labels."""
    write_files(tmp_path, "train.csv")
    (tmp_path / "test.csv").write_text("id,text\n1,hi\n")

    [problem] = read_parts(tmp_path, ReadOptions()).problems

    assert problem.message.endswith(
        "; without intents it is no test: move it away, to label it by model.predict"
    )


def test_files_of_tests_alone_are_read(tmp_path):
    """Nothing is left to train on otherwise."""
    assert parts_of(write_files(tmp_path, "test.csv", "dev.csv")) == {
        "train": ["dev.csv", "test.csv"]
    }


@pytest.mark.parametrize("ending", ["json", "yml"])
def test_exports_named_as_parts_beside_each_other_are_parts(tmp_path, ending):
    """A test is one of the format of a file of training texts."""
    content = {
        "json": '{"intents": [{"tag": "greet", "patterns": ["hi NAME"]}]}',
        "yml": "nlu:\n- intent: greet\n  examples: |\n    - hi NAME\n",
    }[ending]
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train", "test", "dev", "more"):
            archive.writestr(f"{name}.{ending}", content.replace("NAME", name))

    assert parts_of(path) == {"train": ["hi train"], "test": ["hi test"]}


@pytest.mark.parametrize("names", [("train", "bus"), ("test", "bus")])
def test_export_named_as_a_part_alone_is_trained(tmp_path, names):
    """It may be that of an intent: of a railway, or of a test that patients ask for."""
    for name in names:
        path = tmp_path / "nlu" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"nlu:\n- intent: {name}\n  examples: |\n    - {name} please\n")

    assert parts_of(tmp_path) == {"train": [f"{name} please" for name in sorted(names)]}


def test_intents_of_the_names_train_and_test_are_trained(tmp_path):
    """In formats with a file for each intent, a file's name is the intent's."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train", "test", "bus"):
            archive.writestr(f"{name}.intent", f"{name} please\n")

    assert parts_of(path) == {"train": ["bus please", "test please", "train please"]}


def test_intent_of_the_name_test_is_trained(tmp_path):
    """In an export with a file for each intent, a file's name is an intent's."""
    for name in ("test", "greet"):
        phrases = [{"data": [{"text": f"{name} please"}]}]
        (tmp_path / f"{name}_usersays_en.json").write_text(json.dumps(phrases))

    assert parts_of(tmp_path) == {"train": ["greet please", "test please"]}


@pytest.mark.parametrize(
    ("name", "lists"),
    [
        ("domains.json", {"banking": ["pay_bill"], "travel": ["translate"]}),  # as of CLINC150
        ("synonyms.json", {"small": ["little", "tiny"], "large": ["big"]}),
        ("dataset_dict.json", {"splits": ["train"]}),  # as Hugging Face writes it
    ],
)
@pytest.mark.parametrize(
    ("data", "content"),
    [
        ("full.json", '{"train": [["hi there", "greet"]]}'),
        ("nlu.yml", "nlu:\n- intent: greet\n  examples: |\n    - hi there\n"),
    ],
)
def test_lists_beside_an_export_are_no_utterances(tmp_path, name, lists, data, content):
    """They are read by themselves only, and named."""
    (tmp_path / name).write_text(json.dumps(lists))
    (tmp_path / data).write_text(content)

    reading = read(tmp_path)

    assert [example.text for example in reading.examples] == ["hi there"]
    assert f"{tmp_path}: left out, as no training data: {name}" in map(str, reading.notes)


@pytest.mark.parametrize(
    "lists",
    [
        {"labels": ["greet", "leave"]},
        {"small": ["little", "tiny"], "big": ["large"]},
        {"greet": {"patterns": ["good day"]}, "leave": {"patterns": ["ciao"]}},
    ],
)
def test_lists_beside_a_table_are_no_utterances(tmp_path, lists):
    """Whatever their number; they are named."""
    write_files(tmp_path, "data.csv")
    (tmp_path / "lists.json").write_text(json.dumps(lists))

    assert parts_of(tmp_path) == {"train": ["data.csv"]}
    assert f"{tmp_path}: left out, as no training data: lists.json" in map(
        str, read(tmp_path).notes
    )


@pytest.mark.parametrize("table", ["id,name,city\n1,Ada,London\n", "text,intent\n"])
def test_lists_are_utterances_beside_a_table_of_other_things(tmp_path, table):
    """Without columns of texts and intents, or without rows, it is left out and named."""
    (tmp_path / "names.csv").write_text(table)
    (tmp_path / "greet.json").write_text('{"greet": ["hi"]}')
    (tmp_path / "leave.json").write_text('{"leave": ["bye"]}')

    assert parts_of(tmp_path) == {"train": ["hi", "bye"]}
    assert f"{tmp_path}: left out, as no training data: names.csv" in map(str, read(tmp_path).notes)


def test_lists_that_are_called_intents_are_an_export(tmp_path):
    """Tables beside them are left out."""
    write_files(tmp_path, "data.csv")
    content = '{"intents": {"greet": ["hi"], "leave": ["bye"]}}'
    (tmp_path / "bot.json").write_text(content)

    assert parts_of(tmp_path) == {"train": ["hi", "bye"]}


def test_lists_by_themselves_are_utterances(tmp_path):
    """The names are those of intents."""
    path = tmp_path / "labels.json"
    path.write_text('{"labels": ["greet", "leave"]}')

    assert parts_of(path) == parts_of(tmp_path) == {"train": ["greet", "leave"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.txt", "the\t1203\nbook\t88\n"),
        ("labels.txt", "0\tgreet\n1\tleave\n"),
        ("AUTHORS.txt", "Ada Lovelace\tada@example.org\nAlan Turing\talan@example.org\n"),
        ("conll.txt", "fly\tO\nto\tO\nRome\tcity\n"),
    ],
)
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("text,intent\nhi there,greet\n", "data.csv"),
        ("text\tintent\nhi there\tgreet\n", "data.txt"),
        ('{"intents": [{"tag": "greet", "patterns": ["hi there"]}]}', "data.json"),
    ],
)
def test_lines_with_a_tab_are_no_utterances_beside_other_data(tmp_path, name, content, data, text):
    """Only their tabs tell them from other texts, so that they are read by themselves."""
    (tmp_path / text).write_text(data)
    (tmp_path / name).write_text(content)

    reading = read(tmp_path)

    assert [example.text for example in reading.examples] == ["hi there"]
    assert [str(note) for note in reading.notes] == [
        f"{tmp_path}: left out, as no training data: {name}"
    ]


def test_lines_with_a_tab_are_utterances_where_all_files_have_them(tmp_path):
    """Files of a name are read by themselves, and so are those of a folder without other data."""
    for name in ("train_1.txt", "test.txt"):
        (tmp_path / name).write_text(f"hi {name}\tgreet\nbye {name} now\tleave\n")

    assert parts_of(tmp_path) == {
        "train": ["hi train_1.txt", "bye train_1.txt now"],
        "test": ["hi test.txt", "bye test.txt now"],
    }


def test_splits_of_columns_without_train_are_no_intents(tmp_path):
    """The key of a split is no intent of its texts."""
    columns = {"text": ["hi", "bye"], "intent": ["greet", "leave"]}
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"dev": columns, "test": columns}))

    assert "the key dev, the key test" in refusal_of(path)


DESCRIBED = "intents:\n  greet: Says hello\n  leave: Says goodbye\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv", TABLE),
        ("nlu.yml", "nlu:\n- intent: greet\n  examples: |\n    - hi there\n"),
    ],
)
def test_descriptions_are_read_beside_utterances(tmp_path, name, content):
    """They alone would be worth less than the utterances."""
    (tmp_path / "intents.yaml").write_text(DESCRIBED)
    (tmp_path / name).write_text(content)

    reading = read(tmp_path)

    assert [example.text for example in reading.examples] == ["hi there"]
    assert [each.text for each in reading.descriptions] == ["Says hello", "Says goodbye"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("customers.csv", "id,name,city\n1,Ann,Ulm\n", id="table"),
        pytest.param("sizes.json", '{"small": ["tiny", "wee"]}', id="synonyms"),
    ],
)
def test_other_things_beside_descriptions_are_left_out(tmp_path, name, content):
    """A list of customers or of synonyms is no utterance."""
    (tmp_path / "intents.yaml").write_text(DESCRIBED)
    (tmp_path / name).write_text(content)

    reading = read(tmp_path)

    assert (reading.examples, reading.problems) == ((), ())
    assert [note.message for note in reading.notes] == [f"left out, as no training data: {name}"]


@pytest.mark.parametrize(
    "content",
    ["id,name\n0,greet\n1,leave\n", "name,email\nAnn,a@b.org\nBob,b@b.org\n", "hi,12\nyou,7\n"],
)
def test_table_without_a_header_beside_one_with_a_header_is_refused(tmp_path, content):
    """It may hold names of labels, customers or words, and would be trained on by a guess."""
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "other.csv").write_text(content)

    [problem] = read(tmp_path).problems

    assert str(problem) == (
        f"{tmp_path}/other.csv: has no header with usual names, unlike other files: put one above "
        "its rows, move the file away if it holds other data, or choose the columns of all files "
        "by number: --text-column, --intent-column"
    )


def test_spreadsheet_without_a_header_beside_a_table_with_a_header_is_refused(tmp_path):
    """As other tables are."""
    (tmp_path / "data.csv").write_text(TABLE)
    write_xlsx(tmp_path / "users.xlsx", {"Users": [["Ann", "a@b.org"], ["Bob", "b@b.org"]]})

    [problem] = read(tmp_path).problems

    assert problem.file == tmp_path / "users.xlsx"


def test_pieces_of_a_table_are_read_by_the_numbers_of_columns(tmp_path):
    """Of a table that was cut, the first piece alone has the header."""
    (tmp_path / "a.csv").write_text(TABLE)
    (tmp_path / "b.csv").write_text("good morning,greet\nbye now,leave\n")

    reading = read(tmp_path, ReadOptions(text_column="1", intent_column="2"))

    assert [example.text for example in reading.examples] == ["hi there", "good morning", "bye now"]
    assert reading.problems == ()


@pytest.mark.parametrize("name", ["test.csv", "oos.csv"])
def test_table_whose_name_is_a_part_needs_no_header(tmp_path, name):
    """Its name says that it is data."""
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / name).write_text("good morning,greet\nbye now,leave\n")

    assert read(tmp_path).problems == ()


def test_tables_of_which_none_has_a_header_are_read(tmp_path):
    """People who write none leave it out everywhere."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("good morning,greet\nbye now,leave\n")

    reading = read(tmp_path)

    assert (len(reading.examples), reading.problems) == (4, ())


def test_table_of_other_things_beside_data_says_what_to_do(tmp_path):
    """It has no column that could hold utterances."""
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "labels.csv").write_text("id,label\n0,greet\n")

    [problem] = read(tmp_path).problems

    assert problem.message.endswith("; a file of other data has to be moved away")
