"""``GET /model``: a page for people, the card for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from func.web.model_page import render
from model.inference.model_card import CARD_NAME, IntentDescription, ModelCard

CARD = ModelCard(
    ("a<b", "plain"),
    "0123456789abcdef",
    training={
        "created": "2026-11-03T10:00:00+00:00",
        "data": {"train": 1234},
        "metrics": {"accuracy": 0.955, "intents": [{"intent": "plain", "f1": 0.25}]},
    },
    intents={"a<b": IntentDescription("Less & more", ("is a <b>?",))},
)


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html"])
def test_programs_get_the_card(client, small_folder, accept):
    """JSON is the default, and preferred where both are accepted."""
    response = client.get("/model", headers={"Accept": accept} if accept else {})

    assert response.content_type == "application/json"
    assert response.json == json.loads((small_folder / CARD_NAME).read_text())
    assert "Accept" in response.headers["Vary"]


def test_browsers_get_a_page(client):
    """A browser prefers HTML; the page allows no script at all."""
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    response = client.get("/model", headers=accept)
    again = client.get("/model", headers=accept | {"If-None-Match": response.headers["ETag"]})

    assert response.content_type == "text/html; charset=utf-8"
    assert "order_tracking" in response.text
    assert "script-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Accept" in response.headers["Vary"]
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("spaces", "content_type"), [(1000, "text/html"), (31_000, "application/json")]
)
def test_a_header_that_no_browser_sends_is_not_read(client, spaces, content_type):
    """To find a "/" behind spaces takes time that grows with their square: seconds for 32 KiB."""
    response = client.get("/model", headers={"Accept": f"text/html,x{' ' * spaces}y"})

    assert response.mimetype == content_type


def test_page_describes_model_and_intents():
    """The page has the training, the results, and each intent; texts are escaped."""
    page = render(CARD).decode()

    assert "2 intents, trained on 1,234 messages on 3 November 2026. Version 0123456789ab." in page
    assert "<strong>95.5%</strong> of the test messages get the right intent" in page
    assert "a&lt;b" in page
    assert "Less &amp; more" in page
    assert "is a &lt;b&gt;?" in page
    assert page.count("F1 25.0%") == 1
    assert "each message gets a known intent" in page
    assert "Act on" not in page


def test_page_names_threshold_and_confidence_to_act_on():
    """The page says when a message is out of scope, and when to act."""
    page = render(replace(CARD, threshold=0.624, act_above=0.9)).decode()

    assert "is below\n    0.62." in page
    assert "Act on an intent with a confidence of 0.90 or more." in page


@pytest.mark.parametrize(
    "training",
    [
        pytest.param({}, id="none"),
        pytest.param({"created": "soon", "metrics": [], "data": 1}, id="other-types"),
        pytest.param({"metrics": {"accuracy": "high", "intents": [1]}}, id="other-values"),
    ],
)
def test_training_record_may_be_anything(training):
    """A card that another program wrote is shown as far as it is known."""
    page = render(replace(CARD, training=training)).decode()

    assert "2 intents. Version 0123456789ab." in page
    assert "How good it is" not in page


def test_page_says_that_a_model_is_not_calibrated():
    """A model of descriptions alone has no calibration, and neither has somebody's pipeline."""
    assert (
        "as far as the model can say without calibration."
        in render(ModelCard(("a", "b"), "")).decode()
    )
