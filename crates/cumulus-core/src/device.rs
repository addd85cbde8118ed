//! The device behind a folder: its name, where it is mounted, and how much is free on it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Returns the free bytes on the device of `path` for this user; `None` if unknown.
#[must_use]
pub fn free_bytes(path: &Path) -> Option<u64> {
    rustix::fs::statvfs(path).ok().map(|device| device.f_bavail.saturating_mul(device.f_frsize))
}

/// Returns the nearest folder at or above `path` that exists.
#[must_use]
pub fn nearest_existing(path: &Path) -> &Path {
    let existing = path.ancestors().find(|folder| folder.exists());
    // A relative path ends at the current folder, whose name is empty.
    existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns a sentence part such as `/dev/vda1 on /data, 4096 bytes and 0 inodes free`, as far as it is known.
#[must_use]
pub fn describe(path: &Path) -> String {
    let mount = mount_of(path).unwrap_or_else(|| path.display().to_string());
    let Ok(device) = rustix::fs::statvfs(path) else { return mount };
    let bytes = device.f_bavail.saturating_mul(device.f_frsize);
    // File systems without a table of inodes state 0 of 0.
    let inodes = (device.f_files > 0).then(|| format!(" and {} inodes", device.f_favail));
    format!("{mount}, {bytes} bytes{} free", inodes.unwrap_or_default())
}

/// Returns source and mount point of the file system of `path`, from the kernel's list (proc(5), `mountinfo`).
fn mount_of(path: &Path) -> Option<String> {
    let number = path.metadata().ok()?.dev();
    let device = format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number));
    let list = fs::read_to_string("/proc/self/mountinfo").ok()?;
    // A later mount hides an earlier one at the same place.
    list.lines().rev().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ');
        (fields.nth(2)? == device).then_some(())?;
        let point = fields.nth(1)?;
        let source = after.split(' ').nth(1)?;
        Some(format!("{source} on {point}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_mount_point_and_free_space() {
        let told = describe(Path::new("/proc"));
        assert!(told.starts_with("proc on /proc"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        assert!(describe(folder.path()).ends_with(" free"), "{}", describe(folder.path()));
        assert!(free_bytes(folder.path()).is_some());
    }
}
