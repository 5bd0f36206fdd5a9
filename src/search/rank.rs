//! Relevance: BM25 over the messages that were found, with more for phrases that stand close to one another.

use super::{
    query::Phrase,
    tokens::{Token, tokenize},
};

/// The usual constants of BM25.
const SATURATION: f64 = 1.2;
const LENGTH_WEIGHT: f64 = 0.75;
/// The most that closeness adds, beside a phrase's own weight of about 1.
const CLOSENESS: f64 = 1.0;

/// A message that was found.
pub struct Candidate<'a> {
    pub content: &'a str,
}

/// Returns a score for each candidate, in their order: a thousandth is the least difference. Each matches all phrases.
pub fn rank(candidates: &[Candidate<'_>], phrases: &[Phrase]) -> Vec<i64> {
    let texts: Vec<Vec<Token>> = candidates.iter().map(|candidate| tokenize(candidate.content)).collect();
    let total: usize = texts.iter().map(Vec::len).sum();
    let average = (total as f64 / texts.len().max(1) as f64).max(1.0);
    let score = |tokens: &Vec<Token>| {
        let places: Vec<Vec<usize>> = phrases.iter().map(|phrase| places(tokens, phrase)).collect();
        let length = 1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * tokens.len() as f64 / average;
        let frequency = |found: &Vec<usize>| {
            let count = found.len() as f64;
            count * (SATURATION + 1.0) / (count + SATURATION * length)
        };
        let sum: f64 = places.iter().map(frequency).sum();
        ((sum + closeness(&places)) * 1_000.0) as i64
    };
    texts.iter().map(score).collect()
}

/// The positions where a phrase begins.
fn places(tokens: &[Token], phrase: &Phrase) -> Vec<usize> {
    let Some((last, first)) = phrase.tokens.split_last() else { return Vec::new() };
    let is_last = |text: &str| if phrase.is_prefix { text.starts_with(last.as_str()) } else { text == last };
    let begins = |window: &&[Token]| {
        window.iter().zip(first).all(|(token, wanted)| token.text == *wanted)
            && window.last().is_some_and(|token| is_last(&token.text))
    };
    let windows = tokens.windows(phrase.tokens.len()).enumerate();
    windows.filter(|(_, window)| begins(window)).map(|(place, _)| place).collect()
}

/// How close the phrases come to one another in their order: 1 for neighbours, less for more words between.
fn closeness(places: &[Vec<usize>]) -> f64 {
    let gap = |(one, next): (&Vec<usize>, &Vec<usize>)| {
        let gaps = one.iter().filter_map(|place| {
            let after = next.partition_point(|other| other <= place);
            next.get(after).map(|other| other - place)
        });
        gaps.min().map_or(0.0, |gap| 1.0 / gap as f64)
    };
    let gaps: Vec<f64> = places.iter().zip(places.iter().skip(1)).map(gap).collect();
    if gaps.is_empty() { 0.0 } else { CLOSENESS * gaps.iter().sum::<f64>() / gaps.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Query;

    fn best(query: &str, texts: &[&str]) -> Vec<usize> {
        let candidates: Vec<Candidate<'_>> = texts.iter().map(|content| Candidate { content }).collect();
        let scores = rank(&candidates, &Query::parse(query).unwrap().phrases);
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(scores[*place]));
        order
    }

    #[test]
    fn more_matches_in_a_shorter_text_that_are_closer_are_more_relevant() {
        let long = "lunch ".to_owned() + &"and many other words ".repeat(20);
        assert_eq!(best("lunch", &[&long, "lunch today", "lunch lunch"]), [2, 1, 0]);
        assert_eq!(
            best("quick fox", &["quick is the fox", "quick fox is the", "fox the is quick"]),
            [1, 0, 2]
        );
        assert_eq!(rank(&[], &Query::parse("x").unwrap().phrases), Vec::<i64>::new());
    }
}
