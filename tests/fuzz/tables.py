"""Tables as files: CSV in many guises, and workbooks made by hand, sound and broken."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from html import escape

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.fuzz.nasty import NAMES, WORDS, in_some_encoding
from tests.fuzz.watch import Case

Rows = Sequence[Sequence[str]]

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "application/vnd.openxmlformats-package.relationships+xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@st.composite
def changed_rows(draw: DrawFn, seed: Rows) -> list[list[str]]:
    """A table with cells, rows and columns changed, doubled, moved and left out."""
    rows = [list(row) for row in seed]
    for _ in range(draw(st.integers(0, 5))):
        rows = rows or [[""]]
        here = draw(st.integers(0, len(rows) - 1))
        row = rows[here] = rows[here] or [""]
        column = draw(st.integers(0, len(row) - 1))
        match draw(st.integers(0, 8)):
            case 0 | 1 | 2 | 3:
                row[column] = draw(st.one_of(WORDS, st.sampled_from(NAMES)))
            case 4:
                del row[column]
            case 5:
                row.insert(column, draw(WORDS))
            case 6:
                rows.insert(here, list(row))
            case 7:
                rows.insert(here, [""] * draw(st.integers(0, 3)))
            case _:
                del rows[here]
    return rows


@st.composite
def csv_files(draw: DrawFn, seed: Rows) -> Case:
    """The same as CSV, with the separators, ends of lines and encodings there are."""
    rows = draw(changed_rows(seed))
    separator = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    quotes_all = draw(st.booleans())
    out = io.StringIO()
    if draw(st.integers(0, 5)):
        ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
        writer = csv.writer(
            out,
            delimiter=separator,
            quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL,
            lineterminator=ends,
        )
        writer.writerows(rows)
        text = out.getvalue()
    else:  # as somebody writes it who knows nothing of quotation marks
        text = "\n".join(separator.join(row) for row in rows)
    if not draw(st.integers(0, 7)):
        text = f"sep={draw(st.one_of(st.just(separator), st.text(max_size=2)))}\n{text}"
    return Case(
        f"given.{draw(st.sampled_from(['csv', 'csv', 'txt', 'tsv']))}", in_some_encoding(draw, text)
    )


def workbook(
    sheets: dict[str, str], *, hidden: Sequence[str] = (), styles: str = ""
) -> dict[str, str]:
    """The parts of a workbook, by name. `sheets` are XML by their names."""
    named = [
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"'
        f"{' state=' + chr(34) + 'hidden' + chr(34) if name in hidden else ''}/>"
        for n, name in enumerate(sheets, start=1)
    ]
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        f'ContentType="{_RELS}"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            f'ContentType="{_TYPE}.worksheet+xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        + f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" '
        f'ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_REL}"><sheets>'
        f"{''.join(named)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
        "xl/styles.xml": f"<styleSheet {_MAIN}><fonts><font/></fonts><fills><fill><patternFill/>"
        "</fill></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/>"
        f'<xf numFmtId="14" applyNumberFormat="1"/>{styles}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst {_MAIN}><si><t>shared</t></si></sst>",
    }
    parts |= {f"xl/worksheets/sheet{n}.xml": xml for n, xml in enumerate(sheets.values(), start=1)}
    return parts


def sheet(cells: Sequence[Sequence[str]], after: str = "") -> str:
    """A sheet's XML. `cells` are the XML of each cell; `after` comes behind the rows."""
    rows = "".join(f'<row r="{n}">{"".join(row)}</row>' for n, row in enumerate(cells, start=1))
    return f"<worksheet {_MAIN}><sheetData>{rows}</sheetData>{after}</worksheet>"


