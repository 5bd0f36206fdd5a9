//! Parses the grammar of a Prisma schema into blocks: models, views, enums, types, datasources and generators.

use super::lexer::{Position, SyntaxError, Token, split};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Model,
    View,
    Enum,
    Type,
    Datasource,
    Generator,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub kind: BlockKind,
    pub name: String,
    /// The fields of a model, view or type; the values of an enum have no type.
    pub fields: Vec<Field>,
    /// The settings of a datasource or generator.
    pub settings: Vec<(String, Value)>,
    /// The attributes of the block, without their `@@`.
    pub attributes: Vec<Attribute>,
    pub at: Position,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub type_name: String,
    pub is_optional: bool,
    pub is_list: bool,
    /// The attributes of the field, without their `@`.
    pub attributes: Vec<Attribute>,
    pub at: Position,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name with its dots, such as `id` or `db.VarChar`.
    pub name: String,
    pub arguments: Vec<Argument>,
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub name: Option<String>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Number(String),
    /// A field, a label of an enum, `true` or `false`; with dots in composite types.
    Word(String),
    /// A function, such as `now()`, or a field with options, such as `createdAt(sort: Desc)`.
    Call(String),
    /// A function with a text as its first argument, such as `dbgenerated("...")` or `env("...")`.
    CallOf(String, String),
    List(Vec<Value>),
}

impl Value {
    /// The name or text, whatever options it has.
    pub fn word(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Word(text) | Value::Call(text) | Value::CallOf(text, _) => Some(text),
            Value::Number(_) | Value::List(_) => None,
        }
    }

    /// The names in a list; one name counts as a list of one.
    pub fn words(&self) -> Vec<String> {
        match self {
            Value::List(values) => values.iter().filter_map(Value::word).map(str::to_owned).collect(),
            value => value.word().map(str::to_owned).into_iter().collect(),
        }
    }
}

impl Attribute {
    /// The argument of this name, or the first without a name.
    pub fn argument(&self, name: &str) -> Option<&Value> {
        let named = self.arguments.iter().find(|argument| argument.name.as_deref() == Some(name));
        let found = named.or_else(|| self.arguments.iter().find(|argument| argument.name.is_none()));
        found.map(|argument| &argument.value)
    }

    /// The argument of this name alone.
    pub fn named(&self, name: &str) -> Option<&Value> {
        let named = self.arguments.iter().find(|argument| argument.name.as_deref() == Some(name));
        named.map(|argument| &argument.value)
    }
}

impl Field {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The native type, such as `VarChar` of `@db.VarChar(20)`.
    pub fn native(&self) -> Option<(&str, &Attribute)> {
        self.attributes.iter().find_map(|attribute| Some((attribute.name.split_once('.')?.1, attribute)))
    }
}

impl Block {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// The deepest that values are nested. Prisma's own are nested three deep.
const MAX_DEPTH: usize = 32;

/// Parses the text of a file.
pub fn parse(text: &str) -> Result<Vec<Block>, SyntaxError> {
    let (tokens, end) = split(text)?;
    let mut parser = Parser { tokens, end, next: 0 };
    let mut blocks = Vec::new();
    loop {
        parser.skip_lines();
        if parser.peek().is_none() {
            return Ok(blocks);
        }
        blocks.push(parser.block()?);
    }
}

struct Parser {
    tokens: Vec<(Token, Position)>,
    end: Position,
    next: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn at(&self) -> Position {
        self.tokens.get(self.next).map_or(self.end, |(_, at)| *at)
    }

    fn is_mark(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    fn take_mark(&mut self, mark: char) -> bool {
        let is_there = self.is_mark(mark);
        self.next += usize::from(is_there);
        is_there
    }

    fn skip_lines(&mut self) {
        while self.peek() == Some(&Token::EndOfLine) {
            self.next += 1;
        }
    }

    fn expected<T>(&self, wanted: &str) -> Parsed<T> {
        let found = self.peek().map_or_else(|| "the end of the file".to_owned(), ToString::to_string);
        Err(SyntaxError { at: self.at(), text: format!("{wanted} is expected, and there is {found}") })
    }

    fn mark(&mut self, mark: char) -> Parsed<()> {
        if self.take_mark(mark) { Ok(()) } else { self.expected(&format!("`{mark}`")) }
    }

    fn word(&mut self, wanted: &str) -> Parsed<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => self.expected(wanted),
        }
    }

    fn dotted_word(&mut self, wanted: &str) -> Parsed<String> {
        let mut name = self.word(wanted)?;
        while self.take_mark('.') {
            name.push('.');
            name.push_str(&self.word("a name")?);
        }
        Ok(name)
    }

    fn end_of_line(&mut self) -> Parsed<()> {
        match self.peek() {
            None | Some(Token::Mark('}')) => Ok(()),
            Some(Token::EndOfLine) => {
                self.next += 1;
                Ok(())
            }
            Some(_) => self.expected("the end of the line"),
        }
    }

