//! A file of a fixture.

fn refuse(socket: &Socket) {
    socket.emit("room:error", &()).ok();
}
