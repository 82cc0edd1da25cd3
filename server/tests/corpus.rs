//! The fuzz targets as ordinary tests, on the saved corpus: whatever a fuzzer once found stays found.

// The fuzzers are a workspace of their own, whose programs need a fuzzing engine: their source is shared instead.
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

#[test]
fn every_saved_input_keeps_every_promise() {
    for (target, run) in targets::ALL {
        let folder = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
        let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{target} has no corpus");
        for file in files {
            println!("{}", file.display());
            run(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_target_is_listed_built_and_has_a_corpus() {
    let listed: BTreeSet<String> = targets::ALL.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), listed);
    assert_eq!(names("corpus"), listed);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for target in listed {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
    }
}

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The names in a folder, without their extension.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(folder)).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.path().file_stem()?.to_str().map(str::to_owned)).collect()
}
