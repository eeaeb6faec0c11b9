"""A card as one HTML page that needs nothing else: no script, no address, every text escaped. Pure."""

from __future__ import annotations

from html import escape

from services.registry.cards import plots
from services.registry.cards.document import Bars, Block, Card, Fields, Histogram, Lines, Table, Text, Warned

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2433;--dim:#5b6472;--line:#d9dee7;--mark:#b3261e;--bar:#3b6fb6;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#a2abba;--line:#39414f;--mark:#ff8a80;--bar:#7fa9e6;
--paper:#14181f}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:52rem;margin:2rem auto;
padding:0 1rem}
h1{margin:0}h2{margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
.subtitle,.none,figcaption,caption{color:var(--dim)}.none{font-style:italic}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
.warning{border-left:4px solid var(--mark);padding:.25rem .75rem;color:var(--mark);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.75rem 0}dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.75rem 0;font-size:.9rem}caption{text-align:left;padding:.25rem 0}
th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
figure{margin:1rem 0;display:inline-block;vertical-align:top;max-width:100%}svg{max-width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}.bar{fill:var(--bar)}.marked{fill:var(--mark)}
.axis{stroke:var(--line);fill:none}.curve{stroke:var(--bar);stroke-width:2;fill:none}
@media print{body{max-width:none}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def rendered(card: Card) -> str:
    sections = "\n".join(
        f'<section id="{escape(section.key)}"><h2>{escape(section.title)}</h2>\n'
        + ("\n".join(map(_block, section.blocks)) or '<p class="none">Nothing is recorded yet.</p>')
        + "\n</section>"
        for section in card.sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(card.title)}</title><style>{_STYLE}</style></head>\n"
        f'<body><header><h1>{escape(card.title)}</h1><p class="subtitle">{escape(card.subtitle)}</p></header>\n'
        f"<main>{sections}</main></body></html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f'<p class="text">{escape(text)}</p>'
        case Warned(text):
            return f'<p class="warning">{escape(text)}</p>'
        case Fields(rows):
            return "<dl>" + "".join(f"<dt>{escape(n)}</dt><dd>{escape(v)}</dd>" for n, v in rows) + "</dl>"
        case Table(headers, rows, caption):
            return _table(headers, rows, caption)
        case Bars(title, labels, values, marked):
            return _figure(title, plots.bars(title, labels, values, marked))
        case Lines(title, series, x_title, y_title):
            return _figure(title, plots.lines(title, [(entry.x, entry.y) for entry in series], x_title, y_title))
        case Histogram(title, edges, counts):
            return _figure(title, plots.histogram(title, edges, counts))


def _table(headers: list[str], rows: list[list[str]], caption: str) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _figure(title: str, svg: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(title)}</figcaption></figure>"
