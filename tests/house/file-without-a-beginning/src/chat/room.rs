pub struct Room;
