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
    let mut printed = Vec::new();
    for item in items {
        let of_mend: Vec<&Item> = items.iter().filter(|other| other.mend == item.mend).collect();
        if item.mend.is_empty() || of_mend.len() <= MAX_OF_ONE_MEND {
            print_line(&format!("  {}: {}", item.place, item.text));
        } else if printed.contains(&&item.mend) {
            continue;
        } else {
            printed.push(&item.mend);
            let mut models: Vec<&str> =
                of_mend.iter().filter_map(|other| other.place.split('.').next()).collect();
            models.dedup();
            let (number, models) = (of_mend.len(), models.join(", "));
            print_line(&format!("  {models}: {number} findings, which chatoxide check --schema lists"));
        }
        if !item.mend.is_empty() {
            print_line(&format!("    mend: {}", item.mend));
        }
    }
}

fn print_list(title: &str, texts: &[String]) {
    print_line(&format!("\n{title}"));
    for (index, text) in texts.iter().enumerate() {
        print_line(&format!("  {}. {text}", index + 1));
    }
}
