"""Mentions in a text: ``@name``, ``@{id}``, ``@here`` and ``@room``.

A name is that of a member, of one word or several; the longest that stands there is meant. Code, web addresses and
e-mail addresses mention nobody. It is the server's grammar: ``mentions.json`` of the fixtures holds both to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

#: The most ``@`` of a text that are looked at.
_MAX_MARKS = 200
#: The most characters of a text that may be a name.
_MAX_NAME = 100
_NAME = re.compile(f'[^\\n\\r@]{{0,{_MAX_NAME}}}')

# Scripts that are written without spaces between words, and Korean, whose particles follow a name without one.
_UNSPACED = re.compile(
    '[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af'
    '\uf900-\ufaff\U00020000-\U0003ffff]'
)
# Letters in circles and squares are symbols to Python, and letters to Unicode.
_LETTER_SYMBOLS = re.compile('[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]')
_LINE = re.compile(r'[^\n]*\n|[^\n]+')
_FENCE = re.compile(r' {0,3}(?P<run>`{3,}|~{3,})(?P<info>.*)', re.DOTALL)
_EMAIL_SIGNS = '._%+-'
_SPACES = re.compile('[\\s\u0085]+')


@dataclass(frozen=True)
class Mention:
    """A mention, by its place ``text[start:end]``, from its ``@`` on."""

    start: int
    end: int
    #: The ids of users (several if they have the same name), the members who are online, or all members.
    target: tuple[str, ...] | Literal['here', 'room']


def find_mentions(text: str, members: Mapping[str, str]) -> list[Mention]:
    """The mentions of a text, in their order. ``members`` has the name of each id."""
    mentions: list[Mention] = []
    if '@' not in text:
        return mentions
    by_name: dict[str, list[str]] = {}
    for user_id, name in members.items():
        if folded := _fold(name):
            by_name.setdefault(folded, []).append(user_id)
    skipped = _skipped(text)
    marks = 0
    at = text.find('@')
    while at != -1:
        following = at + 1
        if not skipped[at] and _may_begin(text, at):
            marks += 1
            if marks > _MAX_MARKS:
                break
            if mention := _mention_at(text, at, members, by_name):
                mentions.append(mention)
                following = mention.end
        at = text.find('@', following)
    return mentions


def _may_begin(text: str, at: int) -> bool:
    """False if the ``@`` is escaped, or stands behind the local part of an e-mail address."""
    if at > 0 and text[at - 1] == '\\':
        return False
    for before in (text[index] for index in range(at - 1, -1, -1)):
        if _joins(before):
            return False
        if before not in _EMAIL_SIGNS:
            break
    return True


def _mention_at(
    text: str, at: int, members: Mapping[str, str], by_name: Mapping[str, list[str]]
) -> Mention | None:
    start = at + 1
    if text.startswith('{', start):
        end = text.find('}', start, start + _MAX_NAME * 6)
        user_id = text[start + 1 : end] if end != -1 else ''
        return Mention(at, end + 1, (user_id,)) if user_id in members else None
    if start == len(text) or _is_space(text[start]):
        return None
    line = _NAME.match(text, start)
    for end in range(line.end() if line else start, start, -1):
        if not _is_end(text, end):
            continue
        name = _fold(text[start:end])
        if name in by_name:
            return Mention(at, end, tuple(by_name[name]))
        if name == 'here':
            return Mention(at, end, 'here')
        if name == 'room':
            return Mention(at, end, 'room')
    return None


def _is_end(text: str, end: int) -> bool:
    """True if a name may end here: no word goes on."""
    last, following = text[end - 1], text[end : end + 1]
    if _is_space(last):
        return False
    if not following:
        return True
    if _is_word(following):
        # Chinese, Thai and the like are written without spaces. An accent belongs to the character before it.
        return not unicodedata.category(following).startswith('M') and bool(
            _UNSPACED.match(last) or _UNSPACED.match(following)
        )
    # A dot, a hyphen, an underscore or another ``@`` within a word joins it.
    after = text[end + 1 : end + 2]
    return not (following in '.-_@' and after and _joins(after) and _joins(last))


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in 'LMN' or bool(_LETTER_SYMBOLS.match(character))


def _joins(character: str) -> bool:
    """True for a character of a word in a script that has spaces."""
    return _is_word(character) and not _UNSPACED.match(character)


def _is_space(character: str) -> bool:
    return bool(_SPACES.fullmatch(character))


def _fold(name: str) -> str:
    """A name as it is compared: in composed form (NFC), its spaces made one each, its case folded.

    Case is folded character by character, over the upper case, as a final sigma has an own lower case.
    """
    words = [word for word in _SPACES.split(name) if word]
    composed = unicodedata.normalize('NFC', ' '.join(words))
    upper = ''.join(character.upper() for character in composed)
    return ''.join(character.lower() for character in upper)


def _skipped(text: str) -> bytearray:
    """For each character, 1 if it is in code or in a web address."""
    skipped = bytearray(len(text))
    fence: tuple[str, int] | None = None
    begun = 0
    paragraphs: list[tuple[int, int]] = []
    # A paragraph ends at an empty line and at a fence: code between back-ticks does not go on behind it.
    for line in _LINE.finditer(text):
        start, end = line.span()
        mark = _fence_of(line.group())
        if fence:
            _skip(skipped, start, end)
            if mark and mark[0] == fence[0] and mark[1] >= fence[1] and not mark[2]:
                fence = None
            begun = end
        elif mark:
            paragraphs.append((begun, start))
            _skip(skipped, start, end)
            fence, begun = mark[:2], end
        elif not _SPACES.sub('', line.group()):
            paragraphs.append((begun, end))
            begun = end
    if not fence:
        paragraphs.append((begun, len(text)))
    for start, end in paragraphs:
        _skip_code(text, start, end, skipped)
    for start, end in _addresses(text):
        _skip(skipped, start, end)
    return skipped


def _skip(skipped: bytearray, start: int, end: int) -> None:
    skipped[start:end] = b'\x01' * (end - start)


def _fence_of(line: str) -> tuple[str, int, bool] | None:
    """The sign and the length of a fence, and whether more follows: three back-ticks or tildes, or more."""
    found = _FENCE.match(line)
    if not found or (found['run'][0] == '`' and '`' in found['info']):
        return None
    return found['run'][0], len(found['run']), bool(_SPACES.sub('', found['info']))


def _skip_code(text: str, start: int, end: int, skipped: bytearray) -> None:
    """Skips code between back-ticks: a run of them up to the next run of the same length."""
    runs = [run.span() for run in re.compile('`+').finditer(text, start, end)]
    of_length: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        of_length.setdefault(runs[index][1] - runs[index][0], []).append(index)
    index = 0
    while index < len(runs):
        opening, ended = runs[index]
        if opening > 0 and text[opening - 1] == '\\':
            opening += 1
        same = of_length.get(ended - opening, [])
        while same and same[-1] <= index:
            same.pop()
        if same:
            index = same[-1]
            _skip(skipped, opening, runs[index][1])
        index += 1


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    """The web addresses: a scheme and ``://``, or ``www.``, up to a space, a quotation mark, ``<`` or ``>``."""
    begins = re.compile(r'://|www\.', re.IGNORECASE)
    ends = re.compile('[\\s\u0085<>"]')
    found = begins.search(text)
    while found:
        index = found.start()
        start = _address_start(text, index)
        if start is None:
            found = begins.search(text, index + 1)
            continue
        ended = ends.search(text, index)
        end = ended.start() if ended else len(text)
        yield start, end
        found = begins.search(text, end)


def _address_start(text: str, index: int) -> int | None:
    """The beginning of a web address whose ``://`` or ``www.`` is here."""
    if text.startswith('://', index):
        start = index
        while start > 0 and index - start < 20 and text[start - 1].isascii() and text[start - 1].isalnum():
            start -= 1
        return start if start < index else None
    return None if index > 0 and _is_word(text[index - 1]) else index
