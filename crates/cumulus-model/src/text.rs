//! Decoding of text in sources.

/// Returns the text in `bytes` up to the first NUL, trimmed. It is decoded as UTF-8 if valid, else as Latin-1, in
/// which every byte is valid.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn text_ends_at_the_first_nul_and_loses_blanks() {
        assert_eq!(clean(b"  06Sep12 \0\0garbage"), "06Sep12");
        assert_eq!(clean(b"\0"), "");
        assert_eq!(clean(b"61\xb0 N"), "61° N");
    }
}
