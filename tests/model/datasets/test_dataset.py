from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from model.datasets.dataset import Dataset, load_dataset, normalised, split
from model.datasets.readers import Example, ReadOptions
from model.errors import DataError

Labelled = tuple[str, str]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def utterances(intent: str, count: int) -> list[Labelled]:
    return [(f"{intent} {number}", intent) for number in range(count)]


ENOUGH = [*utterances("a", 20), *utterances("b", 20)]


def write(name: str, labelled: Iterable[Labelled]) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("text,intent\n" + "".join(f"{text},{intent}\n" for text, intent in labelled))
    return path


def write_folder(**labelled: Iterable[Labelled]) -> Path:
    for name, rows in labelled.items():
        write(f"data/{name}.csv", rows)
    return Path("data")


def load(path: Path, *, seed: int = 0, test_size: float = 0.2) -> Dataset:
    return load_dataset(path, seed=seed, test_size=test_size)


def error_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value)


def labelled(examples: Iterable[Example]) -> list[Labelled]:
    return [(example.text, example.intent) for example in examples]


def as_examples(rows: Iterable[Labelled]) -> tuple[Example, ...]:
    return tuple(
        Example(text, intent, Path("x.csv"), line) for line, (text, intent) in enumerate(rows)
    )


def intents(examples: Iterable[Example]) -> Counter[str]:
    return Counter(example.intent for example in examples)


def test_file_is_split():
    """The utterances of one file are divided between training and test."""
    dataset = load(write("data.csv", ENOUGH))

    assert sorted(labelled(dataset.train + dataset.test)) == sorted(ENOUGH)
    assert intents(dataset.test) == {"a": 4, "b": 4}
    assert dataset.warnings == ()


def test_folder_without_test_file_is_split():
    """A folder with a training file alone is divided as a file is."""
    file = load(write("data.csv", ENOUGH))
    folder = load(write_folder(train=ENOUGH))

    assert labelled(folder.train) == labelled(file.train)
    assert labelled(folder.test) == labelled(file.test)


def test_folder_with_test_file_is_taken_as_it_is():
    """A folder with a test file is not divided: both files keep their utterances and order."""
    rows = [("hello", "b"), ("good day", "a")]

    dataset = load(write_folder(train=ENOUGH, test=rows))

    assert labelled(dataset.train) == ENOUGH
    assert labelled(dataset.test) == rows
    assert dataset.warnings == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("test.csv", "text,intent\nhello,a\n", id="csv"),
        pytest.param("test.tsv", "text\tintent\nhello\ta\n", id="tsv"),
        pytest.param("test.jsonl", '{"text": "hello", "intent": "a"}\n', id="jsonl"),
    ],
)
def test_folder_holds_files_of_any_format(name, content):
    """The files of a folder are found whatever format each has."""
    folder = write_folder(train=ENOUGH)
    (folder / name).write_text(content)

    assert labelled(load(folder).test) == [("hello", "a")]


def test_out_of_scope_texts_come_from_files_of_their_own():
    """A folder's out-of-scope files give texts, kept apart from training and test."""
    dataset = load(
        write_folder(
            train=ENOUGH,
            out_of_scope_validation=[("tell a joke", "out_of_scope")],
            out_of_scope_test=[("sing", "out_of_scope"), ("dance", "out_of_scope")],
        )
    )

    assert dataset.out_of_scope_validation == ("tell a joke",)
    assert dataset.out_of_scope_test == ("sing", "dance")
    assert sorted(labelled(dataset.train + dataset.test)) == sorted(ENOUGH)


