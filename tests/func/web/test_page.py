"""The page for trying the classifier, in a real browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from func.web.page import PATH
from model.training.trainer import MODEL_NAME
from tests.support.browsers import needs_browser
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

MAX_BYTES = 30_000
ORDER = "where is my order"


@pytest.fixture(scope="module")
def server(small_folder) -> Iterator[RunningServer]:
    """The real server."""
    running = RunningServer.start({"MODEL_PATH": str(small_folder / MODEL_NAME)})
    yield running
    running.stop()


@contextmanager
def opened(browser: Browser, server: RunningServer, **options: Any) -> Iterator[Page]:
    """Open the page; on exit, check that it had no error and loaded nothing from elsewhere."""
    context = browser.new_context(accept_downloads=True, **options)
    page = context.new_page()
    messages: list[str] = []
    urls: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: urls.append(request.url))
    page.goto(server.url)
    expect(page.locator("#examples button").first).to_be_visible()
    yield page
    context.close()
    ours = (f"{server.url}/", "data:", f"blob:{server.url}/")
    assert [url for url in urls if not url.startswith(ours)] == []
    refused = "Failed to load resource"  # Chromium's message for a response with an error status
    assert [message for message in messages if not message.startswith(refused)] == []


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    """The page, just opened."""
    with opened(browser, server) as page:
        yield page


def names_of(page: Page, list_id: str) -> list[str]:
    """Return the names in a list of bars."""
    return page.locator(f"#{list_id} .name").all_inner_texts()


@needs_browser
def test_typing_shows_the_intent(page):
    """Each typed letter updates the intent, its confidence and the alternatives."""
    page.locator("#utterance").press_sequentially(ORDER)

    expect(page.locator("#intent")).to_have_text("order_tracking")
    expect(page.locator("#confidence")).to_have_text(re.compile(r"^\d+\.\d %$"))
    expect(page.locator("#meaning")).to_have_text(re.compile(r"^Answered in [\d.]+ ms"))
    assert names_of(page, "ranking")[0] == "order_tracking"
    assert len(names_of(page, "ranking")) == 4
    expect(page.locator("#status")).to_have_text(re.compile("^order_tracking, "))


@needs_browser
def test_typing_waits_for_one_frame_only(page):
    """The request follows a letter after one frame, without a longer timer."""
    page.evaluate(
        """() => {
            window.log = [];
            const {setTimeout, fetch} = window;
            window.setTimeout = (...all) => { log.push("timer"); return setTimeout(...all); };
            window.fetch = (...all) => { log.push("fetch"); return fetch(...all); };
        }"""
    )
    page.locator("#utterance").press_sequentially("h")
    expect(page.locator("#intent")).not_to_be_empty()

    assert page.evaluate("log[0]") == "fetch"


@needs_browser
def test_out_of_scope_text_is_shown_with_its_nearest_intent(page):
    """The page says that no intent fits, how sure that is, and shows the nearest ones."""
    page.locator("#utterance").fill("zzz qqq")

    expect(page.locator("#intent")).to_have_text("out_of_scope")
    expect(page.locator("#answer")).to_have_attribute("data-state", "out")
    expect(page.locator("#confidence")).to_have_text(re.compile(r"^\d+\.\d %$"))
    assert names_of(page, "ranking")[0] == "out_of_scope"
    expect(page.locator("#leader")).not_to_have_text("out_of_scope")


@needs_browser
def test_evidence_is_marked_in_the_text(page):
    """The n-grams are listed by weight and marked in the text."""
    page.locator("#utterance").fill("Please: where is MY parcel")

    expect(page.locator("#leader")).to_have_text("order_tracking")
    expect(page.locator("#marked")).to_have_text("Please: where is MY parcel")
    marks = "".join(page.locator("#marked mark").all_inner_texts())
    assert "parcel" in marks
    assert "Please" not in marks
    assert len(names_of(page, "ngrams")) > 3


@needs_browser
def test_markup_is_text(page):
    """Typed markup is shown as text and never run."""
    attack = "<img src=x onerror=alert(1)> where is my order"
    page.locator("#utterance").fill(attack)

    expect(page.locator("#marked")).to_have_text(attack)
    assert page.locator("#answer img").count() == 0
    assert attack in page.locator("#curl").inner_text()


@needs_browser
def test_commands_do_the_same(page):
    """The shown commands contain this server and this text, quoted for a shell."""
    page.locator("#utterance").fill("what's my order")
    expect(page.locator("#intent")).not_to_be_empty()

    assert "what'\\''s my order" in page.locator("#curl").inner_text()
    assert "ce-type: chat.message" in page.locator("#event").inner_text()
    page.locator("[data-copies=curl]").click()
    expect(page.locator("[data-copies=curl]")).to_have_text("Copied")


@needs_browser
def test_lines_become_a_labelled_table(page, tmp_path):
    """Pasted lines become a CSV file; a bad line has its reason, and formulas are guarded."""
    lines = [ORDER, "x" * 6000, "hello", "=1+1 hello"]
    page.locator("#lines").fill("\n".join(lines))
    page.locator("#start").click()
    expect(page.locator("#batch-status")).to_contain_text("4 of 4 messages classified, 1 of them")
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "intents.csv")
    with (tmp_path / "intents.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["intent"] for row in rows] == ["order_tracking", "", "greeting", "greeting"]
    assert rows[1]["error"] == "must have at most 5000 characters"
    assert rows[3]["text"] == "'=1+1 hello"


@needs_browser
def test_csv_file_keeps_its_columns(page, tmp_path):
    """The text column of a file with quotes, line breaks and semicolons is found."""
    path = tmp_path / "tickets.csv"
    path.write_bytes(b'id;message\r\n7;"where is\nmy ""order"""\r\n8;hello\r\n')
    page.locator("#file").set_input_files(path)
    expect(page.locator("#column option:checked")).to_have_text("message")
    page.locator("#start").click()
    expect(page.locator("#batch-status")).to_contain_text("2 of 2 messages classified")
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "intents.csv")
    with (tmp_path / "intents.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))

    assert [(row["id"], row["intent"]) for row in rows] == [
        ("7", "order_tracking"),
        ("8", "greeting"),
    ]
    assert rows[0]["message"] == 'where is\nmy "order"'


@needs_browser
def test_token_is_asked_for(browser, small_folder, tmp_path):
    """If the server requires a token, the page asks for it and sends it."""
    (tmp_path / "tokens").write_text("open-sesame")
    environ = {
        "MODEL_PATH": str(small_folder / MODEL_NAME),
        "API_TOKEN_FILE": str(tmp_path / "tokens"),
    }
    server = RunningServer.start(environ)
    with opened(browser, server) as page:
        page.locator("#utterance").fill(ORDER)
        expect(page.locator("#access")).to_be_visible()
        page.locator("#token").fill("open-sesame")
        page.locator("#access button").click()
        expect(page.locator("#intent")).to_have_text("order_tracking")
        expect(page.locator("#access")).to_be_hidden()
    server.stop()


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("text", [ORDER, "zzz qqq"], ids=["known", "out-of-scope"])
def test_page_is_accessible(browser, server, scheme, width, text):
    """There is no violation of axe's rules, and no overflow of a phone's screen."""
    viewport = {"width": width, "height": 800}
    options = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(browser, server, **options) as page:
        page.locator("#utterance").fill(text)
        expect(page.locator("#answer")).to_be_visible()
        found = Axe().run(page)

        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@needs_browser
def test_keyboard_is_enough(page):
    """From the top of the page, Tab moves to the message, then to the examples."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "utterance"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#intent")).not_to_be_empty()


def test_first_view_is_small(server):
    """The page is one file of less than 30 kB and makes no other request."""
    assert len(requests.get(server.url, timeout=TIMEOUT_S).content) < MAX_BYTES
    assert PATH.stat().st_size < MAX_BYTES


def test_page_has_a_strict_policy(server):
    """The policy allows the file's own script and style, and requests to its own server."""
    answer = requests.get(server.url, timeout=TIMEOUT_S)
    policy = dict(
        each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert re.fullmatch(r"'sha256-[\w+/]+='", policy["script-src"])
    assert "unsafe" not in " ".join(policy.values())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_page_is_revalidated(server):
    """A conditional request gets 304; HEAD gets the headers alone."""
    first = requests.get(server.url, timeout=TIMEOUT_S)
    again = requests.get(
        server.url, headers={"If-None-Match": first.headers["ETag"]}, timeout=TIMEOUT_S
    )
    head = requests.head(server.url, timeout=TIMEOUT_S)

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
