from __future__ import annotations

import base64
import csv
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from func.models.served_model import ServedModel
from func.protocols.cloudevents import Event, Mode
from func.protocols.corrections import Correction
from func.protocols.event_api import EventApi
from func.settings import Settings
from model import review
from model.feedback.event_log import Correction as LoggedCorrection
from model.feedback.event_log import read_event_log
from model.review import EXAMPLES, main
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.timeouts import TIMEOUT_S

TEXTS = ("zzz qqq www", "zzz qqq vvv", "jjj kkk")


def request(number: int, text: str, **attributes: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": "chat.message", "source": "/chat", "id": str(number)}
    return event | {"data": {"text": text}} | attributes


@pytest.fixture(scope="session")
def outside_model(small_model):
    """A threshold at which the small model rejects unknown words."""
    [known] = small_model.score(["reset my password"])[1]
    [unknown] = small_model.score(["zzz qqq www"])[1]
    return (known + unknown) / 2


@pytest.fixture
def model_path(small_trained, tmp_path, outside_model):
    """Path of the small model with that threshold."""
    small_trained.save(tmp_path / "model")
    card = tmp_path / "model" / "model_card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"threshold": outside_model}))
    return tmp_path / "model" / "intent_model.pkl"


@pytest.fixture
def ask(small_model, outside_model):
    """Return a function that replies to an event as the service does."""
    card = small_model.card
    model = type(small_model)(small_model._scorer, _with_threshold(card, outside_model))
    api, served = EventApi(Settings()), ServedModel("intents", "", model, 0)

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        parsed = api.parse(Event.from_json(event), Mode.STRUCTURED, served)
        response = parsed.respond(model.predict(parsed.utterances))
        reply: dict[str, Any] = json.loads(response.body)
        return reply

    return answer


def _with_threshold(card: Any, threshold: float) -> Any:
    fields = {name: getattr(card, name) for name in card.__slots__}
    return type(card)(**fields | {"threshold": threshold})


@pytest.fixture
def log(tmp_path, ask):
    """A sink's log: each request and the service's reply, in any order."""
    requests = [request(number, text) for number, text in enumerate((*TEXTS, "hello"))]
    path = tmp_path / "events.jsonl"
    lines = [*map(ask, requests), *requests]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.fixture
def train(tmp_path):
    """A training file with a further column."""
    path = tmp_path / "train.csv"
    path.write_text("id,intent,text\n1,greeting,hello\n")
    return path


@pytest.fixture
def run(log, train, model_path, monkeypatch, capsys):
    """Run the command with answers typed at its prompt; return exit code, output and errors."""

    def run_with(typed: str, *options: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        files = [str(log), "--train", str(train), "--model", str(model_path), "--below", "0"]
        return main([*files, *options]), *capsys.readouterr()

    return run_with


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_groups_are_asked_for_and_added(run, train):
    """Similar texts form a group, the largest group comes first, and decisions are added."""
    code, output, errors = run("game\ny\no\n")

    assert (code, errors) == (0, "")
    assert "4 answers, 3 different texts out of scope or below 0.0\n" in output
    assert "\nGroup 1 of 2: 2 texts\n  zzz qqq www\n  zzz qqq vvv\n1: " in output
    assert "\nGroup 2 of 2: 1 text\n  jjj kkk\n1: " in output
    assert output.count("Possibly a new intent\n") == 2
    assert rows(train) == [
        ["1", "greeting", "hello"],
        ["", "game", "zzz qqq www"],
        ["", "game", "zzz qqq vvv"],
    ]
    assert rows(train.with_name("out_of_scope_validation.csv")) == [["jjj kkk", "out_of_scope"]]
    assert output.endswith(
        f"Added 2 texts to {train}\nAdded 1 texts to "
        f"{train.with_name('out_of_scope_validation.csv')}\n"
    )


def test_second_review_adds_nothing(run, train):
    """A text of the training file is not added again, nor with another intent."""
    run("game\ny\ns\n")
    before = train.read_text()

    _, again, _ = run("game\ny\ns\n")
    _, _, warnings = run("greeting\ns\n")

    assert again.endswith(f"Added 0 texts to {train}; it already has 2\n")
    assert warnings == (
        f"warning: {train}:3: labelled game, not greeting; kept\n"
        f"warning: {train}:4: labelled game, not greeting; kept\n"
    )
    assert train.read_text() == before


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        pytest.param("", 0, id="end-of-input"),
        pytest.param("q\n", 0, id="stop"),
        pytest.param("\n\n", 0, id="default-of-a-new-intent-is-skip"),
        pytest.param("s\ngreeting\n", 1, id="skip-then-name"),
        pytest.param("9\n0\ngreeting\nq\n", 2, id="no-such-number"),
        pytest.param("gretting\n\ngreeting\nq\n", 2, id="typo"),
        pytest.param("gretting\n", 0, id="typo-then-end"),
        pytest.param("game\nyes\ngame\n", 3, id="new-name-is-asked-once"),
    ],
)
def test_answers_mean_what_the_prompt_says(run, train, typed, added):
    """Numbers and names are checked; the end of the input stops."""
    run(typed)

    assert len(rows(train)) == 1 + added


