"""Who is who, wherever they live."""

from integrations.echonet_lite.nodes import Look, Nodes, Verdict, missing

OWN = "FEFFFFFF" + "01" * 13
UID, OTHER = "FE000077" + "00" * 12 + "01", "FE000077" + "00" * 12 + "02"
A, B, SIX = "192.0.2.1", "192.0.2.2", "fe80::1%eth0"


def look(uid: str | None = UID, *objects: int, count: int = 1) -> Look:
    return Look(uid, 0x77, "", objects or (0x02A101,), count)


def known() -> Nodes:
    nodes = Nodes(OWN)
    nodes.take(A, look(), 0.0)
    return nodes


def raw(uid: str | None) -> bytes:
    return bytes.fromhex(uid or "")


def test_a_node_is_who_its_83_says() -> None:
    """Rule 14."""
    nodes = known()
    assert nodes.judge(A, UID, raw(UID)) is Verdict.SAME
    assert nodes.judge(B, OTHER, raw(OTHER)) is Verdict.NEW
    assert nodes.find(UID) is nodes.at(A)


def test_our_own_83_is_not_another_node() -> None:
    """Rule 30."""
    assert known().judge(B, None, raw(OWN)) is Verdict.OWN


def test_a_node_that_moved_keeps_everything_but_its_address() -> None:
    """Rule 15: and the stale address is dropped."""
    nodes = known()
    node = nodes.at(A)
    assert nodes.judge(B, UID, raw(UID)) is Verdict.CONTESTED
    nodes.move(UID, B)
    assert nodes.at(B) is node
    assert nodes.at(A) is None
    assert node is not None
    assert node.host == B


def test_twins_are_kept_apart() -> None:
    """Rule 15: two live addresses with one 83."""
    nodes = known()
    twin = nodes.twin(B, look(), 1.0)
    assert twin is not nodes.at(A)
    assert {node.key for node in nodes} == {UID, f"{UID}@{B}"}
    assert nodes.find(UID) is nodes.at(A)
    assert nodes.judge(B, UID, raw(UID)) is Verdict.SAME
    assert nodes.take(B, look(), 2.0) is twin


def test_the_other_ip_version_is_the_same_node() -> None:
    """Rule 15."""
    nodes = known()
    assert nodes.judge(SIX, UID, raw(UID)) is Verdict.ALIAS
    assert nodes.alias(UID, SIX) is nodes.at(A) is nodes.at(SIX)
    assert len(list(nodes)) == 1


def test_a_node_stays_where_it_is_when_its_other_address_is_asked() -> None:
    """Rule 15: until that is the only one that answers."""
    nodes = known()
    node = nodes.alias(UID, SIX)
    assert nodes.judge(SIX, UID, raw(UID)) is Verdict.SAME
    more = look(UID, 0x02A101, 0x02A102)
    assert nodes.refresh(node, more, 5.0) is node
    assert (node.host, node.look, node.checked_at) == (A, more, 5.0)
    nodes.prefer(node, SIX)
    assert (node.host, node.aliases) == (SIX, {A})
    nodes.take(A, look(OTHER), 6.0)
    assert (nodes.find(UID), node.aliases) == (node, set())


def test_without_a_usable_83_the_address_stands_for_the_node() -> None:
    """Rule 14."""
    nodes = Nodes(OWN)
    node = nodes.take(A, look(None), 0.0)
    assert node.key == f"@{A}"
    assert nodes.judge(A, None, b"") is Verdict.SAME
    assert nodes.judge(B, None, b"") is Verdict.NEW


def test_another_node_at_a_known_address_takes_it() -> None:
    """Rule 15: two nodes that swap their addresses."""
    nodes = known()
    nodes.take(B, look(OTHER), 0.0)
    assert nodes.judge(A, OTHER, raw(OTHER)) is Verdict.CONTESTED
    nodes.move(OTHER, A)
    assert nodes.find(UID) is None
    nodes.take(B, look(), 1.0)
    assert {node.key: node.host for node in nodes} == {UID: B, OTHER: A}


def test_one_object_may_be_in_two_nodes() -> None:
    """Rule 14: a charger is its node and its EOJ."""
    nodes = known()
    nodes.take(B, look(OTHER, 0x02A101, 0x027D1F), 0.0)
    assert [(node.key, eoj) for node, eoj in nodes.with_object(0x02A1)] == [
        (UID, 0x02A101),
        (OTHER, 0x02A101),
    ]


def test_what_a_list_could_not_hold_is_known_to_be_missing() -> None:
    """Rule 11: D3 says 100, D6 holds 84."""
    listed = tuple(range(0x02A101, 0x02A155))
    gaps = missing(Look(UID, objects=listed, count=100), ())
    assert gaps[:2] == [0x02A155, 0x02A156]
    assert gaps[-1] == 0x02A17F


def test_a_whole_list_has_no_gaps_but_what_is_configured() -> None:
    """Rule 11."""
    assert missing(look(), ()) == []
    assert missing(look(), (0x02A101, 0x02A102)) == [0x02A102]
