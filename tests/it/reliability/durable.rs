//! Files besides the database.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use carnet::durable::{make_folder, write_private};

#[test]
fn a_file_is_replaced_whole_and_folders_are_made_with_their_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("a/b");
    make_folder(&deep, 0o700).expect("made");
    make_folder(&deep, 0o700).expect("there already");
    let file = deep.join("key.pem");
    // What a start that was cut short left beside it.
    fs::write(deep.join("key.new"), "longer than what comes").expect("written");
    write_private(&file, b"first").expect("written");
    write_private(&file, b"second").expect("written");
    assert_eq!(fs::read(&file).expect("read"), b"second");
    assert!(!deep.join("key.new").exists());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&deep), 0o700);
    assert_eq!(mode(&file) & 0o077, 0);
}
