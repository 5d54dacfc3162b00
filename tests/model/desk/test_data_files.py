from __future__ import annotations

import pytest

from model.datasets.records import Utterance
from model.desk.data_files import Change, DataFiles
from model.desk.errors import ChangedOutsideError
from model.errors import DataError

HELLO = Utterance("hello", "greeting")


def test_a_folder_has_files_that_fit_together(folder):
    """Training, test, contrast and out-of-scope files are edited together."""
    files = DataFiles(folder)
    assert files.train.size == 5
    assert [each.path.name for each in files.tests] == ["test.csv", "negation.csv"]
    assert files.out_of_scope
    assert files.out_of_scope.path.name == "out_of_scope_validation.csv"


def test_a_file_stands_alone(folder):
    """Training reads a file alone, which then holds the out-of-scope texts as well."""
    files = DataFiles(folder / "train.csv")
    assert (files.out_of_scope, files.tests) == (None, ())
    assert files.holds_text("HELLO")
    assert not files.holds_text("hey")


def test_intents_are_described(folder):
    """Descriptions come from their file; one that training refuses describes nothing."""
    assert DataFiles(folder).describe() == {
        "greeting": "Says hello",
        "order_tracking": "Asks for an order",
    }
    (folder / "intent_descriptions.csv").write_text("intent,description,example\nx,y,z\n")
    assert DataFiles(folder).describe() == {}


def test_intents_that_only_other_files_name_are_left_over(folder):
    """Training refuses these files; out-of-scope tests are none of them."""
    (folder / "train.csv").write_text("text,intent\nmy order,order_tracking\n")
    with (folder / "test.csv").open("a") as file:
        file.write("rain?,out_of_scope\n")
    names = ["test.csv", "negation.csv", "intent_descriptions.csv"]
    assert DataFiles(folder).left_over() == {"greeting": names}
    assert DataFiles(folder / "train.csv").left_over() == {}


def test_out_of_scope_texts_are_known(folder):
    """A text of the out-of-scope file is in the data."""
    (folder / "out_of_scope_validation.csv").write_text("text,intent\nrain?,out_of_scope\n")
    assert DataFiles(folder).holds_text("rain?")


def test_tests_of_other_formats_are_left_alone(folder):
    """A test file that can't be edited does not keep the desk from the training file."""
    (folder / "test.csv").rename(folder / "test.txt")
    (folder / "test.txt").write_text("no table")
    (folder / "contrast_test" / "negation.csv").write_text("no table")
    assert DataFiles(folder).tests == ()


@pytest.mark.parametrize(
    ("name", "message"), [("contrast_test", "holds no file train"), ("x.csv", "does not exist")]
)
def test_missing_training_files_are_refused(folder, name, message):
    """The message says what is missing."""
    with pytest.raises(DataError, match=message):
        DataFiles(folder / name)


def test_all_files_change_or_none(folder):
    """If a later file was changed by another program, the earlier one is restored."""
    files = DataFiles(folder)
    before = (folder / "train.csv").read_text()
    test, _ = files.tests
    changes = [
        Change(files.train, files.train.replacing(HELLO, None)),
        Change(test, test.replacing(Utterance("hey", "greeting"), None)),
    ]
    (folder / "test.csv").write_text("text,intent\nyo,greeting\n")

    assert files.has_changed_outside
    with pytest.raises(ChangedOutsideError, match=r"test\.csv was changed"):
        files.apply(changes)
    assert (folder / "train.csv").read_text() == before
