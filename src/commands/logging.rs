//! The format of the log, as text or JSON, for all lines. Values that a client sent are escaped and truncated, so that
//! they can neither forge a line nor fill the log, and no library logs message contents or tokens.

use std::{
    fmt::{self, Debug, Write},
    io::IsTerminal,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::Record,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    field::RecordFields,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::{LookupSpan, SpanRef},
    util::SubscriberInitExt,
};

use crate::config::{LogFormat, Settings};

/// The longest value of a field, in characters, for ids, event names and whatever else a client may influence.
const LONGEST_VALUE: usize = 128;
/// The longest value of a field that this server or its database wrote, in characters.
const LONGEST_SENTENCE: usize = 1_024;
const SENTENCES: [&str; 4] = ["message", "error", "cause", "why"];

/// Libraries whose lines at `debug` contain nothing that clients send.
const VETTED: [&str; 3] = ["hyper", "hyper_util", "rustls"];

/// Starts logging to standard error.
pub(super) fn start(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.logs.rust_log).map_err(|error| format!("RUST_LOG: {error}"))?;
    let safe = filter_fn(is_safe_to_log)
        // Without this hint the libraries would format lines of every level, only for the filter to drop them.
        .with_max_level_hint(LevelFilter::TRACE);
    let is_json = settings.logs.log_format == LogFormat::Json;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(!is_json && std::io::stderr().is_terminal() && !refuses_colours())
        .fmt_fields(Fields { is_json })
        .event_format(Line { is_json });
    let result = tracing_subscriber::registry().with(layer.with_filter(filter.and(safe))).try_init();
    result.map_err(|error| format!("logging cannot be started: {error}"))
}

/// True if the environment refuses colours (<https://no-color.org>).
fn refuses_colours() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// True if a line may be logged: below `info`, the database's driver logs statements with their values, and other
/// libraries log frames, with messages and tokens.
fn is_safe_to_log(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    let most = match library {
        "chatoxide" => Level::TRACE,
        library if VETTED.contains(&library) => Level::DEBUG,
        _ => Level::INFO,
    };
    *metadata.level() <= most
}

/// Formats fields as `name=value name=value`, or as members of a JSON object without its braces.
struct Fields {
    is_json: bool,
}

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        write_fields(writer, self.is_json, true, fields)
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let is_first = current.fields.is_empty();
        write_fields(current.as_writer(), self.is_json, is_first, fields)
    }
}

fn write_fields(writer: Writer<'_>, is_json: bool, is_first: bool, fields: impl RecordFields) -> fmt::Result {
    let mut visitor = FieldWriter { writer, is_json, is_first, result: Ok(()) };
    fields.record(&mut visitor);
    visitor.result
}

struct FieldWriter<'writer> {
    writer: Writer<'writer>,
    is_json: bool,
    is_first: bool,
    result: fmt::Result,
}

impl FieldWriter<'_> {
    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let name = field.name();
        let longest = if SENTENCES.contains(&name) { LONGEST_SENTENCE } else { LONGEST_VALUE };
        let text = printable(value, longest);
        let is_plain =
            name == "message" || text.chars().all(|c| c.is_alphanumeric() || "-_.:/@+".contains(c));
        if self.is_json || !is_plain || text.is_empty() {
            self.write(name, format_args!("{}", serde_json::Value::from(text)));
        } else {
            self.write(name, format_args!("{text}"));
        }
    }

    fn write(&mut self, name: &str, value: fmt::Arguments<'_>) {
        // Fields that the `log` crate adds about itself.
        if self.result.is_err() || name.starts_with("log.") {
            return;
        }
        let between = match (self.is_first, self.is_json) {
            (true, _) => "",
            (false, true) => ",",
            (false, false) => " ",
        };
        self.is_first = false;
        self.result = if self.is_json {
            write!(self.writer, "{between}\"{name}\":{value}")
        } else if name == "message" {
            write!(self.writer, "{between}{value}")
        } else {
            write!(self.writer, "{between}{name}={value}")
        };
    }
}

impl Visit for FieldWriter<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field.name(), format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field.name(), format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field.name(), format_args!("{value}"));
    }
}

/// Formats text on one line of at most `longest` characters, and escapes characters that a terminal would act on, or
/// that change the text direction.
pub(super) fn printable(text: fmt::Arguments<'_>, longest: usize) -> String {
    let mut escaped = Escaped { text: String::new(), left: longest };
    // A value whose formatting fails is printed up to the failure.
    let _as_far = escaped.write_fmt(text);
    escaped.text
}

struct Escaped {
    text: String,
    left: usize,
}

impl Write for Escaped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.left == 0 {
                if !self.text.ends_with('…') {
                    self.text.push('…');
                }
                return Ok(());
            }
            self.left -= 1;
            if needs_escape(character) {
                self.text.extend(character.escape_unicode());
            } else {
                self.text.push(character);
            }
        }
        Ok(())
    }
}

/// True for invisible characters that have an effect: control characters, line ends, direction marks, joiners and
/// characters of zero width.
fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

struct Line {
    is_json: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut target = Target(None);
        event.record(&mut target);
        let target = target.0.as_deref().unwrap_or(event.metadata().target());
        let target = printable(format_args!("{target}"), LONGEST_VALUE);
        let level = event.metadata().level();
        let spans = || context.event_scope().into_iter().flat_map(|scope| scope.from_root());
        if !self.is_json {
            SystemTime.format_time(&mut writer)?;
            write_level(&mut writer, *level)?;
            for span in spans() {
                write!(writer, "{}{{{}}}: ", span.name(), fields_of::<S, N>(&span))?;
            }
            write!(writer, "{target}: ")?;
            context.format_fields(writer.by_ref(), event)?;
            return writeln!(writer);
        }
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{level}\",\"fields\":{{")?;
        context.format_fields(writer.by_ref(), event)?;
        write!(writer, "}},\"target\":{}", serde_json::Value::from(target))?;
        let spans: Vec<String> = spans().map(|span| as_object::<S, N>(&span)).collect();
        if let Some(innermost) = spans.last() {
            write!(writer, ",\"span\":{innermost},\"spans\":[{}]", spans.join(","))?;
        }
        writeln!(writer, "}}")
    }
}

fn fields_of<S, N>(span: &SpanRef<'_, S>) -> String
where
    S: for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let extensions = span.extensions();
    extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.clone()).unwrap_or_default()
}

fn as_object<S, N>(span: &SpanRef<'_, S>) -> String
where
    S: for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let fields = fields_of::<S, N>(span);
    let between = if fields.is_empty() { "" } else { "," };
    format!("{{{fields}{between}\"name\":\"{}\"}}", span.name())
}

fn write_level(writer: &mut Writer<'_>, level: Level) -> fmt::Result {
    let colour = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    };
    if writer.has_ansi_escapes() {
        write!(writer, " \x1b[{colour}m{level:>5}\x1b[0m ")
    } else {
        write!(writer, " {level:>5} ")
    }
}

/// The source of a record of the `log` crate, whose own target is always `log`.
struct Target(Option<String>);

impl Visit for Target {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            self.0 = Some(value.to_owned());
        }
    }
}
