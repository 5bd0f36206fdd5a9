//! Writes an archive.

use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    counts::Counts,
    frame::{End, First, Header, Last, MAX_LINE, hexadecimal},
    record::Record,
};

pub struct Writer<W> {
    out: W,
    hash: Sha256,
    counts: Counts,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    pub fn begin(out: W, header: Header) -> io::Result<Self> {
        let mut writer = Self { out, hash: Sha256::new(), counts: Counts::default(), line: Vec::new() };
        writer.write_line(&First { chatoxide: header })?;
        // A reader sees at once that there is a snapshot.
        writer.out.flush()?;
        Ok(writer)
    }

    /// Writes a row. Refuses one whose line would be too long to be read again.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.write_line(record)?;
        self.hash.update(&self.line);
        self.counts.add(record.kind(), 1);
        Ok(())
    }

    /// Writes the last line; returns what was written to, and the counts.
    pub fn end(mut self) -> io::Result<(W, Counts)> {
        let sha256 = hexadecimal(std::mem::take(&mut self.hash));
        self.write_line(&Last { end: End { counts: self.counts, sha256 } })?;
        self.out.flush()?;
        Ok((self.out, self.counts))
    }

    fn write_line(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        if self.line.len() > MAX_LINE {
            let most = MAX_LINE / 1_024 / 1_024;
            return Err(io::Error::other(format!(
                "a row takes more than {most} MiB, the longest line of a file"
            )));
        }
        self.out.write_all(&self.line)
    }
}
