//! Conversions of a collection made for tests, whose granules are written here.

mod groups;
mod tiny;