@pytest.mark.parametrize(
    ("names", "test"),
    [
        (["oos_train", "oos_val"], "oos_test"),  # as CLINC150's splits are called
        (["out_of_scope"], "out-of-scope-test"),
        (["ood"], "ood_test"),
    ],
)
def test_files_of_out_of_scope_texts_have_other_names_too(names, test):
    """All but the test is learnt from."""
    folder = write_folder(train=ENOUGH, **{test: [("sing", "oos")]})
    for name in names:
        write(f"data/{name}.csv", [(name, "oos")])

    dataset = load(folder)

    assert dataset.out_of_scope_validation == tuple(names)
    assert dataset.out_of_scope_test == ("sing",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out_of_scope_test.csv", b"text\nsing\ndance\n"),
        ("out_of_scope_test.csv", b"sing\ndance\n"),
        ("out_of_scope_test.tsv", b"id\tsentence\n1\tsing\n2\tdance\n"),
        ("out_of_scope_test.csv.gz", gzip.compress(b"text\nsing\ndance\n", mtime=0)),
        ("out_of_scope_test.jsonl", b'{"text": "sing"}\n{"text": "dance"}\n'),
        ("out_of_scope_test.json", b'[{"text": "sing"}, {"text": "dance"}]'),
    ],
)
def test_out_of_scope_texts_need_no_intents(name, content):
    """The file's name says that they have none; a note says how it is read."""
    folder = write_folder(train=ENOUGH)
    (folder / name).write_bytes(content)

    dataset = load(folder)

    assert dataset.out_of_scope_test == ("sing", "dance")
    assert "is read as the text; no column holds intents" in str(dataset.warnings[0])


def test_out_of_scope_texts_in_parquet_need_no_intents():
    """Parquet is a table as well."""
    folder = write_folder(train=ENOUGH)
    parquet.write_table(pa.table({"text": ["sing"]}), folder / "out_of_scope_test.parquet")

    assert load(folder).out_of_scope_test == ("sing",)


def test_column_that_was_asked_for_is_missed_in_out_of_scope_texts_too():
    """An option is never ignored."""
    folder = write_folder(train=ENOUGH)
    (folder / "out_of_scope_test.csv").write_text("text\nsing\n")

    with pytest.raises(DataError, match="no column intent in the header: found text"):
        load_dataset(folder, seed=0, test_size=0.2, options=ReadOptions(intent_column="intent"))


def test_file_has_no_out_of_scope_texts():
    """A single file is read without the files that lie beside it."""
    write_folder(train=ENOUGH, out_of_scope_test=[("sing", "out_of_scope")])

    dataset = load(Path("data/train.csv"))

    assert dataset.out_of_scope_validation == ()
    assert dataset.out_of_scope_test == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(
            [*ENOUGH, ("A  0", "b"), ("b 1", "a")],
            "data.csv:42: labelled b, but line 2 labels the same text a\n"
            "data.csv:43: labelled a, but line 23 labels the same text b",
            id="two-intents-for-a-text",
        ),
        pytest.param(
            utterances("a", 20),
            "data.csv: holds 1 intent: a; at least two are needed",
            id="one-intent",
        ),
        pytest.param(
            [*utterances("a", 20), ("sing", "out_of_scope")],
            "data.csv: holds 1 intent: a; at least two are needed",
            id="out-of-scope-is-no-second-intent",
        ),
        pytest.param(
            [*utterances("a", 20), *utterances("b", 1), *utterances("c", 1)],
            "data.csv: holds fewer than two intents with two utterances or more; "
            "of an intent with one, nothing can be tested",
            id="nothing-to-test",
        ),
        pytest.param(
            [*[("hello", "a")] * 5, *[("bye", "b")] * 5],
            "data.csv: holds fewer than two intents with two utterances or more; "
            "of an intent with one, nothing can be tested "
            "(each text counts once: 8 repetitions were left out)",
            id="nothing-to-test-but-repetitions",
        ),
        pytest.param(
            [*utterances("a", 2), *utterances("b", 2)],
            "data.csv: has no intent of 3 utterances, of which one could be the test",
            id="nothing-to-put-aside",
        ),
        pytest.param(
            [*utterances("a", 3), *utterances("b", 3), ("a 0", "b"), ("", "a")],
            "data.csv:9: no text\ndata.csv:8: labelled b, but line 2 labels the same text a",
            id="all-kinds-at-once",
        ),
        pytest.param(
            [("", "a")],
            "data.csv:2: no text",
            id="unreadable",
        ),
    ],
)
def test_file_that_can_not_be_trained_on_is_refused(rows, message):
    """Data that can't be trained on is an error that names file and line of each problem."""
    assert error_of(write("data.csv", rows)) == message