    fn block(&mut self) -> Parsed<Block> {
        let at = self.at();
        let kinds = "`model`, `enum`, `view`, `type`, `datasource` or `generator`";
        let kind = match self.word(kinds)?.as_str() {
            "model" => BlockKind::Model,
            "view" => BlockKind::View,
            "enum" => BlockKind::Enum,
            "type" => BlockKind::Type,
            "datasource" => BlockKind::Datasource,
            "generator" => BlockKind::Generator,
            other => {
                return Err(SyntaxError { at, text: format!("{kinds} is expected, and there is `{other}`") });
            }
        };
        let name = self.word("a name")?;
        self.mark('{')?;
        let mut block =
            Block { kind, name, fields: Vec::new(), settings: Vec::new(), attributes: Vec::new(), at };
        loop {
            self.skip_lines();
            if self.take_mark('}') {
                return Ok(block);
            }
            self.member(&mut block)?;
            self.end_of_line()?;
        }
    }

    /// Parses a line of a block.
    fn member(&mut self, block: &mut Block) -> Parsed<()> {
        if self.peek() == Some(&Token::AtAt) {
            self.next += 1;
            block.attributes.push(self.attribute()?);
            return Ok(());
        }
        let at = self.at();
        let name = self.word("a field, `@@` or `}`")?;
        match block.kind {
            BlockKind::Datasource | BlockKind::Generator => {
                self.mark('=')?;
                let value = self.value(0)?;
                block.settings.push((name, value));
            }
            BlockKind::Enum => block.fields.push(Field {
                name,
                type_name: String::new(),
                is_optional: false,
                is_list: false,
                attributes: self.field_attributes()?,
                at,
            }),
            BlockKind::Model | BlockKind::View | BlockKind::Type => block.fields.push(self.field(name, at)?),
        }
        Ok(())
    }

    fn field(&mut self, name: String, at: Position) -> Parsed<Field> {
        // Old schemas have `name: String` and `String!`.
        self.take_mark(':');
        let mut type_name = self.word("the field's type")?;
        if self.take_mark('(') {
            // `Unsupported("tsvector")`
            if let Some(Token::Text(text)) = self.peek() {
                type_name = format!("{type_name} {text}");
                self.next += 1;
            }
            self.mark(')')?;
        }
        let is_list = self.take_mark('[');
        if is_list {
            self.mark(']')?;
        }
        let is_optional = self.take_mark('?');
        self.take_mark('!');
        Ok(Field { name, type_name, is_optional, is_list, attributes: self.field_attributes()?, at })
    }

    fn field_attributes(&mut self) -> Parsed<Vec<Attribute>> {
        let mut attributes = Vec::new();
        while self.peek() == Some(&Token::At) {
            self.next += 1;
            attributes.push(self.attribute()?);
        }
        Ok(attributes)
    }

    fn attribute(&mut self) -> Parsed<Attribute> {
        let name = self.dotted_word("the name of an attribute")?;
        let arguments = if self.take_mark('(') { self.arguments(0)? } else { Vec::new() };
        Ok(Attribute { name, arguments })
    }

    /// Parses arguments up to and including the closing parenthesis.
    fn arguments(&mut self, depth: usize) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        loop {
            self.skip_lines();
            if self.take_mark(')') {
                return Ok(arguments);
            }
            let begin = self.next;
            let name = match self.peek() {
                Some(Token::Word(_)) => Some(self.word("a name")?).filter(|_| self.take_mark(':')),
                _ => None,
            };
            if name.is_none() {
                self.next = begin;
            }
            self.skip_lines();
            arguments.push(Argument { name, value: self.value(depth + 1)? });
            self.skip_lines();
            if !self.take_mark(',') && !self.is_mark(')') {
                return self.expected("`,` or `)`");
            }
        }
    }

    fn value(&mut self, depth: usize) -> Parsed<Value> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError { at: self.at(), text: "values are nested too deep".to_owned() });
        }
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::Text(text.clone()),
            Some(Token::Number(number)) => Value::Number(number.clone()),
            Some(Token::Word(_)) => {
                let name = self.dotted_word("a value")?;
                if !self.take_mark('(') {
                    return Ok(Value::Word(name));
                }
                let arguments = self.arguments(depth)?;
                return Ok(match arguments.into_iter().next() {
                    Some(Argument { name: None, value: Value::Text(text) }) => Value::CallOf(name, text),
                    _ => Value::Call(name),
                });
            }
            Some(Token::Mark('[')) => {
                self.next += 1;
                return self.list(depth);
            }
            _ => return self.expected("a value"),
        };
        self.next += 1;
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Parsed<Value> {
        let mut values = Vec::new();
        loop {
            self.skip_lines();
            if self.take_mark(']') {
                return Ok(Value::List(values));
            }
            values.push(self.value(depth + 1)?);
            self.skip_lines();
            if !self.take_mark(',') && !self.is_mark(']') {
                return self.expected("`,` or `]`");
            }
        }
    }
}
