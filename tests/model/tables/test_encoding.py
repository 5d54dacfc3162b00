from __future__ import annotations

import csv
from pathlib import Path

import pytest

from model.tables.encoding import (
    BLOCK_BYTES,
    HEAD_BYTES,
    Encoding,
    as_utf8,
    decode_text,
    detect_encoding,
)

WINDOWS = "is not UTF-8; read as Windows-1252. If that is wrong, save the file as UTF-8"
TEXT = "text,n\nschön,1\nhello,2\n"


def read_texts(name: str) -> list[str]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return [row[0] for row in csv.reader(file)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.encode("utf-16"), id="utf-16-le"),
        pytest.param("\ufeff".encode("utf-16-be") + TEXT.encode("utf-16-be"), id="utf-16-be"),
        pytest.param(TEXT.encode("utf-16-le"), id="utf-16-le-without-mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="utf-16-be-without-mark"),
        pytest.param(TEXT.encode("utf-8-sig"), id="utf-8-with-mark"),
        pytest.param(TEXT.encode("cp1252"), id="windows-1252"),
        pytest.param(TEXT.replace("\n", "\r").encode(), id="carriage-returns"),
    ],
)
def test_tables_in_other_encodings_are_labelled(label, content):
    """A table in any known encoding is read whole, and comes out as UTF-8."""
    Path("in.csv").write_bytes(content)

    assert label("in.csv", "out.csv")[0] == 0
    assert [name.removeprefix("\ufeff") for name in read_texts("out.csv")] == [
        "text",
        "schön",
        "hello",
    ]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        pytest.param("cp1252", "is not UTF-8; read as Windows-1252", id="windows"),
        pytest.param("utf-16-le", "has no byte order mark; read as UTF-16-LE", id="utf-16-le"),
        pytest.param("utf-16-be", "has no byte order mark; read as UTF-16-BE", id="utf-16-be"),
    ],
)
def test_guessed_encoding_is_announced(label, encoding, note):
    """A guess is never made in silence."""
    Path("in.csv").write_bytes(TEXT.encode(encoding))

    assert f"note: in.csv: {note}" in label("in.csv", "out.csv")[1]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("発話,意図\n注文を一つ取り消して,取消\n" * 9, id="japanese"),
        pytest.param("一,一\n一一一,一\n", id="characters-with-a-zero-byte"),
        pytest.param('{"text": "hi"}', id="one-line"),
    ],
)
def test_byte_order_is_found_by_the_separators(encoding, text):
    """Characters such as U+4E00 have a zero byte at the other place than a separator has it."""
    content = text.encode(encoding)

    assert decode_text(content)[0] == text
    assert decode_text(content)[1].name == encoding


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"text,intent\n" + b"a\0b,c\n" * 9, id="zeros-in-texts"),
        pytest.param(b"ab" * 500 + b"\0\n" * 4, id="few-separators"),
        pytest.param("text\tintent\n\0\t0\n\0\t0\n0000000000\0\t¡\n0\0\t0\n".encode(), id="cells"),
        pytest.param(b"\0\0\0\0 \0 \0 \0", id="binary"),
        pytest.param(b"text,intent\0\n" + b"hi,greet\0\nhello,greet\0\n" * 9, id="ends-of-lines"),
    ],
)
def test_zero_bytes_alone_are_not_utf_16(content):
    """They are kept, and the rows that hold them are judged one by one."""
    assert decode_text(content) == (content.decode(), Encoding())


