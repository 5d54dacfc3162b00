"""The page for trying the classifier, in a real browser."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from func.web.page import PATH
from model.feedback.event_log import Correction, read_event_log
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.model_card import CARD_NAME
from model.training.fitted_model import MODEL_NAME
from tests.support.browsers import needs_browser, watched
from tests.support.kubernetes.event_sink import Sink, running_sink
from tests.support.servers import RunningServer
from tests.support.spreadsheets import write_ods, write_xlsx
from tests.support.timeouts import TIMEOUT_S

MAX_BYTES = 56_000
ORDER = "where is my order"


@pytest.fixture(scope="module")
def server(small_folder) -> Iterator[RunningServer]:
    """The real server."""
    running = RunningServer.start({"MODEL_PATH": str(small_folder / MODEL_NAME)})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def described(small_folder, tmp_path_factory) -> Iterator[RunningServer]:
    """A server whose model card describes an intent."""
    folder = tmp_path_factory.mktemp("described")
    (folder / COMPILED_NAME).write_bytes((small_folder / COMPILED_NAME).read_bytes())
    card = json.loads((small_folder / CARD_NAME).read_text())
    meaning = {"description": "Questions about parcels", "examples": ["where is it"]}
    (folder / CARD_NAME).write_text(json.dumps(card | {"intents": {"order_tracking": meaning}}))
    running = RunningServer.start({"MODEL_URI": str(folder)})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def correcting(small_folder) -> Iterator[tuple[RunningServer, Sink]]:
    """A server with a sink of corrections."""
    with running_sink() as sink:
        environ = {"MODEL_PATH": str(small_folder / MODEL_NAME), "K_SINK": sink.url}
        running = RunningServer.start(environ)
        yield running, sink
        running.stop()


@pytest.fixture
def sink(correcting) -> Sink:
    """The sink of corrections, empty and willing."""
    sink: Sink = correcting[1]
    sink.received.clear()
    sink.status = 202
    return sink


@pytest.fixture
def correctable(correcting) -> RunningServer:
    """The server with the sink."""
    server: RunningServer = correcting[0]
    return server


@contextmanager
def opened(browser: Browser, server: RunningServer, **options: Any) -> Iterator[Page]:
    """Open the page; on exit, check that it had no error and loaded nothing from elsewhere."""
    context = browser.new_context(accept_downloads=True, **options)
    page = context.new_page()
    with watched(page, (f"{server.url}/", "data:", f"blob:{server.url}/")):
        page.goto(server.url)
        expect(page.locator("#examples button").first).to_be_visible()
        yield page
        page.on("dialog", lambda dialog: dialog.accept())
        context.close()


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    """The page, just opened."""
    with opened(browser, server) as page:
        yield page


def type_text(page: Page, text: str) -> None:
    """Type a text, and wait for its own answer."""
    page.locator("#utterance").fill(text)
    expect(page.locator("#marked")).to_have_text(text)


def names_of(page: Page, list_id: str) -> list[str]:
    """Return the names in a list of bars."""
    return page.locator(f"#{list_id} .name").all_inner_texts()


@needs_browser
def test_typing_shows_the_intent(page):
    """Each typed letter updates the intent, its confidence and the alternatives."""
    page.locator("#utterance").press_sequentially(ORDER)

    expect(page.locator("#shown-example")).to_be_hidden()
    expect(page.locator("#intent")).to_have_text("order_tracking")
    expect(page.locator("#confidence")).to_have_text(re.compile(r"^\d+\.\d %$"))
    expect(page.locator("#meaning")).to_have_text(re.compile(r"^Answered in [\d.]+ ms"))
    expect(page.locator("#ranking .name").first).to_have_text("order_tracking")
    assert len(names_of(page, "ranking")) == 4
    expect(page.locator("#status")).to_have_text(re.compile("^order_tracking, "))


@needs_browser
def test_typing_waits_for_one_frame_only(page):
    """The request follows a letter after one frame, without a longer timer."""
    expect(page.locator("#meaning")).to_have_text(re.compile("Answered in"))  # the example
    page.evaluate(
        """() => {
            window.log = [];
            const {setTimeout, fetch} = window;
            window.setTimeout = (...all) => { log.push("timer"); return setTimeout(...all); };
            window.fetch = (...all) => { log.push("fetch"); return fetch(...all); };
        }"""
    )
    page.locator("#utterance").press_sequentially("h")
    expect(page.locator("#shown-example")).to_be_hidden()

    assert page.evaluate("log[0]") == "fetch"


@needs_browser
def test_out_of_scope_text_is_shown_with_its_nearest_intent(page):
    """The page says that no intent fits, how sure that is, and shows the nearest ones."""
    page.locator("#utterance").fill("zzz qqq")

    expect(page.locator("#intent")).to_have_text("Out of scope")
    expect(page.locator("#meaning")).to_have_text(re.compile("^None of the model's intents fits"))
    expect(page.locator("#answer")).to_have_attribute("data-state", "out")
    expect(page.locator("#confidence")).to_have_text(re.compile(r"^\d+\.\d %$"))
    assert names_of(page, "ranking")[0] == "Out of scope"
    expect(page.locator("#leader")).to_have_text(re.compile("^Nearest: [a-z]"))


@needs_browser
def test_evidence_is_summed_by_word(page):
    """A sentence and bars name the words that decide; the n-grams are folded away."""
    page.locator("#utterance").fill("Zzz: where is MY parcel")

    expect(page.locator("#leader")).to_have_text("Why: order_tracking")
    expect(page.locator("#marked")).to_have_text("Zzz: where is MY parcel")
    marks = "".join(page.locator("#marked mark").all_inner_texts())
    assert "parcel" in marks
    assert "Zzz" not in marks
    assert len(names_of(page, "words")) > 1
    assert set(names_of(page, "words")) <= {"where", "is", "my", "parcel"}
    [strongest, *_] = names_of(page, "words")
    expect(page.locator("#reasons")).to_have_text(re.compile(f"^“{strongest}” speaks most for"))
    expect(page.locator("#ngrams")).to_be_hidden()
    assert page.locator("#ngrams li").count() > 3


@needs_browser
def test_misspelt_words_are_explained_as_they_were_read(page):
    """The page says which words these are, and marks the corrected ones."""
    page.locator("#utterance").fill("Wehre is my pacel? pacel2")

    expect(page.locator("#marked")).to_have_text("where is my parcel? pacel2")
    expect(page.locator("#reasons")).to_have_text(
        re.compile(r"\. “Wehre” was read as “where”\. “pacel” was read as “parcel”\.$")
    )
    assert "parcel" in "".join(page.locator("#marked mark").all_inner_texts())


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
    type_text(page, "what's my order")

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


def intents_of_file(page: Page, path: Path) -> list[str]:
    """Classify a file, and return the intents in the order of its rows."""
    page.locator("#file").set_input_files(path)
    page.locator("#start").click()
    expect(page.locator("#rows tr").first).to_be_visible()
    page.locator("[data-sorts=place] button").click()
    return page.locator("#rows td:nth-child(2)").all_inner_texts()


@needs_browser
@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", f'text\n"{ORDER}"\nhello', id="one-column"),
        pytest.param("a.csv", f"id|text\n1|{ORDER}\n2|hello", id="pipe"),
        pytest.param("a.tsv", f'"a;b;c"\tmessage\n1\t{ORDER}\n2\thello', id="tabs"),
        pytest.param("a.jsonl", f'{{"text": "{ORDER}"}}\n\n{{"n": 1, "text": "hello"}}', id="json"),
        pytest.param("a.ndjson", f'"{ORDER}"\n"hello"', id="json-strings"),
        pytest.param("a.txt", f'{{"id": 1, "body": "{ORDER}"}}\n{{"body": "hello"}}', id="txt"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files_of_any_dialect_are_read(page, tmp_path, name, content, encoding):
    """The separator or JSON is recognised, and so is the column with the text."""
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))

    assert intents_of_file(page, path) == ["order_tracking", "greeting"]


def write_shared_strings(path: Path) -> Path:
    """Write a workbook as Excel does: compressed, with texts in a table of their own."""
    strings = (
        "<si><t>id</t></si><si><t>text</t></si><si><t>where is </t></si>"
        '<si><r><t xml:space="preserve">where is </t></r><r><t>my &quot;order&#34;</t></r></si>'
        "<si><t>hello</t><rPh><t>order</t></rPh></si>"
    )
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>7</v></c><c r="B2" s="1"/><c r="C2" t="s"><v>3</v></c></row>'
        '<row r="3"/><row r="4"><c r="A4" t="b"><v>1</v></c><c r="C4" t="s"><v>4</v></c></row>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst>{strings}</sst>")
        archive.writestr("xl/worksheets/sheet1.xml", f"<sheetData>{rows}</sheetData>")
        archive.writestr("xl/worksheets/sheet2.xml", "<sheetData/>")
    return path


@needs_browser
def test_workbooks_are_read(page, tmp_path):
    """The first sheet is read, with texts beside the cells and in a table of their own."""
    inline = write_xlsx(tmp_path / "inline.xlsx", {"Sheet": [["text"], [ORDER], ["hello"]]})

    assert intents_of_file(page, inline) == ["order_tracking", "greeting"]
    shared = write_shared_strings(tmp_path / "shared.xlsx")
    assert intents_of_file(page, shared) == ["order_tracking", "greeting"]
    assert page.locator("#rows td.text").all_inner_texts() == ['where is my "order"', "hello"]


@needs_browser
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("a.xlsx", b"PK\x03\x04", "damaged", id="cut"),
        pytest.param("a.xlsx", b"PK" + bytes(18) + b"PK\5\6" + b"\1" * 18, "damaged", id="broken"),
        pytest.param("a.xls", b"\xd0\xcf\0\0", "python -m model.predict reads more", id="binary"),
        pytest.param("a.jsonl", b'{"a": 1}\n{', "Line 2 of this file is not JSON", id="json"),
        pytest.param("a.csv", b"", "This file is empty", id="empty"),
    ],
)
def test_unusable_file_is_refused(page, tmp_path, name, content, message):
    """The page says why it can't read a file, and lines can still be pasted."""
    (tmp_path / name).write_bytes(content)

    page.locator("#file").set_input_files(tmp_path / name)

    expect(page.locator("#batch-status")).to_contain_text(message)
    expect(page.locator("#lines")).to_be_visible()


