// Stories about users who leave a room.
test('who left hears nothing', async () => {});
test.each([1, 2])('what %d said is heard', async () => {});
test('a user who left gets no event', async () => {});
