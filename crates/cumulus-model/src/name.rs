//! Unique names.

/// Returns the first of `wanted`, `wanted_2`, `wanted_3`, … that is not taken.
#[must_use]
pub fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (2..u32::MAX)
        .map(|number| format!("{wanted}_{number}"))
        .find(|name| !taken(name))
        .unwrap_or_else(|| wanted.to_owned())
}
