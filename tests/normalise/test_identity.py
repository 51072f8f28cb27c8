from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Entry, KeyKind, Media, Text
from ingest.normalise import identify
from ingest.normalise.article import keys_of
from tests.normalise.making import document, entry


def test_a_guid_that_names_one_entry_is_its_key() -> None:
    first, second = identify(
        document(entry("a", guid="1"), entry("b", guid="2", link="https://x.example/2"))
    )
    assert first.guid_is_trusted
    assert first.link_is_trusted
    assert first.entry_key != second.entry_key


def test_one_guid_for_all_items_keeps_them_apart() -> None:
    found = identify(
        document(
            *(entry("a", guid="x", link=f"https://x.example/{n}", title=f"T{n}") for n in range(4))
        )
    )
    assert len({one.entry_key for one in found}) == 4
    assert not any(one.guid_is_trusted for one in found)
    assert all(one.link_is_trusted for one in found)


def test_one_guid_and_one_link_for_all_items_keeps_them_apart_by_title() -> None:
    found = identify(document(*(entry("a", guid="x", title=f"T{n}") for n in range(4))))
    assert len({one.entry_key for one in found}) == 4
    assert not any(keys_of(one) for one in found)


def test_exact_repeats_share_key_and_hash() -> None:
    first, second = identify(document(entry("a"), entry("a", position=1)))
    assert first.entry_key == second.entry_key
    assert first.entry_hash == second.entry_hash
    assert first.guid_is_trusted


def test_an_article_listed_under_two_sections_is_one_entry() -> None:
    one = entry("a")
    first, second = identify(document(one, replace(one, categories=("World",))))
    assert first.entry_key == second.entry_key
    assert first.entry_hash == second.entry_hash


def test_the_home_page_is_no_articles_address() -> None:
    found = identify(
        document(
            entry(guid=None, link="https://news.example/", title="One"),
            entry(guid=None, link="https://news.example", title="Two"),
        )
    )
    assert not any(one.link_is_trusted for one in found)
    assert found[0].entry_key != found[1].entry_key


def test_links_to_parts_of_one_page_are_no_keys_unless_they_carry_one_title() -> None:
    def of_page(titles: tuple[str, str], mark: str = "#") -> list[bool]:
        found = identify(
            document(
                *(
                    entry(guid=guid, link=f"https://news.example/live{mark}{guid}", title=title)
                    for guid, title in zip(("p1", "p2"), titles, strict=True)
                )
            )
        )
        return [
            any(key.kind is KeyKind.URL for key in keys_of(one)) is one.link_is_trusted
            and one.link_is_trusted
            for one in found
        ]

    assert of_page(("Ten dead", "Aid arrives")) == [False, False]
    assert of_page(("Ten dead", "Ten dead")) == [True, True]
    assert of_page(("Ten dead", "Aid arrives"), mark="#!/") == [True, True]


def test_distrusted_guids_are_no_keys() -> None:
    (one,) = identify(document(entry("a", guid="random")), trust_guids=False)
    assert not one.guid_is_trusted
    assert all(key.value != "random" for key in keys_of(one))


def test_a_new_guid_for_the_same_link_keeps_the_key_where_guids_are_distrusted() -> None:
    (one,) = identify(document(entry("a", guid="1")), trust_guids=False)
    (two,) = identify(document(entry("a", guid="2")), trust_guids=False)
    assert one.entry_key == two.entry_key


def test_white_space_and_order_are_no_change() -> None:
    one = replace(
        entry("<p>a  b</p>\n"),
        categories=("x", "y"),
        media=(Media("https://i.example/1.jpg?token=1"), Media("https://i.example/2.jpg")),
    )
    two = replace(
        entry("<p>a b</p>"),
        position=7,
        categories=("y", "x"),
        media=(Media("https://i.example/2.jpg"), Media("https://i.example/1.jpg?token=2")),
    )
    assert identify(document(one))[0].entry_hash == identify(document(two))[0].entry_hash


def test_a_word_is_a_change() -> None:
    (one,) = identify(document(entry("a b")))
    (two,) = identify(document(entry("a c")))
    assert one.entry_key == two.entry_key
    assert one.entry_hash != two.entry_hash


def test_hashes_fit_a_signed_column() -> None:
    for one in identify(document(*(entry(str(n), guid=str(n)) for n in range(50)))):
        assert -(1 << 63) <= one.entry_key < 1 << 63
        assert -(1 << 63) <= one.entry_hash < 1 << 63


_NAMES = st.one_of(st.none(), st.sampled_from(["a", "b", "", "https://x.example/1"]))
_ENTRIES = st.builds(
    lambda guid, link, title, text: Entry(
        0, guid, link, Text(title) if title is not None else None, Text(text)
    ),
    _NAMES,
    _NAMES,
    _NAMES,
    st.sampled_from(["one", "two"]),
)


@given(st.lists(_ENTRIES, max_size=8), st.randoms())
def test_the_order_of_a_document_does_not_matter(entries: list[Entry], random: object) -> None:
    found = identify(document(*entries))
    reversed_found = identify(document(*reversed(entries)))
    assert sorted(one.entry_key for one in found) == sorted(one.entry_key for one in reversed_found)