@needs_browser
def test_other_archive_is_no_workbook(page, tmp_path):
    """An OpenDocument spreadsheet is refused by name of what reads it."""
    path = write_ods(tmp_path / "a.ods", {"Sheet": [["text"], [ORDER]]})

    page.locator("#file").set_input_files(path)

    expect(page.locator("#batch-status")).to_contain_text("no Excel workbook")


@needs_browser
def test_results_are_sorted_and_filtered(page):
    """Uncertain results come first; a header sorts, twice in the other direction."""
    lines = ["where is my order", "x" * 6000, "hello", "zzz qqq hello"]
    page.locator("#lines").fill("\n".join(lines))
    page.locator("#start").click()
    confidences = page.locator("#rows .number")
    expect(confidences).to_have_count(4)

    shares = [float(text.removesuffix(" %") or 0) for text in confidences.all_inner_texts()]
    assert shares == sorted(shares)
    confidence = page.locator("[data-sorts=confidence]")
    expect(confidence).to_have_attribute("aria-sort", "ascending")
    confidence.locator("button").click()
    expect(confidence).to_have_attribute("aria-sort", "descending")
    assert confidences.all_inner_texts()[-1] == ""
    page.locator("[data-sorts=intent] button").click()
    expect(confidence).not_to_have_attribute("aria-sort", "descending")
    assert page.locator("#rows td:nth-child(2)").first.inner_text().startswith("must have at most")
    page.locator("#filter").select_option("order_tracking")
    expect(page.locator("#rows tr")).to_have_count(1)
    assert page.locator("#rows td.text").inner_text() == "where is my order"


