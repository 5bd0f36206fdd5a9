//! The probe of an upgrade from polling to a websocket: the client sends `2probe`, gets `3probe`, and completes the
//! upgrade with `5`.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::{frame, session::Session};

/// The longest frame of a probe, in bytes. The packets themselves have at most six.
const PROBE_FRAME: u64 = 1_024;

/// Answers the client's probe and waits for the upgrade packet; false if the client sends anything else. `read` holds
/// the bytes that followed the request and, at the end, those that follow the upgrade packet.
pub(super) async fn probe(
    session: &Session,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    read: &mut BytesMut,
) -> io::Result<bool> {
    loop {
        match next_packet(stream, read).await?.as_deref() {
            Some("2probe") => {
                stream.write_all(&frame::text("3probe")).await?;
                session.release_polls();
            }
            Some("5") => return Ok(true),
            _ => return Ok(false),
        }
    }
}

/// The next packet; none if the client closes or sends an invalid packet.
async fn next_packet(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    read: &mut BytesMut,
) -> io::Result<Option<String>> {
    loop {
        // Checks the header before the rest of the frame has arrived.
        if let Some(frame) = frame::parse(read)?
            && (frame.length > PROBE_FRAME || frame.header.mask.is_none())
        {
            return Ok(None);
        }
        if let Some((header, payload)) = frame::split(read)? {
            match header.opcode {
                OpCode::Data(Data::Text) if header.is_final => {
                    return Ok(String::from_utf8(payload.to_vec()).ok());
                }
                OpCode::Control(Control::Ping) => {
                    let opcode = OpCode::Control(Control::Pong);
                    let mut pong = BytesMut::new();
                    frame::put(&mut pong, FrameHeader { opcode, ..FrameHeader::default() }, &payload);
                    stream.write_all(&pong).await?;
                }
                OpCode::Control(Control::Pong) => {}
                _ => return Ok(None),
            }
        } else if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use tokio::io::{DuplexStream, duplex};

    use super::*;

    const MASK: [u8; 4] = [3, 141, 59, 26];

    fn masked(opcode: OpCode, payload: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        let header = FrameHeader { opcode, mask: Some(MASK), ..FrameHeader::default() };
        frame::put(&mut bytes, header, payload);
        bytes
    }

    /// Runs on a client that has sent these bytes and sends no more. Returns the next packet, if it is decided by now,
    /// the bytes that the client is sent, and the bytes that are left.
    async fn after(sent: &[u8]) -> (Option<Option<String>>, Vec<u8>, BytesMut) {
        let (mut client, mut server): (DuplexStream, DuplexStream) = duplex(100_000);
        client.write_all(sent).await.unwrap();
        let mut left = BytesMut::new();
        let decided = {
            let mut packet = pin!(next_packet(&mut server, &mut left));
            match packet.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(packet) => Some(packet.unwrap()),
                Poll::Pending => None,
            }
        };
        drop(server);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        (decided, answer, left)
    }

    #[tokio::test]
    async fn a_packet_is_read_and_the_bytes_after_it_are_left() {
        let mut sent = masked(frame::TEXT, b"5");
        sent.extend(masked(frame::TEXT, b"42[\"more\"]"));
        let (packet, answer, left) = after(&sent).await;
        assert_eq!((packet, answer), (Some(Some("5".to_owned())), Vec::new()));
        assert_eq!(left, masked(frame::TEXT, b"42[\"more\"]"));
        // Half a frame is awaited.
        assert_eq!(after(&sent[..3]).await.0, None);
    }

    #[tokio::test]
    async fn a_ping_is_answered_by_a_pong_and_the_probe_goes_on() {
        let mut sent = masked(OpCode::Control(Control::Ping), b"are you there");
        sent.extend(masked(OpCode::Control(Control::Pong), b""));
        sent.extend(masked(frame::TEXT, b"2probe"));
        let (packet, answer, _) = after(&sent).await;
        assert_eq!(packet, Some(Some("2probe".to_owned())));
        let mut pong = BytesMut::new();
        let opcode = OpCode::Control(Control::Pong);
        frame::put(&mut pong, FrameHeader { opcode, ..FrameHeader::default() }, b"are you there");
        assert_eq!(answer, pong);
    }

    #[tokio::test]
    async fn a_frame_without_a_mask_is_refused_whatever_it_is() {
        for opcode in [frame::TEXT, OpCode::Control(Control::Ping), OpCode::Control(Control::Pong)] {
            let mut sent = BytesMut::new();
            frame::put(&mut sent, FrameHeader { opcode, ..FrameHeader::default() }, b"2probe");
            assert_eq!(after(&sent).await.0, Some(None), "{opcode}");
        }
    }

    #[tokio::test]
    async fn a_frame_that_is_too_long_is_refused_before_it_has_arrived() {
        for opcode in [frame::TEXT, OpCode::Control(Control::Ping)] {
            let long = masked(opcode, &[b'x'; 1_025]);
            assert_eq!(after(&long[..8]).await.0, Some(None), "{opcode}");
            assert_eq!(after(&long).await.0, Some(None), "{opcode}");
        }
        let longest = masked(frame::TEXT, &[b'x'; 1_024]);
        assert_eq!(after(&longest[..8]).await.0, None);
        assert_eq!(after(&longest).await.0, Some(Some("x".repeat(1_024))));
    }

    #[tokio::test]
    async fn an_invalid_packet_ends_the_probe() {
        let unfinished = FrameHeader { is_final: false, mask: Some(MASK), ..FrameHeader::default() };
        let mut part = BytesMut::new();
        frame::put(&mut part, FrameHeader { opcode: frame::TEXT, ..unfinished }, b"2pro");
        for sent in [masked(frame::BINARY, b"2probe"), part, masked(OpCode::Control(Control::Close), b"")] {
            assert_eq!(after(&sent).await.0, Some(None), "{sent:?}");
        }
    }
}
