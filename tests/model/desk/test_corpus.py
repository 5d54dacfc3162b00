from __future__ import annotations

import os
import stat

import pytest

from model.datasets.records import Utterance
from model.desk.corpus import Corpus
from model.desk.errors import ChangedOutsideError, DecisionError
from model.errors import DataError

CONTENT = "text,intent,note\nhi,greet,\nbye,leave,a\nHI,leave,b\nbye,leave,c\n"
BYE = Utterance("bye", "leave")


@pytest.fixture
def path(tmp_path):
    """A file with a text of two intents, and an utterance that stands twice."""
    path = tmp_path / "train.csv"
    path.write_text(CONTENT)
    return path


@pytest.fixture
def corpus(path):
    return Corpus(path)


def test_counts(corpus):
    """Utterances are counted by intent."""
    assert corpus.size == 4
    assert corpus.counts == {"greet": 1, "leave": 3}
    assert (corpus.count("leave"), corpus.count("other")) == (3, 0)


def test_an_edit_changes_its_lines_only(corpus, path):
    """All records of the utterance get the new intent, and keep their other cells."""
    corpus.apply(corpus.replacing(BYE, Utterance("bye", "greet")))

    assert path.read_text() == CONTENT.replace("bye,leave", "bye,greet")
    assert BYE not in corpus
    assert corpus.counts == {"greet": 3, "leave": 1}


def test_an_edit_can_be_undone(corpus, path):
    """The inverse edits restore file and index, deleted lines at their places."""
    inverse = corpus.apply(corpus.replacing(BYE, None))
    assert path.read_text() == "text,intent,note\nhi,greet,\nHI,leave,b\n"
    assert corpus.apply(inverse) == dict.fromkeys(inverse)

    assert path.read_text() == CONTENT
    assert [*corpus.select("leave")] == [BYE, Utterance("HI", "leave"), BYE]


def test_utterances_are_appended(corpus, path):
    """New rows follow the last one; their further columns are empty."""
    inverse = corpus.apply(corpus.appending([Utterance(" yo ", "greet")]))
    assert path.read_text() == f"{CONTENT}yo,greet,\n"
    assert Utterance("yo", "greet") in corpus

    corpus.apply(inverse)
    assert path.read_text() == CONTENT


def test_a_missing_last_line_break_is_added(path):
    """The new row begins on a line of its own; undone, the file is as before."""
    path.write_text(CONTENT.rstrip("\n"))
    corpus = Corpus(path)
    inverse = corpus.apply(corpus.appending([Utterance("yo", "greet")]))
    assert path.read_text() == f"{CONTENT}yo,greet,\n"

    corpus.apply(inverse)
    assert path.read_text() == CONTENT.rstrip("\n")


def test_search_ignores_case_and_spaces(corpus):
    """A search finds parts of texts, of one intent or of all."""
    assert [*corpus.select(search=" hI ")] == [Utterance("hi", "greet"), Utterance("HI", "leave")]
    assert [*corpus.select("leave", "h")] == [Utterance("HI", "leave")]
    assert [*corpus.select("other")] == []
    assert corpus.utterances_of("Bye") == [BYE, BYE]


def test_contradictions(corpus):
    """A text with several intents is a contradiction; one that stands twice is none."""
    assert [*corpus.contradictions()] == [[Utterance("hi", "greet"), Utterance("HI", "leave")]]


def test_unknown_utterances_are_refused(corpus):
    """An utterance that somebody else has changed is not edited."""
    with pytest.raises(DecisionError, match="does not hold"):
        corpus.replacing(Utterance("bye", "greet"), None)


@pytest.mark.parametrize("new", [("", "greet"), ("yo", " "), ("yo", "a\tb")])
def test_invalid_utterances_are_refused(corpus, new):
    """Text and intent must be filled, and the intent fit into a header."""
    with pytest.raises(DecisionError, match="can't be written"):
        corpus.replacing(BYE, Utterance(*new))


def test_other_programs_changes_are_not_overwritten(corpus, path):
    """An edit fails, and the other program's content stays."""
    assert not corpus.has_changed_outside
    path.write_text("text,intent\nnew,greet\n")

    assert corpus.has_changed_outside
    with pytest.raises(ChangedOutsideError):
        corpus.apply(corpus.replacing(BYE, None))
    assert path.read_text() == "text,intent\nnew,greet\n"


def test_a_touched_file_has_not_changed(corpus, path):
    """The content decides, not the time."""
    os.utime(path, (1, 1))
    assert not corpus.has_changed_outside
    assert not corpus.has_changed_outside


def test_a_removed_file_has_changed(corpus, path):
    """A missing file is a change by another program."""
    path.unlink()
    assert corpus.has_changed_outside


def test_permissions_and_links_stay(path, tmp_path):
    """A private file stays private, and a link stays a link."""
    path.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    corpus = Corpus(link)
    corpus.apply(corpus.replacing(BYE, None))

    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "bye" not in path.read_text()


@pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.jsonl"])
def test_a_new_file_is_created_with_its_first_utterance(tmp_path, name):
    """It can be read again, and without utterances it is removed again."""
    path = tmp_path / name
    corpus = Corpus(path)
    assert not path.exists()
    inverse = corpus.apply(corpus.appending([BYE]))
    assert Corpus(path).utterances_of("bye") == [BYE]

    corpus.apply(inverse)
    assert not path.exists()
    assert not corpus.has_changed_outside


def test_an_emptied_file_stays(corpus, path):
    """A file that existed keeps its header when all utterances are deleted."""
    for each in dict.fromkeys(corpus.select()):
        corpus.apply(corpus.replacing(each, None))
    assert path.read_text() == "text,intent,note\n"


def test_unreadable_files_are_refused(tmp_path):
    """A folder is no file."""
    (tmp_path / "train.csv").mkdir()
    with pytest.raises(DataError, match="can't be read"):
        Corpus(tmp_path / "train.csv")
