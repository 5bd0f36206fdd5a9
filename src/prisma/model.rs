//! A schema with its references resolved: tables with their names and columns in the database, relations, and the join
//! tables that Prisma makes by itself.

use std::collections::{BTreeMap, BTreeSet};

use super::parser::{Block, BlockKind, Field, Value};

#[derive(Debug, Default)]
pub struct Schema {
    /// `postgresql`, `mysql`, `sqlite`, `mongodb` ...; none if there is no datasource.
    pub provider: Option<String>,
    pub models: Vec<Model>,
    pub enums: Vec<Enum>,
    pub joins: Vec<JoinTable>,
}

#[derive(Debug)]
pub struct Enum {
    pub name: String,
    /// The type's name in the database.
    pub sql_name: String,
    /// The schema in the database, if `@@schema` names one.
    pub schema: Option<String>,
    /// The labels in the database, in their order.
    pub labels: Vec<String>,
}

#[derive(Debug)]
pub struct Model {
    pub name: String,
    /// The table's name in the database.
    pub table: String,
    /// The schema in the database, if `@@schema` names one.
    pub schema: Option<String>,
    pub columns: Vec<Column>,
    pub relations: Vec<Relation>,
    /// The fields of the primary key.
    pub id: Vec<String>,
    /// The fields of each unique key, the primary key included.
    pub uniques: Vec<Vec<String>>,
    /// The fields of each index, keys included.
    pub indexes: Vec<Vec<String>>,
    pub is_view: bool,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub field: String,
    /// The column's name in the database.
    pub name: String,
    pub kind: Kind,
    /// The native type, such as `VarChar` and its arguments.
    pub native: Option<String>,
    pub is_required: bool,
    pub is_list: bool,
    pub default: Default,
    /// Prisma's client sets it at each change; the database does not.
    pub is_updated_at: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    String,
    Boolean,
    Int,
    BigInt,
    Float,
    Decimal,
    DateTime,
    Json,
    Bytes,
    /// The name of the enum in the Prisma schema.
    Enum(String),
    Unsupported,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    None,
    /// Prisma's client makes a value, such as `cuid()`; the database has no default.
    Client,
    /// The database has a default. A literal is kept, for its style.
    Database(Option<String>),
}

#[derive(Debug)]
pub struct Relation {
    pub field: String,
    /// The other model.
    pub target: String,
    pub name: Option<String>,
    /// This model's fields that refer to the other; empty where the other model has them, or a join table.
    pub columns: Vec<String>,
    pub is_list: bool,
    pub is_required: bool,
    /// The database refuses to delete a row that is referred to.
    pub refuses_deletion: bool,
}

/// The table of an implicit many-to-many relation: its columns are `A` and `B`.
#[derive(Debug)]
pub struct JoinTable {
    pub table: String,
    pub schema: Option<String>,
    /// The models that `A` and `B` refer to.
    pub a: String,
    pub b: String,
    /// The fields of the two models, for people.
    pub fields: (String, String),
}

impl Column {
    /// A row can be inserted by SQL without this column.
    pub fn has_database_default(&self) -> bool {
        !self.is_required || self.is_list || matches!(self.default, Default::Database(_))
    }

    pub fn is_native(&self, name: &str) -> bool {
        self.native.as_deref().is_some_and(|native| native.split('(').next() == Some(name))
    }

    /// The most characters that the column takes; none if its type has no limit.
    pub fn most(&self) -> Option<usize> {
        let (name, most) = self.native.as_deref()?.strip_suffix(')')?.split_once('(')?;
        if ["VarChar", "Char"].contains(&name) { most.parse().ok() } else { None }
    }
}

