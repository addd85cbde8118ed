//! Errors of the operating system that libhdf5 reports as text only.

use std::io;

/// Errors of a device or a network file system (errno(3), numbers of Linux): no such device, I/O error, full, read-only,
/// over quota, not connected, timed out, stale handle. Others, such as EINVAL, come from addresses in a damaged file.
const OF_DEVICES: [i32; 10] = [5, 6, 19, 28, 30, 107, 110, 116, 121, 122];

/// The error of a device in a message of HDF5, which states its number where a system call failed. Such an error says
/// nothing about the contents of the file.
pub(crate) fn system_error(message: &str) -> Option<io::Error> {
    let (_, rest) = message.split_once("errno = ")?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|number| OF_DEVICES.contains(number)).map(io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_system_error_is_found() {
        let message = "H5Fopen(): unable to open file: file read failed: time = Mon, filename = 'a', file descriptor = 3, \
                       errno = 5, error message = 'Input/output error', buf = 0x7ffd, total read size = 8";
        assert_eq!(system_error(message).unwrap().raw_os_error(), Some(5));
        for harmless in [
            "truncated file: eof = 96",
            "errno = 0, error message = 'Success'",
            "errno = 22, error",
            "errno = x",
        ] {
            assert!(system_error(harmless).is_none(), "{harmless}");
        }
    }
}
