"""Tables: CSV files beside the document or in a zip, and inline rows, all through the same gate."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import Trial, load_study, study_from_bytes, study_from_document
from forecast.study.reading.csv_table import read_csv
from forecast.study.reading.table import canonical_cell, cell_text


@pytest.fixture
def folder(tmp_path: Path, with_class: Callable[..., dict[str, Any]]) -> Callable[[str], Path]:
    """Writes a document that names a table; gives the document's path."""

    def write(table: str) -> Path:
        document = with_class("agreement", [])
        del document["reference_classes"][0]["rows"]
        document["reference_classes"][0]["table"] = table
        path = tmp_path / "study" / "study.json"
        (path.parent / "cases").mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        return path

    return write


def test_a_table_beside_the_document_is_read(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    (path.parent / "cases" / "past.csv").write_bytes("\ufeffid,successes,trials\r\nä,1,4\r\nb,0,\r\n\r\n".encode())
    assert [(case.id, case.data) for case in load_study(path).cases] == [("ä", Trial(1, 4)), ("b", Trial(0, 1))]


@pytest.mark.parametrize(
    "table",
    ["../x.csv", "cases/../../x.csv", "/etc/passwd", "/tmp/x.csv", "~/x.csv", "C:\\x.csv", "..\\x.csv", "cases/link.csv",
     "linked/x.csv"],
)  # fmt: skip
def test_a_table_outside_the_folder_is_refused(folder: Callable[[str], Path], table: str, tmp_path: Path) -> None:
    path = folder(table)
    (tmp_path / "x.csv").write_text("successes\n1\n")
    (path.parent / "cases" / "link.csv").symlink_to(tmp_path / "x.csv")
    (path.parent / "linked").symlink_to(tmp_path)
    with pytest.raises(StudyError, match="outside the document's folder") as caught:
        load_study(path)
    assert [error.path for error in caught.value.errors] == ["reference_classes[0].table"]


@pytest.mark.parametrize("table", ["past.txt", "cases", "study.json", "", "x" * 300 + ".csv"])
def test_only_csv_files_are_tables(folder: Callable[[str], Path], table: str) -> None:
    with pytest.raises(StudyError, match="not a CSV file"):
        load_study(folder(table))


def test_a_missing_table_names_the_nearest_file(folder: Callable[[str], Path]) -> None:
    path = folder("cases/pastt.csv")
    (path.parent / "cases" / "past.csv").write_text("successes\n1\n")
    with pytest.raises(StudyError, match=r"did you mean 'cases/past\.csv'"):
        load_study(path)


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        (b"", "t.csv", "first line is blank"),
        (b"\n1,2\n", "t.csv", "first line is blank"),
        (b"a,b\n", "t.csv", "no rows"),
        (b"a,,c\n1,2,3\n", "t.csv line 1", "column 2 has no name"),
        (b"a,b, a\n1,2,3\n", "t.csv line 1", "two columns are called 'a'"),
        (b"a,b\n1,2\n3\n", "t.csv line 3", "1 cells; expected 2"),
        (b"a,b\n1,2,3\n", "t.csv line 2", "3 cells; expected 2"),
        (b'a,b\n"x\ny",2\n3\n', "t.csv line 4", "1 cells"),
        (b'a,b\n"x,2\n', "t.csv line 2", "not CSV"),
        (b'a,b\n"x"y,2\n', "t.csv line 2", "not CSV"),
        ("a,b\nä,2\n".encode() + b"\xff,2\n", "t.csv", "line 3 is not UTF-8, and other parts"),
        (b"\xff\xfea\x00,", "t.csv", "begins as UTF-16"),
        ("a,b\n1,2\n".encode("utf-32"), "t.csv", "UTF-32"),
        ("a,b\nпривет,2\n".encode("cp1251"), "t.csv", "as Windows-1252 it would read"),
        (b"a,b\n\x81,2\n", "t.csv", "Windows-1252 has no 0x81"),
        (b"a b\n1 2\n", "t.csv line 1", "one column called 'a b', with blanks in every line"),
        (b"sep=#\na#b\n1#2\n", "t.csv line 1", "said to be separated by '#'"),
        (b"a;b\n1;2\n3;4;5\n", "t.csv line 3", "expected 2 as in the header, separated by semicolons"),
        (b"a,b\n1,5,2\n", "t.csv line 2", "that decimals have a point"),
        (b"a,b\n\x00,2\n", "t.csv", "NUL"),
        (b"a\n" + b"x" * 5_000_000, "t.csv", "at most 5,000,000"),
        (b"a\n" + b"1\n" * 20_001, "t.csv", "more than 20,000 rows"),
        (b",".join(b"c%d" % i for i in range(201)) + b"\n", "t.csv", "201 columns"),
        (b"a\n" + b"x" * 20_001 + b"\n", "t.csv line 2", "over 20,000 characters"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_malformed_csv_file_is_an_error_with_its_line(body: bytes, place: str, words: str) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        read_csv(body, "t.csv")
    assert caught.value.errors[0].path == place


def test_every_ragged_line_is_reported() -> None:
    with pytest.raises(StudyError) as caught:
        read_csv(b"a,b\n1\n1,2\n3\n", "t.csv")
    assert [error.path for error in caught.value.errors] == ["t.csv line 2", "t.csv line 4"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_all_line_endings_are_read(newline: str) -> None:
    assert read_csv(f"a,b{newline}1,x".encode(), "t.csv") == ({"a": 1, "b": "x"},)


@pytest.mark.parametrize(
    ("value", "cell"),
    [("1", 1), ("1.0", 1), (1.0, 1), ("0.50", 0.5), (" 7 ", 7), ("-3", -3), ("007", "007"), ("+5", "+5"), ("", None),
     ("  ", None), (None, None), ("1e-05", 1e-05), ("12e3", "12e3"), ("1e+999", "1e+999"), ("nan", "nan"), ("1,5", "1,5"),
     (True, "true"), ("1234567890123456", "1234567890123456"), (1234567890123456, "1234567890123456"), ("٣", "٣"),
     (" a b ", "a b"), ("-", "-"), ("2021", 2021), ("2021-03", "2021-03")],
)  # fmt: skip
def test_canonical_cells(value: object, cell: object) -> None:
    found = canonical_cell(value)
    assert found == cell
    assert type(found) is type(cell)


@given(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none())
def test_a_canonical_cell_stays_as_it_is(value: object) -> None:
    cell = canonical_cell(value)
    assert canonical_cell(cell) == cell
    if not isinstance(value, float):  # Python writes 1e+16 where a table would have the digits
        assert canonical_cell(cell_text(cell)) == cell


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([], "rows", "at least one"),
        ("x.csv", "rows", "expected a list of rows"),
        ([{}], "rows[0]", "not a row"),
        ([{"successes": 1}, 3], "rows[1]", "not a row"),
        ([{"successes": [1]}], "rows[0].successes", "a list in a cell"),
        ([{"successes": 1, " ": 2}], "rows", "name is blank"),
        ([{f"c{i}": 1 for i in range(201)}], "rows", "201 columns"),
        ([{f"c{i % 200}": 1} for i in range(20_000)], "rows", "over 600,000 cells"),
        ([{"successes": 1}] * 20_001, "rows", "20,001 rows"),
    ],
    ids=lambda value: repr(value[:2])[:30],
)
def test_malformed_inline_rows_are_an_error_with_their_place(
    with_class: Callable[..., dict[str, Any]], rows: Any, place: str, words: str
) -> None:
    with pytest.raises(StudyError, match=words) as caught:
        study_from_document(with_class("agreement", rows))
    assert [error.path for error in caught.value.errors] == [f"reference_classes[0].{place}"]


def test_table_and_rows_together_are_refused(with_class: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(StudyError, match="both table and rows"):
        study_from_document(with_class("agreement", [{"successes": 1}], table="x.csv"))


def test_plain_data_cannot_name_a_file(with_class: Callable[..., dict[str, Any]]) -> None:
    document = with_class("agreement", [])
    document["reference_classes"][0] = {"id": "past", "outcome": "agreement", "table": "x.csv"}
    with pytest.raises(StudyError, match="inline `rows`"):
        study_from_document(document)


def test_a_bad_file_used_by_two_classes_is_reported_once(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    (path.parent / "cases" / "past.csv").write_text("a,b\n1\n")
    document = json.loads(path.read_text())
    document["reference_classes"].append({**document["reference_classes"][0], "id": "again"})
    path.write_text(json.dumps(document))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert [error.path for error in caught.value.errors] == ["cases/past.csv line 2"]


def test_tables_that_repeat_a_large_file_count_each_time(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    (path.parent / "cases" / "past.csv").write_text("successes,note\n" + ("1," + "x" * 1000 + "\n") * 1500)
    document = json.loads(path.read_text())
    document["reference_classes"] = [{**document["reference_classes"][0], "id": f"c{i}"} for i in range(4)]
    path.write_text(json.dumps(document))
    with pytest.raises(StudyError, match="5,000,000 bytes in all"):
        load_study(path)


def test_an_error_in_a_csv_file_names_file_row_and_column(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    (path.parent / "cases" / "past.csv").write_text("id,successes,trials\na,1,4\nb,5,4\n")
    with pytest.raises(StudyError, match="5 successes in 4 trials") as caught:
        load_study(path)
    assert caught.value.errors[0].path == "cases/past.csv row 3 column successes"


def test_twenty_thousand_rows_load_quickly(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    lines = "".join(f"case {i},{i % 3},10,some words about it\n" for i in range(20_000))
    (path.parent / "cases" / "past.csv").write_text("id,successes,trials,note\n" + lines)
    begun = time.process_time()
    assert len(load_study(path).cases) == 20_000
    assert time.process_time() - begun < 5.0  # about 0.5 s; the bound is for loaded machines


@pytest.mark.parametrize("name", ["nothing.yaml", "", "study.txt"])
def test_what_is_no_document_is_a_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "study.txt").write_text("a: 1")
    with pytest.raises(StudyError, match="expected"):
        load_study(tmp_path / name)


def make_zip(files: dict[str, bytes | str]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def test_a_zip_with_its_tables_is_a_study(folder: Callable[[str], Path]) -> None:
    path = folder("cases/past.csv")
    csv = "id,successes\na,1\n"
    (path.parent / "cases" / "past.csv").write_text(csv)
    body = make_zip({"study.json": path.read_text(), "cases/": "", "cases/past.csv": csv, "README.md": "words"})
    assert study_from_bytes(body, "application/zip").digest == load_study(path).digest


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"other.yaml": "a: 1"}, "one study document"),
        ({"study.yaml": "a: 1", "study.json": "{}"}, "one study document"),
        ({"study.yaml": "a: 1", "../x.csv": "a"}, "outside the archive"),
        ({"study.yaml": "a: 1", "/x.csv": "a"}, "outside the archive"),
        ({"study.yaml": "a: 1", "a\\..\\..\\x.csv": "a"}, "outside the archive"),
        ({"study.yaml": b" " * 5_000_001}, "unpacked"),
        ({"study.yaml": "a: 1", "bomb.bin": b"\0" * 50_000_000}, "unpacked"),
        ({f"{i}.csv": "a" for i in range(201)}, "201 files"),
    ],
    ids=lambda value: ",".join(value)[:30] if isinstance(value, dict) else value,
)
def test_a_hostile_zip_is_refused(files: dict[str, bytes | str], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        study_from_bytes(make_zip(files), "application/zip")


def test_a_symbolic_link_in_a_zip_is_refused() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        link = zipfile.ZipInfo("cases.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(StudyError, match="symbolic link"):
        study_from_bytes(body.getvalue(), "application/zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_another_compression_than_deflate_is_refused_unread(method: int) -> None:
    """They are unpacked in blocks of any size: 520 bytes would take a gigabyte of memory."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("study.yaml", b"0" * 30_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(StudyError, match="expected stored or deflated"):
            study_from_bytes(body.getvalue(), "application/zip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_damaged_zip_is_refused() -> None:
    body = bytearray(make_zip({"study.yaml": "a: 1\n" * 100}))
    body[45] ^= 0xFF
    with pytest.raises(StudyError, match="not a usable zip archive"):
        study_from_bytes(bytes(body), "application/zip")
