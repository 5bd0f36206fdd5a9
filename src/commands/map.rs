//! `chatoxide map`: proposes views over the tables of a Prisma schema that chatoxide can serve. It reads the schema's
//! file alone, and connects to nothing.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;

use super::{Failure, print_error, print_line};
use crate::prisma::{
    mapping,
    options::{DEFAULT_SCHEMA, Options},
    read::read,
};

pub(super) const HELP: &str = "\
The command reads the schema's file alone, and connects to nothing. It finds out which models are the users, rooms,
messages, members and reactions of the chat, and writes SQL that makes five views in a schema of their own. None of
your tables changes, and Prisma sees no difference.

  chatoxide map --schema prisma/schema.prisma --out map.sql
  URL=${DATABASE_URL%%\\?*}                        (without ?schema=public, which psql does not know)
  psql -v ON_ERROR_STOP=1 -f map.sql \"$URL\"
  DATABASE_URL=\"$URL?schema=chatoxide_map\" chatoxide

The file begins with what was chosen, and how to undo it. Lines with `asked:` ask for a value that only you know: write
it in place of NULL, or give it by --fill. A guess is changed by --use, with one of the roles
  user user.name user.email user.avatar user.createdAt
  room room.name room.type room.createdAt
  message message.room message.sender message.content message.createdAt message.updatedAt message.type
  message.metadata message.replyTo message.deletion
  member reaction reaction.emoji
A role of a field, member and reaction may be `none`. Ids have to be text or @db.Uuid: Int ids are not supported yet,
and the command says so. The exit code is 1 if the schema cannot be mapped, and 2 if it cannot be read.";

#[derive(Args, Debug)]
pub(super) struct MapArgs {
    /// The Prisma schema: its file, or its folder if it has several
    #[arg(long, value_name = "PATH", default_value = "prisma/schema.prisma")]
    schema: PathBuf,

    /// The file to write; standard output if absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The schema of the database that the views are made in: it has to be their own
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SCHEMA)]
    into: String,

    /// The schema of the database that your tables are in
    #[arg(long, value_name = "NAME", default_value = "public")]
    tables_in: String,

    /// Take this model or field for a role of the chat, such as room=Conversation, message.sender=fromId,
    /// member=Participant, reaction=none; may be given several times
    #[arg(long = "use", value_name = "ROLE=NAME", value_parser = pair)]
    uses: Vec<(String, String)>,

    /// Fill this required column by an SQL expression in rows that chatoxide makes, such as Room.ownerId='u1'; may be
    /// given several times
    #[arg(long, value_name = "MODEL.FIELD=SQL", value_parser = pair)]
    fill: Vec<(String, String)>,

    /// Where ids are of type uuid in some columns and text in others, also make indexes on your tables for reading them as
    /// text; Prisma does not see these
    #[arg(long)]
    indexes: bool,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    match key.is_empty() || value.is_empty() {
        true => Err("write it as NAME=VALUE".to_owned()),
        false => Ok((key.to_owned(), value.to_owned())),
    }
}

pub(super) fn run(args: MapArgs) -> Result<(), Failure> {
    let schema = read(&args.schema).map_err(Failure::Setting)?;
    let options = Options {
        into: args.into,
        tables_in: args.tables_in,
        uses: args.uses.into_iter().collect(),
        fills: args.fill.into_iter().collect::<BTreeMap<_, _>>(),
        makes_indexes: args.indexes,
        source: args.schema.display().to_string(),
    };
    let proposal = mapping::propose(&schema, &options).map_err(|obstacles| {
        let texts: Vec<String> = obstacles
            .iter()
            .map(|obstacle| match obstacle.mend.is_empty() {
                true => obstacle.text.clone(),
                false => format!("{} ({})", obstacle.text, obstacle.mend),
            })
            .collect();
        Failure::Failed(format!("{} cannot be mapped: {}", options.source, texts.join("; ")))
    })?;
    let Some(out) = args.out else {
        print_line(proposal.sql.trim_end());
        return Ok(());
    };
    std::fs::write(&out, &proposal.sql)
        .map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", out.display())))?;
    for text in &proposal.guessed {
        print_error(&format!("guess  {text}"));
    }
    for text in &proposal.asked {
        print_error(&format!("asked  {text}"));
    }
    let file = shlex::try_quote(&out.to_string_lossy()).map(|quoted| quoted.into_owned());
    let file = file.unwrap_or_else(|_| out.display().to_string());
    print_line(&format!(
        "wrote {}. Read it, then apply it by\n  \
         psql -v ON_ERROR_STOP=1 -f {file} \"<the database's URL without ?schema=>\"\n\
         and serve with ?schema={} at the end of DATABASE_URL.",
        out.display(),
        options.into
    ));
    Ok(())
}
