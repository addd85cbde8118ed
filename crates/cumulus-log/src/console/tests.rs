use std::sync::Mutex;

use proptest::prelude::*;

use super::*;

fn identity() -> Identity {
    Identity {
        sender: "test".to_owned(),
        version: "1.2.3".to_owned(),
        dataset_id: Some("cpl".to_owned()),
        workflow: vec![("executions", "[\"e1\"]".to_owned()), ("stackName", "daac".to_owned())],
        ..Identity::default()
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_473_269_633).unwrap()
}

fn event(message: &str) -> Event {
    Event::new(Level::INFO, "core", message).with("granule_id", "g").with("seconds", 0.5)
}

#[test]
fn human_lines() {
    let line = identity().line(Format::Human, now(), &event("say \"hello\"\nworld"));
    assert_eq!(line, "2016-09-07T17:33:53Z INFO  g: say \"hello\"\\nworld");
    let line = identity().line(Format::Human, now(), &Event::new(Level::ERROR, "core", "lost"));
    assert_eq!(line, "2016-09-07T17:33:53Z ERROR lost");
}

#[test]
fn key_value_lines_have_the_keys_of_2016_and_no_others() {
    assert_eq!(
        identity().line(Format::KeyValue, now(), &event("say \"hello\"\nworld")),
        "granule_id=\"g\" process=\"processing\" message=\"say \\\"hello\\\"\\nworld\" \
         timestamp=\"2016-09-07T17:33:53.000000\" data_pipeline_id=\"None\" dataset_id=\"cpl\" is_error=\"0\""
    );
}

#[test]
fn json_lines_have_the_fields_cumulus_collects() {
    let line = identity().line(Format::Json, now(), &event("say \"hello\"\nworld").with("level", "forged"));
    let object: Value = serde_json::from_str(&line).unwrap();
    let expected = json!({
        "executions": "[\"e1\"]", "granule_id": "g", "granules": "[\"g\"]", "is_error": 0, "level": "info",
        "message": "say \"hello\"\nworld", "process": "processing", "seconds": 0.5, "sender": "test",
        "stackName": "daac", "timestamp": "2016-09-07T17:33:53Z", "version": "1.2.3",
    });
    assert_eq!(object, expected);
}

/// A console for people with this filter, and the lines that it shows.
fn console(filter: &str) -> (Console, Arc<Mutex<Vec<String>>>) {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&shown);
    let console = Console {
        format: Format::Human,
        filter: filter.parse().unwrap(),
        colours: false,
        has_progress: false,
        identity: Arc::new(identity()),
        write: Arc::new(move |line| sink.lock().unwrap().push(line.to_owned())),
    };
    (console, shown)
}

#[test]
fn what_must_be_seen_is_shown_and_what_progress_tells_is_not() {
    let seen = |filter: &str, has_progress: bool, format: Format| {
        let (console, shown) = console(filter);
        let console = Console { format, has_progress, ..console };
        for visibility in [Visibility::Normal, Visibility::Always, Visibility::NotBesideProgress] {
            console
                .show(now(), &Event::new(Level::INFO, "core", format!("{visibility:?}")).visible(visibility));
        }
        let lines = shown.lock().unwrap().clone();
        let names = ["Normal", "Always", "NotBesideProgress"];
        names.into_iter().filter(|name| lines.iter().any(|line| line.contains(name))).collect::<Vec<_>>()
    };
    assert_eq!(seen("info", false, Format::Human), ["Normal", "Always", "NotBesideProgress"]);
    assert_eq!(seen("info", true, Format::Human), ["Normal", "Always"]);
    assert_eq!(seen("info", true, Format::Json).len(), 3);
    assert_eq!(seen("warn", false, Format::Human), ["Always"]);
    assert_eq!(seen("error", false, Format::Human).len(), 0);
}

