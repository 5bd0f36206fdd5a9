//! A file of a fixture.

fn test() {
    std::thread::sleep(SECOND);
}