def test_file_without_utterances_is_refused():
    """A file without any utterance is named, be it for training or for the test."""
    assert error_of(write("data.csv", [])) == "data.csv: holds no utterances"
    assert error_of(write_folder(train=ENOUGH, test=[])) == "data/test.csv: holds no utterances"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param(
            {"train": ENOUGH, "test": [("hello", "a"), ("bye", "c"), ("thanks", "d")]},
            "data/test.csv:3: c does not occur in the training data\n"
            "data/test.csv:4: d does not occur in the training data",
            id="unknown-intents-in-test",
        ),
        pytest.param(
            {"train": ENOUGH, "test": [("hello", "a"), ("Hello", "b")]},
            "data/test.csv:3: labelled b, but line 2 labels the same text a",
            id="two-intents-for-a-text-in-test",
        ),
        pytest.param(
            {"train": ENOUGH, "out_of_scope_test": [("", "out_of_scope")]},
            "data/out_of_scope_test.csv:2: no text",
            id="unreadable-out-of-scope-file",
        ),
    ],
)
def test_folder_that_can_not_be_trained_on_is_refused(files, message):
    """A folder's files are checked against each other, with file and line of each problem."""
    assert error_of(write_folder(**files)) == message


def test_path_that_does_not_exist_is_refused():
    """A path without anything is a data error."""
    assert error_of(Path("nothing")) == "nothing: does not exist"


@pytest.mark.parametrize(
    ("rows", "warnings"),
    [
        pytest.param(
            [*ENOUGH, ("A  0 ", "a"), ("a 0", "a")],
            [
                "data.csv:42: same text as line 2; left out",
                "data.csv:43: same text as line 2; left out",
            ],
            id="same-text-again",
        ),
        pytest.param(
            [*utterances("a", 20), *utterances("b", 19), *utterances("c", 5)],
            [
                "data.csv:22: b has 19 utterances; 20 or more do better",
                "data.csv:41: c has 5 utterances; 20 or more do better",
            ],
            id="few-utterances",
        ),
        pytest.param(
            [*ENOUGH, *utterances("a-b", 20), *utterances("A b", 20)],
            ["data.csv:42: a-b (20) and A b (20) look like one intent"],
            id="similar-names",
        ),
    ],
)
def test_doubtful_file_is_warned_of(rows, warnings):
    """Data that people should look at is a warning that names file and line."""
    dataset = load(write("data.csv", rows))

    assert [str(warning) for warning in dataset.warnings] == warnings


def test_same_text_again_is_left_out():
    """A text that occurs again with the same intent is kept once."""
    dataset = load(write("data.csv", [*ENOUGH, ("A  0", "a")]))

    assert sorted(labelled(dataset.train + dataset.test)) == sorted(ENOUGH)


def test_text_with_another_label_in_the_test_is_left_out_of_training():
    """Public sets contradict their tests here and there: that is told, and no reason to stop."""
    train = [*utterances("a", 21), *utterances("b", 20)]

    dataset = load(write_folder(train=train, test=[("A 3", "b"), ("b 99", "b")]))

    assert ("a 3", "a") not in labelled(dataset.train)
    assert labelled(dataset.test) == [("A 3", "b"), ("b 99", "b")]
    assert [str(warning) for warning in dataset.warnings] == [
        "data/train.csv:5: labelled a, but test.csv:2 labels the same text b; left out of training"
    ]


def test_out_of_scope_texts_of_the_test_are_left_out_of_training():
    """One file for both would measure what was learnt by heart."""
    texts = [("sing", "oos"), ("Dance", "oos")]

    dataset = load(write_folder(train=ENOUGH, oos_train=[*texts, ("a 0?", "oos")], oos_test=texts))

    assert dataset.out_of_scope_validation == ("a 0?",)
    assert dataset.out_of_scope_test == ("sing", "Dance")
    assert [str(warning) for warning in dataset.warnings] == [
        "data/oos_train.csv:2: stands in oos_test.csv:2 too; left out of training",
        "data/oos_train.csv:3: stands in oos_test.csv:3 too; left out of training",
    ]