RUSSIAN = "где моя посылка,order_tracking\nхочу вернуть деньги за заказ,refund_request\n" * 3  # noqa: RUF001
UKRAINIAN = "де моя посилка,доставка\nхочу повернути гроші за замовлення,повернення\n" * 3  # noqa: RUF001
GREEK = "πού είναι το δέμα μου,παράδοση\nξέχασα τον κωδικό μου,κωδικός\n" * 3  # noqa: RUF001
HEBREW = "איפה החבילה שלי,משלוח\nשכחתי את הסיסמה,סיסמה\n" * 3  # noqa: RUF001
ARABIC = "أين طردي,توصيل\nنسيت كلمة المرور,كلمة\n" * 3
THAI = "พัสดุของฉันอยู่ที่ไหน,จัดส่ง\nลืมรหัสผ่าน,รหัส\n" * 3
JAPANESE = "荷物はどこですか,order_tracking\nパスワードを忘れました,password_reset\n" * 3
CHINESE = "我的包裹在哪里,物流\n我忘记了密码,密码\n" * 3
TAIWANESE = "我的包裹在哪裡,物流\n我忘記了密碼,密碼\n" * 3
KOREAN = "내 택배가 어디에 있나요,배송\n비밀번호를 잊어버렸어요,비밀번호\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        pytest.param(RUSSIAN, "cp1251", "Windows-1251", id="russian"),
        pytest.param(UKRAINIAN, "cp1251", "Windows-1251", id="ukrainian"),
        pytest.param(GREEK, "cp1253", "Windows-1253", id="greek"),
        pytest.param(HEBREW, "cp1255", "Windows-1255", id="hebrew"),
        pytest.param(ARABIC, "cp1256", "Windows-1256", id="arabic"),
        pytest.param(THAI, "cp874", "Windows-874", id="thai"),
        pytest.param(JAPANESE, "cp932", "Shift-JIS", id="japanese"),
        pytest.param(JAPANESE, "euc-jp", "EUC-JP", id="japanese-euc"),
        pytest.param(CHINESE, "gbk", "GB18030", id="chinese"),
        pytest.param(TAIWANESE, "big5", "Big5", id="taiwanese"),
        pytest.param(KOREAN, "cp949", "EUC-KR", id="korean"),
    ],
)
def test_other_scripts_are_read_in_their_usual_encodings(text, encoding, name):
    """The likeliest encoding is announced; English names of intents do not hide it."""
    decoded, found = decode_text(text.encode(encoding))

    assert decoded == text
    assert found.note == f"is not UTF-8; read as {name}. If that is wrong, save the file as UTF-8"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("où est mon colis,livraison\nje veux être remboursé,argent\n", id="french"),
        pytest.param("wo ist mein päckchen,lieferung\nschöne grüße,gruß\n", id="german"),
        pytest.param("här är det öppet,öppet\nåäö,bokstäver\n", id="swedish"),
        pytest.param("it\u2019s not here \u2013 can\u2019t log in,help\n", id="english"),
        pytest.param("qual è il meteo,meteo\nc'è,sì\n", id="italian"),
        pytest.param("aller à Paris,trajet\n", id="words-of-a-letter"),
        pytest.param("send 5 € to Bob,pay\n£ 5,pay\n20 ° now,heat\n½ cup,cook\n", id="signs"),
    ],
)
def test_latin_letters_are_windows_1252(text):
    """Latin words have few bytes beyond ASCII, whatever the language."""
    assert decode_text((text * 30).encode("cp1252")) == (
        text * 30,
        Encoding("cp1252", note=WINDOWS),
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param("почта".encode("cp1251"), "cp1252", id="a-word"),
        pytest.param((GREEK * 90).encode("cp1253") + b"\xff", "utf-8", id="no-greek-letter"),
        pytest.param(RUSSIAN.encode() + b"\xff", "utf-8", id="damaged-utf-8"),
        # Without two of its bytes, it is valid in GB18030.
        pytest.param(
            HEBREW.encode()[:10] + HEBREW.encode()[11:20] + HEBREW.encode()[21:],
            "utf-8",
            id="cut-utf-8",
        ),
    ],
)
def test_encoding_fits_the_whole_file(content, name):
    """One word could be of many encodings; lines of damaged UTF-8 are named one by one."""
    assert decode_text(content)[1].name == name


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("encoding", ["cp949", "gb18030", "cp932"])
def test_head_may_end_within_a_character(encoding, shift):
    """Long texts without spaces have few words in the bytes by which an encoding is found."""
    text = {"cp949": "택배가어디에", "gb18030": "我的包裹在哪里", "cp932": "荷物はどこですか"}[
        encoding
    ]
    content = b"x" * shift + f"{text * 200},a\n".encode(encoding) * 40

    assert len(content) > HEAD_BYTES
    assert decode_text(content)[1].name == encoding


def test_interrupted_run_continues_in_a_converted_file(label, monkeypatch):
    """Positions in a converted file can be reached again."""
    rows = [f"hallo schön {number}" for number in range(2000)]
    Path("in.csv").write_bytes("\n".join(["text", *rows]).encode("utf-16"))
    monkeypatch.setattr("model.bulk.sinks.COMMIT_EVERY_S", -1)
    with monkeypatch.context() as patch:
        patch.setattr("model.bulk.sinks.OutputFile.finish", _fail)
        with pytest.raises(ZeroDivisionError):
            label("in.csv", "out.csv")

    code, errors = label("in.csv", "out.csv")

    assert code == 0
    assert "Resuming after" in errors
    assert read_texts("out.csv") == ["text", *rows]


def _fail(_: object) -> None:
    raise ZeroDivisionError


def test_bytes_at_the_end_of_blocks_are_whole_characters(tmp_path):
    """A character that two blocks share is not taken for another encoding."""
    path = tmp_path / "in.txt"
    path.write_bytes(b"x" * (BLOCK_BYTES - 1) + "é".encode())

    with path.open("rb") as file:
        assert detect_encoding(file).name == "utf-8"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("é".encode() + b"\xff", "é\udcff", id="mixed"),
        pytest.param(b"\xff\x00", "\udcff\x00", id="zero-byte"),
        pytest.param(b"\x9d", "\udc9d", id="undefined-in-windows"),
        pytest.param(b"\xfc", "ü", id="windows"),
        pytest.param(b"\xff\xfea\x00b", "a", id="half-a-unit"),
    ],
)
def test_invalid_bytes_are_kept(content, text):
    """Only text without a UTF-8 character and with bytes of Windows-1252 is read as that."""
    assert decode_text(content)[0] == text


def test_half_a_unit_at_the_end_of_a_table_is_not_lost_in_silence(label):
    """A cut file is read up to the cut, with a mark in its place."""
    Path("in.csv").write_bytes("text\nhello\nhi".encode("utf-16") + b"x")

    label("in.csv", "out.csv")

    assert read_texts("out.csv") == ["text", "hello", "hi\ufffd"]


def test_converted_file_is_read_again_from_any_offset(tmp_path):
    """Offsets count the converted bytes; behind the end there is nothing."""
    path = tmp_path / "in.csv"
    path.write_bytes(TEXT.encode("utf-16"))
    with path.open("rb") as source:
        file = as_utf8(source, detect_encoding(source))
        whole = file.read()

        rests = []
        for offset in range(len(whole) + 2):
            file.seek(offset)
            rests.append(file.read())

    assert whole.decode().removeprefix("\ufeff") == TEXT
    assert rests == [whole[offset:] for offset in range(len(whole) + 2)]
