"""The desk's page, in a real browser, by keyboard alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from model.datasets.records import Utterance
from model.desk.app import create_app
from model.desk.findings import Finding
from model.desk.page import PATH
from model.desk.server import listening
from tests.model.desk.conftest import ACCESS, TRAIN
from tests.support.browsers import needs_browser, watched
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.servers import served
from tests.support.timeouts import TIMEOUT_S

MAX_BYTES = 50_000
DEFAULT_TIMEOUT_MS = 5_000  # Playwright's, which other tests use
THERE = Utterance("hello there", "order_tracking")
FINDINGS = (
    Finding("suspect", (THERE,), ("greeting", "order_tracking"), "Labelled order_tracking."),
    Finding(
        "near_duplicates",
        (Utterance("hello", "greeting"), THERE),
        ("greeting", "order_tracking"),
        "Nearly the same words.",
    ),
    Finding("confused", (), ("greeting", "order_tracking"), "They are confused."),
)
DOUBTFUL = Finding(
    "doubtful", (Utterance("yo", ""), Utterance("<b>yo</b>", "")), ("greeting",), "Unsure."
)
COMPARISON = {
    "utterances": 100,
    "changed": 2,
    "accuracy": [0.9, 0.92],
    "p_value": 0.5,
    "changes": [
        {
            "text": text,
            "label": "greeting",
            "before": before,
            "after": after,
            "confidences": [0.5, 0.9],
            "verdict": verdict,
        }
        for text, before, after, verdict in (
            ("hey", "order_tracking", "greeting", "better"),
            ("hey you", "greeting", "order_tracking", "worse"),
        )
    ],
}


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Wait for a busy machine as long as other tests do."""
    expect.set_options(timeout=TIMEOUT_S * 1000)
    yield
    expect.set_options(timeout=DEFAULT_TIMEOUT_MS)