def test_contrast_texts_of_the_tests_are_left_out_of_training():
    """They are copied from one folder to the other easily."""
    folder = write_folder(train=ENOUGH, test=[("hello", "a")])
    rows = [("Not a but b", "b"), ("not a", "out_of_scope")]
    write("data/contrast_test/negated.csv", rows)
    write("data/contrast_train/negated.csv", [*rows, ("Hello", "out_of_scope"), ("b?", "b")])

    dataset = load(folder)

    assert [text for text, _ in labelled(dataset.train) if "?" in text or "ot" in text] == ["b?"]
    assert dataset.contrast_train == {"negated": ()}
    assert [warning.message for warning in dataset.warnings] == [
        "stands in contrast_test/negated.csv:2 too; left out of training",
        "stands in contrast_test/negated.csv:3 too; left out of training",
        "labelled out_of_scope, but test.csv:2 labels the same text a; left out of training",
    ]


def test_texts_of_contrast_tests_are_left_out_of_all_files_to_train_on():
    """Of those of the utterances and of the out-of-scope texts."""
    folder = write_folder(train=[*ENOUGH, ("not a", "a")], oos_train=[("sing", "oos")])
    rows = [("not a", "out_of_scope"), ("Sing", "out_of_scope")]
    write("data/contrast_test/negated.csv", rows)

    dataset = load(folder)

    assert "not a" not in {text for text, _ in labelled(dataset.train + dataset.test)}
    assert (dataset.out_of_scope_validation, dataset.out_of_scope_test) == ((), ())
    assert [each.message for each in dataset.warnings if "negated" in each.message] == [
        "labelled a, but negated.csv:2 labels the same text out_of_scope; left out of training",
        "stands in negated.csv:3 too; left out of training",
    ]


def test_ordinary_texts_of_both_kinds_count_for_contrast_texts():
    """Those of the file and those of the intent out_of_scope train one detector."""
    rows = [*ENOUGH, *utterances("out_of_scope", 10)]
    oos = [(f"x {number}", "oos") for number in range(10)]
    folder = write_folder(train=rows, test=[("hello", "a")], oos_train=oos, oos_test=[("y", "oos")])
    write("data/contrast_train/negated.csv", [(f"not {n}", "out_of_scope") for n in range(20)])

    dataset = load(folder)

    assert len(dataset.out_of_scope_validation) == 20
    assert dataset.warnings == ()


def test_repeated_out_of_scope_text_counts_once():
    """Files and the intent out_of_scope are compared with each other."""
    rows = [*ENOUGH, ("Sing", "out_of_scope"), ("jump", "out_of_scope")]

    dataset = load(write_folder(train=rows, oos_train=[("sing", "oos"), ("dance", "oos")]))

    assert {*dataset.out_of_scope_validation, *dataset.out_of_scope_test} == {
        *("Sing", "dance", "jump"),
    }
    assert "data/oos_train.csv:2: same text as train.csv:42; left out" in map(str, dataset.warnings)


def test_utterance_among_out_of_scope_texts_is_a_contradiction():
    """It has an intent, and has none."""
    folder = write_folder(train=ENOUGH, oos_train=[("A 3", "oos")])

    assert error_of(folder) == (
        "data/oos_train.csv:2: labelled out_of_scope, but train.csv:5 labels the same text a"
    )


def test_beside_a_test_two_utterances_of_an_intent_are_enough():
    """None of them has to be held out."""
    train = [*utterances("a", 2), *utterances("b", 2)]

    dataset = load(write_folder(train=train, test=[("hello", "a")]))

    assert (len(dataset.train), len(dataset.test)) == (4, 1)


def test_out_of_scope_test_alone_leaves_the_utterances_to_be_split():
    """Without a test of intents, one of them needs enough utterances for both."""
    folder = write_folder(train=[*utterances("a", 2), *utterances("b", 2)], oos_test=[("x", "oos")])

    assert error_of(folder) == (
        "data: has no intent of 3 utterances, of which one could be the test"
    )


def test_contradictions_are_left_out_on_demand():
    """Public sets label some texts with two intents: nobody knows which is meant."""
    train = [*utterances("a", 21), *utterances("b", 21), ("A  0", "b"), ("a 0", "b")]
    test = [("hello", "a"), ("Hello", "b"), ("bye", "b")]
    folder = write_folder(train=train, test=test)

    dataset = load_dataset(folder, seed=0, test_size=0.2, leave_out_contradictions=True)

    assert len(dataset.train) == 41
    assert "a 0" not in {example.text for example in dataset.train}
    assert labelled(dataset.test) == [("bye", "b")]
    assert [str(warning) for warning in dataset.warnings] == [
        "data/train.csv:44: labelled b, but line 2 labels the same text a; both left out",
        "data/train.csv:45: labelled b, but line 2 labels the same text a; both left out",
        "data/test.csv:3: labelled b, but line 2 labels the same text a; both left out",
    ]


