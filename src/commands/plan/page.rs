//! The plan as text.

use super::{super::print_line, Item, Plan};

pub(super) fn print(plan: &Plan) {
    print_line(&format!("Moving from Node to chatoxide {}", env!("CARGO_PKG_VERSION")));
    if !plan.faults.is_empty() {
        print_line("\nIn the way");
        print_items(&plan.faults);
    }
    print_line("\nWhat will differ");
    print_items(&plan.differences);
    print_line("  on the wire, each for a reason (docs/migrating-from-node.md, Deliberate differences):");
    for (index, title) in plan.deliberate.iter().enumerate() {
        print_line(&format!("    {:>2}. {title}", index + 1));
    }
    print_line("\nSettings");
    for setting in &plan.settings {
        let value = setting.value.as_deref().unwrap_or("not set");
        print_line(&format!("  {:<14} {value}  ({})", setting.name, setting.text));
    }
    print_list("Steps", &plan.steps);
    print_list("Way back", &plan.back);
}

/// More items than this that one command mends are printed as one, so that the plan stays a page.
const MAX_OF_ONE_MEND: usize = 3;

fn print_items(items: &[Item]) {
    for line in lines_of(items) {
        print_line(&line);
    }
}

fn lines_of(items: &[Item]) -> Vec<String> {
    let (mut lines, mut grouped) = (Vec::new(), Vec::new());
    for item in items {
        let alike: Vec<&Item> = items.iter().filter(|other| other.mend == item.mend).collect();
        if item.mend.is_empty() || alike.len() <= MAX_OF_ONE_MEND {
            lines.push(format!("  {}: {}", item.place, item.text));
        } else if grouped.contains(&&item.mend) {
            continue;
        } else {
            grouped.push(&item.mend);
            let mut models: Vec<&str> =
                alike.iter().filter_map(|other| other.place.split('.').next()).collect();
            models.dedup();
            let (number, places) = (alike.len(), models.join(", "));
            let command = if places == "database" { "check" } else { "check --schema" };
            lines.push(format!("  {places}: {number} findings, which chatoxide {command} lists"));
        }
        if !item.mend.is_empty() {
            lines.push(format!("    mend: {}", item.mend));
        }
    }
    lines
}

fn print_list(title: &str, texts: &[String]) {
    print_line(&format!("\n{title}"));
    for (index, text) in texts.iter().enumerate() {
        print_line(&format!("  {}. {text}", index + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(items: &[(&str, &str)]) -> Vec<String> {
        let item = |(place, mend): &(&str, &str)| Item {
            mend: (*mend).to_owned(),
            ..Item::new(place, "it differs".to_owned())
        };
        lines_of(&items.iter().map(item).collect::<Vec<_>>())
    }

    #[test]
    fn many_findings_that_one_command_mends_are_one_line_and_others_have_their_own() {
        let alone = [("Room", "map"), ("database", ""), ("database", ""), ("database", ""), ("database", "")];
        let of_database = "  database: it differs";
        let expected =
            ["  Room: it differs", "    mend: map", of_database, of_database, of_database, of_database];
        assert_eq!(lines(&alone), expected);
        let many = [
            ("User", "map"),
            ("Room", "map"),
            ("redis", "start it"),
            ("Room.name", "map"),
            ("Room.type", "map"),
        ];
        let expected = [
            "  User, Room: 4 findings, which chatoxide check --schema lists",
            "    mend: map",
            "  redis: it differs",
            "    mend: start it",
        ];
        assert_eq!(lines(&many), expected);
        let granted = lines(&[("database", "GRANT"); 4]);
        assert_eq!(granted, ["  database: 4 findings, which chatoxide check lists", "    mend: GRANT"]);
    }
}
