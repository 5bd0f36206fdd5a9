//! Tests that the library reads the same packets however a client's bytes are split.

use tungstenite::protocol::frame::coding::Control;

use super::*;

const MASK: [u8; 4] = [3, 141, 59, 26];
const CONTINUE: OpCode = OpCode::Data(Data::Continue);

fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::new();
    let header = FrameHeader { opcode, is_final, mask: Some(MASK), ..FrameHeader::default() };
    frame::put(&mut bytes, header, payload);
    bytes
}

fn text(packet: &str) -> BytesMut {
    frame(frame::TEXT, true, packet.as_bytes())
}

/// Returns the bytes that the library reads when `bytes` arrive in pieces of `size`, into a buffer of the same size.
fn read(bytes: &[u8], size: usize) -> BytesMut {
    let mut inbound = Inbound::new(1_000_000);
    inbound.count(0, true).unwrap();
    let mut read = BytesMut::new();
    let mut store = vec![0; size];
    for piece in bytes.chunks(size) {
        let mut buf = ReadBuf::new(&mut store);
        buf.put_slice(piece);
        inbound.inspect(&mut buf, 0).unwrap();
        read.extend_from_slice(buf.filled());
        loop {
            let mut buf = ReadBuf::new(&mut store);
            if !inbound.deliver(&mut buf) {
                break;
            }
            read.extend_from_slice(buf.filled());
        }
    }
    read
}

fn packets(mut bytes: BytesMut) -> Vec<String> {
    let mut packets = Vec::new();
    while let Some((_, payload)) = frame::split(&mut bytes).unwrap() {
        packets.push(String::from_utf8(payload.to_vec()).unwrap());
    }
    assert!(bytes.is_empty(), "{bytes:?}");
    packets
}

