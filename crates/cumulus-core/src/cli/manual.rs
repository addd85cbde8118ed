//! The manual page and shell completions.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::arguments::{self, EXIT_CODES, FILES, SIGNALS};
use crate::collection::Collection;

/// Variables that are no options, each with its meaning; `docs/environment.md` has all of them.
const VARIABLES: [(&str, &str); 6] = [
    ("CUMULUS_INPUT, CUMULUS_OUTPUT", "INPUT and OUTPUT where no argument names them."),
    ("SOURCE_DATE_EPOCH", "Time stamp of everything made, in seconds since 1970, for reproducible bytes."),
    ("RUST_LOG", "What is logged: a level such as warn or debug, or levels by module."),
    ("NO_COLOR, CLICOLOR_FORCE", "Turn colours off, or on where standard error is no terminal."),
    ("SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN", "The HTTP Event Collector of Splunk that receives the log too."),
    ("PIPELINE_ID, DATASET_ID", "Identifiers in key-value log lines."),
];

/// Returns the command without hidden arguments and subcommands, which the generators would show.
fn public(collection: &'static Collection) -> Command {
    let whole = arguments::command(collection);
    shown(&whole, collection.program)
        .version(collection.version)
        .subcommands(arguments::verbs().iter().map(|verb| shown(verb, verb.get_name().to_owned())))
}

/// Returns a command with the arguments that `--help` shows, and nothing else.
fn shown(whole: &Command, name: impl Into<clap::builder::Str>) -> Command {
    let arguments = whole.get_arguments().filter(|argument| !argument.is_hide_set());
    Command::new(name)
        .about(whole.get_about().cloned().unwrap_or_default())
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(arguments.map(|argument| argument.clone().hide_short_help(false)))
}

/// Returns the manual page in the form that man(1) reads.
pub(super) fn page(collection: &'static Collection) -> Vec<u8> {
    let mut page = Vec::new();
    let man = Man::new(public(collection)).manual("Granule processing");
    // Writing to a Vec cannot fail.
    let _ = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| more_sections(collection).to_writer(&mut page));
    page
}

fn more_sections(collection: &'static Collection) -> Roff {
    let mut roff = Roff::new();
    let mut section = |title: &str, text: &str| {
        roff.control("SH", [title]);
        // Lines stay as they are.
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    };
    let verbs = arguments::verbs();
    let commands = verbs.iter().map(|verb| {
        let about = verb.get_about().cloned().unwrap_or_default();
        format!("{} {}\n    {about}", collection.program, verb.get_name())
    });
    section("COMMANDS", &commands.collect::<Vec<_>>().join("\n"));
    section("EXAMPLES", &arguments::examples(collection));
    let variables: Vec<String> =
        VARIABLES.iter().map(|(name, meaning)| format!("{name}\n    {meaning}")).collect();
    section("ENVIRONMENT", &variables.join("\n"));
    section("EXIT STATUS", EXIT_CODES.trim_start_matches("Exit codes:\n"));
    section("SIGNALS", SIGNALS);
    section("FILES", FILES);
    section("SEE ALSO", "ncdump(1), ncks(1), h5dump(1)");
    roff
}

/// Returns the script by which a shell completes the command.
pub(super) fn completions(collection: &'static Collection, shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut public(collection), collection.program, &mut script);
    script
}