def test_number_takes_a_proposal(run, train):
    """The numbers are those of the proposals."""
    _, output, _ = run("2\nq\n")

    proposal = output.split("\n2: ")[1].split()[0]
    assert [row[1] for row in rows(train)[1:]] == [proposal] * 2


def test_likely_intent_is_the_default(run, train, log):
    """Where the model was nearly sure, Enter takes its proposal."""
    line = {"message": "reset my password now", "intent": "password_reset", "confidence": 0.4}
    log.write_text(f"{json.dumps(line)}\n")

    _, output, _ = run("\n", "--below", "0.5")

    assert "s skip, q stop) [password_reset]: " in output
    assert rows(train)[1:] == [["", "password_reset", "reset my password now"]]


def test_large_groups_are_cut(run, log):
    """Five texts of a group are shown, and how many more there are."""
    texts = [f"zzz qqq {'x' * n}" for n in range(8)]
    lines = ({"text": text, "intent": "out_of_scope", "confidence": 0.4} for text in texts)
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    _, output, _ = run("")

    assert "8 texts\n" in output
    assert "\n  and 3 more\n" in output


def test_number_of_texts_is_bounded(run, monkeypatch):
    """Memory grows with the square of the number of texts: only the last ones are reviewed."""
    monkeypatch.setattr(review, "MAX_UTTERANCES", 1)

    _, output, warnings = run("")

    assert warnings == "warning: only the last 1 texts are reviewed\n"
    assert "Group 1 of 1: 1 text\n  jjj kkk\n" in output


def test_texts_without_words_are_no_crash(run, log):
    """A text without n-grams is similar to no other."""
    lines = (
        {"text": sign, "intent": "out_of_scope", "confidence": 0.1} for sign in ("\u200b.", "!")
    )
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    code, output, _ = run("")

    assert code == 0
    assert "Group 1 of " in output


def test_confident_predictions_need_no_review(run, log, train):
    """A log of confident predictions asks nothing."""
    log.write_text('{"text": "hello", "intent": "greeting", "confidence": 1}\n')

    code, output, _ = run("")

    assert code == 0
    assert output.endswith("0 different texts out of scope or below 0.0\nNothing to add\n")
    assert len(rows(train)) == 1


