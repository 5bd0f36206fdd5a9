//! The parts of a text in which an `@` is no mention: code and web addresses.

use std::collections::HashMap;

/// For each character, whether it is in code or in a web address.
pub(super) fn skipped(text: &[char]) -> Vec<bool> {
    let mut skipped = vec![false; text.len()];
    let mut prose = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    let mut from = 0;
    // A paragraph ends at an empty line and at a fence: code between back-ticks does not go on behind it.
    for line in lines(text) {
        let content = text.get(line.clone()).unwrap_or_default();
        let mark = fence_of(content);
        match (fence, mark) {
            (Some((with, length)), _) => {
                mark_all(&mut skipped, line.clone());
                let is_end =
                    mark.is_some_and(|(other, its, has_info)| other == with && its >= length && !has_info);
                fence = if is_end { None } else { Some((with, length)) };
                from = line.end;
            }
            (None, Some((with, length, _))) => {
                prose.push(from..line.start);
                mark_all(&mut skipped, line.clone());
                fence = Some((with, length));
                from = line.end;
            }
            (None, None) if content.iter().all(|it| it.is_whitespace()) => {
                prose.push(from..line.end);
                from = line.end;
            }
            (None, None) => {}
        }
    }
    if fence.is_none() {
        prose.push(from..text.len());
    }
    for paragraph in prose {
        skip_code(text, paragraph, &mut skipped);
    }
    skip_addresses(text, &mut skipped);
    skipped
}

type Range = std::ops::Range<usize>;

fn mark_all(skipped: &mut [bool], range: Range) {
    skipped.get_mut(range).into_iter().flatten().for_each(|it| *it = true);
}

/// The lines of a text, each with its end.
fn lines(text: &[char]) -> impl Iterator<Item = Range> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|&it| it == '\n').map_or(rest.len(), |at| at + 1);
        let line = start..start + length;
        start = line.end;
        Some(line)
    })
}

/// The character and the length of a fence, and whether more follows it: three back-ticks or tildes, or more, at the
/// beginning of a line.
fn fence_of(line: &[char]) -> Option<(char, usize, bool)> {
    let indent = line.iter().take_while(|&&it| it == ' ').count();
    let rest = line.get(indent..).filter(|_| indent < 4)?;
    let with = *rest.first().filter(|it| matches!(it, '`' | '~'))?;
    let length = rest.iter().take_while(|&&it| it == with).count();
    let info = rest.get(length..)?;
    let is_fence = length >= 3 && !(with == '`' && info.contains(&'`'));
    is_fence.then(|| (with, length, info.iter().any(|it| !it.is_whitespace())))
}

/// Skips code between back-ticks: a run of them up to the next run of the same length.
fn skip_code(text: &[char], paragraph: Range, skipped: &mut [bool]) {
    let runs = runs_of_ticks(text, paragraph);
    let mut of_length: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, run) in runs.iter().enumerate().rev() {
        of_length.entry(run.len()).or_default().push(index);
    }
    let mut index = 0;
    while let Some(run) = runs.get(index) {
        let is_escaped = run.start > 0 && text.get(run.start - 1) == Some(&'\\');
        let opening = if is_escaped { run.start + 1..run.end } else { run.clone() };
        let same = of_length.get_mut(&opening.len());
        let close = same.and_then(|same| {
            while same.last().is_some_and(|&other| other <= index) {
                same.pop();
            }
            same.last().copied()
        });
        match close.and_then(|close| Some((close, runs.get(close)?))) {
            Some((close, end)) => {
                mark_all(skipped, opening.start..end.end);
                index = close + 1;
            }
            None => index += 1,
        }
    }
}

fn runs_of_ticks(text: &[char], paragraph: Range) -> Vec<Range> {
    let mut runs: Vec<Range> = Vec::new();
    for index in paragraph {
        if text.get(index) != Some(&'`') {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// Skips web addresses: a scheme and `://`, or `www.`, up to a space, a bracket `<` or `>`, or a quotation mark.
fn skip_addresses(text: &[char], skipped: &mut [bool]) {
    let mut index = 0;
    while index < text.len() {
        let Some(start) = address_at(text, index) else {
            index += 1;
            continue;
        };
        let rest = text.get(index..).unwrap_or_default();
        let length =
            rest.iter().take_while(|it| !(it.is_whitespace() || matches!(it, '<' | '>' | '"'))).count();
        mark_all(skipped, start..index + length);
        index += length.max(1);
    }
}

/// The beginning of a web address whose `://` or `www.` is here.
fn address_at(text: &[char], index: usize) -> Option<usize> {
    let rest = text.get(index..)?;
    let before = text.get(..index)?;
    if rest.starts_with(&[':', '/', '/']) {
        let scheme = before.iter().rev().take(20).take_while(|it| it.is_ascii_alphanumeric()).count();
        return (scheme > 0).then_some(index - scheme);
    }
    let is_www = matches!(rest, ['w' | 'W', 'w' | 'W', 'w' | 'W', '.', ..]);
    (is_www && before.last().is_none_or(|&it| !is_word(it))).then_some(index)
}

/// True for a letter, an accent or a digit.
pub(super) fn is_word(it: char) -> bool {
    it.is_alphanumeric() || unicode_normalization::char::is_combining_mark(it)
}

/// True for the letters of scripts that are written without spaces between words, and of Korean, whose particles follow
/// a name without one.
pub(super) fn is_unspaced(it: char) -> bool {
    matches!(it,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3130}'..='\u{318F}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}
