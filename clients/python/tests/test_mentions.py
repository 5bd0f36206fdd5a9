"""Checks the grammar of mentions by the fixtures that the server and the npm package are checked by, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatoxide import find_mentions

FIXTURES = json.loads((Path(__file__).parents[3] / 'tests/fixtures/mentions.json').read_text('utf-8'))


def test_the_fixtures_are_there() -> None:
    assert len(FIXTURES['cases']) > 60


@pytest.mark.parametrize('case', FIXTURES['cases'], ids=lambda case: str(case['why']))
def test_mentions_are_found_as_the_fixtures_say(case: dict[str, Any]) -> None:
    text = case['text']
    found = find_mentions(text, FIXTURES['members'])
    assert [
        [
            text[mention.start : mention.end],
            mention.target if isinstance(mention.target, str) else list(mention.target),
        ]
        for mention in found
    ] == case['mentions']


@pytest.mark.parametrize(
    ('part', 'times'),
    [
        ('@', 1_000_000),
        ('@a b ', 200_000),
        ('`a``b', 200_000),
        ('好@好', 300_000),
        ('a', 999_999),
        ('http://', 140_000),
        ('@{', 500_000),
        ('```\n', 250_000),
    ],
)
def test_a_hostile_text_is_searched_in_linear_time(part: str, times: int) -> None:
    """A search that is not linear would take minutes, and the runner's deadline would end it."""
    assert find_mentions(part * times + '@', {'u': 'n' * 90}) == []
