from __future__ import annotations

import pytest

HELLO = {"text": "hello", "intent": "greeting"}
DELETE = {"action": "delete", "utterances": [HELLO]}


def test_the_page_is_restricted_to_itself(client):
    """It is not cached, runs its own script only, and can't be framed."""
    headers = client.get("/", headers={"Authorization": ""}).headers
    assert "script-src 'sha256-" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": ""}, id="no token"),
        pytest.param({"Host": "evil.example"}, id="rebound name"),
        pytest.param({"Origin": "https://evil.example"}, id="foreign page"),
    ],
)
@pytest.mark.parametrize("path", ["/api/decide", "/api/nothing"])
def test_foreign_requests_change_nothing(client, session, headers, path):
    """They are refused with the reason."""
    response = client.post(path, json=DELETE, headers=headers)
    assert response.status_code == 403
    assert response.json["error"]
    assert session.desk.state()["utterances"] == 5


def test_an_impossible_decision_is_400(client):
    """The answer says why."""
    response = client.post("/api/decide", json={"action": "buy"})
    assert (response.status_code, response.json) == (400, {"error": "There is no such action"})


def test_a_file_that_was_changed_outside_is_409(client, folder):
    """The page can offer to read it again."""
    (folder / "train.csv").write_text("text,intent\nnew,x\n")
    response = client.post("/api/decide", json=DELETE)
    assert response.status_code == 409
    assert "changed outside" in response.json["error"]
    assert client.post("/api/reload").json["utterances"] == 1


def test_data_that_cannot_be_read_again_is_409(client, folder):
    """The first problem is named."""
    (folder / "train.csv").unlink()
    response = client.post("/api/reload")
    assert response.status_code == 409
    assert "holds no file train; " in response.json["error"]


def test_a_file_that_cannot_be_written_is_500(client, folder):
    """The system's reason is named."""
    (folder / "train.csv.decisions").mkdir()
    response = client.post("/api/decide", json=DELETE)
    assert response.status_code == 500
    assert response.json == {"error": "A file can't be written: Is a directory"}


def test_large_bodies_are_refused(client):
    """A selection of many utterances is sent as a search."""
    assert client.post("/api/decide", json={"to": "x" * 2_000_000}).status_code == 413
