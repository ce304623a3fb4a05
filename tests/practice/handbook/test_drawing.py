"""The drawing of a status model: whatever a client adds, nothing leaves the paper and no line runs through a label."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from deskweave.practice.handbook.drawing import drawn
from deskweave.practice.handbook.tree import Drawing, Edge, Node
from deskweave.practice.handbook.widths import width

SVG = "{http://www.w3.org/2000/svg}"
PHASES = ("new", "active", "waiting", "resolved", "closed", "cancelled")


@st.composite
def some_drawing(draw: st.DrawFn) -> Drawing:
    count = draw(st.integers(1, 9))
    names = [f"s{n}" for n in range(count)]
    label = st.text(alphabet=st.sampled_from("abcdefghijklm 等待用户"), min_size=1, max_size=24).filter(lambda text: text.strip())
    nodes = tuple(Node(name=name, label=draw(label), phase=draw(st.sampled_from(PHASES))) for name in names)
    edges = draw(
        st.lists(
            st.builds(
                lambda sources, target, said: Edge(sources=tuple(sorted(sources)), target=target, label=said),
                st.sets(st.sampled_from(names), min_size=1, max_size=4),
                st.sampled_from(names),
                label,
            ),
            max_size=14,
        )
    )
    return Drawing(nodes=nodes, edges=tuple(edges), initial=names[0], title="t")


@given(some_drawing())
def test_nothing_leaves_the_paper_and_no_line_runs_through_a_label(drawing: Drawing) -> None:
    svg, wide, tall = drawn(drawing)
    root = ElementTree.fromstring(svg)
    _, _, right, bottom = (float(one) for one in root.attrib["viewBox"].split())
    assert 0 < wide <= 672.5
    assert tall > 0
    lines = [[float(one.attrib[name]) for name in ("x1", "y1", "x2", "y2")] for one in root.iter(f"{SVG}line")]
    for one in root.iter(f"{SVG}text"):
        size = float(one.attrib["font-size"])
        x, y, span = float(one.attrib["x"]), float(one.attrib["y"]), width(one.text or "") * size * 0.5
        begin = {"middle": x - span / 2, "end": x - span}.get(one.attrib["text-anchor"], x)
        if size > 12:
            continue  # in a box, which is wide enough
        assert begin >= 0
        assert begin + span <= right + 1
        assert 0 < y <= bottom
        for x1, y1, x2, y2 in lines:
            crosses = (
                min(x1, x2) < begin + span - 1 and max(x1, x2) > begin + 1 and min(y1, y2) < y - 1 and max(y1, y2) > y - size * 0.7
            )
            assert not crosses, (one.text, (x1, y1, x2, y2))


@given(some_drawing())
def test_every_way_between_two_statuses_is_drawn(drawing: Drawing) -> None:
    said = " ".join(one.text or "" for one in ElementTree.fromstring(drawn(drawing)[0]).iter(f"{SVG}text"))
    squeezed = said.replace(" ", "")
    for node in drawing.nodes:
        assert node.label.replace(" ", "") in squeezed
    for edge in drawing.edges:
        if any(source != edge.target for source in edge.sources):
            assert edge.label.replace(" ", "") in squeezed


def test_the_initial_status_stands_first_and_the_others_follow_their_phases() -> None:
    nodes = (
        Node(name="b", label="B", phase="closed"),
        Node(name="a", label="A", phase="new"),
        Node(name="c", label="C", phase="active"),
    )
    drawing = Drawing(nodes=nodes, edges=(Edge(sources=("a",), target="c", label="go"),), initial="a", title="t")
    root = ElementTree.fromstring(drawn(drawing)[0])
    boxes = [(float(one.attrib["y"]), one.text) for one in root.iter(f"{SVG}text") if one.attrib.get("font-weight") == "bold"]
    assert [text for _, text in sorted(boxes)] == ["A", "C", "B"]