def test_decisions_can_be_made_in_a_file(run, train, tmp_path):
    """Proposals are written, edited as a table, and accepted; skipped ones are left out."""
    decisions = tmp_path / "decisions.csv"
    code, output, _ = run("", "--propose", str(decisions))
    assert code == 0
    assert output.endswith(f"Wrote 3 proposals to {decisions}\n")
    assert rows(decisions) == [
        ["1", "zzz qqq www", "s"],
        ["1", "zzz qqq vvv", "s"],
        ["2", "jjj kkk", "s"],
    ]
    decisions.write_text(decisions.read_text().replace("vvv,s", "vvv,game"))

    assert run("", "--accept", str(decisions))[0] == 0

    assert rows(train)[1:] == [["", "game", "zzz qqq vvv"]]


@pytest.fixture
def corrected_log(log):
    """A log with corrections of three texts, one of them corrected twice."""
    settings = Settings()
    answer = {"intent": "greeting", "confidence": 0.6}
    decided = {"zzz qqq www": "greeting", "buy game": "game", "jjj kkk": "out_of_scope"}
    corrections = [
        Correction.from_fields({"text": text, "answer": answer, "intent": intent}, (), settings)
        for text, intent in [("buy game", "old"), *decided.items()]
    ]
    lines = [json.dumps(each.to_event(settings).to_json()) for each in corrections]
    log.write_text(log.read_text() + "\n".join(lines))
    return log


@pytest.mark.usefixtures("corrected_log")
def test_corrections_are_proposed_first(run, train, tmp_path):
    """A corrected text is proposed with its last correction, and not as an uncertain one."""
    decisions = tmp_path / "decisions.csv"

    _, output, _ = run("", "--propose", str(decisions))

    assert "3 different texts corrected by people\n" in output
    assert rows(decisions)[:3] == [
        ["1", "buy game", "game"],
        ["2", "zzz qqq www", "greeting"],
        ["3", "jjj kkk", "out_of_scope"],
    ]
    assert [row[1:] for row in rows(decisions)[3:]] == [["zzz qqq vvv", "s"]]
    assert run("", "--accept", str(decisions))[0] == 0
    assert rows(train)[1:] == [["", "game", "buy game"], ["", "greeting", "zzz qqq www"]]


@pytest.mark.usefixtures("corrected_log")
def test_correction_is_the_default_of_its_question(run, train):
    """Enter accepts a correction; a new intent needs confirmation as always."""
    _, output, _ = run("\ny\n\nq\n")

    assert "Group 1 of 4: 1 text\n  buy game\nCorrected by people: game\n" in output
    assert rows(train)[1:] == [["", "game", "buy game"], ["", "greeting", "zzz qqq www"]]


def test_saved_corrections_are_a_log(tmp_path):
    """The file that the page saves holds the data of the events, and is enough."""
    saved = {"text": " hi ", "answer": {"intent": "bye"}, "intent": "greeting", "comment": "short"}
    wrong = [saved | {"intent": " "}, saved | {"text": 1}]
    path = tmp_path / "corrections.jsonl"
    path.write_text("\n".join(map(json.dumps, [saved, *wrong])))

    log = read_event_log(path)

    assert log.corrections == (LoggedCorrection("hi", "greeting", "bye", "short"),)
    assert (log.predictions, log.unreadable) == ((), 2)


FALLBACKS = [
    {"text": "zzz qqq www", "intent": "order_tracking", "confidence": 0.99},
    {"text": "zzz qqq vvv", "intent": "out_of_scope", "confidence": 0.99},
    {"text": "zzz qqq uuu", "intent": "order_tracking", "confidence": 0.99},
]


@pytest.fixture
def answered_by_fallback(log):
    """A log in which the fallback has answered similar texts, and failed to answer another one."""
    lines = [line | {"answered_by": "fallback"} for line in FALLBACKS]
    lines.append({"text": "jjj", "intent": "greeting", "confidence": 0.99, "answered_by": "model"})
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.usefixtures("answered_by_fallback")
def test_answers_of_the_fallback_are_proposed(run, tmp_path):
    """Each text has its own; all that the model was not sure of is reviewed."""
    decisions = tmp_path / "decisions.csv"
    _, output, _ = run("", "--propose", str(decisions))

    assert "3 answers are the fallback's: its intents are proposed\n" in output
    proposals = {text: intent for _, text, intent in rows(decisions)}
    assert proposals == {line["text"]: line["intent"] for line in FALLBACKS} | {"jjj": "s"}


