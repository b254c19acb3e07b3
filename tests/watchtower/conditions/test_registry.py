"""Every condition word has its file, its tests and its line in the guide."""

from pathlib import Path

import pytest

from belvedere.watchtower import conditions
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.conditions.kind import Kind, register
from belvedere.watchtower.contracts import WITHOUT_THRESHOLD, Condition

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("word", Condition)
def test_a_word_has_one_file_one_test_and_one_line_in_the_guide(word):
    kind = kind_of(word)
    assert (kind.word, type(kind).__module__.rpartition(".")[2].rstrip("_")) == (word, word.value)
    assert (Path(__file__).parent / f"test_{word}.py").is_file()
    guide = (ROOT / "docs" / "howto" / "conditions.md").read_text()
    assert guide.count(f"\n| `{word}` |") == 1
    assert f"\n### {word}\n" in guide
    assert kind.needs_limit == (word not in WITHOUT_THRESHOLD)


def test_a_file_stands_for_one_word():
    files = {path.stem.rstrip("_") for path in Path(str(conditions.__file__)).parent.glob("*.py")}
    assert files - {"__init", "kind"} == {word.value for word in Condition}


def test_two_files_cannot_claim_a_word():
    class Again(Kind):
        word = Condition.EQUALS

    with pytest.raises(ValueError, match="two files"):
        register(Again)
