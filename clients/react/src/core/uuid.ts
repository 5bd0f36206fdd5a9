// Random ids, made alike everywhere: `crypto.randomUUID` is only there on https and localhost, and React Native has no
// `crypto`. An id names a message of one user and guards nothing.

/** A UUID of version 4, of 120 random bits. */
export function uuid(): string {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () =>
    ((Math.random() * 16) | 0).toString(16),
  );
}
