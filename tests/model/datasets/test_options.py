"""Options of commands that read data."""

from __future__ import annotations

import argparse

import pytest

from model.datasets.checks import LoadOptions
from model.datasets.documents.document import ReadOptions
from model.datasets.options import add_loading_arguments, load_options


def parse(*arguments: str) -> LoadOptions:
    parser = argparse.ArgumentParser()
    add_loading_arguments(parser)
    return load_options(parser.parse_args(arguments))


def test_options_are_those_of_reading_and_checking():
    """Each option has its field."""
    arguments = "--format csv --text-column a --intent-column b --sheet c --min-utterances 3"

    assert parse(*arguments.split()) == LoadOptions(ReadOptions("csv", "a", "b", "c"), 3)


def test_defaults_take_everything():
    """Without options, the format is recognised and no intent is left out."""
    assert parse() == LoadOptions()


def test_intents_out_of_scope_add_up():
    """The option may be repeated."""
    options = parse("--out-of-scope-intent", "None", "--out-of-scope-intent", "other")

    assert options.reading.out_of_scope_intents == ("None", "other")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "²"])
def test_number_of_utterances_is_positive(number, capsys):
    """Other values are wrong usage."""
    with pytest.raises(SystemExit) as caught:
        parse("--min-utterances", number)

    assert caught.value.code == 2
    assert "--min-utterances" in capsys.readouterr().err