@pytest.mark.usefixtures("answered_by_fallback")
def test_most_frequent_answer_of_the_fallback_is_a_groups_default(run, train):
    """Enter takes it for the whole group."""
    _, output, _ = run("\nq\n")

    assert "s skip, q stop) [order_tracking]: " in output
    assert [row[1] for row in rows(train)[1:]] == ["order_tracking"] * 3


def test_formulas_are_guarded_in_proposals_and_added_unchanged(run, log, train, tmp_path):
    """A spreadsheet program runs no text of a user; the training data gets the original text."""
    line = {"text": "=HYPERLINK(1)", "intent": "out_of_scope", "confidence": 0.1}
    log.write_text(f"{json.dumps(line)}\n")
    decisions = tmp_path / "decisions.csv"
    run("", "--propose", str(decisions))
    assert rows(decisions) == [["1", "'=HYPERLINK(1)", "s"]]
    decisions.write_text(decisions.read_text().replace(",s", ",game"))

    assert run("", "--accept", str(decisions))[0] == 0

    assert rows(train)[1:] == [["", "game", "=HYPERLINK(1)"]]


def test_texts_can_not_control_the_terminal(run, log):
    """Control characters and line breaks of a text are shown escaped."""
    line = {"text": "a\x1b]52;c;aGk=\x07\n1: b", "intent": "out_of_scope", "confidence": 0.1}
    log.write_text(f"{json.dumps(line)}\n")

    _, output, _ = run("")

    assert "\n  a\\u001b]52;c;aGk=\\u0007\\n1: b\n" in output


def test_decisions_on_other_texts_are_refused(run, train, tmp_path):
    """Decisions on the texts of another log are an error."""
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("text,intent\nsomething else,game\n")

    assert run("", "--accept", str(decisions))[0::2] == (
        1,
        f"error: {decisions}:2: is not among the texts of the log\n",
    )
    assert len(rows(train)) == 1


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("t.jsonl", '{"text": "a"', None, id="broken"),
        pytest.param(
            "t.jsonl",
            '{"text": "hello", "intent": "greeting"}',
            '{"text": "hello", "intent": "greeting"}\n{"text": "jjj kkk", "intent": "greeting"}\n',
            id="jsonl-without-line-break",
        ),
        pytest.param("t.tsv", "intent\ttext\r\n", None, id="tsv-without-rows"),
        pytest.param(
            "t.tsv",
            "intent\ttext\r\nx\ty\r\n",
            "intent\ttext\r\nx\ty\r\ngreeting\tjjj kkk\r\n",
            id="tsv-of-windows",
        ),
        pytest.param(
            "t.csv",
            "Utterance;Label\nx;y\n",
            "Utterance;Label\nx;y\njjj kkk;greeting\n",
            id="other-columns",
        ),
        pytest.param("t.csv", "x,y\n", "x,y\njjj kkk,greeting\n", id="no-header"),
        pytest.param(
            "t.jsonl",
            '{"message":"x","label":"y"}\n',
            '{"message":"x","label":"y"}\n{"message":"jjj kkk","label":"greeting"}\n',
            id="other-keys",
        ),
        pytest.param("t.jsonl", '[{"text": "a", "intent": "b"}]', None, id="list"),
        pytest.param("t.yml", "", None, id="yaml"),
        pytest.param("new.jsonl", None, '{"text": "jjj kkk", "intent": "greeting"}\n', id="new"),
    ],
)
def test_training_file_keeps_its_form(run, tmp_path, name, content, expected):
    """Each format keeps its form; an unreadable file is not changed."""
    path = tmp_path / name
    before = set() if content is None else {path.write_bytes(content.encode())}

    code, _, errors = run("s\ngreeting\n", "--train", str(path))

    assert (code, errors == "") == ((0, True) if expected else (1, False))
    assert path.read_bytes() == (expected or content).encode()
    assert len(before) <= 1