@needs_browser
def test_many_results_are_shown_in_steps(page):
    """The first fifty rows are shown, and the others on request."""
    page.locator("#lines").fill("\n".join(["hello"] * 60))
    page.locator("#start").click()
    expect(page.locator("#rows tr")).to_have_count(50)

    page.locator("#more").click()

    expect(page.locator("#rows tr")).to_have_count(60)
    expect(page.locator("#more")).to_be_hidden()


@needs_browser
def test_intents_are_listed(browser, described):
    """Each intent has its description, and an example that is answered by a click."""
    with opened(browser, described) as page:
        page.locator("#catalogue summary").click()
        expect(page.locator("#intents li")).to_have_count(3)
        page.locator("#search").fill("PARCELS")
        expect(page.locator("#intents li:visible")).to_have_count(1)
        page.locator("#search").fill("nothing")
        expect(page.locator("#no-intent")).to_be_visible()
        page.locator("#search").fill("order track")
        page.locator("#intents button").locator("visible=true").click()

        expect(page.locator("#utterance")).to_have_value("where is it")
        expect(page.locator("#description")).to_have_text("Questions about parcels")


@needs_browser
def test_example_is_answered_at_once(browser, described):
    """Before anything is typed, the page shows a prediction."""
    with opened(browser, described) as page:
        expect(page.locator("#intent")).to_have_text("order_tracking")
        expect(page.locator("#shown-example")).to_contain_text("where is it")
        page.locator("#utterance").fill("hello")
        expect(page.locator("#intent")).to_have_text("greeting")
        page.locator("#utterance").fill("")
        expect(page.locator("#shown-example")).to_be_visible()


