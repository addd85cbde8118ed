//! A granule as a line of comma-separated values (RFC 4180).

use std::io::{self, Write};

use super::entry::Entry;

const COLUMNS: [&str; 19] = [
    "granule_ur",
    "product",
    "state",
    "reason",
    "input",
    "input_size",
    "input_sha256",
    "data",
    "data_size",
    "data_sha256",
    "time_start",
    "time_end",
    "west",
    "south",
    "east",
    "north",
    "records",
    "producer",
    "produced",
];

pub(super) fn header(writer: &mut dyn Write) -> io::Result<()> {
    record(writer, &COLUMNS.map(str::to_owned))
}

pub(super) fn line(writer: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    let input = entry.input.as_ref();
    let data = entry.files.iter().find(|file| file.kind == "data");
    let side = |index: usize| {
        entry.bbox.and_then(|bbox| bbox.get(index).copied()).map_or(String::new(), |side| side.to_string())
    };
    let producer = entry.producer.as_ref();
    record(
        writer,
        &[
            entry.granule_ur.clone(),
            entry.product.unwrap_or_default().to_owned(),
            entry.state.word().to_owned(),
            text(&entry.reason),
            input.map_or(String::new(), |input| input.name.clone()),
            number(input.and_then(|input| input.size)),
            input.and_then(|input| input.sha256.clone()).unwrap_or_default(),
            data.map_or(String::new(), |data| data.name.clone()),
            number(data.map(|data| data.size)),
            data.map_or(String::new(), |data| data.sha256.clone()),
            text(&entry.time_start),
            text(&entry.time_end),
            side(0),
            side(1),
            side(2),
            side(3),
            number(entry.records.map(|records| records as u64)),
            producer.map_or(String::new(), |producer| format!("{} {}", producer.tool, producer.version)),
            text(&entry.produced),
        ],
    )
}

fn record(writer: &mut dyn Write, fields: &[String; COLUMNS.len()]) -> io::Result<()> {
    let mut line = ::csv::Writer::from_writer(writer);
    line.write_record(fields)?;
    line.flush()
}
