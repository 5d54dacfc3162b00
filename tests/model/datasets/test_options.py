"""Options of commands that read data."""

from __future__ import annotations

import argparse

from model.datasets.documents.document import ReadOptions
from model.datasets.options import add_reading_arguments, read_options


def parse(*arguments: str) -> ReadOptions:
    parser = argparse.ArgumentParser()
    add_reading_arguments(parser)
    return read_options(parser.parse_args(arguments))


def test_options_are_those_of_reading():
    """Each option has its field."""
    arguments = "--format csv --text-column a --intent-column b --sheet c"

    assert parse(*arguments.split()) == ReadOptions("csv", "a", "b", "c")


def test_defaults_take_everything():
    """Without options, the format is recognised and no intent is left out."""
    assert parse() == ReadOptions()


def test_intents_out_of_scope_add_up():
    """The option may be repeated."""
    options = parse("--out-of-scope-intent", "None", "--out-of-scope-intent", "other")

    assert options.out_of_scope_intents == ("None", "other")