def test_training_file_keeps_its_place_and_permissions(run, train, tmp_path):
    """It may be private, or a link to where the data lies."""
    train.chmod(0o600)
    (tmp_path / "link.csv").symlink_to(train)

    assert run("s\ngreeting\n", "--train", str(tmp_path / "link.csv"))[0] == 0

    assert rows(train)[-1] == ["", "greeting", "jjj kkk"]
    assert (tmp_path / "link.csv").is_symlink()
    assert stat.S_IMODE(train.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "message"), [("t.xlsx", "t.xlsx: is none of"), ("no/t.csv", "no: is no folder")]
)
def test_unusable_training_file_is_named_before_anybody_is_asked(run, tmp_path, name, message):
    """Answers that can't be written would be lost."""
    code, output, errors = run("", "--train", str(tmp_path / name))

    assert (code, "Group 1" in output) == (1, False)
    assert errors.startswith(f"error: {tmp_path}/{message}")


@pytest.mark.parametrize(
    ("lines", "texts", "counts"),
    [
        pytest.param(
            [
                request(1, "", data="hello", datacontenttype="text/plain"),
                {"intent": "x", "confidence": 0.1, "request": {"id": "1", "source": "/chat"}},
            ],
            ["hello"],
            (0, 0),
            id="plain-text-and-data-of-a-reply",
        ),
        pytest.param(
            [
                request(1, "", data_base64=base64.b64encode(b'{"message": "hi"}').decode()),
                request(2, "", data_base64=base64.b64encode(b"hello").decode()),
                *(
                    {"intent": "x", "confidence": 0.1, "request": {"id": n, "source": "/chat"}}
                    for n in ("1", "2")
                ),
            ],
            ["hi", "hello"],
            (0, 0),
            id="base64",
        ),
        pytest.param(
            [
                request(1, "", data_base64="a"),
                request(2, "", data=None),
                {"intent": "x", "confidence": 0.1, "request": {"id": "9", "source": "/chat"}},
                {"intent": "x", "confidence": 0.1},
                {"text": "loose"},
                [1],
                {"text": "hello", "intent": "x", "confidence": 0.2},
            ],
            ["hello"],
            (1, 5),
            id="what-does-not-belong",
        ),
        pytest.param(
            [
                {"text": "hi", "intent": "x", "confidence": 10**400},
                {"text": "hi", "intent": "x", "confidence": float("nan")},
                {"text": "hi", "intent": "\ud800", "confidence": 0.2},
                {"text": "hello", "intent": "x", "confidence": 0.2},
            ],
            ["hello"],
            (0, 3),
            id="impossible-answers",
        ),
    ],
)
def test_logs_are_read_in_any_form(tmp_path, lines, texts, counts):
    """Requests and answers are joined by source and id; the rest is counted."""
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + '\n\n{"torn')

    log = read_event_log(path)

    assert [each.text for each in log.predictions] == texts
    assert (log.without_text, log.unreadable - 1) == counts


def displayed(event: dict[str, Any]) -> str:
    """Print an event as Knative's event_display does."""
    data = event["data"] if isinstance(event["data"], str) else json.dumps(event["data"], indent=2)
    head = "".join(f"  {name}: {value}\n" for name, value in event.items() if name != "data")
    body = "".join(f"  {line}\n" for line in data.splitlines())
    return f"☁️  cloudevents.Event\nContext Attributes,\n{head}Data,\n{body}\n"