@needs_browser
def test_model_is_readable_for_people(browser, described):
    """A browser gets a page with the intents."""
    with opened(browser, described) as page:
        page.locator("footer a").first.click()
        expect(page.locator("h1")).to_have_text("Model")
        expect(page.locator("li#intent-order_tracking")).to_contain_text("Questions about parcels")
        found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


def correct(page: Page, button: str, intent: str, comment: str = "") -> None:
    """Correct an intent in the dialog."""
    page.locator(button).click()
    page.locator("#right").fill(intent)
    page.locator("#comment").fill(comment)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#correction")).to_be_hidden()


@needs_browser
def test_correction_is_sent(browser, correctable, sink):
    """The right intent and the comment go to the server's sink, from the answer and the table."""
    with opened(browser, correctable) as page:
        type_text(page, "hello there")
        correct(page, "#correct", "contact_human", "wants a person")
        expect(page.locator("#outcome")).to_have_text("Thank you: the correction was sent.")
        page.locator("#lines").fill("hello")
        page.locator("#start").click()
        correct(page, "#rows button", "goodbye")
        expect(page.locator("#rows strong")).to_have_text("goodbye")

    first, second = (json.loads(body) for _, _, body in sink.received)
    assert (first["text"], first["intent"]) == ("hello there", "contact_human")
    assert first["answer"]["intent"] == "greeting"
    assert first["comment"] == "wants a person"
    assert (second["text"], second["intent"]) == ("hello", "goodbye")


@needs_browser
def test_correction_is_kept_while_the_sink_refuses_it(browser, correctable, sink):
    """Nothing is lost: the page keeps a correction, and sends it again."""
    with opened(browser, correctable) as page:
        expect(page.locator("#answer")).to_be_visible()
        sink.status = 500
        correct(page, "#correct", "goodbye")
        expect(page.locator("#outcome")).to_contain_text("The sink did not accept the correction")
        page.locator("#send-kept").click()
        expect(page.locator("#send-kept")).to_be_enabled()
        expect(page.locator("#kept li")).to_have_count(1)
        sink.status = 202
        page.locator("#send-kept").click()
        expect(page.locator("#kept-section")).to_be_hidden()

    assert len(sink.received) == 3


@needs_browser
def test_invalid_correction_is_not_kept(browser, correctable):
    """The server's error is shown; the row keeps its prediction."""
    with opened(browser, correctable) as page:
        page.locator("#lines").fill("hello")
        page.locator("#start").click()
        correct(page, "#rows button", "<b>")
        expect(page.locator("#batch-status")).to_contain_text("Not sent: 'intent' must be")
        expect(page.locator("#rows strong")).to_have_count(0)
        expect(page.locator("#kept-section")).to_be_hidden()


@needs_browser
def test_corrections_without_sink_are_saved_as_a_file(page, tmp_path):
    """Where the server has no sink, the page saves what model.review reads."""
    type_text(page, "hello there")
    correct(page, "#correct", "goodbye", "leaves")
    expect(page.locator("#kept-reason")).to_contain_text("no place for corrections")
    expect(page.locator("#send-kept")).to_be_hidden()
    with page.expect_download() as download:
        page.locator("#save-kept").click()
    download.value.save_as(tmp_path / "corrections.jsonl")

    assert read_event_log(tmp_path / "corrections.jsonl").corrections == (
        Correction("hello there", "goodbye", "greeting", "leaves"),
    )
    expect(page.locator("#kept-section")).to_be_hidden()


@needs_browser
def test_corrected_intents_are_in_the_download(page, tmp_path):
    """The table that is downloaded has a column of corrections."""
    page.locator("#lines").fill("hello\nwhere is my order")
    page.locator("#start").click()
    expect(page.locator("#rows tr")).to_have_count(2)
    page.locator("#filter").select_option("greeting")
    correct(page, "#rows button", "out_of_scope")
    expect(page.locator("#rows strong")).to_have_text("Out of scope")
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "intents.csv")
    with (tmp_path / "intents.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["corrected_intent"] for row in rows] == ["out_of_scope", ""]


@needs_browser
def test_long_text_keeps_the_answer_in_sight(page):
    """The field grows with the text to a third of a phone's screen, and scrolls from then on."""
    page.set_viewport_size({"width": 360, "height": 800})
    type_text(page, "where is my order, " * 200)

    expect(page.locator("#confidence")).to_be_in_viewport()


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
    assert re.fullmatch(r"('sha256-[\w+/]+=' ?)+", policy["script-src"])
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