#[test]
fn ordinary_frames_pass_unchanged_however_they_are_split() {
    let long = format!(r#"42["message:send",{{"content":"{}"}}]"#, "é\\\"".repeat(5_000));
    let mut bytes = text(r#"40{"token":"t"}"#);
    bytes.extend(text(r#"4217["message:send",{"content":"\""}]"#));
    bytes.extend(frame(frame::BINARY, true, b"42[\"\\"));
    bytes.extend(text(""));
    bytes.extend(text(&long));
    bytes.extend(frame(frame::TEXT, false, br#"42["a","#));
    bytes.extend(frame(CONTINUE, true, br#""\"5"]"#));
    bytes.extend(text(&format!(r#"42["{}"#, "x".repeat(100_000))));
    for size in [1, 2, 3, 7, 64, 2_048, bytes.len()] {
        assert_eq!(read(&bytes, size), bytes, "{size}");
    }
}

#[test]
fn odd_names_are_rewritten_and_ignored_packets_dropped_however_they_are_split() {
    let mut bytes = text("40");
    bytes.extend(text(r#"42["q\"uote",{"a":"\\"}]"#));
    bytes.extend(text("6"));
    bytes.extend(text("420[7]"));
    bytes.extend(text("5"));
    bytes.extend(text("5probe"));
    bytes.extend(text(&format!(r#"42["\u0041",{}]"#, "1".repeat(10_000))));
    bytes.extend(text("3"));
    let long = format!(r#"42["A",{}]"#, "1".repeat(10_000));
    for size in [1, 2, 5, 64, 2_048, bytes.len()] {
        assert_eq!(
            packets(read(&bytes, size)),
            ["40", "42[\"q\u{fffd}uote\",{\"a\":\"\\\\\"}]", "420[\"7\"]", &long],
            "{size}"
        );
    }
}

/// A packet in fragments of `length` bytes each, two at least, with a websocket ping after the first.
fn in_parts(packet: &str, length: usize) -> BytesMut {
    let mut bytes = BytesMut::new();
    let length = length.min(packet.len() - 1);
    let parts = packet.len().div_ceil(length);
    for (position, part) in packet.as_bytes().chunks(length).enumerate() {
        let opcode = if position == 0 { frame::TEXT } else { CONTINUE };
        bytes.extend(frame(opcode, position + 1 == parts, part));
        if position == 0 {
            bytes.extend(frame(OpCode::Control(Control::Ping), true, b"ping"));
        }
    }
    bytes
}

#[test]
fn a_fragmented_packet_is_read_as_a_whole_and_control_frames_between_go_first() {
    let long_name = "n".repeat(5_000);
    for (packet, expected) in [
        (r#"42["q\"uote",{"a":"é\\"}]"#.to_owned(), "42[\"q\u{fffd}uote\",{\"a\":\"é\\\\\"}]".to_owned()),
        ("420[7]".to_owned(), r#"420["7"]"#.to_owned()),
        (format!(r#"42["{long_name}\n"]"#), format!("42[\"{long_name}\u{fffd}\"]")),
    ] {
        for length in [1, 3, 11, 4_096] {
            let mut bytes = in_parts(&packet, length);
            bytes.extend(text("420[1]"));
            for size in [1, 64, bytes.len()] {
                let heard = packets(read(&bytes, size));
                assert_eq!(heard, ["ping", &expected, r#"420["1"]"#], "{length} {size}");
            }
        }
    }
}

#[test]
fn plain_fragments_pass_unchanged() {
    let bytes = in_parts(r#"42["message:send",{"content":"\""}]"#, 20);
    for size in [1, 16, bytes.len()] {
        assert_eq!(read(&bytes, size), bytes, "{size}");
    }
}

#[test]
fn a_frame_that_is_no_fragment_ends_the_message_that_was_begun() {
    for no_part in [text("42"), frame(frame::BINARY, true, b"x"), {
        let mut bytes = BytesMut::new();
        frame::put(&mut bytes, FrameHeader { opcode: CONTINUE, mask: None, ..FrameHeader::default() }, b"x");
        bytes
    }] {
        let mut bytes = frame(frame::TEXT, false, b"42[\"q");
        bytes.extend(frame(CONTINUE, false, b"\\"));
        bytes.extend(&no_part);
        // The library refuses it.
        let mut expected = frame(frame::TEXT, false, b"42[\"q\\");
        expected.extend(&no_part);
        assert_eq!(read(&bytes, 3), expected);
    }
}

#[test]
fn fragments_are_not_collected_beyond_the_largest_packet() {
    let mut inbound = Inbound::new(1_000);
    inbound.count(0, true).unwrap();
    inbound.inspect_unbuffered(&frame(frame::TEXT, false, b"42[\"")).unwrap();
    for _ in 0..100 {
        inbound.inspect_unbuffered(&frame(CONTINUE, false, &[b'n'; 100])).unwrap();
        assert!(inbound.fragments.as_ref().is_none_or(|(_, packet)| packet.len() <= 1_000));
    }
    assert!(inbound.fragments.is_none() && inbound.ready.len() > 10_000);
}

#[test]
fn fragmented_packets_that_node_ignores_are_dropped_too() {
    for packet in ["5probe", "6x", "0{}", "1more", "42", "43[\"x\"]", "4317"] {
        for length in [1, 2, 100] {
            let mut bytes = in_parts(packet, length);
            bytes.extend(text("40"));
            assert_eq!(packets(read(&bytes, 3)), ["ping", "40"], "{packet} {length}");
        }
    }
}

#[test]
fn a_pong_is_noted_and_kept_from_the_library_and_a_ping_is_an_error() {
    for size in [1, 3, 100] {
        let mut inbound = Inbound::new(1_000);
        let mut store = [0; 100];
        for piece in text("3").chunks(size) {
            assert!(!inbound.take_pong());
            let mut buf = ReadBuf::new(&mut store);
            buf.put_slice(piece);
            inbound.inspect(&mut buf, 0).unwrap();
            assert!(buf.filled().is_empty());
        }
        assert!(inbound.take_pong() && !inbound.take_pong());
    }
    assert!(Inbound::new(1_000).inspect_unbuffered(&text("2")).is_err());
}

#[test]
fn invalid_frames_and_too_many_bytes_before_the_sign_in_are_errors() {
    let mut inbound = Inbound::new(1_000);
    assert!(inbound.inspect_unbuffered(&[0x83, 0x80, 0, 0, 0, 0]).is_err());
    let mut inbound = Inbound::new(1_000);
    inbound.count(64 * 1_024, false).unwrap();
    inbound.count(1_000_000, true).unwrap();
    assert!(inbound.count(1, false).is_err());
    // The library refuses an invalid frame length, so it passes here.
    let mut inbound = Inbound::new(1_000);
    inbound.count(0, true).unwrap();
    inbound.inspect_unbuffered(&[0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]).unwrap();
    // The header alone decides.
    let mut inbound = Inbound::new(1_000_000);
    assert!(inbound.inspect_unbuffered(&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]).is_err());
}