def test_log_of_event_display_is_read(tmp_path, ask):
    """The log of Knative's event_display is read as `kubectl logs` prints it."""
    event = request(1, "zzz qqq www")
    plain = request(2, "", data="jjj kkk", datacontenttype="text/plain")
    path = tmp_path / "sink.log"
    path.write_text(
        "2026/11/24 listening\n" + "".join(map(displayed, (event, ask(event), plain, ask(plain))))
    )

    log = read_event_log(path)

    assert [each.text for each in log.predictions] == ["zzz qqq www", "jjj kkk"]
    assert log.predictions[0].intent == "out_of_scope"


def test_unused_events_are_counted(run, log):
    """Replies without their request and other events are warnings."""
    reply = {"intent": "x", "confidence": 0.1, "request": {"id": "lost", "source": "/chat"}}
    log.write_text(f"{log.read_text()}{json.dumps(reply)}\nsomething\n")

    assert run("")[2] == (
        "warning: 1 answers left out: their requests are not in the log\n"
        "warning: 1 events left out: neither requests, answers nor corrections\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["none.jsonl"], "none.jsonl: can't be read", id="missing"),
        pytest.param(["empty.jsonl"], "empty.jsonl: holds no prediction together with", id="empty"),
        pytest.param(["log", "--model", "none.pkl"], "none.pkl does not exist", id="model"),
        pytest.param(
            ["log", "--propose", "no/d.csv"], "no/d.csv can't be written: No such", id="folder"
        ),
    ],
)
def test_unusable_files_are_one_line(
    options, message, log, model_path, tmp_path, monkeypatch, capsys
):
    """One line names the file and the reason."""
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").touch()
    Path("log").write_bytes(log.read_bytes())

    assert main(["--model", str(model_path), *options]) == 1

    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {message}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("share", ["-1", "2", "much"])
def test_share_that_is_none_is_wrong_usage(share, capsys):
    """A confidence lies between 0 and 1."""
    with pytest.raises(SystemExit) as caught:
        main(["log", f"--below={share}"])

    assert caught.value.code == 2
    assert "must lie between 0 and 1" in capsys.readouterr().err


def test_help_shows_examples(capsys):
    """The help ends with examples and the exit codes."""
    with pytest.raises(SystemExit):
        main(["--help"])

    assert capsys.readouterr().out.endswith(EXAMPLES)


def command(log: Path, train: Path, model_path: Path) -> list[str]:
    files: Sequence[object] = (log, "--train", train, "--model", model_path, "--below", 0)
    return [sys.executable, "-m", "model.review", *map(str, files)]


def test_review_in_a_terminal(log, train, model_path):
    """A person answers at the prompt of the real command."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(log, train, model_path),
        cwd=ROOT,
        env=unmeasured(),
        stdin=theirs,
        stdout=theirs,
    )
    os.close(theirs)
    shown = _read_until(ours, b"q stop) [s]: ")
    os.write(ours, b"game\n")
    shown += _read_until(ours, b"[y/N]: ")
    os.write(ours, b"y\n")
    shown += _read_until(ours, b"q stop) [s]: ")
    os.write(ours, b"q\n")
    _read_until(ours, b"Added 2 texts")

    assert process.wait(TIMEOUT_S) == 0
    os.close(ours)
    assert b"game is a new intent. Add it?" in shown
    assert len(rows(train)) == 3


def test_interrupted_review_writes_nothing(log, train, model_path):
    """Ctrl-C at the prompt leaves the training data as it was."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(log, train, model_path),
        cwd=ROOT,
        env=unmeasured(),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    _read_until(ours, b"q stop) [s]: ")
    os.write(ours, b"greeting\n")
    _read_until(ours, b"q stop) [s]: ")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    os.close(ours)

    assert (process.returncode, errors) == (130, "error: interrupted\n")
    assert len(rows(train)) == 1


def _read_until(file: int, end: bytes) -> bytes:
    shown = b""
    while end not in shown:
        shown += os.read(file, 4096)
    return shown
