//! The deliberate differences from the original server, as docs/migrating-from-node.md numbers and names them.

/// Their names; the first has number 1.
pub(super) const DELIBERATE_DIFFERENCES: [&str; 11] = [
    "An event without an ack callback is safe",
    "History is current",
    "Messages carry their reactions",
    "Pages skip nothing",
    "Reactions are broadcast once",
    "A message with reactions can be deleted",
    "Rooms check access",
    "Users join and leave, not tabs",
    "`dm:start` works",
    "A change goes to the message's room",
    "Bad input is answered",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_same_differences() {
        let document = include_str!("../../docs/migrating-from-node.md");
        let (_, section) = document.split_once("\n## Deliberate differences\n").unwrap();
        let items = section.lines().filter_map(|line| line.split_once(". **"));
        let items = items.map(|(number, rest)| (number, rest.split("**").next().unwrap()));
        let found: Vec<_> = items.map(|(number, title)| (number, title.trim_end_matches('.'))).collect();
        let numbers: Vec<_> = (1..=11).map(|number: usize| number.to_string()).collect();
        let expected: Vec<_> = numbers.iter().map(String::as_str).zip(DELIBERATE_DIFFERENCES).collect();
        assert_eq!(found, expected);
    }
}