def test_dataset_tells_what_was_put_aside():
    """A test that was put aside has a size, one of its own has none."""
    own = write_folder(train=ENOUGH, test=[("hello", "a")])

    assert load(write("data.csv", ENOUGH), test_size=0.25).test_size == 0.25
    assert load(own, test_size=0.25).test_size is None


def test_test_utterances_are_left_out_of_training():
    """A text of the test file is taken out of training, with a warning."""
    train = [*utterances("a", 21), *utterances("b", 20)]

    dataset = load(write_folder(train=train, test=[("hello", "b"), ("A 20", "a"), ("a 20", "a")]))

    assert labelled(dataset.train) == ENOUGH
    assert labelled(dataset.test) == [("hello", "b"), ("A 20", "a")]
    assert [str(warning) for warning in dataset.warnings] == [
        "data/test.csv:4: same text as line 3; left out",
        "data/train.csv:22: stands in test.csv:3 too; left out of training",
    ]


def test_split_takes_the_share_of_each_intent():
    """A split puts the same share of each intent aside and loses no example."""
    examples = as_examples([*utterances("a", 40), *utterances("b", 10)])

    train, test = split(examples, seed=0, test_size=0.3)

    assert intents(test) == {"a": 12, "b": 3}
    assert sorted(train + test, key=lambda example: example.line) == list(examples)


@pytest.mark.parametrize(
    ("test_size", "test_count"),
    [pytest.param(0.01, 1, id="tiny-test"), pytest.param(0.99, 3, id="tiny-training")],
)
def test_split_leaves_each_intent_in_both_parts(test_size, test_count):
    """However small the share, each intent has an example in the test and two in training."""
    examples = as_examples([*utterances("a", 5), *utterances("b", 5)])

    train, test = split(examples, seed=0, test_size=test_size)

    assert intents(test) == {"a": test_count, "b": test_count}
    assert intents(train) == {"a": 5 - test_count, "b": 5 - test_count}


def test_split_is_repeated_by_its_seed():
    """The same seed gives the same split, another seed another one."""
    examples = as_examples(ENOUGH)

    first = split(examples, seed=1, test_size=0.2)

    assert split(examples, seed=1, test_size=0.2) == first
    assert split(examples, seed=2, test_size=0.2) != first


def test_seed_and_test_size_reach_the_split():
    """Loading splits by the seed and the share that it is given."""
    path = write("data.csv", ENOUGH)

    dataset = load(path, seed=1, test_size=0.5)

    assert intents(dataset.test) == {"a": 10, "b": 10}
    assert load(path, seed=1, test_size=0.5) == dataset
    assert load(path, seed=2, test_size=0.5).test != dataset.test


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("Reset my password", id="case"),
        pytest.param("  reset\tmy \n password ", id="white-space"),
    ],
)
def test_case_and_white_space_make_no_other_text(other):
    """Texts that differ in case or white space alone count as the same."""
    assert normalised(other) == normalised("reset my password")


@pytest.mark.parametrize(
    "other", [pytest.param("reset my pass word", id="space"), pytest.param("réset", id="accent")]
)
def test_other_letters_or_words_make_another_text(other):
    """Texts that differ in letters or in where words end don't count as the same."""
    assert normalised(other) != normalised("reset my password")


DATASET = Dataset(
    train=as_examples([("hello", "a"), ("bye", "b")]),
    test=as_examples([("good day", "a")]),
    out_of_scope_validation=("sing",),
    out_of_scope_test=("dance",),
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"train": as_examples([("hullo", "a"), ("bye", "b")])}, id="text"),
        pytest.param({"train": as_examples([("hello", "b"), ("bye", "b")])}, id="intent"),
        pytest.param({"test": as_examples([("good night", "a")])}, id="test"),
        pytest.param(
            {
                "train": as_examples([("hello", "a")]),
                "test": as_examples([("bye", "b"), ("good day", "a")]),
            },
            id="other-part",
        ),
        pytest.param({"out_of_scope_validation": ("jump",)}, id="out-of-scope-validation"),
        pytest.param({"out_of_scope_test": ("jump",)}, id="out-of-scope-test"),
        pytest.param(
            {"out_of_scope_validation": ("sing", "dance"), "out_of_scope_test": ()},
            id="other-out-of-scope-part",
        ),
    ],
)
def test_hash_changes_with_the_data(changes):
    """The hash tells data sets apart by their texts, intents and parts."""
    assert replace(DATASET, **changes).sha256 != DATASET.sha256