def text(value: str) -> str:
    """A cell that holds a text."""
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def zipped(parts: dict[str, bytes]) -> bytes:
    """Parts as an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


_CELLS = (
    "<c/>", "<c><v/></c>", '<c t="s"><v>0</v></c>', '<c t="s"><v>9</v></c>',
    '<c t="s"><v>-1</v></c>', "<c><v>12</v></c>", "<c><v>1.5</v></c>", "<c><v>1E400</v></c>",
    "<c><v>NaN</v></c>", f"<c><v>{'9' * 5_000}</v></c>", '<c s="1"><v>44000</v></c>',
    '<c s="1"><v>99999999999</v></c>', '<c s="1"><v>-5</v></c>', '<c s="99"><v>1</v></c>',
    '<c t="b"><v>1</v></c>', '<c t="b"><v>x</v></c>', '<c t="e"><v>#REF!</v></c>',
    '<c t="e"><v>#\u009b31m</v></c>', '<c t="d"><v>2027-01-11</v></c>', '<c t="d"><v>x</v></c>',
    "<c><f>1+1</f></c>", "<c><f>1+1</f><v>2</v></c>", '<c t="str"><f>A1</f><v>Eve</v></c>',
    '<c><f t="shared" si="0"/></c>', '<c><f t="shared" ref="A1:A9" si="0">A1+1</f><v>3</v></c>',
    '<c><f t="array" ref="A1">1</f><v>1</v></c>', '<c><f t="dataTable"/></c>',
    '<c r="A1"><v>1</v></c>', '<c r="ZZZ1"><v>1</v></c>', '<c r="AMK1"><v>1</v></c>',
    '<c r="A"><v>1</v></c>', '<c r="ZZZZ1"/>', '<c t="zzz"><v>1</v></c>',
    '<c t="inlineStr"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>', '<c t="inlineStr"/>', "<x/>",
)  # fmt: skip
"""Cells as Excel writes them, and as it does not."""

_AFTER = (
    "", "", "", '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
    '<mergeCells><mergeCell ref="A2:A4"/></mergeCells>',
    '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
    '<mergeCells><mergeCell ref="x"/></mergeCells>', '<mergeCells><mergeCell/><x/></mergeCells>',
    '<mergeCells><mergeCell ref="A:B"/></mergeCells>', "<mergeCells/>", "<conditionalFormatting/>",
    "<x>", '<row r="1"/>', '<legacyDrawing/>', '<extLst><ext uri="x"/></extLst>',
)  # fmt: skip


@st.composite
def workbooks(draw: DrawFn, sheets: dict[str, Rows]) -> Case:
    """Sheets as a workbook, their texts changed, some cells none that Excel would write."""
    made: dict[str, str] = {}
    for name, rows in sheets.items():
        changed = draw(changed_rows(rows)) if not made or not draw(st.integers(0, 2)) else rows
        cells = [[_cell(value) for value in row] for row in changed]
        if not draw(st.integers(0, 2)):
            row = draw(st.sampled_from(cells)) if cells else []
            if row:
                row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(_CELLS))
        made[name] = sheet(
            cells, draw(st.sampled_from(_AFTER)) if not draw(st.integers(0, 3)) else ""
        )
    if not draw(st.integers(0, 9)):
        made = {_NO_XML.sub("", draw(WORDS)): sheet([[text("x")]]), **made}
    hidden = [name for name in made if not draw(st.integers(0, 19))]
    parts = {
        name: xml.encode("utf-8", "surrogatepass")
        for name, xml in workbook(made, hidden=hidden).items()
    }
    if not draw(st.integers(0, 4)):
        _damage(draw, parts)
    data = zipped(parts)
    if not draw(st.integers(0, 9)):
        here = draw(st.integers(0, len(data)))
        data = data[:here] + draw(st.binary(max_size=4)) + data[here + draw(st.integers(0, 30)) :]
    return Case(f"given.{draw(st.sampled_from([*['xlsx'] * 9, 'xlsm']))}", data)


def _cell(value: str) -> str:
    """A cell that holds a text, without what makes the whole no XML: `_damage` sees to that."""
    return text(_NO_XML.sub("", value))


_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _damage(draw: DrawFn, parts: dict[str, bytes]) -> None:
    name = draw(st.sampled_from(sorted(parts)))
    data = parts[name]
    here = draw(st.integers(0, len(data)))
    match draw(st.integers(0, 4)):
        case 0:
            del parts[name]
        case 1:
            parts[name] = b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>' + data
        case 2:
            parts[name] = data.decode("utf-8", "replace").encode("utf-16")
        case 3:
            put = draw(WORDS).encode("utf-8", "surrogatepass")
            parts[name] = data[:here] + put + data[here + draw(st.integers(0, 20)) :]
        case _:
            parts[name] = data[:here]
