"""Cards say what is recorded, name what is missing, and never turn what somebody wrote into markup."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser

import msgspec
import pytest

from services.contracts.cards import CardWords
from services.contracts.datasets import DatasetVersionView, SourceView
from services.contracts.errors import Conflict, TooLarge
from services.contracts.evaluations import (
    ConfusionMatrix,
    Contribution,
    Curve,
    Disparity,
    EvaluationView,
    Example,
    Explanation,
    Importance,
    SliceScore,
    SplitRef,
)
from services.contracts.profiles import ColumnProfile
from services.contracts.registry import VersionView
from services.registry.cards import markdown, page, plots, rules
from services.registry.cards.document import Bars, Card, Fields, Histogram, Lines, Section, Series, Table, Text, Warned
from services.registry.cards.sections import Data, Facts, card_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script> </title> \"'> [x](javascript:alert(1)) | ](y) ![i](//e) `c` \x00 # h\n- item\n\n<b>"
)


def version(**changes: object) -> VersionView:
    values: dict[str, object] = {
        "model_name": "m", "version": "3", "status": "READY", "stage": "None", "source": "s", "user": "anna",
        "created_at": NOW, "updated_at": NOW, **changes,
    }  # fmt: skip
    return VersionView(**values)  # type: ignore[arg-type]


def evaluation(word: str = "AA") -> EvaluationView:
    return EvaluationView(
        id="e", model_name="m", version="3", run_id="r", experiment_id="1",
        split=SplitRef(name="test", sealed=True, rows=10), metrics={"auc": 0.7}, lower_is_better=[],
        slices=[SliceScore(feature="carrier", value=word, rows=5, metrics={"auc": 0.6}),
                SliceScore(feature="carrier", value="UA", rows=5, metrics={"auc": 0.8})],
        disparities=[Disparity(feature="carrier", kind="fairness", metric="auc", worst=word, worst_value=0.6,
                               worst_rows=5, best="UA", best_value=0.8, difference=0.2, ratio=0.75)],
        confusion=ConfusionMatrix(labels=["no", "yes"], counts=[[3, 1], [2, 4]]),
        curves=[Curve(name="roc", x=[0.0, 0.5, 1.0], y=[0.0, 0.8, 1.0], x_title="false", y_title="true")], seeds=[],
        stability=[], explanation=Explanation(
            method="permutation", importances=[Importance(feature=word, value=0.3)],
            examples=[Example(row="1", prediction="late", contributions=[
                Contribution(feature=word, value=word, amount=0.1)])],
        ),
        row_scores=[], sealed_uses=2, sealed_users=[], note="", by="ben", at=NOW,
    )  # fmt: skip


def data(word: str = "flights") -> Data:
    return Data(
        context="training",
        version=DatasetVersionView(dataset=word, digest="d", number=1, origin="file", created_at=NOW, by="anna"),
        sources=[
            SourceView(
                name=word, description="", location="", owner=word, licence="", legal_basis="", personal_data="none",
                protection="", refresh="", size="", missing=["licence"], revision=1, created_at=NOW, updated_at=NOW,
                by="anna",
            )
        ],
        columns=[
            ColumnProfile(
                name=word, type="number", stored_as="double", rows=9, missing=0, distinct=3, edges=[0.0, 1.0, 2.0],
                counts=[4, 5],
            )
        ],
    )  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def tags(html: str) -> Tags:
    parser = Tags()
    parser.feed(html)
    return parser


PLAIN = card_of(Facts(version=version(), run=None, words=CardWords(), data=[data()], evaluation=evaluation()))


def test_what_is_recorded_is_said_and_what_is_missing_named() -> None:
    assert PLAIN.missing() == [
        "summary", "intended_use", "out_of_scope", "gates", "approvals", "reproducibility", "deployments", "monitoring",
        "limits", "ethics", "response_plan", "contact",
    ]  # fmt: skip
    text = page.rendered(PLAIN)
    for words in ("worst AA with 0.6", "The sealed split was used 2 times.", "Not said of flights: licence.", "<svg"):
        assert words in text
    assert "Nothing is recorded yet." in text


def test_nothing_that_somebody_wrote_becomes_markup() -> None:
    words = CardWords(**dict.fromkeys(CardWords.__struct_fields__, HOSTILE))
    hostile = card_of(
        Facts(
            version=version(model_name=HOSTILE, source=HOSTILE, params={HOSTILE: HOSTILE}),
            run=None, words=words, data=[data(HOSTILE)], evaluation=evaluation(HOSTILE),
        )
    )  # fmt: skip
    html = page.rendered(hostile)
    found = tags(html)
    assert found.seen <= tags(page.rendered(PLAIN)).seen | {"p"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("href", "src", "style")}
    assert "<script" not in html
    text = markdown.rendered(hostile)
    assert "<script" not in text
    assert "<b>" not in text
    assert "](javascript" not in text
    assert not [line for line in text.splitlines() if line.startswith(("- item", "# h"))]


def test_a_page_asks_for_nothing_from_elsewhere() -> None:
    html = page.rendered(PLAIN)
    assert "default-src 'none'" in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html


def test_a_cell_stays_in_its_row() -> None:
    card = Card(
        title="t", subtitle="s", sections=[Section("x", "X", [Table(["a|b"], [["1 | 2\n3"]]), Warned("w"), Text("")])]
    )
    assert "| 1 \\| 2 3 |" in markdown.rendered(card)


@pytest.mark.parametrize(
    "block",
    [
        Bars("b", [], []),
        Bars("b", ["x" * 90, "y"], [-1.0, float("nan")], 0),
        Histogram("h", [], []),
        Histogram("h", [0.0, 1.0], [0]),
        Lines("l", []),
        Lines("l", [Series("s", [0.0, 0.0], [1.0, float("inf")])], "x", "y"),
        Fields([]),
    ],
)
def test_odd_figures_are_drawn_too(block: object) -> None:
    card = Card(title="t", subtitle="s", sections=[Section("x", "X", [block])])  # type: ignore[list-item]
    assert markdown.rendered(card)
    html = page.rendered(card)
    for svg in html.split("<svg")[1:]:
        ET.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")  # our own


def test_markdown_reads_as_it_was_written_in_any_renderer() -> None:
    assert markdown.escaped("at 11:02, a = b ^ c") == "at 11:02, a = b ^ c"
    assert markdown.escaped("http://x $1 a@b") == "http&#58;//x &#36;1 a&#64;b"
    assert markdown.escaped("=== *") == "&#61;== \\*"


def test_bars_mark_the_worst() -> None:
    assert plots.bars("t", ["a", "b"], [1.0, 2.0], 1).count('class="marked"') == 1


def test_a_card_is_versioned_on_its_content() -> None:
    same = card_of(Facts(version=version(), run=None, words=CardWords(), data=[data()], evaluation=evaluation()))
    assert same.digest() == PLAIN.digest()
    first, event = rules.published(None, model_name="m", version="3", digest="a", missing=["limits"], who="anna", now=1)
    assert event is not None
    assert rules.published(first, model_name="m", version="3", digest="a", missing=[], who="b", now=2) == (first, None)
    second, _ = rules.published(first, model_name="m", version="3", digest="b", missing=[], who="b", now=2)
    assert (second.revision, second.v) == (2, 2)


def test_words_are_written_by_who_has_seen_them() -> None:
    first, event = rules.written(None, "m", CardWords(limits="few rows"), 0, "anna")
    assert event is not None
    assert event.filled == ["limits"]
    assert rules.written(first, "m", CardWords(limits="few rows"), 1, "ben") == (first, None)
    with pytest.raises(Conflict):
        rules.written(first, "m", CardWords(), 0, "ben")
    with pytest.raises(TooLarge) as refused:
        rules.written(first, "m", CardWords(ethics="x" * 10_001), 1, "ben")
    assert refused.value.field == "words.ethics"
    assert rules.words_view("other", None).revision == 0


def test_the_largest_words_fit_into_one_message() -> None:
    words = CardWords(**dict.fromkeys(CardWords.__struct_fields__, "'" * rules.WORDS_LENGTH))
    card = card_of(Facts(version=version(), run=None, words=words, evaluation=evaluation()))
    size = len(msgspec.msgpack.encode([markdown.rendered(card), page.rendered(card)]))
    assert size < 900_000