@pytest.fixture
def url(session) -> Iterator[str]:
    """The URL of a desk with findings, in this process."""
    session.desk.add_findings(FINDINGS, [DOUBTFUL])
    session.neighbours = {"greeting": ["order_tracking"]}
    with listening(create_app(session, ACCESS), 0) as server, served(server):
        yield f"http://127.0.0.1:{server.port}/#{ACCESS}"


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open the page; on exit, check that it had no error and loaded nothing from elsewhere."""
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT_S * 1000)
    page = context.new_page()
    with watched(page, (url.partition("#")[0], "data:")):
        page.goto(url)
        expect(page.locator("#summary")).not_to_be_empty()
        yield page
        context.close()


@pytest.fixture
def page(browser, url) -> Iterator[Page]:
    """The page, just opened."""
    with opened(browser, url) as page:
        yield page


def title(page: Page, text: str) -> None:
    """Wait until the finding with a title is shown."""
    expect(page.locator("#kind")).to_have_text(text)


def rows(page: Page, count: int) -> None:
    """Wait until a number of utterances is found."""
    expect(page.locator("#found")).to_have_text(re.compile(f"of {count}$"))


@needs_browser
def test_a_key_decides_and_another_undoes_it(page, folder):
    """Enter accepts the proposal, U undoes it, K keeps the label."""
    title(page, "Label that the model doubts")
    page.keyboard.press("Enter")
    title(page, "The service was unsure")
    assert "5,hello there,greeting" in (folder / "train.csv").read_text()

    page.keyboard.press("u")
    title(page, "Label that the model doubts")
    assert (folder / "train.csv").read_text() == TRAIN
    page.keyboard.press("k")
    title(page, "Nearly the same words")
    expect(page.locator("#status")).to_have_text("Kept")


@needs_browser
def test_later_and_arrows_move_through_the_queue(page):
    """L postpones a finding; the arrows move without a decision."""
    title(page, "Label that the model doubts")
    page.keyboard.press("l")
    title(page, "Nearly the same words")
    page.keyboard.press("ArrowRight")
    title(page, "The service was unsure")
    page.keyboard.press("ArrowLeft")
    title(page, "Nearly the same words")
    expect(page.locator("#place")).to_have_text("1 of 6")


@needs_browser
def test_an_intent_is_typed_ahead(page, folder):
    """R lists the intents; letters select one of them, or name a new one."""
    title(page, "Label that the model doubts")
    page.keyboard.press("r")
    page.keyboard.type("gre")
    expect(page.locator("#options [aria-selected=true]")).to_have_text("greeting2")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#options [aria-selected=true]")).to_have_text("grenew intent")
    page.keyboard.press("Enter")
    title(page, "The service was unsure")
    assert "5,hello there,gre\n" in (folder / "train.csv").read_text()


@needs_browser
def test_numbers_choose_the_utterances_of_a_finding(page, folder):
    """Of two near-duplicates the second one is deleted; markup is shown as text."""
    title(page, "Label that the model doubts")
    page.keyboard.press("ArrowRight")
    title(page, "Nearly the same words")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("d")
    title(page, "Confused intents")
    assert "hello there" not in (folder / "train.csv").read_text()

    page.keyboard.press("ArrowLeft")
    expect(page.locator("#cards .text").last).to_have_text("<b>yo</b>")
    page.keyboard.press("1")
    page.keyboard.press("o")
    expect(page.locator("#cards .text")).to_have_text(["yo"])
    assert "<b>yo</b>" in (folder / "out_of_scope_validation.csv").read_text()


@needs_browser
def test_found_utterances_are_selected_and_split_off(page, folder):
    """A search, two selected utterances, and a new intent for them."""
    page.keyboard.press("/")
    page.keyboard.type("hello")
    rows(page, 2)
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("x")
    page.keyboard.press("r")
    page.keyboard.type("salute")
    page.keyboard.press("Enter")
    expect(page.locator("#rows .tag")).to_have_text(["salute", "salute"])
    assert (folder / "train.csv").read_text().count(",salute\n") == 2

    page.keyboard.press("g")
    page.keyboard.type("greeting")
    page.keyboard.press("Enter")
    expect(page.locator("#rows .tag")).to_have_text(["greeting", "greeting"])


@needs_browser
def test_an_intent_is_extended_renamed_and_merged(page, folder):
    """I opens the intent of a finding; A adds utterances, M renames or merges."""
    title(page, "Label that the model doubts")
    page.locator("#kinds button", has_text="Confused").click()
    title(page, "Confused intents")
    page.keyboard.press("i")
    rows(page, 2)
    expect(page.locator("#neighbours button")).to_have_text(["order_tracking"])
    expect(page.locator("#description")).to_have_text("Says hello")
    page.keyboard.press("a")
    page.keyboard.type("good day\n\nyo")
    page.keyboard.press("Control+Enter")
    rows(page, 4)
    assert (folder / "train.csv").read_text().endswith(",good day,greeting\n,yo,greeting\n")

    page.keyboard.press("m")
    expect(page.locator("#choosing-note")).to_contain_text("4 utterances")
    page.keyboard.type("order_tracking")
    page.keyboard.press("Enter")
    expect(page.locator("#summary")).to_contain_text("7 utterances, 1 intent,")
    assert "greeting" not in (folder / "test.csv").read_text()


@needs_browser
def test_what_is_left_of_an_emptied_intent_is_deleted(page, folder):
    """The queue begins with it, and D deletes its tests and its description."""
    page.keyboard.press("s")
    page.locator("#intents button", has_text="greeting").click()
    rows(page, 2)
    page.keyboard.press("g")
    page.keyboard.type("order_tracking")
    page.keyboard.press("Enter")
    expect(page.locator("#summary")).to_contain_text("1 intent,")
    page.keyboard.press("q")
    title(page, "Intent without utterances")
    expect(page.locator("#note")).to_contain_text("test.csv")
    page.keyboard.press("d")
    expect(page.locator("#status")).to_have_text("Deleted")
    assert "greeting" not in (folder / "test.csv").read_text()
    assert "greeting" not in (folder / "intent_descriptions.csv").read_text()


@needs_browser
def test_an_utterance_is_reworded(page, folder):
    """E edits the text at the cursor."""
    page.keyboard.press("s")
    rows(page, 5)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("hi, all")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#rows .text").nth(1)).to_contain_text("hi, all")
    assert '2,"hi, all",greeting' in (folder / "train.csv").read_text()


@needs_browser
def test_changes_of_other_programs_are_shown(page, folder):
    """The desk writes nothing until it has read the file again."""
    (folder / "train.csv").write_text(f"{TRAIN}6,added,greeting\n")
    page.keyboard.press("k")
    expect(page.locator("#outside")).to_be_visible()
    page.locator("#reload").click()
    expect(page.locator("#summary")).to_contain_text("6 utterances")
    expect(page.locator("#outside")).to_be_hidden()


@needs_browser
def test_keys_are_listed(page):
    """The keys of the view are shown by a question mark, and Escape closes them."""
    title(page, "Label that the model doubts")
    page.keyboard.press("?")
    expect(page.locator("#key-list")).to_contain_text("Relabel as greeting")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


@needs_browser
def test_a_page_without_the_token_says_what_to_open(browser, url):
    """It shows no data."""
    page = browser.new_page()
    page.goto(url.partition("#")[0])
    expect(page.locator("#trouble")).to_contain_text("Open the URL")
    page.close()


def show_queue(page: Page) -> None:
    title(page, "Label that the model doubts")


def show_utterances(page: Page) -> None:
    page.keyboard.press("s")
    rows(page, 5)
    page.keyboard.press("x")


def show_comparison(page: Page) -> None:
    page.keyboard.press("t")
    expect(page.locator("#numbers")).to_contain_text("92.0 %")


def show_choice(page: Page) -> None:
    title(page, "Label that the model doubts")
    page.keyboard.press("r")
    expect(page.locator("#choosing")).to_be_visible()


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("show", [show_queue, show_utterances, show_comparison, show_choice])
def test_the_page_is_accessible(browser, url, session, scheme, width, show):
    """There is no violation of axe's rules, and no overflow of a phone's screen."""
    session.training.comparison = COMPARISON
    viewport = {"width": width, "height": 800}
    with opened(browser, url, viewport=viewport, color_scheme=scheme) as page:
        show(page)
        found = Axe().run(page)

        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_is_small():
    """The page is one file."""
    assert PATH.stat().st_size < MAX_BYTES


# SOAK_DESK=1 takes the whole shipped data, whose two trainings take minutes.
SHARE = 1 if os.environ.get("SOAK_DESK") else 24
TRAINING_S = 900.0
SHIPPED = ("train.csv", "test.csv", "out_of_scope_validation.csv", "out_of_scope_test.csv")
DECISIONS = 16  # of the labels that the model doubts


@pytest.fixture
def shipped_copy(tmp_path):
    """A part of the shipped data, of each intent, so that training takes seconds; or all."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    for name in SHIPPED:
        head, *lines = (ROOT / "model" / "data" / name).read_text().splitlines(keepends=True)
        (folder / name).write_text(head + "".join(lines[::SHARE]))
    return folder