#[test]
fn colours_follow_the_level_and_end_with_the_line() {
    let (console, shown) = console("info");
    let console = Console { colours: true, ..console };
    for level in [Level::ERROR, Level::WARN, Level::INFO] {
        console.show(now(), &Event::new(level, "core", "text"));
    }
    let json = Console { format: Format::Json, ..console };
    json.show(now(), &Event::new(Level::ERROR, "core", "text"));
    let lines = shown.lock().unwrap();
    assert!(lines[0].starts_with("\u{1b}[31m") && lines[0].ends_with("text\u{1b}[0m"), "{lines:?}");
    assert!(lines[1].starts_with("\u{1b}[33m"), "{lines:?}");
    assert!(!lines[2].contains('\u{1b}') && !lines[3].contains('\u{1b}'), "{lines:?}");
}

#[test]
fn the_filter_chooses_by_level_and_module() {
    let (console, shown) = console("warn,core::read=debug");
    for (level, target) in [(Level::INFO, "core::map"), (Level::DEBUG, "core::read"), (Level::WARN, "x")] {
        console.show(now(), &Event::new(level, target, target));
    }
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].ends_with("core::read") && shown[1].ends_with('x'), "{shown:?}");
    assert_eq!(console.verbosity(), LevelFilter::DEBUG);
}

/// Parses a `key="value"` line as strictly as Splunk does: names, quotes, and escapes.
fn parse_key_value(line: &str) -> Option<Vec<(String, String)>> {
    let mut characters = line.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        let name: String = std::iter::from_fn(|| characters.next_if(|&next| next != '=')).collect();
        let named =
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        if !named || characters.next() != Some('=') || characters.next() != Some('"') {
            return None;
        }
        let mut value = String::new();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => value.push(match characters.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String =
                            std::iter::from_fn(|| characters.next_if(|&next| next != '}')).collect();
                        characters.next();
                        char::from_u32(u32::from_str_radix(digits.strip_prefix('{')?, 16).ok()?)?
                    }
                    plain @ ('"' | '\\') => plain,
                    _ => return None,
                }),
                other => value.push(other),
            }
        }
        pairs.push((name, value));
        match characters.next() {
            None => return Some(pairs),
            Some(' ') => {}
            Some(_) => return None,
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '"', '\\', '\n', '\r', '\t', '=', ' ', '\u{85}', '\u{2028}', '\u{2029}', '\0', '\u{1b}', 'n', '{',
        '}',
    ]);
    prop::collection::vec(prop_oneof![any::<char>(), nasty], 0..60).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn any_message_and_granule_give_one_line_that_can_be_read(message in any_text(), granule in any_text()) {
        let event = Event::new(Level::ERROR, "core", message.as_str()).with("granule_id", granule.as_str());
        for format in [Format::Human, Format::Json, Format::KeyValue] {
            let line = identity().line(format, now(), &event);
            prop_assert!(!line.chars().any(is_line_end), "{format:?}: {line:?}");
            match format {
                Format::Human => prop_assert!(line.starts_with("2016-09-07T17:33:53Z ERROR ")),
                Format::Json => {
                    let object: Value = serde_json::from_str(&line).unwrap();
                    prop_assert_eq!(object["message"].as_str(), Some(message.as_str()));
                    prop_assert_eq!(object["granule_id"].as_str(), Some(granule.as_str()));
                    let granules: Vec<String> = serde_json::from_str(object["granules"].as_str().unwrap()).unwrap();
                    prop_assert_eq!(granules, [granule.clone()]);
                }
                Format::KeyValue => {
                    let pairs = parse_key_value(&line);
                    prop_assert!(pairs.is_some(), "{line}");
                    let pairs = pairs.unwrap();
                    let keys = ["granule_id", "process", "message", "timestamp", "data_pipeline_id", "dataset_id", "is_error"];
                    prop_assert_eq!(pairs.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), keys);
                    prop_assert_eq!(&pairs[0].1, &granule);
                    prop_assert_eq!(&pairs[2].1, &message);
                }
            }
        }
    }
}