impl Model {
    pub fn column(&self, field: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// The single field of the primary key.
    pub fn id_column(&self) -> Option<&Column> {
        match self.id.as_slice() {
            [field] => self.column(field),
            _ => None,
        }
    }

    /// An index leads to a room's newest messages.
    pub fn leads_to_page(&self, room: &Column, created_at: &Column) -> bool {
        let wanted = [&room.field, &created_at.field];
        self.indexes
            .iter()
            .any(|fields| fields.len() >= 2 && fields.iter().zip(wanted).all(|(one, other)| one == other))
    }

    pub fn is_unique(&self, fields: &[&str]) -> bool {
        self.uniques.iter().any(|unique| {
            unique.len() == fields.len() && unique.iter().all(|field| fields.contains(&field.as_str()))
        })
    }
}

impl Schema {
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    pub fn find_enum(&self, kind: &Kind) -> Option<&Enum> {
        let Kind::Enum(name) = kind else { return None };
        self.enums.iter().find(|found| found.name == *name)
    }
}

/// The most models, and fields of all of them together. Large real schemas have a few hundred, and some thousand.
const MAX_MODELS: usize = 2_000;
const MAX_FIELDS: usize = 50_000;

/// Resolves the blocks of all files. The error is a sentence with the place.
pub fn resolve(blocks: Vec<Block>) -> Result<Schema, String> {
    let fields: usize = blocks.iter().map(|block| block.fields.len()).sum();
    if blocks.len() > MAX_MODELS || fields > MAX_FIELDS {
        return Err(format!(
            "a schema of more than {MAX_MODELS} models and enums, or {MAX_FIELDS} fields, is not read"
        ));
    }
    let names = |wanted: &[BlockKind]| -> BTreeSet<String> {
        blocks.iter().filter(|block| wanted.contains(&block.kind)).map(|block| block.name.clone()).collect()
    };
    let (models, enums) = (names(&[BlockKind::Model, BlockKind::View]), names(&[BlockKind::Enum]));
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    let types = names(&[BlockKind::Type]);
    let mut schema = Schema::default();
    for block in &blocks {
        let is_named = !matches!(block.kind, BlockKind::Datasource | BlockKind::Generator);
        if is_named && seen.insert(&block.name, ()).is_some() {
            return Err(format!("{}: `{}` is defined twice", block.at, block.name));
        }
        match block.kind {
            BlockKind::Datasource => schema.provider = provider(block).or(schema.provider),
            BlockKind::Enum => schema.enums.push(enum_of(block)),
            BlockKind::Model | BlockKind::View if block.attribute("ignore").is_none() => {
                schema.models.push(model_of(block, &models, &enums, &types)?);
            }
            _ => {}
        }
    }
    schema.joins = joins(&schema);
    Ok(schema)
}

fn provider(block: &Block) -> Option<String> {
    let (_, value) = block.settings.iter().find(|(name, _)| name == "provider")?;
    // Old schemas have a list.
    value
        .words()
        .into_iter()
        .next()
        .map(|name| if name == "postgres" { "postgresql".to_owned() } else { name })
}

fn mapped(block: &Block, attribute: &str) -> Option<String> {
    block.attribute(attribute)?.argument("name")?.word().map(str::to_owned)
}

fn enum_of(block: &Block) -> Enum {
    let label = |field: &Field| {
        let mapped = field.attribute("map").and_then(|map| map.argument("name")?.word());
        mapped.unwrap_or(&field.name).to_owned()
    };
    Enum {
        name: block.name.clone(),
        sql_name: mapped(block, "map").unwrap_or_else(|| block.name.clone()),
        schema: mapped(block, "schema"),
        labels: block.fields.iter().map(label).collect(),
    }
}

fn model_of(
    block: &Block,
    models: &BTreeSet<String>,
    enums: &BTreeSet<String>,
    types: &BTreeSet<String>,
) -> Result<Model, String> {
    let mut model = Model {
        name: block.name.clone(),
        table: mapped(block, "map").unwrap_or_else(|| block.name.clone()),
        schema: mapped(block, "schema"),
        columns: Vec::new(),
        relations: Vec::new(),
        id: Vec::new(),
        uniques: Vec::new(),
        indexes: Vec::new(),
        is_view: block.kind == BlockKind::View,
    };
    for field in &block.fields {
        if models.contains(&field.type_name) {
            model.relations.push(relation_of(field));
            continue;
        }
        let Some(kind) = kind_of(&field.type_name, enums, types) else {
            return Err(format!(
                "{}: `{}` is the type of `{}.{}`, and no model, enum or type of this schema has that name",
                field.at, field.type_name, block.name, field.name
            ));
        };
        if field.attribute("id").is_some() {
            model.id = vec![field.name.clone()];
        }
        if field.attribute("unique").is_some() {
            model.uniques.push(vec![field.name.clone()]);
        }
        model.columns.push(column_of(field, kind));
    }
    let keys = |attribute: &str| {
        let found = block.attributes.iter().filter(move |found| found.name == attribute);
        found.filter_map(|found| found.argument("fields").map(Value::words)).collect::<Vec<_>>()
    };
    model.id = keys("id").into_iter().next().unwrap_or(model.id);
    model.uniques.extend(keys("unique"));
    if !model.id.is_empty() {
        model.uniques.push(model.id.clone());
    }
    model.indexes = model.uniques.iter().cloned().chain(keys("index")).collect();
    Ok(model)
}

fn kind_of(name: &str, enums: &BTreeSet<String>, types: &BTreeSet<String>) -> Option<Kind> {
    Some(match name {
        "String" => Kind::String,
        "Boolean" => Kind::Boolean,
        "Int" => Kind::Int,
        "BigInt" => Kind::BigInt,
        "Float" => Kind::Float,
        "Decimal" => Kind::Decimal,
        "DateTime" => Kind::DateTime,
        "Json" => Kind::Json,
        "Bytes" => Kind::Bytes,
        name if enums.contains(name) => Kind::Enum(name.to_owned()),
        name if types.contains(name) || name.starts_with("Unsupported") => Kind::Unsupported,
        _ => return None,
    })
}

fn column_of(field: &Field, kind: Kind) -> Column {
    let mapped = field.attribute("map").and_then(|map| map.argument("name")?.word());
    // A name that PostgreSQL has no type of is left out: it would be written into SQL.
    let is_word = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let native = field.native().filter(|(name, _)| is_word(name)).map(|(name, attribute)| {
        let numbers = attribute.arguments.iter().filter_map(|argument| match &argument.value {
            Value::Number(number) => Some(number.as_str()),
            _ => None,
        });
        let numbers: Vec<&str> = numbers.collect();
        if numbers.is_empty() { name.to_owned() } else { format!("{name}({})", numbers.join(", ")) }
    });
    Column {
        field: field.name.clone(),
        name: mapped.unwrap_or(&field.name).to_owned(),
        kind,
        native,
        is_required: !field.is_optional && !field.is_list,
        is_list: field.is_list,
        default: default_of(field),
        is_updated_at: field.attribute("updatedAt").is_some(),
    }
}

fn default_of(field: &Field) -> Default {
    let Some(value) = field.attribute("default").and_then(|default| default.argument("value")) else {
        return Default::None;
    };
    match value {
        Value::Call(name) if name == "now" || name == "autoincrement" || name == "sequence" => {
            Default::Database(None)
        }
        Value::CallOf(name, _) | Value::Call(name) if name == "dbgenerated" => Default::Database(None),
        // `uuid()`, `cuid()`, `ulid()`, `nanoid()`: made by the client.
        Value::Call(_) | Value::CallOf(..) => Default::Client,
        Value::Text(text) | Value::Number(text) | Value::Word(text) => Default::Database(Some(text.clone())),
        Value::List(_) => Default::Database(None),
    }
}

fn relation_of(field: &Field) -> Relation {
    let attribute = field.attribute("relation");
    let name = attribute.and_then(|relation| relation.argument("name")?.word());
    let columns = attribute.and_then(|relation| relation.named("fields"));
    let is_required = !field.is_optional && !field.is_list;
    let on_delete = attribute.and_then(|relation| relation.named("onDelete")?.word());
    let refuses_deletion = match on_delete {
        Some(action) => ["Restrict", "NoAction"].contains(&action),
        None => is_required,
    };
    Relation {
        field: field.name.clone(),
        target: field.type_name.clone(),
        name: name.map(str::to_owned),
        columns: columns.map(Value::words).unwrap_or_default(),
        is_list: field.is_list,
        is_required,
        refuses_deletion,
    }
}

/// The tables of implicit many-to-many relations: both sides are lists. `A` is the model whose name comes first; where
/// a model is related to itself, the field whose name comes first.
fn joins(schema: &Schema) -> Vec<JoinTable> {
    let mut found: BTreeMap<String, JoinTable> = BTreeMap::new();
    let by_name: BTreeMap<&str, &Model> =
        schema.models.iter().map(|model| (model.name.as_str(), model)).collect();
    for model in &schema.models {
        for relation in
            model.relations.iter().filter(|relation| relation.is_list && relation.columns.is_empty())
        {
            let Some(other) = by_name.get(relation.target.as_str()) else { continue };
            let back = other.relations.iter().find(|back| {
                let is_itself = other.name == model.name && back.field == relation.field;
                back.target == model.name && back.is_list && back.name == relation.name && !is_itself
            });
            let Some(back) = back else { continue };
            let (mut a, mut b) = ((&model.name, &relation.field), (&other.name, &back.field));
            if (a.0, a.1) > (b.0, b.1) {
                (a, b) = (b, a);
            }
            let name = relation.name.clone().unwrap_or_else(|| format!("{}To{}", a.0, b.0));
            let table = format!("_{name}");
            found.entry(table.clone()).or_insert_with(|| JoinTable {
                table,
                schema: by_name.get(a.0.as_str()).and_then(|model| model.schema.clone()),
                a: a.0.clone(),
                b: b.0.clone(),
                fields: (format!("{}.{}", a.0, a.1), format!("{}.{}", b.0, b.1)),
            });
        }
    }
    found.into_values().collect()
}