@pytest.fixture
def command(shipped_copy, tmp_path) -> Iterator[str]:
    """The URL of the real command on that data."""
    arguments = ["--data", str(shipped_copy), "--output", str(tmp_path / "model"), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "model.desk", *arguments],
        cwd=ROOT,
        env=unmeasured() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    [url] = re.findall(r"http\S+", process.stdout.readline())
    yield url
    process.terminate()
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0


@needs_browser
@pytest.mark.slow
def test_decisions_are_trained_and_compared(browser, command, shipped_copy, tmp_path):
    """By keyboard alone: half of the doubtful labels are kept, half changed, and compared."""
    before = (shipped_copy / "train.csv").read_text().splitlines()
    with opened(browser, command) as page:
        expect(page.locator("#summary")).to_contain_text(f" {len(before) - 1:,} utterances, 34")
        expect(page.locator("#kind")).to_have_text(
            "Label that the model doubts", timeout=TRAINING_S * 1000
        )
        for number in range(1, DECISIONS + 1):
            page.keyboard.press(("k", "Enter")[number % 2])
            expect(page.locator("#summary")).to_contain_text(f"{number} decision")
            expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        page.keyboard.press("t")
        expect(page.locator("#actions button").first).to_contain_text("Train again and compare")
        page.keyboard.press("Enter")
        expect(page.locator("#comparison")).to_be_visible(timeout=TRAINING_S * 1000)
        expect(page.locator("#numbers strong").first).to_have_text(re.compile(r"^\d\d\.\d %$"))
        # The page says so last; it would replace what it says of the next key.
        expect(page.locator("#status")).to_have_text("Training done")
        page.keyboard.press("w")
        expect(page.locator("#status")).to_contain_text("written")

    after = (shipped_copy / "train.csv").read_text().splitlines()
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    log = (shipped_copy / "train.csv.decisions").read_text().splitlines()
    assert len(changed) == DECISIONS / 2
    assert [json.loads(line)["action"] for line in log] == ["relabel", "keep"] * (DECISIONS // 2)
    assert (tmp_path / "model" / "intent_model.safetensors").exists()
