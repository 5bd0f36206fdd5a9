//! Proposes the mapping of a schema: five views, the functions of their triggers, and what has to be asked.

use super::{
    model::{Model, Schema},
    options::{DEFAULT_SCHEMA, Options},
    roles::{self, Obstacle},
    sql,
    tables::{self, Builder},
    widths::{Short, short},
};

/// Schemas that a mapping never takes: it drops its own before it makes it again.
const TAKEN: [&str; 4] = ["public", "chatoxide", "information_schema", "auth"];

/// A proposed mapping.
#[derive(Debug)]
pub struct Proposal {
    /// The whole file for `psql`.
    pub sql: String,
    /// Questions that a person has to answer before all events work, each a sentence.
    pub asked: Vec<String>,
    /// Guesses that a person should look at, each a sentence.
    pub guessed: Vec<String>,
}

/// Proposes views that give chatoxide its tables. The error has everything that stands in the way.
pub fn propose(schema: &Schema, options: &Options) -> Result<Proposal, Vec<Obstacle>> {
    let mut obstacles: Vec<Obstacle> = provider_obstacle(schema).into_iter().collect();
    obstacles.extend(taken_schema(schema, options));
    let roles = match roles::find(schema, &options.uses) {
        Ok(roles) if obstacles.is_empty() => roles,
        Ok(_) => return Err(obstacles),
        Err(more) => {
            obstacles.extend(more);
            return Err(obstacles);
        }
    };
    let mixed = roles.mixed_ids();
    let mut builder = Builder { schema, options, mixed, asks: Vec::new(), notes: Vec::new() };
    let views = tables::build(&mut builder, &roles);
    builder.notes.extend(short(&roles, &options.tables_in).into_iter().map(|column| {
        let Short { place, text, fails, mend } = column;
        format!("{place}: {text}: {fails}; to mend it, run {mend}")
    }));
    let Builder { asks, notes, .. } = builder;
    for key in options.fills.keys() {
        let is_known = key.split_once('.').is_some_and(|(model, field)| {
            schema.model(model).is_some_and(|model| model.column(field).is_some())
        });
        if !is_known {
            let text = format!("--fill {key}: the schema has no such field");
            obstacles.push(Obstacle {
                text,
                fails: "every event",
                mend: "write it as Model.field".to_owned(),
            });
        }
    }
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    let asked =
        asks.iter().map(|ask| format!("{}: {}; until then {}", ask.field, ask.reason, ask.fails)).collect();
    let guesses = roles.choices.iter().filter(|choice| !choice.others.is_empty());
    let guessed = guesses.map(|choice| {
        let others = choice.others.join(", ");
        format!("{} is taken to be {} ({}), and could be {others}", choice.key, choice.chosen, choice.reason)
    });
    let guessed = guessed.chain(notes.iter().cloned()).collect();
    Ok(Proposal {
        sql: sql::write(&sql::Parts { schema, options, roles: &roles, views, asks, notes }),
        asked,
        guessed,
    })
}

/// The obstacle of a database that is no PostgreSQL.
fn provider_obstacle(schema: &Schema) -> Option<Obstacle> {
    let provider = schema.provider.as_deref().filter(|provider| *provider != "postgresql")?;
    let mend = match provider {
        "sqlite" => {
            "chatoxide check --schema says whether the tables can be served as they are, without a mapping"
        }
        _ => "move the tables to PostgreSQL first",
    };
    Some(Obstacle {
        text: format!("the schema is for {provider}, and a mapping needs PostgreSQL"),
        fails: "every event",
        mend: mend.to_owned(),
    })
}

fn taken_schema(schema: &Schema, options: &Options) -> Option<Obstacle> {
    let into = options.into.as_str();
    let is_theirs = |model: &Model| model.schema.as_deref() == Some(into);
    let is_taken = TAKEN.contains(&into)
        || into.starts_with("pg_")
        || into.is_empty()
        || into == options.tables_in
        || schema.models.iter().any(is_theirs);
    is_taken.then(|| Obstacle {
        text: format!("--into {into}: a mapping needs a schema of its own"),
        fails: "every event",
        mend: format!("choose another name, such as {DEFAULT_SCHEMA}"),
    })
}
