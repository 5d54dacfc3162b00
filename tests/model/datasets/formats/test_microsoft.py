"""The text files of LUIS and Bot Framework; its JSON is tested with all formats."""

from __future__ import annotations

import pytest

from model.datasets.readers import Reading, ReadOptions, read


@pytest.fixture
def read_lu(tmp_path):
    """Return a function that reads a file with this content."""

    def read_content(*lines: str) -> Reading:
        path = tmp_path / "bot.lu"
        path.write_text("\n".join(lines))
        return read(path)

    return read_content


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param("- hi there", "hi there", id="dash"),
        pytest.param("\t* hi there ", "hi there", id="star"),
        pytest.param("+hi there", "hi there", id="plus"),
        pytest.param("- to {city=Berlin}", "to Berlin", id="label"),
        pytest.param("- to {@city:goal = New York}!", "to New York!", id="role"),
        pytest.param("- set {device = {name = oven} to {value=72}}", "set oven to 72", id="nested"),
        pytest.param("- what is {sum=1+1=2}", "what is 1+1=2", id="equals-sign"),
        pytest.param(r"- a \{x=1\} and \[more\]", "a {x=1} and [more]", id="escaped"),
        pytest.param("- hi (there)", "hi (there)", id="parentheses"),
        pytest.param(r"- \(a|b\) hi", "(a|b) hi", id="escaped-choice"),
    ],
)
def test_utterance_is_read_without_its_labels(read_lu, line, text):
    """Of a labelled entity, the text stays."""
    [example] = read_lu("# Book", line).examples

    assert (example.text, example.intent, example.line) == (text, "Book", 2)


def test_sections_may_be_nested(read_lu):
    """Each has utterances of its own, whatever the number of signs; an empty one is named."""
    reading = read_lu("# Travel", "## Book", "- a flight", "", "#Cancel", "- my flight", "# Help")

    assert [(each.text, each.intent) for each in reading.examples] == [
        ("a flight", "Book"),
        ("my flight", "Cancel"),
    ]
    assert [(note.line, note.message) for note in reading.notes] == [
        (1, "Travel has no utterances"),
        (7, "Help has no utterances"),
    ]


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        pytest.param(["- to {city}"], "3: left out: patterns (1)", id="pattern"),
        pytest.param(["- {a=b} to {city}"], "3: left out: patterns (1)", id="pattern-with-label"),
        pytest.param(["- hi [there]"], "3: left out: patterns (1)", id="pattern-by-brackets"),
        pytest.param(["- (hi|hello) you"], "3: left out: patterns (1)", id="pattern-by-choice"),
        pytest.param(["- {" * 12 + "a=b"], "3: left out: patterns (1)", id="broken-label"),
        pytest.param(
            ["- [more](./more.lu#Help)", "[all](./*)"],
            "3: left out: references to other files (2)",
            id="references",
        ),
        pytest.param(
            ["@ list colour =", "  - red:", "    - crimson"],
            "3: left out: entities and their values (3)",
            id="entity",
        ),
        pytest.param(
            ["$size:phraseList", "- small"],
            "3: left out: entities and their values (2)",
            id="phrase-list",
        ),
        pytest.param(
            ["### ? who are you", "- what are you", "```markdown", "# A bot", "- x", "```"],
            "3: left out: questions and answers (3)",
            id="questions",
        ),
    ],
)
def test_the_rest_is_left_out_and_named(read_lu, lines, note):
    """Each kind has one note, with its first line and its number; the next section is read."""
    reading = read_lu("# Greet", "- hi", *lines, "> a comment", "# Leave", "- bye")

    assert [str(each).rpartition("bot.lu:")[2] for each in reading.notes] == [note]
    assert [(each.text, each.intent) for each in reading.examples] == [
        ("hi", "Greet"),
        ("bye", "Leave"),
    ]


def test_lines_before_the_first_section_are_named(read_lu):
    """They belong to no intent."""
    [note] = read_lu("- hi", "hello", "# Leave", "- bye").notes

    assert note.message == "left out: lines outside of sections (2)"


def test_line_without_a_dash_is_a_problem(read_lu):
    """It may be an utterance."""
    [problem] = read_lu("# Greet", "- hi", "hello").problems

    assert (problem.line, problem.message) == (3, "no dash before the example: hello")


def test_answer_without_an_end_is_a_problem(read_lu):
    """The lines behind it may be utterances."""
    reading = read_lu("# Greet", "- hi", "# ? who", "```", "A bot", "# Leave", "- bye")

    assert [each.text for each in reading.examples] == ["hi"]
    assert [(each.line, each.message) for each in reading.problems] == [
        (4, "the answer that begins here never ends")
    ]


def test_answer_among_utterances_is_a_problem(read_lu):
    """Its place is below a question."""
    [problem] = read_lu("# Greet", "- hi", "```", "- bye", "```").problems

    assert (problem.line, problem.message) == (3, "no dash before the example: ```")


def test_blank_file_is_no_data(tmp_path):
    """Composer writes one for each dialog; it does not make tables beside it a note."""
    (tmp_path / "a.lu").write_text("\n")
    (tmp_path / "b.csv").write_text("text,intent\nhi,Greet\n")

    assert [each.text for each in read(tmp_path).examples] == ["hi"]


def test_files_of_a_folder_are_one_data_set(tmp_path):
    """A bot has one file for each dialog and language."""
    (tmp_path / "a.lu").write_text("# Greet\n- hi\n")
    (tmp_path / "b.lu").write_text("# Greet\n- hello\n")

    assert [each.text for each in read(tmp_path).examples] == ["hi", "hello"]


def test_format_can_be_insisted_on(tmp_path):
    """Only the suffix tells it from other Markdown."""
    path = tmp_path / "bot.md"
    path.write_text("# Greet\n- hi\n")

    [example] = read(path, ReadOptions(format="lu")).examples

    assert (example.text, example.intent) == ("hi", "Greet")
