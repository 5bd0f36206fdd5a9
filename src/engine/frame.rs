//! Encodes and decodes WebSocket frames where there is no websocket: packets from a POST become frames for the
//! Socket.IO library, and the library's frames become packets for a poll.

use std::io::{self, Cursor};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

/// The longest header of a frame, in bytes.
pub(super) const MAX_HEADER: usize = 14;

/// The opcodes that carry packets.
pub(super) const TEXT: OpCode = OpCode::Data(Data::Text);
pub(super) const BINARY: OpCode = OpCode::Data(Data::Binary);

/// The position of a frame in a buffer that begins with it.
pub(super) struct Parsed {
    pub(super) header: FrameHeader,
    /// The length of the header, in bytes.
    pub(super) start: usize,
    /// The length of the payload, in bytes.
    pub(super) length: u64,
}

/// Parses the header at the beginning of `bytes`. None if the header is incomplete; an error if it is invalid.
pub(super) fn parse(bytes: &[u8]) -> io::Result<Option<Parsed>> {
    let mut cursor = Cursor::new(bytes);
    let parsed =
        FrameHeader::parse(&mut cursor).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
    Ok(parsed.map(|(header, length)| Parsed { header, start, length }))
}

/// Splits the first frame off the buffer, if it is complete.
pub(super) fn split(bytes: &mut BytesMut) -> io::Result<Option<(FrameHeader, BytesMut)>> {
    let Some(Parsed { header, start, length }) = parse(bytes)? else { return Ok(None) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if bytes.len() < start.saturating_add(length) {
        return Ok(None);
    }
    bytes.advance(start);
    let mut payload = bytes.split_to(length);
    if let Some(mask) = header.mask {
        apply_mask(&mut payload, mask, 0);
    }
    Ok(Some((header, payload)))
}

/// Masks or unmasks bytes that begin at `offset` of a payload.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4], offset: usize) {
    for (byte, key) in bytes.iter_mut().zip(mask.iter().cycle().skip(offset % 4)) {
        *byte ^= key;
    }
}

/// Appends a frame as a client would send it, with a mask of zeros, which changes nothing.
pub(super) fn put_from_client(out: &mut BytesMut, opcode: OpCode, payload: &[u8]) {
    put(out, FrameHeader { opcode, mask: Some([0; 4]), ..FrameHeader::default() }, payload);
}

/// Appends a frame with this header.
pub(super) fn put(out: &mut BytesMut, header: FrameHeader, payload: &[u8]) {
    out.reserve(MAX_HEADER + payload.len());
    // Writing to memory does not fail.
    let _written = header.format(payload.len() as u64, &mut out.writer());
    let start = out.len();
    out.extend_from_slice(payload);
    if let (Some(mask), Some(payload)) = (header.mask, out.get_mut(start..)) {
        apply_mask(payload, mask, 0);
    }
}

/// A text frame as the server sends it.
pub(super) fn text(packet: &str) -> Bytes {
    let mut out = BytesMut::new();
    put(&mut out, FrameHeader { opcode: TEXT, ..FrameHeader::default() }, packet.as_bytes());
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was_put_whatever_its_length_and_mask() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            for mask in [None, Some([0; 4]), Some([1, 2, 3, 4])] {
                let mut bytes = BytesMut::new();
                put(&mut bytes, FrameHeader { opcode: BINARY, mask, ..FrameHeader::default() }, &payload);
                bytes.extend_from_slice(b"more");
                let mut part = BytesMut::from(bytes.get(..bytes.len() - 5).unwrap());
                if length > 0 {
                    assert!(split(&mut part).unwrap().is_none(), "{length}");
                }
                let (header, found) = split(&mut bytes).unwrap().unwrap();
                assert_eq!((header.opcode, found.as_ref()), (BINARY, payload.as_slice()));
                assert_eq!(bytes.as_ref(), b"more");
            }
        }
    }

    #[test]
    fn a_mask_goes_on_where_it_was() {
        let mask = [7, 77, 177, 250];
        let mut whole: Vec<u8> = (0..20).collect();
        let mut tail = whole.split_off(7);
        apply_mask(&mut whole, mask, 0);
        apply_mask(&mut tail, mask, 7);
        whole.extend(tail);
        let mut expected: Vec<u8> = (0..20).collect();
        apply_mask(&mut expected, mask, 0);
        assert_eq!(whole, expected);
    }
}
