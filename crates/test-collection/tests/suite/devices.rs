//! Devices that are full, limited or closed: nothing partial is published, and the exit code states what can be done.

use std::fs;
use std::process::{Command, Output};

use crate::granule::Recipe;
use crate::operator::{Operator, skip};

/// Runs a shell script in which `$program` is the command, in the operator's folder.
fn shell(operator: &Operator, wrapper: &[&str], script: &str) -> Output {
    let inner = operator.command();
    let (program, arguments) = wrapper.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).args(["sh", "-c", script]).current_dir(operator.folder());
    command.env("program", inner.get_program());
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.output().unwrap()
}

const NAMESPACES: [&[&str]; 2] =
    [&["unshare", "--user", "--map-root-user", "--mount"], &["unshare", "--mount"]];

/// A command that runs a script with its own mounts, which end with it: in a namespace of this user or, where only
/// root may create one, of root. Returns `None` and skips the test if neither is possible.
fn mount_namespace(operator: &Operator) -> Option<&'static [&'static str]> {
    let mounts = "mount -t tmpfs tmpfs input";
    let found = NAMESPACES.into_iter().find(|way| shell(operator, way, mounts).status.success());
    if found.is_none() {
        skip("this user cannot mount a device in a namespace of its own");
    }
    found
}

#[test]
fn a_full_device_is_retryable_and_room_makes_it_good() {
    let operator = Operator::new();
    let Some(namespace) = mount_namespace(&operator) else { return };
    for sortie in ["12203a", "12203b", "12203c"] {
        operator.granule(sortie, &Recipe { records: 1000, bins: 900, ..Recipe::default() });
    }
    operator.run(&["input", "expected"]).succeeded();
    fs::create_dir(operator.output()).unwrap();
    let script = r#"
        mount -t tmpfs -o size=4m tmpfs output || exit 99
        "$program" input output >log 2>&1
        echo "full: $?, hidden: $(ls -A output | grep -c '^\.')"
        for data in $(ls output); do case $data in *.nc) test -e "output/$data.meta.xml" || echo "without metadata: $data";; esac; done
        mount -o remount,size=64m output
        "$program" input output >>log 2>&1
        echo "room: $?, hidden: $(ls -A output | grep -c '^\.')"
        "$program" verify output expected
    "#;
    let output = shell(&operator, namespace, script);
    let told = String::from_utf8_lossy(&output.stdout);
    let log = fs::read_to_string(operator.folder().join("log")).unwrap();
    assert_eq!(told, "full: 75, hidden: 0\nroom: 0, hidden: 0\nequal\n", "{log}");
    assert!(log.contains("make room") || log.contains("check space"), "{log}");
}

#[test]
fn a_full_device_stops_the_run_once_with_its_name() {
    let operator = Operator::new();
    let Some(namespace) = mount_namespace(&operator) else { return };
    for letter in ["a", "b", "c", "d", "e", "f"] {
        operator
            .granule(&format!("12203{letter}"), &Recipe { records: 1000, bins: 900, ..Recipe::default() });
    }
    fs::create_dir(operator.output()).unwrap();
    let script = r#"
        mount -t tmpfs -o size=4m full output || exit 99
        exec "$program" input output --jobs 1 --report report.json
    "#;
    let output = shell(&operator, namespace, script);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{told}");
    let stops =
        told.lines().filter(|line| line.contains("stopping: the device of OUTPUT is full: full on /"));
    assert_eq!(stops.count(), 1, "{told}");
    let report = operator.report();
    assert_eq!((&report["stop"]["reason"], &report["failed"]), (&"device_full".into(), &1.into()), "{told}");
    assert!(report["not_begun"].as_u64().unwrap() >= 3, "{told}");
    assert_eq!(report["failures"][0]["class"], "device_full");
}

#[test]
fn a_read_only_output_is_73_and_named() {
    let operator = Operator::new();
    let Some(namespace) = mount_namespace(&operator) else { return };
    operator.granule("12203a", &Recipe::default());
    fs::create_dir(operator.output()).unwrap();
    let script = r#"
        mount -t tmpfs tmpfs output && mount -o remount,ro output || exit 99
        exec "$program" input output
    "#;
    let output = shell(&operator, namespace, script);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(73), "{told}");
    assert!(told.contains(" ERROR ") && told.contains("output"), "{told}");
}

#[test]
fn a_file_size_limit_is_told_and_publishes_nothing() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe { records: 1000, bins: 900, ..Recipe::default() });
    // In blocks of 512 bytes; the product has several megabytes.
    let output = shell(&operator, &["env"], r#"ulimit -f 2000; exec "$program" input output"#);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{told}");
    assert!(told.contains(" ERROR ") && told.contains("12203a"), "{told}");
    assert!(operator.products().is_empty(), "{:?}", operator.products());
    operator.convert().succeeded();
}

#[test]
fn closed_outputs_change_neither_result_nor_exit_code() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let output = shell(&operator, &["env"], r#"exec "$program" input output --report - <&- >&- 2>&-"#);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(operator.products().len(), 2);
}
