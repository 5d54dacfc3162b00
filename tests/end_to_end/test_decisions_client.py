"""OpenAI's client, unmodified, asks the real server for decisions."""

from __future__ import annotations

from tests.support.documentation.snippets import needs_clients, program, run_snippet

REFUSED = """
from openai import APIStatusError, OpenAI

client = OpenAI(base_url="http://localhost:8080/v1", api_key="any", max_retries=0)
levels = [{"label": "thanks"}, {"label": "complaint"}]
score = {"type": "score", "instructions": "", "levels": levels}
decision = client.decisions.create(model="any", input="this is an outrage", questions=[score])
[answer] = decision.answers
print(round(answer.score), [level.label for level in answer.probabilities], answer.name)
for text, questions in (("hi", []), ("", [score]), ("x" * 6000, [score])):
    try:
        client.decisions.create(model="any", input=text, questions=questions)
    except APIStatusError as error:
        print(type(error).__name__, error.status_code, error.body["message"])
"""


@needs_clients
def test_client_works_unchanged(shipped_server):
    """The documented program prints the documented output."""
    code, printed = program("openai")

    assert run_snippet(shipped_server, code) == printed


@needs_clients
def test_client_recognises_errors(shipped_server):
    """Scores have answers; each error is the client's own, with the reason."""
    assert run_snippet(shipped_server, REFUSED).splitlines() == [
        "1 ['thanks', 'complaint'] None",
        "BadRequestError 400 'questions' must be a list of 1 to 400 questions",
        "BadRequestError 400 'input' must not be empty",
        "APIStatusError 413 'input' must have at most 5000 characters",
    ]
