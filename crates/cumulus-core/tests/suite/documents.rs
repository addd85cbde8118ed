//! Compares documents with the code that they show.

/// The text between two lines with a fence, the first one for Rust.
fn shown(document: &str) -> Option<&str> {
    let (_, after) = document.split_once("```rust\n")?;
    after.split_once("```\n").map(|(code, _)| code)
}

#[test]
fn the_minimal_collection_in_contributing_is_the_example() {
    let document = include_str!("../../../../CONTRIBUTING.md");
    let example = include_str!("../../examples/minimal_collection.rs");
    assert_eq!(shown(document), Some(example), "copy the example into CONTRIBUTING.md");
}
