//! Reads an archive, line by line, each bounded in bytes. A file that was cut short or changed is noticed at its end,
//! or before anything else by [`verify`].

use std::io::{BufRead, Read};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{
    counts::Counts,
    frame::{AnyHeader, End, FORMAT, First, Header, LAST_BEGINS, Last, MAX_LINE, hexadecimal},
    record::{Kind, Record},
};

/// The reason for which a file cannot be read, as one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("it is no file of chatoxide export: {0}")]
    Foreign(String),
    #[error(
        "it has format {format} of chatoxide {version}, and chatoxide {} reads formats up to {FORMAT}: import it with \
         the newer one", env!("CARGO_PKG_VERSION")
    )]
    Newer { format: u32, version: String },
    #[error("line {number}: {why}")]
    Line { number: u64, why: String },
    #[error("it ends after line {lines}, without its last line: it was cut short")]
    CutShort { lines: u64 },
    #[error("it was changed after the export, or damaged: {0}")]
    Damaged(&'static str),
}

pub struct Reader<R> {
    input: R,
    /// The number of the line that was read last; the first is 1.
    number: u64,
    line: Vec<u8>,
    hash: Sha256,
    counts: Counts,
    last: Option<Kind>,
    header: Header,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub fn begin(input: R) -> Result<Self, ReadError> {
        let (mut input, mut line) = (input, Vec::new());
        if !read_line(&mut input, &mut line, 1)? {
            return Err(ReadError::CutShort { lines: 0 });
        }
        let header = parse_header(&line)?;
        let (hash, counts) = (Sha256::new(), Counts::default());
        Ok(Self { input, number: 1, line, hash, counts, last: None, header })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The length of the line that was read last.
    pub fn line_bytes(&self) -> usize {
        self.line.len()
    }

    /// Reads the next row, with the number of its line; none after the last line, when all of it is as it was written.
    pub fn next_record(&mut self) -> Result<Option<(u64, Record)>, ReadError> {
        if !self.advance()? {
            return Err(ReadError::CutShort { lines: self.number });
        }
        if self.line.starts_with(LAST_BEGINS) {
            let last = parse::<Last>(&self.line, self.number)?;
            return self.ensure_whole(&last.end).map(|()| None);
        }
        let record: Record = parse(&self.line, self.number)?;
        let kind = record.kind();
        if let Some(last) = self.last.filter(|last| *last > kind) {
            let why = format!("{} stand before {}", kind.plural(), last.plural());
            return Err(ReadError::Line { number: self.number, why });
        }
        self.last = Some(kind);
        self.counts.add(kind, 1);
        self.hash.update(&self.line);
        Ok(Some((self.number, record)))
    }

    fn advance(&mut self) -> Result<bool, ReadError> {
        let is_there = read_line(&mut self.input, &mut self.line, self.number + 1)?;
        self.number += u64::from(is_there);
        Ok(is_there)
    }

    /// Compares the file with its last line, behind which nothing may follow.
    fn ensure_whole(&mut self, end: &End) -> Result<(), ReadError> {
        if self.advance()? {
            return Err(ReadError::Line { number: self.number, why: "it follows the last line".to_owned() });
        }
        if hexadecimal(std::mem::take(&mut self.hash)) != end.sha256 {
            return Err(ReadError::Damaged("its checksum is another"));
        }
        if self.counts != end.counts || self.counts != self.header.counts {
            return Err(ReadError::Damaged("it has other numbers of lines than it says"));
        }
        Ok(())
    }
}

/// Reads a file to its end and compares it with its checksum and its numbers of lines, before any of its rows is parsed.
pub fn verify(mut input: impl BufRead) -> Result<(), ReadError> {
    let (mut line, mut next) = (Vec::new(), Vec::new());
    if !read_line(&mut input, &mut line, 1)? {
        return Err(ReadError::CutShort { lines: 0 });
    }
    let header = parse_header(&line)?;
    line.clear();
    let (mut hash, mut number) = (Sha256::new(), 1);
    while read_line(&mut input, &mut next, number + 1)? {
        number += 1;
        hash.update(&line);
        std::mem::swap(&mut line, &mut next);
    }
    if !line.starts_with(LAST_BEGINS) {
        return Err(ReadError::CutShort { lines: number });
    }
    let end = parse::<Last>(&line, number)?.end;
    if hexadecimal(hash) != end.sha256 {
        return Err(ReadError::Damaged("its checksum is another"));
    }
    // The first line, the last one, and one for each row.
    if header.counts != end.counts || header.counts.total().saturating_add(2) != number {
        return Err(ReadError::Damaged("it has other numbers of lines than it says"));
    }
    Ok(())
}

fn parse_header(line: &[u8]) -> Result<Header, ReadError> {
    let foreign = |error: serde_json::Error| ReadError::Foreign(describe(&error));
    let any: First<AnyHeader> = serde_json::from_slice(line).map_err(foreign)?;
    if any.chatoxide.format > FORMAT {
        let AnyHeader { format, version } = any.chatoxide;
        return Err(ReadError::Newer { format, version });
    }
    Ok(serde_json::from_slice::<First<Header>>(line).map_err(foreign)?.chatoxide)
}

/// Reads a line with its end into `line`; false at the end of the input. A last line without its end was cut short.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, number: u64) -> Result<bool, ReadError> {
    line.clear();
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    input.by_ref().take(most).read_until(b'\n', line)?;
    match line.last() {
        None => Ok(false),
        Some(b'\n') => Ok(true),
        Some(_) if line.len() >= MAX_LINE => {
            let why = format!("it has more than {} MiB", MAX_LINE / 1_024 / 1_024);
            Err(ReadError::Line { number, why })
        }
        Some(_) => Err(ReadError::CutShort { lines: number - 1 }),
    }
}

fn parse<T: DeserializeOwned>(line: &[u8], number: u64) -> Result<T, ReadError> {
    serde_json::from_slice(line).map_err(|error| ReadError::Line { number, why: describe(&error) })
}

/// The error of a parser that saw one line only.
fn describe(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at byte ").replace(" at line 2 column 0", " at its end")
}
