//! Takes over whether the actor's device is active.

use super::ActingSocket;

pub fn run(socket: ActingSocket<'_>, is_away: bool) {
    socket.state.set_away(is_away);
}
