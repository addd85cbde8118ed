//! Publication with undo, after kills, by rivals, and beside strangers.

use super::*;

fn ours(claim: Claim) -> PathBuf {
    match claim {
        Claim::Ours(folder) => folder,
        Claim::Theirs => panic!("claimed by another run"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn files_appear_under_their_names_and_the_folder_goes_away() {
    let output = tempfile::tempdir().unwrap();
    {
        let run = OutputFolder::open(output.path(), "test").unwrap();
        let folder = ours(run.claim("a").unwrap());
        fs::write(folder.join("x"), "data").unwrap();
        fs::write(folder.join("y"), "metadata").unwrap();
        let staged = Staged { files: ["x", "y"].map(|name| folder.join(name)), names: ["a.nc", "a.xml"] };
        run.publish(&[staged]).remove(0).unwrap();
        run.release("a");
        fs::write(ours(run.claim("b").unwrap()).join("b.nc"), "unfinished").unwrap();
    }
    assert_eq!(names(output.path()), ["a.nc", "a.xml"]);
}

#[test]
fn in_a_group_each_product_has_its_own_answer() {
    let output = tempfile::tempdir().unwrap();
    let run = OutputFolder::open(output.path(), "test").unwrap();
    let stems: Vec<String> = (0..2 * MIN_GROUP).map(|number| format!("g{number}")).collect();
    let lost = &stems[MIN_GROUP];
    let published: Vec<[String; 2]> =
        stems.iter().map(|stem| [format!("{stem}.nc"), format!("{stem}.xml")]).collect();
    let mut group = Vec::new();
    for (stem, names) in stems.iter().zip(&published) {
        let folder = ours(run.claim(stem).unwrap());
        fs::write(folder.join("x"), stem).unwrap();
        if stem != lost {
            fs::write(folder.join("y"), stem).unwrap();
        }
        let files = ["x", "y"].map(|name| folder.join(name));
        group.push(Staged { files, names: names.each_ref().map(String::as_str) });
    }
    for (stem, result) in stems.iter().zip(run.publish(&group)) {
        assert_eq!(result.is_err(), stem == lost, "{stem}: {result:?}");
        assert_eq!(output.path().join(format!("{stem}.xml")).exists(), stem != lost);
    }
}

#[test]
fn a_granule_has_one_run_at_a_time() {
    let output = tempfile::tempdir().unwrap();
    let first = OutputFolder::open(output.path(), "test").unwrap();
    let second = OutputFolder::open(output.path(), "test").unwrap();
    ours(first.claim("a").unwrap());
    assert!(matches!(second.claim("a").unwrap(), Claim::Theirs));
    ours(second.claim("b").unwrap());
    first.release("a");
    ours(second.claim("a").unwrap());
}

#[test]
fn leftovers_of_the_dead_are_swept_and_the_living_are_not() {
    let output = tempfile::tempdir().unwrap();
    let living = OutputFolder::open(output.path(), "test").unwrap();
    ours(living.claim("a").unwrap());
    fs::create_dir_all(output.path().join(".test/run-dead/b")).unwrap();
    fs::create_dir_all(output.path().join(".other-program")).unwrap();
    drop(OutputFolder::open(output.path(), "test").unwrap());
    assert_eq!(names(output.path()).len(), 2, "{:?}", names(output.path()));
    assert_eq!(names(&output.path().join(".test")).len(), 1);
    drop(living);
    assert_eq!(names(output.path()), [".other-program"]);
}

/// A product staged by hand, for names `a.nc` and `a.xml`.
fn staged<'run>(run: &OutputFolder, text: &str) -> Staged<'run> {
    let folder = ours(run.claim("a").unwrap());
    fs::write(folder.join("x"), format!("{text} data")).unwrap();
    fs::write(folder.join("y"), format!("{text} metadata")).unwrap();
    Staged { files: ["x", "y"].map(|name| folder.join(name)), names: ["a.nc", "a.xml"] }
}

fn pair(output: &Path) -> [Option<String>; 2] {
    ["a.nc", "a.xml"].map(|name| fs::read_to_string(output.join(name)).ok())
}

#[test]
fn an_error_at_the_second_file_undoes_the_first() {
    for has_old in [false, true] {
        let output = tempfile::tempdir().unwrap();
        let run = OutputFolder::open(output.path(), "test").unwrap();
        if has_old {
            fs::write(output.path().join("a.nc"), "old data").unwrap();
        }
        // A folder in the way of the metadata.
        fs::create_dir(output.path().join("a.xml")).unwrap();
        let before = pair(output.path());
        let failure = run.publish(&[staged(&run, "new")]).remove(0).unwrap_err();
        assert!(failure.place.ends_with("a.xml"), "{failure}");
        assert_eq!(pair(output.path()), before);
    }
}

#[test]
fn a_publication_killed_between_its_renames_is_completed_by_the_next_run() {
    for renames in 0..=2 {
        for has_old in [false, true] {
            let output = tempfile::tempdir().unwrap();
            if has_old {
                fs::write(output.path().join("a.nc"), "old data").unwrap();
                fs::write(output.path().join("a.xml"), "old metadata").unwrap();
            }
            let before = pair(output.path());
            let run = OutputFolder::open(output.path(), "test").unwrap();
            let staged = staged(&run, "new");
            run.write_journal(std::slice::from_ref(&staged), true).unwrap();
            for (file, name) in staged.files.iter().zip(staged.names).take(renames) {
                put(file, &output.path().join(name)).unwrap();
            }
            // What a killed process leaves: its folder, without a lock.
            let OutputFolder { ref staging, .. } = run;
            let dead = output.path().join(".test/run-dead");
            fs::rename(staging.as_ref().unwrap().path(), &dead).unwrap();
            drop(run);
            let unfinished = unfinished(output.path());
            assert_eq!(unfinished.len(), usize::from(renames == 1), "{unfinished:?}");
            drop(OutputFolder::open(output.path(), "test").unwrap());
            let new = ["new data", "new metadata"].map(|text| Some(text.to_owned()));
            assert_eq!(pair(output.path()), if renames == 0 { before } else { new });
            assert!(!output.path().join(".test").exists());
        }
    }
}

#[test]
fn products_may_have_folders_of_their_own() {
    let output = tempfile::tempdir().unwrap();
    let run = OutputFolder::open(output.path(), "test").unwrap();
    let names = ["2012/251/a.nc", "2012/251/a.xml"];
    run.publish(&[Staged { names, ..staged(&run, "new") }]).remove(0).unwrap();
    assert!(names.iter().all(|name| output.path().join(name).is_file()));
}

#[test]
fn strangers_in_the_hidden_folder_are_named() {
    let output = tempfile::tempdir().unwrap();
    fs::write(output.path().join(".test"), "").unwrap();
    let failure = OutputFolder::open(output.path(), "test").unwrap_err();
    assert!(failure.class == Class::OutputUnwritable && failure.place.ends_with("/.test"), "{failure}");
    fs::remove_file(output.path().join(".test")).unwrap();
    fs::create_dir(output.path().join(".test")).unwrap();
    fs::write(output.path().join(".test/stray"), "").unwrap();
    let failure = OutputFolder::open(output.path(), "test").unwrap_err();
    assert!(failure.place.ends_with("/.test/stray"), "{failure}");
    assert!(output.path().join(".test/stray").exists());
}

#[test]
fn a_file_in_the_way_of_the_folder_is_named() {
    let output = tempfile::tempdir().unwrap();
    let file = output.path().join("file");
    fs::write(&file, "").unwrap();
    let failure = OutputFolder::open(&file, "test").unwrap_err();
    assert_eq!(failure.class, Class::OutputUnwritable);
    assert!(failure.to_string().contains("file"), "{failure}");
}

/// What a run leaves that could neither make the second rename nor undo the first.
#[test]
fn what_could_not_be_undone_is_kept_for_the_next_run() {
    let output = tempfile::tempdir().unwrap();
    let run = OutputFolder::open(output.path(), "test").unwrap();
    let first = staged(&run, "new");
    run.write_journal(std::slice::from_ref(&first), true).unwrap();
    put(&first.files[0], &output.path().join("a.nc")).unwrap();
    run.unresolved.borrow_mut().insert(run.folder("a"));
    journal::keep(run.staging(), 1);
    run.release("a");
    // The next publication of the same run has a journal of its own.
    let folder = ours(run.claim("b").unwrap());
    fs::write(folder.join("x"), "data").unwrap();
    fs::write(folder.join("y"), "metadata").unwrap();
    let files = ["x", "y"].map(|name| folder.join(name));
    run.publish(&[Staged { files, names: ["b.nc", "b.xml"] }]).remove(0).unwrap();
    drop(run);
    assert_eq!(unfinished(output.path()), ["a.nc"]);
    drop(OutputFolder::open(output.path(), "test").unwrap());
    assert_eq!(names(output.path()), ["a.nc", "a.xml", "b.nc", "b.xml"]);
    assert_eq!(pair(output.path()), ["new data", "new metadata"].map(|text| Some(text.to_owned())));
}
