//! A file of a fixture.

const MEMBERS: &str = "SELECT \"B\" FROM \"_RoomMembers\"";
