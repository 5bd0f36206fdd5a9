//! Splits the text of a Prisma schema into tokens, each with its place. Comments are dropped.

use std::fmt;

/// A place in the text; lines and columns are counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name, such as `model`, `createdAt`, `true`. Names may contain hyphens, as in Prisma.
    Word(String),
    /// A text in quotes, without its escapes.
    Text(String),
    Number(String),
    /// `@`
    At,
    /// `@@`
    AtAt,
    /// One of `{ } ( ) [ ] , : = ? .` and `!`.
    Mark(char),
    EndOfLine,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(text) | Token::Number(text) => write!(f, "`{text}`"),
            Token::Text(_) => f.write_str("a text in quotes"),
            Token::At => f.write_str("`@`"),
            Token::AtAt => f.write_str("`@@`"),
            Token::Mark(mark) => write!(f, "`{mark}`"),
            Token::EndOfLine => f.write_str("the end of the line"),
        }
    }
}

/// The reason for which a schema cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub at: Position,
    pub text: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.text)
    }
}

/// Splits a text into tokens. The end of the text is returned, too.
pub fn split(text: &str) -> Result<(Vec<(Token, Position)>, Position), SyntaxError> {
    let mut lexer = Lexer { rest: text.chars().peekable(), at: Position { line: 1, column: 1 } };
    let mut tokens = Vec::new();
    loop {
        let at = lexer.at;
        match lexer.token()? {
            Step::Token(token) => tokens.push((token, at)),
            Step::Nothing => {}
            Step::End => return Ok((tokens, at)),
        }
    }
}

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    at: Position,
}

enum Step {
    Token(Token),
    /// A blank or a comment.
    Nothing,
    End,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        match next {
            '\n' => self.at = Position { line: self.at.line + 1, column: 1 },
            _ => self.at.column += 1,
        }
        Some(next)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let is_there = self.rest.peek() == Some(&wanted);
        if is_there {
            self.next();
        }
        is_there
    }

    fn take_while(&mut self, first: char, belongs: impl Fn(char) -> bool) -> String {
        let mut text = String::from(first);
        while let Some(next) = self.rest.peek().copied().filter(|next| belongs(*next)) {
            text.push(next);
            self.next();
        }
        text
    }

    fn token(&mut self) -> Result<Step, SyntaxError> {
        let at = self.at;
        let Some(first) = self.next() else { return Ok(Step::End) };
        let token = match first {
            '\n' => Token::EndOfLine,
            // A byte-order mark may stand at the beginning of a file.
            blank if blank.is_whitespace() || blank == '\u{feff}' => return Ok(Step::Nothing),
            '/' if self.take_if('/') => {
                while self.rest.peek().is_some_and(|next| *next != '\n') {
                    self.next();
                }
                return Ok(Step::Nothing);
            }
            '/' if self.take_if('*') => {
                self.skip_block_comment(at)?;
                return Ok(Step::Nothing);
            }
            '@' if self.take_if('@') => Token::AtAt,
            '@' => Token::At,
            '"' => Token::Text(self.text(at)?),
            '{' | '}' | '(' | ')' | '[' | ']' | ',' | ':' | '=' | '?' | '.' | '!' => Token::Mark(first),
            '-' | '+' | '0'..='9' => {
                Token::Number(self.take_while(first, |next| next.is_ascii_digit() || ".eE".contains(next)))
            }
            first if first.is_alphanumeric() || first == '_' => {
                Token::Word(self.take_while(first, |next| next.is_alphanumeric() || "_-".contains(next)))
            }
            other => return Err(SyntaxError { at, text: format!("`{other}` is not expected here") }),
        };
        Ok(Step::Token(token))
    }

    fn skip_block_comment(&mut self, at: Position) -> Result<(), SyntaxError> {
        while let Some(next) = self.next() {
            if next == '*' && self.take_if('/') {
                return Ok(());
            }
        }
        Err(SyntaxError { at, text: "a comment that begins here has no end".to_owned() })
    }

    fn text(&mut self, at: Position) -> Result<String, SyntaxError> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped(at)?),
                None | Some('\n') => {
                    let text = "a text that begins here has no closing quote".to_owned();
                    return Err(SyntaxError { at, text });
                }
                Some(other) => text.push(other),
            }
        }
    }

    fn escaped(&mut self, at: Position) -> Result<char, SyntaxError> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('u') => {
                let digits: String = (0..4).filter_map(|_| self.next()).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                code.ok_or_else(|| SyntaxError { at, text: format!("\\u{digits} is no character") })
            }
            Some(same) => Ok(same),
            None => Err(SyntaxError { at, text: "a text that begins here has no closing quote".to_owned() }),
        }
    }
}