def test_hash_is_of_the_utterances_alone():
    """The hash is hexadecimal SHA-256, the same wherever the utterances were read from."""
    moved = tuple(replace(example, file=Path("y.csv"), line=9) for example in DATASET.train)

    assert replace(DATASET, train=moved).sha256 == DATASET.sha256
    assert len(bytes.fromhex(DATASET.sha256)) == 32


def test_split_keeps_small_intents_in_training():
    """An intent of one or two utterances has none in the test, one of three has one."""
    examples = as_examples([*utterances("a", 1), *utterances("b", 2), *utterances("c", 3)])

    train, test = split(examples, seed=0, test_size=0.2)

    assert intents(train) == {"a": 1, "b": 2, "c": 2}
    assert intents(test) == {"c": 1}


def test_folder_without_training_file_is_read_whole():
    """The files of a folder are put together if none of them is named train."""
    write("data/one.csv", utterances("a", 20))
    write("data/two.csv", utterances("b", 20))

    dataset = load(Path("data"))

    assert intents(dataset.train + dataset.test) == {"a": 20, "b": 20}


def test_contrast_texts_train_intents_and_detectors():
    """Those that have an intent join the training utterances, the others are kept by kind."""
    path = write_folder(train=ENOUGH, test=[("x", "a"), ("y", "b")])
    write("data/contrast_train/negated.csv", [("not a but b", "b"), ("not a", "out_of_scope")])

    dataset = load(path)

    assert len(dataset.train) == len(ENOUGH) + 1
    assert (dataset.train[-1].text, dataset.train[-1].intent) == ("not a but b", "b")
    assert dataset.contrast_train == {"negated": ("not a",)}
    assert dataset.sha256 != replace(dataset, contrast_train={}).sha256
    assert [str(warning) for warning in dataset.warnings] == [
        (
            "data/contrast_train/negated.csv: 1 out-of-scope text, 20 ordinary ones are needed "
            "beside them; left out"
        )
    ]


def outside(count: int) -> list[Labelled]:
    return utterances("out_of_scope", count)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        pytest.param({"train": ENOUGH}, 25, id="none"),
        pytest.param({"train": [*ENOUGH, *outside(20)]}, 5, id="a-share-is-put-aside"),
        pytest.param({"train": [*ENOUGH, *outside(24)]}, 1, id="one-too-few"),
        pytest.param({"train": [*ENOUGH, *outside(25)]}, 0, id="enough"),
        pytest.param({"train": ENOUGH, "test": [("x", "a")]}, 20, id="test-of-its-own"),
        pytest.param(
            {"train": [*ENOUGH, *outside(8)], "out_of_scope_test": [("x", "out_of_scope")]},
            12,
            id="out-of-scope-test-of-its-own",
        ),
        pytest.param(
            {"train": [*ENOUGH, *outside(8)], "out_of_scope_validation": [("x", "out_of_scope")]},
            16,
            id="two-files",
        ),
        pytest.param(
            {"train": ENOUGH, "out_of_scope_validation": outside(21)}, 0, id="file-of-their-own"
        ),
    ],
)
def test_missing_out_of_scope_texts_are_counted(files, missing):
    """Twenty are needed to learn from, after a share was put aside."""
    assert load(write_folder(**files)).missing_out_of_scope == missing


@pytest.mark.parametrize("test_size", [0.01, 0.2, 0.5, 0.99])
def test_as_many_out_of_scope_texts_as_are_missing_are_enough(test_size):
    """With one fewer, there would be nineteen to learn from."""
    missing = load(write("data.csv", ENOUGH), test_size=test_size).missing_out_of_scope

    enough = load(write("data.csv", [*ENOUGH, *outside(missing)]), test_size=test_size)
    few = load(write("data.csv", [*ENOUGH, *outside(missing - 1)]), test_size=test_size)

    assert len(enough.out_of_scope_validation) == 20
    assert len(few.out_of_scope_validation) == 19


