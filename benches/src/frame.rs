//! WebSocket frames: those of a client written with a mask of zeros, those of a server found in a buffer.

use std::io;

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Above this a length takes two bytes more.
const SHORT: usize = 125;
const LONG_HEADER: usize = 8;
const SHORT_HEADER: usize = 6;
/// Nothing that a chat says is longer; a length above is a stream that went astray.
const LONGEST: u64 = 64 << 20;

/// Appends a frame whose payload, of at most 65,535 bytes, `write` appends.
pub fn push(out: &mut Vec<u8>, opcode: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; LONG_HEADER]);
    write(out);
    let length = out.len() - start - LONG_HEADER;
    if length <= SHORT {
        out.copy_within(start + LONG_HEADER.., start + SHORT_HEADER);
        out.truncate(start + SHORT_HEADER + length);
    }
    let Some([first, second, rest @ ..]) = out.get_mut(start..) else { return };
    *first = FINAL | opcode;
    if length <= SHORT {
        *second = MASKED | length as u8;
    } else {
        *second = MASKED | 126;
        let length = u16::try_from(length).expect("what a client sends is shorter than 64 KiB");
        for (place, byte) in rest.iter_mut().zip(length.to_be_bytes()) {
            *place = byte;
        }
    }
}

/// A frame at the beginning of a buffer: its payload is `bytes[header..end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub header: usize,
    pub end: usize,
}

/// The first frame of the buffer, or `None` when it is not all there yet.
pub fn first(bytes: &[u8]) -> io::Result<Option<Frame>> {
    let &[first, second, ..] = bytes else { return Ok(None) };
    if first & FINAL == 0 || first & 0x70 != 0 || second & MASKED != 0 {
        return Err(broken("a frame is fragmented, compressed or masked"));
    }
    let (header, length) = match (second, bytes) {
        (126, &[_, _, a, b, ..]) => (4, u64::from(u16::from_be_bytes([a, b]))),
        (127, &[_, _, a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([a, b, c, d, e, f, g, h])),
        (126 | 127, _) => return Ok(None),
        (length, _) => (2, u64::from(length)),
    };
    if length > LONGEST {
        return Err(broken("a frame is longer than any message"));
    }
    let end = header + length as usize;
    Ok((bytes.len() >= end).then_some(Frame { opcode: first & 0x0F, header, end }))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(length: usize) -> Vec<u8> {
        let mut out = b"before".to_vec();
        push(&mut out, TEXT, |out| out.extend(std::iter::repeat_n(b'x', length)));
        out.split_off(6)
    }

    #[test]
    fn a_client_frame_has_the_shortest_length_and_a_mask_of_zeros() {
        assert_eq!(written(3), b"\x81\x83\0\0\0\0xxx");
        assert_eq!(written(125).len(), 6 + 125);
        let long = written(300);
        assert_eq!(&long[..8], b"\x81\xFE\x01\x2C\0\0\0\0");
        assert!(long[8..].iter().all(|byte| *byte == b'x'));
        assert_eq!(long.len(), 8 + 300);
    }

    #[test]
    fn a_server_frame_of_any_length_is_found_when_all_of_it_is_there() {
        for (length, header) in [(0_usize, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let mut bytes = vec![0x81];
            match header {
                2 => bytes.push(length as u8),
                4 => {
                    bytes.push(126);
                    bytes.extend((length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend((length as u64).to_be_bytes());
                }
            }
            bytes.extend(vec![b'y'; length]);
            let frame = Frame { opcode: TEXT, header, end: bytes.len() };
            for cut in 0..bytes.len().min(12) {
                assert_eq!(first(&bytes[..cut]).unwrap(), None, "{cut} of {length}");
            }
            assert_eq!(first(&bytes[..bytes.len() - 1]).unwrap(), None);
            assert_eq!(first(&bytes).unwrap(), Some(frame));
            bytes.extend(b"\x81\x01z");
            assert_eq!(first(&bytes).unwrap(), Some(frame), "what follows is not looked at");
        }
    }

    #[test]
    fn a_frame_that_no_server_sends_is_an_error() {
        assert!(first(b"\x01\x01x").is_err(), "fragmented");
        assert!(first(b"\xC1\x01x").is_err(), "compressed");
        assert!(first(b"\x81\x81\0\0\0\0x").is_err(), "masked");
        assert!(first(b"\x81\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF").is_err(), "endless");
    }
}
