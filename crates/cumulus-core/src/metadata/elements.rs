//! The elements of a metadata document.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Returns path and text of every element that contains text, in document order.
///
/// # Errors
/// The document is not well-formed, in the words of the parser.
pub fn elements(document: &str) -> Result<Vec<(String, String)>, String> {
    let mut reader = Reader::from_str(document);
    let mut open = String::new();
    let mut found: Vec<(String, String)> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                open.push('/');
                open.push_str(start.name().as_ref());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.xml_content(quick_xml::XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => {
                text.push('&');
                text.push_str(reference.as_ref());
                text.push(';');
            }
            Event::End(_) => {
                if !text.trim().is_empty() {
                    found.push((open.clone(), text.trim().to_owned()));
                }
                text.clear();
                open.truncate(open.rfind('/').unwrap_or(0));
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}