def test_contrast_texts_of_unknown_intents_are_refused():
    """Contrast texts to train on add no intent."""
    path = write_folder(train=ENOUGH)
    file = write("data/contrast_train/negated.csv", [("not a", "c")])

    assert error_of(path) == f"{file}:2: c is no intent of the training data"


def test_shards_of_a_split_are_one_part():
    """Files that are named as Hugging Face names the shards of a split are its parts."""
    write("data/train-00000-of-00002.csv", utterances("a", 20))
    write("data/train-00001-of-00002.csv", utterances("b", 20))
    write("data/test-00000-of-00001.csv", [("hello", "a")])

    dataset = load(Path("data"))

    assert intents(dataset.train) == {"a": 20, "b": 20}
    assert labelled(dataset.test) == [("hello", "a")]


def test_out_of_scope_texts_of_the_test_stay_in_it():
    """Those of a test without other texts are kept, and none of the training data join them."""
    rows = [*ENOUGH, *utterances("out_of_scope", 5)]
    dataset = load(write_folder(train=rows, test=[("sing", "out_of_scope")]))

    assert dataset.out_of_scope_test == ("sing",)
    assert len(dataset.out_of_scope_validation) == 5
    assert len(dataset.test) == 8


def test_out_of_scope_utterances_of_the_data_are_out_of_scope_texts():
    """Utterances of the intent out_of_scope, or of a chosen one, are split like an intent."""
    rows = [*ENOUGH, *utterances("out_of_scope", 5), *utterances("None", 5)]
    options = ReadOptions(out_of_scope_intents=("none",))

    dataset = load_dataset(write("data.csv", rows), seed=0, test_size=0.2, options=options)

    assert intents(dataset.train + dataset.test) == {"a": 20, "b": 20}
    assert len(dataset.out_of_scope_validation) == 8
    assert len(dataset.out_of_scope_test) == 2


def test_misspelt_out_of_scope_intent_is_warned_of():
    """The utterances that are meant would be trained as an intent without a word."""
    options = ReadOptions(out_of_scope_intents=("nome",))
    dataset = load_dataset(write("data.csv", ENOUGH), seed=0, test_size=0.2, options=options)

    [warning] = dataset.warnings
    assert str(warning) == (
        "data.csv: no utterance has the intent nome, which --out-of-scope-intent names"
    )


@pytest.mark.parametrize("name", ["nlu_fallback", "Out-Of-Scope", "Out_of_scope", "NONE"])
def test_suspicious_intent_is_warned_of(name):
    """An intent that other tools use for out-of-scope texts is trained, and the option is named."""
    dataset = load(write("data.csv", [*ENOUGH, *utterances(name, 20)]))

    [warning] = dataset.warnings
    assert str(warning) == (
        f"data.csv:42: {name} is trained as an intent; "
        f"--out-of-scope-intent {name} makes it out-of-scope examples"
    )


@pytest.mark.parametrize(
    ("text", "intent", "mark"),
    [("NaN", "a", "NaN"), ("hello", "null", "null"), ("#N/A", "b", "#N/A")],
)
def test_mark_of_a_missing_value_is_warned_of(text, intent, mark):
    """Programs write it into cells that hold nothing; it is trained on, since it may be meant."""
    dataset = load(write("data.csv", [*ENOUGH, (text, intent)]))

    assert f"data.csv:42: {mark} may stand for a missing value" in map(str, dataset.warnings)


@pytest.mark.parametrize("name", ["rare", "card has expired"])
def test_rare_intents_are_left_out_on_demand(name):
    """Intents below the minimum, whatever their names, are left out of training and test."""
    folder = write_folder(
        train=[*ENOUGH, *utterances(name, 1)], test=[("hello", "a"), ("hi", name)]
    )

    dataset = load_dataset(folder, seed=0, test_size=0.2, options=ReadOptions(min_utterances=2))

    assert intents(dataset.train) == {"a": 20, "b": 20}
    assert labelled(dataset.test) == [("hello", "a")]
    assert [str(warning) for warning in dataset.warnings] == [
        f"data/train.csv:42: {name} has 1 utterance; left out"
    ]
